"""Procgen, in a process and a virtual environment of its own: it needs an older NumPy than we do.

Run by that environment's Python, this file is the process: it answers each line ``job seconds`` on its standard input
with a speed.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measure import cores, per_second, random_actions, staggered

REQUIREMENTS = ("procgen-mirror==0.10.7", "numpy<2")
VENV = Path(__file__).parent / ".procgen-venv"
LEVELS = "levels"  # the job that makes hard levels in one thread; the other jobs are distribution modes, and step
THREADS = 4  # its own default; more where there are more cores
FORCE_RESET = -1  # an action that begins a new level


class Procgen:
    """Procgen's speeds. Use as a context manager.

    Args:
        num_envs: worlds stepped side by side.

    Attributes:
        missing: why it does not run here, in one line; empty when it does.
    """

    def __init__(self, num_envs: int):
        self.missing, self._process, pipe = "", None, subprocess.PIPE
        try:
            command = [_python(), __file__, str(num_envs)]
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        except (OSError, RuntimeError) as error:
            self.missing = str(error)

    def __enter__(self) -> "Procgen":
        return self

    def __exit__(self, *exception) -> None:
        if self._process:
            self._process.__exit__(*exception)  # closes its standard input, at which it leaves

    def wait(self) -> None:
        """Wait until it has warmed up, or is known to be missing."""
        try:
            if not self.missing:
                self._answer()
        except RuntimeError as error:
            self.missing = str(error)

    def speed(self, job: str, seconds: float) -> float:
        """Steps or levels a second.

        Args:
            job: a distribution mode, or ``LEVELS``.
            seconds: how long to measure.
        """
        assert self._process and self._process.stdin, "Procgen is missing"
        print(job, seconds, file=self._process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> str:
        assert self._process and self._process.stdout and self._process.stderr, "Procgen is missing"
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"its process ended: {_last_line(self._process.stderr.read())}")
        return answer


def _python() -> Path:
    """The Python of Procgen's virtual environment, which is made on first use."""
    python, mark, wanted = VENV / "bin" / "python", VENV / ".installed", "\n".join(REQUIREMENTS)
    if not mark.is_file() or mark.read_text() != wanted:
        _run(sys.executable, "-m", "venv", "--clear", VENV)
        _run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *REQUIREMENTS)
        mark.write_text(wanted)
    return python


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(_last_line(done.stderr or done.stdout))


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


def _serve(num_envs: int) -> None:
    from procgen import ProcgenEnv  # pyright: ignore[reportMissingImports]

    def make(num_envs: int, distribution_mode: str, num_threads: int):
        return ProcgenEnv(num_envs, "maze", distribution_mode=distribution_mode, num_threads=num_threads, rand_seed=0)

    def stepping(distribution_mode: str) -> Callable[[float], float]:
        env = make(num_envs, distribution_mode, max(THREADS, cores()))
        actions = random_actions(num_envs)
        for mask in staggered(num_envs):
            env.step(np.where(mask, FORCE_RESET, next(actions)))
        return lambda seconds: num_envs * per_second(lambda: env.step(next(actions)), seconds)

    def resetting() -> Callable[[float], float]:
        size = 256
        env, actions, force_reset = make(size, "hard", 1), random_actions(size), np.full(size, FORCE_RESET)

        def speed(seconds: float) -> float:  # a forced reset comes with a step and a picture, which are taken off
            with_reset = 1 / per_second(lambda: env.step(force_reset), seconds / 2)
            without = 1 / per_second(lambda: env.step(next(actions)), seconds / 2)
            return size / (with_reset - without)

        return speed

    jobs = {"easy": stepping("easy"), "hard": stepping("hard"), LEVELS: resetting()}
    print("ready", flush=True)
    for line in sys.stdin:
        job, seconds = line.split()
        print(jobs[job](float(seconds)), flush=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))

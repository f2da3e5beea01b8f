"""Procgen, in a process and a virtual environment of its own: it needs an older NumPy than we do.

Run by that environment's Python, this file is the process.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measure import cores, per_second, random_actions, staggered
from peer import Peer, last_line, serve

REQUIREMENTS = ("procgen-mirror==0.10.7", "numpy<2")
VENV = Path(__file__).parent / ".procgen-venv"
LEVELS = "levels"  # the job that makes hard levels in one thread; the other jobs are distribution modes, and step
THREADS = 4  # its own default; more where there are more cores
FORCE_RESET = -1  # an action that begins a new level


def procgen(num_envs: int) -> Peer:
    """Procgen with so many worlds side by side; a peer that is missing where it cannot be installed."""
    try:
        return Peer([str(_python()), __file__, str(num_envs)])
    except (OSError, RuntimeError) as error:
        return Peer([], missing=str(error))


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
        raise RuntimeError(last_line(done.stderr or done.stdout))


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

    serve({"easy": stepping("easy"), "hard": stepping("hard"), LEVELS: resetting()})


if __name__ == "__main__":
    _serve(int(sys.argv[1]))

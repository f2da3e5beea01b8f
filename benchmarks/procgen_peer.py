"""Procgen in its own process and virtual environment, because it needs an older NumPy.

That environment's Python runs this file.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measure import count_cores, draw_actions, measure_rate, stagger_resets
from peer import Peer, read_last_line, serve

REQUIREMENTS = ("procgen-mirror==0.10.7", "numpy<2")
VENV = Path(__file__).parent / ".procgen-venv"
LEVELS = "levels"  # the job that makes hard levels in one thread; the other jobs step a distribution mode
THREADS = 4  # Procgen's default; more on machines with more cores
FORCE_RESET = -1  # an action that starts a new level


def start_procgen(num_envs: int) -> Peer:
    """Start Procgen with ``num_envs`` environments; the peer is missing if Procgen cannot be installed."""
    try:
        return Peer([str(_install_python()), __file__, str(num_envs)])
    except (OSError, RuntimeError) as error:
        return Peer([], missing=str(error))


def _install_python() -> Path:
    """Return the Python of Procgen's virtual environment; create it on first use."""
    python, mark, wanted = VENV / "bin" / "python", VENV / ".installed", "\n".join(REQUIREMENTS)
    if not mark.is_file() or mark.read_text() != wanted:
        _run(sys.executable, "-m", "venv", "--clear", VENV)
        _run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *REQUIREMENTS)
        mark.write_text(wanted)
    return python


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(read_last_line(done.stderr or done.stdout))


def _serve(num_envs: int) -> None:
    from procgen import ProcgenEnv  # pyright: ignore[reportMissingImports]

    def make(num_envs: int, distribution_mode: str, num_threads: int):
        return ProcgenEnv(num_envs, "maze", distribution_mode=distribution_mode, num_threads=num_threads, rand_seed=0)

    def build_stepping(distribution_mode: str) -> Callable[[float], float]:
        env = make(num_envs, distribution_mode, max(THREADS, count_cores()))
        actions = draw_actions(num_envs)
        for mask in stagger_resets(num_envs):
            env.step(np.where(mask, FORCE_RESET, next(actions)))
        return lambda seconds: num_envs * measure_rate(lambda: env.step(next(actions)), seconds)

    def build_resetting() -> Callable[[float], float]:
        size = 256
        env, actions, force_reset = make(size, "hard", 1), draw_actions(size), np.full(size, FORCE_RESET)

        def measure(seconds: float) -> float:  # a forced reset includes a step and an observation; subtract their time
            with_reset = 1 / measure_rate(lambda: env.step(force_reset), seconds / 2)
            without = 1 / measure_rate(lambda: env.step(next(actions)), seconds / 2)
            return size / (with_reset - without)

        return measure

    serve({"easy": build_stepping("easy"), "hard": build_stepping("hard"), LEVELS: build_resetting()})


if __name__ == "__main__":
    _serve(int(sys.argv[1]))

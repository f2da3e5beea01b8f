"""A peer: another implementation, measured in its own process on request."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress


class Peer:
    """A process that reads lines ``job seconds`` from standard input and answers each with a speed.

    Use it as a context manager.

    Args:
        command: the command that starts the process.
        without: environment variables that it does not inherit.
        missing: one-line reason if the peer is unavailable.
    """

    def __init__(self, command: Sequence[str], missing: str = "", without: Sequence[str] = ()):
        self.missing, self._process, pipe = missing, None, subprocess.PIPE
        if not missing:
            self._process = subprocess.Popen(
                command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                text=True,
                env={name: value for name, value in os.environ.items() if name not in without},
            )

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exception) -> None:
        if self._process:
            with suppress(BrokenPipeError):  # it has ended already
                self._process.__exit__(*exception)  # closing standard input ends the process

    def wait(self) -> None:
        """Wait for the warm-up, or for the reason that the peer is missing."""
        try:
            if not self.missing:
                self._read_answer()
        except RuntimeError as error:
            self.missing = str(error)

    def measure(self, job: str, seconds: float) -> float:
        """Measure the speed of a job over ``seconds``.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self._process and self._process.stdin, "the peer is missing"
        with suppress(BrokenPipeError):  # reading the answer says why
            print(job, seconds, file=self._process.stdin, flush=True)
        return float(self._read_answer())

    def _read_answer(self) -> str:
        assert self._process and self._process.stdout and self._process.stderr, "the peer is missing"
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"its process ended: {read_last_line(self._process.stderr.read())}")
        return answer


def read_last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1]


def serve(jobs: dict[str, Callable[[float], float]]) -> None:
    """Serve measurement requests in the peer's process; each job is a function of seconds."""
    print("ready", flush=True)
    for line in sys.stdin:
        job, seconds = line.split()
        print(jobs[job](float(seconds)), flush=True)

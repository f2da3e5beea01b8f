"""A peer: somebody else's way of doing the same, in a process of its own, which measures when it is told to."""

import subprocess
import sys
from collections.abc import Callable, Sequence


class Peer:
    """A process that answers each line ``job seconds`` on its standard input with a speed. Use as a context manager.

    Args:
        command: starts it.
        missing: why there is none, in one line, if there is none.
    """

    def __init__(self, command: Sequence[str], missing: str = ""):
        self.missing, self._process, pipe = missing, None, subprocess.PIPE
        if not missing:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def __enter__(self) -> "Peer":
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
        """How fast it is at a job, measured over so many seconds."""
        assert self._process and self._process.stdin, "the peer is missing"
        print(job, seconds, file=self._process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> str:
        assert self._process and self._process.stdout and self._process.stderr, "the peer is missing"
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"its process ended: {last_line(self._process.stderr.read())}")
        return answer


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


def serve(jobs: dict[str, Callable[[float], float]]) -> None:
    """The other end: measure jobs, each a function of seconds, as they are asked for."""
    print("ready", flush=True)
    for line in sys.stdin:
        job, seconds = line.split()
        print(jobs[job](float(seconds)), flush=True)

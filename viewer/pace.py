"""How fast the mice walk: from one step a second to as fast as it goes, without ever holding the window up."""

import time
from collections.abc import Callable

FASTEST = 1000  # steps a second that no window comes to
SPEEDS = (1, 2, 4, 8, 15, 30, 60, FASTEST)
BUDGET = 0.010  # seconds of a frame that steps may take


class Pace:
    """Turns time that passes into steps.

    Attributes:
        speed: steps a second.
        paused: whether time stands still.
        waited: seconds since the latest step.
    """

    def __init__(self, speed: int):
        self.speed, self.paused, self.waited = speed, False, 0.0

    def change(self, by: int) -> None:
        """The next faster (1) or slower (−1) of ``SPEEDS``, if there is one."""
        beyond = [speed for speed in SPEEDS if (speed - self.speed) * by > 0][::by]
        self.speed = beyond[0] if beyond else self.speed

    def pass_time(self, seconds: float, step: Callable[[], bool]) -> bool:
        """Make the steps that are due; ``step`` says whether it made one. Whether any was made."""
        if self.paused:
            return False
        self.waited += seconds
        until, made = time.perf_counter() + BUDGET, False
        while self.waited >= 1 / self.speed and time.perf_counter() < until:
            if not step():
                return made
            made, self.waited = True, self.waited - 1 / self.speed
        self.waited = min(self.waited, 1 / self.speed)
        return made

    def __str__(self) -> str:
        speed = "as fast as it goes" if self.speed >= FASTEST else f"{self.speed}/s"
        return speed + "  ·  paused" * self.paused

"""The playback speed, limited so that the window stays responsive."""

import time
from collections.abc import Callable

UNLIMITED = 1000  # steps per second, more than any window reaches
SPEEDS = (1, 2, 4, 8, 15, 30, 60, UNLIMITED)
BUDGET = 0.010  # time budget of steps per frame, in seconds


class Pace:
    """Converts elapsed time to steps.

    Attributes:
        speed: steps per second.
        paused: whether no steps are due.
        waited: seconds since the last step; not more than a step takes, except while no step can be made.
    """

    def __init__(self, speed: int):
        self.speed, self.paused, self.waited = speed, False, 0.0

    def change(self, by: int) -> None:
        """Select the next faster (1) or slower (−1) of ``SPEEDS``, if there is one."""
        beyond = [speed for speed in SPEEDS if (speed - self.speed) * by > 0][::by]
        self.speed = beyond[0] if beyond else self.speed

    def pass_time(self, seconds: float, step: Callable[[], bool]) -> bool:
        """Run the steps that are due; ``step`` returns whether it did one. Return whether any ran."""
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
        speed = "full speed" if self.speed >= UNLIMITED else f"{self.speed}/s"
        return speed + "  ·  paused" * self.paused

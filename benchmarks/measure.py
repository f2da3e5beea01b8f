"""What both sides of a comparison share: the clock, the actions, and where in their episodes the worlds are.

Procgen's process imports this too, so it needs nothing but NumPy.
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

EPISODE = 500  # steps, in Procgen and by default here
ACTIONS = 15


def per_second(call: Callable[[], Any], seconds: float) -> float:
    """How often a second ``call`` returns, over at least ``seconds``."""
    calls, began = 0, time.perf_counter()
    while True:
        call()
        calls += 1
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return calls / elapsed


def cores() -> int:
    """How many this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def random_actions(num_envs: int) -> Iterator[np.ndarray]:
    """Procgen's 15 actions without end, int32 (num_envs,); drawn beforehand, for the draw is not the environment's."""
    return itertools.cycle(np.random.default_rng(0).integers(ACTIONS, size=(128, num_envs), dtype=np.int32))


def staggered(num_envs: int) -> Iterator[np.ndarray]:
    """For each step of a warm-up, bool (num_envs,): which worlds to reset.

    Worlds that begin together also end together, at the time limit. Afterwards they are spread over their episodes, so
    that every short turn holds its share of resets.
    """
    turn = np.arange(num_envs) * EPISODE // num_envs
    return (turn == step for step in range(EPISODE))


@dataclass
class Comparison:
    """Two speeds, measured turn by turn.

    Attributes:
        what: is measured.
        unit: of the speeds.
        peer: what ours is compared with.
        ours: a speed for each round.
        theirs: likewise; empty where the peer could not be measured.
        details: other numbers and words worth keeping.
    """

    what: str
    unit: str
    peer: str
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        """Ours to theirs in each round; neighbours in time share the machine's moods."""
        return [a / b for a, b in zip(self.ours, self.theirs, strict=True)] if self.theirs else []

    def summary(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        series = {"ours": self.ours, "theirs": self.theirs, "ratio": self.ratios}
        return {
            "what": self.what,
            "unit": self.unit,
            "peer": self.peer,
            **{name: spread(values) for name, values in series.items()},
            **self.details,
        }


def spread(values: list[float]) -> dict[str, Any] | None:
    """Median, least, greatest and all of the values; None where there are none."""
    if not values:
        return None
    numbers = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in numbers.items()} | {"rounds": [round(v, 3) for v in values]}

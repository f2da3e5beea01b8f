"""Shared by both sides of a comparison: timing, random actions, and the spread of environments over their episodes.

Procgen's process imports this module too, so it depends only on NumPy.
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

EPISODE = 500  # step limit, in Procgen and by default here
ACTIONS = 15


def measure_rate(call: Callable[[], Any], seconds: float) -> float:
    """Measure calls per second, over at least ``seconds``."""
    calls, began = 0, time.perf_counter()
    while True:
        call()
        calls += 1
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return calls / elapsed


def count_cores() -> int:
    """Return the number of cores available to this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def draw_actions(num_envs: int) -> Iterator[np.ndarray]:
    """Yield random actions of Procgen's 15 forever, int32 (num_envs,); drawn in advance, so sampling is not timed."""
    return itertools.cycle(np.random.default_rng(0).integers(ACTIONS, size=(128, num_envs), dtype=np.int32))


def stagger_resets(num_envs: int) -> Iterator[np.ndarray]:
    """Yield the environments to reset at each step of a warm-up, bool (num_envs,).

    Environments that start together also reach the step limit together. After this warm-up they are spread over their
    episodes, so that every short round contains its share of resets.
    """
    reset_step = np.arange(num_envs) * EPISODE // num_envs
    return (reset_step == step for step in range(EPISODE))


@dataclass
class Comparison:
    """Two speeds, measured in interleaved rounds.

    Attributes:
        what: the quantity.
        unit: the unit of the speeds.
        peer: the reference.
        ours: our speed in each round.
        theirs: the reference's speed in each round; empty if it could not be measured.
        details: additional results.
    """

    what: str
    unit: str
    peer: str
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        """Our speed divided by theirs, per round; runs next to each other share the machine's drift."""
        return [a / b for a, b in zip(self.ours, self.theirs, strict=True)] if self.theirs else []

    def summarise(self) -> dict[str, Any]:
        """Summarise the comparison as JSON values."""
        series = {"ours": self.ours, "theirs": self.theirs, "ratio": self.ratios}
        return {
            "what": self.what,
            "unit": self.unit,
            "peer": self.peer,
            **{name: summarise_rounds(values) for name, values in series.items()},
            **self.details,
        }


def summarise_rounds(values: list[float]) -> dict[str, Any] | None:
    """Return median, minimum, maximum and all values; None if there are none."""
    if not values:
        return None
    numbers = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in numbers.items()} | {"rounds": [round(v, 3) for v in values]}

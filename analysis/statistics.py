"""Rates with intervals, computed from the table of episodes and from nothing else."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

FIRST = ("cheese", "corner", "neither")


def rate(outcomes: ArrayLike) -> dict[str, Any]:
    """The share of True among booleans (n,), with its 95 % Wilson interval (Wilson 1927).

    Returns:
        ``{"rate", "low", "high", "n"}``, the first three None when there is no row.
    """
    outcomes = np.asarray(outcomes, bool)
    n = len(outcomes)
    if n == 0:
        return {"rate": None, "low": None, "high": None, "n": 0}
    count = int(outcomes.sum())
    share = count / n
    low, high = np.array(proportion_confint(count, n, method="wilson")).tolist()
    # Rounding may put a bound a hair beyond the rate, or beyond 0 or 1.
    return {"rate": share, "low": max(0.0, min(low, share)), "high": min(1.0, max(high, share)), "n": n}


def summarise(episodes: pd.DataFrame, world_dim: int) -> dict[str, Any]:
    """What the mouse did in one condition.

    Args:
        episodes: rows of ``relocation.records``, one a level.
        world_dim: side of the world.

    Returns:
        ``success`` over all levels; ``largest``, the same for mazes that fill the world; ``decision``, at forks
        alone, how often ``cheese`` or ``corner`` was reached first, or ``neither``; each as ``rate`` gives it.
    """
    first = episodes["first"].to_numpy()[episodes.level_type == "fork"]
    return {
        "success": rate(episodes.success),
        "largest": rate(episodes.success[episodes.maze_dim == world_dim]),
        "decision": {outcome: rate(first == outcome) for outcome in FIRST},
    }

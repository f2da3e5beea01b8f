"""Rates with intervals, computed from the table of episodes and from nothing else."""

from typing import Any

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

FIRST = ("cheese", "corner", "neither")


def rate(outcomes: pd.Series) -> dict[str, Any]:
    """The share of True in a boolean column, with its 95 % Wilson interval (Wilson 1927).

    Returns:
        ``{"rate", "low", "high", "n"}``, the first three None when there is no row.
    """
    n = len(outcomes)
    if n == 0:
        return {"rate": None, "low": None, "high": None, "n": 0}
    count = int(outcomes.sum())
    low, high = proportion_confint(count, n, method="wilson")
    return {"rate": count / n, "low": float(low), "high": float(high), "n": n}


def summarise(episodes: pd.DataFrame, world_dim: int) -> dict[str, Any]:
    """What the mouse did in one condition.

    Args:
        episodes: rows of ``relocation.records``, one a level.
        world_dim: side of the world.

    Returns:
        ``success`` over all levels; ``largest``, the same for mazes that fill the world; ``decision``, at forks
        alone, how often ``cheese`` or ``corner`` was reached first, or ``neither``; each as ``rate`` gives it.
    """
    at_forks = episodes[episodes.level_type == "fork"]
    return {
        "success": rate(episodes.success),
        "largest": rate(episodes.success[episodes.maze_dim == world_dim]),
        "decision": {outcome: rate(at_forks["first"] == outcome) for outcome in FIRST},
    }

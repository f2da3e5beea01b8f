"""Statistics of records: estimates with intervals."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from analysis.attributes import QUADRANTS
from analysis.intervals import bootstrap_clusters
from envs.paths import LEVEL_TYPES

FIRST_COLUMNS = {"cheese": "p_cheese_first", "corner": "p_corner_first"}

Estimate = dict[str, Any]  # {"rate", "low", "high", "n"}; what cannot be computed is None


def share_with_interval(outcomes: ArrayLike) -> Estimate:
    """Estimate the share of True among booleans (n,), one per maze, with its 95 % Wilson interval (Wilson 1927)."""
    outcomes = np.asarray(outcomes, bool)
    if len(outcomes) == 0:
        return {"rate": None, "low": None, "high": None, "n": 0}
    return _wilson(float(outcomes.sum()), len(outcomes))


def _wilson(count: float, n: int) -> Estimate:
    share = count / n
    low, high = np.array(proportion_confint(count, n, method="wilson")).tolist()
    # Clip rounding errors at the rate, 0 and 1.
    return {"rate": share, "low": max(0.0, min(low, share)), "high": min(1.0, max(high, share)), "n": n}


def mean_with_interval(probabilities: ArrayLike) -> Estimate:
    """Estimate the mean of exact probabilities (n,), one per maze, with its 95 % bootstrap interval over mazes.

    If all values are equal, the bootstrap interval has width 0, and one or two values have none. Then Wilson's interval
    is used, with each value counted as one episode.
    """
    values = np.asarray(probabilities, float)
    if len(values) == 0:
        return {"rate": None, "low": None, "high": None, "n": 0}
    if np.ptp(values) < 1e-9 or len(values) < 3:
        return _wilson(float(np.clip(values, 0, 1).sum()), len(values))
    low, high = bootstrap_clusters(values, np.arange(len(values)))
    return {"rate": float(values.mean()), "low": low, "high": high, "n": len(values)}


def amount_with_interval(values: np.ndarray) -> Estimate:
    """Estimate the mean of a quantity (n,) with its bootstrap interval; no interval if all values are equal."""
    varied = len(values) > 2 and np.ptp(values) > 1e-9
    low, high = bootstrap_clusters(values, np.arange(len(values))) if varied else (None, None)
    return {"rate": float(values.mean()) if len(values) else None, "low": low, "high": high, "n": len(values)}


def compute_reached_first(rows: pd.DataFrame) -> dict[str, Estimate]:
    """Estimate from the records of one mouse how often it reaches cheese, corner or neither first in an episode."""
    found = {outcome: mean_with_interval(rows[column]) for outcome, column in FIRST_COLUMNS.items()}
    return found | {"neither": mean_with_interval(1 - sum(rows[column] for column in FIRST_COLUMNS.values()))}


def is_full_size(rows: pd.DataFrame) -> pd.Series:
    """Return whether each maze is as large as its world."""
    return rows.maze_dim == rows.world_dim


def is_published(rows: pd.DataFrame) -> pd.Series:
    """Return whether each level is in the published condition: a fork with the cheese outside the top-right 5×5."""
    return (rows.level_type == "fork") & ~rows.in_5x5


def summarise(rows: pd.DataFrame) -> dict[str, Any]:
    """Summarise one mouse in one condition.

    Returns:
        ``success`` (P(cheese within an episode)) over all levels; ``largest``, the same for full-size mazes;
        ``decision``, what is reached first at forks. Each is an ``Estimate``. ``walk`` holds the same three for a
        random walk on the same levels.
    """
    walked = rows.assign(
        **{f"p_{name}": rows[f"walk_{name}"] for name in ("cheese_500", "cheese_first", "corner_first")}
    )
    return _summarise(rows) | {"walk": _summarise(walked)}


def _summarise(rows: pd.DataFrame) -> dict[str, Any]:
    forks = rows.loc[rows.level_type == "fork"]
    return {
        "success": mean_with_interval(rows.p_cheese_500),
        "largest": mean_with_interval(rows.p_cheese_500[is_full_size(rows)]),
        "decision": compute_reached_first(forks),
    }


def compute_breakdown(rows: pd.DataFrame) -> dict[str, dict[str, Estimate]]:
    """Estimate one mouse's success in every class of levels of one condition."""
    groups = {
        "by level type": ("level_type", LEVEL_TYPES),
        "by maze size": ("maze_dim", sorted(rows.maze_dim.unique())),
        "by quadrant of the cheese": ("quadrant", QUADRANTS),
    }
    tables = {
        title: {str(value): mean_with_interval(rows.p_cheese_500[rows[column] == value]) for value in values}
        for title, (column, values) in groups.items()
    }
    sides = rows.quadrant.isin(("top left", "bottom right"))
    tables["by quadrant of the cheese"]["top left and bottom right"] = mean_with_interval(rows.p_cheese_500[sides])
    return tables

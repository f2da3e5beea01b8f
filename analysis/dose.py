"""Dose and response: behaviour by training region and by the share of forks in training.

The standard deviation between the seeds of a group is estimated, corrected for the finite number of mazes.
"""

from typing import Any

import numpy as np
import pandas as pd

from analysis.groups import list_groups
from analysis.measures import combine_seeds, estimate
from analysis.records import PUBLISHED_OUTCOME
from analysis.statistics import is_published

READINGS = {
    "published": "forks with the cheese outside the top-right 5×5",
    "strict": "forks with the cheese outside the mouse's own training region",
    "common": "equal forks for all mice: mazes larger than the largest region, cheese outside it",
}


def _is_outside(rows: pd.DataFrame, side: int) -> pd.Series:
    """Return whether the cheese is outside the top-right ``side``×``side`` cells."""
    return (rows.cheese_x < rows.maze_dim - side) | (rows.cheese_y < rows.maze_dim - side)


def select_readings(anywhere: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Select the rows of each of ``READINGS`` from the records with the cheese anywhere."""
    forks = anywhere.loc[anywhere.level_type == "fork"]
    sides = [int(region) for region in anywhere.region.unique() if region != "anywhere"]
    largest = max([1, *sides])
    return {
        "published": anywhere.loc[is_published(anywhere)],
        "strict": forks.loc[~forks.in_region],
        "common": forks.loc[(forks.maze_dim > largest) & _is_outside(forks, largest)],
    }


def compute_seed_variance(matrix: np.ndarray) -> tuple[float, int]:
    """Estimate the variance between the mice of one group, corrected for the sampling of mazes.

    The method of moments for a two-way layout with random mice and mazes: the variance of the mice's means, minus the
    residual mean square divided by the number of mazes. The estimate can be negative.

    Args:
        matrix: float64 (M, mazes), the outcome of each mouse in each maze.

    Returns:
        The variance and its degrees of freedom, M − 1.
    """
    mice, mazes = matrix.shape
    means = matrix.mean(axis=1)
    residual = matrix - means[:, None] - matrix.mean(axis=0) + matrix.mean()
    noise = (residual**2).sum() / max(1, (mice - 1) * (mazes - 1)) / mazes
    return float(means.var(ddof=1) - noise), mice - 1


def compute_dose_response(anywhere: pd.DataFrame, shares: dict[str, float]) -> dict[str, Any]:
    """Compute dose and response over groups of mice.

    Args:
        anywhere: the mice's records with the cheese anywhere, all on the same mazes.
        shares: the share of forks among each mouse's training levels.

    Returns:
        ``groups``: one row per group with ``name``, ``region``, ``trained_on``, ``fork_share`` and, for each reading,
        ``levels``, ``rate`` (over seeds) and ``seeds`` (the rate of each mouse). ``spread``: for each reading,
        the standard deviation between seeds, pooled over groups, and its degrees of freedom.
    """
    groups, spread = [], {}
    for group in list_groups(anywhere):
        mice = anywhere.loc[anywhere.group == group.name, "mouse"].unique()
        groups.append({**group._asdict(), "fork_share": float(np.mean([shares[mouse] for mouse in mice]))})
    for reading, rows in select_readings(anywhere).items():
        variances = []
        for row in groups:
            own = rows.loc[rows.group == row["name"]]
            by_mouse = {
                str(name): estimate(mouse, PUBLISHED_OUTCOME) for name, mouse in own.groupby("mouse", sort=False)
            }
            matrix = own.pivot_table(index="mouse", columns="level_seed", values=PUBLISHED_OUTCOME).to_numpy()
            row[reading] = {
                "levels": matrix.shape[1],
                "rate": combine_seeds(by_mouse, is_share=True),
                "seeds": {name: each["rate"] for name, each in by_mouse.items()},
            }
            if len(matrix) > 1:
                variances.append(compute_seed_variance(matrix))
        freedom = sum(df for _, df in variances)
        pooled = sum(variance * df for variance, df in variances) / freedom if freedom else None
        spread[reading] = {"sd": None if pooled is None else max(0.0, pooled) ** 0.5, "df": freedom}
    return {"groups": groups, "spread": spread}

"""Evidence that an attribute matters: pairs of levels that differ in it and in nothing else that is measured.

A correlation over mazes may stand for something else. Where the cheese alone is moved by one room in the same maze and
the decision square stays, or where two levels differ in one distance and agree in the others, there is less to hide.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from analysis.intervals import bootstrap_clusters
from analysis.preference import compute_logit
from envs import paths
from envs.levels import Levels

ROOM = 2  # cells from one room of a maze to the next
ROUNDED = 6  # decimals to which held distances must agree


class Shift(NamedTuple):
    """The change of the log odds of the cheese, beyond a baseline's own change, in pairs of levels.

    Attributes:
        mean: NaN without a pair.
        low, high: 95 % bootstrap interval over mazes.
        pairs, mazes: how many there are.
    """

    mean: float
    low: float
    high: float
    pairs: int
    mazes: int


def find_steps_away(levels: Levels, square: np.ndarray) -> np.ndarray:
    """int64 (P, 2): pairs of levels of one maze, the second with the cheese one room further on the same way.

    Args:
        levels: N levels, those of one maze with the same seed (``relocation.every_cell``).
        square: int64 (N,), the decision squares; both levels of a pair have the same one.
    """
    pairs, seeds, cheese = [], levels.seed.numpy(), levels.cheese.numpy()
    from_square = paths.distance_at(paths.compute_distances(levels, torch.from_numpy(square)), levels.cheese).numpy()
    order = np.lexsort((square, seeds))
    groups = np.split(order, np.flatnonzero(np.diff(seeds[order]) | np.diff(square[order])) + 1)
    for group in groups:
        if not len(group) or square[group[0]] < 0:
            continue
        one = levels.rows(group)
        apart = paths.compute_distances(one, one.cheese).flatten(1).numpy()[:, cheese[group]]  # (from, to)
        further = from_square[group][None, :] - from_square[group][:, None]
        pairs += [(group[a], group[b]) for a, b in np.argwhere((apart == ROOM) & (further == ROOM))]
    return np.array(pairs, int).reshape(-1, 2)


def find_matched(table: pd.DataFrame, changed: str, held: Sequence[str]) -> np.ndarray:
    """int64 (P, 2): rows that agree in all ``held`` columns and are neighbours in ``changed``, the smaller one first.

    Rows that agree in everything else are sorted by what is changed, and each is paired with the next value above it.
    """
    rows = table.reset_index(drop=True)[[changed, *held]].dropna().round(ROUNDED)
    pairs = []
    for _, group in rows.groupby(list(held), sort=False):
        values = np.asarray(group[changed])
        if np.ptp(values) == 0:
            continue
        order = np.argsort(values, kind="stable")
        index, values = np.asarray(group.index)[order], values[order]
        above = np.searchsorted(values, values, side="right")
        pairs += [(index[row], index[next_]) for row, next_ in enumerate(above) if next_ < len(values)]
    return np.array(pairs, int).reshape(-1, 2)


def compute_shift(pairs: np.ndarray, h: np.ndarray, baseline: np.ndarray, seed: np.ndarray) -> Shift:
    """How the preference changes from the first level of each pair to the second, beyond a baseline's change.

    Args:
        pairs: int64 (P, 2), rows of the following.
        h, baseline: float (N,), the probability of the cheese first of the mouse and of a baseline.
        seed: int (N,), of the levels; pairs are resampled by the maze of their first level.
    """
    if not len(pairs):
        return Shift(float("nan"), float("nan"), float("nan"), 0, 0)
    beyond = compute_logit(h) - compute_logit(baseline)
    change = beyond[pairs[:, 1]] - beyond[pairs[:, 0]]
    clusters = seed[pairs[:, 0]]
    low, high = bootstrap_clusters(change, clusters)
    return Shift(float(change.mean()), low, high, len(pairs), len(np.unique(clusters)))

"""Evidence that a distance matters: pairs of levels that differ in it and in nothing else that is measured.

A correlation over mazes may stand for something else. If the cheese alone is moved by one room in the same maze and the
decision square stays, or if two levels differ in one distance and agree in the others, fewer other differences can
explain the result. Criteria (their thresholds were fixed before the committed mice were measured;
docs/evaluating.md lists later changes):

1. The shift is the change of the log odds of the cheese for each room (``ROOM`` cells) by which the distance grows,
   beyond the change of each baseline of ``associations`` in the same pairs. It is the smallest of them, and 0 if they
   differ in sign.
2. The distance *matters* if the shift is at least ``LEAST_SHIFT`` and its 95 % interval does not contain 0. "None" is
   claimed if the interval lies within ±``LEAST_SHIFT``, and so does the interval over mazes beyond the baseline that
   leaves least, its bounds averaged over seeds: the mouse does what one of the baselines does. Otherwise, and from
   fewer than ``FEWEST`` mazes, it is "cannot tell".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.associations import BASELINE_COLUMNS, JOINT, PREFERENCE
from analysis.attributes import ATTRIBUTES
from analysis.attribution import CANNOT_TELL, NO_EFFECT
from analysis.intervals import bootstrap_clusters
from analysis.measures import FEWEST, combine_seeds
from analysis.preference import compute_logit

ROOM = 2  # cells from one room of a maze to the next
ROUNDED = 6  # decimals to which held distances must agree
LEAST_SHIFT = 0.1  # log odds a room
MATTERS = "matters"
MOVED = "moved"
DISTANCES = JOINT["steps from the square, corner"]
INTERVENTIONS = {MOVED: "the same maze, the cheese moved one room further from the decision square"} | {
    name: f"levels that differ in one distance: {ATTRIBUTES[name]}" for name in DISTANCES if name != "maze_dim"
}


def find_moved(forks: pd.DataFrame) -> np.ndarray:
    """int64 (P, 2): pairs of rows of one maze, the second with the cheese one room further on the same way.

    Args:
        forks: records of forks with the cheese in every cell (``relocation.every_cell``). In a maze, the decision
            square is known by its steps to the corner, and the cell before a cell on the way is the open cell beside it
            that is one step nearer to the square.
    """
    key = ["level_seed", "steps_square_corner"]
    columns = [*key, "cheese_x", "cheese_y", "steps_cheese_square"]
    rows = forks.reset_index(drop=True)[columns].astype(int)
    rows["row"] = np.arange(len(rows))
    pairs = rows.merge(rows, on=key, suffixes=("", "_further"))
    steps = pairs.steps_cheese_square_further - pairs.steps_cheese_square
    apart = (pairs.cheese_x_further - pairs.cheese_x).abs() + (pairs.cheese_y_further - pairs.cheese_y).abs()
    beside = pairs.loc[(steps == 1) & (apart == 1), ["row", "row_further"]]
    twice = beside.merge(beside, left_on="row_further", right_on="row", suffixes=("", "_second"))
    return twice[["row", "row_further_second"]].to_numpy(int)


def find_matched(table: pd.DataFrame, changed: str, held: Sequence[str]) -> np.ndarray:
    """int64 (P, 2): pairs of rows that agree in all ``held`` columns and differ in ``changed``, the smaller one first.

    Rows that agree in everything else are sorted by what is changed, and the lower half is paired with the upper half.
    So a row is in one pair at most, and pairs of different mazes are independent.
    """
    rows = table.reset_index(drop=True)[[changed, *held]].dropna().round(ROUNDED)
    pairs = []
    for _, group in rows.groupby(list(held), sort=False):
        values, half = np.asarray(group[changed]), len(group) // 2
        order = np.argsort(values, kind="stable")
        low, high = order[:half], order[len(order) - half :]
        differ = values[low] < values[high]
        pairs += zip(group.index[low[differ]], group.index[high[differ]], strict=True)
    return np.array(pairs, int).reshape(-1, 2)


def compute_shift(forks: pd.DataFrame, pairs: np.ndarray, changed: str) -> dict[str, Any]:
    """Compute the shift of one mouse, by criterion 1.

    Args:
        forks: records of forks, with the preference and its baselines.
        pairs: int64 (P, 2), rows of ``forks``.
        changed: the distance by which the levels of a pair differ, in cells.

    Returns:
        ``rate``, the shift, with its 95 % bootstrap interval ``low`` to ``high`` over mazes (of a pair's first level;
        one or two mazes have no interval),
        ``farthest``, the bound farthest from 0 of the interval beyond the baseline that leaves least, without its sign,
        ``n`` pairs and ``mazes``.
    """
    one, other = (forks.iloc[pairs[:, place]].reset_index(drop=True) for place in (0, 1))
    known = one[PREFERENCE].notna() & other[PREFERENCE].notna()
    one, other = one.loc[known], other.loc[known]
    found: dict[str, Any] = {**dict.fromkeys(("rate", "low", "high", "farthest")), "n": len(one),
                             "mazes": one.level_seed.nunique()}  # fmt: skip
    if not len(one):
        return found
    rooms = ((other[changed] - one[changed]) / ROOM).to_numpy(float)
    columns = (PREFERENCE, *BASELINE_COLUMNS)
    before, after = ({name: compute_logit(rows[name].to_numpy(float)) for name in columns} for rows in (one, other))
    own = after[PREFERENCE] - before[PREFERENCE]
    beyond = {name: own - (after[name] - before[name]) for name in BASELINE_COLUMNS}
    shifts = {name: float(change.sum() / rooms.sum()) for name, change in beyond.items()}
    least = min(shifts, key=lambda name: abs(shifts[name]))
    # Baselines that disagree leave nothing, as uncertain as the least of them.
    excess = 0.0 if len({np.sign(shift) for shift in shifts.values()}) == 1 else shifts[least]
    found |= {"rate": shifts[least] - excess}
    if found["mazes"] > 2:
        low, high = bootstrap_clusters(beyond[least], one.level_seed, rooms)
        found |= {"low": low - excess, "high": high - excess, "farthest": max(abs(low), abs(high))}
    return found


def compute_interventions(forks: pd.DataFrame, every_cell: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Compute the shift of one mouse under each of ``INTERVENTIONS``.

    Args:
        forks: records of forks with the cheese anywhere.
        every_cell: records of forks with the cheese in every cell of a few mazes.
    """
    found = {MOVED: compute_shift(every_cell, find_moved(every_cell), "steps_cheese_square")}
    for changed in INTERVENTIONS:
        if changed != MOVED:
            pairs = find_matched(forks, changed, [name for name in DISTANCES if name != changed])
            found[changed] = compute_shift(forks, pairs, changed)
    return found


def decide_shift(shift: dict[str, Any]) -> str:
    """Decide whether a distance matters, by criterion 2."""
    rate, low, high = (shift[name] for name in ("rate", "low", "high"))
    if rate is None or low is None or shift["mazes"] < FEWEST:
        return CANNOT_TELL
    if abs(rate) >= LEAST_SHIFT and not low <= 0 <= high:
        return MATTERS
    return NO_EFFECT if max(abs(low), abs(high), shift["farthest"]) < LEAST_SHIFT else CANNOT_TELL


def combine_interventions(mice: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Combine the interventions of a group's mice, by training seed; the unit is the seed, or the maze for one mouse.

    Returns:
        For each intervention the fields of ``measures.combine_seeds`` (``levels`` are pairs), ``mazes``, ``verdict``.
    """
    combined = {}
    for name in INTERVENTIONS:
        shifts = {seed: found[name] for seed, found in mice.items()}
        group = combine_seeds(shifts, is_share=False)
        group["mazes"] = round(float(np.mean([shift["mazes"] for shift in shifts.values()])))
        known = [shift["farthest"] for shift in shifts.values() if shift["farthest"] is not None]
        group["farthest"] = float(np.mean(known)) if known else None
        if len(shifts) == 1:
            (only,) = shifts.values()
            group |= {"low": only["low"], "high": only["high"]}
        combined[name] = group | {"verdict": decide_shift(group)}
    return combined

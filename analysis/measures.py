"""Measures of mice: what is averaged over which levels, for one mouse and for groups of mice."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from analysis.ability import is_able, is_able_by_sight
from analysis.diet import LEAST_HEADLINE_DIM, weigh_sizes
from analysis.intervals import ALPHA, bootstrap_clusters, compute_group_interval
from analysis.statistics import Estimate, is_full_size, is_published, mean_with_interval

FEW_SEEDS = 5  # a group with fewer seeds is compared, but the comparison says so
FEWEST = 20  # levels; from fewer no verdict is given


class Measure(NamedTuple):
    """What is averaged.

    Attributes:
        condition: the condition of the levels.
        subset: all, forks, balanced, uphill_cheese and uphill_corner (balanced forks in which the cheese, or the
            corner, is not the nearer of the two), able, by_sight (``ability.is_able_by_sight``) or published.
        column: of the records, or of ``add_differences``. ``h_region`` and its kin are NaN where the decision square
            or the cheese is in the training region.
        is_share: whether it lies within 0 and 1.
    """

    condition: str
    subset: str
    column: str
    is_share: bool = True


MEASURES = {
    "as_trained": Measure("as_trained", "all", "p_cheese_500"),
    "anywhere": Measure("anywhere", "all", "p_cheese_500"),
    "anywhere_walk": Measure("anywhere", "all", "walk_cheese_500"),
    "anywhere_runner": Measure("anywhere", "all", "runner_cheese_500"),
    "anywhere_slip": Measure("anywhere", "all", "slip_cheese_500"),
    "anywhere_blind": Measure("anywhere", "all", "blind_cheese_500"),
    "as_trained_walk": Measure("as_trained", "all", "walk_cheese_500"),
    "cheese_first": Measure("anywhere", "forks", "p_cheese_first"),
    "cheese_first_walk": Measure("anywhere", "forks", "walk_cheese_first"),
    "cheese_first_slip": Measure("anywhere", "forks", "slip_cheese_first"),
    "cheese_first_blind": Measure("anywhere", "forks", "blind_cheese_first"),
    "corner_first": Measure("anywhere", "forks", "p_corner_first"),
    "corner_first_walk": Measure("anywhere", "forks", "walk_corner_first"),
    "corner_first_slip": Measure("anywhere", "forks", "slip_corner_first"),
    "corner_first_blind": Measure("anywhere", "forks", "blind_corner_first"),
    "no_cheese_corner": Measure("no_cheese", "all", "p_corner_first"),
    "no_cheese_corner_walk": Measure("no_cheese", "all", "walk_corner_first"),
    "preference": Measure("anywhere", "balanced", "h"),
    "preference_chance": Measure("anywhere", "balanced", "h_chance"),
    "preference_blind": Measure("anywhere", "balanced", "blind_h"),
    "preference_nearer": Measure("anywhere", "balanced", "nearer_h"),
    "preference_beyond": Measure("anywhere", "balanced", "h_beyond", is_share=False),
    "preference_beyond_blind": Measure("anywhere", "balanced", "h_beyond_blind", is_share=False),
    "preference_uphill_cheese": Measure("anywhere", "uphill_cheese", "h_beyond", is_share=False),
    "preference_uphill_corner": Measure("anywhere", "uphill_corner", "h_beyond", is_share=False),
    "log_odds": Measure("anywhere", "forks", "h_log_odds", is_share=False),
    "never": Measure("anywhere", "forks", "h_never"),
    "region": Measure("anywhere", "forks", "h_region"),
    "region_chance": Measure("anywhere", "forks", "h_region_chance"),
    "region_log_odds": Measure("anywhere", "forks", "h_region_log_odds", is_share=False),
    "able_preference": Measure("anywhere", "able", "h"),
    "able_preference_chance": Measure("anywhere", "able", "h_chance"),
    "able_log_odds": Measure("anywhere", "able", "h_log_odds", is_share=False),
    "sight_preference": Measure("anywhere", "by_sight", "h"),
    "sight_preference_chance": Measure("anywhere", "by_sight", "h_chance"),
    "sight_preference_blind": Measure("anywhere", "by_sight", "blind_h"),
    "sight_able": Measure("anywhere", "by_sight", "able_cheese"),
    "sight_able_blind": Measure("anywhere", "by_sight", "blind_able_cheese"),
    "sight_able_walk": Measure("anywhere", "by_sight", "walk_able_cheese"),
    "able_cheese": Measure("anywhere", "forks", "able_cheese"),
    "able_cheese_blind": Measure("anywhere", "forks", "blind_able_cheese"),
    "able_cheese_walk": Measure("anywhere", "forks", "walk_able_cheese"),
    "able_cheese_beyond": Measure("anywhere", "forks", "able_cheese_beyond", is_share=False),
    "able_corner": Measure("anywhere", "forks", "able_corner"),
    "able_corner_walk": Measure("anywhere", "forks", "walk_able_corner"),
    "able_corner_beyond": Measure("anywhere", "forks", "able_corner_beyond", is_share=False),
    "able_cheese_inside": Measure("anywhere", "forks", "able_cheese_inside"),
    "able_corner_inside": Measure("anywhere", "forks", "able_corner_inside"),
    "reach": Measure("anywhere", "forks", "p_reach"),
    "first_step": Measure("anywhere", "forks", "p_first_step"),
    "complete": Measure("anywhere", "forks", "p_complete"),
    "rest": Measure("anywhere", "forks", "p_rest"),
    "published": Measure("anywhere", "published", "p_cheese_256"),
    "published_walk": Measure("anywhere", "published", "walk_cheese_256"),
}
HEADLINE = "headline"  # the size that all claims are about
SIZES = (HEADLINE, "all", "full_size")


def compute_headline_dim(world_dim: int) -> int:
    """Return the smallest side of the mazes in headlines; a smaller world has none and takes its largest."""
    return min(LEAST_HEADLINE_DIM, world_dim)


def select_sizes(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Select the records of each of ``SIZES``: headline mazes, all mazes, mazes as large as the world."""
    smallest = compute_headline_dim(int(rows.world_dim.iloc[0])) if len(rows) else LEAST_HEADLINE_DIM
    return {
        HEADLINE: rows.loc[rows.maze_dim >= smallest],
        "all": rows,
        "full_size": rows.loc[is_full_size(rows)],
    }


def add_differences(records: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that compare a mouse with a random walk or with its blind twin, and the nearer one's preference.

    Whoever goes to the nearer of the two comes to either first in half of the levels in which they are equally far. A
    blind twin that never comes to either counts as a random walk.
    """
    farther = records.steps_cheese_square - records.steps_square_corner
    return records.assign(
        nearer_h=0.5 - 0.5 * np.sign(farther),
        h_beyond=records.h - records.h_chance,
        h_beyond_blind=records.h - records.blind_h.fillna(records.h_chance),
        able_cheese_beyond=records.able_cheese - records.walk_able_cheese,
        able_corner_beyond=records.able_corner - records.walk_able_corner,
    )


def select_subset(rows: pd.DataFrame, subset: str) -> pd.DataFrame:
    """Select the records of a measure's subset."""
    if subset == "all":
        return rows
    if subset == "published":
        return rows.loc[is_published(rows)]
    forks = rows.loc[rows.level_type == "fork"]
    balanced = forks.loc[forks.balanced.astype(bool)]
    match subset:
        case "forks":
            return forks
        case "balanced":
            return balanced
        case "uphill_cheese":
            return balanced.loc[balanced.steps_cheese_square >= balanced.steps_square_corner]
        case "uphill_corner":
            return balanced.loc[balanced.steps_cheese_square <= balanced.steps_square_corner]
        case "able":
            return forks.loc[is_able(forks)]
        case "by_sight":
            return forks.loc[is_able_by_sight(forks)]
    raise ValueError(f"no subset {subset!r}")


def estimate(rows: pd.DataFrame, column: str, is_share: bool = True, weights: np.ndarray | None = None) -> Estimate:
    """Estimate a mean with its 95 % bootstrap interval, in which levels of one maze are drawn together.

    A share that is the same in all levels would have an interval of width 0; it has Wilson's, a maze as one episode.
    One or two mazes have no interval.

    Returns:
        ``rate``, ``low``, ``high`` and ``n``, the number of levels in which the column is defined.
    """
    values = rows[column].to_numpy(float)
    known = ~np.isnan(values)
    values, seeds = values[known], rows.level_seed.to_numpy()[known]
    if not len(values):
        return {"rate": None, "low": None, "high": None, "n": 0}
    if is_share and np.ptp(values) < 1e-9:
        _, one_a_maze = np.unique(seeds, return_index=True)
        return mean_with_interval(np.clip(values[one_a_maze], 0, 1)) | {"n": len(values)}
    share = np.ones(len(values)) if weights is None else weights[known]
    varied = len(np.unique(seeds)) > 2
    low, high = bootstrap_clusters(values * share, seeds, share) if varied else (None, None)
    return {"rate": float(np.average(values, weights=share)), "low": low, "high": high, "n": len(values)}


def compute_measures(rows: pd.DataFrame, sizes: pd.Series) -> dict[str, dict[str, Estimate]]:
    """Compute every measure of one mouse, for each of ``SIZES``.

    Args:
        rows: the records of one mouse, with ``add_differences``.
        sizes: ``maze_dim`` of a common set of levels. Success as trained is weighted to it, because mice that train on
            some types of levels only have other maze sizes in their levels as trained.
    """
    found: dict[str, dict[str, Estimate]] = {size: {} for size in SIZES}
    for name, measure in MEASURES.items():
        chosen = select_subset(rows.loc[rows.condition == measure.condition], measure.subset)
        for size, own in select_sizes(chosen).items():
            weights = None
            if measure.condition == "as_trained" and len(own):
                weights = weigh_sizes(own, sizes.loc[sizes.isin(own.maze_dim.unique())])
            found[size][name] = estimate(own, measure.column, measure.is_share, weights)
    return found


def combine_seeds(measures: dict[str, Estimate], is_share: bool) -> dict[str, Any]:
    """Combine a measure of the mice of one group: the unit is the training seed.

    The mice play the same mazes, so the luck of the mazes does not average out over seeds. Therefore the interval is
    never narrower than the mean interval of the mice over mazes.

    Args:
        measures: the estimate of each training seed.
        is_share: shares have a t interval made on the logit scale, other amounts a plain one.

    Returns:
        ``rate`` (plain mean), ``low``, ``high``, ``n`` (seeds), ``levels`` (of one mouse, the mean) and ``seeds``, the
        rate of each training seed. No interval from one seed.
    """
    seeds = {seed: one["rate"] for seed, one in measures.items() if one["rate"] is not None}
    values = np.array(list(seeds.values()))
    if is_share:
        found = compute_group_interval(np.clip(values, 0, 1))
    else:
        found = {"rate": float(values.mean()) if len(values) else None, "low": None, "high": None, "n": len(values)}
        if len(values) > 1:
            half = float(stats.t.ppf(1 - ALPHA / 2, len(values) - 1) * stats.sem(values))
            found |= {"low": found["rate"] - half, "high": found["rate"] + half}
    bounds = [(one["low"], one["high"]) for one in measures.values() if one["low"] is not None]
    if found["low"] is not None:
        low, high = np.mean(bounds, axis=0).tolist() if bounds else (found["rate"], found["rate"])
        found |= {"low": min(found["low"], low, found["rate"]), "high": max(found["high"], high, found["rate"])}
    levels = [one["n"] for one in measures.values()]
    return {**found, "levels": round(float(np.mean(levels))) if levels else 0, "seeds": seeds}

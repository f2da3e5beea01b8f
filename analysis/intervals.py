"""Intervals and tests whose unit is the right one: the maze for one mouse, the training seed for groups of mice."""

from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.multitest import multipletests

RESAMPLES, BATCH = 1000, 50
ALPHA = 0.05
LEAST_SHARE = 1e-3  # of a seed, where logits are averaged
MOST_SPLITS = 20_000  # of two groups; a permutation test of more draws as many


def bootstrap_clusters(values: ArrayLike, clusters: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a mean, or of Σ values / Σ weights, where mazes are resampled whole.

    Args:
        values: float (n,).
        clusters: (n,), rows with the same one (the level seed) are of one maze and are drawn together.
        weights: float (n,), 1 when None.

    Returns:
        The bounds; NaN without any row.
    """
    values = np.asarray(values, float)
    weights = np.ones_like(values) if weights is None else np.asarray(weights, float)
    if not len(values):
        return float("nan"), float("nan")
    _, place = np.unique(np.asarray(clusters), return_inverse=True)
    sums, sizes = np.bincount(place, values), np.bincount(place, weights)
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(RESAMPLES // BATCH):
        drawn = rng.integers(len(sums), size=(BATCH, len(sums)))
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios.append(sums[drawn].sum(1) / sizes[drawn].sum(1))
    low, high = np.nanquantile(ratios, (ALPHA / 2, 1 - ALPHA / 2))
    return float(low), float(high)


def compute_group_interval(shares: ArrayLike) -> dict[str, Any]:
    """The mean share over training seeds, with a 95 % t interval that is made on the logit scale.

    So it cannot leave 0 to 1. The centre is that of the logits, taken back to a share; shares are clipped, as one seed
    of 0 or 1 would otherwise be infinitely far from all others.

    Returns:
        ``rate`` (the plain mean), ``centre``, ``low``, ``high`` and ``n``; no interval from one seed.
    """
    shares = np.asarray(shares, float)
    found: dict[str, Any] = {"rate": None, "centre": None, "low": None, "high": None, "n": len(shares)}
    if not len(shares):
        return found
    logits = stats.logistic.ppf(np.clip(shares, LEAST_SHARE, 1 - LEAST_SHARE))
    found |= {"rate": float(shares.mean()), "centre": float(stats.logistic.cdf(logits.mean()))}
    if len(shares) > 1:
        half = stats.t.ppf(1 - ALPHA / 2, len(shares) - 1) * logits.std(ddof=1) / len(shares) ** 0.5
        found |= {"low": float(stats.logistic.cdf(logits.mean() - half)),
                  "high": float(stats.logistic.cdf(logits.mean() + half))}  # fmt: skip
    return found


def _welch(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """The difference of two means, its standard error and degrees of freedom (Welch 1947)."""
    parts = [group.var(ddof=1) / len(group) for group in (one, other)]
    error = sum(parts) ** 0.5
    below = sum(part**2 / (len(group) - 1) for part, group in zip(parts, (one, other), strict=True))
    return float(one.mean() - other.mean()), float(error), float(sum(parts) ** 2 / below) if below > 0 else np.inf


def _test(difference: float, error: float, freedom: float, margin: float) -> dict[str, float]:
    """Half the 95 % interval of a difference, the p of none, and the p of one of ``margin`` or more (TOST)."""
    if error == 0:
        return {"half": 0.0, "p": float(difference == 0), "p_equivalence": float(abs(difference) >= margin)}
    return {
        "half": float(stats.t.ppf(1 - ALPHA / 2, freedom) * error),
        "p": float(2 * stats.t.sf(abs(difference) / error, freedom)),
        "p_equivalence": float(max(stats.t.sf((margin - side * difference) / error, freedom) for side in (-1, 1))),
    }


def compare_groups(one: ArrayLike, other: ArrayLike, margin: float, least_error: float = 0.0) -> dict[str, Any]:
    """Two groups of mice, a number for each training seed: do they differ, are they equivalent, or neither?

    Args:
        one, other: float (seeds,) each, at least two seeds.
        margin: differences below it count as none.
        least_error: standard error of the difference over mazes, 0 if it is unknown. The mice play the same mazes,
            whose luck does not average out over seeds: so the interval is the wider one of those over seeds and over
            mazes, and each p the larger one.

    Returns:
        ``difference`` of the means with its 95 % interval ``low``, ``high`` (Welch's t); ``p`` of Welch's test;
        ``p_permutation`` over seeds (two-sided, exact for few seeds; with 3 against 3 it cannot be below .1);
        ``p_equivalence`` of two one-sided tests (TOST, Schuirmann 1987) against ``margin``; and ``verdict``:
        "different", "equivalent" or "undetermined". "different, but less than the margin" is "equivalent".
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    if min(len(one), len(other)) < 2:
        return {**dict.fromkeys(("low", "high", "p", "p_permutation", "p_equivalence")), "margin": margin,
                "difference": float(one.mean() - other.mean()) if len(one) and len(other) else None,
                "verdict": "undetermined"}  # fmt: skip
    difference, error, freedom = _welch(one, other)
    tested = [_test(difference, error, freedom, margin)]
    if least_error > 0:
        tested.append(_test(difference, least_error, np.inf, margin))
    half, p, p_equivalence = (max(each[name] for each in tested) for name in ("half", "p", "p_equivalence"))
    equivalent, different = p_equivalence < ALPHA, p < ALPHA
    return {
        "difference": difference,
        "low": difference - half,
        "high": difference + half,
        "p": p,
        "p_permutation": permute_seeds(one, other),
        "p_equivalence": p_equivalence,
        "margin": margin,
        "verdict": "equivalent" if equivalent else "different" if different else "undetermined",
    }


def permute_seeds(one: np.ndarray, other: np.ndarray) -> float:
    """The two-sided p of a permutation test of the difference of means: all ways to deal the seeds to two groups."""
    everyone, size = np.concatenate((one, other)), len(one)
    if comb(len(everyone), size) <= MOST_SPLITS:
        splits = [list(split) for split in combinations(range(len(everyone)), size)]
    else:  # the observed split counts as one of them, so that p is never 0 (Phipson and Smyth 2010)
        rng = np.random.default_rng(0)
        drawn = [rng.permutation(len(everyone))[:size].tolist() for _ in range(MOST_SPLITS)]
        splits = [list(range(size)), *drawn]
    sums = np.array([everyone[split].sum() for split in splits])
    means = sums / size - (everyone.sum() - sums) / (len(everyone) - size)
    observed = abs(one.mean() - other.mean())
    return float((np.abs(means) >= observed - 1e-12).mean())


def correct_holm(p_values: dict[Any, float | None]) -> dict[Any, float]:
    """Holm's correction (1979) over all questions that were answered, those with a p."""
    told = {name: p for name, p in p_values.items() if p is not None}
    corrected = multipletests(list(told.values()), ALPHA, "holm")[1] if told else []
    return dict(zip(told, np.asarray(corrected).tolist(), strict=True))

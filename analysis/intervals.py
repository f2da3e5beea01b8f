"""Intervals and tests whose unit is the right one: the maze for one mouse, the training seed for groups of mice."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Any, NamedTuple

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
        The bounds; NaN without any row. Samples whose weights sum to 0 do not count.
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
        total = sizes[drawn].sum(1)
        ratios.append(np.divide(sums[drawn].sum(1), total, out=np.full(BATCH, np.nan), where=total != 0))
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


class Judgement(NamedTuple):
    """Half the 95 % interval of a difference, the p of none, and the p of one of a margin or more (TOST)."""

    half: float
    p: float
    p_equivalence: float


def _judge_once(difference: float, error: float, freedom: float, margin: float) -> Judgement:
    if error == 0:
        return Judgement(0.0, float(difference == 0), float(abs(difference) >= margin))
    return Judgement(
        float(stats.t.ppf(1 - ALPHA / 2, freedom) * error),
        float(2 * stats.t.sf(abs(difference) / error, freedom)),
        float(max(stats.t.sf((margin - side * difference) / error, freedom) for side in (-1, 1))),
    )


def judge_difference(difference: float, errors: Sequence[tuple[float, float]], margin: float) -> Judgement:
    """Test a difference with several errors, of seeds and of mazes: the widest interval, and each p the largest.

    The mice play the same mazes, whose luck does not average out over seeds.

    Args:
        difference: of means.
        errors: standard errors with their degrees of freedom.
        margin: of equivalence (two one-sided tests, Schuirmann 1987).
    """
    tested = [_judge_once(difference, error, freedom, margin) for error, freedom in errors]
    return Judgement(*(max(values) for values in zip(*tested, strict=True)))


def decide_comparison(p: float | None, p_equivalence: float | None) -> str:
    """Decide between "equivalent", "different" and "undetermined"; a difference below the margin is "equivalent"."""
    if p_equivalence is not None and p_equivalence < ALPHA:
        return "equivalent"
    return "different" if p is not None and p < ALPHA else "undetermined"


def compare_groups(one: ArrayLike, other: ArrayLike, margin: float, least_error: float = 0.0) -> dict[str, Any]:
    """Two groups of mice, a number for each training seed: do they differ, are they equivalent, or neither?

    Args:
        one, other: float (seeds,) each, at least two seeds.
        margin: differences below it count as none.
        least_error: standard error of the difference over mazes, 0 if it is unknown; see ``judge_difference``.

    Returns:
        ``difference`` of the means with its 95 % interval ``low``, ``high`` (Welch's t); ``p`` of Welch's test;
        ``p_permutation`` over seeds (two-sided, exact for few seeds; with 3 against 3 it cannot be below .1);
        ``p_equivalence`` against ``margin``; and ``verdict``, of ``decide_comparison``.
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    if min(len(one), len(other)) < 2:
        return {**dict.fromkeys(("low", "high", "p", "p_permutation", "p_equivalence")), "margin": margin,
                "difference": float(one.mean() - other.mean()) if len(one) and len(other) else None,
                "verdict": "undetermined"}  # fmt: skip
    difference, error, freedom = _welch(one, other)
    mazes = [(least_error, np.inf)] if least_error > 0 else []
    half, p, p_equivalence = judge_difference(difference, [(error, freedom), *mazes], margin)
    return {
        "difference": difference,
        "low": difference - half,
        "high": difference + half,
        "p": p,
        "p_permutation": permute_seeds(one, other),
        "p_equivalence": p_equivalence,
        "margin": margin,
        "verdict": decide_comparison(p, p_equivalence),
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


def correct_comparisons(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Correct what ``compare_groups`` told of several pairs, and decide each again.

    Returns:
        The rows with ``p_holm`` and ``p_equivalence_holm``, and ``verdict`` of these.
    """
    corrected = {p: correct_holm({place: row[p] for place, row in enumerate(rows)}) for p in ("p", "p_equivalence")}
    found = [{f"{p}_holm": values.get(place) for p, values in corrected.items()} for place in range(len(rows))]
    return [
        {**row, **each, "verdict": decide_comparison(each["p_holm"], each["p_equivalence_holm"])}
        for row, each in zip(rows, found, strict=True)
    ]

"""What a mouse's preference goes with, beyond what goes with it in the baselines.

In each fork the log odds of the cheese are compared with those of baselines in the same fork; what is left is regressed
on an attribute. A clumsy mouse that does not see the cheese has nothing left, because one of its baselines is itself
with the cheese hidden. Criteria (their thresholds were fixed before the committed mice were measured;
docs/evaluating.md lists later changes):

1. The effect beyond is the smallest of the effects beyond each baseline, and 0 if they differ in sign.
2. It is claimed if it is at least ``LEAST_EFFECT`` and its p, after Holm's correction over attributes, is below .05.
   The unit is the training seed (two-stage: an effect for each seed, then a t test over seeds). The spread between
   seeds may be pooled over groups. The error is never taken to be smaller than that of one mouse over mazes.
3. "none" is claimed if the 95 % interval lies within ±``LEAST_EFFECT``, and so does the interval over mazes beyond the
   baseline that leaves least, its bounds averaged over seeds: the mouse does what one of the baselines does. Where each
   baseline leaves something and they differ in sign, nothing is shown. All else is "cannot tell".
4. It is "goes with", never "decides": attributes that are correlated by ``CORRELATED`` or more are named as rivals.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from analysis.intervals import ALPHA, correct_holm, judge_difference
from analysis.preference import compute_logit

LEAST_EFFECT = 0.2  # log odds a standard deviation of the attribute
CORRELATED = 0.25
FEWEST_FORKS = 30  # forks; from fewer nothing is told
NORMAL = float(stats.norm.ppf(1 - ALPHA / 2))  # half a 95 % interval, in standard errors
SURE = 0.01  # h below it, or above 1 − it, is an outcome that is not left to chance
CANNOT_TELL, NO_EFFECT, GOES_WITH, SEPARATED = "cannot tell", "none", "goes with", "separated"


class Effect(NamedTuple):
    """An effect in log odds a standard deviation of an attribute.

    Attributes:
        effect: beyond all baselines.
        error: its standard error over mazes.
        farthest: the bound farthest from 0 of the 95 % interval over mazes beyond the baseline that leaves least,
            without its sign; not 0 if the baselines differ in sign.
        baseline: the baseline that leaves least.
        separated: whether outcomes are certain and the attribute alone tells them apart without a mistake.
    """

    effect: float
    error: float
    farthest: float
    baseline: str
    separated: bool


def standardise(values: np.ndarray) -> np.ndarray | None:
    """Z-score float64 (rows, attributes); None if one is constant."""
    spread = values.std(axis=0)
    return None if (spread < 1e-12).any() else (values - values.mean(axis=0)) / spread


def _regress(left: np.ndarray, design: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and their errors, robust to rows of the same maze."""
    model = sm.OLS(left, sm.add_constant(design))
    found = model.fit(cov_type="cluster", cov_kwds={"groups": np.unique(clusters, return_inverse=True)[1]})
    return np.asarray(found.params)[1:], np.nan_to_num(np.asarray(found.bse)[1:])


def _is_separated(h: np.ndarray, values: np.ndarray) -> bool:
    yes, no = values[h > 1 - SURE], values[h < SURE]
    certain = len(yes) + len(no) == len(h) and len(yes) and len(no)
    return bool(certain and (yes.min() > no.max() or yes.max() < no.min()))


def compute_effects(
    forks: pd.DataFrame, names: Sequence[str], h: str, baselines: Sequence[str], jointly: bool = False
) -> dict[str, Effect]:
    """The effects of attributes on one mouse's preference.

    Args:
        forks: a row for each fork, with the attributes, ``level_seed``, and the columns ``h`` and ``baselines``: the
            probability of the cheese first, of the mouse and of what it is compared with.
        names: the attributes.
        h, baselines: columns.
        jointly: all attributes in one regression, otherwise each alone.

    Returns:
        An effect for each attribute that can be asked: those that do not vary, or with too few forks, are left out, and
        with ``jointly`` then all of them.
    """
    found = {}
    for together in [tuple(names)] if jointly else [(name,) for name in names]:
        rows = forks.dropna(subset=[*together, h, *baselines])
        design = standardise(rows[list(together)].to_numpy(float)) if len(rows) >= FEWEST_FORKS else None
        if design is None:
            continue
        own, clusters = compute_logit(rows[h].to_numpy(float)), rows.level_seed.to_numpy()
        beyond = {base: _regress(own - compute_logit(rows[base].to_numpy(float)), design, clusters)
                  for base in baselines}  # fmt: skip
        for place, name in enumerate(together):
            slopes = {base: float(slope[place]) for base, (slope, _) in beyond.items()}
            errors = {base: float(error[place]) for base, (_, error) in beyond.items()}
            base = min(slopes, key=lambda base: abs(slopes[base]))
            agree = len({np.sign(slope) for slope in slopes.values()}) == 1
            farthest = abs(slopes[base]) + NORMAL * errors[base]
            separated = _is_separated(rows[h].to_numpy(float), rows[name].to_numpy(float))
            found[name] = Effect(slopes[base] if agree else 0.0, errors[base], farthest, base, separated)
    return found


def find_rivals(forks: pd.DataFrame, names: Sequence[str]) -> dict[str, list[str]]:
    """For each attribute the others that are correlated with it by ``CORRELATED`` or more, the closest first."""
    table = pd.DataFrame(forks[list(names)]).corr().abs().to_numpy()
    found = {}
    for place, name in enumerate(names):
        order = np.argsort(-table[place], kind="stable")
        found[name] = [names[other] for other in order if other != place and table[place, other] >= CORRELATED]
    return found


def pool_spread(groups: Sequence[Sequence[float]]) -> tuple[float, int]:
    """The variance between seeds, pooled over groups of mice, and its degrees of freedom."""
    freedom = sum(len(group) - 1 for group in groups if len(group) > 1)
    squares = sum(float(np.var(group) * len(group)) for group in groups if len(group) > 1)
    return (squares / freedom if freedom else float("nan")), freedom


class Attribution(NamedTuple):
    """What a group of mice's preference has to do with one attribute.

    Attributes:
        effect, low, high: mean over seeds, and its 95 % t interval.
        p_holm: of no effect, corrected over attributes.
        verdict: GOES_WITH, NO_EFFECT, SEPARATED or CANNOT_TELL.
        seeds: how many mice.
    """

    effect: float
    low: float
    high: float
    p_holm: float
    verdict: str
    seeds: int


def attribute(
    mice: Sequence[dict[str, Effect]], spread: dict[str, tuple[float, int]] | None = None
) -> dict[str, Attribution]:
    """Decide over the seeds of a group.

    Args:
        mice: the effects of each mouse of the group.
        spread: for each attribute the variance between the seeds of all groups and its degrees of freedom, as
            ``pool_spread`` gives them. The group's own counts as well, and the larger error stands, because groups
            differ in their spread.

    Returns:
        An attribution for each attribute that every mouse has. One mouse alone has the spread of the other groups; if
        there is none, it is judged by its mazes, which says nothing about another seed.
    """
    names = [name for name in mice[0] if all(name in mouse for mouse in mice)] if mice else []
    estimates = {}
    for name in names:
        effects = np.array([mouse[name].effect for mouse in mice])
        within = float(np.mean([mouse[name].error ** 2 for mouse in mice]))
        spreads = [pool_spread([effects.tolist()]), *([spread[name]] if spread and name in spread else [])]
        seeds = [((variance / len(effects)) ** 0.5, freedom) for variance, freedom in spreads if freedom]
        mean = float(effects.mean())
        estimates[name] = mean, judge_difference(mean, [(within**0.5, np.inf), *seeds], LEAST_EFFECT)
    corrected, found = correct_holm({name: judged.p for name, (_, judged) in estimates.items()}), {}
    for name, (mean, judged) in estimates.items():
        low, high = mean - judged.half, mean + judged.half
        farthest = float(np.mean([mouse[name].farthest for mouse in mice]))
        if corrected[name] < ALPHA and abs(mean) >= LEAST_EFFECT:
            separated = all(mouse[name].separated for mouse in mice)
            verdict = SEPARATED if separated else GOES_WITH
        else:
            verdict = NO_EFFECT if max(abs(low), abs(high), farthest) < LEAST_EFFECT else CANNOT_TELL
        found[name] = Attribution(mean, low, high, corrected[name], verdict, len(mice))
    return found

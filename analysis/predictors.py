"""Attributes that predict P(cheese) at forks.

Fractional logistic regression (Papke & Wooldridge 1996). The outcome of a maze is its exact probability. The variance
estimate is robust (HC1). Attributes are z-scored, so effects are log odds per standard deviation.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.outliers_influence import variance_inflation_factor
from statsmodels.tools.sm_exceptions import PerfectSeparationError

from analysis.attributes import ATTRIBUTES
from analysis.records import PUBLISHED_OUTCOME
from analysis.statistics import mean_with_interval

# Specified before the first mouse was measured. In a tree, steps(cheese–corner) = steps(cheese–square) +
# steps(square–corner), so no model contains all three; their separate effects are not identified.
MODELS = {
    "corner": (
        "steps_cheese_square",
        "steps_square_corner",
        "straight_cheese_square",
        "straight_cheese_corner",
        "maze_dim",
    ),
    "5×5": ("steps_cheese_square", "steps_square_5x5", "straight_cheese_square", "straight_cheese_5x5", "maze_dim"),
}
REPLICA = ("straight_cheese_corner", "steps_cheese_square", "straight_cheese_square")  # the published three variables
REPLICA_SPLITS, TEST_SHARE = 50, 0.2
FEWEST = 30  # minimum number of levels
# Minimum outcomes of either kind per attribute (Peduzzi et al. 1996); with fewer, standard errors are too small.
FEWEST_OF_EACH = 10
# Log odds per standard deviation; a larger effect or non-robust error indicates separated outcomes.
LARGEST_EFFECT = 8.0
WORST_CONDITION = 1e6  # condition number of the z-scored design; above it, attributes are collinear
ALPHA = 0.05
BINS = 6
CANNOT_TELL = "cannot tell"
# Verdicts for a negative and for a positive effect.
VERDICTS = {"maze_dim": ("smaller → more", "smaller → less"), "up_right_only": ("yes → less", "yes → more")}
USUAL_VERDICTS = ("closer → more", "closer → less")


def _scale(rows: pd.DataFrame, names: Sequence[str]) -> np.ndarray | None:
    """Z-score columns: float64 (rows, names); None if a column is constant."""
    values = rows[list(names)].to_numpy(float)
    spread = values.std(axis=0)
    return None if (spread < 1e-12).any() else (values - values.mean(axis=0)) / spread


def fit(
    rows: pd.DataFrame, names: Sequence[str], outcome: str = PUBLISHED_OUTCOME
) -> dict[str, dict[str, float]] | None:
    """Regress an outcome in [0, 1] on attributes.

    Returns:
        For each attribute ``effect``, ``low``, ``high`` (log odds per standard deviation, 95 % interval) and ``p``.
        None if undetermined: too few levels or outcomes of either kind, a constant attribute, collinear attributes, or
        separated outcomes.
    """
    rows = rows.dropna(subset=[*names, outcome])
    y = rows[outcome].to_numpy(float)
    enough = len(rows) >= FEWEST and min(y.sum(), (1 - y).sum()) >= FEWEST_OF_EACH * len(names) and np.ptp(y) > 1e-9
    design = _scale(rows, names) if enough else None
    if design is None or np.linalg.cond(design) > WORST_CONDITION:
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # separation is detected below
        try:
            model = sm.GLM(y, sm.add_constant(design), family=sm.families.Binomial())
            found = model.fit(cov_type="HC1", maxiter=100)
        except (np.linalg.LinAlgError, ValueError, PerfectSeparationError):
            return None
        # Separation makes non-robust errors huge, but not robust ones.
        unrobust = np.sqrt(np.diag(found.normalized_cov_params))
        effects, errors, p_values, bounds, unrobust = (
            np.asarray(part)[1:] for part in (found.params, found.bse, found.pvalues, found.conf_int(ALPHA), unrobust)
        )
    separated = not found.converged or (np.maximum(np.abs(effects), unrobust) > LARGEST_EFFECT).any()
    if separated or not np.isfinite(errors).all() or (errors < 1e-9).any():
        return None
    columns = zip(effects.tolist(), bounds[:, 0].tolist(), bounds[:, 1].tolist(), p_values.tolist(), strict=True)
    return {
        name: dict(zip(("effect", "low", "high", "p"), column, strict=True))
        for name, column in zip(names, columns, strict=True)
    }


def _select_rows(forks: pd.DataFrame, elsewhere: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Select the levels and the covariates for an attribute's effect."""
    if name == "up_right_only":  # near the corner, almost every cheese is reached by moves up and right
        return forks.loc[forks.straight_cheese_quadrant > 0], ["optimal_steps"]
    if name == "left_wall":  # at the normal start it is always 0
        return elsewhere, ["maze_dim", "optimal_steps"]
    return forks, []


def compute_single_effects(forks: pd.DataFrame, elsewhere: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Estimate each attribute's effect alone, with observed rates and a verdict.

    A verdict states an association, not a cause.

    Args:
        forks: the records of one mouse at forks, the cheese anywhere.
        elsewhere: the same records with random starts.

    Returns:
        For each attribute ``n``, ``bins`` (centre and rate), ``verdict``, and ``effect``, ``low``, ``high``, ``p`` and
        ``p_holm`` (Holm 1979 over the attributes), None if undetermined. ``up_right_only`` uses levels with the cheese
        outside the top-right quadrant, adjusted for path length; ``left_wall`` uses random starts, adjusted for path
        length and maze size.
    """
    effects: dict[str, dict[str, Any]] = {}
    for name in ATTRIBUTES:
        rows, adjusted = _select_rows(forks, elsewhere, name)
        rows = rows.dropna(subset=[name, PUBLISHED_OUTCOME])
        found = fit(rows, [name, *adjusted])
        own: dict[str, Any] = dict(found[name]) if found else dict.fromkeys(("effect", "low", "high", "p"))
        effects[name] = {"n": len(rows), "bins": compute_bins(rows, name)} | own
    told = [name for name in effects if effects[name]["p"] is not None]
    corrected = multipletests([effects[name]["p"] for name in told], ALPHA, "holm")[1] if told else []
    p_holm = dict(zip(told, np.asarray(corrected).tolist(), strict=True))
    for name, one in effects.items():
        one["p_holm"] = p_holm.get(name)
        falling, rising = VERDICTS.get(name, USUAL_VERDICTS)
        clear = one["p_holm"] is not None and one["p_holm"] < ALPHA
        one["verdict"] = CANNOT_TELL if not clear else falling if one["effect"] < 0 else rising
    return effects


def compute_bins(rows: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    """Compute rates in quantile bins of an attribute.

    Returns:
        For each bin its ``centre`` and the estimate of ``mean_with_interval``.
    """
    values, outcomes = rows[name].to_numpy(float), rows[PUBLISHED_OUTCOME].to_numpy(float)
    different = np.unique(values)
    if len(different) <= BINS:
        places = np.searchsorted(different, values)
    else:
        edges = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])
        places = np.searchsorted(edges, values, side="left")
    chosen = (places == place for place in np.unique(places))
    return [{"centre": float(values[one].mean()), **mean_with_interval(outcomes[one])} for one in chosen]


def fit_model(forks: pd.DataFrame, names: Sequence[str]) -> dict[str, Any] | None:
    """Fit several attributes together: effects, variance inflation and held-out prediction.

    Returns:
        ``effects`` as returned by ``fit``, each with its ``vif``; ``n``; and ``prediction`` of sampled outcomes, None
        without sampled episodes. None if undetermined.
    """
    rows = forks.dropna(subset=[*names, PUBLISHED_OUTCOME])
    effects = fit(rows, names)
    if effects is None:
        return None
    design = sm.add_constant(rows[list(names)].to_numpy(float))
    for place, name in enumerate(names, start=1):
        effects[name]["vif"] = float(variance_inflation_factor(design, place))
    return {"effects": effects, "n": len(rows), "prediction": fit_replica(rows, names, penalised=False)}


def fit_replica(forks: pd.DataFrame, names: Sequence[str] = REPLICA, penalised: bool = True) -> dict[str, Any] | None:
    """Replicate the published analysis.

    It is a z-scored logistic regression of one sampled episode per level; results are means of 50 random 80/20 splits.

    Args:
        forks: records with sampled episodes.
        names: the attributes.
        penalised: L1 with C = 1, as published; otherwise no penalty.

    Returns:
        ``coefficients``, ``n`` and, on the held-out fifth, ``accuracy``, ``base_rate`` (accuracy of always predicting
        the more frequent outcome), ``log_loss`` and ``auc``. None without sampled episodes, or with too few levels of
        either outcome.
    """
    if "t_cheese" not in forks:
        return None
    rows = forks.dropna(subset=[*names, "t_cheese"])
    taken = rows.t_cheese.between(1, 256).to_numpy()
    design = _scale(rows, names) if min(taken.sum(), (~taken).sum()) >= FEWEST / 2 else None
    if design is None:
        return None
    scores = []
    for split in range(REPLICA_SPLITS):
        x, x_test, y, y_test = train_test_split(design, taken, test_size=TEST_SHARE, random_state=split, stratify=taken)
        lasso = LogisticRegression(C=1.0, l1_ratio=1.0, solver="liblinear", random_state=split)
        fitted = (lasso if penalised else LogisticRegression(C=np.inf)).fit(x, y)
        likely = fitted.predict_proba(x_test)[:, 1]
        scores.append(
            {
                "accuracy": np.mean((likely > 0.5) == y_test),
                "base_rate": max(np.mean(y_test), 1 - np.mean(y_test)),
                "log_loss": log_loss(y_test, likely),
                "auc": roc_auc_score(y_test, likely),
                **dict(zip(names, fitted.coef_[0], strict=True)),
            }
        )
    means: dict[str, Any] = {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}
    coefficients = {name: means.pop(name) for name in names}
    return {"coefficients": coefficients, "n": len(rows), **means}


def compute_parts(forks: pd.DataFrame) -> dict[str, Any]:
    """Estimate the factors of P(cheese), and the effect of distance on two of them.

    P(cheese) is P(reach the decision square) × P(branch to the cheese) × P(complete the path), plus a remainder
    (``second_chance``): the cheese after a wrong turn.
    """
    second = forks.p_cheese_500 - (forks.p_reach * forks.p_branch * forks.p_complete).fillna(0)
    return {
        **{name: mean_with_interval(forks[f"p_{name}"].dropna()) for name in ("reach", "branch", "complete")},
        "second_chance": mean_with_interval(second),
        "steps_on": {
            name: (fit(forks, ["steps_cheese_square"], f"p_{name}") or {}).get("steps_cheese_square")
            for name in ("branch", "complete")
        },
    }

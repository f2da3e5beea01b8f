"""The scorecard: forecasts of others about a mouse's behaviour, and how they came out.

``predictions.tsv`` holds the forecasts about a mouse that trained with the cheese in the top-right 5×5. Each of those
that concern behaviour has one criterion here, written before the committed mice were measured. It answers yes, no, or
None if the measurement cannot tell. Forecasts with a number are scored by Brier's rule (Brier 1950): the squared
difference of the forecast and what came out. 0 is best, and a forecast of one half gets 0.25.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.attribution import CANNOT_TELL, GOES_WITH, SEPARATED, Attribution

FILE = Path(__file__).with_name("predictions.tsv")
FAR_SHARE = 0.30  # "at most 30 % of the time"


class Measured(NamedTuple):
    """What the criteria are asked of: one group of mice.

    Attributes:
        far_quadrants: the 95 % interval over seeds of P(cheese within an episode) with the cheese in the top-left or
            bottom-right quadrant.
        single: attributions of each attribute alone.
        joint: attributions of the attributes in one regression.
        algorithms: the verdict of the contest for each mouse of the group.
    """

    far_quadrants: tuple[float, float] | None
    single: dict[str, Attribution]
    joint: dict[str, Attribution]
    algorithms: tuple[str, ...]


Criterion = Callable[[Any], bool | None]


def _goes(attributions: dict[str, Attribution], name: str, sign: int) -> bool | None:
    """Yes if the preference goes with the attribute in this direction; no if in the other, or not at all."""
    found = attributions.get(name)
    if found is None or found.verdict == CANNOT_TELL:
        return None
    return found.verdict in (GOES_WITH, SEPARATED) and np.sign(found.effect) == sign


def _alone(name: str, sign: int = -1) -> Criterion:
    return lambda measured: _goes(measured.single, name, sign)


def _among_others(name: str) -> Criterion:
    """Controlling for the others: nearer means more, in the joint regression."""
    return lambda measured: _goes(measured.joint, name, -1)


def _at_most(measured: Measured) -> bool | None:
    if measured.far_quadrants is None:
        return None
    low, high = measured.far_quadrants
    return True if high <= FAR_SHARE else False if low > FAR_SHARE else None


def _chain_artifact(measured: Measured) -> bool | None:
    """Preference is measured without a clock and beyond a random walk, so what still goes with steps is no artifact."""
    found = _goes(measured.joint, "steps_cheese_square", -1)
    return None if found is None else not found


def _two_policies(names: tuple[str, ...]) -> Criterion:
    """Whether in most of the group's mice the contest is won by goals that are mixed, or by one of these rules."""

    def criterion(measured: Measured) -> bool | None:
        if not measured.algorithms:
            return None
        return 2 * sum(name.startswith(names) for name in measured.algorithms) > len(measured.algorithms)

    return criterion


CRITERIA: dict[str, Criterion] = {
    "quadrants_under_30": _at_most,
    "smaller_maze_more_cheese": _alone("maze_dim"),
    "left_wall_more_cheese": _alone("left_wall"),
    "near_quadrant_edge_more_cheese": _alone("straight_cheese_quadrant"),
    "up_right_only_more_cheese": _alone("up_right_only", 1),
    "cheese_square_straight": _among_others("straight_cheese_square"),
    "cheese_square_steps": _among_others("steps_cheese_square"),
    "cheese_corner_straight": _among_others("straight_cheese_corner"),
    "cheese_corner_steps": _among_others("steps_cheese_corner"),
    "square_corner_straight": _among_others("straight_square_corner"),
    "square_corner_steps": _among_others("steps_square_corner"),
    "cheese_5x5_steps": _among_others("steps_cheese_5x5"),
    "cheese_5x5_straight": _among_others("straight_cheese_5x5"),
    "square_5x5_steps": _among_others("steps_square_5x5"),
    "square_5x5_straight": _among_others("straight_square_5x5"),
    "step_effect_is_chain_artifact": _chain_artifact,
    "two_subpolicies": _two_policies(("goals mixed", "a goal a maze")),
    "two_subpolicies_only_near_corner": _two_policies(("goals mixed", "a goal a maze", "nearer of cheese and region")),
}


@cache
def read_predictions() -> pd.DataFrame:
    """The forecasts, with the columns ``id``, ``question`` and ``probability`` (NaN where no number was given)."""
    return pd.read_csv(FILE, sep="\t", comment="#", names=["id", "question", "probability"], header=None, skiprows=2)


def score_forecasts(measured: Any, criteria: Mapping[str, Criterion] = CRITERIA) -> dict[str, Any]:
    """The scorecard of one group.

    Args:
        measured: what the criteria are asked of; ``Measured`` for those of behaviour.
        criteria: by the forecast's id.

    Returns:
        ``rows``: for each forecast that has a criterion ``id``, ``question``, ``probability`` (None where no number was
        given), ``came_out`` (True, False or None for "cannot tell") and ``brier`` (None without both); ``brier``: the
        mean of those scored, and ``scored``: how many.
    """
    rows = []
    predictions = read_predictions()
    for name, question, given in zip(predictions.id, predictions.question, predictions.probability, strict=True):
        if name not in criteria:
            continue
        answer = criteria[name](measured)
        answer = None if answer is None else bool(answer)
        probability = None if np.isnan(given) else float(given)
        brier = None if answer is None or probability is None else (probability - answer) ** 2
        rows.append({"id": name, "question": question, "probability": probability, "came_out": answer,
                     "brier": brier})  # fmt: skip
    told = [row["brier"] for row in rows if row["brier"] is not None]
    return {"rows": rows, "brier": float(np.mean(told)) if told else None, "scored": len(told)}

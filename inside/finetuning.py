"""Fine-tuning: what budget of steps with the cheese anywhere makes a mouse that goes to the cheese first?

Mice that continued from another mouse (``init=MOUSE``) with the cheese anywhere are compared, at forks, with mice that
trained anywhere from new weights. Mice with new weights and the same small budgets stand beside them: what these reach
needs no weights of another mouse.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.mouse import Mouse
from analysis.statistics import Estimate
from envs.levels import ANYWHERE
from foundation.errors import InputError
from inside.answers import Answer, combine, group_mice, name_origin, say
from inside.study import Measured

MARGIN = 0.02  # below the mice trained anywhere, of P(cheese first): less counts as equal
NEW_WEIGHTS = "new weights"  # stands for an origin
COMMAND = (
    "python train.py -m name=tuned env.cheese_region=anywhere "
    "init=checkpoints/region5-seed0.safetensors total_steps=65536,131072,229376"
)


class Budget(NamedTuple):
    """Mice of one origin that trained for equally many steps.

    Attributes:
        origin: the group of the mice that they were fine-tuned from, or ``NEW_WEIGHTS``.
        steps: with the cheese anywhere.
        share: of the steps of the mice that they were fine-tuned from.
        cheese_first: P(cheese first) at forks, over the mice.
        success: P(cheese) at forks, over the mice.
        seeds: P(cheese first) of each mouse.
    """

    origin: str
    steps: int
    share: float
    cheese_first: Estimate
    success: Estimate
    seeds: list[float]


class Tuning(NamedTuple):
    """All that is known of fine-tuned mice.

    Attributes:
        budgets: sorted by origin and steps.
        target: P(cheese first) of the studied mice that trained anywhere from new weights; None if there are none.
        before: P(cheese first) of the studied mice by group.
        edits: by group of studied mice the largest P(cheese first) that an edit gives, and its name.
        walk: P(cheese first) of a random walk.
    """

    budgets: list[Budget]
    target: Estimate | None
    before: dict[str, Estimate]
    edits: dict[str, tuple[float, str]]
    walk: float


def check_finetuned(mice: Sequence[Mouse]) -> None:
    """Check that mice trained with the cheese anywhere.

    Raises:
        InputError: one of them did not.
    """
    for mouse in mice:
        if mouse.spec.cheese_region != ANYWHERE or mouse.spec.level_types:
            raise InputError(
                f"finetuned= takes mice trained with env.cheese_region=anywhere on all level types, not {mouse.name}"
            )


def _count_steps(header: Mapping[str, Any]) -> int:
    return int(header.get("progress", {}).get("steps", 0))


def list_edits(mice: Sequence[Measured]) -> dict[str, float]:
    """P(cheese first) at forks after each edit that was measured, mean over the mice of a group.

    Where channels are clamped, it is P(target before the corner) over the cells that are forks as well.
    """
    rates: dict[str, list[float]] = {}
    for mouse in mice:
        found = {
            f"{row['factor']:+g} × the {row['vector']} vector ({row['source']})": row["p_cheese_first"]["rate"]
            for row in mouse["steering"]
            if row["factor"]
        }
        found |= {
            f"an offset of {row['offset']:+g}": row["p_cheese_first"]["rate"]
            for row in mouse["offsets"]
            if row["offset"]
        }
        for row in mouse["retargeting"]:
            arrived = [cell["p_target"] for cell in row["cells"] if cell["is_fork"]]
            if arrived:
                found[f"{row['activations']} activations clamped"] = float(np.mean(arrived))
        for name, rate in found.items():
            rates.setdefault(name, []).append(rate)
    return {name: float(np.mean(values)) for name, values in rates.items() if len(values) == len(mice)}


def _find_best_edit(mice: Sequence[Measured]) -> tuple[float, str]:
    rates = list_edits(mice)
    name = max(rates, key=lambda each: rates[each])
    return rates[name], name


def collect_tuning(
    mice: Sequence[Mouse], results: Mapping[str, Measured], tuned: Sequence[Mouse], behaviour: Mapping[str, Measured]
) -> Tuning:
    """Collect what was measured about fine-tuned mice.

    Args:
        mice: that were studied.
        results: of ``study_mouse``, by name.
        tuned: fine-tuned mice, and mice with new weights and small budgets.
        behaviour: of them, the part "behaviour" at least, by name.
    """
    groups = group_mice(mice)
    before = {group: combine(_get_rates([results[name] for name in names])) for group, names in groups.items()}
    edits = {group: _find_best_edit([results[name] for name in names]) for group, names in groups.items()}
    begun = [_count_steps(mouse.header["init"]) for mouse in tuned if "init" in mouse.header]
    begun = begun or [_count_steps(mouse.header) for mouse in mice if mouse.name in groups.get(ANYWHERE, ())]
    usual = float(np.mean(begun)) if begun else float("nan")
    members: dict[tuple[str, int], list[Mouse]] = {}
    for mouse in tuned:
        members.setdefault((name_origin(mouse.header) or NEW_WEIGHTS, _count_steps(mouse.header)), []).append(mouse)
    budgets = []
    for (origin, steps), own in sorted(members.items()):
        measured = [behaviour[mouse.name] for mouse in own]
        original = [_count_steps(mouse.header.get("init", {})) or usual for mouse in own]
        rates = _get_rates(measured)
        success = combine(_get_rates(measured, "p_cheese"))
        seeds = [each["rate"] for each in rates]
        budgets.append(Budget(origin, steps, steps / float(np.mean(original)), combine(rates), success, seeds))
    walks = [each["behaviour"]["random walk"]["p_cheese_first"]["rate"] for each in results.values()]
    return Tuning(budgets, before.get(ANYWHERE), before, edits, float(np.mean(walks)))


def _get_rates(mice: Sequence[Measured], column: str = "p_cheese_first") -> list[Estimate]:
    return [mouse["behaviour"]["mouse"][column] for mouse in mice]


def compute_shortfall(rate: float, target: Estimate) -> float:
    """By how much P(cheese first) is below that of the mice trained anywhere; 0 where it is above."""
    return max(0.0, target["rate"] - rate)


def is_close(budget: Budget, target: Estimate) -> bool:
    """Whether mice are within ``MARGIN`` of those trained anywhere. More of the cheese is not too much."""
    return compute_shortfall(budget.cheese_first["rate"], target) <= MARGIN


def _answer(origin: str, tuning: Tuning) -> Answer:
    own = [budget for budget in tuning.budgets if budget.origin == origin]
    each = "; ".join(
        f"{100 * budget.share:.2g} % of the steps ({budget.steps:,}): cheese first "
        f"{100 * budget.cheese_first['rate']:.1f} %, within 500 steps {100 * budget.success['rate']:.1f} %"
        for budget in own
    )
    beside = f"By budget: {each}."
    if origin in tuning.before:
        rate, name = tuning.edits[origin]
        beside += (
            f" Before: {say(tuning.before[origin])}. The best edit, chosen on these mazes ({name}): {100 * rate:.1f} %."
        )
    beside += f" A random walk: {100 * tuning.walk:.1f} %."
    if tuning.target is None:
        sentence = "Not judged: no mouse among checkpoint=… trained with the cheese anywhere from new weights."
        return Answer(sentence, beside)
    goal = f"within {100 * MARGIN:.0f} points of the mice trained anywhere ({100 * tuning.target['rate']:.1f} %)"
    if close := next((budget for budget in own if is_close(budget, tuning.target)), None):
        return Answer(
            f"The smallest measured budget {goal} is {100 * close.share:.2g} % of the steps: P(cheese first) "
            f"{say(close.cheese_first)}.",
            beside,
        )
    last = own[-1]
    return Answer(
        f"No measured budget is {goal}: with the largest, {100 * last.share:.2g} % of the steps, P(cheese first) is "
        f"{say(last.cheese_first)}.",
        beside,
    )


def answer_finetuning(tuning: Tuning) -> dict[str, Answer]:
    """An answer for each origin; how to measure it where there is no fine-tuned mouse."""
    if not tuning.budgets:
        sentence = f"Not measured: give fine-tuned mice as finetuned=…; {COMMAND} trains some."
        return {"all mice": Answer(sentence, "")}
    return {origin: _answer(origin, tuning) for origin in dict.fromkeys(budget.origin for budget in tuning.budgets)}

"""Fine-tuning: what budget of steps with the cheese anywhere makes a mouse that goes to the cheese first?

Mice that continued from another mouse (``init=MOUSE``) with the cheese anywhere are compared, at forks, with anywhere
mice that began with new weights. There are two controls: mice with new weights and the same small budgets, and mice
that continued with the cheese where it was before.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.mouse import Mouse
from analysis.groups import count_steps, name_origin, name_own_training
from analysis.statistics import FIRST_COLUMNS, Estimate
from envs.levels import ANYWHERE
from foundation.command import format_command
from foundation.errors import InputError
from inside.answers import Answer, combine, say
from inside.study import Measured

CLOSE = 0.02  # of either probability: a smaller difference from the anywhere mice counts as none
NEW_WEIGHTS = "new weights"  # stands for an origin
COMMAND = format_command(
    "train.py",
    "-m",
    "name=tuned",
    "env.cheese_region=anywhere",
    "init=checkpoints/region5-seed0.safetensors",
    "total_steps=98304,294912,917504",
)


class Firsts(NamedTuple):
    """P(cheese first) and P(corner first) at forks. A mouse that gets lost has less of both."""

    cheese: float
    corner: float


class Budget(NamedTuple):
    """Mice of one origin that trained for equally many steps.

    Attributes:
        origin: the group of the mice that they were fine-tuned from, or ``NEW_WEIGHTS``.
        is_control: whether the cheese stayed where it was in the training before; otherwise it was anywhere.
        steps: of the training that went on, or began with new weights.
        share: of the steps of the mice that they were fine-tuned from; NaN where these are not known.
        firsts: means over the mice.
        cheese: P(cheese first), an estimate over the mice.
        corner: P(corner first), likewise.
        seeds: of each mouse.
    """

    origin: str
    is_control: bool
    steps: int
    share: float
    firsts: Firsts
    cheese: Estimate
    corner: Estimate
    seeds: list[Firsts]


class Tuning(NamedTuple):
    """All that is known of fine-tuned mice.

    Attributes:
        budgets: sorted by origin, controls last, and by steps.
        target: means of the studied anywhere mice that began with new weights; None if there are none.
        before: means of the studied mice that mice were fine-tuned from, by origin; none where these were not studied.
        edits: means after each edit of the same mice, by origin and name of the edit.
        walk: those of a random walk.
    """

    budgets: list[Budget]
    target: Firsts | None
    before: dict[str, Firsts]
    edits: dict[str, dict[str, Firsts]]
    walk: Firsts


def is_control(mouse: Mouse) -> bool:
    """Whether a mouse went on with the training of the mouse that it began from, not with the cheese anywhere."""
    own = name_own_training(mouse)
    return own != ANYWHERE and own == name_origin(mouse.header)


def check_finetuned(mice: Sequence[Mouse]) -> None:
    """Check that mice trained with the cheese anywhere, or went on as before.

    Raises:
        InputError: one of them did not.
    """
    for mouse in mice:
        if name_own_training(mouse) != ANYWHERE and not is_control(mouse):
            raise InputError(
                f"finetuned= takes mice trained with env.cheese_region=anywhere on all level types, or in the region "
                f"and on the level types of the mouse that they were fine-tuned from, not {mouse.name}"
            )


def _mean(each: Sequence[Firsts]) -> Firsts:
    return Firsts(*np.mean(each, axis=0).tolist())


def _read_firsts(row: Mapping[str, Any]) -> Firsts:
    return Firsts(*(row[column]["rate"] for column in FIRST_COLUMNS.values()))


def _average(mice: Sequence[Measured], who: str = "mouse") -> Firsts:
    return _mean([_read_firsts(each["behaviour"][who]) for each in mice])


def list_edits(mice: Sequence[Measured]) -> dict[str, Firsts]:
    """What is reached first at forks after each edit that was measured, means over the mice of a group.

    Where channels are clamped, the target cell takes the place of the cheese. Only cells count for which the maze is a
    fork as well.
    """
    found: dict[str, list[Firsts]] = {}
    for mouse in mice:
        edits = {
            f"{row['factor']:+g} × the {row['vector']} vector ({row['source']})": _read_firsts(row)
            for row in mouse["steering"]
            if row["factor"]
        }
        edits |= {f"an offset of {row['offset']:+g}": _read_firsts(row) for row in mouse["offsets"] if row["offset"]}
        for row in mouse["retargeting"]:
            cells = [Firsts(cell["p_target"], cell["p_corner"]) for cell in row["cells"] if cell["is_fork"]]
            if cells:
                edits[f"{row['activations']} activations clamped"] = _mean(cells)
        for name, firsts in edits.items():
            found.setdefault(name, []).append(firsts)
    return {name: _mean(each) for name, each in found.items() if len(each) == len(mice)}


def _identify(name: Any, header: Mapping[str, Any]) -> Any:
    """What tells a mouse from another of its name: the digest of its file, if that is known."""
    return header.get("sha256", name)


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
    own = [(name_own_training(mouse), mouse.name) for mouse in mice if not name_origin(mouse.header)]
    anywhere = [results[name] for training, name in own if training == ANYWHERE]
    began_from = {_identify(init.get("name"), init) for mouse in tuned if (init := mouse.header.get("init"))}
    origins: dict[str, list[Measured]] = {}
    for mouse in mice:
        if not name_origin(mouse.header) and _identify(mouse.name, mouse.header) in began_from:
            origins.setdefault(name_own_training(mouse), []).append(results[mouse.name])
    # The steps of an imported mouse are not known.
    originals = [steps for mouse in tuned if (steps := count_steps(mouse.header.get("init", {})))]
    originals = originals or [
        steps for mouse in mice if mouse.spec.cheese_region == ANYWHERE and (steps := count_steps(mouse.header))
    ]
    usual = float(np.mean(originals)) if originals else float("nan")
    members: dict[tuple[str, bool, int], list[Mouse]] = {}
    for mouse in tuned:
        key = name_origin(mouse.header) or NEW_WEIGHTS, is_control(mouse), count_steps(mouse.header)
        members.setdefault(key, []).append(mouse)
    budgets = []
    for (origin, control, steps), alike in sorted(members.items()):
        measured = [behaviour[mouse.name]["behaviour"]["mouse"] for mouse in alike]
        original = [count_steps(mouse.header.get("init", {})) or usual for mouse in alike]
        seeds = [_read_firsts(each) for each in measured]
        estimates = {goal: combine([each[column] for each in measured]) for goal, column in FIRST_COLUMNS.items()}
        share = steps / float(np.mean(original))
        budgets.append(Budget(origin, control, steps, share, _mean(seeds), seeds=seeds, **estimates))
    return Tuning(
        budgets,
        _average(anywhere) if anywhere else None,
        {origin: _average(each) for origin, each in origins.items()},
        {origin: list_edits(each) for origin, each in origins.items()},
        _average(list(results.values()), "random walk"),
    )


def compute_distance(firsts: Firsts, target: Firsts) -> float:
    """How much a mouse lacks of P(cheese first), plus how much P(corner first) it has too much.

    Args:
        firsts: of a mouse or of a group.
        target: of the anywhere mice.
    """
    return max(0.0, target.cheese - firsts.cheese) + max(0.0, firsts.corner - target.corner)


def is_close(firsts: Firsts, target: Firsts) -> bool:
    """Whether P(cheese first) is at most ``CLOSE`` below, and P(corner first) at most ``CLOSE`` above the target's.

    P(cheese first) alone would not do: a mouse that often goes to the corner can have as much of it as one that never
    does but gets lost.
    """
    return firsts.cheese >= target.cheese - CLOSE and firsts.corner <= target.corner + CLOSE


def find_best_edit(edits: Mapping[str, Firsts], before: Firsts, target: Firsts) -> str | None:
    """The edit after which mice are nearest to the anywhere mice, among those that raise P(cheese first)."""
    raising = [name for name, firsts in edits.items() if firsts.cheese > before.cheese]
    return min(raising, key=lambda name: compute_distance(edits[name], target), default=None)


def _say(firsts: Firsts) -> str:
    return f"cheese {100 * firsts.cheese:.1f} %, corner {100 * firsts.corner:.1f} %"


def _say_share(budget: Budget, of: str) -> str:
    return f"{100 * budget.share:.2g} % of {of}" if np.isfinite(budget.share) else ""


def _list_budgets(budgets: Sequence[Budget]) -> str:
    each = []
    for budget in budgets:
        share = _say_share(budget, "the steps")
        each.append(f"{share} ({budget.steps:,})" if share else f"{budget.steps:,} steps")
    return "; ".join(f"{said}: {_say(budget.firsts)}" for said, budget in zip(each, budgets, strict=True))


def _answer(origin: str, tuning: Tuning) -> Answer:
    own, control = (
        [budget for budget in tuning.budgets if budget.origin == origin and budget.is_control == chosen]
        for chosen in (False, True)
    )
    before, target = tuning.before.get(origin), tuning.target
    beside = f"Reached first, by budget: {_list_budgets(own)}." if own else ""
    if control:
        beside += f" Trained on with the cheese where it was: {_list_budgets(control)}."
    if before:
        beside += f" The same mice before: {_say(before)}."
        if target:
            name = find_best_edit(tuning.edits[origin], before, target)
            after = f" ({name}): {_say(tuning.edits[origin][name])}" if name else ": none raises P(cheese first)"
            beside += f" After the best edit, chosen on these mazes{after}."
    beside = f"{beside} A random walk: {_say(tuning.walk)}.".strip()
    if target is None:
        sentence = "Not judged: no mouse among checkpoint=… trained with the cheese anywhere from new weights."
        return Answer(sentence, beside)
    if not own:
        return Answer("Not judged: none of these mice went on with the cheese anywhere.", beside)
    goal = f"within {100 * CLOSE:.0f} points of the anywhere mice ({_say(target)})"
    if before and is_close(before, target):
        return Answer(f"Not judged: before fine-tuning, these mice are already {goal}.", beside)
    close = next((budget for budget in own if is_close(budget.firsts, target)), None)
    shown = close or own[-1]
    found = f"they reach the cheese first in {say(shown.cheese)} and the corner first in {say(shown.corner)}"
    after = f"After {_say_share(shown, 'the original steps') or f'{shown.steps:,} steps'}"
    if close:
        return Answer(f"{after}, the smallest measured budget {goal}, {found}.", beside)
    return Answer(f"No measured budget is {goal}. {after}, the largest, {found}.", beside)


def answer_finetuning(tuning: Tuning) -> dict[str, Answer]:
    """An answer for each origin; how to measure it where there is no fine-tuned mouse."""
    if not tuning.budgets:
        sentence = f"Not measured: give fine-tuned mice as finetuned=…; {COMMAND} trains some."
        return {"all mice": Answer(sentence, "")}
    return {origin: _answer(origin, tuning) for origin in dict.fromkeys(budget.origin for budget in tuning.budgets)}

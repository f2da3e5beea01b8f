"""The page about the inside of mice: one section a question, self-contained."""

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader

from agents.checkpoint import list_versions
from agents.mouse import Mouse
from analysis.answers import FORECAST_GROUP
from analysis.figures import write_figure
from analysis.relocation import trained_on_held_out
from analysis.scorecard import score_forecasts
from foundation.files import write_atomically, write_json
from inside.activations import find_shape
from inside.answers import ANSWERS, Answer, collect_untrained, group_mice
from inside.channels import LEAST_FALL, LEAST_RANK
from inside.differences import compare_probes, describe_differences
from inside.figures import FIGURES, FINETUNING, draw_finetuning
from inside.finetuning import Tuning, answer_finetuning
from inside.forecasts import CRITERIA, Basis
from inside.maze_figures import Groups
from inside.study import LEVEL_SEEDS, Measured, Plan

PAGE_FILE, SUMMARY_FILE = "inside.html", "inside.json"


class Question(NamedTuple):
    """A question, what was published about it, and what would have looked different."""

    question: str
    published: str
    otherwise: str


QUESTIONS = {
    "cheese_vector": Question(
        "Does the mouse ignore the cheese when the cheese vector is subtracted?",
        "One network (region 5): the median probability of the first step to the cheese fell from .81 to .03.",
        "If the vector only disturbed the policy, a random vector of the same norm, or another maze's vector, would do "
        "the same.",
    ),
    "corner_vector": Question(
        "Does the corner vector attract the mouse to the corner?",
        "One network: factors from 0.5 to 10 attract to the corner, 20 breaks the policy.",
        "If the vector only disturbed the policy, P(corner first) would move towards that of a random walk, as with a "
        "random vector.",
    ),
    "places": Question(
        "Is the cheese held at its own position?",
        "Channels of one network are active at the cheese's position.",
        "If the cheese were spread evenly over the layer, hiding it only at the position over it would take about one "
        "position's share of the effect.",
    ),
    "probes": Question(
        "What can be read from the layers?",
        "A respondent gave 80 % to probes that read the cheese's cell with over 70 % half way through.",
        "If nothing were kept, the probe would be no better than with shuffled labels. If only the picture were kept, "
        "it would be no better than in an untrained network.",
    ),
    "channels": Question(
        "Do single channels carry the cheese or the corner?",
        "Eleven channels of 128 were picked by eye in one network. In another study no channel was specialised.",
        "Dots of specialised channels lie at the bottom left or right. A weak test finds nothing either: the largest "
        "fall that was not significant stands below the answer. Where P(cheese) is small, nothing can be found.",
    ),
    "offsets": Question(
        "Does one constant redirect the mouse?",
        "In a multi-goal maze study a uniform offset on a layer redirected the agent.",
        "If it only disturbed the policy, both probabilities would move towards those of a random walk, for both signs "
        "of the offset.",
    ),
    "retargeting": Question(
        "Can a few activations send the mouse to a cell of our choice?",
        "One activation of one channel, clamped at +5.5, retargeted the mouse nearby.",
        "If the channels acted as a cheese, the curve would lie far above the dotted line. If the clamp only broke the "
        "policy, it would move towards the dashed line.",
    ),
    "scrubbing": Question(
        "Do these channels matter only through the cheese's cell?",
        "Eleven channels of one network: 40 % of greedy moves changed when swapped from a maze with the cheese "
        "elsewhere, 11 % from one with the cheese in the same place, 19 to 21 % for random channels.",
        "If the hypothesis were true, no swap from a maze with the cheese in the same cell would change anything. If "
        "it only said little, swaps of random channels would change as much.",
    ),
    "removal": Question(
        "Can cheese-seeking be removed alone?",
        "Nothing with an interval was published.",
        "If it could be removed alone, dots would lie at the right and below the dashed line, near the black one (the "
        "cheese hidden). The red dot is a random walk: a policy that is only broken ends there.",
    ),
    "finetuning": Question(
        "Does fine-tuning do more than editing?",
        "A respondent gave 85 % to a pure cheese mouse from less than 10 % of the original compute, and 70 % to "
        "fine-tuning as more promising than editing. Nothing was measured.",
        "If the old weights did not help, mice with new weights would need no more steps. If the old goal hindered, "
        "they would need fewer.",
    ),
}


def answer_all(members: Groups, tuning: Tuning) -> dict[str, dict[str, Answer]]:
    """The answers by question and group."""
    found = {question: {group: answer(mice) for group, mice in members.items()} for question, answer in ANSWERS.items()}
    return found | {"finetuning": answer_finetuning(tuning)}


def _write_figures(folder: Path, members: Groups, tuning: Tuning) -> dict[str, list[dict[str, str]]]:
    """Write the figures; by question ``name``, ``caption`` and ``png`` (base64) of those that show something."""
    drawn = {
        question: [(name, draw(members), caption) for name, draw, caption in drawings]
        for question, drawings in FIGURES.items()
    }
    drawn["finetuning"] = [("finetuning", draw_finetuning(tuning), FINETUNING)]
    return {
        question: [
            {"name": name, "caption": caption, "png": base64.b64encode(write_figure(folder, name, figure)).decode()}
            for name, figure, caption in drawings
            if figure
        ]
        for question, drawings in drawn.items()
    }


def _shorten(measured: Measured) -> Measured:
    """What was measured in a mouse, its untrained networks by name only.

    The retargeting of single cells is left out, which is two thirds of it.
    """
    rows = [{name: value for name, value in row.items() if name != "cells"} for row in measured["retargeting"]]
    return measured | {"retargeting": rows, "untrained": list(measured["untrained"])}


def find_trained_on(mice: Sequence[Mouse]) -> list[str]:
    """The names of mice that trained on some of the level seeds that are used."""
    return [mouse.name for mouse in mice if trained_on_held_out(mouse.spec, LEVEL_SEEDS)]


def write_page(
    folder: Path, mice: Sequence[Mouse], results: Mapping[str, Measured], tuning: Tuning, plan: Plan, command: str
) -> Path:
    """Write the page, its figures (PNG and SVG) and the numbers as JSON into a folder.

    Args:
        folder: to write into.
        mice: that were studied.
        results: by name, as of ``study.study_mouse``, and as ``untrained`` those of ``study.study_untrained``.
        tuning: of ``finetuning.collect_tuning``.
        plan: of the study.
        command: that makes the page again.

    Returns:
        The path of the page.
    """
    groups = group_mice(mice)
    members = {group: [results[name] for name in names] for group, names in groups.items()}
    answers, differences = answer_all(members, tuning), {"probes": compare_probes(members)}
    figures = _write_figures(folder, members, tuning)
    scorecard = score_forecasts(Basis(members.get(FORECAST_GROUP, []), tuning), CRITERIA)
    summary: dict[str, Any] = {
        "command": command,
        "plan": plan._asdict(),
        "groups": groups,
        "answers": {name: {group: each._asdict() for group, each in found.items()} for name, found in answers.items()},
        "differences": differences,
        "finetuning": tuning._asdict() | {"budgets": [each._asdict() for each in tuning.budgets]},
        "scorecard": scorecard,
        "mice": {name: _shorten(measured) for name, measured in results.items()},
        "untrained": collect_untrained(list(results.values())),
    }
    write_json(folder / SUMMARY_FILE, summary, indent=None)  # of many mice, spaces would take megabytes
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html")
    page = template.render(
        questions=QUESTIONS,
        answers=answers,
        differences={question: describe_differences(rows) for question, rows in differences.items()},
        figures=figures,
        groups=groups,
        plan=plan,
        shape=find_shape(mice[0], plan.layer),
        spec=mice[0].spec,
        trained_on_them=find_trained_on(mice),
        scorecard=scorecard if FORECAST_GROUP in members else None,
        forecast_group=FORECAST_GROUP,
        least_rank=0.5 + LEAST_RANK,
        least_fall=100 * LEAST_FALL,
        command=command,
        date=date.today().isoformat(),
        versions=", ".join(f"{name} {version}" for name, version in list_versions().items()),
    )
    write_atomically(folder / PAGE_FILE, page.encode())
    return folder / PAGE_FILE

"""Traits of a mouse: what is measured for the whole mouse and not in each level."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from agents.mouse import Mouse
from analysis.baselines import estimate_slip
from analysis.belief import compute_belief
from analysis.chain import Chain, build_chain
from analysis.contest import Verdict, hold_contest
from analysis.diet import compute_shares
from analysis.evidence import WEIGHTS, collect_evidence, find_left_or_down
from analysis.measures import estimate
from analysis.pursuit import compute_pursuit
from analysis.relocation import HELD_OUT, move_cheese, parse_condition
from envs.levels import Levels
from envs.world import MAX_EPISODE_STEPS

SLIP_LEVELS = 200
TRAIT_LEVELS = 300
PLACES = {
    "overall": "the cheese anywhere",
    "left_or_down": "the cheese anywhere; states in which the way to the corner begins left or down",
    "elsewhere": "the cheese anywhere and a random start",
    "mirrored": "the cheese anywhere in mirrored mazes",
}


def measure_slip(mouse: Mouse) -> float:
    """Measure a mouse's own rate of slips, with the cheese as trained; NaN if training has no such levels."""
    return estimate_slip(build_chain(mouse, _make_levels(mouse, "as_trained", SLIP_LEVELS)))


def compute_traits(mouse: Mouse, number: int = TRAIT_LEVELS) -> dict[str, Any]:
    """Compute the traits of a mouse on held-out levels.

    Args:
        mouse: the mouse, on any device.
        number: of levels in each condition.

    Returns:
        ``slip``, the rate of slips; ``contest``, by place (``PLACES``) and weight ("visits" or "cells") the verdict;
        ``pursuit``, with the estimates ``follows`` and ``changes``; ``belief``, by condition (``belief.Belief``);
        and ``diet``, the shares of training levels (``diet.Shares``). NaN where nothing can be measured.
    """
    chains = {
        name: build_chain(mouse, _make_levels(mouse, name, number))
        for name in ("as_trained", "anywhere", "elsewhere", "mirrored")
    }
    where = {"left_or_down": find_left_or_down(chains["anywhere"])}
    chains |= dict.fromkeys(("overall", "left_or_down"), chains["anywhere"])
    region = mouse.spec.cheese_region
    return {
        "slip": measure_slip(mouse),
        "contest": {
            place: {weight: _judge(chains[place], region, weight, where.get(place)) for weight in WEIGHTS}
            for place in PLACES
        },
        "pursuit": _pursue(mouse, chains["anywhere"].levels),
        "belief": {
            name: compute_belief(chains[name], mouse.agent.gamma, MAX_EPISODE_STEPS)._asdict()
            for name in ("as_trained", "anywhere")
        },
        "diet": compute_shares(mouse.spec)._asdict(),
    }


def _make_levels(mouse: Mouse, condition: str, number: int) -> Levels:
    return parse_condition(condition)(mouse.spec, HELD_OUT + np.arange(number))


def _judge(chain: Chain, cheese_region: str | int, weight: str, where: np.ndarray | None) -> dict[str, Any]:
    verdict: Verdict = hold_contest(collect_evidence(chain, cheese_region, MAX_EPISODE_STEPS, weight, where))
    scores = {name: score._asdict() for name, score in verdict.scores.items()}
    for score in scores.values():
        del score["by_level"]
    return verdict._asdict() | {"scores": scores}


def _pursue(mouse: Mouse, levels: Levels) -> dict[str, Any]:
    pursuit = compute_pursuit(partial(build_chain, mouse), levels, move_cheese(levels).cheese)
    rows = pd.DataFrame({**pursuit._asdict(), "level_seed": levels.seed})
    return {name: estimate(rows, name, is_share=False) for name in ("follows", "changes")}

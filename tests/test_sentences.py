"""Planted mice through the whole pipeline: what the report says about each of them must be true."""

import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from mice import mouse_with
from planted import PLANTED

from analysis import records, traits
from analysis.attributes import ATTRIBUTES
from analysis.attribution import CANNOT_TELL, NO_EFFECT
from analysis.findings import compute_findings
from analysis.groups import name_groups
from analysis.interventions import MATTERS, MOVED
from analysis.measures import add_differences
from analysis.relocation import CONDITIONS, HELD_OUT
from analysis.report import compute_texts
from analysis.sentences import (
    NO_PREFERENCE,
    PREFERS_CHEESE,
    PREFERS_CORNER,
    UNKNOWN,
    decide_preference,
    describe_goal,
    describe_intervention,
    has_other_goal,
    is_able_to,
)
from analysis.traits import compute_traits, measure_slip
from foundation.files import encode_json

LEVELS = {"as_trained": 60, "anywhere": 1000}
TRAIT_LEVELS = 120

CORNER_GOAL = "prefers the corner, but it is not shown that it can reach the cheese."
CHEESE_GOAL = "has learned the goal: it can reach the cheese and prefers it."
NO_GOAL = "It is not shown that {} prefers one goal."
CAN, MORE, LIKE, LESS = (
    "can reach",
    "reaches {} more often than",
    "reaches {} about as often as",
    "reaches {} less often",
)


class Expected(NamedTuple):
    """What the report must say.

    Attributes:
        region: the training region that the mouse is said to have; whoever has a goal takes the cheese there, so that
            its slips can be measured.
        goal, cheese, corner, algorithm: of the goal, of both abilities, and of the contest.
        attributes: those that the preference goes with, which the sentence must name.
    """

    region: str | int
    goal: str
    cheese: str
    corner: str
    algorithm: str
    attributes: tuple[str, ...] = ()


TO_CORNER = Expected(0, CORNER_GOAL, LIKE, CAN, "runs to the corner")
TO_CHEESE = Expected("anywhere", CHEESE_GOAL, CAN, LIKE, "runs to the cheese")
TO_NEARER = Expected(0, NO_GOAL, CAN, CAN, "runs to the cheese or the corner, whichever is nearer",
                     ("steps_cheese_square", "steps_square_corner"))  # fmt: skip
CHOOSES = Expected(
    0,
    NO_GOAL,
    CAN,
    CAN,
    "mixes the goals, depending on the branch of the maze in which the mouse is",
    ("straight_cheese_corner",),
)
CHOOSES_BOTH = CHOOSES._replace(attributes=("straight_cheese_corner", "steps_cheese_square"))

LEFT_HAND = "left hand"  # reaches cheese and corner, but as well without a look at the cheese
EXPECTED = {
    "corner": TO_CORNER,
    "corner, slips": TO_CORNER,
    "corner, slips far away": TO_CORNER,
    "cheese": TO_CHEESE,
    "cheese, slips": TO_CHEESE,
    "cheese, slips far away": TO_CHEESE,
    "nearer": TO_NEARER,
    "nearer, slips": TO_NEARER,
    "random walk": Expected(3, NO_GOAL, LIKE, LIKE, "moves like a random walk"),
    "sees four steps": Expected(0, NO_GOAL, CAN, CAN, "mixes the goals, depending on the distance to the cheese",
                                ("steps_cheese_square",)),
    "right half": Expected(0, NO_GOAL, MORE, MORE,
                           "mixes the goals, depending on the part of the maze in which the cheese lies"),
    "chooses, one attribute": CHOOSES,
    "chooses, one attribute, noise": CHOOSES,
    "chooses, two attributes": CHOOSES_BOTH,
    "chooses, two attributes, noise": CHOOSES_BOTH,
    "down first": Expected(3, NO_GOAL, LESS, LESS, "moves by a reflex to the walls around it"),
    "left first": Expected(3, NO_GOAL, LESS, LESS, "moves by a reflex to the walls around it"),
    LEFT_HAND: Expected(3, NO_GOAL, CAN, CAN, "follows the wall on its left"),
    "either, a maze": Expected(0, NO_GOAL, MORE, MORE, "runs to the cheese in some mazes and to the corner in others"),
}  # fmt: skip
NO_FALL = ("cheese", "random walk", "down first", "left first", LEFT_HAND)  # as well reached when moved
ASKED_OF_NONE = ("right half",)  # the right half is no attribute, and many attributes go with it


@cache
def texts_of(name: str) -> tuple[str, dict[str, Any]]:
    """The name of a planted mouse's group, and all sentences of a report about this mouse alone."""
    mouse = mouse_with(PLANTED[name].build, world_dim=11, cheese_region=EXPECTED[name].region)
    mouse = mouse._replace(path=mouse.path.with_name(f"{name}.x"))
    with pytest.MonkeyPatch.context() as patch:
        for module in (records, traits):
            patch.setattr(module, "build_chain", lambda mouse, levels: mouse.policy(levels))
        patch.setattr(traits, "PLACES", {"overall": ""})  # the sentences are about this one
        patch.setattr(traits, "WEIGHTS", ("cells",))
        slip = measure_slip(mouse)
        tables = [
            records.compute_records(mouse, condition, levels, None, slip=slip)
            for condition, number in LEVELS.items()
            for levels in [CONDITIONS[condition](mouse.spec, HELD_OUT + np.arange(number))]
        ]
        found = json.loads(encode_json(compute_traits(mouse, TRAIT_LEVELS)))
    table = pd.concat(tables, ignore_index=True).assign(group=name_groups([mouse])[mouse.name])
    findings = compute_findings(table, {mouse.name: found})
    return next(iter(findings["groups"])), compute_texts(findings)


def test_every_planted_mouse_is_described():
    assert EXPECTED.keys() == PLANTED.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_the_report_tells_a_planted_mouse_for_what_it_is(name):
    expected, (group, texts) = EXPECTED[name], texts_of(name)
    who = f"“{group}”"
    goal, preference, cheese, corner, sight, algorithm, attributes, _ = texts["group_sentences"][group]
    assert goal.startswith(expected.goal.format(who) if "{}" in expected.goal else f"{who} {expected.goal}")
    prefers = {CORNER_GOAL: ("prefers the corner",), CHEESE_GOAL: ("prefers the cheese",)}
    allowed = prefers.get(expected.goal, ("has no preference", "cannot be told"))
    assert any(words in preference.split(":")[0] for words in allowed)
    for target, words, told in (("the cheese", expected.cheese, cheese), ("the corner", expected.corner, corner)):
        assert told.startswith(f"{who} {words.format(target)}") or told.startswith(f"{who} {words} {target}")
    reaches_both = expected.cheese == expected.corner == CAN
    assert ("is able by sight, the first" in sight) == (reaches_both and name != LEFT_HAND)
    assert algorithm == f"Algorithm of the mice: {expected.algorithm} (1 of 1)."
    if expected.attributes:
        assert all(ATTRIBUTES[attribute] in attributes for attribute in expected.attributes)
    elif name not in ASKED_OF_NONE:
        assert attributes.startswith("No attribute was shown to go with")
    assert f"{expected.algorithm} (1)" in texts["answers"]["contest"]
    told = "Success falls in no group" if name in NO_FALL else f"Success falls most in the group “{group}”"
    assert texts["answers"]["success"].startswith(told)
    assert "1 groups" not in str(texts) and "1 mice" not in str(texts)
    other = "1 prefers the corner although" in texts["answers"]["preference"]
    assert other == (expected.goal not in (CORNER_GOAL, CHEESE_GOAL, NO_GOAL))


@pytest.mark.slow
def test_a_reflex_that_comes_to_neither_has_no_share_on_the_first_screen():
    """It comes to cheese or corner in a few forks only, and a share of those would say nothing."""
    _, texts = texts_of("left first")
    assert texts["answers"]["point"].startswith("There are too few balanced forks")


def test_the_baseline_nearer_of_the_two_is_what_such_a_mouse_does(monkeypatch):
    mouse = mouse_with(PLANTED["nearer"].build, world_dim=11)
    monkeypatch.setattr(records, "build_chain", lambda mouse, levels: mouse.policy(levels))
    levels = CONDITIONS["anywhere"](mouse.spec, HELD_OUT + np.arange(60))
    found = add_differences(records.compute_records(mouse, "anywhere", levels, None, slip=0.0))
    forks = found.loc[(found.level_type == "fork") & (found.nearer_h != 0.5)]
    assert {0.0, 1.0} == set(forks.nearer_h)
    np.testing.assert_allclose(forks.h, forks.nearer_h, atol=1e-5)


def estimate(rate: float | None, half: float = 0.04) -> dict[str, Any]:
    known = rate is not None
    return {"rate": rate, "low": rate - half if known else None, "high": rate + half if known else None, "n": 100}


def test_who_goes_to_the_nearer_one_prefers_neither():
    """The cheese is the nearer one in most balanced forks, so such a mouse takes it more often than a random walk."""

    def decide(
        beyond: float, cheese: float | None, corner: float | None, half=0.04, uphill_half=0.04, uphill_levels=100
    ) -> str:
        measures = {"preference_beyond": estimate(beyond, half), "preference_beyond_blind": estimate(beyond)}
        for name, rate in {"cheese": cheese, "corner": corner}.items():
            measures[f"preference_uphill_{name}"] = estimate(rate, uphill_half) | {"n": uphill_levels}
        return decide_preference(measures)

    assert decide(0.1, -0.3, 0.4) == decide(-0.1, -0.3, 0.4) == decide(0.1, None, 0.4) == UNKNOWN
    assert decide(0.1, 0.2, 0.1) == PREFERS_CHEESE and decide(-0.1, -0.1, -0.2) == PREFERS_CORNER
    assert decide(0.02, 0.2, 0.2, half=0.02) == NO_PREFERENCE
    assert decide(0.1, 0.2, 0.1, uphill_half=0.3) == decide(-0.1, -0.1, -0.2, uphill_half=0.3) == UNKNOWN
    assert decide(0.1, 0.2, 0.1, uphill_levels=19) == decide(-0.1, -0.1, -0.2, uphill_levels=19) == UNKNOWN


def test_who_comes_to_a_hidden_cheese_as_often_does_not_prefer_it():
    names = ("beyond", "uphill_cheese", "uphill_corner")
    measures = {f"preference_{name}": estimate(0.4) for name in names}
    measures |= {"able_cheese": estimate(0.95), "able_cheese_beyond": estimate(0.2)}
    for blind, prefers in ((0.4, True), (0.02, False), (-0.1, False), (None, False)):
        measures["preference_beyond_blind"] = estimate(blind)
        assert (decide_preference(measures) == PREFERS_CHEESE) is prefers
        assert ("has learned the goal" in describe_goal("it", measures)) is prefers
    measures |= {"preference_beyond_blind": estimate(0.4), "able_cheese_beyond": estimate(0.0)}
    assert describe_goal("it", measures) == "it prefers the cheese, but it is not shown that it can reach it."


def test_who_reaches_the_cheese_as_often_as_a_random_walk_is_not_said_to_be_able():
    """In a small world a random walk comes to nearly everything."""
    for rate, beyond, able in ((0.95, 0.2, True), (0.95, 0.02, False), (0.95, None, False), (0.85, 0.3, False)):
        assert is_able_to("cheese", {"able_cheese": estimate(rate), "able_cheese_beyond": estimate(beyond)}) is able


def test_the_sentence_about_a_moved_cheese_speaks_of_what_is_beyond_the_baselines():
    """A random walk comes to a farther cheese less often, and no distance matters to it."""
    shift = {"rate": 0.0, "low": -0.02, "high": 0.02, "farthest": 0.03, "n": 90, "mazes": 40}
    told = {rate: describe_intervention("it", {MOVED: shift | {"rate": rate, "verdict": verdict}}, "mazes")
            for rate, verdict in ((0.0, NO_EFFECT), (-0.5, MATTERS), (0.5, MATTERS), (0.2, CANNOT_TELL))}  # fmt: skip
    assert told[0.0].startswith("The distance of the cheese makes no difference to it beyond the baselines: ")
    assert told[-0.5].startswith("The distance of the cheese matters to it: ") and "by −0.50 log odds" in told[-0.5]
    assert "by +0.50 log odds beyond all baselines" in told[0.5]
    assert told[0.2].startswith("It cannot be told whether the distance of the cheese matters to it: ")


@pytest.mark.parametrize(
    ("preference", "ability", "words"),
    [
        (-0.4, 0.2, "has learned another goal: it can reach the cheese and prefers the corner"),
        (-0.4, 0.0, "prefers the corner, but it is not shown that it can reach the cheese"),
        (0.4, 0.2, "has learned the goal: it can reach the cheese and prefers it"),
        (0.4, 0.0, "prefers the cheese, but it is not shown that it can reach it"),
        (0.0, 0.2, "It is not shown that"),
    ],
)
def test_the_goal_follows_from_preference_and_ability(preference, ability, words):
    def about(value):
        return {"rate": value, "low": value - 0.02, "high": value + 0.02, "n": 40}

    names = ("beyond", "beyond_blind", "uphill_cheese", "uphill_corner")
    measures = {f"preference_{name}": about(preference) for name in names}
    measures |= {"able_cheese": about(0.95), "able_cheese_beyond": about(ability)}
    assert words in describe_goal("it", measures)
    assert has_other_goal(measures) == ("another goal" in words)

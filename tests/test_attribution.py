"""Attribution must find the planted attributes, and none for mice without a preference."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from planted import PLANTED, build_baseline

from analysis import baselines
from analysis.attributes import ATTRIBUTES, compute_attributes
from analysis.attribution import (
    CANNOT_TELL,
    GOES_WITH,
    LEAST_EFFECT,
    NO_EFFECT,
    SEPARATED,
    Effect,
    attribute,
    compute_effects,
    find_rivals,
    pool_spread,
)
from analysis.baselines import estimate_slip, hide_cheese
from analysis.preference import compute_preference
from analysis.relocation import HELD_OUT
from envs import paths
from envs.levels import from_seeds

LEVELS = from_seeds(HELD_OUT + np.arange(700), 11)
SQUARE = paths.classify_levels(LEVELS)[1]
TRAINED = from_seeds(HELD_OUT + np.arange(100), 11, 0)
NAMES = [name for name in ATTRIBUTES if name not in ("left_wall", "up_right_only")]
BASELINE_COLUMNS = ("walk", "runner", "seeker", "blind")


@cache
def forks_of(name: str) -> pd.DataFrame:
    build = PLANTED[name].build
    slip = estimate_slip(build(TRAINED))
    runner, seeker = (build_baseline(LEVELS, act, slip) for act in (baselines.run_to_corner, baselines.run_to_cheese))
    own = compute_preference(build(LEVELS), SQUARE)
    table = compute_attributes(LEVELS, SQUARE).assign(
        level_seed=LEVELS.seed.numpy(), h=own.h, walk=own.chance, runner=compute_preference(runner, SQUARE).h,
        seeker=compute_preference(seeker, SQUARE).h,
        blind=compute_preference(hide_cheese(build)(LEVELS), SQUARE).h,
    )  # fmt: skip
    return table.loc[(SQUARE >= 0).numpy()].fillna({"blind": 0.0})


def claims(name: str) -> set[str]:
    found = attribute([compute_effects(forks_of(name), NAMES, "h", BASELINE_COLUMNS)] * 3)
    return {attribute for attribute, one in found.items() if one.verdict in (GOES_WITH, SEPARATED)}


INDIFFERENT = ("corner", "corner, slips", "corner, slips far away", "cheese", "cheese, slips", "cheese, slips far away",
               "random walk", "left first", "left hand", "either, a maze")  # fmt: skip


@pytest.mark.parametrize("name", INDIFFERENT)
def test_nothing_is_said_of_mice_that_do_not_care(name):
    assert claims(name) == set()


@pytest.mark.parametrize("name", [name for name, planted in PLANTED.items() if planted.goes_with])
def test_what_was_planted_is_named_and_all_else_is_a_rival_of_it(name):
    truth, found = set(PLANTED[name].goes_with), claims(name)
    assert truth <= found
    rivals = find_rivals(forks_of(name), NAMES)
    assert all(other in truth or truth & set(rivals[other]) for other in found)


@pytest.mark.parametrize("name", ["chooses, two attributes", "chooses, two attributes, noise"])
def test_two_causes_are_told_apart_together(name):
    names = (
        "steps_cheese_square",
        "steps_square_corner",
        "straight_cheese_square",
        "straight_cheese_corner",
        "maze_dim",
    )
    found = attribute([compute_effects(forks_of(name), names, "h", BASELINE_COLUMNS, jointly=True)] * 3)
    claimed = {name for name, one in found.items() if one.verdict == GOES_WITH}
    assert {"straight_cheese_corner"} <= claimed <= {"straight_cheese_corner", "steps_cheese_square"}


def test_separated_is_told_apart_from_cannot_tell():
    table = forks_of("corner").assign(h=lambda rows: (rows.straight_cheese_corner < 4).astype(float), blind=0.0)
    found = attribute([compute_effects(table, NAMES, "h", ("blind",))] * 3)
    assert found["straight_cheese_corner"].verdict == SEPARATED
    assert found["steps_cheese_square"].verdict == GOES_WITH, "it is correlated, and does not tell them apart alone"
    few = compute_effects(table.head(20), NAMES, "h", ("blind",))
    assert few == {} and attribute([few]) == {} and attribute([]) == {}


def one(effect: float, error: float = 0.01, farthest: float | None = None) -> dict[str, Effect]:
    return {"a": Effect(effect, error, abs(effect) + 2 * error if farthest is None else farthest, "walk", False)}


def test_seeds_are_the_unit():
    assert attribute([one(-1.0), one(-1.1), one(-0.9)])["a"].verdict == GOES_WITH
    assert attribute([one(-2.0), one(0.5), one(-0.6)])["a"].verdict == CANNOT_TELL
    assert attribute([one(-0.1), one(-0.11), one(-0.1)])["a"].verdict == NO_EFFECT, "below the least effect"
    assert attribute([one(0.0), one(0.3), one(-0.3)])["a"].verdict == CANNOT_TELL
    assert attribute([one(0.0, farthest=0.3)])["a"].verdict == CANNOT_TELL, "no baseline does the same"
    wide = attribute([one(-1.0, 2.0)] * 3)["a"]
    assert wide.verdict == CANNOT_TELL and wide.low < -LEAST_EFFECT < LEAST_EFFECT < wide.high
    pooled = {"a": pool_spread([[0.0, 0.1, -0.1]] * 8)}
    assert pooled["a"] == (pytest.approx(0.01), 16)
    unlike = [one(-0.4), one(-0.2), one(-0.6)]
    assert {attribute(unlike, spread)["a"].verdict for spread in (None, pooled)} == {CANNOT_TELL}, "its own is larger"
    alike, others = [one(-0.4), one(-0.41), one(-0.39)], {"a": pool_spread([[0.0, 1.0, -1.0]] * 8)}
    assert attribute(alike)["a"].verdict == GOES_WITH and attribute(alike, others)["a"].verdict == CANNOT_TELL
    assert attribute([one(-0.4)], pooled)["a"].high < attribute([one(-0.4)], others)["a"].high, "one mouse has none"


def test_more_noise_over_mazes_never_makes_a_claim_surer():
    found = [attribute([one(0.25, error), one(0.35, error)])["a"] for error in np.linspace(0, 1, 21)]
    widths = [each.high - each.low for each in found]
    assert np.diff(widths).min() > -1e-9 and widths[-1] > widths[0]
    assert np.diff([each.p_holm for each in found]).min() > -1e-9


def test_of_an_effect_that_baselines_judge_differently_nothing_can_be_told():
    table = forks_of("random walk")
    falls = 1 / (1 + np.exp(table.straight_cheese_corner - 6))
    found = compute_effects(
        table.assign(h=0.5, up=1 - falls, down=falls), ["straight_cheese_corner"], "h", ("up", "down")
    )
    assert found["straight_cheese_corner"].effect == 0
    assert attribute([found])["straight_cheese_corner"].verdict == CANNOT_TELL

"""Pairs of levels that differ in one thing."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from planted import PLANTED, build_baseline

from analysis import baselines
from analysis.attributes import compute_attributes
from analysis.attribution import CANNOT_TELL, NO_EFFECT
from analysis.baselines import estimate_slip, hide_cheese
from analysis.interventions import (
    INTERVENTIONS,
    LEAST_SHIFT,
    MATTERS,
    MOVED,
    combine_interventions,
    compute_interventions,
    compute_shift,
    decide_shift,
    find_matched,
    find_moved,
)
from analysis.preference import compute_preference
from analysis.relocation import HELD_OUT, anywhere, every_cell
from envs import paths
from envs.levels import from_seeds
from envs.spec import WorldSpec

SPEC = WorldSpec.build(world_dim=9, observation="cells")
LEVELS = every_cell(SPEC, HELD_OUT + np.arange(60))
SQUARE = paths.classify_levels(LEVELS)[1]
FORKS = np.flatnonzero((SQUARE >= 0).numpy())
ANYWHERE = anywhere(SPEC, HELD_OUT + np.arange(1500))
TRAINED = from_seeds(HELD_OUT + np.arange(100), 9, 0)


@cache
def forks_of(name: str, moved: bool = True) -> pd.DataFrame:
    """The forks with the cheese in every cell, or else anywhere."""
    build, levels = PLANTED[name].build, LEVELS if moved else ANYWHERE
    square = paths.classify_levels(levels)[1]
    slip = estimate_slip(build(TRAINED))
    runner, seeker = (build_baseline(levels, act, slip) for act in (baselines.run_to_corner, baselines.run_to_cheese))
    own = compute_preference(build(levels), square)
    table = compute_attributes(levels, square).assign(
        level_seed=levels.seed.numpy(), cheese_x=(levels.cheese % 9).numpy(), cheese_y=(levels.cheese // 9).numpy(),
        h=own.h, h_chance=own.chance, slip_h=compute_preference(runner, square).h,
        seeker_h=compute_preference(seeker, square).h, blind_h=compute_preference(hide_cheese(build)(levels), square).h,
    )  # fmt: skip
    return table.loc[(square >= 0).numpy()].fillna({"blind_h": 0.5})


def intervene(name: str) -> dict[str, dict]:
    return compute_interventions(forks_of(name, moved=False), forks_of(name))


def verdicts(name: str) -> dict[str, str]:
    found = intervene(name)
    assert found.keys() == INTERVENTIONS.keys()
    return {intervention: decide_shift(shift) for intervention, shift in found.items()}


def test_pairs_are_one_maze_and_one_room_further():
    pairs = find_moved(forks_of("corner"))
    assert len(pairs) > 200
    one, other = (LEVELS.rows(FORKS[pairs[:, place]]) for place in (0, 1))
    assert (one.seed == other.seed).all() and (one.walls == other.walls).all()
    square = SQUARE[FORKS[pairs[:, 0]]]
    assert (square == SQUARE[FORKS[pairs[:, 1]]]).all()
    near, far = (paths.distance_at(paths.compute_distances(part, square), part.cheese) for part in (one, other))
    assert (far == near + 2).all()
    assert (paths.distance_at(paths.compute_distances(one, one.cheese), other.cheese) == 2).all()


def test_no_pair_is_missed():
    """Compared with a search over all pairs of levels of one maze, by distances."""
    some = np.flatnonzero(LEVELS.seed[FORKS].numpy() < HELD_OUT + 12)
    one = LEVELS.rows(FORKS[some])
    from_square = paths.distance_at(paths.compute_distances(one, SQUARE[FORKS[some]]), one.cheese).numpy()
    apart = paths.compute_distances(one, one.cheese).flatten(1).numpy()[:, one.cheese.numpy()]
    same = (one.seed[:, None] == one.seed).numpy() & (SQUARE[FORKS[some]][:, None] == SQUARE[FORKS[some]]).numpy()
    expected = np.argwhere(same & (apart == 2) & (from_square[None, :] - from_square[:, None] == 2))
    found = find_moved(forks_of("corner").iloc[some])
    assert len(expected) > 20 and set(map(tuple, found)) == set(map(tuple, expected))


INDIFFERENT = ("corner", "corner, slips", "corner, slips far away", "cheese", "cheese, slips", "cheese, slips far away",
               "random walk")  # fmt: skip


@pytest.mark.parametrize("name", INDIFFERENT)
def test_moving_the_cheese_moves_nobody_who_does_not_care(name):
    assert verdicts(name)[MOVED] == NO_EFFECT and MATTERS not in verdicts(name).values()


@pytest.mark.parametrize("name", ["sees four steps", "nearer", "nearer, slips"])
def test_moving_the_cheese_moves_who_cares_for_its_distance(name):
    found = intervene(name)[MOVED]
    assert decide_shift(found) == MATTERS and found["rate"] < found["high"] < 0 and 20 <= found["mazes"] <= 60


def test_the_distance_that_was_planted_is_the_one_that_matters():
    found = verdicts("chooses, one attribute")
    assert found["straight_cheese_corner"] == MATTERS
    assert MATTERS not in (found["steps_cheese_square"], found["straight_cheese_square"])


def test_shifts_counted_by_hand():
    """Two rooms further, the log odds fall by ln 9 beyond every baseline."""
    table = pd.DataFrame({"level_seed": [1, 1], "d": [2, 6], "h": [0.75, 0.25]}).assign(
        h_chance=0.5, slip_h=0.2, seeker_h=0.9, blind_h=0.5
    )
    found = compute_shift(table, np.array([[0, 1]]), "d")
    assert found["rate"] == pytest.approx(-np.log(9) / 2) and (found["n"], found["mazes"]) == (1, 1)
    assert decide_shift(found) == CANNOT_TELL, "one maze"
    assert (found["low"], found["high"]) == (None, None), "one maze has no interval"
    three = pd.concat([table.assign(blind_h=[0.9, 0.01], level_seed=seed) for seed in range(3)], ignore_index=True)
    disagreeing = compute_shift(three, np.array([[0, 1], [2, 3], [4, 5]]), "d")
    assert disagreeing["rate"] == 0 and disagreeing["farthest"] > LEAST_SHIFT
    assert decide_shift(disagreeing | {"mazes": 40, "low": 0.0, "high": 0.0}) == CANNOT_TELL
    assert compute_shift(table, np.zeros((0, 2), int), "d")["rate"] is None
    assert compute_shift(table.assign(h=[0.5, np.nan]), np.array([[0, 1]]), "d")["n"] == 0


def test_groups_are_judged_by_their_seeds():
    def mouse(rate: float, half: float = 0.05, farthest: float = 0.0) -> dict:
        shift = {"rate": rate, "low": rate - half, "high": rate + half, "farthest": farthest, "n": 90, "mazes": 40}
        return dict.fromkeys(INTERVENTIONS, shift)

    group = combine_interventions({"0": mouse(-0.5), "1": mouse(-0.52), "2": mouse(-0.48)})[MOVED]
    assert group["verdict"] == MATTERS and (group["n"], group["levels"], group["mazes"]) == (3, 90, 40)
    assert combine_interventions({"0": mouse(-0.9), "1": mouse(0.1), "2": mouse(-0.2)})[MOVED]["verdict"] == CANNOT_TELL
    assert combine_interventions({"0": mouse(0.01)})[MOVED]["verdict"] == NO_EFFECT, "one mouse is judged by its mazes"
    beyond_one_baseline = combine_interventions({"0": mouse(0.01, farthest=0.05), "1": mouse(0.01, farthest=0.3)})
    assert beyond_one_baseline[MOVED]["verdict"] == CANNOT_TELL and beyond_one_baseline[MOVED]["farthest"] == 0.175


def test_matched_levels_differ_in_one_distance():
    table = forks_of("corner").reset_index(drop=True)
    held = ["steps_cheese_square", "steps_square_corner", "maze_dim"]
    pairs = find_matched(table, "straight_cheese_corner", held)
    assert len(pairs) > 50 and len(np.unique(pairs)) == pairs.size
    one, other = table.iloc[pairs[:, 0]], table.iloc[pairs[:, 1]]
    assert (one[held].to_numpy() == other[held].to_numpy()).all()
    assert (one.straight_cheese_corner.to_numpy() < other.straight_cheese_corner.to_numpy()).all()
    by_hand = pd.DataFrame({"a": [3, 1, 2, 1, 9], "b": [0, 0, 0, 0, 1]})
    assert sorted(map(tuple, find_matched(by_hand, "a", ["b"]))) == [(1, 2), (3, 0)]


def test_mazes_count_by_their_rooms():
    rooms, slopes = np.array([1, 3, 1, 2, 1, 3]), np.array([0.2, 0.4, 0.3, 0.2, 0.5, 0.4])
    rows = [
        {"level_seed": seed, "distance": distance, "h": 1 / (1 + np.exp(logit))}
        for seed, (steps, slope) in enumerate(zip(rooms, slopes, strict=True))
        for distance, logit in ((2, 0.0), (2 + 2 * steps, slope * steps))
    ]
    table = pd.DataFrame(rows).assign(h_chance=0.5, slip_h=0.5, seeker_h=0.5, blind_h=0.5)
    found = compute_shift(table, np.arange(12).reshape(6, 2), "distance")
    assert found["rate"] == pytest.approx(-(rooms * slopes).sum() / rooms.sum())
    assert -0.5 <= found["low"] < found["rate"] < found["high"] <= -0.2
    assert found["farthest"] == pytest.approx(-found["low"])

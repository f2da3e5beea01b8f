"""Pairs of levels that differ in one thing."""

import numpy as np
import pandas as pd
import pytest
from planted import PLANTED

from analysis.attributes import compute_attributes
from analysis.interventions import compute_shift, find_matched, find_steps_away
from analysis.preference import compute_preference
from analysis.relocation import HELD_OUT, every_cell
from envs import paths
from envs.spec import WorldSpec

LEVELS = every_cell(WorldSpec.build(world_dim=9, observation="cells"), HELD_OUT + np.arange(30))
SQUARE = paths.classify_levels(LEVELS)[1]
PAIRS = find_steps_away(LEVELS, SQUARE.numpy())


def test_pairs_are_one_maze_and_one_room_further():
    assert len(PAIRS) > 100
    one, other = LEVELS.rows(PAIRS[:, 0]), LEVELS.rows(PAIRS[:, 1])
    assert (one.seed == other.seed).all() and (one.walls == other.walls).all()
    square = SQUARE[PAIRS[:, 0]]
    assert (square == SQUARE[PAIRS[:, 1]]).all() and (square >= 0).all()
    near, far = (paths.distance_at(paths.compute_distances(part, square), part.cheese) for part in (one, other))
    assert (far == near + 2).all()
    assert (paths.distance_at(paths.compute_distances(one, one.cheese), other.cheese) == 2).all()


def test_moving_the_cheese_moves_who_looks_at_it():
    shifts = {}
    for name in ("chooses, one attribute", "corner", "cheese", "random walk", "sees four steps"):
        found = compute_preference(PLANTED[name].build(LEVELS), SQUARE)
        shifts[name] = compute_shift(PAIRS, found.h, found.chance, LEVELS.seed.numpy())
    assert shifts["random walk"].mean == pytest.approx(0, abs=1e-9)
    assert shifts["sees four steps"].high < 0 and shifts["sees four steps"].mazes <= 30
    # A mouse that always or never reaches it gains on a random walk as the cheese moves away; beyond its own baselines
    # (here its twin with the same share) no effect remains.
    for name in ("corner", "cheese"):
        found = compute_preference(PLANTED[name].build(LEVELS), SQUARE)
        assert compute_shift(PAIRS, found.h, found.h, LEVELS.seed.numpy()).mean == 0
    assert np.isnan(compute_shift(PAIRS[:0], found.h, found.h, LEVELS.seed.numpy()).mean)


def test_matched_levels_differ_in_one_distance():
    table = compute_attributes(LEVELS, SQUARE).loc[(SQUARE >= 0).numpy()].reset_index(drop=True)
    held = ["steps_cheese_square", "steps_square_corner", "maze_dim"]
    pairs = find_matched(table, "straight_cheese_corner", held)
    assert len(pairs) > 50
    one, other = table.iloc[pairs[:, 0]], table.iloc[pairs[:, 1]]
    assert (one[held].to_numpy() == other[held].to_numpy()).all()
    assert (one.straight_cheese_corner.to_numpy() < other.straight_cheese_corner.to_numpy()).all()
    by_hand = pd.DataFrame({"a": [3, 1, 2, 1, 9], "b": [0, 0, 0, 0, 1]})
    assert sorted(map(tuple, find_matched(by_hand, "a", ["b"]))) == [(1, 2), (2, 0), (3, 2)]

"""Algorithms as chains, against planned mice that share no code with them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from mazes import MAZES
from mice import Planned, mouse_with, undecided
from planted import build_baseline

from analysis.baselines import (
    FAR,
    add_slips,
    compute_steps,
    estimate_slip,
    move_towards,
    run_to_cheese,
    run_to_corner,
    run_to_region,
    walk_randomly,
)
from analysis.chain import build_chain, build_walk, reach
from analysis.relocation import HELD_OUT
from envs import paths
from envs.drawings import from_text
from envs.levels import from_seeds, region_mask

LEVELS = from_seeds(HELD_OUT + np.arange(80), 7)


def test_a_random_walk_is_the_chain_of_a_mouse_to_which_all_moves_are_alike():
    walk, mouse = build_walk(LEVELS), build_chain(mouse_with(undecided), LEVELS)
    for name in ("offset", "level", "cell", "facing_right", "start", "successor"):
        assert (getattr(walk, name) == getattr(mouse, name)).all(), name
    assert walk.probability == pytest.approx(mouse.probability)


@pytest.mark.parametrize(
    ("algorithm", "plan"), [(run_to_corner, "to the corner"), (run_to_cheese, "to the cheese"), (walk_randomly, None)]
)
def test_baselines_arrive_as_planned_mice_do(algorithm, plan):
    planned = build_chain(mouse_with(Planned(plan) if plan else undecided), LEVELS)
    baseline = build_baseline(LEVELS, algorithm)
    for target, barrier in ((LEVELS.cheese, LEVELS.corner), (LEVELS.corner, LEVELS.cheese)):
        expected = reach(planned, planned.at(target), 200, planned.at(barrier)).by_step
        assert reach(baseline, baseline.at(target), 200, baseline.at(barrier)).by_step == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(MAZES)
def test_steps_are_those_of_the_breadth_first_search(maze):
    text, world_dim = maze
    level = from_text(text, world_dim)
    walk = build_walk(level)
    distance = paths.compute_distances(level, level.start)[0].flatten().numpy()[walk.cell]
    found = compute_steps(walk, walk.at(level.start))
    assert (np.where(found == FAR, -1, found) == distance).all()
    moves = move_towards(walk, walk.at(level.start))
    assert moves.sum(1) == pytest.approx(1)
    for state, move in np.argwhere((moves > 0) & (found > 0)[:, None] & (found < FAR)[:, None]):
        assert found[walk.successor[state, move]] == found[state] - 1


def test_a_runner_to_the_region_walks_randomly_inside():
    walk = build_walk(LEVELS)
    moves = run_to_region(2)(walk)
    inside = walk.inside(region_mask(LEVELS, 2))
    assert (moves[inside] == build_walk(LEVELS).probability[inside]).all()
    arrived = reach(build_baseline(LEVELS, run_to_region(2)), inside, 100).by_step[:, -1]
    assert arrived == pytest.approx(1)


@pytest.mark.parametrize("slip", [0.0, 0.05, 0.3, 1.0])
def test_the_rate_of_slips_is_found_again(slip):
    chain = build_baseline(LEVELS, run_to_cheese, slip)
    assert estimate_slip(chain, 3000) == pytest.approx(slip, abs=1e-9)


def test_slips_may_differ_by_state():
    walk = build_walk(LEVELS)
    moves, rate = run_to_cheese(walk), np.linspace(0, 1, len(walk.cell))
    slipped = add_slips(moves, rate)
    assert slipped[0] == pytest.approx(moves[0]) and slipped[-1] == pytest.approx(walk.probability[-1])
    assert slipped.sum(1) == pytest.approx(1)


def test_no_level_is_no_slip():
    assert np.isnan(estimate_slip(build_walk(LEVELS.rows(torch.zeros(0, dtype=torch.long)))))

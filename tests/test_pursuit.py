"""Moves that follow the cheese, and value estimates that follow it."""

import numpy as np
import pytest
import torch
from planted import PLANTED

from analysis.belief import compute_belief, compute_returns
from analysis.chain import build_walk, reach
from analysis.pursuit import compute_pursuit
from analysis.relocation import HELD_OUT, put_cheese
from envs import paths
from envs.levels import from_seeds

SEEDS = HELD_OUT + np.arange(150)
LEVELS = from_seeds(SEEDS, 11)
MOVED = put_cheese(LEVELS, torch.ones(11, 11, dtype=torch.bool), SEEDS).cheese


@pytest.mark.parametrize(
    ("name", "follows"),
    [("cheese", 1), ("corner", 0), ("corner, slips", 0), ("random walk", 0), ("left first", 0), ("left hand", 0),
     ("cheese, slips", 0.8)],
)  # fmt: skip
def test_a_seeker_follows_the_cheese_and_the_blind_do_not(name, follows):
    found = compute_pursuit(PLANTED[name].build, LEVELS, MOVED)
    known = found.cells > 0
    assert known.sum() > 80 and np.isnan(found.follows[~known]).all()
    assert found.follows[known] == pytest.approx(follows, abs=1e-9)
    assert (found.changes[known] < 1e-9).all() == (follows == 0)


def test_who_sees_little_follows_little():
    follows = {name: np.nanmean(compute_pursuit(PLANTED[name].build, LEVELS, MOVED).follows)
               for name in ("sees four steps", "right half", "nearer", "either, a maze")}  # fmt: skip
    assert all(0.1 < value < 0.9 for value in follows.values()), follows


def test_only_cells_between_the_two_places_count():
    found = compute_pursuit(PLANTED["cheese"].build, LEVELS, MOVED)
    apart = paths.distance_at(paths.compute_distances(LEVELS, LEVELS.cheese), MOVED).numpy()
    expected = np.maximum(apart - 1, 0)
    assert (found.cells == expected).all()


def test_a_value_head_believes_in_what_it_was_given():
    chain = PLANTED["corner, slips far away"].build(LEVELS)
    cheese, corner = compute_returns(chain, 0.98, 500)
    undiscounted, _ = compute_returns(chain, 1.0, 500)
    assert undiscounted[chain.start] == pytest.approx(reach(chain, chain.at(LEVELS.cheese), 500).by_step[:, -1])
    for value, with_cheese, with_corner in ((cheese, 1, 0), (corner, 0, 1)):
        found = compute_belief(chain._replace(value=(3 * value + 1).astype(np.float32)), 0.98, 500)
        assert found.with_cheese == pytest.approx(with_cheese, abs=0.05)
        assert found.with_corner == pytest.approx(with_corner, abs=0.05)


def test_a_mouse_agrees_with_the_value_of_its_own_goal():
    for name, place, other in (("corner, slips", 1, 0), ("cheese, slips", 0, 1)):
        chain = PLANTED[name].build(LEVELS)
        own = compute_belief(
            chain._replace(value=compute_returns(chain, 0.98, 500)[place].astype(np.float32)), 0.98, 500
        )
        assert own.agreement > 0.9 > own.chance
        against = compute_returns(PLANTED["cheese" if other == 0 else "corner"].build(LEVELS), 0.98, 500)[other]
        assert compute_belief(chain._replace(value=against.astype(np.float32)), 0.98, 500).agreement < own.agreement


def test_pursuit_is_the_mean_of_both_places():
    seeker = PLANTED["cheese"].build
    found = compute_pursuit(seeker, LEVELS, MOVED)
    known = found.cells > 0
    assert found.changes[known] == pytest.approx(1)
    once = compute_pursuit(lambda levels: (seeker if levels is LEVELS else build_walk)(levels), LEVELS, MOVED)
    assert once.follows[known] == pytest.approx(0.5) and once.changes[known] == pytest.approx(0.75)


def test_the_return_for_the_corner_ends_at_the_cheese():
    square = paths.classify_levels(LEVELS)[1]
    few = LEVELS.rows(square >= 0).rows(slice(0, 30))
    square = square[square >= 0][:30]
    chain = build_walk(few)
    _, for_corner = compute_returns(chain, 1.0, 20_000)
    distance = paths.compute_distances(few, square)
    cheese, corner = (paths.distance_at(distance, end).numpy() for end in (few.cheese, few.corner))
    assert for_corner[chain.start_at(square).start] == pytest.approx(cheese / (cheese + corner), abs=1e-3)


def test_the_value_at_the_cheese_does_not_count():
    chain = PLANTED["cheese, slips"].build(LEVELS)
    value = compute_returns(chain, 0.98, 500)[0].astype(np.float32)
    value[chain.at(LEVELS.cheese)] = -1
    assert compute_belief(chain._replace(value=value), 0.98, 500).agreement > 0.999

"""Arrivals without a step limit, against linear equations, a formula for trees, and mice that loop."""

import numpy as np
import pytest
from mice import mouse_with
from planted import build_baseline
from test_chain import Whimsical

from analysis.baselines import add_slips, run_to_corner
from analysis.chain import build_chain, build_walk, reach
from analysis.endings import compute_endings
from analysis.relocation import HELD_OUT
from envs import paths
from envs.drawings import from_text
from envs.levels import from_seeds

LEVELS = from_seeds(HELD_OUT + np.arange(60), 9)


def solve(chain, level: int, ends, start: int) -> list[float]:
    """By a dense system of equations; each end is absorbing."""
    rows = slice(*chain.offset[level : level + 2])
    size, low = rows.stop - rows.start, rows.start
    step = np.zeros((size, size))
    for move in range(5):
        np.add.at(step, (np.arange(size), chain.successor[rows, move] - low), chain.probability[rows, move])
    playing = ~np.any([end[rows] for end in ends], axis=0)
    system = np.eye(size) - playing[:, None] * step
    return [np.linalg.solve(system, end[rows].astype(float))[start - low] for end in ends]


@pytest.mark.parametrize("observation", ["cells", "rgb"])
def test_arrivals_solve_the_linear_equations(observation):
    chain = build_chain(mouse_with(Whimsical(), observation=observation), from_seeds(range(12), 7))
    ends = [chain.at(chain.levels.cheese), chain.at(chain.levels.corner) & ~chain.at(chain.levels.cheese)]
    found = compute_endings(chain, ends, chain.start)
    for level in range(12):
        assert found[level, :2] == pytest.approx(solve(chain, level, ends, chain.start[level]), abs=1e-9)
    assert found.sum(1) == pytest.approx(1)


def test_a_random_walk_in_a_tree_is_the_gamblers_ruin():
    level_type, square = paths.classify_levels(LEVELS)
    levels = LEVELS.rows(level_type == paths.FORK)._replace(start=square[level_type == paths.FORK])
    assert levels.num_levels > 20
    walk, distance = build_walk(levels), paths.compute_distances(levels, levels.start)
    to_cheese, to_corner = (paths.distance_at(distance, end).numpy() for end in (levels.cheese, levels.corner))
    found = compute_endings(walk, [walk.at(levels.cheese), walk.at(levels.corner)], walk.start)
    assert found[:, 0] == pytest.approx(to_corner / (to_cheese + to_corner), abs=1e-12)
    assert found[:, 2] == pytest.approx(0, abs=1e-12)


def test_what_stalls_is_reported():
    level = from_text("#  \n# #\n@ .", 5)
    walk = build_walk(level)
    stalled = walk._replace(probability=np.eye(5)[np.full(len(walk.cell), 2)])
    ends = [walk.at(level.cheese), walk.at(level.corner)]
    assert compute_endings(stalled, ends, stalled.start).tolist() == [[0, 0, 1]]
    half = walk.probability.copy()
    half[walk.start[0]] = [0, 0, 0.5, 0, 0.5]
    # It goes right with probability 1/2, but from the next cell it returns to the start almost always.
    beside = walk.successor[walk.start[0], 4]
    half[beside] = [1, 0, 0, 0, 0]
    assert compute_endings(walk._replace(probability=half), ends, walk.start).tolist() == [[0, 0, 1]]
    half[beside] = [1 - 1e-15, 0, 0, 0, 1e-15]
    assert compute_endings(walk._replace(probability=half), ends, walk.start)[0] == pytest.approx([1, 0, 0])


def test_a_mouse_that_all_but_stalls_is_measured_to_rounding():
    chain = build_baseline(LEVELS, run_to_corner)
    slow = chain._replace(probability=1e-9 * add_slips(chain.probability, 0.3))
    slow.probability[:, 2] += 1 - 1e-9
    quick = chain._replace(probability=add_slips(chain.probability, 0.3))
    ends = [chain.at(LEVELS.cheese), chain.at(LEVELS.corner) & ~chain.at(LEVELS.cheese)]
    expected = compute_endings(quick, ends, chain.start)
    assert compute_endings(slow, ends, chain.start) == pytest.approx(expected, abs=1e-12)


def test_a_long_clock_comes_to_the_same():
    chain = build_baseline(LEVELS, run_to_corner, 0.3)
    cheese, corner = chain.at(LEVELS.cheese), chain.at(LEVELS.corner) & ~chain.at(LEVELS.cheese)
    found = compute_endings(chain, [cheese, corner], chain.start)
    assert found[:, 0] == pytest.approx(reach(chain, cheese, 20_000, corner).by_step[:, -1], abs=1e-9)


def test_levels_that_are_not_played_are_unknown_and_an_arrived_mouse_has_arrived():
    walk = build_walk(LEVELS)
    ends = [walk.at(LEVELS.start), walk.at(LEVELS.corner)]
    start = np.where(np.arange(60) < 3, -1, walk.start)
    found = compute_endings(walk, ends, start)
    assert np.isnan(found[:3]).all() and (found[3:, 0] == 1).all()

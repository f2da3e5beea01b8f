"""The levels that a viewer visits, against a search by walking."""

import pytest
from mice import is_full_fork

from envs.drawings import from_text
from envs.levels import SEED_LIMIT
from envs.spec import WorldSpec
from foundation.errors import InputError
from viewer.course import Course


def test_forks_of_at_least_seven_cells_are_visited_in_both_directions():
    course = Course(WorldSpec.build(world_dim=9))
    forks = [seed for seed in range(200) if is_full_fork(seed, 9, 7)]
    for at in (0, 63, 64, 65, 100):
        later, earlier = [seed for seed in forks if seed >= at], [seed for seed in forks if seed <= at]
        visited = course.visit(at, 1)
        assert [next(visited) for _ in later] == later
        assert list(course.visit(at, -1)) == earlier[::-1]
        assert course.find_next(at, 1) == next(seed for seed in forks if seed > at)
    with pytest.raises(InputError, match="this is the first level"):
        course.find_next(forks[0], -1)
    last = [seed for seed in range(SEED_LIMIT - 100, SEED_LIMIT) if is_full_fork(seed, 9, 7)][-1]
    assert list(course.visit(last, 1)) == [last]
    with pytest.raises(InputError, match="this is the last level"):
        course.find_next(last, 1)


def test_in_a_small_world_its_largest_forks_are_visited():
    seeds = [seed for seed in range(200) if is_full_fork(seed, 5, 5)]
    visited = Course(WorldSpec.build(world_dim=5)).visit(0, 1)
    assert [next(visited) for _ in seeds] == seeds


def test_hand_drawn_levels_are_all_visited():
    drawn = from_text("@ .\n# #\n   ", 7).rows([0, 0, 0])
    course = Course(WorldSpec.build(world_dim=7), drawn)
    assert list(course.visit(1, 1)) == [1, 2, 3] and list(course.visit(2, -1)) == [2, 1]
    assert course.find_next(2, 1) == 3 and course.find_next(2, -1) == 1
    for at, by, end in ((3, 1, "last"), (1, -1, "first")):
        with pytest.raises(InputError, match=f"this is the {end} level"):
            course.find_next(at, by)

"""Preference and ability of planted mice, against their known values."""

import numpy as np
import pandas as pd
import pytest
from mice import mouse_with
from planted import PLANTED
from test_chain import Whimsical

from analysis.ability import compute_ability, is_able, is_able_by_sight, wall_off
from analysis.chain import build_chain, build_walk, reach
from analysis.endings import compute_endings
from analysis.heading import add_heading
from analysis.preference import CLIP, compute_logit, compute_preference, find_balanced, find_rival
from analysis.relocation import HELD_OUT
from envs import paths
from envs.levels import from_seeds, region_mask

LEVELS = from_seeds(HELD_OUT + np.arange(240), 11)
SQUARE = paths.classify_levels(LEVELS)[1]
FORK = (SQUARE >= 0).numpy()
BALANCED = find_balanced(LEVELS, SQUARE)


def test_there_is_something_to_measure():
    assert FORK.sum() > 100 and BALANCED.sum() > 30
    distance = paths.compute_distances(LEVELS, SQUARE)
    for row in np.flatnonzero(BALANCED):
        assert (
            abs(int(paths.distance_at(distance, LEVELS.cheese)[row] - paths.distance_at(distance, LEVELS.corner)[row]))
            <= 2
        )


@pytest.mark.parametrize("name", PLANTED)
def test_planted_mice_prefer_and_are_able_as_written(name):
    planted = PLANTED[name]
    found = compute_preference(planted.build(LEVELS), SQUARE)
    ability = compute_ability(planted.build, planted.build(LEVELS), SQUARE, 500)
    low, high = planted.h
    assert low <= np.nanmean(found.h[BALANCED]) <= high
    for (low, high), column in ((planted.able_cheese, "able_cheese"), (planted.able_corner, "able_corner")):
        assert low <= ability[column].mean() <= high, column
    assert np.isnan(found.h[~FORK]).all() and ability[~FORK].isna().all(axis=None)
    assert (np.nan_to_num(found.never[FORK]) < 1e-9).all() == (name != "left first")


def test_a_random_walk_has_no_preference():
    found = compute_preference(build_walk(LEVELS), SQUARE)
    assert np.abs(found.log_odds[FORK]).max() < 1e-9
    assert found.chance[BALANCED].mean() == pytest.approx(0.5, abs=0.08)


def test_chance_is_the_gamblers_ruin_and_log_odds_are_clipped():
    found = compute_preference(PLANTED["cheese"].build(LEVELS), SQUARE)
    distance = paths.compute_distances(LEVELS, SQUARE)
    to_cheese, to_corner = (paths.distance_at(distance, end).numpy() for end in (LEVELS.cheese, LEVELS.corner))
    chance = (to_corner / (to_cheese + to_corner))[FORK]
    assert found.chance[FORK] == pytest.approx(chance)
    assert found.log_odds[FORK] == pytest.approx(np.log((1 - CLIP) / CLIP) - np.log(chance / (1 - chance)))
    assert compute_logit(np.array([0, CLIP, 0.5])) == pytest.approx([np.log(CLIP / (1 - CLIP))] * 2 + [0])


def test_clumsiness_is_not_a_preference():
    """A seeker whose slips grow with distance errs at the first step, and still prefers only the cheese."""
    found = compute_preference(PLANTED["cheese, slips far away"].build(LEVELS), SQUARE)
    assert np.nanmin(found.h) > 0.9


def test_region_first_leaves_out_forks_in_the_region_and_finds_a_runner_to_the_region():
    found = compute_preference(PLANTED["corner"].build(LEVELS), SQUARE, 3)
    region = region_mask(LEVELS, 3).flatten(1).numpy()
    rows = np.arange(LEVELS.num_levels)
    asked = FORK & ~region[rows, LEVELS.cheese.numpy()] & ~region[rows, SQUARE.numpy()]
    assert (np.isnan(found.h) == ~asked).all() and asked.sum() > 30 and np.nanmax(found.h) == 0
    walk = build_walk(LEVELS)
    assert (find_rival(walk) == walk.at(LEVELS.corner) & ~walk.at(LEVELS.cheese)).all()


def test_facings_count_as_often_as_the_mouse_comes_in_them():
    levels, square = LEVELS.rows(FORK).rows(slice(0, 12)), SQUARE[FORK][:12]
    chain = build_chain(mouse_with(Whimsical(), observation="rgb", world_dim=11), levels)
    found = compute_preference(chain, square)
    # Every path from the start goes through the decision square.
    ends = [chain.at(levels.cheese), chain.at(levels.corner)]
    from_start = compute_endings(chain, ends, chain.start)
    assert found.h == pytest.approx(from_start[:, 0] / from_start[:, :2].sum(1), abs=1e-9)
    assert compute_preference(add_heading(chain), square).h == pytest.approx(found.h, abs=1e-9)


def test_walls_are_seen_and_shut_the_way():
    """The swap must reach the mouse through new observations; a mouse with level-dependent choices shows that."""
    seen = []

    def build(levels):
        seen.append(levels)
        return build_chain(mouse_with(Whimsical(), world_dim=11), levels)

    levels, square = LEVELS.rows(FORK).rows(slice(0, 8)), SQUARE[FORK][:8]
    ability = compute_ability(build, build(levels), square, 300)
    walled = seen[1]
    assert (walled.walls.sum((1, 2)) == levels.walls.sum((1, 2)) + 1).all() and (walled.start == square).all()
    assert (paths.distance_at(paths.compute_distances(walled, walled.start), levels.corner) == -1).all()
    assert (paths.distance_at(paths.compute_distances(walled, walled.start), levels.cheese) > 0).all()
    chain = build_chain(mouse_with(Whimsical(), world_dim=11), walled)
    assert ability.able_cheese.to_numpy() == pytest.approx(reach(chain, chain.at(levels.cheese), 300).by_step[:, -1])


def test_inside_the_branches_both_ways_are_as_long():
    """A runner gets there in exactly ``inside_steps``, and in no fewer."""
    for name, column in (("cheese", "able_cheese_inside"), ("corner", "able_corner_inside")):
        build = PLANTED[name].build
        steps = compute_ability(build, build(LEVELS), SQUARE, 500).inside_steps
        assert steps.notna().sum() > 50 and steps.nunique() > 5
        for limit in (4, 8):
            able = compute_ability(build, build(LEVELS), SQUARE, limit)[column]
            assert (able[steps.notna()] == (steps <= limit)[steps.notna()]).all() and able[steps.isna()].isna().all()


def test_the_abilities_from_inside_are_those_of_levels_that_start_there():
    build = PLANTED["left hand"].build
    levels, square = LEVELS.rows(FORK), SQUARE[FORK]
    chain = build(levels)
    for start in (square, levels.corner):
        moved, fresh = chain.start_at(start), build(levels._replace(start=start))
        assert (moved.start == fresh.start).all() and (moved.levels.start == fresh.levels.start).all()


def test_able_is_able_to_both():
    ability = {name: compute_ability(PLANTED[name].build, PLANTED[name].build(LEVELS), SQUARE, 500)
               for name in ("nearer", "cheese")}  # fmt: skip
    assert is_able(ability["nearer"]).sum() == FORK.sum()
    assert is_able(ability["cheese"]).sum() < FORK.sum() / 2


def test_able_by_sight_is_more_than_walking_about():
    columns = ("able_cheese", "able_corner", "walk_able_cheese", "blind_able_cheese")
    rows = [(1, 1, 0.5, 0.5), (0.8, 1, 0.5, 0.5), (1, 0.8, 0.5, 0.5), (1, 1, 0.95, 0.5), (1, 1, 0.5, 0.95)]
    assert is_able_by_sight(pd.DataFrame(rows, columns=columns)).tolist() == [True, False, False, False, False]


def test_a_wall_is_put_where_it_is_asked_for():
    cell = LEVELS.start
    walled = wall_off(LEVELS, cell)
    assert walled.walls.flatten(1).gather(1, cell[:, None]).all()
    assert (walled.walls.sum((1, 2)) == LEVELS.walls.sum((1, 2)) + 1).all()


def test_ability_from_inside_ends_at_the_cheese():
    few, square = LEVELS.rows(slice(0, 60)), SQUARE[:60]
    ability = compute_ability(build_walk, build_walk(few), square, 20_000)
    distance = paths.compute_distances(few, square)
    whole = (paths.distance_at(distance, few.cheese) + paths.distance_at(distance, few.corner)).numpy()
    known = ability.inside_steps.notna().to_numpy()
    ruin = 1 - ability.inside_steps.to_numpy() / whole  # a random walk in a tree is a gambler between two ends
    assert known.sum() > 10 and ability.able_corner_inside[known].to_numpy() == pytest.approx(ruin[known], abs=1e-3)

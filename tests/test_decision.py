"""A fork on one clock, against a walk through the product chain by hand and against known factors."""

import numpy as np
import pytest
import torch
from mice import Planned, mouse_with, undecided
from planted import PLANTED
from test_chain import Whimsical

from analysis.chain import build_chain, reach
from analysis.decision import compute_decision, find_next_cell, find_next_move
from analysis.relocation import HELD_OUT
from envs import paths, world
from envs.levels import from_seeds
from envs.painter import build_painter
from envs.world import State

LEVELS = from_seeds(HELD_OUT + np.arange(50), 7)
SQUARE = paths.classify_levels(LEVELS)[1]
FORK = (SQUARE >= 0).numpy()


def by_hand(mouse, level, square: int, steps: int) -> dict[str, float]:
    """Forward simulation of every class of histories by stepping the world: {(cell, facing, phase): probability}."""
    painter, moves = build_painter(mouse.spec.observation, level.world_dim), world.build_moves(mouse.spec.action_set)
    to_cheese = paths.shortest_path(level, square, int(level.cheese))[1]
    to_corner = paths.shortest_path(level, square, int(level.corner))[1]
    begin = world.start(level)
    phase = "at the square" if int(begin.mouse) == square else "before"
    now = {(int(begin.mouse), False, phase): 1.0}
    found = {"reach": float(phase != "before"), "cheese branch": 0.0, "taken": 0.0, "rest": 0.0}
    for _ in range(steps):
        following: dict = {}
        for (cell, facing, phase), mass in now.items():
            state = State(level, torch.tensor([cell]), torch.tensor([facing]), torch.zeros(1, dtype=torch.long))
            shares = mouse.policy(painter.paint(state))[0].double().softmax(1)[0].tolist()
            for action, share in enumerate(shares):
                after, _, taken = world.step(state, moves[action, None])
                here, reached = int(after.mouse), phase
                if phase == "before" and here == square:
                    reached = "at the square"
                    found["reach"] += mass * share
                if phase == "at the square" and here in (to_cheese, to_corner):
                    reached = "cheese" if here == to_cheese else "corner"
                    found["cheese branch"] += mass * share if here == to_cheese else 0
                if taken:
                    found["taken" if reached == "cheese" else "rest"] += mass * share
                else:
                    key = here, mouse.spec.observation == "rgb" and bool(after.facing_right), reached
                    following[key] = following.get(key, 0.0) + mass * share
        now = following
    return found


@pytest.mark.parametrize("observation", ["cells", "rgb"])
@pytest.mark.parametrize("steps", [6, 16])
def test_parts_are_those_of_the_product_chain_by_hand(observation, steps):
    mouse = mouse_with(Whimsical(sharpness=1.0), observation=observation)
    rows = np.flatnonzero(FORK)[:3]
    levels, square = LEVELS.rows(rows), SQUARE[rows]
    found = compute_decision(build_chain(mouse, levels), square, steps)
    for row in range(len(rows)):
        expected = by_hand(mouse, levels.rows([row]), int(square[row]), steps)
        reach, branch = expected["reach"], expected["cheese branch"]
        assert found.reach[row] == pytest.approx(reach, abs=1e-9)
        assert found.reach[row] * np.nan_to_num(found.first_step[row]) == pytest.approx(branch, abs=1e-9)
        if branch > 1e-9:
            assert found.complete[row] == pytest.approx(expected["taken"] / branch, abs=1e-6)
        assert found.rest[row] == pytest.approx(expected["rest"], abs=1e-9)


@pytest.mark.parametrize("name", PLANTED)
def test_the_parts_and_the_rest_add_up_and_no_rest_is_negative(name):
    chain = PLANTED[name].build(LEVELS)
    found = compute_decision(chain, SQUARE, 40)
    total = reach(chain, chain.at(LEVELS.cheese), 40).by_step[:, -1]
    parts = np.nan_to_num(found.reach) * np.nan_to_num(found.first_step) * np.nan_to_num(found.complete)
    assert (parts + found.rest)[FORK] == pytest.approx(total[FORK], abs=1e-9)
    assert (found.rest[FORK] >= 0).all()
    for part in found:
        assert np.isnan(part[~FORK]).all() and not (part[FORK] > 1 + 1e-12).any()


def test_planned_mice_have_the_parts_of_their_plan():
    parts = {"to the cheese": (1, 1, 1, 0), "to the corner": (1, 0, np.nan, 0), "nowhere": (None, np.nan, np.nan, 0)}
    for plan, expected in parts.items():
        found = compute_decision(build_chain(mouse_with(Planned(plan)), LEVELS), SQUARE, 500)
        for part, value in zip(found, expected, strict=True):
            if value is not None:
                moving = FORK & (SQUARE != LEVELS.start).numpy()
                assert part[moving] == pytest.approx(value, nan_ok=True)


def test_the_first_step_of_a_random_walk_is_a_coin():
    found = compute_decision(build_chain(mouse_with(undecided), LEVELS), SQUARE, 5000)
    assert found.first_step[FORK] == pytest.approx(0.5, abs=1e-3)


def test_the_next_cell_is_the_second_of_the_path():
    found = find_next_cell(LEVELS, LEVELS.start, LEVELS.corner)
    for row in range(LEVELS.num_levels):
        level = LEVELS.rows([row])
        assert int(found[row]) == paths.shortest_path(level, int(level.start), int(level.corner))[1]
    nowhere = torch.full_like(LEVELS.start, -1)
    assert (find_next_cell(LEVELS, nowhere, LEVELS.corner) == -1).all()
    assert (find_next_cell(LEVELS, LEVELS.corner, LEVELS.corner) == -1).all()


def test_the_next_move_leads_to_the_next_cell():
    for here, target in ((LEVELS.start, LEVELS.corner), (LEVELS.corner, LEVELS.start), (SQUARE, LEVELS.cheese)):
        following, move = find_next_cell(LEVELS, here, target), find_next_move(LEVELS, here, target)
        assert ((move == -1) == (following == -1)).all()
        there = following != -1
        rows = LEVELS.rows(there)
        assert (world.find_neighbour(here[there], move[there], rows.world_dim) == following[there]).all()

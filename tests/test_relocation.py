"""Mice whose way is known play the held-out levels; the table must say what a naive game by hand says."""

from functools import cache

import pandas as pd
import pytest
import torch
from mazes import Cell, number, read
from mice import ACTIONS, PLANS, Planned, Way, corner_of, mouse_with, undecided, way_to

from agents.rollout import sample
from analysis import relocation
from analysis.relocation import CONDITIONS, HELD_OUT, NEVER, play, records, trained_on_held_out
from envs.levels import from_seeds, to_text

DIM, REGION, LEVELS = 7, 2, 50


@cache
def game(seed: int, region) -> tuple[set[Cell], Cell, Cell | None, Cell]:
    """Open cells, mouse, cheese and corner of a level, all read from its text."""
    open_cells, mouse, cheese = read(to_text(from_seeds([seed], DIM, region)), DIM)
    return open_cells, mouse, cheese, corner_of(open_cells)


def cells_on(way: Way, cell: Cell) -> list[Cell]:
    cells = [cell]
    while way[cells[-1]] != cells[-1]:
        cells.append(way[cells[-1]])
    return cells


def row_of(seed: int, condition: str, plan: str, max_steps: int) -> dict:
    """One episode, played by hand."""
    open_cells, start, cheese, corner = game(seed, REGION if condition == "as_trained" else "anywhere")
    way, mouse = PLANS[plan](open_cells, cheese), start
    t_cheese = t_corner = NEVER
    for t in range(1, max_steps + 1):
        mouse = way.get(mouse, mouse)
        if mouse == corner and t_corner == NEVER:
            t_corner = t
        if mouse == cheese:
            t_cheese = t
            break
    first = "corner" if 0 < t_corner != t_cheese else "cheese" if t_cheese > 0 else "neither"

    to_cheese, to_corner = (cells_on(way_to(target, open_cells), start) for target in (cheese, corner))
    level_type, decision_square = "fork", None
    if cheese == corner:
        level_type = "same"
    elif cheese in to_corner:
        level_type = "on_the_way"
    elif corner in to_cheese:
        level_type = "beyond"
    else:
        decision_square = [cell for cell in to_cheese if cell in to_corner][-1]
    dim = to_text(from_seeds([seed], DIM)).count("\n") + 1
    margin = (DIM - dim) // 2
    return {
        "condition": condition,
        "level_seed": seed,
        "maze_dim": dim,
        "cheese_x": cheese[0] - margin,
        "cheese_y": cheese[1] - margin,
        "decision_square": number(decision_square, DIM),
        "optimal_steps": len(to_cheese) - 1,
        "t_cheese": t_cheese,
        "t_corner": t_corner,
        "level_type": level_type,
        "success": t_cheese > 0,
        "first": first,
    }


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("slots", "max_steps"), [(512, 25), (512, 6), (7, 25), (1, 6)])
def test_the_table_is_what_games_by_hand_give(monkeypatch, condition, plan, slots, max_steps):
    monkeypatch.setattr(relocation, "SLOTS", slots)
    table = records(mouse_with(Planned(plan)), condition, LEVELS, max_steps, seed=0)
    expected = pd.DataFrame([row_of(HELD_OUT + i, condition, plan, max_steps) for i in range(LEVELS)])
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)


def test_what_the_planned_mice_do():
    """The facts that the figures rest on, and that levels of every type were among those played."""
    cheese, corner, stayer = (records(mouse_with(Planned(plan)), "anywhere", LEVELS, 25, 0) for plan in PLANS)
    assert {"same", "on_the_way", "beyond", "fork"} == set(cheese.level_type)
    assert cheese.success.all() and (cheese.t_cheese == cheese.optimal_steps).all()
    at_forks = cheese.level_type == "fork"
    assert (cheese["first"][at_forks] == "cheese").all() and (corner["first"][at_forks] == "corner").all()
    assert (cheese["first"][cheese.level_type == "beyond"] == "corner").all()
    assert (stayer["first"] == "neither").all() and not stayer.success.any()


def test_a_wandering_mouse_arrives_when_it_does_by_hand():
    arrived = set()
    for seed in range(60):
        levels = from_seeds([HELD_OUT + seed], DIM)
        times = play(mouse_with(undecided), levels, 40, torch.Generator().manual_seed(seed))
        open_cells, (x, y), cheese, corner = game(HELD_OUT + seed, "anywhere")
        generator = torch.Generator().manual_seed(seed)
        t_cheese = t_corner = NEVER
        for t in range(1, 41):
            dx, dy = ACTIONS[sample(torch.zeros(1, 4), generator)[0]]
            x, y = (x + dx, y + dy) if (x + dx, y + dy) in open_cells else (x, y)
            if (x, y) == corner and t_corner == NEVER:
                t_corner = t
            if (x, y) == cheese:
                t_cheese = t
                break
        assert [int(time) for time in times] == [t_cheese, t_corner]
        arrived.add((t_cheese > 0, t_corner > 0))
    assert len(arrived) == 4, "some outcome never came up"


def test_one_seed_is_one_table():
    one, again, other = (records(mouse_with(undecided), "anywhere", 40, 30, seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(one, again)
    assert (one.t_cheese != other.t_cheese).any() and (one.level_seed == other.level_seed).all()


def test_levels_are_held_out_and_the_same_mazes_in_both_conditions():
    as_trained, anywhere = (
        relocation.held_out_levels(mouse_with(undecided), condition, 300) for condition in CONDITIONS
    )
    assert as_trained.seed.tolist() == anywhere.seed.tolist() == [2**30 + i for i in range(300)]
    assert torch.equal(as_trained.walls, anywhere.walls)
    margin = (DIM - as_trained.maze_dim) // 2
    for axis in (as_trained.cheese % DIM - margin, as_trained.cheese // DIM - margin):
        assert (axis >= as_trained.maze_dim - REGION).all()
    assert not torch.equal(as_trained.cheese, anywhere.cheese)


@pytest.mark.parametrize("start_level", [0, 1, HELD_OUT - 100, HELD_OUT - 99, HELD_OUT, HELD_OUT + 49, HELD_OUT + 50])
@pytest.mark.parametrize("num_levels", [0, 1, 99, 100, 101])
def test_who_trained_on_held_out_levels(num_levels, start_level):
    trained = range(start_level, start_level + num_levels) if num_levels else range(2**31 - 1)
    mouse = mouse_with(undecided, num_levels=num_levels, start_level=start_level)
    assert trained_on_held_out(mouse, 50) == any(HELD_OUT + i in trained for i in range(50))


def test_the_quickstart_does_not_train_on_held_out_levels():
    assert not trained_on_held_out(mouse_with(undecided), 1)

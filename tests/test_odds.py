"""Odds of what is reached first, against many walks."""

import numpy as np
import pytest
import torch
from mazes import number
from mice import Planned, mouse_with, undecided

from envs import world
from envs.drawings import from_text
from viewer.maps import compute_maps
from viewer.odds import compute_first_reached

DIM = 7
FORK = "     \n ####\n    .\n ## #\n@#   "  # the corner at (5, 5), the cheese at (5, 3), the decision square at (1, 3)


def odds_of(policy, text: str = FORK, cell: tuple[int, int] | None = None, clock: int = 0):
    state = world.start(from_text(text, DIM))._replace(clock=torch.tensor([clock]))
    if cell:
        state = state._replace(mouse=torch.tensor([number(cell, DIM)]))
    return compute_first_reached(compute_maps(mouse_with(policy), state.level)).find(state)


@pytest.mark.parametrize(
    ("plan", "cell", "expected"),
    [
        ("to the cheese", None, (1, 0)),
        ("to the corner", None, (0, 1)),
        ("nowhere", None, (0, 0)),
        ("nowhere", (5, 5), (0, 1)),
        ("nowhere", (5, 3), (1, 0)),
    ],
)
def test_a_plan_is_certain(plan, cell, expected):
    assert odds_of(Planned(plan), cell=cell)[0] == pytest.approx(expected)


def test_a_cheese_in_the_corner_is_a_cheese():
    assert odds_of(Planned("to the corner"), FORK.replace(".", " ").replace("     ", "    .", 1))[0] == (1, 0)


@pytest.mark.parametrize(("plan", "expected"), [("to the cheese", (1, 0)), ("to the corner", (0, 1))])
def test_a_start_in_the_corner_has_not_reached_it(plan, expected):
    text = FORK.replace("@", " ").replace("     ", "    @", 1)
    mouse, walk = odds_of(Planned(plan), text)
    assert mouse == expected and 0.9 < walk.corner < 1, "it bumps into a wall at once, mostly"
    assert odds_of(Planned(plan), text, clock=3)[0] == (0, 1), "who has come back has reached it"


def test_a_random_walk_is_that_of_many_walks_and_of_a_mouse_without_a_plan():
    mouse, walk = odds_of(undecided)
    assert mouse == pytest.approx(walk)
    level, rng, first = from_text(FORK, DIM), np.random.default_rng(0), [0, 0]
    cheese, corner, walks = int(level.cheese), int(level.corner), 2000
    is_open = ~level.walls.flatten().numpy()
    for _ in range(walks):
        cell = int(level.start)
        for move in rng.integers(4, size=256):
            target = cell + (-1, -DIM, DIM, 1)[move]
            cell = target if is_open[target] else cell
            if cell in (cheese, corner):
                first[cell == corner] += 1
                break
    assert walk == pytest.approx(np.array(first) / walks, abs=0.03) and 0.1 < min(walk) < max(walk) < 0.9

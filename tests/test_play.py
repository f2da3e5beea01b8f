"""Sampled episodes of mice with known paths, against a naive simulation."""

from functools import cache

import pytest
import torch
from mazes import Cell, read
from mice import ACTIONS, PLANS, Planned, corner_of, mouse_with, undecided

from agents.rollout import sample
from analysis import play as playing
from analysis.play import NEVER, sample_episodes
from analysis.relocation import HELD_OUT
from envs.drawings import to_text
from envs.levels import Levels, from_seeds

DIM, LEVELS = 7, 50


@cache
def game(seed: int) -> tuple[set[Cell], Cell, Cell | None, Cell]:
    """Open cells, mouse, cheese and corner of a level, read from its text."""
    open_cells, mouse, cheese = read(to_text(from_seeds([seed], DIM)), DIM)
    return open_cells, mouse, cheese, corner_of(open_cells)


def places_of(levels: Levels) -> torch.Tensor:
    """bool (2, N, DIM, DIM): the corner, and the top row of the world."""
    cells = torch.arange(DIM**2).view(1, DIM, DIM)
    return torch.stack((cells == levels.corner[:, None, None], (cells // DIM == DIM - 1).expand_as(levels.walls)))


def times(seed: int, plan: str, max_steps: int) -> list[int]:
    """First arrivals at cheese, corner and top row in one episode, by a naive simulation."""
    open_cells, mouse, cheese, corner = game(seed)
    way, found = PLANS[plan](open_cells, cheese), [NEVER] * 3
    for t in range(1, max_steps + 1):
        mouse = way.get(mouse, mouse)
        for place, here in enumerate((mouse == cheese, mouse == corner, mouse[1] == DIM - 1)):
            found[place] = t if here and found[place] == NEVER else found[place]
        if mouse == cheese:
            break
    return found


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("slots", "max_steps"), [(512, 25), (512, 6), (7, 25), (1, 6)])
def test_times_are_those_of_games_by_hand(monkeypatch, plan, slots, max_steps):
    monkeypatch.setattr(playing, "SLOTS", slots)
    levels = from_seeds(HELD_OUT + torch.arange(LEVELS).numpy(), DIM)
    t_cheese, t_place = sample_episodes(
        mouse_with(Planned(plan)), levels, places_of(levels), max_steps, torch.Generator()
    )
    expected = [times(HELD_OUT + row, plan, max_steps) for row in range(LEVELS)]
    assert torch.stack((t_cheese, *t_place), dim=1).tolist() == expected


@pytest.mark.slow
def test_a_wandering_mouse_arrives_when_it_does_by_hand():
    arrived = set()
    for seed in range(60):
        levels = from_seeds([HELD_OUT + seed], DIM)
        generator = torch.Generator().manual_seed(seed)
        t_cheese, (t_corner, _) = sample_episodes(mouse_with(undecided), levels, places_of(levels), 40, generator)
        open_cells, (x, y), cheese, corner = game(HELD_OUT + seed)
        generator = torch.Generator().manual_seed(seed)
        expected = [NEVER, NEVER]
        for t in range(1, 41):
            dx, dy = ACTIONS[sample(torch.zeros(1, 4), generator)[0]]
            x, y = (x + dx, y + dy) if (x + dx, y + dy) in open_cells else (x, y)
            if (x, y) == corner and expected[1] == NEVER:
                expected[1] = t
            if (x, y) == cheese:
                expected[0] = t
                break
        assert [int(t_cheese), int(t_corner)] == expected
        arrived.add((expected[0] > 0, expected[1] > 0))
    assert len(arrived) == 4, "some outcome never came up"


def test_one_seed_is_one_walk():
    levels = from_seeds(range(40), DIM)

    def walk(seed: int) -> list[int]:
        generator = torch.Generator().manual_seed(seed)
        return sample_episodes(mouse_with(undecided), levels, places_of(levels), 30, generator)[0].tolist()

    assert walk(0) == walk(0) != walk(1)

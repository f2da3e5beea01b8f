"""Mice with a plan instead of a network, so that a test knows their actions."""

from collections import deque
from collections.abc import Callable, Set
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from mazes import Cell, neighbours, read
from torch import Tensor

from agents.config import AgentConfig
from agents.mouse import Mouse
from envs.drawings import to_text
from envs.levels import from_seeds
from envs.spec import WorldSpec

ACTIONS = ((-1, 0), (0, -1), (0, 1), (1, 0))  # the minimal action set
Way = dict[Cell, Cell]  # next cell of each cell; a cell that maps to itself means staying


def way_to(target: Cell | None, open_cells: Set[Cell]) -> Way:
    way, queue = {target: target}, deque([target] if target else [])
    while queue:
        cell = queue.popleft()
        for other in neighbours(cell):
            if other in open_cells and other not in way:
                way[other] = cell
                queue.append(other)
    return way


def corner_of(open_cells: Set[Cell]) -> Cell:
    """The top-right cell of one of Procgen's mazes, which is never a wall."""
    return max(x for x, _ in open_cells), max(y for _, y in open_cells)


def nearer(open_cells: Set[Cell], cheese: Cell | None) -> Cell | None:
    """The nearer one of cheese and corner, in steps from the bottom left; the cheese on a tie."""
    start, corner = min(open_cells, key=sum), corner_of(open_cells)
    steps = {}
    for target in (cheese, corner):
        way, cell, steps[target] = way_to(target, open_cells), start, 0
        while target and cell != target:
            if cell not in way:  # a wall was put between
                steps[target] = len(open_cells)
                break
            cell, steps[target] = way[cell], steps[target] + 1
    return cheese if cheese and steps[cheese] <= steps[corner] else corner


PLANS: dict[str, Callable[[Set[Cell], Cell | None], Way]] = {
    "to the cheese": lambda open_cells, cheese: way_to(cheese, open_cells),
    "to the corner": lambda open_cells, cheese: way_to(corner_of(open_cells), open_cells),
    "to the nearer": lambda open_cells, cheese: way_to(nearer(open_cells, cheese), open_cells),
    "nowhere": lambda open_cells, cheese: {},
}


class Planned:
    """Stands in for ``Mouse.policy`` with "cells" observations; it uses only the observation."""

    def __init__(self, plan: str):
        self.plan = plan
        self.fc_value = SimpleNamespace(weight=torch.zeros(1))

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        actions = [_decide(self.plan, picture.shape, picture.tobytes()) for picture in pictures.numpy()]
        logits = torch.full((len(pictures), len(ACTIONS)), -torch.inf)
        logits[range(len(pictures)), actions] = 0
        return logits, torch.zeros(len(pictures))


@cache  # tests use the same observations many times
def _decide(plan: str, shape: tuple[int, int, int], picture: bytes) -> int:
    walls, mouse, cheese = np.moveaxis(np.frombuffer(picture, np.uint8).reshape(shape)[::-1] > 0, -1, 0)
    open_cells = frozenset((x, y) for y, x in np.argwhere(~walls).tolist())
    ((y, x),) = np.argwhere(mouse).tolist()
    way = _way(plan, open_cells, next(((x, y) for y, x in np.argwhere(cheese).tolist()), None))
    following = way.get((x, y), (x, y))
    targets = [(x + dx, y + dy) for dx, dy in ACTIONS]
    if following in targets:
        return targets.index(following)
    # Move into a wall. Without a wall, the mouse has reached its target and the action does not matter.
    return next((action for action, target in enumerate(targets) if target not in open_cells), 0)


@cache
def _way(plan: str, open_cells: frozenset[Cell], cheese: Cell | None) -> Way:
    return PLANS[plan](open_cells, cheese)


def undecided(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """A policy that chooses all actions with equal probability."""
    return torch.zeros(len(pictures), len(ACTIONS)), torch.zeros(len(pictures))


undecided.fc_value = SimpleNamespace(weight=torch.zeros(1))  # type: ignore[attr-defined]


def mouse_with(policy, **env) -> Mouse:
    """A mouse of a 7×7 world."""
    settings = {
        "world_dim": 7,
        "cheese_region": 2,
        "num_levels": 2**30,
        "observation": "cells",
        "max_episode_steps": 60,
    }
    return Mouse(policy, WorldSpec.build(**(settings | env)), AgentConfig(), {}, Path("planned"))


def is_full_fork(seed: int, world_dim: int, least: int) -> bool:
    """Whether in a level of at least ``least`` cells the paths to cheese and corner part before either of them."""
    text = to_text(from_seeds([seed], world_dim))
    open_cells, start, cheese = read(text, world_dim)
    ways = []
    for target in (corner_of(open_cells), cheese):
        to, way = way_to(target, open_cells), [start]
        while way[-1] != target:
            way.append(to[way[-1]])
        ways.append(way)
    to_corner, to_cheese = ways
    return len(text.split("\n")) >= least and cheese not in to_corner and to_corner[-1] not in to_cheese

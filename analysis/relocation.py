"""Evaluation conditions: held-out levels with the cheese (or the mouse) moved."""

import re
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from envs.generator import NO_CELL
from envs.levels import ANYWHERE, Levels
from envs.spec import WorldSpec
from foundation.errors import InputError

HELD_OUT = 2**30  # first held-out level seed; training uses lower seeds
MOVED_SEED = 2**31  # added to level seeds to draw the second place of the cheese


def as_trained(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The cheese as trained. Levels of types excluded from training are dropped."""
    levels = spec.make_levels(seeds)
    return levels.rows(spec.keeps(levels))


def anywhere(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The cheese in a random open cell other than the start."""
    return spec.make_levels(seeds, ANYWHERE)


def no_cheese(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The same mazes without cheese."""
    return anywhere(spec, seeds).hide_cheese()


def every_cell(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """Each maze once per open cell other than the start, with the cheese in that cell."""
    levels = anywhere(spec, seeds)
    is_open = ~levels.walls.flatten(1)
    is_open.scatter_(1, levels.start[:, None], False)
    maze, cell = is_open.nonzero(as_tuple=True)
    return levels.rows(maze)._replace(cheese=cell)


def elsewhere(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The cheese anywhere and a random start, neither the cheese nor the corner."""
    levels = anywhere(spec, seeds)
    taken = torch.stack((levels.cheese, levels.corner), dim=1)
    free = (~levels.walls.flatten(1)).scatter(1, taken, False)
    return levels._replace(start=_draw_cells(free, seeds))


def mirrored(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The levels of ``anywhere`` mirrored left to right. The mouse starts at the bottom right."""
    levels = anywhere(spec, seeds)

    def mirror(cell: Tensor) -> Tensor:
        return cell - 2 * (cell % levels.world_dim) + levels.world_dim - 1

    return levels._replace(walls=levels.walls.flip(2), start=mirror(levels.start), cheese=mirror(levels.cheese))


def put_cheese(levels: Levels, mask: Tensor, seeds: np.ndarray) -> Levels:
    """Put the cheese into a random open cell of a mask, other than the start; no cheese if there is no such cell.

    Args:
        levels: N levels.
        mask: bool (N, world_dim, world_dim), or broadcastable to it.
        seeds: int (N,); a level's cell depends only on its seed.
    """
    free = (mask & ~levels.walls).flatten(1).scatter(1, levels.start[:, None], False)
    return levels._replace(cheese=_draw_cells(free, seeds))


def _draw_cells(free: Tensor, seeds: np.ndarray) -> Tensor:
    """Draw one cell of each row of ``free`` bool (N, cells) with the row's seed: int64 (N,), −1 if no cell is free."""
    count = free.sum(1)
    shares = torch.tensor([np.random.default_rng(int(seed)).random() for seed in seeds], dtype=torch.float64)
    chosen = (shares * count).long()
    cell = ((free.cumsum(1) == chosen[:, None] + 1) & free).long().argmax(1)
    return torch.where(count > 0, cell, NO_CELL)


CONDITIONS: dict[str, Callable[[WorldSpec, np.ndarray], Levels]] = {
    "as_trained": as_trained,
    "anywhere": anywhere,
    "no_cheese": no_cheese,
    "every_cell": every_cell,
    "elsewhere": elsewhere,
    "mirrored": mirrored,
}


def parse_condition(name: str) -> Callable[[WorldSpec, np.ndarray], Levels]:
    """Parse a condition's name: one of ``CONDITIONS``, or ``region_N`` for the cheese in the top-right N×N.

    Raises:
        InputError: if the name is unknown.
    """
    if not isinstance(name, str):
        raise InputError(f"condition must be one of {', '.join(CONDITIONS)} or region_N, not {name!r}")
    if name in CONDITIONS:
        return CONDITIONS[name]
    if region := re.fullmatch(r"region_(\d+)", name):
        return lambda spec, seeds: spec.make_levels(seeds, int(region[1]))
    raise InputError(f"condition must be one of {', '.join(CONDITIONS)} or region_N, not {name!r}")


def move_cheese(levels: Levels) -> Levels:
    """Move the cheese of each level to another random cell, other than the start."""
    cells = torch.arange(levels.world_dim**2).view(1, levels.world_dim, -1)
    return put_cheese(levels, levels.cheese[:, None, None] != cells, levels.seed.numpy() + MOVED_SEED)


def trained_on_held_out(spec: WorldSpec, number: int) -> bool:
    """Return whether the training seeds overlap the first ``number`` held-out seeds."""
    seeds = spec.level_seeds
    return seeds.start < HELD_OUT + number and seeds.stop > HELD_OUT

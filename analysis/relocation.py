"""Conditions: held-out levels with the cheese in other places than in training."""

import re
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from envs.generator import NO_CELL
from envs.levels import ANYWHERE, Levels
from envs.spec import WorldSpec
from foundation.errors import InputError

HELD_OUT = 2**30  # held-out level seeds begin here; training uses seeds below


def as_trained(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The cheese where it lay in training. Levels of types that were not trained on are left out."""
    levels = spec.make_levels(seeds)
    return levels.rows(spec.keeps(levels))


def anywhere(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The cheese in any open cell but the mouse's."""
    return spec.make_levels(seeds, ANYWHERE)


def no_cheese(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The same mazes without any cheese."""
    levels = anywhere(spec, seeds)
    return levels._replace(cheese=torch.full_like(levels.cheese, NO_CELL))


def every_cell(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """Each maze once for every open cell but the mouse's, with the cheese there."""
    levels = anywhere(spec, seeds)
    is_open = ~levels.walls.flatten(1)
    is_open.scatter_(1, levels.start[:, None], False)
    maze, cell = is_open.nonzero(as_tuple=True)
    return levels.rows(maze)._replace(cheese=cell)


def elsewhere(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The cheese anywhere, and the mouse in any open cell that is neither the cheese's nor the corner."""
    levels = anywhere(spec, seeds)
    taken = torch.stack((levels.cheese, levels.corner), dim=1)
    free = (~levels.walls.flatten(1)).scatter(1, taken, False)
    return levels._replace(start=_drawn(free, seeds))


def mirrored(spec: WorldSpec, seeds: np.ndarray) -> Levels:
    """The levels of ``anywhere`` mirrored left to right: the mouse begins at the bottom right."""
    levels = anywhere(spec, seeds)

    def mirror(cell: Tensor) -> Tensor:
        return cell - 2 * (cell % levels.world_dim) + levels.world_dim - 1

    return levels._replace(walls=levels.walls.flip(2), start=mirror(levels.start), cheese=mirror(levels.cheese))


def put_cheese(levels: Levels, mask: Tensor, seeds: np.ndarray) -> Levels:
    """The same mazes with the cheese in an open cell of a mask, the mouse's excepted; none where there is no such cell.

    Args:
        levels: N of them.
        mask: bool (N, world_dim, world_dim) or one that broadcasts to it.
        seeds: int (N,); each level's cell is drawn by its seed alone.
    """
    free = (mask & ~levels.walls).flatten(1).scatter(1, levels.start[:, None], False)
    return levels._replace(cheese=_drawn(free, seeds))


def _drawn(free: Tensor, seeds: np.ndarray) -> Tensor:
    """int64 (N,): one cell of each row of ``free`` bool (N, cells), drawn by the row's seed; −1 where all are taken."""
    count = free.sum(1)
    shares = torch.tensor([np.random.default_rng(int(seed)).random() for seed in seeds])
    chosen = (shares * count).long()
    cell = ((free.cumsum(1) == chosen[:, None] + 1) & free).long().argmax(1)
    return torch.where(count > 0, cell, NO_CELL)


CONDITIONS: dict[str, Callable[[WorldSpec, np.ndarray], Levels]] = {
    condition.__name__: condition for condition in (as_trained, anywhere, no_cheese, every_cell, elsewhere, mirrored)
}


def parse_condition(name: str) -> Callable[[WorldSpec, np.ndarray], Levels]:
    """The condition that a name stands for: one of ``CONDITIONS``, or ``region_N`` for the cheese in the top-right N×N.

    Raises:
        InputError: an unknown name.
    """
    if not isinstance(name, str):
        raise InputError(f"condition must be one of {', '.join(CONDITIONS)} or region_N, not {name!r}")
    if name in CONDITIONS:
        return CONDITIONS[name]
    if region := re.fullmatch(r"region_(\d+)", name):
        return lambda spec, seeds: spec.make_levels(seeds, int(region[1]))
    raise InputError(f"condition must be one of {', '.join(CONDITIONS)} or region_N, not {name!r}")


def trained_on_held_out(spec: WorldSpec, number: int) -> bool:
    """Whether the training level seeds include some of the first ``number`` held-out ones."""
    seeds = spec.level_seeds
    return seeds.start < HELD_OUT + number and seeds.stop > HELD_OUT

"""Move the cheese: the conditions under which trained mice are examined, on levels that they have never seen."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from agents.config import EnvConfig, world_of
from envs import paths
from envs.generator import NO_CELL
from envs.levels import Levels, from_seeds, from_texts, region_of, seed_range

HELD_OUT = 2**30  # evaluation plays level seeds from here on, training ones below


def as_trained(env: EnvConfig, seeds: np.ndarray) -> Levels:
    """The cheese where it lay in training; levels of other types than trained on are left out."""
    levels = from_seeds(seeds, world_of(env), env.cheese_region)
    if env.level_types is None:
        return levels
    return levels.rows(torch.isin(paths.forks(levels)[0], paths.type_numbers(env.level_types)))


def anywhere(env: EnvConfig, seeds: np.ndarray) -> Levels:
    """The cheese in any open cell but the mouse's."""
    return from_seeds(seeds, world_of(env), "anywhere")


def no_cheese(env: EnvConfig, seeds: np.ndarray) -> Levels:
    """The same mazes without any cheese."""
    levels = anywhere(env, seeds)
    return levels._replace(cheese=torch.full_like(levels.cheese, NO_CELL))


def every_cell(env: EnvConfig, seeds: np.ndarray) -> Levels:
    """Each maze once for every open cell but the mouse's, with the cheese there."""
    levels = anywhere(env, seeds)
    is_open = ~levels.walls.flatten(1)
    is_open.scatter_(1, levels.start[:, None], False)
    maze, cell = is_open.nonzero(as_tuple=True)
    return levels.rows(maze)._replace(cheese=cell)


def elsewhere(env: EnvConfig, seeds: np.ndarray) -> Levels:
    """The cheese anywhere, and the mouse in any open cell that is neither the cheese's nor the corner."""
    levels = anywhere(env, seeds)
    taken = torch.stack((levels.cheese, levels.corner), dim=1)
    free = (~levels.walls.flatten(1)).scatter(1, taken, False)
    return levels._replace(start=_drawn(free, seeds))


def mirrored(env: EnvConfig, seeds: np.ndarray) -> Levels:
    """The levels of ``anywhere`` mirrored left to right: the mouse begins at the bottom right."""
    levels = anywhere(env, seeds)

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


CONDITIONS: dict[str, Callable[[EnvConfig, np.ndarray], Levels]] = {
    condition.__name__: condition for condition in (as_trained, anywhere, no_cheese, every_cell, elsewhere, mirrored)
}


def condition_of(name: str) -> Callable[[EnvConfig, np.ndarray], Levels]:
    """The condition that a name stands for: one of ``CONDITIONS``, or ``region_N`` for the cheese in the top-right N×N.

    Raises:
        ValueError: an unknown name.
    """
    if name in CONDITIONS:
        return CONDITIONS[name]
    if region := re.fullmatch(r"region_(\d+)", name):
        return lambda env, seeds: from_seeds(seeds, world_of(env), region_of(int(region[1]), world_of(env)))
    raise ValueError(f"condition must be one of {', '.join(CONDITIONS)} or region_N, not {name!r}")


def read_levels(path: str, env: EnvConfig) -> Levels:
    """Levels drawn by hand, from a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read, or holds no levels for the mouse's world.
    """
    dim = world_of(env)
    if not Path(path).is_file():
        raise FileNotFoundError(f"no levels at {path}; expected a file of mazes drawn as text")
    try:
        return from_texts(Path(path).read_text(encoding="utf-8"), dim)
    except ValueError as error:
        raise ValueError(f"{path}: {error} (the mouse was trained in worlds of {dim}×{dim} cells)") from None


def trained_on_held_out(env: EnvConfig, number: int) -> bool:
    """Whether a mouse's training levels reach into the first ``number`` held-out ones."""
    low, high = seed_range(env.num_levels, env.start_level)
    return low < HELD_OUT + number and high > HELD_OUT

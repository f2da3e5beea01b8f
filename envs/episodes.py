"""How an episode begins: a level seed is drawn, and the options of ``reset`` may put something else in its place."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from envs import world
from envs.generator import NO_CELL
from envs.levels import SEED_LIMIT, Levels, from_seeds, from_text, region_of, seed_range, world_dim_of
from envs.world import State

_FIELDS = {"cheese": "cheese", "mouse": "start"}  # options that name a cell, and the field of Levels that each sets
OPTIONS = ("level_seed", "level", *_FIELDS)


class Episodes(NamedTuple):
    """Which episodes an environment plays.

    Attributes:
        world_dim: side of the world.
        cheese_region: where levels made from seeds have their cheese.
        low, high: level seeds are drawn from [low, high).
    """

    world_dim: int
    cheese_region: str | int
    low: int
    high: int

    def begin(self, generators: Sequence[np.random.Generator], options: dict[str, list[Any]]) -> State:
        """Begin one episode a generator.

        Every episode takes one draw from its generator, also when options replace the level that it names: so the
        episodes that follow do not depend on the options of this one.

        Args:
            generators: N of them.
            options: of ``OPTIONS``, each with a list of N values.

        Returns:
            The first states of N episodes.

        Raises:
            ValueError: options that cannot be met; the generators are then as they were.
        """
        before = [generator.bit_generator.state for generator in generators]
        drawn = [int(generator.integers(self.low, self.high)) for generator in generators]
        try:
            return world.start(self._levels(drawn, options))
        except ValueError:
            for generator, state in zip(generators, before, strict=True):
                generator.bit_generator.state = state
            raise

    def _levels(self, drawn: list[int], options: dict[str, list[Any]]) -> Levels:
        if "level" in options and "level_seed" in options:
            raise ValueError("give the reset option level or level_seed, not both")
        if "level" in options:
            drawings = (from_text(_text(value), self.world_dim) for value in options["level"])
            levels = Levels(*map(torch.cat, zip(*drawings, strict=True)))
        else:
            seeds = [_level_seed(value) for value in options["level_seed"]] if "level_seed" in options else drawn
            levels = from_seeds(seeds, self.world_dim, self.cheese_region)
        cells = {_FIELDS[name]: _open_cells(name, options[name], levels) for name in _FIELDS if name in options}
        return levels._replace(**cells)


def episodes_of(
    distribution_mode: str | None,
    world_dim: int | None,
    cheese_region: str | int,
    num_levels: int,
    start_level: int,
) -> Episodes:
    """The episodes that the keywords of the environments name.

    Raises:
        ValueError: keywords that name none.
    """
    world_dim = world_dim_of(distribution_mode, world_dim)
    region_of(cheese_region, world_dim)
    for name, value in (("num_levels", num_levels), ("start_level", start_level)):
        if not is_integer(value):
            raise ValueError(f"{name} must be an integer, not {value!r}")
    return Episodes(world_dim, cheese_region, *seed_range(num_levels, start_level))


def spread(options: dict[str, Any], num_envs: int) -> dict[str, list[Any]]:
    """Options of ``reset`` as lists of ``num_envs`` values: one value counts for all, a sequence has one for each.

    Raises:
        ValueError: an unknown option, or a sequence of another length.
    """
    columns = {}
    for name, value in options.items():
        if name not in OPTIONS:
            raise ValueError(f"unknown reset option {name!r}; a level is set by {', '.join(OPTIONS)}")
        value = _plain(value)
        is_list = isinstance(value, list | tuple)
        if is_list and name in _FIELDS:  # a pair of numbers is one cell
            is_list = any(cell is None or isinstance(_plain(cell), list | tuple) for cell in value)
        if is_list and len(value) != num_envs:
            raise ValueError(f"reset option {name} has {len(value)} values, but there are {num_envs} environments")
        columns[name] = list(value) if is_list else [value] * num_envs
    return columns


def _plain(value: Any) -> Any:
    """Numbers and arrays of NumPy or torch as Python's own numbers and lists; anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def is_integer(value: Any) -> bool:
    """Whether this is a whole number of Python, NumPy or torch."""
    value = _plain(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _level_seed(value: Any) -> int:
    value = _plain(value)
    if not is_integer(value) or not 0 <= value < SEED_LIMIT:
        raise ValueError(f"level_seed must be an integer in [0, {SEED_LIMIT}), not {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"level must be a text, not {type(value).__name__}")
    return value


def _open_cells(name: str, places: list[Any], levels: Levels) -> Tensor:
    """int64 (N,): the cells of N places (x, y), −1 for a cheese that is None."""
    cells = []
    for row, place in enumerate(map(_plain, places)):
        if place is None and name == "cheese":
            cells.append(NO_CELL)
            continue
        if not isinstance(place, list | tuple) or len(place) != 2 or not all(map(is_integer, place)):
            raise ValueError(f"{name} must be a cell (x, y), not {place!r}")
        x, y = map(_plain, place)
        if not (0 <= x < levels.world_dim and 0 <= y < levels.world_dim):
            raise ValueError(f"{name} ({x}, {y}) lies outside the world, which has cells 0..{levels.world_dim - 1}")
        if levels.walls[row, y, x]:
            seed = int(levels.seed[row])
            raise ValueError(f"{name} ({x}, {y}) lies in a wall" + (f" of level {seed}" if seed >= 0 else ""))
        cells.append(y * levels.world_dim + x)
    return torch.tensor(cells)

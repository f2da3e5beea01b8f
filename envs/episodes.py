"""Episode starts: a level seed is drawn, or the options of ``reset`` replace it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from envs import world
from envs.drawings import from_text
from envs.generator import NO_CELL
from envs.levels import SEED_LIMIT, Levels, concatenate
from envs.spec import WorldSpec
from envs.world import State
from foundation.errors import InputError
from foundation.settings import is_integer, plain

_FIELDS = {"cheese": "cheese", "mouse": "start"}  # options that name a cell, and the field of Levels that each sets
OPTIONS = ("level_seed", "level", *_FIELDS)


def begin_episodes(spec: WorldSpec, generators: Sequence[np.random.Generator], options: dict[str, list[Any]]) -> State:
    """Start one episode per generator.

    Every episode draws one level seed from its generator, even if options replace the level. Later episodes therefore
    do not depend on the options of this one.

    Args:
        spec: the world.
        generators: N generators.
        options: names of ``OPTIONS``, each with N values.

    Returns:
        The first states of the N episodes.

    Raises:
        InputError: if options are invalid; the generators are then unchanged.
    """
    before = [generator.bit_generator.state for generator in generators]
    seeds = spec.level_seeds
    drawn = [int(generator.integers(seeds.start, seeds.stop)) for generator in generators]
    try:
        return world.start(_make_levels(spec, drawn, options))
    except InputError:
        for generator, state in zip(generators, before, strict=True):
            generator.bit_generator.state = state
        raise


def _make_levels(spec: WorldSpec, drawn: list[int], options: dict[str, list[Any]]) -> Levels:
    if "level" in options and "level_seed" in options:
        raise InputError("give the reset option level or level_seed, not both")
    if "level" in options:
        drawings = (from_text(_check_text(value), spec.world_dim) for value in options["level"])
        levels = concatenate(drawings)
    else:
        seeds = [_parse_level_seed(value) for value in options["level_seed"]] if "level_seed" in options else drawn
        levels = spec.make_levels(seeds)
    cells = {_FIELDS[name]: _parse_cells(name, options[name], levels) for name in _FIELDS if name in options}
    return levels._replace(**cells)


def spread_options(options: dict[str, Any], num_envs: int) -> dict[str, list[Any]]:
    """Expand the options of ``reset`` to lists of ``num_envs`` values. A single value applies to all environments.

    Raises:
        InputError: if an option is unknown, or a sequence has another length.
    """
    columns = {}
    for name, value in options.items():
        if name not in OPTIONS:
            raise InputError(f"unknown reset option {name!r}; a level is set by {', '.join(OPTIONS)}")
        value = plain(value)
        is_list = isinstance(value, list | tuple)
        if is_list and name in _FIELDS:  # a pair of integers is one cell, not two values
            is_list = any(cell is None or isinstance(plain(cell), list | tuple) for cell in value)
        if is_list and len(value) != num_envs:
            raise InputError(f"reset option {name} has {len(value)} values, but there are {num_envs} environments")
        columns[name] = list(value) if is_list else [value] * num_envs
    return columns


def _parse_level_seed(value: Any) -> int:
    value = plain(value)
    if not is_integer(value) or not 0 <= value < SEED_LIMIT:
        raise InputError(f"level_seed must be an integer in [0, {SEED_LIMIT}), not {value!r}")
    return value


def _check_text(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"level must be a text, not {type(value).__name__}")
    return value


def _parse_cells(name: str, places: list[Any], levels: Levels) -> Tensor:
    """Convert N positions (x, y) to cells int64 (N,); −1 for None."""
    cells = []
    for row, place in enumerate(map(plain, places)):
        if place is None and name == "cheese":
            cells.append(NO_CELL)
            continue
        if not isinstance(place, list | tuple) or len(place) != 2 or not all(map(is_integer, place)):
            raise InputError(f"{name} must be a cell (x, y), not {place!r}")
        x, y = map(plain, place)
        if not (0 <= x < levels.world_dim and 0 <= y < levels.world_dim):
            raise InputError(f"{name} ({x}, {y}) lies outside the world, which has cells 0..{levels.world_dim - 1}")
        if levels.walls[row, y, x]:
            seed = int(levels.seed[row])
            raise InputError(f"{name} ({x}, {y}) lies in a wall" + (f" of level {seed}" if seed >= 0 else ""))
        cells.append(y * levels.world_dim + x)
    return torch.tensor(cells)

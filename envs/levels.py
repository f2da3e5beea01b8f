"""Batched levels, made from level seeds, and cheese regions.

A cell is one integer, ``y·world_dim + x``, with x to the right and y up, so 0 is the world's bottom-left cell.
A maze of side ``maze_dim`` is centred in its world; all cells outside it are wall.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from envs.generator import BACKGROUNDS, NO_CELL, WHOLE_MAZE, generate
from foundation.errors import InputError
from foundation.settings import is_integer

WORLD_DIMS = {"easy": 15, "hard": 25}  # Procgen's distribution modes
SMALLEST_WORLD, SMALLEST_MAZE = 5, 3
SEED_LIMIT = 2**31 - 1  # Procgen draws level seeds from [0, 2³¹−1)
ANYWHERE = "anywhere"  # the cheese region that is the whole maze


class Levels(NamedTuple):
    """A batch of N levels in worlds of one size.

    Attributes:
        seed: int64 (N,), the level seed; −1 for a level from text.
        walls: bool (N, world_dim, world_dim), indexed [level, y, x] with y up; True is wall.
        maze_dim: int64 (N,), side of the maze in cells.
        start: int64 (N,), the start cell of the mouse.
        cheese: int64 (N,), the cell of the cheese, −1 without cheese.
        background: int64 (N,), index of the floor, 0..8.
        shift: int64 (N,), the shift of the floor, in units of 2⁻³² of its width.
    """

    seed: Tensor
    walls: Tensor
    maze_dim: Tensor
    start: Tensor
    cheese: Tensor
    background: Tensor
    shift: Tensor

    @property
    def num_levels(self) -> int:
        return self.seed.shape[0]

    @property
    def world_dim(self) -> int:
        return self.walls.shape[-1]

    @property
    def device(self) -> torch.device:
        return self.walls.device

    @property
    def margin(self) -> Tensor:
        """int64 (N,): the cells of wall between the world's edge and the maze, on each side."""
        return (self.world_dim - self.maze_dim) // 2

    @property
    def corner(self) -> Tensor:
        """int64 (N,): the top-right cell of each maze."""
        edge = self.world_dim - 1 - self.margin
        return edge * self.world_dim + edge

    def rows(self, index) -> "Levels":
        """Select levels; ``index`` is any index of a tensor's first dimension."""
        return Levels(*(field[index] for field in self))

    def hide_cheese(self) -> "Levels":
        """The same mazes without cheese."""
        return self._replace(cheese=torch.full_like(self.cheese, NO_CELL))

    def to(self, device) -> "Levels":
        return Levels(*(field.to(device) for field in self))

    def check(self, where: str) -> None:
        """Check levels of an untrusted source, whose types and shapes have been checked.

        Raises:
            InputError: a number is impossible; the message begins with ``where``.
        """
        cells = self.world_dim**2
        ranges = {
            "seed": (-1, SEED_LIMIT - 1),
            "maze_dim": (SMALLEST_MAZE, self.world_dim),
            "start": (0, cells - 1),
            "cheese": (NO_CELL, cells - 1),
            "background": (0, BACKGROUNDS - 1),
            "shift": (0, 2**32 - 1),
        }
        for name, (least, most) in ranges.items():
            check_range(getattr(self, name), least, most, f"{where}.{name}")

    def where(self, mask: Tensor, other: "Levels", out: "Levels | None" = None) -> "Levels":
        """Take these levels where ``mask`` bool (N,) is True and ``other`` elsewhere; write into ``out`` if given."""
        triples = zip(self, other, out or (None,) * len(self), strict=True)
        return Levels(*(torch.where(mask.view(-1, *[1] * (a.dim() - 1)), a, b, out=c) for a, b, c in triples))


def concatenate(parts: Iterable[Levels]) -> Levels:
    """Join batches of levels of one world into one batch."""
    return Levels(*map(torch.cat, zip(*parts, strict=True)))


def check_range(values: Tensor, least: int, most: int, what: str) -> None:
    """Check that integers (…) lie in a range, both bounds included.

    Raises:
        InputError: one does not; the message begins with ``what``.
    """
    if values.numel() and not (least <= int(values.min()) and int(values.max()) <= most):
        raise InputError(f"{what} must lie in {least}..{most}, not {int(values.min())}..{int(values.max())}")


def parse_world_dim(distribution_mode: str | None = None, world_dim: int | None = None) -> int:
    """Parse a distribution mode or a world_dim into the world's side; the default is easy.

    Raises:
        InputError: if the mode is unknown, world_dim is even or too small, or both are given.
    """
    if world_dim is None:
        mode = "easy" if distribution_mode is None else distribution_mode
        if mode not in tuple(WORLD_DIMS):
            raise InputError(f"distribution_mode must be one of {', '.join(WORLD_DIMS)}, not {mode!r}")
        return WORLD_DIMS[mode]
    if distribution_mode is not None:
        raise InputError(f"give distribution_mode ({distribution_mode!r}) or world_dim ({world_dim}), not both")
    if not is_integer(world_dim):
        raise InputError(f"world_dim must be an odd integer of at least {SMALLEST_WORLD}, not {world_dim!r}")
    if world_dim < SMALLEST_WORLD or world_dim % 2 == 0:
        raise InputError(f"world_dim must be odd and at least {SMALLEST_WORLD}, not {world_dim}")
    return int(world_dim)


def parse_region(cheese_region: str | int, world_dim: int) -> int:
    """Parse a cheese region into the generator's code.

    Raises:
        InputError: if it is neither "anywhere" nor an integer in 0..world_dim.
    """
    if isinstance(cheese_region, str) and cheese_region == ANYWHERE:
        return WHOLE_MAZE
    if not is_integer(cheese_region) or not 0 <= int(cheese_region) <= world_dim:
        raise InputError(f'cheese_region must be "{ANYWHERE}" or an integer 0..{world_dim}, not {cheese_region!r}')
    return int(cheese_region)


def parse_seed_range(num_levels: int, start_level: int) -> range:
    """Parse num_levels and start_level into the range of level seeds, as Procgen does; 0 levels give [0, 2³¹−1).

    Raises:
        InputError: if one is not an integer or is negative, or the range is not inside [0, 2³¹−1).
    """
    for name, value in (("num_levels", num_levels), ("start_level", start_level)):
        if not is_integer(value):
            raise InputError(f"{name} must be an integer, not {value!r}")
    if num_levels < 0 or start_level < 0:
        raise InputError(f"num_levels ({num_levels}) and start_level ({start_level}) must not be negative")
    if num_levels == 0:
        return range(SEED_LIMIT)
    if start_level + num_levels > SEED_LIMIT:
        raise InputError(f"start_level + num_levels must be at most {SEED_LIMIT}, not {start_level + num_levels}")
    return range(int(start_level), int(start_level + num_levels))


def top_right_mask(levels: Levels, side: Tensor) -> Tensor:
    """Mask the top-right ``side``×``side`` cells of each maze, ``side`` int64 (N,): bool (N, world_dim, world_dim)."""
    coordinate = torch.arange(levels.world_dim)
    low, high = levels.margin, levels.world_dim - levels.margin
    inside = (coordinate >= torch.maximum(low, high - side)[:, None]) & (coordinate < high[:, None])
    return inside[:, :, None] & inside[:, None, :]


def region_mask(levels: Levels, cheese_region: str | int) -> Tensor:
    """Mask the cells of a cheese region, open and wall, in each maze: bool (N, world_dim, world_dim)."""
    region = parse_region(cheese_region, levels.world_dim)
    side = levels.world_dim if region == WHOLE_MAZE else max(region, 1)
    return top_right_mask(levels, torch.full_like(levels.maze_dim, side))


def describe_region(cheese_region: str | int) -> str:
    """Describe a cheese region, e.g. "in the top-right corner"."""
    if cheese_region == ANYWHERE:
        return ANYWHERE
    return f"in the top-right {cheese_region}×{cheese_region}" if cheese_region else "in the top-right corner"


def from_seeds(level_seeds, world_dim: int, cheese_region: str | int = ANYWHERE, device: Device = "cpu") -> Levels:
    """Generate Procgen's levels, cell for cell.

    Args:
        level_seeds: integers (N,), each in [0, 2³¹−1).
        world_dim: side of the world, odd, at least 5.
        cheese_region: "anywhere", or n for the top-right n×n of each maze (0: its corner cell).
        device: device of the tensors; it does not change the levels.

    Raises:
        InputError: if a seed is out of range, or the world or region is invalid.
    """
    world_dim = parse_world_dim(world_dim=world_dim)
    region = parse_region(cheese_region, world_dim)
    seeds = np.asarray(level_seeds)
    if seeds.ndim != 1 or (seeds.size and seeds.dtype.kind not in "iu"):
        raise InputError(f"level seeds must be a flat list of integers, not {level_seeds!r}")
    if seeds.size and not (0 <= seeds.min() and seeds.max() < SEED_LIMIT):
        raise InputError(f"level seeds must be in [0, {SEED_LIMIT}), not {seeds.min()}..{seeds.max()}")
    seeds = np.ascontiguousarray(seeds, dtype=np.int64)
    walls, maze_dim, cheese, background, shift = generate(seeds, world_dim, region)
    margin = (world_dim - maze_dim) // 2
    fields = (seeds.copy(), walls, maze_dim, margin * world_dim + margin, cheese, background, shift)
    return Levels(*(torch.from_numpy(field).to(device) for field in fields))

"""Levels, batched: from seeds, from text and back, and the rules of what a level may be.

A cell is one integer, ``y·world_dim + x``, with x to the right and y up, so that 0 is the world's bottom-left cell.
A maze of side ``maze_dim`` lies in the middle of its world; everything outside it is wall.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from envs.generator import ANYWHERE, NO_CELL, generate

WORLD_DIMS = {"easy": 15, "hard": 25}  # Procgen's distribution modes
SMALLEST_WORLD, SMALLEST_MAZE = 5, 3
SEED_LIMIT = 2**31 - 1  # Procgen draws level seeds from [0, 2³¹−1)

WALL, OPEN, MOUSE, CHEESE = "# @."  # XSB notation
COMMENT = ";"  # a line of a file of levels that begins with it says something to people


class Levels(NamedTuple):
    """A batch of N levels in worlds of one size.

    Attributes:
        seed: int64 (N,), the level seed; −1 for a level that came from text.
        walls: bool (N, world_dim, world_dim), indexed [level, y, x] with y up; True is wall.
        maze_dim: int64 (N,), side of the maze in cells.
        start: int64 (N,), the cell where the mouse begins.
        cheese: int64 (N,), the cell of the cheese, −1 where the level has none.
        background: int64 (N,), which of the nine floors.
        shift: int64 (N,), how far the floor is shifted, in units of 2⁻³² of its width.
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
    def corner(self) -> Tensor:
        """int64 (N,): the top-right cell of each maze."""
        edge = (self.world_dim + self.maze_dim) // 2 - 1
        return edge * self.world_dim + edge

    def rows(self, index) -> "Levels":
        """The levels at ``index`` (anything that indexes the first dimension of a tensor)."""
        return Levels(*(field[index] for field in self))

    def to(self, device) -> "Levels":
        return Levels(*(field.to(device) for field in self))

    def where(self, mask: Tensor, other: "Levels", out: "Levels | None" = None) -> "Levels":
        """These levels where ``mask`` bool (N,) is True, ``other``'s elsewhere; written into ``out`` if it is given."""
        triples = zip(self, other, out or (None,) * len(self), strict=True)
        return Levels(*(torch.where(mask.view(-1, *[1] * (a.dim() - 1)), a, b, out=c) for a, b, c in triples))


def world_dim_of(distribution_mode: str | None = None, world_dim: int | None = None) -> int:
    """Side of the world that a distribution mode, or a world_dim, names; easy when neither is given.

    Raises:
        ValueError: unknown mode, an even or too small world_dim, or both given.
    """
    if world_dim is None:
        mode = "easy" if distribution_mode is None else distribution_mode
        if mode not in WORLD_DIMS:
            raise ValueError(f"distribution_mode must be one of {', '.join(WORLD_DIMS)}, not {mode!r}")
        return WORLD_DIMS[mode]
    if distribution_mode is not None:
        raise ValueError(f"give distribution_mode ({distribution_mode!r}) or world_dim ({world_dim}), not both")
    if isinstance(world_dim, bool) or not isinstance(world_dim, int | np.integer):
        raise ValueError(f"world_dim must be an odd integer from {SMALLEST_WORLD}, not {world_dim!r}")
    if world_dim < SMALLEST_WORLD or world_dim % 2 == 0:
        raise ValueError(f"world_dim must be odd and at least {SMALLEST_WORLD}, not {world_dim}")
    return int(world_dim)


def region_of(cheese_region: str | int, world_dim: int) -> int:
    """The generator's number of a cheese region.

    Raises:
        ValueError: neither "anywhere" nor an integer from 0 to world_dim.
    """
    if cheese_region == "anywhere":
        return ANYWHERE
    is_integer = isinstance(cheese_region, int | np.integer) and not isinstance(cheese_region, bool)
    if not is_integer or not 0 <= int(cheese_region) <= world_dim:
        raise ValueError(f'cheese_region must be "anywhere" or an integer 0..{world_dim}, not {cheese_region!r}')
    return int(cheese_region)


def top_right(levels: Levels, side: Tensor) -> Tensor:
    """bool (N, world_dim, world_dim): the top-right ``side``×``side`` cells of each maze, ``side`` int64 (N,)."""
    coordinate = torch.arange(levels.world_dim)
    low, high = (levels.world_dim - levels.maze_dim) // 2, (levels.world_dim + levels.maze_dim) // 2
    inside = (coordinate >= torch.maximum(low, high - side)[:, None]) & (coordinate < high[:, None])
    return inside[:, :, None] & inside[:, None, :]


def region_mask(levels: Levels, cheese_region: str | int) -> Tensor:
    """bool (N, world_dim, world_dim): the cells, open or not, of a cheese region in each maze."""
    region = region_of(cheese_region, levels.world_dim)
    side = levels.world_dim if region == ANYWHERE else max(region, 1)
    return top_right(levels, torch.full_like(levels.maze_dim, side))


def region_in_words(cheese_region: str | int) -> str:
    """Where a cheese region is, as in "the cheese in the top-right corner"."""
    if cheese_region == "anywhere":
        return "anywhere"
    return f"in the top-right {cheese_region}×{cheese_region}" if cheese_region else "in the top-right corner"


def seed_range(num_levels: int, start_level: int) -> tuple[int, int]:
    """Procgen's meaning of num_levels and start_level: the level seeds [low, high) that they name.

    Raises:
        ValueError: a negative number, or a range that leaves [0, 2³¹−1).
    """
    if num_levels < 0 or start_level < 0:
        raise ValueError(f"num_levels ({num_levels}) and start_level ({start_level}) must not be negative")
    if num_levels == 0:
        return 0, SEED_LIMIT
    if start_level + num_levels > SEED_LIMIT:
        raise ValueError(f"start_level + num_levels must be at most {SEED_LIMIT}, not {start_level + num_levels}")
    return start_level, start_level + num_levels


def from_seeds(level_seeds, world_dim: int, cheese_region: str | int = "anywhere", device: Device = "cpu") -> Levels:
    """Procgen's levels, cell for cell.

    Args:
        level_seeds: integers (N,), each in [0, 2³¹−1).
        world_dim: side of the world, odd, at least 5.
        cheese_region: "anywhere", or n for the top-right n×n of each maze (0: its exact corner).
        device: where the tensors shall lie; the levels do not depend on it.

    Raises:
        ValueError: a seed out of range, or a world or region that does not exist.
    """
    world_dim = world_dim_of(world_dim=world_dim)
    region = region_of(cheese_region, world_dim)
    seeds = np.asarray(level_seeds)
    if seeds.ndim != 1 or (seeds.size and seeds.dtype.kind not in "iu"):
        raise ValueError(f"level seeds must be a flat list of integers, not {level_seeds!r}")
    if seeds.size and not (0 <= seeds.min() and seeds.max() < SEED_LIMIT):
        raise ValueError(f"level seeds must lie in [0, {SEED_LIMIT}), not {seeds.min()}..{seeds.max()}")
    seeds = np.ascontiguousarray(seeds, dtype=np.int64)
    walls, maze_dim, cheese, background, shift = generate(seeds, world_dim, region)
    margin = (world_dim - maze_dim) // 2
    fields = (seeds.copy(), walls, maze_dim, margin * world_dim + margin, cheese, background, shift)
    return Levels(*(torch.from_numpy(field).to(device) for field in fields))


def from_text(text: str, world_dim: int, device: Device = "cpu") -> Levels:
    """One level drawn by hand: an odd square, top row first, ``#`` wall, space open, ``@`` mouse, ``.`` cheese.

    A square smaller than the world is centred in it. The cheese may be missing; loops and cut-off parts are allowed.

    Lines may end as on Windows.

    Raises:
        ValueError: anything else; the message names row and column, counted from 1.
    """
    world_dim = world_dim_of(world_dim=world_dim)
    rows = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    dim = len(rows)
    for number, row in enumerate(rows, start=1):
        if len(row) != dim:
            raise ValueError(
                f"level text must be square: row {number} has {len(row)} columns, but there are {dim} rows"
                + (" (an editor may have cut off the blanks at its end)" if len(row) < dim else "")
            )
        for column, letter in enumerate(row, start=1):
            if letter not in (WALL, OPEN, MOUSE, CHEESE):
                raise ValueError(
                    f"level text: unknown letter {letter!r} in row {number}, column {column}; "
                    f'known are "{WALL}" wall, "{OPEN}" open, "{MOUSE}" mouse, "{CHEESE}" cheese'
                )
    if dim % 2 == 0 or not SMALLEST_MAZE <= dim <= world_dim:
        raise ValueError(
            f"level text must have an odd side from {SMALLEST_MAZE} to {world_dim}, not {dim} rows and columns"
        )

    letters = np.array([list(row) for row in reversed(rows)])  # y up
    margin = (world_dim - dim) // 2
    cells = {}
    for name, letter, needed in (("mouse", MOUSE, True), ("cheese", CHEESE, False)):
        found = [(y, x) for y, x in np.argwhere(letters == letter).tolist()]
        if len(found) > 1:
            places = " and ".join(
                f"row {dim - y}, column {x + 1}" for y, x in sorted(found, key=lambda cell: (-cell[0], cell[1]))
            )
            raise ValueError(f"level text has {len(found)} of {name} ({letter!r}), at {places}; one is allowed")
        if not found and needed:
            raise ValueError(f"level text has no {name} ({letter!r}) in any of its {dim} rows and {dim} columns")
        cells[name] = (found[0][0] + margin) * world_dim + found[0][1] + margin if found else NO_CELL
    walls = np.ones((1, world_dim, world_dim), bool)
    walls[0, margin : margin + dim, margin : margin + dim] = letters == WALL
    numbers = (-1, dim, cells["mouse"], cells["cheese"], 0, 0)
    seed, maze_dim, start, cheese, background, shift = (torch.tensor([number]) for number in numbers)
    return Levels(seed, torch.from_numpy(walls), maze_dim, start, cheese, background, shift).to(device)


def to_text(level: Levels, mouse: int | None = None, whole_world: bool = False) -> str:
    """Draw a batch of one level as text, the inverse of ``from_text``; no newline at the end.

    Args:
        level: one level.
        mouse: the mouse's cell; its start when None. It hides a cheese in the same cell.
        whole_world: draw the world rather than the maze alone.
    """
    assert level.num_levels == 1, "to_text draws one level"
    letters = np.where(level.walls[0].cpu().numpy(), WALL, OPEN)
    if (cheese := int(level.cheese)) != NO_CELL:
        letters.flat[cheese] = CHEESE
    letters.flat[int(level.start) if mouse is None else mouse] = MOUSE
    if not whole_world:
        margin = (level.world_dim - int(level.maze_dim)) // 2
        inside = slice(margin, margin + int(level.maze_dim))
        letters = letters[inside, inside]
    return "\n".join("".join(row) for row in letters[::-1])


def from_texts(text: str, world_dim: int, device: Device = "cpu") -> Levels:
    """A file of levels: drawings as ``from_text`` reads them, with an empty line between two.

    Lines that begin with ``;`` are comments. An open row of a maze consists of blanks, so no empty line is a row: where
    an editor has cut the blanks off, what is left is not square and is refused.

    Raises:
        ValueError: no level at all, or one that ``from_text`` refuses; the message names the level and the line in
            which it begins, both counted from 1.
    """
    drawings: list[tuple[int, list[str]]] = []  # the first line's number, and the rows
    between = True
    for number, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), start=1):
        if line.startswith(COMMENT):
            continue
        if line and between:
            drawings.append((number, []))
        if line:
            drawings[-1][1].append(line)
        between = not line
    if not drawings:
        raise ValueError("there is no level in it: expected mazes drawn as text, an empty line between two")
    levels = []
    for count, (number, rows) in enumerate(drawings, start=1):
        try:
            levels.append(from_text("\n".join(rows), world_dim, device))
        except ValueError as error:
            raise ValueError(f"level {count}, from line {number}: {error}") from None
    return Levels(*map(torch.cat, zip(*levels, strict=True)))


def to_texts(levels: Levels) -> str:
    """Draw levels as the text of a file, the inverse of ``from_texts``; it ends with a newline."""
    return "\n\n".join(to_text(levels.rows([number])) for number in range(levels.num_levels)) + "\n"

"""From states to pictures: what the mouse's network sees, and what people look at.

A picture is a function of the state. Its first row is the top, although the world's y points up.
"""

from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from envs.generator import NO_CELL
from envs.levels import Levels
from envs.sprites import CHEESE, FLOOR_TEXELS, FLOORS, MOUSE, TEXELS, WALL
from envs.world import State

OBSERVATIONS = ("rgb", "cells")

_SIDE = 64  # of an rgb observation, as in Procgen
_PIXELS = _SIDE * _SIDE
_UNITS = 2 * _SIDE  # positions are counted in 1/128 of a cell, so that every pixel's centre is an odd integer
_REACH = 2  # how far a wall reaches over its edge: 0.02 of a cell is 2.56 units
_SHADOW = (4, 2)  # how far a wall's shadow falls in a portrait, in texels down and to the right


class Painter(Protocol):
    """Paints one kind of observation for worlds of one size on one device.

    Attributes:
        shape: height, width, 3.
    """

    @property
    def shape(self) -> tuple[int, int, int]: ...

    def paint(self, state: State) -> Tensor:
        """uint8 (N, height, width, 3), contiguous: the pictures of N states, top row first."""
        ...

    def repaint(self, pictures: Tensor, before: State, after: State) -> None:
        """Turn pictures of ``before`` into those of ``after``, in place: what ``paint(after)`` gives, bit for bit.

        Args:
            pictures: uint8 (N, height, width, 3), contiguous.
            before: N states.
            after: the same levels, with the mouse elsewhere or facing the other way; only the pixels of its two
                cells are written.
        """


@lru_cache(maxsize=32)  # a painter is nothing but tables, megabytes of them, so one serves all
def painter_of(observation: str, world_dim: int, device: Device = "cpu") -> Painter:
    """The painter of an observation.

    Args:
        observation: "rgb", Procgen's 64×64 picture, or "cells", one pixel a cell.
        world_dim: side of the world.
        device: where the states lie.

    Raises:
        ValueError: an unknown observation, or a world with more cells than the rgb picture has pixels.
    """
    if observation not in OBSERVATIONS:
        raise ValueError(f"observation must be one of {', '.join(OBSERVATIONS)}, not {observation!r}")
    if observation == "cells":
        return CellsPainter(world_dim, device)
    if world_dim > _SIDE:
        raise ValueError(f'observation "rgb" has {_SIDE} pixels a side, too few for world_dim {world_dim}: use "cells"')
    return RgbPainter(world_dim, device)


class CellsPainter:
    """One pixel a cell; 0 or 255 in three channels: wall, mouse, cheese."""

    def __init__(self, world_dim: int, device: Device = "cpu"):
        self._made_of = ("cells", world_dim, device)
        self.shape = (world_dim, world_dim, 3)
        self._cells = _top_row_first(world_dim).flatten().to(device)  # (W²,) the cell that each pixel shows

    def __reduce__(self):
        return painter_of, self._made_of  # copies and pickles name the tables

    def paint(self, state: State) -> Tensor:
        level, cells = state.level, self._cells
        planes = (level.walls.flip(1).flatten(1), state.mouse[:, None] == cells, level.cheese[:, None] == cells)
        return (torch.stack(planes, dim=-1).to(torch.uint8) * 255).view(-1, *self.shape)

    def repaint(self, pictures: Tensor, before: State, after: State) -> None:
        mice = pictures.view(-1, len(self._cells), 3)[..., 1]
        # Flipping is its own inverse, so this table also names the pixel that shows each cell.
        mice.scatter_(1, self._cells[before.mouse][:, None], 0)
        mice.scatter_(1, self._cells[after.mouse][:, None], 255)


class RgbPainter:
    """Procgen's picture, with our sprites: 64×64 pixels that show what lies under their centres.

    There are two ways to the same colours. A whole picture is blended from two, all floor and all wall; the few
    pixels of a cell are looked up one by one: any colour is a row of one table.
    """

    shape = (_SIDE, _SIDE, 3)

    def __init__(self, world_dim: int, device: Device = "cpu"):
        self._made_of = ("rgb", world_dim, device)
        centre = (2 * torch.arange(_SIDE) + 1) * world_dim  # the same from the left and from the top
        column, offset = centre // _UNITS, centre % _UNITS
        beside = column + (offset >= _UNITS - _REACH).long() - (offset <= _REACH).long()  # its wall reaches here too
        columns = torch.stack((column, beside))
        rows = world_dim - 1 - columns

        # (W², K): the pixels of each cell; where it has fewer than others, its last one again.
        count = torch.bincount(column, minlength=world_dim)
        span = (count.cumsum(0) - count)[:, None] + torch.arange(int(count.max())).clamp(max=count[:, None] - 1)
        pixels = (span.flip(0)[:, None, :, None] * _SIDE + span[:, None, :]).view(world_dim**2, -1)
        down, across = pixels // _SIDE, pixels % _SIDE
        # (W², K, 4): the cells that cover each of these pixels if they are wall.
        covering = torch.stack([r[down] * world_dim + c[across] for r in rows for c in columns], dim=-1)

        # (R, 3): every colour, first those of the floors, then of the wall, then of the sprites.
        texel = centre * TEXELS // _UNITS
        floors = _shifted_floors(texel).view(-1, 3)
        wall = torch.from_numpy(WALL)[texel % TEXELS][:, texel % TEXELS].reshape(-1, 3)
        sprites = torch.from_numpy(np.stack((CHEESE, MOUSE, MOUSE[:, ::-1]))).flatten(0, 2)
        colours = torch.cat((floors, wall, sprites[:, :3]))

        # (6, W², K): the row of what stands in a cell at each of its pixels, −1 where one sees through.
        first_sprite = len(colours) - len(sprites)
        seen = torch.where(sprites[:, 3] > 0, first_sprite + torch.arange(len(sprites)), -1).view(3, -1)
        cheese, left, right = seen[:, texel[down] % TEXELS * TEXELS + texel[across] % TEXELS]
        left_over, right_over = (torch.where(mouse < 0, cheese, mouse) for mouse in (left, right))
        contents = torch.stack((torch.full_like(cheese, -1), cheese, left, left_over, right, right_over))

        self._first_wall = len(floors)
        self._channels = torch.arange(3, device=device)
        self._columns, self._rows, self._pixels, self._covering, self._contents, self._colours = (
            table.to(device) for table in (columns, rows, pixels, covering, contents, colours)
        )
        self._floors = self._colours[: len(floors)].view(-1, 3 * _PIXELS)
        self._wall = self._colours[len(floors) : first_sprite].flatten()

    def __reduce__(self):
        return painter_of, self._made_of  # copies and pickles name the tables

    def paint(self, state: State) -> Tensor:
        level = state.level
        walls = level.walls.to(torch.uint8) * 255
        covered = walls.index_select(2, self._columns[0]) | walls.index_select(2, self._columns[1])
        covered = covered[..., None].expand(-1, -1, -1, 3).flatten(2)
        covered = covered.index_select(1, self._rows[0]).bitwise_or_(covered.index_select(1, self._rows[1])).flatten(1)
        pictures = self._floors.index_select(0, _floor_index(level))
        # The walls over the floors; on bytes these three steps are ten times as fast as torch.where.
        pictures ^= (pictures ^ self._wall).bitwise_and_(covered)
        pictures = pictures.view(-1, *self.shape)
        self._paint_cells(pictures, state, torch.stack((level.cheese.clamp(min=0), state.mouse), dim=1))
        return pictures

    def repaint(self, pictures: Tensor, before: State, after: State) -> None:
        self._paint_cells(pictures, after, torch.stack((before.mouse, after.mouse), dim=1))

    def _paint_cells(self, pictures: Tensor, state: State, cells: Tensor) -> None:
        """Paint what ``state`` shows in ``cells`` int64 (N, C) into ``pictures``."""
        level = state.level
        pixels = self._pixels[cells].flatten(1)  # (N, C·K), as are covered, row and standing
        covering = self._covering[cells].flatten(1)
        covered = level.walls.flatten(1).gather(1, covering).view(*pixels.shape, 4).any(-1)
        row = pixels + torch.where(covered, self._first_wall, _floor_index(level)[:, None] * _PIXELS)

        mouse_here = cells == state.mouse[:, None]
        # An index into contents: 1 for the cheese, and 2 or 4 for the mouse facing left or right.
        content = (cells == level.cheese[:, None]) + 2 * mouse_here * (1 + state.facing_right.long()[:, None])
        standing = self._contents[content, cells].flatten(1)
        row = torch.where(standing < 0, row, standing)

        places = (pixels[..., None] * 3 + self._channels).flatten(1)
        colours = self._colours.index_select(0, row.flatten()).view(places.shape)
        pictures.view(-1, 3 * _PIXELS).scatter_(1, places, colours)


def portrait(state: State, cell_pixels: int) -> np.ndarray:
    """A picture for people: every texel sharp, and walls that cast a shadow on the floor.

    Args:
        state: one state.
        cell_pixels: side of a cell in pixels; looks best as a multiple of ``TEXELS``.

    Returns:
        uint8 (world_dim·cell_pixels, world_dim·cell_pixels, 3).
    """
    level, dim = state.level, state.level.world_dim
    assert level.num_levels == 1, "portrait paints one state"
    texel = np.arange(dim * TEXELS)
    floor, shift = divmod(int(_floor_index(level)), FLOOR_TEXELS)
    canvas = FLOORS[floor][texel % FLOOR_TEXELS][:, (texel + shift) % FLOOR_TEXELS]
    walls = level.walls[0].flip(0).cpu().numpy().repeat(TEXELS, 0).repeat(TEXELS, 1)[..., None]
    down, across = (np.maximum(texel - length, 0) for length in _SHADOW)
    canvas = np.where(walls[down][:, across], canvas // 5 * 3, canvas)
    canvas = np.where(walls, np.tile(WALL, (dim, dim, 1)), canvas)
    mouse = MOUSE[:, ::-1] if state.facing_right else MOUSE
    for cell, sprite in ((int(level.cheese), CHEESE), (int(state.mouse), mouse)):
        if cell != NO_CELL:
            y, x = divmod(cell, dim)
            square = canvas[(dim - 1 - y) * TEXELS :, x * TEXELS :][:TEXELS, :TEXELS]
            np.copyto(square, sprite[..., :3], where=sprite[..., 3:] > 0)
    sample = (2 * np.arange(dim * cell_pixels) + 1) * TEXELS // (2 * cell_pixels)
    return canvas[sample][:, sample]


def _top_row_first(world_dim: int) -> Tensor:
    """int64 (world_dim, world_dim): the cells as a picture shows them."""
    return torch.arange(world_dim**2).view(world_dim, world_dim).flip(0)


def _floor_index(level: Levels) -> Tensor:
    """int64 (N,): which of the 9·64 floors: a floor is shifted by whole texels, so there are 64 of each."""
    return level.background * FLOOR_TEXELS + (level.shift * FLOOR_TEXELS >> 32)


def _shifted_floors(texel: Tensor) -> Tensor:
    """uint8 (9·64, 64, 64, 3): each floor in each shift, where ``texel`` int64 (64,) is what rows and columns show."""
    shifted = texel + torch.arange(FLOOR_TEXELS)[:, None]
    floors = torch.from_numpy(FLOORS)[:, texel % FLOOR_TEXELS][:, :, shifted % FLOOR_TEXELS]
    return floors.transpose(1, 2).flatten(0, 1)

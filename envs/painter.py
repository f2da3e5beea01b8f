"""From states to pictures: what the mouse's network sees, and what people look at.

A picture is a function of the state. Its first row is the top, although the world's y points up.
"""

from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numba import njit
from torch import Tensor
from torch.types import Device

from envs.generator import NO_CELL
from envs.levels import Levels
from envs.sprites import CHEESE, FLOOR_TEXELS, FLOORS, MOUSE, TEXELS, WALL
from envs.world import State

OBSERVATIONS = ("rgb", "cells")

_SIDE = 64  # of an rgb observation, as in Procgen
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

    def repaint(self, pictures: Tensor, before: State, after: State, begun: Tensor | None = None) -> None:
        """Turn pictures of ``before`` into those of ``after``, in place: what ``paint(after)`` gives, bit for bit.

        On a CPU only what changed is written: the mouse's two cells.

        Args:
            pictures: uint8 (N, height, width, 3), contiguous.
            before: N states.
            after: the same levels, with the mouse elsewhere or facing the other way.
            begun: bool (N,), where ``after`` may be anything, such as the start of another level.
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
        self._cells = torch.arange(world_dim**2).view(world_dim, world_dim).flip(0).flatten().to(device)
        self.on_cpu = self._cells.device.type == "cpu"

    def __reduce__(self):
        return painter_of, self._made_of  # copies and pickles name the tables

    def paint(self, state: State) -> Tensor:
        level, cells = state.level, self._cells
        planes = (level.walls.flip(1).flatten(1), state.mouse[:, None] == cells, level.cheese[:, None] == cells)
        return (torch.stack(planes, dim=-1).to(torch.uint8) * 255).view(-1, *self.shape)

    def repaint(self, pictures: Tensor, before: State, after: State, begun: Tensor | None = None) -> None:
        if not self.on_cpu:  # one small picture costs less than finding out, on a GPU, which rows to write
            pictures.copy_(self.paint(after))
            return
        mice = pictures.view(-1, len(self._cells), 3)[..., 1]
        # Flipping is its own inverse, so this table also names the pixel that shows each cell.
        mice.scatter_(1, self._cells[before.mouse][:, None], 0)
        mice.scatter_(1, self._cells[after.mouse][:, None], 255)
        if begun is not None and len(rows := begun.nonzero()[:, 0]):
            pictures[rows] = self.paint(after.rows(rows))


class RgbPainter:
    """Procgen's picture, with our sprites: 64×64 pixels that show what lies under their centres.

    A pixel shows the topmost of mouse, cheese, wall and floor. Every one of these is a whole picture, sampled once: the
    wall as if all were wall, the mouse as if it were in every cell, and so on; so painting is choosing. The rule is
    written twice: as a loop, compiled for the CPU, which writes no pixel that it need not (repainting 256 worlds takes
    a fifth of the time of tensor operations), and as tensor operations that a GPU fuses into one kernel.
    """

    shape = (_SIDE, _SIDE, 3)

    def __init__(self, world_dim: int, device: Device = "cpu"):
        self._made_of = ("rgb", world_dim, device)
        centre = (2 * torch.arange(_SIDE) + 1) * world_dim  # the same from the left and from the top
        column, offset = centre // _UNITS, centre % _UNITS
        beside = column + (offset >= _UNITS - _REACH).long() - (offset <= _REACH).long()  # its wall reaches here too
        columns = torch.stack((column, beside))
        rows = world_dim - 1 - columns

        texel = centre * TEXELS // _UNITS
        inside = texel % TEXELS
        wall = torch.from_numpy(WALL)[inside][:, inside]
        sprites = torch.from_numpy(np.stack((CHEESE, MOUSE, MOUSE[:, ::-1])))[:, inside][:, :, inside]
        tables = (rows, columns, _shifted_floors(texel), wall, sprites)
        self._tables = _Tables(*(table.to(device).contiguous() for table in tables))

        self.on_cpu = self._tables.rows.device.type == "cpu"
        if self.on_cpu:
            first = torch.searchsorted(column, torch.arange(world_dim + 1))  # pixel of each column of cells
            self._arrays = (first.numpy(), *(table.numpy() for table in self._tables))
        # Fused into one kernel: a pixel is written once, and nothing in between.
        self._choose = torch.compile(_choose) if self._tables.rows.device.type == "cuda" else _choose

    def __reduce__(self):
        return painter_of, self._made_of  # copies and pickles name the tables

    def paint(self, state: State) -> Tensor:
        pictures = torch.empty((len(state.mouse), *self.shape), dtype=torch.uint8, device=state.mouse.device)
        self.repaint(pictures, state, state, torch.ones_like(state.facing_right))
        return pictures

    def repaint(self, pictures: Tensor, before: State, after: State, begun: Tensor | None = None) -> None:
        level = after.level
        if not self.on_cpu:
            floor = _floor_index(level)
            with torch.no_grad():  # compiled once, not once more for each mode
                self._choose(pictures, level.walls, floor, level.cheese, after.mouse, after.facing_right, self._tables)
            return
        begun = torch.zeros_like(after.facing_right) if begun is None else begun
        mouse = (before.mouse, after.mouse, after.facing_right)
        fields = (pictures, level.walls, level.background, level.shift, level.cheese, *mouse, begun)
        _repaint(*(field.numpy() for field in fields), *self._arrays)  # type: ignore[call-arg]


class _Tables(NamedTuple):
    """What a pixel may show, for worlds of one size.

    Attributes:
        rows, columns: int64 (2, 64), the two rows and the two columns of cells that cover a pixel if they are wall: its
            own, and the one beside it whose wall reaches over the edge (its own again where none does).
        floors: uint8 (9·64, 64, 64, 3), each floor in each shift.
        wall: uint8 (64, 64, 3).
        sprites: uint8 (3, 64, 64, 4): cheese, mouse to the left, mouse to the right; alpha 0 is transparent.
    """

    rows: Tensor
    columns: Tensor
    floors: Tensor
    wall: Tensor
    sprites: Tensor


def _choose(
    pictures: Tensor, walls: Tensor, floor: Tensor, cheese: Tensor, mouse: Tensor, right: Tensor, tables: _Tables
) -> None:
    """Paint whole pictures with tensor operations; ``floor`` int64 (N,) is of ``_floor_index``."""
    rows, columns, floors, wall, sprites = tables
    covered = torch.zeros_like(pictures[..., :1], dtype=torch.bool)
    for row in rows:
        for column in columns:
            covered |= walls[:, row[:, None], column[None, :], None]
    seen = torch.where(covered, wall, floors[floor])
    cell = (rows[0][:, None] * walls.shape[-1] + columns[0])[..., None]
    facing = torch.where(right[:, None, None, None], sprites[2], sprites[1])
    for place, sprite in ((cheese, sprites[0]), (mouse, facing)):
        here = (cell == place[:, None, None, None]) & (sprite[..., 3:] > 0)
        seen = torch.where(here, sprite[..., :3], seen)
    pictures.copy_(seen)


@njit(nogil=True, cache=True)
def _repaint(
    pictures, walls, background, shift, cheese, before, after, right, begun, first, rows, columns, floors, wall, sprites
):
    """Paint whole pictures where ``begun``, elsewhere the cells ``before`` and ``after``.

    Args:
        pictures: uint8 (N, 64, 64, 3), written in place.
        walls: bool (N, W, W).
        background, shift, cheese: int64 (N,), of each level.
        before, after: int64 (N,), the mouse's cells.
        right: bool (N,), whether it faces right.
        begun: bool (N,).
        first: int64 (W + 1,), the first pixel of each column, and from the top of each row, of cells.
        rows, columns, floors, wall, sprites: of ``_Tables``.
    """
    # Arrays are indexed down to the number, not sliced: in compiled loops this short a slice costs as much as the work.
    dim = len(first) - 1
    for n in range(len(pictures)):
        floor = background[n] * FLOOR_TEXELS + (shift[n] * FLOOR_TEXELS >> 32)
        if begun[n]:
            _paint_ground(pictures, n, walls, 0, _SIDE, 0, _SIDE, rows, columns, floors, floor, wall)
        else:
            for cell in (before[n], after[n]):
                top, bottom, left, end = _pixels(cell, dim, first)
                _paint_ground(pictures, n, walls, top, bottom, left, end, rows, columns, floors, floor, wall)
        if cheese[n] != NO_CELL and (begun[n] or cheese[n] == before[n] or cheese[n] == after[n]):
            _paint_sprite(pictures, n, _pixels(cheese[n], dim, first), sprites, 0)
        _paint_sprite(pictures, n, _pixels(after[n], dim, first), sprites, 1 + right[n])


@njit(nogil=True, cache=True)
def _pixels(cell, dim, first):
    """The first row of a cell's pixels and the row after the last, and its columns."""
    row, column = dim - 1 - cell // dim, cell % dim
    return first[row], first[row + 1], first[column], first[column + 1]


@njit(nogil=True, cache=True)
def _paint_ground(pictures, n, walls, top, bottom, left, right, rows, columns, floors, floor, wall):
    for i in range(top, bottom):
        upper, lower = rows[0, i], rows[1, i]
        for j in range(left, right):
            one, other = columns[0, j], columns[1, j]
            if walls[n, upper, one] | walls[n, upper, other] | walls[n, lower, one] | walls[n, lower, other]:
                for channel in range(3):
                    pictures[n, i, j, channel] = wall[i, j, channel]
            else:
                for channel in range(3):
                    pictures[n, i, j, channel] = floors[floor, i, j, channel]


@njit(nogil=True, cache=True)
def _paint_sprite(pictures, n, pixels, sprites, sprite):
    top, bottom, left, right = pixels
    for i in range(top, bottom):
        for j in range(left, right):
            if sprites[sprite, i, j, 3] > 0:
                for channel in range(3):
                    pictures[n, i, j, channel] = sprites[sprite, i, j, channel]


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


def _floor_index(level: Levels) -> Tensor:
    """int64 (N,): which of the 9·64 floors: a floor is shifted by whole texels, so there are 64 of each."""
    return level.background * FLOOR_TEXELS + (level.shift * FLOOR_TEXELS >> 32)


def _shifted_floors(texel: Tensor) -> Tensor:
    """uint8 (9·64, 64, 64, 3): each floor in each shift, where ``texel`` int64 (64,) is what rows and columns show."""
    shifted = texel + torch.arange(FLOOR_TEXELS)[:, None]
    floors = torch.from_numpy(FLOORS)[:, texel % FLOOR_TEXELS][:, :, shifted % FLOOR_TEXELS]
    return floors.transpose(1, 2).flatten(0, 1)

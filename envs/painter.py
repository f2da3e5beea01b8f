"""Painters turn states into observations, and ``portrait`` turns a state into a large picture for people.

A picture is a function of the state. Its first row is the top of the world, although the world's y points up.
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
from envs.sprites import CHEESE_SPRITE, FLOOR_TEXELS, FLOOR_TILES, MOUSE_SPRITE, TEXELS, WALL_TILE
from envs.world import State
from foundation.errors import InputError

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


def build_painter(observation: str, world_dim: int, device: Device = "cpu") -> Painter:
    """The painter of an observation. Painters are shared: one holds megabytes of tables and no state.

    Args:
        observation: "rgb", Procgen's 64×64 picture, or "cells", one pixel a cell.
        world_dim: side of the world.
        device: of the states.

    Raises:
        InputError: an unknown observation, or a world with more cells than the rgb picture has pixels.
    """
    if observation not in OBSERVATIONS:
        raise InputError(f"observation must be one of {', '.join(OBSERVATIONS)}, not {observation!r}")
    if observation == "rgb" and world_dim > _SIDE:
        raise InputError(f'observation "rgb" has {_SIDE} pixels a side, too few for world_dim {world_dim}: use "cells"')
    return _build(observation, world_dim, torch.empty(0, device=device).device)


@lru_cache(maxsize=32)
def _build(observation: str, world_dim: int, device: torch.device) -> Painter:
    return (RgbPainter if observation == "rgb" else CellsPainter)(world_dim, device)


class CellsPainter:
    """One pixel a cell; 0 or 255 in three channels: wall, mouse, cheese."""

    def __init__(self, world_dim: int, device: Device = "cpu"):
        self._made_of = ("cells", world_dim, device)
        self.shape = (world_dim, world_dim, 3)
        self._cells = torch.arange(world_dim**2).view(world_dim, world_dim).flip(0).flatten().to(device)
        self.on_cpu = self._cells.device.type == "cpu"

    def __reduce__(self):
        return build_painter, self._made_of  # copies and pickles rebuild the tables

    def paint(self, state: State) -> Tensor:
        level, cells = state.level, self._cells
        planes = (level.walls.flip(1).flatten(1), state.mouse[:, None] == cells, level.cheese[:, None] == cells)
        return (torch.stack(planes, dim=-1).to(torch.uint8) * 255).view(-1, *self.shape)

    def repaint(self, pictures: Tensor, before: State, after: State, begun: Tensor | None = None) -> None:
        if not self.on_cpu:  # on a GPU, painting small pictures again is cheaper than finding the rows that changed
            pictures.copy_(self.paint(after))
            return
        mice = pictures.view(-1, len(self._cells), 3)[..., 1]
        # Flipping is its own inverse, so this table also maps cells to pixels.
        mice.scatter_(1, self._cells[before.mouse][:, None], 0)
        mice.scatter_(1, self._cells[after.mouse][:, None], 255)
        if begun is not None and len(rows := begun.nonzero()[:, 0]):
            pictures[rows] = self.paint(after.rows(rows))


class RgbPainter:
    """Procgen's picture, with our sprites: 64×64 pixels that show what lies under their centres.

    A pixel shows the topmost of mouse, cheese, wall and floor. Each of these is a whole picture that is sampled once,
    as if every cell held it. Painting then selects one of them for each pixel. The rule has two forms. A compiled loop
    for the CPU writes only the pixels that change: repainting 256 worlds takes a fifth of the time of tensor
    operations. Tensor operations are the other form; a GPU fuses them into one kernel.
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
        wall = torch.from_numpy(WALL_TILE)[inside][:, inside]
        sprites = torch.from_numpy(np.stack((CHEESE_SPRITE, MOUSE_SPRITE, MOUSE_SPRITE[:, ::-1])))[:, inside][
            :, :, inside
        ]
        tables = (rows, columns, _shifted_floors(texel), wall, sprites)
        self._tables = _Tables(*(table.to(device).contiguous() for table in tables))

        self.on_cpu = self._tables.rows.device.type == "cpu"
        if self.on_cpu:
            self._first = torch.searchsorted(column, torch.arange(world_dim + 1)).numpy()
            self._arrays = _Tables(*(table.numpy() for table in self._tables))  # type: ignore[arg-type]
        # Compiled, the operations become one kernel that writes each pixel once.
        self._choose = torch.compile(_choose) if self._tables.rows.device.type == "cuda" else _choose

    def __reduce__(self):
        return build_painter, self._made_of  # copies and pickles rebuild the tables

    def paint(self, state: State) -> Tensor:
        pictures = torch.empty((len(state.mouse), *self.shape), dtype=torch.uint8, device=state.mouse.device)
        self.repaint(pictures, state, state, torch.ones_like(state.facing_right))
        return pictures

    def repaint(self, pictures: Tensor, before: State, after: State, begun: Tensor | None = None) -> None:
        level = after.level
        if not self.on_cpu:
            floor = _floor_index(level)
            with torch.no_grad():  # a second grad mode would compile it again
                self._choose(pictures, level.walls, floor, level.cheese, after.mouse, after.facing_right, self._tables)
            return
        begun = torch.zeros_like(after.facing_right) if begun is None else begun
        floor = _floor_index(level)
        fields = (level.walls, floor, level.cheese, before.mouse, after.mouse, after.facing_right, begun)
        changes = _Changes(*(field.numpy() for field in fields))
        _repaint(pictures.numpy(), changes, self._arrays, self._first)  # type: ignore[call-arg]


class _Tables(NamedTuple):
    """What a pixel may show, for worlds of one size.

    Attributes:
        rows, columns: int64 (2, 64), the two rows and the two columns of cells whose walls cover a pixel: its own, and
            the neighbour whose wall reaches over the edge (its own again if there is none).
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


class _Changes(NamedTuple):
    """What to paint in N pictures, as NumPy arrays.

    Attributes:
        walls: bool (N, W, W).
        floor: int64 (N,), of ``_floor_index``.
        cheese: int64 (N,), its cell.
        before, after: int64 (N,), the mouse's cells.
        right: bool (N,), whether the mouse faces right.
        begun: bool (N,), where the whole picture is painted; elsewhere only the cells ``before`` and ``after`` are.
    """

    walls: np.ndarray
    floor: np.ndarray
    cheese: np.ndarray
    before: np.ndarray
    after: np.ndarray
    right: np.ndarray
    begun: np.ndarray


@njit(nogil=True, cache=True)
def _repaint(pictures, changes, tables, first):
    """Paint ``changes`` into pictures uint8 (N, 64, 64, 3), in place.

    ``first`` int64 (W + 1,) is the first pixel of each column of cells, and from the top of each row of cells.
    """
    # Arrays are indexed down to the number: in compiled loops, slicing so few pixels costs as much as painting them.
    dim = len(first) - 1
    whole = (0, _SIDE, 0, _SIDE)
    for n in range(len(pictures)):
        before, after, cheese = changes.before[n], changes.after[n], changes.cheese[n]
        if changes.begun[n]:
            _paint_ground(pictures, n, changes, whole, tables)
        else:
            _paint_ground(pictures, n, changes, _pixels(before, dim, first), tables)
            _paint_ground(pictures, n, changes, _pixels(after, dim, first), tables)
        if cheese != NO_CELL and (changes.begun[n] or cheese in (before, after)):
            _paint_sprite(pictures, n, _pixels(cheese, dim, first), tables.sprites, 0)
        _paint_sprite(pictures, n, _pixels(after, dim, first), tables.sprites, 1 + changes.right[n])


@njit(nogil=True, cache=True)
def _pixels(cell, dim, first):
    """The pixels of a cell: its first row, the row after its last, and the same of its columns."""
    row, column = dim - 1 - cell // dim, cell % dim
    return first[row], first[row + 1], first[column], first[column + 1]


@njit(nogil=True, cache=True)
def _paint_ground(pictures, n, changes, pixels, tables):
    top, bottom, left, right = pixels
    rows, columns, floors, wall, walls, floor = (
        tables.rows, tables.columns, tables.floors, tables.wall, changes.walls, changes.floor[n],
    )  # fmt: skip
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
    """A large picture for people, with sharp texels and shadows of the walls.

    Args:
        state: one state.
        cell_pixels: side of a cell in pixels, best a multiple of ``TEXELS``.

    Returns:
        uint8 (world_dim·cell_pixels, world_dim·cell_pixels, 3).
    """
    level, dim = state.level, state.level.world_dim
    assert level.num_levels == 1, "portrait paints one state"
    texel = np.arange(dim * TEXELS)
    floor, shift = divmod(int(_floor_index(level)), FLOOR_TEXELS)
    canvas = FLOOR_TILES[floor][texel % FLOOR_TEXELS][:, (texel + shift) % FLOOR_TEXELS]
    walls = level.walls[0].flip(0).cpu().numpy().repeat(TEXELS, 0).repeat(TEXELS, 1)[..., None]
    down, across = (np.maximum(texel - length, 0) for length in _SHADOW)
    canvas = np.where(walls[down][:, across], canvas // 5 * 3, canvas)
    canvas = np.where(walls, np.tile(WALL_TILE, (dim, dim, 1)), canvas)
    mouse = MOUSE_SPRITE[:, ::-1] if state.facing_right else MOUSE_SPRITE
    for cell, sprite in ((int(level.cheese), CHEESE_SPRITE), (int(state.mouse), mouse)):
        if cell != NO_CELL:
            y, x = divmod(cell, dim)
            square = canvas[(dim - 1 - y) * TEXELS :, x * TEXELS :][:TEXELS, :TEXELS]
            np.copyto(square, sprite[..., :3], where=sprite[..., 3:] > 0)
    sample = (2 * np.arange(dim * cell_pixels) + 1) * TEXELS // (2 * cell_pixels)
    return canvas[sample][:, sample]


def _floor_index(level: Levels) -> Tensor:
    """int64 (N,): which of the 9·64 floors. A floor is shifted by whole texels, so there are 64 of each."""
    return level.background * FLOOR_TEXELS + (level.shift * FLOOR_TEXELS >> 32)


def _shifted_floors(texel: Tensor) -> Tensor:
    """uint8 (9·64, 64, 64, 3): each floor in each shift, where ``texel`` int64 (64,) is what rows and columns show."""
    shifted = texel + torch.arange(FLOOR_TEXELS)[:, None]
    floors = torch.from_numpy(FLOOR_TILES)[:, texel % FLOOR_TEXELS][:, :, shifted % FLOOR_TEXELS]
    return floors.transpose(1, 2).flatten(0, 1)

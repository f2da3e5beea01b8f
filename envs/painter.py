"""Rendering: painters make observations for the network, ``portrait`` makes large images for people.

An observation is a function of the state. Row 0 is the top row, although y points up in the world.
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

_SIDE = 64  # side of an rgb observation in pixels, as in Procgen
_UNITS = 2 * _SIDE  # position units per cell; with 128, every pixel centre is an odd integer
_REACH = 2  # overlap of a wall over its edge: 0.02 cell = 2.56 units
_SHADOW = (4, 2)  # offset of a wall's shadow in a portrait, in texels down and right


class Painter(Protocol):
    """Paints observations of one kind, for one world size, on one device.

    Attributes:
        shape: height, width, 3.
    """

    @property
    def shape(self) -> tuple[int, int, int]: ...

    def paint(self, state: State) -> Tensor:
        """Paint the observations of N states: uint8 (N, height, width, 3), contiguous, top row first."""
        ...

    def repaint(self, obs: Tensor, before: State, after: State, begun: Tensor | None = None) -> None:
        """Update observations of ``before`` to ``after``, in place. The result equals ``paint(after)`` bit for bit.

        On a CPU, only the mouse's old and new cells are written.

        Args:
            obs: uint8 (N, height, width, 3), contiguous.
            before: N states.
            after: N states of the same levels.
            begun: bool (N,), True where ``after`` is in another level, which is painted whole.
        """


def build_painter(observation: str, world_dim: int, device: Device = "cpu") -> Painter:
    """Build the painter for an observation. Painters are cached: one holds only tables, of several megabytes.

    Args:
        observation: "rgb", 64×64 pixels as in Procgen, or "cells", one pixel per cell.
        world_dim: side of the world.
        device: device of the states.

    Raises:
        InputError: if the observation is unknown, or the world has more cells per side than "rgb" has pixels.
    """
    if observation not in OBSERVATIONS:
        raise InputError(f"observation must be one of {', '.join(OBSERVATIONS)}, not {observation!r}")
    if observation == "rgb" and world_dim > _SIDE:
        raise InputError(
            f'observation "rgb" has {_SIDE} pixels per side, too few for world_dim {world_dim}: use "cells"'
        )
    return _build(observation, world_dim, torch.empty(0, device=device).device)


@lru_cache(maxsize=32)
def _build(observation: str, world_dim: int, device: torch.device) -> Painter:
    return (RgbPainter if observation == "rgb" else CellsPainter)(world_dim, device)


class CellsPainter:
    """One pixel per cell; 0 or 255 in three channels: wall, mouse, cheese."""

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

    def repaint(self, obs: Tensor, before: State, after: State, begun: Tensor | None = None) -> None:
        if not self.on_cpu:  # on a GPU, painting whole observations is cheaper than selecting the changed rows
            obs.copy_(self.paint(after))
            return
        mice = obs.view(-1, len(self._cells), 3)[..., 1]
        # Flipping is its own inverse, so this table also maps cells to pixels.
        mice.scatter_(1, self._cells[before.mouse][:, None], 0)
        mice.scatter_(1, self._cells[after.mouse][:, None], 255)
        if begun is not None and len(rows := begun.nonzero()[:, 0]):
            obs[rows] = self.paint(after.rows(rows))


class RgbPainter:
    """Procgen's 64×64 observation with our sprites.

    Each pixel samples the point under its centre and shows the topmost of mouse, cheese, wall and floor. Each layer is
    sampled once as a whole image: all cells wall, the mouse in every cell, and so on. Painting then selects a layer
    per pixel. There are two implementations. A compiled CPU loop writes only changed pixels: repainting 256
    environments takes a fifth of the time of tensor operations. Tensor operations compile to one GPU kernel.
    """

    shape = (_SIDE, _SIDE, 3)

    def __init__(self, world_dim: int, device: Device = "cpu"):
        self._made_of = ("rgb", world_dim, device)
        centre = (2 * torch.arange(_SIDE) + 1) * world_dim  # equal from the left and from the top
        column, offset = centre // _UNITS, centre % _UNITS
        beside = (
            column + (offset >= _UNITS - _REACH).long() - (offset <= _REACH).long()
        )  # its wall overlaps this pixel, too
        columns = torch.stack((column, beside))
        rows = world_dim - 1 - columns

        texel = centre * TEXELS // _UNITS
        inside = texel % TEXELS
        wall = torch.from_numpy(WALL_TILE)[inside][:, inside]
        sprites = torch.from_numpy(np.stack((CHEESE_SPRITE, MOUSE_SPRITE, MOUSE_SPRITE[:, ::-1])))[:, inside][
            :, :, inside
        ]
        tables = (rows, columns, _shift_floors(texel), wall, sprites)
        self._tables = _Tables(*(table.to(device).contiguous() for table in tables))

        self.on_cpu = self._tables.rows.device.type == "cpu"
        if self.on_cpu:
            self._first = torch.searchsorted(column, torch.arange(world_dim + 1)).numpy()
            self._arrays = _Tables(*(table.numpy() for table in self._tables))  # type: ignore[arg-type]
        # Compiled into one kernel that writes each pixel once, without intermediate tensors.
        self._choose = torch.compile(_choose) if self._tables.rows.device.type == "cuda" else _choose

    def __reduce__(self):
        return build_painter, self._made_of  # copies and pickles rebuild the tables

    def paint(self, state: State) -> Tensor:
        obs = torch.empty((len(state.mouse), *self.shape), dtype=torch.uint8, device=state.mouse.device)
        self.repaint(obs, state, state, torch.ones_like(state.facing_right))
        return obs

    def repaint(self, obs: Tensor, before: State, after: State, begun: Tensor | None = None) -> None:
        level = after.level
        if not self.on_cpu:
            floor = _find_floor(level)
            with torch.no_grad():  # another grad mode would recompile it
                self._choose(obs, level.walls, floor, level.cheese, after.mouse, after.facing_right, self._tables)
            return
        begun = torch.zeros_like(after.facing_right) if begun is None else begun
        floor = _find_floor(level)
        fields = (level.walls, floor, level.cheese, before.mouse, after.mouse, after.facing_right, begun)
        changes = _Changes(*(field.numpy() for field in fields))
        _repaint(obs.numpy(), changes, self._arrays, self._first)  # type: ignore[call-arg]


class _Tables(NamedTuple):
    """Lookup tables of the pixels, for one world size.

    Attributes:
        rows, columns: int64 (2, 64), the two rows and the two columns of cells whose walls cover a pixel: its own
            cell, and the neighbour whose wall overlaps it (its own cell again if there is none).
        floors: uint8 (9·64, 64, 64, 3), each floor with each shift.
        wall: uint8 (64, 64, 3).
        sprites: uint8 (3, 64, 64, 4): cheese, mouse to the left, mouse to the right; alpha 0 is transparent.
    """

    rows: Tensor
    columns: Tensor
    floors: Tensor
    wall: Tensor
    sprites: Tensor


def _choose(
    obs: Tensor, walls: Tensor, floor: Tensor, cheese: Tensor, mouse: Tensor, right: Tensor, tables: _Tables
) -> None:
    """Paint whole observations with tensor operations; ``floor`` int64 (N,) is from ``_find_floor``."""
    rows, columns, floors, wall, sprites = tables
    covered = torch.zeros_like(obs[..., :1], dtype=torch.bool)
    for row in rows:
        for column in columns:
            covered |= walls[:, row[:, None], column[None, :], None]
    seen = torch.where(covered, wall, floors[floor])
    cell = (rows[0][:, None] * walls.shape[-1] + columns[0])[..., None]
    facing = torch.where(right[:, None, None, None], sprites[2], sprites[1])
    for place, sprite in ((cheese, sprites[0]), (mouse, facing)):
        here = (cell == place[:, None, None, None]) & (sprite[..., 3:] > 0)
        seen = torch.where(here, sprite[..., :3], seen)
    obs.copy_(seen)


class _Changes(NamedTuple):
    """The changes to paint in N observations, as NumPy arrays.

    Attributes:
        walls: bool (N, W, W), the walls.
        floor: int64 (N,), from ``_find_floor``.
        cheese: int64 (N,), the cheese's cell.
        before, after: int64 (N,), the mouse's old and new cell.
        right: bool (N,), whether the mouse faces right.
        begun: bool (N,), whether to paint the whole observation, or only the cells ``before`` and ``after``.
    """

    walls: np.ndarray
    floor: np.ndarray
    cheese: np.ndarray
    before: np.ndarray
    after: np.ndarray
    right: np.ndarray
    begun: np.ndarray


@njit(nogil=True, cache=True)
def _repaint(obs, changes, tables, first):
    """Paint ``changes`` into ``obs`` uint8 (N, 64, 64, 3), in place.

    ``first`` int64 (W + 1,) is the first pixel of each column of cells and, from the top, of each row of cells.
    """
    # Index scalars instead of slices: in loops this short, creating a slice costs as much as the copy.
    dim = len(first) - 1
    whole = (0, _SIDE, 0, _SIDE)
    for n in range(len(obs)):
        before, after, cheese = changes.before[n], changes.after[n], changes.cheese[n]
        if changes.begun[n]:
            _paint_ground(obs, n, changes, whole, tables)
        else:
            _paint_ground(obs, n, changes, _find_pixels(before, dim, first), tables)
            _paint_ground(obs, n, changes, _find_pixels(after, dim, first), tables)
        if cheese != NO_CELL and (changes.begun[n] or cheese in (before, after)):
            _paint_sprite(obs, n, _find_pixels(cheese, dim, first), tables.sprites, 0)
        _paint_sprite(obs, n, _find_pixels(after, dim, first), tables.sprites, 1 + changes.right[n])


@njit(nogil=True, cache=True)
def _find_pixels(cell, dim, first):
    """Find the pixels of a cell: first row, row after the last, first column, column after the last."""
    row, column = dim - 1 - cell // dim, cell % dim
    return first[row], first[row + 1], first[column], first[column + 1]


@njit(nogil=True, cache=True)
def _paint_ground(obs, n, changes, pixels, tables):
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
                    obs[n, i, j, channel] = wall[i, j, channel]
            else:
                for channel in range(3):
                    obs[n, i, j, channel] = floors[floor, i, j, channel]


@njit(nogil=True, cache=True)
def _paint_sprite(obs, n, pixels, sprites, sprite):
    top, bottom, left, right = pixels
    for i in range(top, bottom):
        for j in range(left, right):
            if sprites[sprite, i, j, 3] > 0:
                for channel in range(3):
                    obs[n, i, j, channel] = sprites[sprite, i, j, channel]


def portrait(state: State, cell_pixels: int) -> np.ndarray:
    """Paint a large image for people, with sharp texels and wall shadows.

    Args:
        state: a batch of one.
        cell_pixels: side of a cell in pixels, preferably a multiple of ``TEXELS``.

    Returns:
        uint8 (world_dim·cell_pixels, world_dim·cell_pixels, 3).
    """
    level, dim = state.level, state.level.world_dim
    assert level.num_levels == 1, "portrait paints one state"
    texel = np.arange(dim * TEXELS)
    floor, shift = divmod(int(_find_floor(level)), FLOOR_TEXELS)
    canvas = FLOOR_TILES[floor][texel % FLOOR_TEXELS][:, (texel + shift) % FLOOR_TEXELS]
    walls = level.walls[0].flip(0).cpu().numpy().repeat(TEXELS, 0).repeat(TEXELS, 1)[..., None]
    down, across = (np.maximum(texel - length, 0) for length in _SHADOW)
    canvas = np.where(walls[down][:, across], canvas // 5 * 3, canvas)
    canvas = np.where(walls, np.tile(WALL_TILE, (dim, dim, 1)), canvas)
    mouse = MOUSE_SPRITE[:, ::-1] if state.facing_right else MOUSE_SPRITE
    for cell, sprite in ((int(level.cheese), CHEESE_SPRITE), (int(state.mouse), mouse)):
        if cell != NO_CELL:
            y, x = divmod(cell, dim)
            target = canvas[(dim - 1 - y) * TEXELS :, x * TEXELS :][:TEXELS, :TEXELS]
            np.copyto(target, sprite[..., :3], where=sprite[..., 3:] > 0)
    sample = (2 * np.arange(dim * cell_pixels) + 1) * TEXELS // (2 * cell_pixels)
    return canvas[sample][:, sample]


def _find_floor(level: Levels) -> Tensor:
    """Find the index of each level's floor, int64 (N,), among 9 floors with 64 shifts by whole texels."""
    return level.background * FLOOR_TEXELS + (level.shift * FLOOR_TEXELS >> 32)


def _shift_floors(texel: Tensor) -> Tensor:
    """Sample each floor with each shift: uint8 (9·64, 64, 64, 3); ``texel`` int64 (64,) is each pixel's texel."""
    shifted = texel + torch.arange(FLOOR_TEXELS)[:, None]
    floors = torch.from_numpy(FLOOR_TILES)[:, texel % FLOOR_TEXELS][:, :, shifted % FLOOR_TEXELS]
    return floors.transpose(1, 2).flatten(0, 1)

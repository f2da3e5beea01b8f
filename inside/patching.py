"""Patching: activations of a layer, of some channels or positions, replaced by something that knows less."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis.measures import compute_headline_dim
from analysis.relocation import HELD_OUT, anywhere, elsewhere, move_cheese
from envs import world
from envs.levels import Levels, concatenate
from envs.spec import WorldSpec
from envs.world import State
from foundation.errors import InputError
from inside.activations import collect_activations
from inside.effects import Edit, put, take_donors
from inside.forks import Forks

PATCHES = {
    "zero": "zero",
    "mean": "the mean over mazes and cells of the mouse",
    "resample": "those of another maze of any size, with the mouse in the same cell or the nearest open one",
    "moved": "those of the same maze with the cheese moved",
    "hidden": "those of the same maze without cheese",
}
DONORS = HELD_OUT + 2**24  # first level seed of the mazes to resample from


def sample_states(spec: WorldSpec, number: int, skip: int = 0) -> State:
    """States of held-out mazes, one of each: the cheese anywhere and the mouse in a random cell."""
    return world.start(elsewhere(spec, HELD_OUT + skip + np.arange(number)))


def sample_headline_states(spec: WorldSpec, number: int, skip: int = 0) -> State:
    """The same in headline mazes: in small ones several cells lie under each position of a deep layer."""
    least, parts, count = compute_headline_dim(spec.world_dim), [], 0
    while count < number:
        state = sample_states(spec, number, skip)
        parts.append(state.rows(state.level.maze_dim >= least))
        count, skip = count + len(parts[-1].mouse), skip + number
    levels, rest = concatenate(part.level for part in parts), zip(*(part[1:] for part in parts), strict=True)
    return State(levels, *map(torch.cat, rest)).rows(slice(number))


def compute_mean(mouse: Mouse, layer: str, number: int) -> Tensor:
    """The mean activation (…) of a layer over as many held-out mazes."""
    return collect_activations(mouse, [layer], sample_states(mouse.spec, number))[layer].mean(0)


def select(
    shape: tuple[int, int, int],
    channels: Sequence[int] | None = None,
    positions: Sequence[tuple[int, int]] | None = None,
) -> Tensor:
    """Mask channels and positions (row from the top, column) of a layer's maps; all when None.

    Args:
        shape: channels, height and width.
        channels: numbers of channels.
        positions: rows and columns.

    Returns:
        bool, of the shape.

    Raises:
        InputError: the layer has no such channel or position.
    """
    number, height, width = shape
    if unknown := [channel for channel in channels or () if not 0 <= channel < number]:
        raise InputError(f"the layer has the channels 0..{number - 1}, not {', '.join(map(str, unknown))}")
    if outside := [place for place in positions or () if not (0 <= place[0] < height and 0 <= place[1] < width)]:
        raise InputError(f"the layer's maps have {height} rows and {width} columns, and no position {outside[0]}")
    where = torch.ones(shape, dtype=torch.bool)
    if channels is not None:
        chosen = torch.zeros(number, dtype=torch.bool)
        chosen[list(channels)] = True
        where &= chosen[:, None, None]
    if positions is not None:
        chosen = torch.zeros(height, width, dtype=torch.bool)
        for row, column in positions:
            chosen[row, column] = True
        where &= chosen
    return where


def make_donors(kind: str, forks: Forks, spec: WorldSpec) -> list[Levels]:
    """The donors of a patch for N forks; none if it needs none.

    Mazes of all sizes resample: among mazes of one size the corner would be the same everywhere.
    """
    if kind == "resample":
        return [anywhere(spec, DONORS + np.arange(len(forks.square)))]
    if kind == "moved":
        return [move_cheese(forks.levels)]
    return [forks.levels.hide_cheese()] if kind == "hidden" else []


def make_patch(kind: str, where: Tensor, mean: Tensor | None = None) -> Edit:
    """The edit of a patch.

    Args:
        kind: one of ``PATCHES``.
        where: bool (C, H, W), what is patched; or for each level (N, C, H, W).
        mean: float32 (C, H, W), for the kind "mean".
    """
    assert kind in PATCHES, kind
    if kind == "zero":
        return put(torch.tensor(0.0), where)
    if kind == "mean":
        assert mean is not None, "a mean patch needs the mean"
        return put(mean, where)
    return take_donors({0: where})

"""Single mazes in which an edit is shown cell by cell, and the channels of a layer in one of them.

Nobody picks a maze: of those in which the edit has something to change, each is the one with the median effect.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from agents.mouse import Mouse
from analysis.chain import Chain, build_chain
from envs import world
from envs.drawings import to_text
from inside.activations import collect_activations, find_positions
from inside.effects import add, build_each, measure
from inside.forks import Forks
from inside.retargeting import REACHED, clamp
from inside.steering import compute_named_vectors

DIGITS = 4  # of what is drawn
HALF = 0.5


class ShownEdit(NamedTuple):
    """An edit by a vector.

    Attributes:
        factor: of the vector.
        outcome: the column of ``effects.COLUMNS`` whose change is the effect.
        lowers: the edit should lower the outcome, so that forks count in which it is at least ``HALF`` before;
            otherwise those in which it is less.
    """

    factor: float
    outcome: str
    lowers: bool


EDITS = {"cheese": ShownEdit(-1.0, "to_cheese", True), "corner": ShownEdit(1.0, "p_corner_first", False)}


def pick_median(effects: np.ndarray) -> int:
    """The place of the median among effects (n,); of the lower of two if n is even."""
    return int(np.argsort(effects, kind="stable")[(len(effects) - 1) // 2])


def _map_moves(chain: Chain, row: int) -> list:
    """The probability of each move in each cell of one level, (5, world_dim, world_dim); NaN in walls."""
    maps = [chain.to_maps(chain.probability[:, move])[row] for move in range(chain.probability.shape[1])]
    return np.round(maps, DIGITS).tolist()


def _show(before: Chain, after: Chain, row: int, square: int | None) -> dict[str, Any]:
    level = before.levels.rows([row])
    return {
        "maze": to_text(level),
        "world_dim": level.world_dim,
        "seed": int(level.seed),
        "square": square,
        "before": _map_moves(before, row),
        "after": _map_moves(after, row),
    }


def show_vector(mouse: Mouse, layer: str, forks: Forks, name: str) -> dict[str, Any] | None:
    """The moves before and after an edit of ``EDITS``, in the fork with the median effect among those that count.

    Args:
        mouse: the mouse.
        layer: where the fork's own vector is added.
        forks: N forks to choose from.
        name: of the vector.

    Returns:
        None if no fork counts. Otherwise ``fork`` (0..N−1), ``mazes`` (how many count), ``rates`` (the outcome before
        and after), ``maze`` (as text), ``world_dim``, ``seed``, ``square`` (cell of the decision square), and the move
        probabilities ``before`` and ``after`` as nested lists (5, world_dim, world_dim) with NaN in walls.
    """
    factor, column, lowers = EDITS[name]
    vectors = compute_named_vectors(mouse, layer, name, forks)
    before, (after,) = build_each(mouse, forks.levels, [(layer, add(vectors, factor))])
    rates = np.stack([measure(chain, forks)[column].to_numpy() for chain in (before, after)])
    counted = np.flatnonzero((rates[0] >= HALF) == lowers)
    if not len(counted):
        return None
    row = int(counted[pick_median(rates[1, counted] - rates[0, counted])])
    shown = _show(before, after, row, int(forks.square[row]))
    return {"fork": row, "mazes": len(counted), "rates": rates[:, row].tolist(), **shown}


def show_clamp(
    mouse: Mouse, layer: str, forks: Forks, cells: pd.DataFrame, channels: list[int], value: torch.Tensor
) -> dict[str, Any] | None:
    """The moves before and after channels are clamped, for the target cell with the median effect.

    Targets that the mouse reaches without the clamp do not count.

    Args:
        mouse: the mouse.
        layer: with maps.
        forks: of ``cells``; their cheese is hidden.
        cells: of ``retargeting.retarget``.
        channels: that are clamped.
        value: float32 (channels,), at which.

    Returns:
        As of ``show_vector``, with ``target`` (a cell) and ``cells`` (how many it is chosen from) instead of ``mazes``;
        None if the mouse reaches every target without the clamp.
    """
    missed = cells.loc[cells.plain_target < REACHED]
    if missed.empty:
        return None
    chosen = missed.iloc[pick_median((missed.p_target - missed.plain_target).to_numpy())]
    fork, target = int(chosen.fork), int(chosen.cell)
    level = forks.levels.rows([fork]).hide_cheese()
    after = clamp(mouse, layer, level, torch.tensor([target]), channels, value)
    rates = [float(chosen.plain_target), float(chosen.p_target)]
    shown = _show(build_chain(mouse, level), after, 0, None)
    return {"fork": fork, "cells": len(missed), "rates": rates, "target": target, **shown}


def show_channels(mouse: Mouse, layer: str, fork: Forks) -> dict[str, Any]:
    """The maps of all channels of a layer in one fork, with the mouse at the start.

    Returns:
        ``maze``, ``world_dim`` and ``seed`` as of ``show_vector``; ``maps``, a nested list (C, H, W); and the positions
        over the ``cheese`` and the ``mouse``, row from the top and column each.
    """
    (maps,) = collect_activations(mouse, [layer], world.start(fork.levels))[layer].double().numpy()
    place = find_positions(mouse.spec, *maps.shape[1:])
    return {
        "maze": to_text(fork.levels),
        "world_dim": fork.levels.world_dim,
        "seed": int(fork.levels.seed),
        "maps": np.round(maps, DIGITS).tolist(),
        "cheese": place[fork.levels.cheese[0]].tolist(),
        "mouse": place[fork.levels.start[0]].tolist(),
    }

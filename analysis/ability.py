"""Ability, apart from preference: whether a mouse gets to the cheese, or to the corner, where the other is shut off.

The mouse is put at the decision square and the way to the rival is walled off. It sees the wall: these are new levels
with new observations. A second measure leaves the maze as it is and puts the mouse inside
the branch, as many steps from the cheese as in the other branch from the corner.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from analysis.chain import Chain, reach
from analysis.decision import find_next_cell
from envs import paths
from envs.generator import NO_CELL
from envs.levels import Levels

ABLE = 0.9  # from this ability on, to the cheese and to the corner, a mouse is said to be able at a fork

COLUMNS = {
    "able_cheese": "P(cheese within an episode) from the decision square, the corner's branch walled off",
    "able_corner": "P(corner within an episode) from the decision square, the cheese's branch walled off",
    "able_cheese_inside": "P(cheese within an episode) from inside its branch, inside_steps from it",
    "able_corner_inside": "P(corner within an episode, before the cheese) from inside its branch, inside_steps from it",
    "inside_steps": "steps from the target at which the mouse is put inside either branch",
}


def wall_off(levels: Levels, cell: Tensor) -> Levels:
    """The same levels with a wall in one cell int64 (N,) of each."""
    walls = levels.walls.flatten(1).scatter(1, cell[:, None], True).view_as(levels.walls)
    return levels._replace(walls=walls)


def _find_inside(levels: Levels, square: Tensor, target: Tensor, steps: Tensor) -> Tensor:
    """int64 (N,): the cell on the way from the square to a target that is so many steps from the target."""
    from_square, to_target = paths.compute_distances(levels, square), paths.compute_distances(levels, target)
    on_the_way = from_square + to_target == paths.distance_at(from_square, target)[:, None, None]
    return (on_the_way & (to_target == steps[:, None, None])).flatten(1).long().argmax(1)


def compute_walled(
    build: Callable[[Levels], Chain], levels: Levels, square: Tensor, target: str, steps: int
) -> np.ndarray:
    """P(target within an episode) from the decision square, the other target's branch walled off.

    Args:
        build: gives a mouse's chain in any levels.
        levels: N levels.
        square: int64 (N,), the decision square of each level, −1 where it has none.
        target: cheese or corner.
        steps: of an episode.

    Returns:
        float64 (N,); NaN where there is no fork.
    """
    found, forks = np.full(levels.num_levels, np.nan), torch.nonzero(square != NO_CELL)[:, 0]
    if len(forks):
        levels, square = levels.rows(forks), square[forks]
        rival = levels.corner if target == "cheese" else levels.cheese
        walled = wall_off(levels, find_next_cell(levels, square, rival))._replace(start=square)
        found[forks.numpy()] = _arrive(build(walled), getattr(levels, target), steps)
    return found


def compute_ability(build: Callable[[Levels], Chain], chain: Chain, square: Tensor, steps: int) -> pd.DataFrame:
    """The abilities of a mouse at the forks among N levels.

    Args:
        build: gives the mouse's chain in any levels.
        chain: what it gives in the N levels.
        square: int64 (N,), the decision square of each level, −1 where it has none.
        steps: of an episode.

    Returns:
        N rows with the columns of ``COLUMNS``; NaN where there is no fork, and for the abilities from inside also
        where the nearer target is next to the square.
    """
    levels = chain.levels
    table = pd.DataFrame(np.nan, index=range(levels.num_levels), columns=list(COLUMNS))
    for name in ("cheese", "corner"):
        table[f"able_{name}"] = compute_walled(build, levels, square, name, steps)
    forks = torch.nonzero(square != NO_CELL)[:, 0]
    if not len(forks):
        return table
    rows, own, square = forks.numpy(), levels.rows(forks), square[forks]
    from_square = paths.compute_distances(own, square)
    nearer = torch.minimum(paths.distance_at(from_square, own.cheese), paths.distance_at(from_square, own.corner)) - 1
    for name in ("cheese", "corner"):
        inside = _find_inside(own, square, getattr(own, name), nearer.clamp(min=1))
        # A policy does not know where it began, so that the chain of the levels serves from any start.
        moved = chain.start_at(levels.start.index_put((forks,), inside))
        arrived = _arrive(moved, getattr(levels, name), steps)[rows]
        table.loc[rows, f"able_{name}_inside"] = np.where(nearer > 0, arrived, np.nan)
    table.loc[rows, "inside_steps"] = np.where(nearer > 0, nearer, np.nan)
    return table


def _arrive(chain: Chain, target: Tensor, steps: int) -> np.ndarray:
    """P(in the target cell within so many steps); the cheese ends the episode before."""
    return reach(chain, chain.at(target), steps, chain.at(chain.levels.cheese)).by_step[:, -1]


def is_able(abilities: pd.DataFrame) -> pd.Series:
    """bool (N,): the forks at which both abilities are at least ``ABLE``."""
    return (abilities.able_cheese >= ABLE) & (abilities.able_corner >= ABLE)


def is_able_by_sight(abilities: pd.DataFrame) -> pd.Series:
    """bool (N,): the forks of ``is_able`` at which the cheese takes more than walking about.

    Neither a random walk nor the blind twin, the mouse with the cheese hidden, reaches it there in ``ABLE`` of the
    episodes.
    """
    return is_able(abilities) & (abilities[["walk_able_cheese", "blind_able_cheese"]].max(axis=1) < ABLE)

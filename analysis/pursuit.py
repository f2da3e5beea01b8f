"""Goals or trajectories: do a mouse's moves follow the cheese when it is moved within the same maze?

Two levels that differ in the cheese alone are compared in the cells on the way between the two places of the cheese,
the only ones where a seeker must turn round. A mouse that seeks the cheese has pursuit 1; one that does not see it, 0.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from analysis.baselines import compute_steps, move_towards
from analysis.chain import Chain
from envs.levels import Levels


class Pursuit(NamedTuple):
    """How moves change with the cheese in N pairs of levels; float64 (N,), NaN without a cell between the two places.

    Attributes:
        follows: mean over the cells between of ½·[P₁(towards 1) − P₂(towards 1) + P₂(towards 2) − P₁(towards 2)], P₁
            being the moves while the cheese lies in place 1: 1 for a seeker, 0 for a blind mouse, below 0 for one that
            flees the cheese.
        changes: mean total variation between P₁ and P₂: whether the moves depend on the cheese at all, and how ever.
        cells: the number of cells between.
    """

    follows: np.ndarray
    changes: np.ndarray
    cells: np.ndarray


def compute_pursuit(build: Callable[[Levels], Chain], levels: Levels, moved: torch.Tensor) -> Pursuit:
    """The pursuit of a mouse.

    Args:
        build: gives the mouse's chain in any levels.
        levels: N levels with cheese.
        moved: int64 (N,), another cell for the cheese in each.
    """
    one, other = build(levels), build(levels._replace(cheese=moved))
    place_one, place_other = one.at(levels.cheese), one.at(moved)
    to_one, to_other = compute_steps(one, place_one), compute_steps(one, place_other)
    apart = np.zeros(levels.num_levels, np.int64)
    apart[one.level[place_one]] = to_other[place_one]
    between = (to_one + to_other == apart[one.level]) & (to_one > 0) & (to_other > 0)
    towards_one, towards_other = move_towards(one, place_one) > 0, move_towards(one, place_other) > 0

    def towards(chain: Chain, moves: np.ndarray) -> np.ndarray:
        return (chain.probability * moves).sum(1)

    follows = 0.5 * (towards(one, towards_one) - towards(other, towards_one)
                     + towards(other, towards_other) - towards(one, towards_other))  # fmt: skip
    changes = 0.5 * np.abs(one.probability - other.probability).sum(1)
    cells = np.bincount(one.level[between], minlength=levels.num_levels)
    with np.errstate(invalid="ignore"):
        follows, changes = (
            np.bincount(one.level[between], values[between], levels.num_levels) / cells for values in (follows, changes)
        )
    return Pursuit(follows, changes, cells)

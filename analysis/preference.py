"""Preference: which of the two a mouse comes to first, the cheese or its rival, without a step limit.

It is measured from the decision square and without a clock, so that a slow or clumsy mouse is not taken for one that
wants something else. Chance is what a random walk does from the same square: in a tree it comes to the cheese first
with the probability d_rival / (d_cheese + d_rival), d being steps from the square (gambler's ruin).
"""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from analysis.chain import Chain, build_walk
from analysis.endings import compute_endings
from envs import paths
from envs.generator import NO_CELL
from envs.levels import Levels, region_mask

# A share nearer to 0 or 1 counts as this one: log odds of a mouse that never errs would be infinite, and one maze
# would outweigh all others. So the logit of one maze lies within ±4.6.
CLIP = 1e-2
BALANCED = 2  # steps by which the two ways of a balanced fork differ at most


class Preference(NamedTuple):
    """The preference at the forks among N levels; float64 (N,), NaN where there is no fork.

    Attributes:
        h: P(cheese before the rival | it comes to either), from the decision square.
        never: P(it comes to neither, ever).
        chance: h of a random walk.
        log_odds: logit h − logit chance, the log odds over a walk without a goal, with h clipped by ``CLIP``.
    """

    h: np.ndarray
    never: np.ndarray
    chance: np.ndarray
    log_odds: np.ndarray


def compute_logit(share: np.ndarray) -> np.ndarray:
    """The log odds of shares, clipped by ``CLIP``."""
    share = np.clip(share, CLIP, 1 - CLIP)
    return np.log(share / (1 - share))


def compute_endings_from(chain: Chain, cell: Tensor, ends: list[np.ndarray]) -> np.ndarray:
    """``compute_endings`` from one cell int64 (N,) of each level; where it is −1 the level is not played.

    A cell may have several states, as many as there are facings: each counts with the probability that the mouse comes
    to the cell in it, and all the same where it never comes there.
    """
    here = np.flatnonzero(chain.at(cell))
    _, first, count = np.unique(chain.level[here], return_index=True, return_counts=True)
    number = np.arange(len(here)) - np.repeat(first, count)
    starts = np.full((number.max(initial=0) + 1, len(chain.start)), -1)
    starts[number, chain.level[here]] = here
    if len(starts) == 1:
        return compute_endings(chain, ends, starts[0])
    states = [np.isin(np.arange(len(chain.cell)), start[start >= 0]) for start in starts]
    weights = compute_endings(chain, states, np.where(starts[0] >= 0, chain.start, -1))[:, :-1]
    total = weights.sum(1, keepdims=True)
    weights = np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / len(starts))
    each = np.stack([compute_endings(chain, ends, start) for start in starts], axis=1)  # (N, starts, ends)
    return (weights[:, :, None] * each).sum(1)


def find_rival(chain: Chain, cheese_region: str | int = 0) -> np.ndarray:
    """bool (S,): the states in which a mouse has come to the cheese's rival, a cell of a region other than the cheese.

    The region 0 is the top-right corner. "Region first" takes the mouse's training region.
    """
    return chain.inside(region_mask(chain.levels, cheese_region)) & ~chain.at(chain.levels.cheese)


def compute_first_share(chain: Chain, square: Tensor, cheese_region: str | int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Compute ``Preference.h`` and ``Preference.never`` at forks; the arguments are those of ``compute_preference``."""
    levels = chain.levels
    region = region_mask(levels, cheese_region).flatten(1)
    inside = region.gather(1, square.clamp(min=0)[:, None]) | region.gather(1, levels.cheese.clamp(min=0)[:, None])
    square = square.masked_fill(inside[:, 0], NO_CELL)

    cheese, rival = chain.at(levels.cheese), find_rival(chain, cheese_region)
    at_cheese, at_rival, never = compute_endings_from(chain, square, [cheese, rival]).T
    with np.errstate(invalid="ignore", divide="ignore"):
        return at_cheese / (at_cheese + at_rival), never


def compute_preference(chain: Chain, square: Tensor, cheese_region: str | int = 0) -> Preference:
    """Compute the preference of a mouse at forks, beside that of a random walk.

    Args:
        chain: of N levels.
        square: int64 (N,), the decision square of each level, −1 where it has none.
        cheese_region: what the cheese's rival is. A fork whose square or cheese lies in the region is none.
    """
    h, never = compute_first_share(chain, square, cheese_region)
    chance, _ = compute_first_share(build_walk(chain.levels), square, cheese_region)
    return Preference(h, never, chance, compute_logit(h) - compute_logit(chance))


def find_balanced(levels: Levels, square: Tensor) -> np.ndarray:
    """bool (N,): the forks whose paths to the cheese and to the corner differ by at most ``BALANCED`` steps.

    There chance is one half, or close to it, and h can be read as it is.
    """
    distance = paths.compute_distances(levels, square)
    difference = paths.distance_at(distance, levels.cheese) - paths.distance_at(distance, levels.corner)
    return ((difference.abs() <= BALANCED) & (square != NO_CELL)).numpy()

"""Baselines: algorithms that need no network, as chains on the same levels.

A rate is compared with that of a random walk and of a corner-runner on the same levels.
An algorithm gives the probability of each move in each state of a chain; a slip replaces its move by a uniformly random
one. Chains of algorithms are measured by the same functions as chains of mice.
"""

from collections.abc import Callable

import numpy as np

from analysis.chain import MOVES, UNIFORM, Chain, compute_visits
from envs.levels import Levels, region_mask
from envs.world import MAX_EPISODE_STEPS, STAY

FAR = 2**30  # steps to a target that cannot be reached

Algorithm = Callable[[Chain], np.ndarray]


def follow(chain: Chain, algorithm: Algorithm, slip: float = 0.0) -> Chain:
    """The same chain with the moves of an algorithm that slips at a constant rate."""
    return chain._replace(probability=add_slips(algorithm(chain), slip))


def hide_cheese(build: Callable[[Levels], Chain]) -> Callable[[Levels], Chain]:
    """The blind twin of a mouse: the same mouse in the same levels, but it does not see the cheese.

    It is a baseline with exactly the mouse's own clumsiness: what the twin takes, the mouse takes without wanting it.
    """

    def build_twin(levels: Levels) -> Chain:
        return build(levels.hide_cheese())._replace(levels=levels)

    return build_twin


def add_slips(moves: np.ndarray, slip: float | np.ndarray) -> np.ndarray:
    """float64 (S, 5): moves (S, 5), replaced by a uniformly random move at a rate: one number, or one a state (S,)."""
    rate = np.broadcast_to(slip, len(moves))[:, None]
    return (1 - rate) * moves + rate * UNIFORM


def compute_steps(chain: Chain, target: np.ndarray) -> np.ndarray:
    """int64 (S,): steps from each state to the nearest state of ``target`` bool (S,); ``FAR`` where none is reached."""
    steps = np.where(target, 0, FAR)
    while True:
        fewer = np.minimum(steps, steps[chain.successor[:, MOVES]].min(1) + 1)
        if (fewer >= steps).all():
            return steps
        steps = fewer


def move_towards(chain: Chain, target: np.ndarray) -> np.ndarray:
    """float64 (S, 5): the move of a shortest way to the nearest state of ``target`` bool (S,).

    Of several shortest ways each is as likely. In the target the algorithm stays in its cell, by a move against a wall
    where there is one. Where no way leads to the target it walks randomly.
    """
    steps = compute_steps(chain, target)
    closer = steps[chain.successor] == steps[:, None] - 1
    blocked = chain.cell[chain.successor] == chain.cell[:, None]
    blocked[:, STAY] &= blocked.sum(1) == 1
    chosen = np.where(target[:, None], blocked, closer & (steps < FAR)[:, None])
    chosen = chosen / np.maximum(chosen.sum(1, keepdims=True), 1)
    return np.where(chosen.any(1)[:, None], chosen, UNIFORM)


def walk_randomly(chain: Chain) -> np.ndarray:
    return np.tile(UNIFORM, (len(chain.cell), 1))


def run_to_corner(chain: Chain) -> np.ndarray:
    """To the top-right corner, without a look at the cheese."""
    return move_towards(chain, chain.at(chain.levels.corner))


def run_to_cheese(chain: Chain) -> np.ndarray:
    return move_towards(chain, chain.at(chain.levels.cheese))


def run_to_nearer(chain: Chain) -> np.ndarray:
    """To the cheese or the corner, whichever is nearer from here."""
    return move_towards(chain, chain.at(chain.levels.cheese) | chain.at(chain.levels.corner))


def run_to_region(cheese_region: str | int) -> Algorithm:
    """To the nearest cell of a cheese region, without a look at the cheese; inside the region a random walk."""

    def algorithm(chain: Chain) -> np.ndarray:
        region = chain.inside(region_mask(chain.levels, cheese_region))
        return np.where(region[:, None], UNIFORM, move_towards(chain, region))

    return algorithm


def estimate_slip(chain: Chain, steps: int = MAX_EPISODE_STEPS) -> float:
    """A mouse's own rate of slips, on levels where its goal is not in doubt: the cheese lies where it did in training.

    Of the moves that are expected until the cheese, a share q lies on a shortest way to it. A mouse that slips at the
    rate s has q = 1 − 3s/4, because one random move of four is right; that also is the most likely s (NaN without any
    level).
    """
    to_cheese = run_to_cheese(chain) > 0
    cheese = chain.at(chain.levels.cheese)
    moves = np.where(cheese, 0.0, compute_visits(chain, cheese, steps))[:, None] * chain.probability
    moves[:, STAY] = 0.0
    total = moves.sum()
    return float(np.clip(4 / 3 * (1 - moves[to_cheese].sum() / total), 0, 1)) if total > 0 else float("nan")

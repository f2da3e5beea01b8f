"""What a mouse thinks in a level: from one batch of pictures of it in every open cell."""

from typing import NamedTuple

import numpy as np

from agents.mouse import Mouse
from analysis.chain import Chain, build_chain, compute_visits, make_greedy
from envs import paths
from envs.levels import Levels
from envs.world import State

HORIZON = 256  # steps that visits are expected in, as many as evaluation plays


class Thoughts(NamedTuple):
    """One mouse's thoughts in one level, whatever its cell there.

    Attributes:
        chain: its moves in every state.
        moves: float64 (5, world_dim, world_dim), the probability of each move (left, down, stay, up, right) in each
            open cell; NaN in walls.
        value: float64 (world_dim, world_dim), what the network expects in each open cell, in the scaled rewards that
            it was trained with; NaN in walls.
    """

    chain: Chain
    moves: np.ndarray
    value: np.ndarray


def think(mouse: Mouse, level: Levels) -> Thoughts:
    """What a mouse thinks in a level, a batch of one."""
    chain = build_chain(mouse, level)
    moves = np.stack([chain.to_maps(column)[0] for column in chain.probability.T])
    return Thoughts(chain, moves, chain.to_maps(chain.value.astype(float))[0])


def greedy_path(thoughts: Thoughts, state: State) -> list[int]:
    """The cells that the mouse goes through from here if it always makes its likeliest move.

    It ends at the cheese, or where the mouse comes again to where it was, or stands before a wall for ever.
    """
    chain = thoughts.chain
    following = chain.successor[np.arange(len(chain.cell)), make_greedy(chain).probability.argmax(1)]
    at, been, cells = _row(chain, state), set(), []
    while at not in been:
        been.add(at)
        cells.append(int(chain.cell[at]))
        if cells[-1] == int(state.level.cheese):
            break
        at = int(following[at])
    return [cell for cell, before in zip(cells, [None, *cells], strict=False) if cell != before]


def optimal_path(state: State) -> list[int]:
    """The cells of a shortest way from the mouse to the cheese; empty where there is none."""
    return paths.shortest_path(state.level, int(state.mouse), int(state.level.cheese))


def expected_visits(thoughts: Thoughts, state: State) -> np.ndarray:
    """float64 (world_dim, world_dim): how often the mouse is expected in each cell from here on; NaN in walls."""
    chain = thoughts.chain._replace(start=np.array([_row(thoughts.chain, state)]))
    counts = compute_visits(chain, chain.at(state.level.cheese), HORIZON)
    by_cell = np.bincount(chain.cell, weights=counts, minlength=state.level.walls[0].numel())
    return np.where(state.level.walls[0].numpy(), np.nan, by_cell.reshape(state.level.walls.shape[1:]))


def _row(chain: Chain, state: State) -> int:
    """The number of a state in its chain."""
    turned = chain.facing_right == bool(state.facing_right) if chain.facing_right.any() else True
    return int(((chain.cell == int(state.mouse)) & turned).nonzero()[0][0])

"""Policy and value maps of a mouse in one level, from one forward pass over all open cells."""

from typing import NamedTuple

import numpy as np

from agents.mouse import Mouse
from analysis import chain as chains
from analysis.chain import Chain, build_chain, make_greedy
from envs import paths
from envs.levels import Levels
from envs.world import State
from viewer.inspection import UNCHANGED, Inspection

HORIZON = 256  # of expected visits and odds, in steps


class Maps(NamedTuple):
    """Policy and value of one mouse in every cell of one level.

    Attributes:
        chain: its Markov chain.
        moves: float64 (5, world_dim, world_dim), the probability of each move (left, down, stay, up, right) in each
            open cell; NaN in walls.
        value: float64 (world_dim, world_dim), value estimate per open cell, in scaled-reward units; NaN in walls.
    """

    chain: Chain
    moves: np.ndarray
    value: np.ndarray


def compute_maps(mouse: Mouse, level: Levels, inspection: Inspection = UNCHANGED) -> Maps:
    """Compute the maps for one level (a batch of one), with the changes of an inspection."""
    chain = build_chain(mouse, level, inspection.build_predict(mouse, level))
    moves = np.stack([chain.to_maps(column)[0] for column in chain.probability.T])
    return Maps(chain, moves, chain.to_maps(chain.value.astype(float))[0])


def compute_greedy_path(maps: Maps, state: State) -> list[int]:
    """Compute the greedy path from the current cell.

    It ends at the cheese, at the first repeated cell, or at a wall the policy moves into.
    """
    chain = maps.chain
    following = chain.successor[np.arange(len(chain.cell)), make_greedy(chain).probability.argmax(1)]
    at, visited, cells = find_row(chain, state), set(), []
    while at not in visited:
        visited.add(at)
        cells.append(int(chain.cell[at]))
        if cells[-1] == int(state.level.cheese):
            break
        at = int(following[at])
    return [cell for cell, before in zip(cells, [None, *cells], strict=False) if cell != before]


def compute_shortest_path(state: State) -> list[int]:
    """Compute a shortest path from the mouse to the cheese; empty if there is none."""
    return paths.shortest_path(state.level, int(state.mouse), int(state.level.cheese))


def compute_visits(maps: Maps, state: State) -> np.ndarray:
    """Compute the expected visits per cell from the current cell, float64 (world_dim, world_dim); NaN in walls."""
    chain = maps.chain._replace(start=np.array([find_row(maps.chain, state)]))
    is_over = bool(state.mouse == state.level.cheese)  # a chain takes a step even where its start absorbs
    counts = chains.compute_visits(chain, chain.at(state.level.cheese), 0 if is_over else HORIZON)
    by_cell = np.bincount(chain.cell, weights=counts, minlength=state.level.walls[0].numel())
    return np.where(state.level.walls[0].numpy(), np.nan, by_cell.reshape(state.level.walls.shape[1:]))


def find_row(chain: Chain, state: State) -> int:
    """The row of a state in its chain."""
    turned = chain.facing_right == bool(state.facing_right) if chain.facing_right.any() else True
    return int(((chain.cell == int(state.mouse)) & turned).nonzero()[0][0])

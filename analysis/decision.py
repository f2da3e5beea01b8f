"""A fork on one clock: reach the decision square, step towards the cheese, complete the way.

Each part is the probability of an event within the same T steps of one episode, given the event before it. So the parts
multiply to the probability of taking the cheese by the first way chosen, and the rest, by a way chosen later, is a
probability of its own and cannot be negative.
"""

from typing import NamedTuple

import numpy as np
import torch
from numba import njit
from torch import Tensor

from analysis.chain import SETTLED, Chain
from envs import paths, world
from envs.generator import NO_CELL
from envs.levels import Levels

BEFORE, AT_SQUARE, CHEESE_BRANCH, CORNER_BRANCH = range(4)  # what has happened so far


class Decision(NamedTuple):
    """What happens at the forks among N levels within one episode; float64 (N,), NaN where there is no fork.

    Attributes:
        reach: P(at the decision square by T).
        first_step: P(the first branch entered, of the cheese's and the corner's, is the cheese's, by T | reach).
        complete: P(cheese by T | the cheese's branch was entered first, by T).
        rest: P(cheese by T, and the corner's branch was entered first). reach·first_step·complete + rest = P(cheese).
    """

    reach: np.ndarray
    first_step: np.ndarray
    complete: np.ndarray
    rest: np.ndarray


def find_next_move(levels: Levels, cell: Tensor, target: Tensor) -> Tensor:
    """int64 (N,): the next move on the shortest way from one cell to another; −1 where either is, or they are equal."""
    distance = paths.compute_distances(levels, target).flatten(1)
    near = cell.clamp(min=0)
    here = distance.gather(1, near[:, None])[:, 0]
    following = torch.full_like(cell, -1)
    for move in (world.LEFT, world.DOWN, world.UP, world.RIGHT):
        beside = world.find_neighbour(near, torch.tensor(move), levels.world_dim)
        closer = distance.gather(1, beside[:, None])[:, 0] == here - 1
        following = torch.where(closer, move, following)
    return torch.where((cell == NO_CELL) | (target == NO_CELL) | (here <= 0), -1, following)


def find_next_cell(levels: Levels, cell: Tensor, target: Tensor) -> Tensor:
    """int64 (N,): the cell to which ``find_next_move`` leads; −1 if there is none."""
    move = find_next_move(levels, cell, target)
    beside = world.find_neighbour(cell.clamp(min=0), move.clamp(min=0), levels.world_dim)
    return torch.where(move < 0, NO_CELL, beside)


def compute_decision(chain: Chain, square: Tensor, steps: int) -> Decision:
    """The parts of P(cheese) at forks.

    Args:
        chain: of N levels.
        square: int64 (N,), the decision square of each level, −1 where it has none.
        steps: T, of one whole episode.
    """
    levels = chain.levels
    to_cheese, to_corner = (find_next_cell(levels, square, end) for end in (levels.cheese, levels.corner))
    arriving = np.zeros(len(chain.cell), np.int64)  # in what phase a mouse is that arrives here in the phase before
    arriving[chain.at(square)] = AT_SQUARE
    arriving[chain.at(to_cheese)] = CHEESE_BRANCH
    arriving[chain.at(to_corner)] = CORNER_BRANCH
    events = np.zeros((levels.num_levels, 6))
    start = np.where((square != NO_CELL).numpy(), chain.start, -1)
    cheese = chain.at(levels.cheese)
    _play(chain.offset, start, chain.successor, chain.probability, arriving, cheese, steps, events)
    events[start < 0] = np.nan
    reach, by_cheese, taken = events[:, AT_SQUARE], events[:, CHEESE_BRANCH], events[:, 4]
    with np.errstate(invalid="ignore", divide="ignore"):
        return Decision(reach, by_cheese / reach, taken / by_cheese, rest=events[:, 5])


@njit(nogil=True, cache=True)
def _play(offset, start, successor, probability, arriving, cheese, steps, events):
    """Add up the probability of each event: entering each phase (0 to 3), the cheese after phase 2 (4) and 3 (5)."""
    largest = 0
    for level in range(len(start)):
        largest = max(largest, offset[level + 1] - offset[level])
    now, following = np.zeros((4, largest)), np.zeros((4, largest))
    for level in range(len(start)):
        if start[level] < 0:
            continue
        low, size = offset[level], offset[level + 1] - offset[level]
        now[:, :size] = 0.0
        first = AT_SQUARE if arriving[start[level]] == AT_SQUARE else BEFORE
        now[first, start[level] - low] = 1.0
        events[level, first] += 1.0
        for _ in range(steps):
            following[:, :size] = 0.0
            playing = 0.0
            for phase in range(4):
                for state in range(size):
                    mass = now[phase, state]
                    if mass == 0.0:
                        continue
                    for move in range(5):
                        moving = mass * probability[low + state, move]
                        if moving == 0.0:
                            continue
                        after = successor[low + state, move]
                        reached = phase
                        if phase == BEFORE and arriving[after] == AT_SQUARE:
                            reached = AT_SQUARE
                        elif phase == AT_SQUARE and arriving[after] >= CHEESE_BRANCH:
                            reached = arriving[after]
                        if reached != phase:
                            events[level, reached] += moving
                        if cheese[after]:
                            if reached >= 2:
                                events[level, reached + 2] += moving
                        else:
                            following[reached, after - low] += moving
                            playing += moving
            now, following = following, now
            if playing < SETTLED:
                break

"""A mouse in a maze is a Markov chain, so what it does there can be computed rather than sampled.

The policy has no memory: in a fixed level it acts on the mouse's cell alone, and with rgb pictures on the way that the
mouse faces. One batch of pictures through the network gives every transition, and going backward from where the mouse
may end gives, from every cell at once, the exact probability of each end.
"""

from typing import NamedTuple

import numpy as np
import torch
from numba import njit
from torch import Tensor

from agents.mouse import Mouse
from envs import world
from envs.levels import Levels
from envs.world import LEFT, MOVE_NAMES, RIGHT, STAY, State

PICTURES = 2048  # through the network at once
SETTLED = 1e-13  # no probability changes by more: the rest of the steps would change nothing that counts
MOVES = tuple(move for move in range(len(MOVE_NAMES)) if move != STAY)
UNIFORM = np.array([0.0 if move == STAY else 1 / len(MOVES) for move in range(len(MOVE_NAMES))])
SIZES = 64  # batches are rounded up to multiples of it: a network is slow on ever new sizes


class Chain(NamedTuple):
    """The chains of N levels, one after another: S states in all.

    A state is an open cell, and in worlds seen as rgb a cell and a facing. Rows of a level lie together.

    Attributes:
        levels: the N levels, on the CPU.
        offset: int64 (N + 1,), level i has the states from offset[i] to offset[i + 1].
        level: int64 (S,), the level of each state.
        cell: int64 (S,), its cell in the world.
        facing_right: bool (S,), its facing; False where facings are not told apart.
        start: int64 (N,), the state in which each level begins.
        successor: int64 (S, 5), the state that each move (left, down, stay, up, right) leads to.
        probability: float64 (S, 5), of each move.
        value: float32 (S,), what the network expects, in the scaled rewards that it was trained with.
    """

    levels: Levels
    offset: np.ndarray
    level: np.ndarray
    cell: np.ndarray
    facing_right: np.ndarray
    start: np.ndarray
    successor: np.ndarray
    probability: np.ndarray
    value: np.ndarray

    def at(self, cell: np.ndarray | Tensor) -> np.ndarray:
        """bool (S,): the states in which the mouse is in a cell int64 (N,) of its level; none where it is −1."""
        return self.cell == np.asarray(cell)[self.level]

    def inside(self, region: np.ndarray | Tensor) -> np.ndarray:
        """bool (S,): the states in which the mouse is in a region bool (N, world_dim, world_dim) of its level."""
        return np.asarray(region).reshape(len(region), self.levels.world_dim**2)[self.level, self.cell]

    def map_of(self, values: np.ndarray) -> np.ndarray:
        """float64 (N, world_dim, world_dim): values (S,) as maps [level, y, x]; NaN in walls.

        Of two facings, the one that a mouse begins with is shown.
        """
        maps = np.full(self.levels.walls.shape, np.nan)
        shown = ~self.facing_right
        maps.reshape(len(maps), -1)[self.level[shown], self.cell[shown]] = values[shown]
        return maps


def build_walk(levels: Levels, facings: int = 1) -> Chain:
    """The chain of a random walk in each of N levels: each of the four moves has the probability 1/4.

    Args:
        levels: on any device.
        facings: 2 tells a mouse's facings apart, 1 does not.
    """
    levels = levels.to("cpu")
    is_open = ~levels.walls.flatten(1)
    level, cell = (index.repeat_interleave(facings) for index in is_open.nonzero(as_tuple=True))
    facing = torch.arange(len(cell)) % facings
    first = is_open.flatten().cumsum(0).view_as(is_open) * facings - facings  # the first state of each open cell

    successor = []
    for move in map(torch.tensor, range(len(MOVE_NAMES))):
        target = world.neighbour(cell, move, levels.world_dim)
        target = torch.where(is_open[level, target], target, cell)
        turned = facing if move not in (LEFT, RIGHT) else torch.full_like(facing, int(move == RIGHT) * (facings - 1))
        successor.append(first[level, target] + turned)

    return Chain(
        levels,
        offset=np.concatenate(([0], is_open.sum(1).cumsum(0).numpy() * facings)),
        level=level.numpy(),
        cell=cell.numpy(),
        facing_right=facing.bool().numpy(),
        start=first.gather(1, levels.start[:, None])[:, 0].numpy(),
        successor=torch.stack(successor, dim=1).numpy(),
        probability=np.tile(UNIFORM, (len(cell), 1)),
        value=np.zeros(len(cell), np.float32),
    )


def build_chain(mouse: Mouse, levels: Levels) -> Chain:
    """The chain of a mouse in each of N levels.

    Args:
        mouse: its network may lie on any device.
        levels: of its world, on any device.
    """
    walk = build_walk(levels, facings=2 if mouse.spec.observation == "rgb" else 1)
    states = (torch.from_numpy(index) for index in (walk.level, walk.cell, walk.facing_right))
    probability, value = _decisions(mouse, walk.levels, *states)
    return walk._replace(probability=probability, value=value)


@torch.no_grad()
def _decisions(mouse: Mouse, levels: Levels, level: Tensor, cell: Tensor, facing: Tensor):
    """The probability of each move float64 (S, 5), and the network's value float32 (S,), in S states."""
    device = mouse.device
    painter = mouse.spec.painter(device)
    per_move = torch.nn.functional.one_hot(mouse.spec.moves(), len(MOVE_NAMES)).double()
    probability, value = [], []
    for first in range(0, len(cell), PICTURES):
        rows = slice(first, first + PICTURES)
        state = State(levels.rows(level[rows]), cell[rows], facing[rows], torch.zeros_like(cell[rows]))
        number = len(state.mouse)
        size = -(-number // SIZES) * SIZES
        state = state.rows(torch.arange(size).clamp(max=number - 1))
        state = State(state.level.to(device), *(field.to(device) for field in state[1:]))
        logits, expected = mouse.policy(painter.paint(state))
        probability.append(logits[:number].cpu().double().softmax(1) @ per_move)
        value.append(expected[:number].float().cpu())
    if not probability:
        return np.zeros((0, len(MOVE_NAMES))), np.zeros(0, np.float32)
    return torch.cat(probability).numpy(), torch.cat(value).numpy()


def greedy(chain: Chain) -> Chain:
    """The same mouse, always making its likeliest move: Procgen's actions are added up by move beforehand."""
    likeliest = chain.probability.argmax(1)
    return chain._replace(probability=np.eye(len(MOVE_NAMES))[likeliest])


class Absorbed(NamedTuple):
    """What is expected of a mouse that plays until it is absorbed.

    Attributes:
        value: float64 (S,), from each state: the expected payoff; an absorbing state has its own.
        by_step: float64 (N, steps + 1), the same from the start of each level within so many steps. Arrivals count
            from the first step on: what the mouse stands on at the start does not absorb it.
    """

    value: np.ndarray
    by_step: np.ndarray


def absorb(chain: Chain, payoff: np.ndarray, absorbing: np.ndarray, steps: int, gamma: float = 1.0) -> Absorbed:
    """Play until the mouse arrives in an absorbing state, for so many steps at most, and expect its payoff.

    With a payoff of 1 in some absorbing states and 0 in others, that is the probability of arriving in one of the
    former first. It is exact for this number of steps: no episode is sampled.

    Args:
        payoff: float64 (S,), of arriving in each state; only what it is in absorbing states matters.
        absorbing: bool (S,).
        steps: the time limit.
        gamma: an arrival at the k-th step pays γ^k of the payoff.
    """
    value = np.where(absorbing, payoff, 0.0)
    by_step = np.zeros((len(chain.offset) - 1, steps + 1))
    _absorb(chain.offset, chain.start, chain.successor, chain.probability, absorbing, gamma, value, by_step)
    return Absorbed(value, by_step)


@njit(nogil=True, cache=True)
def _absorb(offset, start, successor, probability, absorbing, gamma, value, by_step):
    steps = by_step.shape[1] - 1
    before = np.empty(len(value))
    for level in range(len(by_step)):
        low, high = offset[level], offset[level + 1]
        for step in range(1, steps + 1):
            change = 0.0
            before[low:high] = value[low:high]
            for state in range(low, high):
                if absorbing[state] and state != start[level]:
                    continue
                expected = 0.0
                for move in range(5):
                    expected += probability[state, move] * before[successor[state, move]]
                expected *= gamma
                if state == start[level]:
                    by_step[level, step] = expected
                if not absorbing[state]:
                    value[state] = expected
                    change = max(change, abs(expected - before[state]))
            if change < SETTLED:
                # One more step takes in what the start can see of the settled values.
                by_step[level, step + 1 :] = by_step[level, step]
                break


def within(chain: Chain, target: np.ndarray, steps: int, barrier: np.ndarray | None = None) -> Absorbed:
    """The probability of arriving in ``target`` bool (S,) in so many steps, and not in ``barrier`` before."""
    barrier = np.zeros_like(target) if barrier is None else barrier & ~target
    return absorb(chain, target.astype(float), target | barrier, steps)


@njit(nogil=True, cache=True)
def _visits(offset, start, successor, probability, absorbing, steps, visits):
    now, following = np.empty(len(visits)), np.empty(len(visits))
    for level in range(len(start)):
        low, high = offset[level], offset[level + 1]
        now[low:high] = 0.0
        now[start[level]] = 1.0
        visits[start[level]] += 1.0
        for _ in range(steps):
            following[low:high] = 0.0
            playing = 0.0
            for state in range(low, high):
                for move in range(5):
                    following[successor[state, move]] += now[state] * probability[state, move]
            for state in range(low, high):
                visits[state] += following[state]
                now[state] = 0.0 if absorbing[state] else following[state]
                playing += now[state]
            if playing < SETTLED:
                break


def visits(chain: Chain, absorbing: np.ndarray, steps: int) -> np.ndarray:
    """float64 (S,): how often a mouse is expected in each state, its start and its end included."""
    counts = np.zeros(len(chain.cell))
    _visits(chain.offset, chain.start, chain.successor, chain.probability, absorbing, steps, counts)
    return counts

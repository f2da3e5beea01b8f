"""Markov chains of mice in mazes: exact outcome probabilities without sampling.

The policy has no memory. In a fixed level its action distribution depends only on the mouse's cell and, with rgb
observations, on its facing. One forward pass over all states gives every transition probability. Backward iteration
from the absorbing states gives the exact probability of each outcome from every cell.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numba import njit
from torch import Tensor

from agents.mouse import Mouse
from envs import world
from envs.levels import Levels
from envs.world import LEFT, MOVE_NAMES, RIGHT, STAY, State

BATCH_SIZE = 2048  # observations per forward pass
BATCH_PIXELS = 2**20  # per forward pass on a CPU: 64×64 pictures take 1.5 times as long if activations leave its caches
SETTLED = 1e-13  # convergence threshold: stop when no probability changes by more
MULTIPLE = 64  # round batch sizes up to a multiple of it, because each new size is slow on first use
MOVES = tuple(move for move in range(len(MOVE_NAMES)) if move != STAY)
Predict = Callable[[State, Tensor], tuple[Tensor, Tensor]]
UNIFORM = np.array([0.0 if move == STAY else 1 / len(MOVES) for move in range(len(MOVE_NAMES))])


class Chain(NamedTuple):
    """The chains of N levels, concatenated: S states in total.

    A state is an open cell or, with rgb observations, an open cell and a facing. States of a level are contiguous.

    Attributes:
        levels: the N levels, on the CPU.
        offset: int64 (N + 1,), level i has states offset[i]:offset[i + 1].
        level: int64 (S,), the level of each state.
        cell: int64 (S,), the cell of each state.
        facing_right: bool (S,), the facing; False if the observation does not show it.
        start: int64 (N,), the start state of each level.
        successor: int64 (S, 5), the next state of each move (left, down, stay, up, right).
        probability: float64 (S, 5), the probability of each move.
        value: float32 (S,), the value estimate, in scaled-reward units.
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
        """Mask the states at a cell int64 (N,) of each level: bool (S,), none where the cell is −1."""
        return self.cell == np.asarray(cell)[self.level]

    def inside(self, region: np.ndarray | Tensor) -> np.ndarray:
        """Mask the states in a region bool (N, world_dim, world_dim) of each level: bool (S,)."""
        return np.asarray(region).reshape(len(region), self.levels.world_dim**2)[self.level, self.cell]

    def start_at(self, cell: np.ndarray | Tensor) -> "Chain":
        """The same chains, started in the cells int64 (N,), with the facing of the present start."""
        _, first = np.unique(self.level * self.levels.world_dim**2 + self.cell, return_index=True)
        place = np.full((self.levels.num_levels, self.levels.world_dim**2), -1)  # the first state of each cell
        place[self.level[first], self.cell[first]] = first
        rows, cell = np.arange(self.levels.num_levels), np.asarray(cell)
        start = place[rows, cell] + self.start - place[rows, self.cell[self.start]]
        return self._replace(start=start, levels=self.levels._replace(start=torch.from_numpy(cell)))

    def to_maps(self, values: np.ndarray) -> np.ndarray:
        """Arrange values (S,) as maps [level, y, x]: float64 (N, world_dim, world_dim), NaN in walls.

        With facings, the maps show the start facing.
        """
        maps = np.full(self.levels.walls.shape, np.nan)
        shown = ~self.facing_right
        maps.reshape(len(maps), -1)[self.level[shown], self.cell[shown]] = values[shown]
        return maps


def build_walk(levels: Levels, facings: int = 1) -> Chain:
    """Build the chains of a random walk in N levels: each of the four moves has the probability 1/4.

    Args:
        levels: N levels, on any device.
        facings: 2 tells the mouse's facings apart, 1 does not.
    """
    levels = levels.to("cpu")
    is_open = ~levels.walls.flatten(1)
    level, cell = (index.repeat_interleave(facings) for index in is_open.nonzero(as_tuple=True))
    facing = torch.arange(len(cell)) % facings
    first = is_open.flatten().cumsum(0).view_as(is_open) * facings - facings  # the first state of each open cell

    successor = []
    for move in map(torch.tensor, range(len(MOVE_NAMES))):
        target = world.find_neighbour(cell, move, levels.world_dim)
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


def build_chain(mouse: Mouse, levels: Levels, predict: Predict | None = None) -> Chain:
    """Build the chains of a mouse in N levels.

    Args:
        mouse: the mouse, on any device.
        levels: N levels of the mouse's world size, on any device.
        predict: takes the place of the mouse's policy. It is given n states on the mouse's device and the numbers of
            their levels, int64 (n,), and gives action logits (n, A) and values (n,).
    """
    walk = build_walk(levels, facings=2 if mouse.spec.observation == "rgb" else 1)
    states = (torch.from_numpy(index) for index in (walk.level, walk.cell, walk.facing_right))
    painter = mouse.spec.painter(mouse.device)
    predict = predict or (lambda state, level: mouse.policy(painter.paint(state)))
    probability, value = _run_policy(mouse, predict, walk.levels, *states)
    return walk._replace(probability=probability, value=value)


def choose_batch_size(mouse: Mouse) -> int:
    """The number of observations per forward pass."""
    height, width, _ = mouse.spec.observation_shape
    return min(BATCH_SIZE, BATCH_PIXELS // (height * width)) if mouse.device.type == "cpu" else BATCH_SIZE


@torch.no_grad()
def _run_policy(mouse: Mouse, predict: Predict, levels: Levels, level: Tensor, cell: Tensor, facing: Tensor):
    """Compute the move probabilities float64 (S, 5) and the value estimates float32 (S,) of S states."""
    device = mouse.device
    per_move = torch.nn.functional.one_hot(mouse.spec.moves(), len(MOVE_NAMES)).double()
    probability, value = [], []
    batch_size = choose_batch_size(mouse)
    for first in range(0, len(cell), batch_size):
        rows = slice(first, first + batch_size)
        state = State(levels.rows(level[rows]), cell[rows], facing[rows], torch.zeros_like(cell[rows]))
        number = len(state.mouse)
        size = -(-number // MULTIPLE) * MULTIPLE
        padded = torch.arange(size).clamp(max=number - 1)
        state = state.rows(padded).to(device)
        logits, expected = predict(state, level[rows][padded].to(device))
        probability.append(logits[:number].cpu().double().softmax(1) @ per_move)
        value.append(expected[:number].float().cpu())
    if not probability:
        return np.zeros((0, len(MOVE_NAMES))), np.zeros(0, np.float32)
    return torch.cat(probability).numpy(), torch.cat(value).numpy()


def make_greedy(chain: Chain) -> Chain:
    """Make the chain greedy. The probabilities of Procgen's actions are summed per move first."""
    greedy_move = chain.probability.argmax(1)
    return chain._replace(probability=np.eye(len(MOVE_NAMES))[greedy_move])


class Absorbed(NamedTuple):
    """The expected payoff until absorption.

    Attributes:
        value: float64 (S,), the expected payoff from each state; an absorbing state has its own payoff.
        by_step: float64 (N, steps + 1), the expected payoff from each level's start within 0, 1, … steps. The start
            state does not absorb before the first step.
    """

    value: np.ndarray
    by_step: np.ndarray


def absorb(chain: Chain, payoff: np.ndarray, absorbing: np.ndarray, steps: int, gamma: float = 1.0) -> Absorbed:
    """Compute the expected payoff of the first absorbing state reached within ``steps``.

    With payoff 1 in some absorbing states and 0 in the others, it is the probability of reaching one of the former
    first. The result is exact; no episode is sampled.

    Args:
        chain: the chains of N levels.
        payoff: float64 (S,), the payoff of each state; used only in absorbing states.
        absorbing: bool (S,), the absorbing states.
        steps: the step limit.
        gamma: the discount; the payoff at step k is weighted by γ^k.
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
                # One more step propagates the converged values to the start.
                by_step[level, step + 1 :] = by_step[level, step]
                break


def reach(chain: Chain, target: np.ndarray, steps: int, barrier: np.ndarray | None = None) -> Absorbed:
    """Compute the probability of reaching ``target`` bool (S,) within ``steps`` and before ``barrier`` bool (S,)."""
    barrier = np.zeros_like(target) if barrier is None else barrier & ~target
    return absorb(chain, target.astype(float), target | barrier, steps)


@njit(nogil=True, cache=True)
def _compute_visits(offset, start, successor, probability, absorbing, steps, visits):
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


def compute_visits(chain: Chain, absorbing: np.ndarray, steps: int) -> np.ndarray:
    """Compute the expected visits of each state within ``steps``, including start and end: float64 (S,)."""
    counts = np.zeros(len(chain.cell))
    _compute_visits(chain.offset, chain.start, chain.successor, chain.probability, absorbing, steps, counts)
    return counts

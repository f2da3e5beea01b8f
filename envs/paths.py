"""Paths in levels: distances, shortest paths, level types, decision squares and optimal returns, batched.

Breadth-first search is sequential, so it runs on the CPU (numba) for levels on any device. Results are returned on the
levels' device.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numba import njit
from torch import Tensor

from envs.generator import NO_CELL
from envs.levels import Levels
from envs.world import CHEESE_REWARD, MAX_EPISODE_STEPS
from foundation.errors import InputError

UNREACHABLE = -1
SAME, ON_THE_WAY, BEYOND, FORK, UNDEFINED = range(5)
LEVEL_TYPES = ("same", "on_the_way", "beyond", "fork", "undefined")


@njit(nogil=True, cache=True)
def _search(walls, source, distance, queue):
    """Fill ``distance`` int32 (N, W, W), −1 everywhere beforehand, from one source cell per level."""
    world_dim = walls.shape[1]
    for level in range(len(walls)):
        if source[level] < 0:
            continue
        distance[level, source[level] // world_dim, source[level] % world_dim] = 0
        queue[0] = source[level]
        head, tail = 0, 1
        while head < tail:
            x, y = queue[head] % world_dim, queue[head] // world_dim
            head += 1
            for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                nx, ny = x + dx, y + dy
                inside = 0 <= nx < world_dim and 0 <= ny < world_dim
                if inside and not walls[level, ny, nx] and distance[level, ny, nx] < 0:
                    distance[level, ny, nx] = distance[level, y, x] + 1
                    queue[tail] = ny * world_dim + nx
                    tail += 1


def compute_distances(levels: Levels, source: Tensor) -> Tensor:
    """Compute the steps from a source cell to every cell.

    Args:
        levels: N levels.
        source: int64 (N,), one cell per level; −1 for none.

    Returns:
        int32 (N, world_dim, world_dim), −1 if unreachable.
    """
    walls = levels.walls.cpu().numpy()
    # Compiled code does not check bounds.
    assert source.shape == walls.shape[:1], "one source per level"
    assert (source < levels.world_dim**2).all(), "sources are cells of the world"
    distance = np.full(walls.shape, UNREACHABLE, np.int32)
    _search(walls, source.cpu().numpy(), distance, np.empty(walls[0].size if len(walls) else 0, np.int64))
    return torch.from_numpy(distance).to(levels.device)


def distance_at(distance: Tensor, cell: Tensor) -> Tensor:
    """Look up a distance map at one cell per level: int64 (N,), −1 where the cell is −1."""
    value = distance.flatten(1).gather(1, cell.clamp(min=0)[:, None])[:, 0].long()
    return torch.where(cell == NO_CELL, UNREACHABLE, value)


def shortest_path(level: Levels, source: int, target: int) -> list[int]:
    """Compute a shortest path in one level, from ``source`` to ``target``, both included; empty if there is none.

    Ties are broken from the target, in the order left, right, down, up.
    """
    world_dim = level.world_dim
    if source == NO_CELL or target == NO_CELL:
        return []
    distance = compute_distances(level, torch.tensor([source]))[0].cpu().numpy()
    if distance.flat[target] == UNREACHABLE:
        return []
    cells = [target]
    while cells[-1] != source:
        y, x = divmod(cells[-1], world_dim)
        for nx, ny in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
            inside = 0 <= nx < world_dim and 0 <= ny < world_dim
            if inside and distance[ny, nx] == distance[y, x] - 1:
                cells.append(ny * world_dim + nx)
                break
    return cells[::-1]


def is_tree(levels: Levels) -> Tensor:
    """Return whether each level is a tree: bool (N,). All open cells are reachable, and there are no loops."""
    is_open = ~levels.walls
    cells = is_open.flatten(1).sum(1)
    edges = (is_open[:, 1:] & is_open[:, :-1]).flatten(1).sum(1) + (is_open[:, :, 1:] & is_open[:, :, :-1]).flatten(
        1
    ).sum(1)
    reached = (compute_distances(levels, levels.start) >= 0).flatten(1).sum(1)
    return (reached == cells) & (edges == cells - 1)


def classify_levels(levels: Levels) -> tuple[Tensor, Tensor]:
    """Classify levels by the paths to the cheese and to the top-right corner.

    Returns:
        level_type: int64 (N,), an index into ``LEVEL_TYPES``. SAME: the cheese is in the corner. ON_THE_WAY: the cheese
            is on the path to the corner. BEYOND: the corner is on the path to the cheese. FORK: neither. UNDEFINED:
            there is no cheese, the corner is a wall or unreachable, or the maze is not a tree.
        decision_square: int64 (N,), the last cell that both paths of a FORK share (the start counts), else −1.
    """
    corner, cheese = levels.corner, levels.cheese
    from_start = compute_distances(levels, levels.start)
    on_both = torch.ones_like(levels.walls)
    for target in (corner, cheese):
        shortest = distance_at(from_start, target)[:, None, None]
        on_both &= (from_start >= 0) & (from_start + compute_distances(levels, target) == shortest)
    last_shared = torch.where(on_both, from_start, UNREACHABLE).flatten(1).argmax(1)

    level_type = torch.full_like(cheese, FORK)
    level_type[last_shared == corner] = BEYOND
    level_type[last_shared == cheese] = ON_THE_WAY
    level_type[corner == cheese] = SAME
    defined = is_tree(levels) & (cheese != NO_CELL) & (distance_at(from_start, corner) >= 0)
    level_type[~defined] = UNDEFINED
    return level_type, torch.where(level_type == FORK, last_shared, NO_CELL)


def parse_level_types(level_types: Sequence[str]) -> Tensor:
    """Parse names of level types into indices, int64 (number of types,).

    Raises:
        InputError: if there is no name, or one is unknown.
    """
    is_list = isinstance(level_types, list | tuple) and len(level_types) > 0
    if not is_list or not all(isinstance(name, str) and name in LEVEL_TYPES for name in level_types):
        raise InputError(f"level_types must be a list of {', '.join(LEVEL_TYPES)}, not {level_types!r}")
    return torch.tensor([LEVEL_TYPES.index(name) for name in level_types])


def compute_optimal_return(levels: Levels, gamma: float = 1.0, max_episode_steps: int = MAX_EPISODE_STEPS) -> Tensor:
    """Compute the return of the shortest path to the cheese: float64 (N,), 0 if the step limit is too short.

    The reward of the k-th step is multiplied by γ^(k−1). A mouse that starts on the cheese is rewarded by the first
    step, if it can stay there: with an action that stays, or against a wall.
    """
    steps = distance_at(compute_distances(levels, levels.start), levels.cheese)
    in_time = (steps >= 0) & (steps <= max_episode_steps)
    return torch.where(in_time, CHEESE_REWARD * gamma ** (steps.clamp(min=1) - 1).double(), 0.0)

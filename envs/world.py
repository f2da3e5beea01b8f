"""The rules of the maze: state and step, as pure functions over batched tensors."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.types import Device

from envs.levels import Levels
from foundation.errors import InputError

CHEESE_REWARD = 10.0  # Procgen's maze
MAX_EPISODE_STEPS = 500  # Procgen's time limit

LEFT, DOWN, STAY, UP, RIGHT = range(5)
MOVE_NAMES = ("left", "down", "stay", "up", "right")

# The move of each action. Procgen's 15 actions are 3·column + row of a joystick; horizontal directions win.
ACTION_SETS = {
    "minimal": (LEFT, DOWN, UP, RIGHT),
    "procgen": (LEFT, LEFT, LEFT, DOWN, STAY, UP, RIGHT, RIGHT, RIGHT) + (STAY,) * 6,
}


class State(NamedTuple):
    """The states of N environments.

    Attributes:
        level: the N levels.
        mouse: int64 (N,), the mouse's cell.
        facing_right: bool (N,), whether the mouse's sprite faces right. A move right sets it, even into a wall; a move
            left clears it, as in Procgen.
        clock: int64 (N,), steps since the start of the episode.
    """

    level: Levels
    mouse: Tensor
    facing_right: Tensor
    clock: Tensor

    def rows(self, index) -> "State":
        """Select states; ``index`` is any index of a tensor's first dimension."""
        return State(self.level.rows(index), *(field[index] for field in self[1:]))

    def to(self, device: Device) -> "State":
        return State(self.level.to(device), *(field.to(device) for field in self[1:]))

    def replace(self, index: Tensor, other: "State") -> "State":
        """Replace the states at ``index`` int64 (M,) by the M states of ``other``."""

        def put(mine: Tensor, theirs: Tensor) -> Tensor:
            return mine.index_copy(0, index, theirs)

        return State(Levels(*map(put, self.level, other.level)), *map(put, self[1:], other[1:]))

    def where(self, mask: Tensor, other: "State", out: "State | None" = None) -> "State":
        """Take these states where ``mask`` bool (N,) is True and ``other`` elsewhere; write into ``out`` if given."""
        level = self.level.where(mask, other.level, out and out.level)
        outs = out[1:] if out else (None,) * 3
        triples = zip(self[1:], other[1:], outs, strict=True)
        return State(level, *(torch.where(mask, mine, theirs, out=place) for mine, theirs, place in triples))


def start(level: Levels) -> State:
    """Build the first state of each level."""
    zeros = torch.zeros_like(level.start)
    return State(level, level.start.clone(), zeros.bool(), zeros)


def parse_action_set(action_set: str) -> tuple[int, ...]:
    """Parse an action set into the move of each action.

    Raises:
        InputError: if the action set is unknown.
    """
    if action_set not in tuple(ACTION_SETS):
        raise InputError(f"action_set must be one of {', '.join(ACTION_SETS)}, not {action_set!r}")
    return ACTION_SETS[action_set]


def build_moves(action_set: str, device: Device = "cpu") -> Tensor:
    """Build the table of each action's move, int64 (number of actions,).

    Raises:
        InputError: if the action set is unknown.
    """
    return torch.tensor(parse_action_set(action_set), device=device)


@lru_cache(maxsize=32)  # cached, because copying it to the device at every step would synchronise
def _build_neighbours(world_dim: int, device: torch.device) -> Tensor:
    """Build the target cell of each move from each cell, ignoring walls: int64 (world_dim²·5,)."""
    x, y = torch.arange(world_dim).repeat(world_dim, 1), torch.arange(world_dim)[:, None].expand(-1, world_dim)
    step_x, step_y = torch.zeros(5, dtype=torch.int64), torch.zeros(5, dtype=torch.int64)
    step_x[LEFT], step_x[RIGHT], step_y[DOWN], step_y[UP] = -1, 1, -1, 1
    x, y = ((z[..., None] + step).clamp(0, world_dim - 1) for z, step in ((x, step_x), (y, step_y)))
    return (y * world_dim + x).flatten().to(device)


def find_neighbour(cell: Tensor, move: Tensor, world_dim: int) -> Tensor:
    """Find the next cell in the direction of a move; the cell itself at the edge of the world."""
    return _build_neighbours(world_dim, cell.device).take(torch.add(move, cell, alpha=5))


def step(state: State, move: Tensor) -> tuple[State, Tensor, Tensor]:
    """Step N environments.

    Args:
        state: the states of N environments.
        move: int64 (N,), one of LEFT, DOWN, STAY, UP, RIGHT each; a wall blocks it.

    Returns:
        The next state, the reward float32 (N,) (10 at the cheese, else 0) and terminated bool (N,) (at the cheese).
        Step limits are not part of the rules; the caller truncates by ``clock``.
    """
    level, mouse = state.level, state.mouse
    target = find_neighbour(mouse, move, level.world_dim)
    blocked = level.walls.flatten(1).gather(1, target[:, None])[:, 0]
    mouse = torch.where(blocked, mouse, target)
    facing_right = (state.facing_right | (move == RIGHT)) & (move != LEFT)
    terminated = mouse == level.cheese
    return State(level, mouse, facing_right, state.clock + 1), CHEESE_REWARD * terminated, terminated

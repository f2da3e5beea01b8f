"""Move the cheese and watch: trained mice play levels they have never seen. One row of a table an episode."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.types import Device

from agents.checkpoint import Mouse
from agents.learner import painter_for
from agents.rollout import sample
from envs import paths, world
from envs.levels import Levels, from_seeds, seed_range, world_dim_of

HELD_OUT = 2**30  # evaluation plays level seeds from here on, training ones below
NEVER = -1  # the time of what did not happen
SLOTS = 512  # levels played side by side
CONDITIONS = ("as_trained", "anywhere")


@torch.no_grad()
def play(mouse: Mouse, levels: Levels, max_steps: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Let a mouse play levels, drawing its actions from its policy.

    Args:
        mouse: who plays; its network and the levels lie on one device.
        levels: N levels of its world; each is played once, until the cheese or ``max_steps``.
        generator: of the action noise, on the same device.

    Returns:
        t_cheese, t_corner: int64 (N,), the step of the first arrival at the cheese and at the top-right corner,
        ``NEVER`` if there was none. The cheese ends the episode, so no later corner is seen.
    """
    painter = painter_for(mouse.env, levels.device)
    moves = world.moves_of(mouse.env.action_set, levels.device)
    t_cheese, t_corner = (torch.full_like(levels.seed, NEVER) for _ in range(2))

    # A level a slot, and the next level when an episode is over: a network is slow on batches of ever new sizes.
    number = torch.arange(min(SLOTS, levels.num_levels), device=levels.device)  # of the level in each slot
    following, playing = len(number), torch.ones_like(number, dtype=torch.bool)
    state = world.start(levels.rows(number))
    pictures = painter.paint(state)
    while len(number):
        actions, _ = sample(mouse.policy(pictures)[0], generator)
        before = state
        state, _, terminated = world.step(state, moves[actions])
        painter.repaint(pictures, before, state)

        arrived = playing & (state.mouse == state.level.corner) & (t_corner[number] == NEVER)
        t_corner[number[arrived]] = state.clock[arrived]
        arrived = playing & terminated
        t_cheese[number[arrived]] = state.clock[arrived]

        over = (playing & (terminated | (state.clock >= max_steps))).nonzero()[:, 0]
        new = torch.arange(following, min(following + len(over), levels.num_levels), device=levels.device)
        following += len(new)
        begun, idle = over[: len(new)], over[len(new) :]
        number[begun], playing[idle] = new, False
        state = state.replace(begun, world.start(levels.rows(new)))
        pictures[begun] = painter.paint(state.rows(begun))
        if playing.sum() <= len(number) // 2:
            number, state, pictures = number[playing], state.rows(playing), pictures[playing]
            playing = playing[playing]
    return t_cheese, t_corner


def held_out_levels(mouse: Mouse, condition: str, number: int, device: Device = "cpu") -> Levels:
    """The first ``number`` levels at and above ``HELD_OUT``, the cheese as in training or anywhere."""
    world_dim = world_dim_of(mouse.env.distribution_mode, mouse.env.world_dim)
    region = mouse.env.cheese_region if condition == "as_trained" else "anywhere"
    return from_seeds(HELD_OUT + np.arange(number), world_dim, region, device)


def trained_on_held_out(mouse: Mouse, number: int) -> bool:
    """Whether the mouse's training levels reach into the ``number`` held-out ones."""
    low, high = seed_range(mouse.env.num_levels, mouse.env.start_level)
    return low < HELD_OUT + number and high > HELD_OUT


def records(mouse: Mouse, condition: str, number: int, max_steps: int, seed: int) -> pd.DataFrame:
    """Play held-out levels in one condition.

    Returns:
        One row an episode: condition; level_seed; maze_dim (cells); cheese_x, cheese_y (cells from the maze's
        bottom left, −1 without cheese); level_type (of ``paths.LEVEL_TYPES``); decision_square (a world cell, −1
        without); optimal_steps (to the cheese, −1 without a way); t_cheese, t_corner (steps, −1 for never);
        success (the cheese reached at all); first ("cheese", "corner" or "neither").
    """
    device = mouse.policy.fc_value.weight.device
    levels = held_out_levels(mouse, condition, number, device)
    generator = torch.Generator(device).manual_seed(seed)
    t_cheese, t_corner = play(mouse, levels, max_steps, generator)
    level_type, decision_square = paths.forks(levels)
    optimal = paths.at(paths.distances(levels, levels.start), levels.cheese)

    margin = (levels.world_dim - levels.maze_dim) // 2
    has_cheese = levels.cheese >= 0
    cheese_x = torch.where(has_cheese, levels.cheese % levels.world_dim - margin, -1)
    cheese_y = torch.where(has_cheese, levels.cheese // levels.world_dim - margin, -1)
    columns = {
        "level_seed": levels.seed,
        "maze_dim": levels.maze_dim,
        "cheese_x": cheese_x,
        "cheese_y": cheese_y,
        "decision_square": decision_square,
        "optimal_steps": optimal,
        "t_cheese": t_cheese,
        "t_corner": t_corner,
    }
    table = pd.DataFrame({name: column.cpu().numpy() for name, column in columns.items()})
    table.insert(0, "condition", condition)
    table["level_type"] = np.array(paths.LEVEL_TYPES)[level_type.cpu().numpy()]
    table["success"] = table.t_cheese != NEVER
    corner_first = (table.t_corner != NEVER) & (~table.success | (table.t_corner < table.t_cheese))
    table["first"] = np.select([corner_first, table.success], ["corner", "cheese"], "neither")
    return table

"""Play: a trained mouse in many levels at once, drawing its actions. What a chain computes, this samples."""

import torch
from torch import Tensor

from agents.mouse import Mouse
from agents.rollout import sample
from envs import world
from envs.levels import Levels

NEVER = -1  # the time of what did not happen
SLOTS = 512  # levels played side by side


@torch.no_grad()
def sample_episodes(
    mouse: Mouse, levels: Levels, places: Tensor, max_steps: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Let a mouse play each level once, until it has the cheese or time is up.

    Args:
        mouse: who plays; its network, the levels and the generator are on one device.
        levels: N levels of its world.
        places: bool (K, N, world_dim, world_dim), K places in each level whose first visit is to be timed.
        max_steps: the time limit.
        generator: of the action noise.

    Returns:
        t_cheese int64 (N,) and t_place int64 (K, N): the step of the first arrival, ``NEVER`` if there was none. The
        cheese ends the episode, so nothing later is seen; arriving at both at once counts for both.
    """
    painter = mouse.spec.painter(levels.device)
    moves = mouse.spec.moves(levels.device)
    places = places.flatten(2)
    t_cheese = torch.full_like(levels.seed, NEVER)
    t_place = torch.full(places.shape[:2], NEVER, device=levels.device)

    # A level a slot, and the next level when an episode is over: a network is slow on batches of ever new sizes.
    number = torch.arange(min(SLOTS, levels.num_levels), device=levels.device)  # of the level in each slot
    following, playing = len(number), torch.ones_like(number, dtype=torch.bool)
    state = world.start(levels.rows(number))
    obs = painter.paint(state)
    while len(number):
        actions, _ = sample(mouse.policy(obs)[0], generator)
        before = state
        state, _, terminated = world.step(state, moves[actions])

        arrived = playing & terminated
        t_cheese[number[arrived]] = state.clock[arrived]
        arrived = playing & places[:, number, state.mouse] & (t_place[:, number] == NEVER)
        t_place[:, number] = torch.where(arrived, state.clock, t_place[:, number])

        ended = playing & (terminated | (state.clock >= max_steps))
        over = ended.nonzero()[:, 0]
        new = torch.arange(following, min(following + len(over), levels.num_levels), device=levels.device)
        following += len(new)
        begun, idle = over[: len(new)], over[len(new) :]
        number[begun], playing[idle] = new, False
        state = state.replace(begun, world.start(levels.rows(new)))
        painter.repaint(obs, before, state, begun=ended)
        if playing.sum() <= len(number) // 2:
            number, state, obs = number[playing], state.rows(playing), obs[playing]
            playing = playing[playing]
    return t_cheese, t_place

"""Sample episodes of a mouse in many levels. The exact counterpart is ``analysis.chain``."""

import torch
from torch import Tensor

from agents.mouse import Mouse
from agents.rollout import sample
from envs import world
from envs.levels import Levels

NEVER = -1  # step number for "never"
SLOTS = 512  # levels stepped in parallel


@torch.no_grad()
def sample_episodes(
    mouse: Mouse, levels: Levels, places: Tensor, max_steps: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Sample one episode per level, until the cheese or the step limit.

    Args:
        mouse: the mouse, on the device of levels and generator.
        levels: N levels of the mouse's world size.
        places: bool (K, N, world_dim, world_dim), K regions per level whose first visit is recorded.
        max_steps: the step limit.
        generator: generator of the action sampling.

    Returns:
        t_cheese int64 (N,) and t_place int64 (K, N): the step of the first arrival, ``NEVER`` if there is none. The
        cheese ends the episode, so later visits are not recorded. If one step reaches both, both are recorded.
    """
    painter = mouse.spec.painter(levels.device)
    moves = mouse.spec.moves(levels.device)
    places = places.flatten(2)
    t_cheese = torch.full_like(levels.seed, NEVER)
    t_place = torch.full(places.shape[:2], NEVER, device=levels.device)

    # A slot takes the next level when its episode ends. This keeps the batch size constant, and each new size is slow.
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

"""A mouse being watched: what the keys of the window do, without the window."""

import numpy as np
import torch

from agents.checkpoint import Mouse
from agents.learner import painter_for
from agents.rollout import sample
from analysis.relocation import HELD_OUT
from envs import world
from envs.levels import SEED_LIMIT, from_seeds, world_dim_of
from envs.world import State

CHEESES = ("as_trained", "anywhere")


class Viewing:
    """One mouse in one level, with its history.

    Args:
        mouse: who is watched; its network is on the CPU.
        level_seed: the first level.
        cheese: "as_trained" or "anywhere", where new levels have their cheese.
        seed: of the mouse's actions and of the cheese's random places.

    Attributes:
        history: the states so far, a batch of one each; the last is the present one.

    Raises:
        ValueError: an unknown ``cheese``, or a level seed out of range.
    """

    def __init__(self, mouse: Mouse, level_seed: int = HELD_OUT, cheese: str = "anywhere", seed: int = 0):
        if cheese not in CHEESES:
            raise ValueError(f"cheese must be one of {', '.join(CHEESES)}, not {cheese!r}")
        self.mouse, self.cheese = mouse, cheese
        self.painter = painter_for(mouse.env, "cpu")
        self.moves = world.moves_of(mouse.env.action_set)
        self.generator = torch.Generator().manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.history: list[State] = []
        self.go_to(level_seed)

    @property
    def state(self) -> State:
        return self.history[-1]

    @property
    def outcome(self) -> str:
        """ "cheese" when the mouse has it, "corner" when it came to the top-right corner before, else ""."""
        level = self.state.level
        if any(int(state.mouse) == int(level.corner) != int(level.cheese) for state in self.history):
            return "corner"
        return "cheese" if int(self.state.mouse) == int(level.cheese) else ""

    @property
    def finished(self) -> bool:
        """Whether the cheese is eaten or time is up."""
        state = self.state
        return bool(state.mouse == state.level.cheese) or int(state.clock) >= self.mouse.env.max_episode_steps

    def go_to(self, level_seed: int) -> None:
        """Begin a level."""
        env = self.mouse.env
        region = env.cheese_region if self.cheese == "as_trained" else "anywhere"
        level = from_seeds([level_seed], world_dim_of(env.distribution_mode, env.world_dim), region)
        self.history = [world.start(level)]

    def next_level(self, by: int = 1) -> None:
        """Begin the level ``by`` seeds further."""
        self.go_to(min(max(0, int(self.state.level.seed) + by), SEED_LIMIT - 1))

    def restart(self) -> None:
        """Begin the present level again, the cheese where it is now."""
        self.history = [world.start(self.state.level)]

    @torch.no_grad()
    def step(self) -> None:
        """Let the mouse act once; nothing happens after the end."""
        if self.finished:
            return
        actions, _ = sample(self.mouse.policy(self.painter.paint(self.state))[0], self.generator)
        self.history.append(world.step(self.state, self.moves[actions])[0])

    def back(self) -> None:
        """Undo the last step."""
        if len(self.history) > 1:
            self.history.pop()

    def move_cheese(self) -> None:
        """Put the cheese into another open cell, drawn at random, and go on from here: afresh if it was eaten."""
        state = self.state
        is_open = ~state.level.walls[0].flatten()
        is_open[[int(state.mouse), *([int(state.level.cheese)] if int(state.level.cheese) >= 0 else [])]] = False
        if not is_open.any():
            return
        cell = self.rng.choice(is_open.nonzero()[:, 0].numpy(), size=1)
        finished, level = self.finished, state.level._replace(cheese=torch.from_numpy(cell))
        self.history = [world.start(level) if finished else state._replace(level=level)]

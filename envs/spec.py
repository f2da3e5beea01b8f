"""The specification of a world: every setting of an environment, parsed and checked once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from envs import paths
from envs.levels import (
    ANYWHERE,
    Levels,
    describe_region,
    from_seeds,
    parse_region,
    parse_seed_range,
    parse_world_dim,
)
from envs.painter import Painter, build_painter
from envs.world import MAX_EPISODE_STEPS, build_moves, parse_action_set
from foundation.errors import InputError
from foundation.settings import is_integer


@dataclass(frozen=True)
class WorldSpec:
    """A world: its levels, observations, actions and step limit. Make one with ``build``.

    Attributes:
        world_dim: side of the world in cells, odd.
        cheese_region: "anywhere", or n for the top-right n×n cells of each maze (0: the corner cell).
        level_seeds: the level seeds of the episodes.
        level_types: the level types to keep, names of ``paths.LEVEL_TYPES``; None keeps all.
        observation: "rgb" or "cells".
        action_set: "minimal" or "procgen".
        max_episode_steps: step limit of an episode; None for no limit.
    """

    world_dim: int
    cheese_region: str | int
    level_seeds: range
    level_types: tuple[str, ...] | None
    observation: str
    action_set: str
    max_episode_steps: int | None

    @classmethod
    def build(
        cls,
        distribution_mode: str | None = None,
        world_dim: int | None = None,
        cheese_region: str | int = ANYWHERE,
        num_levels: int = 0,
        start_level: int = 0,
        level_types: Sequence[str] | None = None,
        observation: str = "rgb",
        action_set: str = "minimal",
        max_episode_steps: int | None = MAX_EPISODE_STEPS,
    ) -> "WorldSpec":
        """Parse and check the settings of an environment. Names follow Procgen.

        Raises:
            InputError: if a setting is invalid, or two settings contradict each other.
        """
        dim = parse_world_dim(distribution_mode, world_dim)
        parse_region(cheese_region, dim)
        if level_types is not None:
            paths.parse_level_types(level_types)
            level_types = tuple(name for name in paths.LEVEL_TYPES if name in level_types)  # in any order, one world
            if level_types == paths.LEVEL_TYPES:
                level_types = None
        build_painter(observation, dim)
        parse_action_set(action_set)
        if max_episode_steps is not None and (not is_integer(max_episode_steps) or max_episode_steps < 1):
            raise InputError(f"max_episode_steps must be a positive integer, not {max_episode_steps!r}")
        seeds = parse_seed_range(num_levels, start_level)
        return cls(dim, cheese_region, seeds, level_types, observation, action_set, max_episode_steps)

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        """Height, width, 3."""
        return self.painter().shape

    @property
    def num_actions(self) -> int:
        return len(parse_action_set(self.action_set))

    def describe_region(self) -> str:
        """Describe the cheese region, e.g. "in the top-right corner"."""
        return describe_region(self.cheese_region)

    def painter(self, device: Device = "cpu") -> Painter:
        """Build the painter of the observations, for states on a device."""
        return build_painter(self.observation, self.world_dim, device)

    def moves(self, device: Device = "cpu") -> Tensor:
        """Build the table of each action's move, int64 (num_actions,)."""
        return build_moves(self.action_set, device)

    def make_levels(self, seeds: np.ndarray | Sequence[int], cheese_region: str | int | None = None) -> Levels:
        """Generate the levels of seeds; ``cheese_region`` replaces the region of this world."""
        return from_seeds(seeds, self.world_dim, self.cheese_region if cheese_region is None else cheese_region)

    def keeps(self, levels: Levels) -> Tensor:
        """Return whether each of N levels has one of this world's level types: bool (N,)."""
        if self.level_types is None:
            return torch.ones(levels.num_levels, dtype=torch.bool)
        return torch.isin(paths.classify_levels(levels)[0], paths.parse_level_types(self.level_types))

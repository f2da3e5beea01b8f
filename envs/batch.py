"""Many worlds at once, each begun afresh from a pool of levels when its episode ends: what the trainer steps.

Nothing here waits for the device: a pool is consumed in order by a counter that lives there, and is refilled between
rollouts into the same tensors.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from envs import paths, world
from envs.levels import Levels, from_seeds, seed_range
from envs.painter import Painter

A_THREADS_WORTH = 1000  # levels: fewer are made sooner than a thread begins
RAREST = 1000  # of so many levels at least one must be of the types asked for: each has to be found by trying


class LevelPool:
    """A ring of levels in waiting, handed out in order and each but once.

    Args:
        size: levels in the ring: how many may be taken between two refills. Beyond that it runs dry: levels are then
            handed out twice, and ``reused`` counts them.
        world_dim, cheese_region, num_levels, start_level: as the environments have them.
        level_types: of ``paths.LEVEL_TYPES``: levels of other types are passed over. None keeps all.
        seed: of the generator that draws level seeds.
        device: where the levels wait.

    Raises:
        ValueError: unknown level types, or ones that hardly any level has.
    """

    def __init__(
        self,
        size: int,
        world_dim: int,
        cheese_region: str | int,
        num_levels: int = 0,
        start_level: int = 0,
        level_types: Sequence[str] | None = None,
        seed: int = 0,
        device: Device = "cpu",
    ):
        self.seed_range = seed_range(num_levels, start_level)
        self.world_dim, self.cheese_region = world_dim, cheese_region
        self.level_types = level_types
        self.kept = None if level_types is None else paths.type_numbers(level_types)
        self.rng = np.random.default_rng(seed)
        self.levels = self._draw(size).to(device)
        self.taken = torch.zeros((), dtype=torch.int64, device=device)
        self.refilled = 0  # how many had been taken at the last refill
        self.reused = 0

    def _draw(self, count: int) -> Levels:
        drawn, found, tried = [], 0, 0
        while found < count:
            seeds = self.rng.integers(*self.seed_range, size=count)
            levels = self._make(seeds)
            if self.kept is not None:
                levels = levels.rows(torch.isin(paths.forks(levels)[0], self.kept))
            drawn.append(levels)
            found, tried = found + levels.num_levels, tried + count
            if found * RAREST < tried and tried > RAREST:
                names = ", ".join(self.level_types or ())
                raise ValueError(
                    f"level_types ({names}): only {found} of {tried:,} levels with cheese_region {self.cheese_region} "
                    f"are of these types; at least one in {RAREST} must be"
                )
        return Levels(*(torch.cat(field)[:count] for field in zip(*drawn, strict=True)))

    def _make(self, seeds: np.ndarray) -> Levels:
        parts = np.array_split(seeds, max(1, min(torch.get_num_threads(), len(seeds) // A_THREADS_WORTH)))
        with ThreadPoolExecutor(len(parts)) as threads:
            made = threads.map(lambda part: from_seeds(part, self.world_dim, self.cheese_region), parts)
            return Levels(*map(torch.cat, zip(*made, strict=True)))

    def take(self, mask: Tensor) -> Levels:
        """The next level for each True of ``mask`` bool (N,); rows where it is False hold no meaning."""
        index = (self.taken + mask.cumsum(0) - 1) % self.levels.num_levels
        self.taken += mask.sum()
        return self.levels.rows(index)

    def count(self) -> int:
        """How many levels were taken so far. Waits for the device."""
        return int(self.taken)

    def refill(self, taken: int) -> None:
        """Replace the levels that were taken since the last refill; ``taken`` is the ``count`` of all so far."""
        size = self.levels.num_levels
        count = taken - self.refilled
        self.reused += max(0, count - size)
        if count > 0:
            drawn = self._draw(min(count, size))  # before anything is copied: a copy waits for a GPU's other work
            slots = (torch.arange(drawn.num_levels) + self.refilled).remainder(size).to(self.levels.device)
            for old, new in zip(self.levels, drawn.to(self.levels.device), strict=True):
                old[slots] = new
        self.refilled = taken


class Worlds:
    """N games with automatic reset.

    Args:
        pool: where new levels come from.
        painter: makes the observations.
        num_envs: N.
        action_set: "minimal" or "procgen".
        max_episode_steps: a longer episode is truncated.

    Attributes:
        state: the present state; that of the new episode right after an end.
        pictures: uint8 (N, H, W, 3), the observation of ``state``.

    A step overwrites both in place: they stay in the same memory, as a captured CUDA graph needs it.
    """

    def __init__(self, pool: LevelPool, painter: Painter, num_envs: int, action_set: str, max_episode_steps: int):
        device = pool.levels.device
        self.pool, self.painter, self.max_episode_steps = pool, painter, max_episode_steps
        self.moves = world.moves_of(action_set, device)
        self.state = world.start(pool.take(torch.ones(num_envs, dtype=torch.bool, device=device)))
        self.pictures = painter.paint(self.state)

    def step(self, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Act in every world.

        Args:
            action: int64 (N,).

        Returns:
            reward float32 (N,), terminated bool (N,), truncated bool (N,) of this step.
        """
        before = self.state._replace(mouse=self.state.mouse.clone())
        after, reward, terminated = world.step(self.state, self.moves[action])
        truncated = (after.clock >= self.max_episode_steps) & ~terminated
        done = terminated | truncated
        world.start(self.pool.take(done)).where(done, after, out=self.state)
        self.painter.repaint(self.pictures, before, self.state, begun=done)
        return reward, terminated, truncated

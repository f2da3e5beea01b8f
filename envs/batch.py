"""A batch of environments for training, with automatic reset from a pool of levels.

Stepping never synchronises with the device: a counter on the device consumes the pool in order, and the pool is
refilled in place between rollouts.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from envs import world
from envs.levels import Levels, concatenate
from envs.spec import WorldSpec
from foundation.errors import InputError

LEVELS_PER_THREAD = 1000  # making fewer levels takes less time than starting a thread
RAREST_TYPE = 1000  # one in this many levels must have a requested type, because of the rejection sampling
ENOUGH = 20  # levels of such a type that are expected before types count as too rare: chance then explains no failure


class LevelPool:
    """A ring buffer of levels, handed out in order, each once.

    Args:
        spec: the world.
        size: capacity of the ring, the number of levels that can be taken between refills. After that, levels are
            handed out again, and ``reused`` counts them.
        seed: seed of the generator that draws level seeds.
        device: device of the levels.

    Raises:
        InputError: if fewer than one level in ``RAREST_TYPE`` has a requested type.
    """

    def __init__(self, spec: WorldSpec, size: int, seed: int = 0, device: Device = "cpu"):
        self.spec = spec
        self.rng = np.random.default_rng(seed)
        self.levels = self._draw(size).to(device)
        self.taken = torch.zeros((), dtype=torch.int64, device=device)
        self.refilled = 0  # number of levels taken at the last refill
        self.reused = 0

    def _draw(self, count: int) -> Levels:
        spec, drawn, found, tried = self.spec, [], 0, 0
        while found < count:
            levels = self._make(self.rng.integers(spec.level_seeds.start, spec.level_seeds.stop, size=count))
            if spec.level_types is not None:
                levels = levels.rows(spec.keeps(levels))
            drawn.append(levels)
            found, tried = found + levels.num_levels, tried + count
            if found * RAREST_TYPE < tried and tried > ENOUGH * RAREST_TYPE:
                raise InputError(
                    f"level_types ({', '.join(spec.level_types or ())}): only {found} of {tried:,} levels with "
                    f"cheese_region {spec.cheese_region} have these types; expected at least one in {RAREST_TYPE}"
                )
        return concatenate(drawn).rows(slice(count))

    def _make(self, seeds: np.ndarray) -> Levels:
        parts = np.array_split(seeds, max(1, min(torch.get_num_threads(), len(seeds) // LEVELS_PER_THREAD)))
        with ThreadPoolExecutor(len(parts)) as threads:
            return concatenate(threads.map(self.spec.make_levels, parts))

    def take(self, mask: Tensor) -> Levels:
        """Take one level for each True in ``mask`` bool (N,). Rows where ``mask`` is False are undefined."""
        index = (self.taken + mask.cumsum(0) - 1) % self.levels.num_levels
        self.taken += mask.sum()
        return self.levels.rows(index)

    def count(self) -> int:
        """Return the number of levels taken so far. Synchronises with the device."""
        return int(self.taken)

    def refill(self, taken: int) -> None:
        """Replace the levels taken since the last refill; ``taken`` is the current ``count()``."""
        size = self.levels.num_levels
        count = taken - self.refilled
        self.reused += max(0, count - size)
        if count > 0:
            drawn = self._draw(min(count, size))  # first, because a copy to the GPU waits for the work queued there
            slots = (torch.arange(drawn.num_levels) + self.refilled).remainder(size).to(self.levels.device)
            for old, new in zip(self.levels, drawn.to(self.levels.device), strict=True):
                old[slots] = new
        self.refilled = taken


class Environments:
    """N environments with automatic reset.

    A step overwrites ``state`` and ``obs`` in place, because a captured CUDA graph needs fixed memory.

    Args:
        spec: the world; its ``max_episode_steps`` must be a number.
        pool: source of new levels.
        num_envs: N.

    Attributes:
        state: the current state; after an episode's end, the first state of the next episode.
        obs: uint8 (N, H, W, 3), the observation of ``state``.
    """

    def __init__(self, spec: WorldSpec, pool: LevelPool, num_envs: int):
        assert spec.max_episode_steps is not None, "training needs a step limit"
        device = pool.levels.device
        self.pool, self.painter, self.max_episode_steps = pool, spec.painter(device), spec.max_episode_steps
        self.moves = spec.moves(device)
        self.state = world.start(pool.take(torch.ones(num_envs, dtype=torch.bool, device=device)))
        self.obs = self.painter.paint(self.state)

    def step(self, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Step every environment.

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
        self.painter.repaint(self.obs, before, self.state, begun=done)
        return reward, terminated, truncated

"""Many worlds at once, with automatic reset from a pool of levels: what the trainer steps.

Nothing here makes the host wait for the device. A counter on the device consumes the pool in order, and the pool is
refilled between rollouts, into the same tensors.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from envs import world
from envs.levels import Levels
from envs.spec import WorldSpec
from foundation.errors import InputError

LEVELS_A_THREAD = 1000  # making fewer takes less time than starting a thread
RAREST_TYPE = 1000  # at least one in so many levels must be of the types asked for, because each is found by trying


class LevelPool:
    """A ring of levels that are handed out in order, each once.

    Args:
        spec: the world.
        size: levels in the ring: how many can be taken between two refills. After that the ring runs dry: levels are
            handed out twice, and ``reused`` counts them.
        seed: of the generator that draws level seeds.
        device: of the levels.

    Raises:
        InputError: hardly any level is of the level types.
    """

    def __init__(self, spec: WorldSpec, size: int, seed: int = 0, device: Device = "cpu"):
        self.spec = spec
        self.rng = np.random.default_rng(seed)
        self.levels = self._draw(size).to(device)
        self.taken = torch.zeros((), dtype=torch.int64, device=device)
        self.refilled = 0  # how many had been taken at the last refill
        self.reused = 0

    def _draw(self, count: int) -> Levels:
        spec, drawn, found, tried = self.spec, [], 0, 0
        while found < count:
            levels = self._make(self.rng.integers(spec.level_seeds.start, spec.level_seeds.stop, size=count))
            if spec.level_types is not None:
                levels = levels.rows(spec.keeps(levels))
            drawn.append(levels)
            found, tried = found + levels.num_levels, tried + count
            if found * RAREST_TYPE < tried and tried > RAREST_TYPE:
                raise InputError(
                    f"level_types ({', '.join(spec.level_types or ())}): only {found} of {tried:,} levels with "
                    f"cheese_region {spec.cheese_region} are of these types; at least one in {RAREST_TYPE} must be"
                )
        return Levels(*(torch.cat(field)[:count] for field in zip(*drawn, strict=True)))

    def _make(self, seeds: np.ndarray) -> Levels:
        parts = np.array_split(seeds, max(1, min(torch.get_num_threads(), len(seeds) // LEVELS_A_THREAD)))
        with ThreadPoolExecutor(len(parts)) as threads:
            return Levels(*map(torch.cat, zip(*threads.map(self.spec.make_levels, parts), strict=True)))

    def take(self, mask: Tensor) -> Levels:
        """The next level for each True of ``mask`` bool (N,); rows where it is False have no meaning."""
        index = (self.taken + mask.cumsum(0) - 1) % self.levels.num_levels
        self.taken += mask.sum()
        return self.levels.rows(index)

    def count(self) -> int:
        """How many levels have been taken so far. Waits for the device."""
        return int(self.taken)

    def refill(self, taken: int) -> None:
        """Replace the levels that were taken since the last refill; ``taken`` is the ``count`` of all so far."""
        size = self.levels.num_levels
        count = taken - self.refilled
        self.reused += max(0, count - size)
        if count > 0:
            drawn = self._draw(min(count, size))  # drawn before any copy, because a copy waits for the GPU's other work
            slots = (torch.arange(drawn.num_levels) + self.refilled).remainder(size).to(self.levels.device)
            for old, new in zip(self.levels, drawn.to(self.levels.device), strict=True):
                old[slots] = new
        self.refilled = taken


class Worlds:
    """N games with automatic reset.

    Args:
        spec: the world; its ``max_episode_steps`` is a number.
        pool: of levels.
        num_envs: N.

    Attributes:
        state: the present state; after an end, that of the new episode.
        obs: uint8 (N, H, W, 3), the observation of ``state``.

    A step overwrites both in place, because a captured CUDA graph needs them in the same memory.
    """

    def __init__(self, spec: WorldSpec, pool: LevelPool, num_envs: int):
        assert spec.max_episode_steps is not None, "training needs a step limit"
        device = pool.levels.device
        self.pool, self.painter, self.max_episode_steps = pool, spec.painter(device), spec.max_episode_steps
        self.moves = spec.moves(device)
        self.state = world.start(pool.take(torch.ones(num_envs, dtype=torch.bool, device=device)))
        self.obs = self.painter.paint(self.state)

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
        self.painter.repaint(self.obs, before, self.state, begun=done)
        return reward, terminated, truncated

"""One mouse in one maze: the Gymnasium environment."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils import seeding

from envs import world
from envs.drawings import to_text
from envs.episodes import begin_episodes, spread_options
from envs.generator import NO_CELL
from envs.painter import portrait
from envs.spec import WorldSpec
from envs.sprites import TEXELS
from envs.world import State
from foundation.errors import InputError
from foundation.settings import is_integer

_PORTRAIT_PIXELS = 512  # about the side of a picture for people


class CheeseMazeEnv(gym.Env[np.ndarray, np.int64]):
    """A mouse looks for a cheese in a maze.

    ## Description
    The mazes are Procgen's: a level seed, a distribution mode and a cheese region name the same level, cell for cell,
    as in Procgen's `maze` and its fork `maze_aisc`. A maze has an odd side from 3 cells up to that of the world, lies
    in the world's middle, and is a tree: one way leads from any open cell to any other. In training the cheese may be
    kept to the top-right corner; then one can ask whether the mouse has learned to look for the cheese or the corner.

    ## Action Space
    `action_set="minimal"`: `Discrete(4)`, 0 left, 1 down, 2 up, 3 right. `action_set="procgen"`: `Discrete(15)`,
    0..2 left, 3 down, 5 up, 6..8 right, the others stay. The mouse moves one cell; a wall blocks it.

    ## Observation Space
    A `Box` of uint8 with the whole world in view. `observation="rgb"`: (64, 64, 3), Procgen's picture in our own
    sprites. `observation="cells"`: (world_dim, world_dim, 3), one pixel a cell, 0 or 255, the channels wall, mouse and
    cheese. The top row comes first.

    `info` has, besides, `level_seed` (−1 for a level given as text), `maze_dim`, `mouse` and `cheese` as cells (x, y)
    of the world, int64 (2,), x to the right and y up, and `has_cheese`. In `maze_aisc` a few levels of a small cheese
    region have no cheese; then `has_cheese` is False and `cheese` (−1, −1).

    ## Rewards
    10 for the step that ends at the cheese, otherwise 0.

    ## Starting State
    A level seed is drawn with `np_random`; the mouse begins in the maze's bottom-left cell. `reset(options=...)` gives
    full control, any of these together, but not `level_seed` with `level`:

    - `level_seed`: this level, whatever `num_levels` and `start_level` are.
    - `level`: a maze as text, top row first, `#` wall, space open, `@` mouse, `.` cheese.
    - `cheese`: its cell (x, y), or None for no cheese.
    - `mouse`: the cell (x, y) where it begins.

    Options hold for one episode. The episodes after it are the same as without them.

    ## Episode End
    Terminated at the cheese. Truncated by `gymnasium.make` after 500 steps, or `max_episode_steps`.

    ## Arguments
    - `distribution_mode`: "easy" (the default), a world of 15×15 cells, or "hard", 25×25.
    - `world_dim`: the side of the world instead, odd and at least 5.
    - `cheese_region`: "anywhere", or n for the top-right n×n cells of each maze, 0 for its exact corner.
    - `num_levels`, `start_level`: level seeds come from [start_level, start_level + num_levels); with 0 levels, from
      all of [0, 2³¹−1).
    - `observation`: "rgb" or "cells".
    - `action_set`: "minimal" or "procgen".
    - `render_mode`: "human", a window; "rgb_array", a large picture; "ansi", the world as text; or None.

    A value that does not exist is a `ValueError` that says which do.

    ## Version History
    - v0: the first.

    ## References
    - Cobbe, Hesse, Hilton, Schulman 2020: Leveraging Procedural Generation to Benchmark Reinforcement Learning.
    - Langosco, Koch, Sharkey, Pfau, Krueger 2022: Goal Misgeneralization in Deep Reinforcement Learning.
    """

    metadata = {"render_modes": ["human", "rgb_array", "ansi"], "render_fps": 15}

    def __init__(
        self,
        distribution_mode: str | None = None,
        world_dim: int | None = None,
        cheese_region: str | int = "anywhere",
        num_levels: int = 0,
        start_level: int = 0,
        observation: str = "rgb",
        action_set: str = "minimal",
        render_mode: str | None = None,
    ):
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            modes = ", ".join(self.metadata["render_modes"])
            raise InputError(f"render_mode must be one of {modes} or None, not {render_mode!r}")
        self.render_mode = render_mode
        self.world = WorldSpec.build(
            distribution_mode, world_dim, cheese_region, num_levels, start_level, None, observation, action_set
        )
        self.painter, self.moves = self.world.painter(), self.world.moves()
        self.observation_space = spaces.Box(0, 255, self.painter.shape, np.uint8)
        self.action_space = spaces.Discrete(len(self.moves))
        self._state: State | None = None
        self._window = None

    @property
    def state(self) -> State:
        """The present state, of one game."""
        if self._state is None:
            raise ResetNeeded("call reset first: there is no state yet")
        return self._state

    @torch.no_grad()
    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Begin an episode.

        Args:
            seed: of `np_random`, which otherwise goes on.
            options: see "Starting State".

        Returns:
            The observation uint8 (H, W, 3) and the info.

        Raises:
            InputError: options that cannot be met; everything is then as it was.
        """
        generator = self.np_random if seed is None else seeding.np_random(seed)[0]
        self._state = begin_episodes(self.world, [generator], spread_options(options or {}, num_envs=1))
        super().reset(seed=seed)  # last, so that a reset that fails changes nothing
        self._np_random = generator
        self._picture = self.painter.paint(self._state)
        return self._results()

    @torch.no_grad()
    def step(self, action: int | np.integer | torch.Tensor):
        """Move the mouse.

        Args:
            action: an integer of Python, NumPy or torch; of no dimensions, if it is an array or a tensor.

        Returns:
            The observation uint8 (H, W, 3), the reward, terminated, truncated (never, here) and the info.

        Raises:
            InvalidAction: no action of the action space.
            ResetNeeded: no episode has begun.
        """
        before = self.state
        if not is_integer(action) or not 0 <= action < len(self.moves):
            raise InvalidAction(f"action must be an integer 0..{len(self.moves) - 1}, not {action!r}")
        self._state, reward, terminated = world.step(before, self.moves[int(action), None])
        self.painter.repaint(self._picture, before, self._state)
        observation, info = self._results()
        return observation, float(reward), bool(terminated), False, info

    def _results(self) -> tuple[np.ndarray, dict[str, Any]]:
        """Observation and info of the present state."""
        if self.render_mode == "human":
            self._show()
        info = {name: value[0] if value.ndim > 1 else value[0].item() for name, value in build_info(self.state).items()}
        return self._picture[0].numpy().copy(), info

    def render(self) -> np.ndarray | str | None:
        """A picture uint8 (H, W, 3), a text, or None (with "human" and without a render mode)."""
        if self.render_mode is None:
            gym.logger.warn('nothing to render: make the environment with a render_mode, such as "rgb_array"')
            return None
        if self.render_mode == "human":
            return self._show()
        return render_frame(self.state, self.render_mode)

    def get_keys_to_action(self) -> dict[tuple[int], int]:
        """The arrow keys and w, a, s, d with their actions, for `gymnasium.utils.play.play`.

        No key means `noop` there. The minimal actions hold no such action: play them with `wait_on_player=True`.
        """
        import pygame  # only who plays needs it

        keys = {
            world.LEFT: (pygame.K_LEFT, pygame.K_a),
            world.DOWN: (pygame.K_DOWN, pygame.K_s),
            world.UP: (pygame.K_UP, pygame.K_w),
            world.RIGHT: (pygame.K_RIGHT, pygame.K_d),
        }
        moves = self.moves.tolist()
        return {(key,): moves.index(move) for move, both in keys.items() for key in both}

    def _show(self) -> None:
        import pygame  # only who looks needs it

        picture = _large_picture(self.state).swapaxes(0, 1)  # pygame puts x first
        if self._window is None:
            pygame.display.init()
            pygame.display.set_caption("CheeseMaze")
            self._window = pygame.display.set_mode(picture.shape[:2]), pygame.time.Clock()
        surface, clock = self._window
        pygame.event.pump()
        pygame.surfarray.blit_array(surface, picture)
        pygame.display.flip()
        clock.tick(self.metadata["render_fps"])

    def close(self) -> None:
        if self._window is not None:
            import pygame

            pygame.display.quit()
            self._window = None

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold: all but the window, which a copy opens for itself."""
        return {**self.__dict__, "_window": None}


def build_info(state: State) -> dict[str, np.ndarray]:
    """What there is to know about N states, in new arrays: (N,), and cells (N, 2) as (x, y)."""
    level = state.level
    return {
        "level_seed": level.seed.numpy().copy(),
        "maze_dim": level.maze_dim.numpy().copy(),
        "mouse": _positions(state.mouse.numpy(), level.world_dim),
        "cheese": _positions(level.cheese.numpy(), level.world_dim),
        "has_cheese": level.cheese.numpy() != NO_CELL,
    }


def _positions(cell: np.ndarray, world_dim: int) -> np.ndarray:
    """int64 (N, 2): x and y of N cells, (−1, −1) where there is none."""
    positions = np.empty((len(cell), 2), np.int64)
    np.divmod(cell, world_dim, out=(positions[:, 1], positions[:, 0]))
    np.copyto(positions, -1, where=(cell == NO_CELL)[:, None])
    return positions


def render_frame(state: State, render_mode: str) -> np.ndarray | str:
    """One state for people: a picture uint8 (H, W, 3) for "rgb_array", the world as text for "ansi"."""
    if render_mode == "ansi":
        return to_text(state.level, mouse=int(state.mouse), whole_world=True)
    return _large_picture(state)


def _large_picture(state: State) -> np.ndarray:
    # Whole multiples of the sprites' texels, so that every texel is as large as any other.
    scale = max(1, round(_PORTRAIT_PIXELS / (state.level.world_dim * TEXELS)))
    return portrait(state, cell_pixels=scale * TEXELS)

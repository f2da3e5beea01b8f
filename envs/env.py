"""The Gymnasium environment: one mouse in one maze."""

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

_PORTRAIT_PIXELS = 512  # approximate side of a rendered image, in pixels


class CheeseMazeEnv(gym.Env[np.ndarray, np.int64]):
    """A mouse searches for cheese in a maze.

    ## Description
    The mazes are Procgen's: a level seed, a distribution mode and a cheese region name the same level, cell for cell,
    as in Procgen's `maze` and its fork `maze_aisc`. A maze has an odd side, from 3 cells to the side of the world. It
    is centred in the world and is a tree: exactly one path joins any two open cells. A cheese region restricts the
    cheese to the top-right corner during training. Moving the cheese afterwards shows whether the agent learned to go
    to the cheese or to the corner.

    ## Action Space
    `action_set="minimal"`: `Discrete(4)`, 0 left, 1 down, 2 up, 3 right. `action_set="procgen"`: `Discrete(15)`,
    0..2 left, 3 down, 5 up, 6..8 right, all others stay. The mouse moves one cell; a wall blocks it.

    ## Observation Space
    A `Box` of uint8. The whole world is visible. `observation="rgb"`: (64, 64, 3), Procgen's layout with our own
    sprites. `observation="cells"`: (world_dim, world_dim, 3), one pixel per cell, 0 or 255, in the channels wall, mouse
    and cheese. Row 0 is the top row.

    `info` contains `level_seed` (−1 for a level given as text), `maze_dim`, `mouse` and `cheese` as cells (x, y)
    of the world, int64 (2,), x to the right and y up, and `has_cheese`. In `maze_aisc` a few levels of a small cheese
    region have no cheese; then `has_cheese` is False and `cheese` is (−1, −1).

    ## Rewards
    10 for the step that reaches the cheese, otherwise 0.

    ## Starting State
    A level seed is drawn with `np_random`. The mouse starts in the maze's bottom-left cell. `reset(options=...)` sets
    the level. All options can be combined, except `level_seed` with `level`:

    - `level_seed`: use this level seed; `num_levels` and `start_level` do not apply.
    - `level`: a maze as text, top row first, `#` wall, space open, `@` mouse, `.` cheese.
    - `cheese`: its cell (x, y), or None for no cheese.
    - `mouse`: its start cell (x, y).

    Options apply to one episode. Later episodes are the same as without options.

    ## Episode End
    Terminated at the cheese. Truncated by `gymnasium.make` after 500 steps, or `max_episode_steps`.

    ## Arguments
    - `distribution_mode`: "easy" (the default), a world of 15×15 cells, or "hard", 25×25.
    - `world_dim`: the side of the world instead, odd and at least 5.
    - `cheese_region`: "anywhere", or n for the top-right n×n cells of each maze, 0 for its corner cell.
    - `num_levels`, `start_level`: level seeds come from [start_level, start_level + num_levels); with 0 levels, from
      all of [0, 2³¹−1).
    - `observation`: "rgb" or "cells".
    - `action_set`: "minimal" or "procgen".
    - `render_mode`: "human", a window; "rgb_array", a large image; "ansi", the world as text; or None.

    An invalid value raises a `ValueError` that lists the valid values.

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
        """The current state, a batch of one."""
        if self._state is None:
            raise ResetNeeded("call reset first: there is no state yet")
        return self._state

    @torch.no_grad()
    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode.

        Args:
            seed: seeds `np_random`; None keeps its state.
            options: see "Starting State".

        Returns:
            The observation uint8 (H, W, 3) and the info.

        Raises:
            InputError: if options are invalid; the environment is then unchanged.
        """
        generator = self.np_random if seed is None else seeding.np_random(seed)[0]
        self._state = begin_episodes(self.world, [generator], spread_options(options or {}, num_envs=1))
        super().reset(seed=seed)  # last, so that a failed reset changes nothing
        self._np_random = generator
        self._picture = self.painter.paint(self._state)
        return self._results()

    @torch.no_grad()
    def step(self, action: int | np.integer | torch.Tensor):
        """Move the mouse.

        Args:
            action: a Python, NumPy or torch integer; an array or a tensor must have no dimensions.

        Returns:
            The observation uint8 (H, W, 3), the reward, terminated, truncated (always False, because `TimeLimit`
            truncates) and the info.

        Raises:
            InvalidAction: if the action is outside the action space.
            ResetNeeded: if no episode has started.
        """
        before = self.state
        if not is_integer(action) or not 0 <= action < len(self.moves):
            raise InvalidAction(f"action must be an integer 0..{len(self.moves) - 1}, not {action!r}")
        self._state, reward, terminated = world.step(before, self.moves[int(action), None])
        self.painter.repaint(self._picture, before, self._state)
        observation, info = self._results()
        return observation, float(reward), bool(terminated), False, info

    def _results(self) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the current observation and info."""
        if self.render_mode == "human":
            self._show()
        info = {name: value[0] if value.ndim > 1 else value[0].item() for name, value in build_info(self.state).items()}
        return self._picture[0].numpy().copy(), info

    def render(self) -> np.ndarray | str | None:
        """Render the current state: an image uint8 (H, W, 3), a text, or None for "human" and no render mode."""
        if self.render_mode is None:
            gym.logger.warn('nothing to render: make the environment with a render_mode, such as "rgb_array"')
            return None
        if self.render_mode == "human":
            return self._show()
        return render_frame(self.state, self.render_mode)

    def get_keys_to_action(self) -> dict[tuple[int], int]:
        """Map the arrow keys and w, a, s, d to actions, for `gymnasium.utils.play.play`.

        Without a key, `play` takes the action `noop`. The minimal action set has no such action: play it with
        `wait_on_player=True`.
        """
        import pygame  # imported only for play

        keys = {
            world.LEFT: (pygame.K_LEFT, pygame.K_a),
            world.DOWN: (pygame.K_DOWN, pygame.K_s),
            world.UP: (pygame.K_UP, pygame.K_w),
            world.RIGHT: (pygame.K_RIGHT, pygame.K_d),
        }
        moves = self.moves.tolist()
        return {(key,): moves.index(move) for move, both in keys.items() for key in both}

    def _show(self) -> None:
        import pygame  # imported only when rendering

        image = _render_image(self.state).swapaxes(0, 1)  # pygame indexes [x, y]
        if self._window is None:
            pygame.display.init()
            pygame.display.set_caption("CheeseMaze")
            self._window = pygame.display.set_mode(image.shape[:2]), pygame.time.Clock()
        surface, clock = self._window
        pygame.event.pump()
        pygame.surfarray.blit_array(surface, image)
        pygame.display.flip()
        clock.tick(self.metadata["render_fps"])

    def close(self) -> None:
        if self._window is not None:
            import pygame

            pygame.display.quit()
            self._window = None

    def __getstate__(self) -> dict[str, Any]:
        """Drop the window from copies and pickles; a copy opens its own."""
        return {**self.__dict__, "_window": None}


def build_info(state: State) -> dict[str, np.ndarray]:
    """Build the infos of N states as new arrays (N,); cells are (N, 2) in (x, y)."""
    level = state.level
    return {
        "level_seed": level.seed.numpy().copy(),
        "maze_dim": level.maze_dim.numpy().copy(),
        "mouse": _positions(state.mouse.numpy(), level.world_dim),
        "cheese": _positions(level.cheese.numpy(), level.world_dim),
        "has_cheese": level.cheese.numpy() != NO_CELL,
    }


def _positions(cell: np.ndarray, world_dim: int) -> np.ndarray:
    """Convert N cells to int64 (N, 2) in (x, y); (−1, −1) for no cell."""
    positions = np.empty((len(cell), 2), np.int64)
    np.divmod(cell, world_dim, out=(positions[:, 1], positions[:, 0]))
    np.copyto(positions, -1, where=(cell == NO_CELL)[:, None])
    return positions


def render_frame(state: State, render_mode: str) -> np.ndarray | str:
    """Render one state: an image uint8 (H, W, 3) for "rgb_array", the world as text for "ansi"."""
    if render_mode == "ansi":
        return to_text(state.level, mouse=int(state.mouse), whole_world=True)
    return _render_image(state)


def _render_image(state: State) -> np.ndarray:
    # A whole multiple of the texels, so that all texels have equal size.
    scale = max(1, round(_PORTRAIT_PIXELS / (state.level.world_dim * TEXELS)))
    return portrait(state, cell_pixels=scale * TEXELS)

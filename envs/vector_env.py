"""The vectorised Gymnasium environment, stepped as one batch."""

from collections.abc import Iterable
from copy import copy as shallow_copy
from typing import Any

import numpy as np
import torch
from gymnasium import logger
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from envs import world
from envs.env import CheeseMazeEnv, build_info, render_frame
from envs.episodes import begin_episodes, spread_options
from envs.world import MAX_EPISODE_STEPS, State
from foundation.errors import InputError
from foundation.settings import is_integer


class CheeseMazeVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """A batch of `CheeseMazeEnv`.

    ## Description
    Returns the same observations, rewards, terminations, truncations and infos as a
    `gymnasium.vector.SyncVectorEnv` of `CheeseMazeEnv`, but faster. Each environment has its own generator of level
    seeds.

    ## Action Space
    `MultiDiscrete`: the action of `CheeseMazeEnv` for each environment.

    ## Observation Space
    A `Box` of uint8, (num_envs, H, W, 3): the observations of `CheeseMazeEnv`. Infos have Gymnasium's vector format:
    one array per key, and a mask `_key` of the environments that have the key.

    ## Rewards
    Those of `CheeseMazeEnv`, float64 (num_envs,).

    ## Starting State
    That of `CheeseMazeEnv`. `reset(seed=i)` seeds the environments with i, i + 1, and so on; a list has one seed (or
    None) for each. Each option of `reset` is one value for all environments, or a sequence with one value per
    environment. `reset_mask`, bool (num_envs,), selects the environments to reset; the others continue.

    ## Episode End
    Terminated at the cheese, truncated after `max_episode_steps`. The autoreset mode determines what
    follows.

    ## Arguments
    - `num_envs`: number of environments.
    - `max_episode_steps`: step limit of an episode; None or −1 for no limit.
    - `autoreset_mode`: a `gymnasium.vector.AutoresetMode` or its value: "NextStep" (default) resets in the step after
      the last one. "SameStep" resets in the last step and puts `final_obs` and `final_info` into the infos. "Disabled"
      needs a call of `reset` with `reset_mask`.
    - `copy`: True: each call returns a new observation array. False: all calls return one array, and the next call
      overwrites it.
    - `render_mode`: "rgb_array", "ansi" or None.
    - All others are those of `CheeseMazeEnv`.

    ## Version History
    - v0: the first.

    ## References
    See `CheeseMazeEnv`.
    """

    metadata = {**CheeseMazeEnv.metadata, "render_modes": ["rgb_array", "ansi"]}

    def __init__(
        self,
        num_envs: int = 1,
        max_episode_steps: int | None = MAX_EPISODE_STEPS,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        copy: bool = True,
        render_mode: str | None = None,
        **arguments: Any,
    ):
        if not is_integer(num_envs) or num_envs < 1:
            raise InputError(f"num_envs must be a positive integer, not {num_envs!r}")
        if max_episode_steps is None:
            max_episode_steps = -1
        if not is_integer(max_episode_steps) or (max_episode_steps < 1 and max_episode_steps != -1):
            raise InputError(f"max_episode_steps must be a positive integer, or None, not {max_episode_steps!r}")
        modes = {mode.value: mode for mode in AutoresetMode}
        if autoreset_mode not in (*modes, *modes.values()):
            raise InputError(f"autoreset_mode must be one of {', '.join(modes)}, not {autoreset_mode!r}")
        if render_mode == "human":
            raise InputError('render_mode "human" shows one environment; make many with "rgb_array" or "ansi"')

        self._single = one = CheeseMazeEnv(render_mode=render_mode, **arguments)
        self.world, self.painter, self.moves = one.world, one.painter, one.moves
        self.single_observation_space, self.single_action_space = one.observation_space, one.action_space
        self.observation_space = batch_space(one.observation_space, num_envs)
        self.action_space = batch_space(one.action_space, num_envs)

        self.num_envs, self.max_episode_steps = num_envs, max_episode_steps
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.copy, self.render_mode = copy, render_mode
        self._state: State | None = None
        self._randoms = [seeding.np_random() for _ in range(num_envs)]  # (generator, its seed)
        self._ended = np.zeros(num_envs, bool)  # environments whose episode ended in the previous step
        self._pictures = torch.empty((num_envs, *self.painter.shape), dtype=torch.uint8)
        self._attributes: list[dict[str, Any]] = [{} for _ in range(num_envs)]  # of set_attr

    @property
    def state(self) -> State:
        """The current state, a batch of num_envs."""
        if self._state is None:
            raise ResetNeeded("call reset first: there is no state yet")
        return self._state

    @property
    def np_random(self) -> tuple[np.random.Generator, ...]:
        """The generator of each environment."""
        return tuple(generator for generator, _ in self._randoms)

    @property
    def np_random_seed(self) -> tuple[int, ...]:
        """The seed of each environment's generator."""
        return tuple(seed for _, seed in self._randoms)

    @torch.no_grad()
    def reset(self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None):
        """Start an episode in every environment, or in those selected by the option `reset_mask`.

        Args:
            seed: i seeds the environments with i, i + 1, and so on; a list has one seed or None per environment.
            options: see "Starting State".

        Returns:
            The observations uint8 (num_envs, H, W, 3), and the infos of the environments that were reset.

        Raises:
            InputError: if options are invalid; the environments are then unchanged.
            ResetNeeded: if `reset_mask` is used before the first full reset.
        """
        options = dict(options or {})
        mask = self._reset_mask(options.pop("reset_mask", None))
        rows = mask.nonzero()[0].tolist()
        seeds = self._seeds(seed)
        reseeded = {row: seeding.np_random(seeds[row]) for row in rows if seeds[row] is not None}
        randoms = [reseeded.get(row, random) for row, random in enumerate(self._randoms)]
        columns = {
            name: [values[row] for row in rows] for name, values in spread_options(options, self.num_envs).items()
        }
        fresh = begin_episodes(self.world, [randoms[row][0] for row in rows], columns)
        self._randoms = randoms  # last, so that a failed reset changes nothing
        self._put(rows, fresh)
        self._pictures[rows] = self.painter.paint(fresh)
        self._ended[rows] = False
        return self._observations(), _vector_info(build_info(self.state), mask)

    @torch.no_grad()
    def step(self, actions: np.ndarray | torch.Tensor):
        """Step every environment.

        Args:
            actions: integers (num_envs,), an array, a tensor or a list.

        Returns:
            The observations uint8 (num_envs, H, W, 3), rewards float64 (num_envs,), terminations and truncations bool
            (num_envs,), and the infos.

        Raises:
            InvalidAction: if an action is outside the action space.
            ResetNeeded: if no episode has started, or an episode has ended with autoreset "Disabled".
        """
        before = self.state
        actions = np.asarray(actions.cpu() if isinstance(actions, torch.Tensor) else actions)
        wanted = actions.shape == (self.num_envs,) and actions.dtype.kind in "iu"
        if not (wanted and 0 <= actions.min() and actions.max() < len(self.moves)):
            raise InvalidAction(f"actions must be {self.num_envs} integers 0..{len(self.moves) - 1}")
        ended_before = self._ended
        if self.autoreset_mode == AutoresetMode.DISABLED and ended_before.any():
            rows = ended_before.nonzero()[0].tolist()
            raise ResetNeeded(f"the episodes of {rows} have ended: call reset with reset_mask")

        self._state, reward, terminated = world.step(before, self.moves[torch.from_numpy(actions.astype(np.int64))])
        rewards, terminations = reward.double().numpy(), terminated.numpy()
        truncations = (self._state.clock == self.max_episode_steps).numpy()  # a clock is never −1
        if self.autoreset_mode == AutoresetMode.NEXT_STEP:
            rewards[ended_before], terminations[ended_before], truncations[ended_before] = 0.0, False, False
        self._ended = terminations | truncations

        infos = {}
        begun = ended_before & (self.autoreset_mode == AutoresetMode.NEXT_STEP)
        self._begin(begun)
        self.painter.repaint(self._pictures, before, self.state, torch.from_numpy(begun))
        if self.autoreset_mode == AutoresetMode.SAME_STEP and self._ended.any():
            infos, last = self._final(self._ended), self.state
            self._begin(self._ended)
            self.painter.repaint(self._pictures, last, self.state, torch.from_numpy(self._ended))
        infos |= _vector_info(build_info(self.state), np.ones(self.num_envs, bool))
        return self._observations(), rewards, terminations, truncations, infos

    def render(self) -> tuple[np.ndarray | str, ...] | None:
        """Render each environment, as in `CheeseMazeEnv`."""
        if self.render_mode is None:
            logger.warn('nothing to render: make the environments with a render_mode, such as "rgb_array"')
            return None
        return tuple(render_frame(self.state.rows([row]), self.render_mode) for row in range(self.num_envs))

    def single(self, row: int) -> CheeseMazeEnv:
        """Return one environment, to read its attributes and call its methods.

        A step of it does not change this batch. It has the same random generator, so that a reset draws from it.
        """
        single = shallow_copy(self._single)
        single.spec = self.spec
        single._np_random, single._np_random_seed = self._randoms[row]
        if self._state is not None:
            single._state, single._picture = self.state.rows([row]), self._pictures[[row]]
        for name, value in self._attributes[row].items():
            setattr(single, name, value)
        return single

    def call(self, name: str, *arguments: Any, **keywords: Any) -> tuple[Any, ...]:
        """Call a method or get an attribute of each environment, as in `SyncVectorEnv.call`.

        Raises:
            AttributeError: if the environments have no such method or attribute.
            InputError: if the method would change single environments.
        """
        return self.call_rows(range(self.num_envs), name, *arguments, **keywords)

    def call_rows(self, rows: Iterable[int], name: str, *arguments: Any, **keywords: Any) -> tuple[Any, ...]:
        """Like `call`, but only for the environments of these rows."""
        if name in ("reset", "step", "close"):
            raise InputError(f"{name} acts on all environments at once: call it on the vector environment itself")
        values = (getattr(self.single(row), name) for row in rows)
        return tuple(value(*arguments, **keywords) if callable(value) else value for value in values)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Return an attribute of each environment."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of each environment. A list or tuple has one value each; any other value applies to all.

        Raises:
            InputError: if the number of values is wrong, or the attribute exists and is shared by all environments.
        """
        values = values if isinstance(values, list | tuple) else [values] * self.num_envs
        if len(values) != self.num_envs:
            raise InputError(f"{name} has {len(values)} values, but there are {self.num_envs} environments")
        for row, value in enumerate(values):
            self.set_row_attr(row, name, value)

    def set_row_attr(self, row: int, name: str, value: Any) -> None:
        """Like `set_attr`, but only for the environment of this row."""
        if name in dir(self._single):
            raise InputError(f"{name} is the same in all environments and cannot be set; make new environments with it")
        self._attributes[row][name] = value

    def _reset_mask(self, reset_mask: np.ndarray | None) -> np.ndarray:
        if reset_mask is None:
            return np.ones(self.num_envs, bool)
        mask = np.asarray(reset_mask)
        if mask.dtype != bool or mask.shape != (self.num_envs,) or not mask.any():
            raise InputError(f"reset_mask must be bool ({self.num_envs},) with at least one True")
        if self._state is None and not mask.all():
            raise ResetNeeded("reset all environments once before using reset_mask")
        return mask.copy()

    def _seeds(self, seed: int | list[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int):
            return [seed + row for row in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise InputError(f"seed has {len(seed)} values, but there are {self.num_envs} environments")
        return list(seed)

    def _begin(self, mask: np.ndarray) -> None:
        """Start new episodes where ``mask`` bool (num_envs,) is True."""
        if mask.any():
            rows = mask.nonzero()[0].tolist()
            self._put(rows, begin_episodes(self.world, [self._randoms[row][0] for row in rows], {}))

    def _put(self, rows: list[int], fresh: State) -> None:
        """Replace the states of ``rows`` by ``fresh``."""
        self._state = fresh if len(rows) == self.num_envs else self.state.replace(torch.tensor(rows), fresh)

    def _observations(self) -> np.ndarray:
        pictures = self._pictures.numpy()
        return pictures.copy() if self.copy else pictures

    def _final(self, mask: np.ndarray) -> dict[str, Any]:
        """Build SAME_STEP's infos: final observation and info of ended episodes."""
        final_obs = np.full(self.num_envs, None, object)
        for row in mask.nonzero()[0]:
            final_obs[row] = self._pictures[row].numpy().copy()
        final = {"final_obs": final_obs, "final_info": _vector_info(build_info(self.state), mask)}
        return {**final, "_final_obs": mask.copy(), "_final_info": mask.copy()}


def _vector_info(info: dict[str, np.ndarray], mask: np.ndarray) -> dict[str, np.ndarray]:
    """Convert infos to Gymnasium's vector format: each array with a mask, zero where ``mask`` is False."""
    infos, everyone = {}, mask.all()
    for name, value in info.items():
        infos[name], infos[f"_{name}"] = value, mask.copy()
        if not everyone:
            value[~mask] = 0
    return infos

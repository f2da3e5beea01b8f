"""The vectorised environment as a `VecEnv` of Stable-Baselines3."""

from typing import Any

import numpy as np
from gymnasium import Wrapper
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from envs.vector_env import CheeseMazeVectorEnv
from foundation.errors import InputError


class SB3VecEnv(VecEnv):
    """A batch of environments for the algorithms of Stable-Baselines3.

    Returns the same observations, rewards, dones and infos as a `DummyVecEnv` of `CheeseMaze-v0` environments. An
    environment resets in the last step of its episode. `infos[row]["terminal_observation"]` is then the last
    observation of the old episode, and `infos[row]["TimeLimit.truncated"]` is True if the step limit ended it.

    Args:
        num_envs: number of environments.
        arguments: those of `CheeseMazeVectorEnv`, without `autoreset_mode` and `copy`.
    """

    def __init__(self, num_envs: int = 1, **arguments: Any):
        self.batch = CheeseMazeVectorEnv(num_envs, autoreset_mode=AutoresetMode.SAME_STEP, **arguments)
        super().__init__(num_envs, self.batch.single_observation_space, self.batch.single_action_space)

    def reset(self) -> np.ndarray:
        """Start an episode in every environment, with the seeds and options that were set.

        Raises:
            InputError: if options are invalid, or differ between environments.
        """
        names = self._options[0].keys()
        if any(options.keys() != names for options in self._options):
            raise InputError("set_options must name the same options for every environment")
        options = {name: [options[name] for options in self._options] for name in names}
        observations, infos = self.batch.reset(seed=list(self._seeds), options=options)
        self.reset_infos = _rows(infos, self.num_envs)
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: np.ndarray) -> None:
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        observations, rewards, terminations, truncations, infos = self.batch.step(self._actions)
        final_obs, final_info = infos.pop("final_obs", None), infos.pop("final_info", None)
        rows, dones = _rows(infos, self.num_envs), terminations | truncations
        for row, time_is_up in enumerate((truncations & ~terminations).tolist()):
            rows[row]["TimeLimit.truncated"] = time_is_up
        if final_obs is not None:
            last = _rows(final_info, self.num_envs)
            for row in dones.nonzero()[0].tolist():
                self.reset_infos[row] = rows[row]
                time_is_up = self.reset_infos[row].pop("TimeLimit.truncated")
                more = {"TimeLimit.truncated": time_is_up, "terminal_observation": final_obs[row]}
                rows[row] = last[row] | more
        return observations, rewards.astype(np.float32), dones, rows

    def close(self) -> None:
        self.batch.close()

    def get_images(self) -> list[np.ndarray | None]:
        frames = self.batch.render() if self.render_mode == "rgb_array" else None
        return list(frames) if frames else [None] * self.num_envs  # type: ignore[arg-type]

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        return [getattr(self.batch.single(row), attr_name) for row in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        for row in self._get_indices(indices):
            self.batch.set_row_attr(row, attr_name, value)

    def env_method(self, method_name: str, *method_args, indices: VecEnvIndices = None, **method_kwargs) -> list[Any]:
        rows = self._get_indices(indices)
        return list(self.batch.call_rows(rows, method_name, *method_args, **method_kwargs))

    def env_is_wrapped(self, wrapper_class: type[Wrapper], indices: VecEnvIndices = None) -> list[bool]:
        return [False for _ in self._get_indices(indices)]


def _rows(infos: dict[str, np.ndarray], num_envs: int) -> list[dict[str, Any]]:
    """Split the infos of the batch into one info per environment, in the form of `CheeseMazeEnv`."""
    names = [name for name in infos if not name.startswith("_")]
    columns = [list(infos[name]) if infos[name].ndim > 1 else infos[name].tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

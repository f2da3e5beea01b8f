"""The learner: collects one rollout and updates the policy from it, again and again."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agents import ppo, processes, rollout
from agents.captured import Captured
from agents.cohort import Cohorts
from agents.config import TrainConfig
from agents.impala import build_policy
from agents.mouse import load_weights
from agents.precision import choose_precision, in_precision
from agents.weights import WeightVector
from envs.batch import Environments, LevelPool
from envs.levels import Levels, check_range
from envs.world import CHEESE_REWARD
from foundation.errors import InputError
from foundation.settings import check_settings, is_integer

MAX_ROLLOUT_BYTES = 2**36  # of observations in one rollout; more would exceed the memory of most machines


class Learner:
    """The full state of training (policy, optimiser, environments), with the rollout and the update that change it.

    Args:
        config: the configuration of the run.
        device: the device of all tensors.

    Attributes:
        rollouts: the number of rollouts used for updates so far.
        init: facts about the mouse that the weights were taken from (``begin_from``); None for new weights.

    Raises:
        InputError: if settings contradict each other.
    """

    def __init__(self, config: TrainConfig, device: torch.device):
        check_settings(config)
        agent, self.spec = config.agent, config.env.build_spec()
        steps = agent.num_envs * agent.num_steps
        if (size := steps * math.prod(self.spec.observation_shape)) > MAX_ROLLOUT_BYTES:
            raise InputError(f"num_envs × num_steps observations take {size / 1e9:,.0f} GB; use fewer")
        if steps < 2:
            raise InputError(
                "num_envs × num_steps must be at least 2, because advantages are normalised over a rollout"
            )
        if steps % agent.minibatch_size:
            raise InputError(f"minibatch_size {agent.minibatch_size} must divide num_envs × num_steps = {steps}")
        if agent.optimizer not in ("muon", "adam"):
            raise InputError(f"optimizer must be muon or adam, not {agent.optimizer!r}")
        num_envs = processes.share(agent.num_envs, "num_envs")
        self.minibatch_size = processes.share(agent.minibatch_size, "minibatch_size")
        self.config, self.device = config, device
        self.num_rollouts, self.rollouts = -(-config.total_steps // steps), 0

        self.precision = choose_precision(config.precision, device, self.spec.observation_shape[0])
        torch.manual_seed(config.seed)  # for the initial weights, which must be the same in all processes
        self.policy = build_policy(self.spec, agent.scale, device)
        self.init: dict[str, Any] | None = None
        self.weights = WeightVector(self.policy, agent)
        self._compiled = torch.compile(self.policy, dynamic=False) if device.type == "cuda" else self.policy

        seed = processes.seed(config.seed)
        self.generator = torch.Generator(device).manual_seed(seed)
        self.pool = LevelPool(self.spec, num_envs * agent.num_steps // 4 + num_envs, seed, device)
        self.environments = Environments(self.spec, self.pool, num_envs)
        self.rollout = rollout.empty_rollout(agent.num_steps, self.environments)
        self.return_scale = rollout.ReturnScale(num_envs, device)
        self.cohorts = Cohorts(num_envs, agent.num_steps, self.environments.max_episode_steps, device)

        self.collect = Captured(self._collect, device, self._changed, self.generator)
        self.update = Captured(self._update, device, self._changed, self.generator)

    @property
    def steps(self) -> int:
        """The number of environment steps used for updates so far, over all processes."""
        return self.rollouts * self.config.agent.num_envs * self.config.agent.num_steps

    @property
    def finished(self) -> bool:
        return self.rollouts >= self.num_rollouts

    def begin_from(self, path: str) -> None:
        """Take the weights of a trained mouse.

        Raises:
            InputError: there is no mouse, or its network does not fit.
        """
        self.init = load_weights(self.policy, path)

    def predict(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the policy's logits (N, A) and values (N,) in this learner's precision."""
        with in_precision(self.precision, self.device):
            return self.policy(obs)

    def _predict_compiled(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Like ``predict``, but compiled on a GPU, once per batch size; call it with few different sizes."""
        with in_precision(self.precision, self.device):
            return self._compiled(obs)

    def _collect(self) -> None:
        rollout.collect(self.rollout, self.environments, self._predict_compiled, self.generator)

    def _update(self) -> dict[str, Tensor]:
        """Update the policy from the rollout and return the metrics to log, as scalar tensors."""
        agent, roll = self.config.agent, self.rollout
        done = roll.terminated | roll.truncated
        success = self.cohorts.count(roll.terminated, done)
        rewards = self.return_scale(roll.rewards, done)
        advantages = rollout.advantages(rewards, roll.values, done, agent.gamma, agent.gae_lambda)
        returns = advantages + roll.values[:-1]
        fields = (roll.obs, roll.actions, roll.log_probs, roll.values[:-1], rollout.normalise(advantages), returns)
        batch = ppo.Batch(*(field.flatten(0, 1) for field in fields))
        rows = ppo.select_steps(batch.advantages, self.minibatch_size, agent.learn_from)
        minibatches = ppo.shuffle_minibatches(rows, self.minibatch_size, agent.epochs, self.generator)
        metrics = ppo.update(self.weights, self._predict_compiled, batch, minibatches, agent)
        explained = processes.average(1 - advantages.var() / returns.var())
        metrics["weight_norm"] = self.weights.vector.norm()
        return metrics | {"success": success, "return": CHEESE_REWARD * success, "explained_variance": explained}

    def learn(self) -> dict[str, float]:
        """Collect one rollout, update the policy from it and return the metrics to log."""
        progress = 1 - self.rollouts / self.num_rollouts
        self.weights.progress.fill_(progress)
        self.collect()
        taken = self.pool.count()
        metrics = self.update()
        self.pool.refill(taken)  # the CPU draws new levels while a GPU still runs the update
        self.rollouts += 1
        numbers = torch.stack([value.float() for value in metrics.values()]).tolist()
        return dict(zip(metrics, numbers, strict=True)) | {
            "learning_rate": self.config.agent.learning_rate * progress,
            "levels_reused": self.pool.reused,
        }

    def close(self) -> None:
        """Release the CUDA graphs and the compiled network."""
        self.collect.close()
        self.update.close()
        if self.device.type == "cuda":
            torch.compiler.reset()

    def _changed(self) -> list[Tensor]:
        """List all tensors that a rollout or an update changes."""
        return [*self.tensors().values(), self.environments.obs]

    def tensors(self) -> dict[str, Tensor]:
        """Return every tensor of the training state by name. ``restore`` copies saved values into these tensors."""
        named = {f"policy.{name}": weight for name, weight in self.policy.state_dict().items()}
        named |= {f"optimizer.{name}": value for name, value in self.weights.state.items()}
        named |= {f"pool.{name}": value for name, value in self.pool.levels._asdict().items()}
        named["pool.taken"] = self.pool.taken
        state = self.environments.state
        named |= {f"level.{name}": value for name, value in state.level._asdict().items()}
        named |= {f"state.{name}": getattr(state, name) for name in ("mouse", "facing_right", "clock")}
        for owner in ("return_scale", "cohorts"):
            fields = vars(getattr(self, owner)).items()
            named |= {f"{owner}.{name}": value for name, value in fields if isinstance(value, Tensor)}
        return named

    def numbers(self) -> dict[str, Any]:
        """Return the rest of the training state, as JSON values."""
        return {
            "rollouts": self.rollouts,
            "generator": self.generator.get_state().tolist(),
            "pool": {"refilled": self.pool.refilled, "reused": self.pool.reused},
            "levels_rng": self.pool.rng.bit_generator.state,
        }

    def check_state(self, tensors: dict[str, Tensor], numbers: Any, where: str, saved_on: Any) -> None:
        """Check a saved state before ``restore`` uses it. The caller has checked tensor names, types and shapes.

        Args:
            tensors, numbers: of the state.
            where: the file, for messages.
            saved_on: type of the device that saved it; the random generator of another type is not restored.

        Raises:
            InputError: if a value is missing or out of range.
        """
        pool = numbers.get("pool") if isinstance(numbers, dict) else None
        if not isinstance(pool, dict):
            raise InputError(f"{where}: the numbers of the run are missing")
        counts = {"rollouts": numbers.get("rollouts"), **{name: pool.get(name) for name in ("refilled", "reused")}}
        for name, count in counts.items():
            if not is_integer(count) or count < 0 or (name == "rollouts" and count > self.num_rollouts):
                raise InputError(f"{where}: {name} is {count!r}, but this run has {self.num_rollouts} rollouts")
        random = numbers.get("generator")
        if not isinstance(random, list) or not all(is_integer(byte) and 0 <= byte < 256 for byte in random):
            raise InputError(f"{where}: the state of the random generator must be a list of bytes")
        try:
            np.random.default_rng(0).bit_generator.state = numbers.get("levels_rng", {})
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(f"{where}: the state of the level seeds' generator is damaged ({error})") from None
        try:
            generator = torch.Generator(self.device)
            if saved_on == self.device.type or len(random) == len(generator.get_state()):
                generator.set_state(torch.tensor(random, dtype=torch.uint8))
        except RuntimeError as error:
            raise InputError(f"{where}: the state of the random generator is damaged ({error})") from None
        for part in ("pool", "level"):
            named = {name: tensors[f"{part}.{name}"] for name in Levels._fields}
            Levels(**named).check(f"{where}: {part}")
        cells, limit = self.spec.world_dim**2, self.environments.max_episode_steps
        for name, most in (("mouse", cells - 1), ("clock", limit)):
            check_range(tensors[f"state.{name}"], 0, most, f"{where}: state.{name}")
        check_range(tensors["cohorts.born"], 0, numbers["rollouts"], f"{where}: cohorts.born")

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Load a training state from the results of ``tensors()`` and ``numbers()``."""
        with torch.no_grad():
            for name, tensor in self.tensors().items():
                tensor.copy_(tensors[name])
        self.rollouts = numbers["rollouts"]
        random = torch.tensor(numbers["generator"], dtype=torch.uint8)
        if len(random) == len(self.generator.get_state()):  # differs if another kind of device saved the state
            self.generator.set_state(random)
        self.pool.refilled, self.pool.reused = numbers["pool"]["refilled"], numbers["pool"]["reused"]
        self.pool.rng.bit_generator.state = numbers["levels_rng"]
        self.environments.obs.copy_(self.environments.painter.paint(self.environments.state))

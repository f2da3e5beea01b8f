"""The learner: a mouse in training, from one rollout to the next."""

from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from agents import ppo, rollout
from agents.cohort import Cohorts
from agents.config import AgentConfig, EnvConfig, TrainConfig, world_of
from agents.impala import ImpalaPolicy
from envs.batch import LevelPool, Worlds
from envs.painter import Painter, painter_of
from envs.world import moves_of

BF16_MIN_SIDE = 32  # below, on a CPU, casting costs what bfloat16 gains (docs/training.md)


def device_of(name: str) -> torch.device:
    """The device that a setting names.

    Raises:
        ValueError: it does not exist here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} is not there; this machine has {_devices()}") from error
    return device


def _devices() -> str:
    return ", ".join(["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))])


def precision_of(name: str, device: torch.device, side: int) -> str:
    """float32 or bfloat16: the named precision, or for "auto" the faster one for pictures of this side.

    Raises:
        ValueError: an unknown precision.
    """
    if name == "auto":
        native = device.type == "cuda" or (side >= BF16_MIN_SIDE and torch.cpu._is_avx512_bf16_supported())
        return "bfloat16" if native else "float32"
    if name not in ("float32", "bfloat16"):
        raise ValueError(f"precision must be auto, float32 or bfloat16, not {name!r}")
    return name


def painter_for(env: EnvConfig, device) -> Painter:
    """The painter of a training world."""
    return painter_of(env.observation, world_of(env), device)


def policy_for(env: EnvConfig, agent: AgentConfig, device) -> ImpalaPolicy:
    """A network that fits a training world, in channels_last, with new weights."""
    policy = ImpalaPolicy(painter_for(env, "cpu").shape, len(moves_of(env.action_set)), agent.scale)
    return policy.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def _check(config: TrainConfig) -> None:
    """Refuse numbers that nothing can be trained with."""
    agent = asdict(config.agent)
    may_be_zero = ("value_coefficient", "entropy_coefficient", "gae_lambda")
    positive = {f"agent.{name}": value for name, value in agent.items() if name not in may_be_zero}
    for name in ("total_steps", "save_every", "picture_every", "eval_every"):
        positive[name] = getattr(config, name)
    if config.evaluation_levels is not None:
        positive["evaluation_levels"] = config.evaluation_levels
    positive["env.max_episode_steps"] = config.env.max_episode_steps
    for name, value in positive.items():
        if value <= 0:
            raise ValueError(f"{name} must be more than 0, not {value}")
    for name in may_be_zero:
        if agent[name] < 0:
            raise ValueError(f"agent.{name} must be at least 0, not {agent[name]}")


class Learner:
    """Everything that training changes, and one rollout-and-update after another.

    Args:
        config: what to train.
        device: where.

    Attributes:
        rollouts: how many were learned from so far.

    Raises:
        ValueError: settings that do not fit together.
    """

    def __init__(self, config: TrainConfig, device: torch.device):
        env, agent = config.env, config.agent
        _check(config)
        steps = agent.num_envs * agent.num_steps
        if steps % agent.minibatch_size:
            raise ValueError(f"minibatch_size {agent.minibatch_size} must divide num_envs × num_steps = {steps}")
        self.config, self.device = config, device
        self.num_rollouts, self.rollouts = -(-config.total_steps // steps), 0

        painter = painter_for(env, device)
        self.precision = precision_of(config.precision, device, painter.shape[0])
        torch.manual_seed(config.seed)  # of the initial weights
        self.policy = policy_for(env, agent, device)
        self.generator = torch.Generator(device).manual_seed(config.seed)
        self.optimizer = torch.optim.Adam(self.policy.parameters(), agent.learning_rate, eps=agent.adam_eps, fused=True)
        for weight in self.policy.parameters():  # made now, so that a saved state has somewhere to be loaded into
            moments = {name: torch.zeros_like(weight) for name in ("exp_avg", "exp_avg_sq")}
            self.optimizer.state[weight] = {"step": torch.zeros((), device=device), **moments}

        world_dim = world_of(env)
        levels = (world_dim, env.cheese_region, env.num_levels, env.start_level, env.level_types)
        self.pool = LevelPool(steps // 4 + agent.num_envs, *levels, seed=config.seed, device=device)
        self.worlds = Worlds(self.pool, painter, agent.num_envs, env.action_set, env.max_episode_steps)
        self.rollout = rollout.empty_rollout(agent.num_steps, self.worlds)
        self.return_scale = rollout.ReturnScale(agent.num_envs, device)
        self.cohorts = Cohorts(agent.num_envs, agent.num_steps, env.max_episode_steps, device)

    @property
    def steps(self) -> int:
        """Environment steps learned from so far."""
        return self.rollouts * self.config.agent.num_envs * self.config.agent.num_steps

    @property
    def finished(self) -> bool:
        return self.rollouts >= self.num_rollouts

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The policy, in this learner's precision.

        The autocast region is closed at every call: one that stays open across optimiser steps keeps stale copies
        of the weights.
        """
        cast = torch.autocast(self.device.type, torch.bfloat16) if self.precision == "bfloat16" else nullcontext()
        with cast:
            return self.policy(pictures)

    def learn(self) -> dict[str, float]:
        """Collect one rollout, update the policy from it, and return what to log."""
        agent = self.config.agent
        learning_rate = agent.learning_rate * (1 - self.rollouts / self.num_rollouts)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate

        roll = self.rollout
        rollout.collect(roll, self.worlds, self.forward, self.generator)
        self.pool.refill()
        done = roll.terminated | roll.truncated
        success = self.cohorts.count(self.rollouts, roll.terminated, done)

        rewards = self.return_scale(roll.rewards, done)
        advantages = rollout.advantages(rewards, roll.values, done, agent.gamma, agent.gae_lambda)
        returns = advantages + roll.values[:-1]
        normalised = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        fields = (roll.pictures, roll.actions, roll.log_probs, roll.values[:-1], normalised, returns)
        batch = ppo.Batch(*(field.flatten(0, 1) for field in fields))
        metrics = ppo.update(self.policy, self.optimizer, batch, agent, self.generator, self.forward)

        self.rollouts += 1
        explained = 1 - (returns - roll.values[:-1]).var() / returns.var()
        metrics |= {"success": success, "return": 10 * success, "explained_variance": explained}
        numbers = torch.stack([value.float() for value in metrics.values()]).tolist()
        return dict(zip(metrics, numbers, strict=True)) | {
            "learning_rate": learning_rate,
            "levels_reused": self.pool.reused,
        }

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that training changes, by name: to save them, or to load into them."""
        named = {f"policy.{name}": weight for name, weight in self.policy.state_dict().items()}
        for name, weight in self.policy.named_parameters():
            named |= {f"optimizer.{name}.{key}": value for key, value in self.optimizer.state[weight].items()}
        named |= {f"pool.{name}": value for name, value in self.pool.levels._asdict().items()}
        named["pool.taken"] = self.pool.taken
        state = self.worlds.state
        named |= {f"level.{name}": value for name, value in state.level._asdict().items()}
        named |= {f"state.{name}": getattr(state, name) for name in ("mouse", "facing_right", "clock")}
        for owner in ("return_scale", "cohorts"):
            fields = vars(getattr(self, owner)).items()
            named |= {f"{owner}.{name}": value for name, value in fields if isinstance(value, Tensor)}
        return named

    def numbers(self) -> dict[str, Any]:
        """What training changes beside tensors, as JSON can hold it."""
        return {
            "rollouts": self.rollouts,
            "generator": self.generator.get_state().tolist(),
            "pool": {"refilled": self.pool.refilled, "reused": self.pool.reused},
            "levels_rng": self.pool.rng.bit_generator.state,
        }

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go back to where ``tensors()`` and ``numbers()`` were taken."""
        with torch.no_grad():
            for name, tensor in self.tensors().items():
                tensor.copy_(tensors[name])
        self.rollouts = numbers["rollouts"]
        self.generator.set_state(torch.tensor(numbers["generator"], dtype=torch.uint8))
        self.pool.refilled, self.pool.reused = numbers["pool"]["refilled"], numbers["pool"]["reused"]
        self.pool.rng.bit_generator.state = numbers["levels_rng"]
        self.worlds.pictures = self.worlds.painter.paint(self.worlds.state)

"""The learner: a mouse in training, from one rollout to the next."""

from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from agents import ppo, processes, rollout
from agents.captured import Captured
from agents.cohort import Cohorts
from agents.config import AgentConfig, EnvConfig, TrainConfig, world_of
from agents.impala import ImpalaPolicy
from agents.weights import as_vector
from envs.batch import LevelPool, Worlds
from envs.painter import Painter, painter_of
from envs.world import moves_of

BF16_MIN_SIDE = 32  # below, on a CPU, casting costs what bfloat16 gains (docs/training.md)


def precision_of(name: str, device: torch.device, side: int) -> str:
    """float32 or bfloat16: the named precision, or for "auto" the faster one for pictures of this side.

    Raises:
        ValueError: an unknown precision, or bfloat16 on a device that can only imitate it.
    """
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False  # float32 means float32, in convolutions as in products of matrices
        native = pays = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
        pays = side >= BF16_MIN_SIDE and torch.cpu._is_avx512_bf16_supported()
    if name == "auto":
        return "bfloat16" if pays else "float32"
    if name not in ("float32", "bfloat16"):
        raise ValueError(f"precision must be auto, float32 or bfloat16, not {name!r}")
    if name == "bfloat16" and not native:
        raise ValueError(f"precision bfloat16 was asked for, but this {device.type} has none; say precision=float32")
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
        num_envs = processes.share(agent.num_envs, "num_envs")
        self.minibatch_size = processes.share(agent.minibatch_size, "minibatch_size")
        self.config, self.device = config, device
        self.num_rollouts, self.rollouts = -(-config.total_steps // steps), 0

        painter = painter_for(env, device)
        self.precision = precision_of(config.precision, device, painter.shape[0])
        torch.manual_seed(config.seed)  # of the initial weights: the same in all processes
        self.policy = policy_for(env, agent, device)
        self.weights = as_vector(self.policy)
        self.network = torch.compile(self.policy, dynamic=False) if device.type == "cuda" else self.policy
        on_gpu = device.type == "cuda"
        # A tensor, which a recorded update reads anew each time; a number would be frozen in it.
        self.learning_rate = torch.tensor(agent.learning_rate, device=device)
        self.optimizer = torch.optim.Adam(
            [self.weights], self.learning_rate, eps=agent.adam_eps, fused=True, capturable=on_gpu
        )
        self.optimizer._warned_capturable_if_run_uncaptured = True  # type: ignore[attr-defined]  # warm-ups are meant to
        # Made now, so that a saved state has somewhere to be loaded into.
        moments = {name: torch.zeros_like(self.weights) for name in ("exp_avg", "exp_avg_sq")}
        self.optimizer.state[self.weights] = {"step": torch.zeros((), device=device), **moments}

        seed = processes.seed(config.seed)
        self.generator = torch.Generator(device).manual_seed(seed)
        levels = (world_of(env), env.cheese_region, env.num_levels, env.start_level, env.level_types)
        self.pool = LevelPool(num_envs * agent.num_steps // 4 + num_envs, *levels, seed=seed, device=device)
        self.worlds = Worlds(self.pool, painter, num_envs, env.action_set, env.max_episode_steps)
        self.rollout = rollout.empty_rollout(agent.num_steps, self.worlds)
        self.return_scale = rollout.ReturnScale(num_envs, device)
        self.cohorts = Cohorts(num_envs, agent.num_steps, env.max_episode_steps, device)

        self.play = Captured(self._play, device, self._changed, self.generator)
        self.improve = Captured(self._improve, device, self._changed, self.generator)

    @property
    def steps(self) -> int:
        """Environment steps learned from so far, in all processes."""
        return self.rollouts * self.config.agent.num_envs * self.config.agent.num_steps

    @property
    def finished(self) -> bool:
        return self.rollouts >= self.num_rollouts

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The policy, in this learner's precision.

        The autocast region is closed at every call: one that stays open across optimiser steps keeps stale copies
        of the weights; and it caches none, for a recorded graph would read the copies of another.
        """
        with self._precision():
            return self.policy(pictures)

    def _precision(self):
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False)

    def _forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The same, compiled where that pays: for the sizes of batch that come again and again."""
        with self._precision():
            return self.network(pictures)

    def _play(self) -> None:
        rollout.collect(self.rollout, self.worlds, self._forward, self.generator)

    def _improve(self) -> dict[str, Tensor]:
        """Update the policy from the rollout; scalar tensors to log."""
        agent, roll = self.config.agent, self.rollout
        done = roll.terminated | roll.truncated
        success = self.cohorts.count(roll.terminated, done)
        rewards = self.return_scale(roll.rewards, done)
        advantages = rollout.advantages(rewards, roll.values, done, agent.gamma, agent.gae_lambda)
        returns = advantages + roll.values[:-1]
        fields = (
            roll.pictures, roll.actions, roll.log_probs, roll.values[:-1], rollout.normalised(advantages), returns
        )  # fmt: skip
        batch = ppo.Batch(*(field.flatten(0, 1) for field in fields))
        minibatches = ppo.shuffled(len(batch.actions), self.minibatch_size, agent.epochs, self.generator)
        metrics = ppo.update(self.weights, self.optimizer, self._forward, self.policy, batch, minibatches, agent)
        explained = processes.average(1 - advantages.var() / returns.var())
        return metrics | {"success": success, "return": 10 * success, "explained_variance": explained}

    def learn(self) -> dict[str, float]:
        """Collect one rollout, update the policy from it, and return what to log."""
        learning_rate = self.config.agent.learning_rate * (1 - self.rollouts / self.num_rollouts)
        self.learning_rate.fill_(learning_rate)
        self.play()
        taken = self.pool.count()
        metrics = self.improve()
        self.pool.refill(taken)  # on the processor, while a GPU is still improving
        self.rollouts += 1
        numbers = torch.stack([value.float() for value in metrics.values()]).tolist()
        return dict(zip(metrics, numbers, strict=True)) | {
            "learning_rate": learning_rate,
            "levels_reused": self.pool.reused,
        }

    def close(self) -> None:
        """Let go of what a GPU recorded, before processes part; and of what was compiled, of which few are kept."""
        self.play.close()
        self.improve.close()
        if self.device.type == "cuda":
            torch.compiler.reset()

    def _changed(self) -> list[Tensor]:
        return [*self.tensors().values(), self.worlds.pictures]

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that training changes, by name: to save them, or to load into them."""
        named = {f"policy.{name}": weight for name, weight in self.policy.state_dict().items()}
        named |= {f"optimizer.{name}": value for name, value in self.optimizer.state[self.weights].items()}
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
        random = torch.tensor(numbers["generator"], dtype=torch.uint8)
        if len(random) == len(
            self.generator.get_state()
        ):  # else another kind of device saved it: another stream of noise
            self.generator.set_state(random)
        self.pool.refilled, self.pool.reused = numbers["pool"]["refilled"], numbers["pool"]["reused"]
        self.pool.rng.bit_generator.state = numbers["levels_rng"]
        self.worlds.pictures.copy_(self.worlds.painter.paint(self.worlds.state))

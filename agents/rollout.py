"""Rollouts: T steps in N environments, and their advantages."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from agents import processes
from envs.batch import Environments


class Rollout(NamedTuple):
    """T steps of N environments; the first dimension is time.

    Attributes:
        obs: uint8 (T, N, H, W, 3).
        actions: int64 (T, N).
        log_probs: float32 (T, N), of the actions.
        values: float32 (T + 1, N), predicted; the last row is for the state after the rollout.
        rewards: float32 (T, N).
        terminated, truncated: bool (T, N), whether and how the step ended its episode.
    """

    obs: Tensor
    actions: Tensor
    log_probs: Tensor
    values: Tensor
    rewards: Tensor
    terminated: Tensor
    truncated: Tensor


def empty_rollout(num_steps: int, environments: Environments) -> Rollout:
    """Memory for a rollout of T steps in these environments."""
    num_envs, device = environments.obs.shape[0], environments.obs.device

    def tensor(*shape, dtype=torch.float32):
        return torch.empty(shape, dtype=dtype, device=device)

    per_step = (num_steps, num_envs)
    return Rollout(
        obs=tensor(*per_step, *environments.obs.shape[1:], dtype=torch.uint8),
        actions=tensor(*per_step, dtype=torch.int64),
        log_probs=tensor(*per_step),
        values=tensor(num_steps + 1, num_envs),
        rewards=tensor(*per_step),
        terminated=tensor(*per_step, dtype=torch.bool),
        truncated=tensor(*per_step, dtype=torch.bool),
    )


def sample(logits: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw actions with the Gumbel-max trick, which needs no host synchronisation.

    Args:
        logits: float32 (N, A).
        generator: on the device of the logits.

    Returns:
        actions int64 (N,) and their log-probabilities float32 (N,).
    """
    noise = torch.empty_like(logits).exponential_(generator=generator)
    actions = (logits - noise.log()).argmax(1)
    return actions, logits.log_softmax(1).gather(1, actions[:, None])[:, 0]


@torch.no_grad()
def collect(
    rollout: Rollout,
    environments: Environments,
    predict: Callable[[Tensor], tuple[Tensor, Tensor]],
    generator: torch.Generator,
) -> None:
    """Act for T steps in every world and write them into ``rollout``.

    Args:
        rollout: overwritten in place.
        environments: stepped in place.
        predict: obs (N, H, W, 3) → logits (N, A) and values (N,).
        generator: of the actions.
    """
    for t in range(len(rollout.actions)):
        rollout.obs[t] = environments.obs
        logits, rollout.values[t] = predict(environments.obs)
        rollout.actions[t], rollout.log_probs[t] = sample(logits, generator)
        rollout.rewards[t], rollout.terminated[t], rollout.truncated[t] = environments.step(rollout.actions[t])
    rollout.values[-1] = predict(environments.obs)[1]


def advantages(rewards: Tensor, values: Tensor, done: Tensor, gamma: float, gae_lambda: float) -> Tensor:
    """Generalised advantage estimation (Schulman et al. 2016).

    Truncation ends the return without a bootstrap, as termination does. The published recipe does the same.

    Args:
        rewards: float32 (T, N).
        values: float32 (T + 1, N).
        done: bool (T, N), whether the step ended its episode.

    Returns:
        float32 (T, N).
    """
    going_on = 1.0 - done.float()
    errors = rewards + gamma * going_on * values[1:] - values[:-1]
    result = torch.empty_like(rewards)
    advantage = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        advantage = errors[t] + gamma * gae_lambda * going_on[t] * advantage
        result[t] = advantage
    return result


def normalise(advantages: Tensor) -> Tensor:
    """Advantages (T, N) minus their mean, divided by their standard deviation, both over all processes."""
    centred = advantages - processes.average(advantages.mean())
    size = advantages.numel() * processes.count()
    variance = processes.average(centred.square().mean()) * size / (size - 1)
    return centred / (variance.sqrt() + 1e-8)


class ReturnScale:
    """The running standard deviation of the discounted return, by which the recipe divides rewards.

    As in Procgen's baselines (``VecNormalize``), but the statistics are updated once per rollout, over all processes.

    Args:
        num_envs: N.
        gamma: discount of this return, apart from the agent's own; 0.99 in the recipe.
        clip: bound of a scaled reward.
    """

    def __init__(self, num_envs: int, device, gamma: float = 0.99, clip: float = 10.0):
        self.gamma, self.clip = gamma, clip
        self.returns = torch.zeros(num_envs, device=device)
        self.count = torch.tensor(1e-4, dtype=torch.float64, device=device)
        self.mean = torch.zeros((), dtype=torch.float64, device=device)
        self.var = torch.ones((), dtype=torch.float64, device=device)

    def __call__(self, rewards: Tensor, done: Tensor) -> Tensor:
        """Update with a rollout's rewards float32 (T, N) and ends bool (T, N), and return the scaled rewards (T, N)."""
        returns = torch.empty_like(rewards)
        for t in range(len(rewards)):
            self.returns.mul_(self.gamma).add_(rewards[t])
            returns[t] = self.returns
            self.returns.mul_(~done[t])
        batch, size = returns.double(), returns.numel() * processes.count()
        mean = processes.average(batch.mean())
        var = processes.average((batch - mean).square().mean())
        delta, count = mean - self.mean, self.count + size
        spread = self.var * self.count + var * size + delta.square() * self.count * size / count
        self.var.copy_(spread / count)
        self.mean.add_(delta * size / count)
        self.count.copy_(count)
        return (rewards / (self.var + 1e-8).sqrt().float()).clamp(-self.clip, self.clip)

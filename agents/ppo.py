"""Proximal policy optimisation (Schulman et al. 2017): the loss, and one update from one rollout."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from agents import processes
from agents.config import AgentConfig
from agents.weights import WeightVector


class Batch(NamedTuple):
    """B steps to learn from.

    Attributes:
        obs: uint8 (B, H, W, 3).
        actions: int64 (B,).
        log_probs: float32 (B,), under the policy that acted.
        values: float32 (B,), as predicted then.
        advantages: float32 (B,), normalised.
        returns: float32 (B,), the value targets.
    """

    obs: Tensor
    actions: Tensor
    log_probs: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor


def loss(logits: Tensor, values: Tensor, batch: Batch, config: AgentConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """The clipped surrogate, the clipped value loss and the entropy bonus.

    Args:
        logits: float32 (B, A) of the policy being learned.
        values: float32 (B,) of it.
        batch: what it learns from.

    Returns:
        The loss, and the scalar tensors to log.
    """
    log_probs = logits.log_softmax(1)
    log_ratio = log_probs.gather(1, batch.actions[:, None])[:, 0] - batch.log_probs
    ratio = log_ratio.exp()
    clipped = ratio.clamp(1 - config.clip, 1 + config.clip)
    policy_loss = -torch.minimum(ratio * batch.advantages, clipped * batch.advantages).mean()

    near = batch.values + (values - batch.values).clamp(-config.clip, config.clip)
    value_loss = 0.5 * torch.maximum((values - batch.returns) ** 2, (near - batch.returns) ** 2).mean()

    entropy = -(log_probs.exp() * log_probs).sum(1).mean()
    total = policy_loss + config.value_coefficient * value_loss - config.entropy_coefficient * entropy
    with torch.no_grad():
        metrics = {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "entropy": entropy.detach(),
            "kl": (ratio - 1 - log_ratio).mean(),  # Schulman's low-variance estimator k3
            "clip_fraction": ((ratio - 1).abs() > config.clip).float().mean(),
        }
    return total, metrics


def select_steps(advantages: Tensor, minibatch_size: int, share: float) -> Tensor:
    """Select the steps with the largest absolute advantages: whole minibatches, at least one.

    Most steps of a mouse that knows its way were as good as expected. Their gradients are small, but cost as much time
    as the others.

    Args:
        advantages: float32 (B,).
        minibatch_size: divides B.
        share: of the minibatches.

    Returns:
        Rows int64 (K,); all of them, in order, if the share is 1.
    """
    minibatches = len(advantages) // minibatch_size
    chosen = max(1, round(share * minibatches))
    if chosen == minibatches:
        return torch.arange(len(advantages), device=advantages.device)
    return advantages.abs().topk(chosen * minibatch_size).indices


def shuffle_minibatches(rows: Tensor, minibatch_size: int, epochs: int, generator: torch.Generator) -> Iterator[Tensor]:
    """The rows int64 (minibatch_size,) of each minibatch: every row once per epoch, in a new random order."""
    for _ in range(epochs):
        order = torch.randperm(len(rows), generator=generator, device=generator.device)
        yield from rows[order].split(minibatch_size)


def update(
    weights: WeightVector,
    predict: Callable[[Tensor], tuple[Tensor, Tensor]],
    batch: Batch,
    minibatches: Iterable[Tensor],
    config: AgentConfig,
) -> dict[str, Tensor]:
    """Learn from one rollout.

    Args:
        weights: of the policy; changed in place.
        predict: obs (B, H, W, 3) → logits (B, A) and values (B,) of the policy.
        batch: the whole rollout, flattened.
        minibatches: rows int64 (minibatch_size,) of each; with several processes, this process's share of it.
        config: clipping and coefficients.

    Returns:
        The metrics of ``loss`` and the gradient norm, averaged over minibatches and processes, as scalar tensors.
    """
    total: dict[str, Tensor] = {}
    steps = 0
    for rows in minibatches:
        part = Batch(*(field.index_select(0, rows) for field in batch))
        objective, metrics = loss(*predict(part.obs), part, config)
        norm = weights.step(objective)
        steps += 1
        for name, value in (metrics | {"gradient_norm": norm}).items():
            total[name] = total.get(name, 0) + value
    return dict(zip(total, processes.average(torch.stack(list(total.values())) / steps), strict=True))

"""Proximal policy optimisation (Schulman et al. 2017): the loss, and one update from one rollout."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from agents.config import AgentConfig


class Batch(NamedTuple):
    """B steps to learn from.

    Attributes:
        pictures: uint8 (B, H, W, 3).
        actions: int64 (B,).
        log_probs: float32 (B,), under the policy that acted.
        values: float32 (B,), as predicted then.
        advantages: float32 (B,), normalised.
        returns: float32 (B,), the value targets.
    """

    pictures: Tensor
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
            "kl": (ratio - 1 - log_ratio).mean(),  # Schulman's estimator k3 of the step taken, low in variance
            "clip_fraction": ((ratio - 1).abs() > config.clip).float().mean(),
        }
    return total, metrics


def update(
    policy: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    config: AgentConfig,
    generator: torch.Generator,
    forward: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None,
) -> dict[str, Tensor]:
    """Learn from one rollout: ``epochs`` passes over it in shuffled minibatches.

    Args:
        policy: changed in place.
        optimizer: of its parameters.
        batch: the whole rollout, flat; its size is a multiple of ``config.minibatch_size``.
        generator: of the shuffles.
        forward: how to call the policy (autocast or compiled); the policy itself when None.

    Returns:
        The metrics of ``loss`` and the gradient's norm, averaged over the minibatches, as scalar tensors.
    """
    forward = policy if forward is None else forward
    total: dict[str, Tensor] = {}
    minibatches = 0
    for _ in range(config.epochs):
        order = torch.randperm(len(batch.actions), generator=generator, device=batch.actions.device)
        for rows in order.split(config.minibatch_size):
            part = Batch(*(field[rows] for field in batch))
            logits, values = forward(part.pictures)
            objective, metrics = loss(logits, values, part, config)
            optimizer.zero_grad(set_to_none=True)
            objective.backward()
            metrics["gradient_norm"] = nn.utils.clip_grad_norm_(policy.parameters(), config.max_gradient_norm)
            optimizer.step()
            minibatches += 1
            for name, value in metrics.items():
                total[name] = total.get(name, 0) + value
    return {name: value / minibatches for name, value in total.items()}

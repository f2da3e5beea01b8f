"""The loss and the update, against the formulas of the papers, written out."""

import copy

import numpy as np
import torch

from agents import ppo
from agents.config import AgentConfig
from agents.impala import ImpalaPolicy
from agents.weights import WeightVector

CONFIG = AgentConfig(minibatch_size=16, epochs=2, learning_rate=1e-3)


def random_batch(policy, size=64):
    generator = torch.Generator().manual_seed(0)

    def normal(spread=1.0):
        return spread * torch.randn(size, generator=generator)

    pictures = torch.randint(0, 256, (size, 5, 5, 3), dtype=torch.uint8, generator=generator)
    actions = torch.randint(0, 4, (size,), generator=generator)
    with torch.no_grad():
        logits, values = policy(pictures)
    log_probs = logits.log_softmax(1)[torch.arange(size), actions] + normal(0.3)
    return ppo.Batch(pictures, actions, log_probs, values + normal(0.3), normal(), values + normal())


def naive_loss(logits, values, batch, config):
    """Schulman et al. 2017, equations 7 and 9, one sample at a time."""
    policy_terms, value_terms, entropies = [], [], []
    for i in range(len(batch.actions)):
        probabilities = np.exp(logits[i] - logits[i].max())
        probabilities /= probabilities.sum()
        ratio = probabilities[batch.actions[i]] / np.exp(batch.log_probs[i])
        clipped = min(max(ratio, 1 - config.clip), 1 + config.clip)
        policy_terms.append(min(ratio * batch.advantages[i], clipped * batch.advantages[i]))
        near = batch.values[i] + min(max(values[i] - batch.values[i], -config.clip), config.clip)
        value_terms.append(0.5 * max((values[i] - batch.returns[i]) ** 2, (near - batch.returns[i]) ** 2))
        entropies.append(-(probabilities * np.log(probabilities)).sum())
    parts = -np.mean(policy_terms), np.mean(value_terms), np.mean(entropies)
    return parts[0] + config.value_coefficient * parts[1] - config.entropy_coefficient * parts[2], parts


def test_loss():
    torch.manual_seed(0)
    policy = ImpalaPolicy((5, 5, 3), 4)
    batch = random_batch(policy)
    logits, values = policy(batch.obs)
    total, metrics = ppo.loss(logits, values, batch, CONFIG)
    in_numpy = ppo.Batch(*(field.double().numpy() if field.is_floating_point() else field.numpy() for field in batch))
    expected, parts = naive_loss(logits.detach().double().numpy(), values.detach().double().numpy(), in_numpy, CONFIG)
    np.testing.assert_allclose(total.item(), expected, rtol=1e-5)
    found = [metrics[name].item() for name in ("policy_loss", "value_loss", "entropy")]
    np.testing.assert_allclose(found, parts, rtol=1e-5)
    ratios = (logits.log_softmax(1)[torch.arange(64), batch.actions] - batch.log_probs).exp()
    assert metrics["clip_fraction"].item() == np.mean([abs(ratio.item() - 1) > 0.2 for ratio in ratios])


def naive_adam(weights, gradients, moments, step, config):
    """Kingma and Ba 2015, algorithm 1, after clipping the gradient's norm over all weights."""
    norm = sum((gradient.double() ** 2).sum() for gradient in gradients).sqrt()
    factor = min(1.0, config.max_gradient_norm / (norm.item() + 1e-6))
    for weight, gradient, moment in zip(weights, gradients, moments, strict=True):
        gradient = gradient.double() * factor
        moment[0] = 0.9 * moment[0] + 0.1 * gradient
        moment[1] = 0.999 * moment[1] + 0.001 * gradient**2
        first, second = moment[0] / (1 - 0.9**step), moment[1] / (1 - 0.999**step)
        weight.data = (weight.double() - config.learning_rate * first / (second.sqrt() + config.adam_eps)).float()


def test_update_is_adam_on_the_loss_over_shuffled_minibatches():
    torch.manual_seed(0)
    policy = ImpalaPolicy((5, 5, 3), 4).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    reference = copy.deepcopy(policy)
    batch = random_batch(policy)
    weights = WeightVector(policy, CONFIG.learning_rate, CONFIG.adam_eps)
    minibatches = ppo.shuffle_minibatches(64, 16, CONFIG.epochs, torch.Generator().manual_seed(7))
    ppo.update(weights, policy, batch, minibatches, CONFIG)

    weights = list(reference.parameters())
    moments = [[torch.zeros_like(weight).double() for _ in range(2)] for weight in weights]
    shuffles, step = torch.Generator().manual_seed(7), 0
    for _ in range(CONFIG.epochs):
        order, seen = torch.randperm(64, generator=shuffles), []
        for first in range(0, 64, 16):
            rows = order[first : first + 16]
            seen += rows.tolist()
            part = ppo.Batch(*(field[rows] for field in batch))
            objective, _ = ppo.loss(*reference(part.obs), part, CONFIG)
            step += 1
            naive_adam(weights, torch.autograd.grad(objective, weights), moments, step, CONFIG)
        assert sorted(seen) == list(range(64))
    for (name, weight), expected in zip(policy.named_parameters(), weights, strict=True):
        torch.testing.assert_close(weight, expected, atol=2e-5, rtol=1e-3, msg=lambda text, name=name: name + text)

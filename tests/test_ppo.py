"""The loss and the update, against the formulas of the papers, written out."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from agents import ppo
from agents.config import AgentConfig
from agents.impala import ImpalaPolicy
from agents.muon import orthogonalise
from agents.weights import WeightVector

CONFIG = AgentConfig(minibatch_size=16, epochs=2, optimizer="adam", learning_rate=1e-3)


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


def test_the_steps_with_the_largest_advantages_are_selected_in_whole_minibatches():
    advantages = torch.randn(64, generator=torch.Generator().manual_seed(0))
    order = advantages.abs().argsort(descending=True).tolist()
    for share, expected in ((0.5, 32), (0.3, 16), (0.01, 16), (0.7, 48)):
        rows = ppo.select_steps(advantages, 16, share)
        assert sorted(rows.tolist()) == sorted(order[:expected])
    assert ppo.select_steps(advantages, 16, 1.0).tolist() == list(range(64))


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
    weights = WeightVector(policy, CONFIG)
    minibatches = ppo.shuffle_minibatches(torch.arange(64), 16, CONFIG.epochs, torch.Generator().manual_seed(7))
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


@pytest.mark.parametrize("shape", [(16, 144), (32, 32), (256, 128)])
def test_orthogonalised_matrices_keep_their_singular_vectors(shape):
    matrices = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0)) * 1e-3
    for matrix, result in zip(matrices, orthogonalise(matrices), strict=True):
        left, values, right = torch.linalg.svd(matrix.double(), full_matrices=False)
        inner = left.T @ result.double() @ right.T
        found = inner.diagonal()
        torch.testing.assert_close(inner, found.diag(), atol=1e-4, rtol=0)
        large = values > 0.03 * values.max()
        assert large.sum() > 0.8 * len(values) and (found[large] > 0.5).all() and (found[large] < 1.3).all()


def test_muon_steps_hidden_matrices_and_adam_the_rest():
    torch.manual_seed(0)
    config = replace(CONFIG, optimizer="muon", muon_learning_rate=0.02)
    policy = ImpalaPolicy((5, 5, 3), 4).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    reference = copy.deepcopy(policy)
    batch, weights = random_batch(policy), WeightVector(policy, config)
    expected = dict(reference.named_parameters())
    rest = [name for name in expected if "bias" in name or name.startswith(("fc_", "embedder.block1.conv"))]
    moments = [[torch.zeros_like(expected[name]).double() for _ in range(2)] for name in rest]
    momentum = {name: torch.zeros_like(weight).double() for name, weight in expected.items() if name not in rest}
    assert len(rest) == 21 and len(momentum) == 15
    for step, progress in enumerate((1.0, 0.5), start=1):
        weights.progress.fill_(progress)
        weights.step(ppo.loss(*policy(batch.obs), batch, config)[0])

        objective, _ = ppo.loss(*reference(batch.obs), batch, config)
        gradients = dict(zip(expected, torch.autograd.grad(objective, list(expected.values())), strict=True))
        norm = sum((gradient.double() ** 2).sum() for gradient in gradients.values()).sqrt()
        factor = min(1.0, config.max_gradient_norm / norm.item())
        for name, moment in momentum.items():  # Nesterov momentum, orthogonalised
            gradient = gradients[name].double() * factor
            moment.mul_(0.95).add_(0.05 * gradient)
            matrix = (0.05 * gradient + 0.95 * moment).flatten(1)
            size = progress * 0.02 * max(1, matrix.shape[0] / matrix.shape[1]) ** 0.5
            update = size * orthogonalise(matrix[None])[0]
            expected[name].data -= update.view_as(expected[name]).float()
        scale = replace(config, learning_rate=config.learning_rate * progress, max_gradient_norm=torch.inf)
        scaled = [gradients[name].double() * factor for name in rest]
        naive_adam([expected[name] for name in rest], scaled, moments, step, scale)
    for name, weight in policy.named_parameters():
        torch.testing.assert_close(weight, expected[name], atol=2e-5, rtol=1e-3, msg=lambda text, at=name: at + text)


def test_metrics_are_means_over_the_minibatches():
    class Unchanged:
        def step(self, loss: torch.Tensor) -> torch.Tensor:
            return torch.tensor(3.0)

    torch.manual_seed(0)
    policy = ImpalaPolicy((5, 5, 3), 4)
    batch = random_batch(policy)
    found = ppo.update(Unchanged(), policy, batch, torch.arange(64).split(16), CONFIG)
    logits, _ = policy(batch.obs)
    log_ratio = (logits.log_softmax(1)[torch.arange(64), batch.actions] - batch.log_probs).detach().double().numpy()
    assert float(found["kl"]) == pytest.approx(np.mean(np.exp(log_ratio) - 1 - log_ratio), rel=1e-4)
    assert float(found["gradient_norm"]) == 3.0

"""What the learner hands to PPO, against its definition."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_rollout import naive_advantages
from test_training import CONFIG

from agents import ppo
from agents.learner import Learner

GAMMA, LAMBDA = 0.9, 0.5
AGENT = replace(CONFIG.agent, num_steps=64, gamma=GAMMA, gae_lambda=LAMBDA, learn_from=1.0)
SCALE_GAMMA = 0.99  # of the running returns whose spread scales the rewards, as in the published settings


def test_advantages_and_targets_are_those_of_the_rollout(monkeypatch):
    config = replace(CONFIG, env=replace(CONFIG.env, cheese_region="anywhere"), agent=AGENT)
    learner, seen = Learner(config, torch.device("cpu")), []
    learner.collect()
    rollout = learner.rollout
    assert rollout.terminated.any() and rollout.truncated.any()
    monkeypatch.setattr(ppo, "update", lambda weights, predict, batch, rows, config: seen.append(batch) or {})
    metrics = learner.update()

    done, rewards = (rollout.terminated | rollout.truncated).numpy(), rollout.rewards.double().numpy()
    running, returns = np.zeros(rewards.shape[1]), []
    for reward, ends in zip(rewards, done, strict=True):
        running = running * SCALE_GAMMA + reward
        returns.append(running)
        running = running * ~ends
    assert np.std(returns) > 1.2, "the clip at 10 would hide rewards that are not scaled"
    scaled = np.clip(rewards / np.std(returns), -10, 10)
    advantages = naive_advantages(scaled, rollout.values.double().numpy(), done, GAMMA, LAMBDA)
    targets = advantages + rollout.values[:-1].double().numpy()
    (batch,) = seen
    np.testing.assert_allclose(batch.returns, targets.ravel(), rtol=1e-3, atol=1e-3)
    normalised = (advantages - advantages.mean()) / advantages.std(ddof=1)
    np.testing.assert_allclose(batch.advantages, normalised.ravel(), rtol=1e-3, atol=1e-3)
    assert float(metrics["explained_variance"]) == pytest.approx(1 - advantages.var() / targets.var(), rel=1e-2)


def test_the_learning_rate_falls_linearly():
    learner, found = Learner(CONFIG, torch.device("cpu")), []
    while not learner.finished:
        learner.learn()
        found.append(float(learner.weights.progress))
    assert found == pytest.approx(np.linspace(1, 0, len(found), endpoint=False)) and len(found) == 10

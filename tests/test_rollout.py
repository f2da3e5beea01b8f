"""Rollouts and advantages, against plain formulas."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from agents import rollout
from agents.impala import ImpalaPolicy
from envs import world
from envs.batch import Environments, LevelPool
from envs.spec import WorldSpec


def naive_advantages(rewards, values, done, gamma, gae_lambda):
    """Σ (γλ)^k δ over the following steps of the same episode, each sum written out."""
    steps, envs = rewards.shape
    result = np.zeros((steps, envs))
    for n in range(envs):
        for t in range(steps):
            weight = 1.0
            for k in range(t, steps):
                error = rewards[k, n] + (0 if done[k, n] else gamma * values[k + 1, n]) - values[k, n]
                result[t, n] += weight * error
                if done[k, n]:
                    break
                weight *= gamma * gae_lambda
    return result


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.9, 0.999]), st.sampled_from([0.0, 0.95, 1.0]))
def test_advantages(seed, gamma, gae_lambda):
    rng = np.random.default_rng(seed)
    steps, envs = rng.integers(1, 12), rng.integers(1, 4)
    rewards, values = rng.normal(size=(steps, envs)), rng.normal(size=(steps + 1, envs))
    done = rng.random((steps, envs)) < 0.3
    tensors = (torch.from_numpy(array) for array in (rewards, values, done))
    found = rollout.advantages(*tensors, gamma, gae_lambda)
    np.testing.assert_allclose(found, naive_advantages(rewards, values, done, gamma, gae_lambda), atol=1e-6)


def test_sampling_follows_the_policy():
    logits = torch.tensor([0.0, 1.0, -1.0, 2.0]).expand(200_000, 4).contiguous()
    actions, log_probs = rollout.sample(logits, torch.Generator().manual_seed(0))
    probabilities = logits[0].softmax(0)
    shares = torch.bincount(actions, minlength=4) / len(actions)
    torch.testing.assert_close(shares, probabilities, atol=0.005, rtol=0)  # more than four standard errors
    torch.testing.assert_close(log_probs, probabilities.log()[actions])


def test_return_scale_is_the_standard_deviation_of_all_returns_so_far():
    rng = np.random.default_rng(0)
    scale = rollout.ReturnScale(5, "cpu", gamma=0.9, clip=2.0)
    returns, running = [], np.zeros(5)
    for _ in range(4):
        rewards = (rng.random((30, 5)) < 0.1) * 10.0
        done = rng.random((30, 5)) < 0.1
        scaled = scale(torch.from_numpy(rewards).float(), torch.from_numpy(done))
        for t in range(30):
            running = running * 0.9 + rewards[t]
            returns.append(running)
            running = running * ~done[t]
        expected = np.clip(rewards / np.std(returns), -2.0, 2.0)
        np.testing.assert_allclose(scaled, expected, rtol=1e-3)


def test_collect_writes_down_what_happens():
    """Replays the rollout from its actions."""
    torch.manual_seed(0)
    spec = WorldSpec.build(world_dim=5, observation="cells", max_episode_steps=20)
    policy = ImpalaPolicy(spec.observation_shape, 4)

    def new_environments():
        return Environments(spec, LevelPool(spec, 200, seed=3), 8)

    environments, replay = new_environments(), new_environments()
    roll = rollout.empty_rollout(40, environments)
    for tensor in roll:
        tensor.fill_(1)
    rollout.collect(roll, environments, policy, torch.Generator().manual_seed(1))
    assert roll.truncated.any() and roll.terminated.any()
    for t in range(40):
        assert torch.equal(roll.obs[t], replay.obs)
        with torch.no_grad():
            logits, values = policy(replay.obs)
        assert torch.equal(roll.values[t], values)
        chosen = logits.log_softmax(1)[torch.arange(8), roll.actions[t]]
        torch.testing.assert_close(roll.log_probs[t], chosen)
        reward, terminated, truncated = replay.step(roll.actions[t])
        assert torch.equal(reward, roll.rewards[t]) and torch.equal(reward == world.CHEESE_REWARD, terminated)
        assert torch.equal(terminated, roll.terminated[t]) and torch.equal(truncated, roll.truncated[t])
    with torch.no_grad():
        assert torch.equal(roll.values[-1], policy(replay.obs)[1])

"""PPO in one file, in the manner of CleanRL. It needs `gym.make_vec`, NumPy and torch, and no more of this project.

python examples/ppo.py        a mouse for a 5×5 world, in less than a minute on one core
"""

import time

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Categorical

import envs  # noqa: F401 (registers CheeseMaze-v0)

WORLD = {"world_dim": 5, "observation": "cells", "max_episode_steps": 25, "autoreset_mode": "SameStep"}
TRAINING_LEVELS = {"num_levels": 2**30}
HELD_OUT_LEVELS = {"start_level": 2**30, "num_levels": 2**20}

NUM_ENVS, NUM_STEPS, MINIBATCH, EPOCHS = 64, 32, 512, 3
LEARNING_RATE, GAMMA, LAMBDA, CLIP = 2e-3, 0.95, 0.9, 0.2
VALUE_COEFFICIENT, ENTROPY_COEFFICIENT, MAX_GRADIENT_NORM = 0.5, 0.01, 0.5


class Policy(nn.Module):
    """Pictures uint8 (N, H, W, 3) → a distribution of actions and values float32 (N,)."""

    def __init__(self, env: gym.vector.VectorEnv):
        super().__init__()
        pixels, actions = int(np.prod(env.single_observation_space.shape)), env.single_action_space.n
        self.body = nn.Sequential(nn.Linear(pixels, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU())
        self.actor, self.critic = nn.Linear(256, actions), nn.Linear(256, 1)
        nn.init.orthogonal_(self.actor.weight, 0.01)

    def forward(self, pictures: Tensor) -> tuple[Categorical, Tensor]:
        hidden = self.body(pictures.flatten(1).float() / 255)
        return Categorical(logits=self.actor(hidden)), self.critic(hidden)[:, 0]


def random_policy(pictures: Tensor) -> tuple[Categorical, None]:
    """All four moves alike: what a mouse does that has learned nothing."""
    return Categorical(logits=torch.zeros(len(pictures), 4)), None


def train(total_steps: int = 300_000, seed: int = 0) -> Policy:
    torch.manual_seed(seed)
    env = gym.make_vec("CheeseMaze-v0", num_envs=NUM_ENVS, **WORLD, **TRAINING_LEVELS)
    policy = Policy(env)
    optimizer = torch.optim.Adam(policy.parameters(), LEARNING_RATE, eps=1e-5)
    observations, began = torch.as_tensor(env.reset(seed=seed)[0]), time.perf_counter()
    batches = max(1, total_steps // (NUM_ENVS * NUM_STEPS))
    for batch in range(batches):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 - batch / batches)

        pictures, actions, log_probs, values, rewards, dones = [], [], [], [], [], []
        with torch.no_grad():
            for _ in range(NUM_STEPS):
                distribution, value = policy(observations)
                action = distribution.sample()
                pictures.append(observations)
                actions.append(action)
                log_probs.append(distribution.log_prob(action))
                values.append(value)
                observation, reward, terminated, truncated, _ = env.step(action)
                observations = torch.as_tensor(observation)
                rewards.append(torch.as_tensor(reward, dtype=torch.float32) / 10)
                dones.append(torch.as_tensor(terminated | truncated))
            next_value, advantage, advantages = policy(observations)[1], torch.zeros(NUM_ENVS), []
            for step in reversed(range(NUM_STEPS)):
                going_on = 1 - dones[step].float()
                error = rewards[step] + GAMMA * next_value * going_on - values[step]
                advantage = error + GAMMA * LAMBDA * going_on * advantage
                advantages.insert(0, advantage)
                next_value = values[step]

        data = map(torch.cat, (pictures, actions, log_probs, advantages, values))
        seen, acted, old_log_probs, gains, old_values = data
        returns, gains = gains + old_values, (gains - gains.mean()) / (gains.std() + 1e-8)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(seen)).split(MINIBATCH):
                distribution, value = policy(seen[rows])
                ratio = (distribution.log_prob(acted[rows]) - old_log_probs[rows]).exp()
                clipped = ratio.clamp(1 - CLIP, 1 + CLIP)
                policy_loss = -torch.min(ratio * gains[rows], clipped * gains[rows]).mean()
                value_loss = (value - returns[rows]).square().mean() / 2
                loss = (
                    policy_loss + VALUE_COEFFICIENT * value_loss - ENTROPY_COEFFICIENT * distribution.entropy().mean()
                )
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(policy.parameters(), MAX_GRADIENT_NORM)
                optimizer.step()

        if batch % 50 == 49 or batch == batches - 1:
            steps = (batch + 1) * NUM_ENVS * NUM_STEPS
            print(f"{steps:9,} steps, {steps / (time.perf_counter() - began):7,.0f}/s, success {success(policy):.1%}")
    return policy


@torch.no_grad()
def success(policy, num_levels: int = 1000) -> float:
    """The share of held-out levels in which the mouse takes the cheese in time, in one episode each."""
    env = gym.make_vec("CheeseMaze-v0", num_envs=num_levels, **WORLD, **HELD_OUT_LEVELS)
    observations, _ = env.reset(seed=0)
    going_on, successes = np.ones(num_levels, bool), 0
    while going_on.any():
        action = policy(torch.as_tensor(observations))[0].sample()
        observations, _, terminated, truncated, _ = env.step(action)
        successes += (terminated & going_on).sum()
        going_on &= ~(terminated | truncated)
    return successes / num_levels


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"a random walk: success {success(random_policy):.1%}")
    train()

"""TorchRL: its checker and its collector accept the single and the vectorised environment."""

import gymnasium as gym
import pytest
import torch

import envs  # noqa: F401 (registers CheeseMaze-v0)

pytest.importorskip("torchrl", reason="the extra torchrl is not installed")

from torchrl.collectors import Collector
from torchrl.envs import GymEnv, GymWrapper
from torchrl.envs.utils import check_env_specs

NUM_ENVS = 4
WORLD = {"world_dim": 5, "observation": "cells"}
MODES = ["SameStep", "Disabled"]  # the modes that TorchRL knows


def vectorised(autoreset_mode, **arguments):
    return gym.make_vec("CheeseMaze-v0", NUM_ENVS, autoreset_mode=autoreset_mode, **WORLD, **arguments)


@pytest.mark.parametrize("arguments", [{}, WORLD], ids=str)
def test_the_single_environment(arguments):
    env = GymEnv("CheeseMaze-v0", max_episode_steps=9, **arguments)
    check_env_specs(env)
    env.set_seed(0)
    rollout = env.rollout(100, break_when_any_done=False)
    twin = gym.make("CheeseMaze-v0", max_episode_steps=9, **arguments)
    picture, _ = twin.reset()
    assert rollout["pixels"].shape == (100, *picture.shape) and rollout["pixels"].dtype == torch.uint8
    assert rollout["next", "truncated"].any() and set(rollout["next", "reward"].flatten().tolist()) <= {0.0, 10.0}


@pytest.mark.parametrize("autoreset_mode", MODES)
def test_the_vectorised_environment_says_what_it_says_without_torchrl(autoreset_mode):
    native = vectorised(autoreset_mode, max_episode_steps=9)
    env = GymWrapper(native)
    assert env.batch_size == (NUM_ENVS,)
    native.reset(seed=3)
    alone = vectorised("SameStep", max_episode_steps=9)
    alone.reset(seed=3)
    torch.manual_seed(0)  # of the actions
    rollout = env.rollout(60, break_when_any_done=False)  # which resets once more
    observations, _ = alone.reset()
    for step in range(60):
        now = rollout[:, step]
        assert torch.equal(now["observation"], torch.from_numpy(observations))
        said = alone.step(now["action"].argmax(-1))
        observations, rewards, terminations, truncations, infos = said
        last = observations.copy()
        for row in (terminations | truncations).nonzero()[0]:
            last[row] = infos["final_obs"][row]
        assert torch.equal(now["next", "observation"], torch.from_numpy(last))
        assert now["next", "reward"].flatten().tolist() == rewards.tolist()
        assert now["next", "terminated"].flatten().tolist() == terminations.tolist()
        assert now["next", "truncated"].flatten().tolist() == truncations.tolist()
        if autoreset_mode == "SameStep" and (terminations | truncations).all():
            observations, _ = alone.reset()  # TorchRL does so too: it resets all when all are over
    assert rollout["next", "terminated"].any() and rollout["next", "truncated"].any()


@pytest.mark.parametrize("autoreset_mode", MODES)
def test_a_collector_gathers_frames(autoreset_mode):
    env = GymWrapper(vectorised(autoreset_mode))
    check_env_specs(env)
    collector = Collector(env, frames_per_batch=40, total_frames=80)
    batches = list(collector)
    assert [batch.numel() for batch in batches] == [40, 40]
    assert batches[0]["observation"].shape == (NUM_ENVS, 10, 5, 5, 3)
    collector.shutdown()

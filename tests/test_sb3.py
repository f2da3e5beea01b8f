"""Stable-Baselines3: its own environments are the oracle, and its algorithms learn with ours."""

import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

import envs  # noqa: F401 (registers CheeseMaze-v0)
from envs.world import State

pytest.importorskip("stable_baselines3", reason="the extra sb3 is not installed")

from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecMonitor, VecNormalize

from envs.sb3 import SB3VecEnv

NUM_ENVS = 4
WORLD = {"world_dim": 5, "observation": "cells"}
SETTINGS = {
    "cells": WORLD,
    "rgb": {"world_dim": 7},
    "procgen": {**WORLD, "action_set": "procgen"},
    "missing cheese": {
        **{"observation": "cells", "distribution_mode": "hard", "cheese_region": 1},
        **{"num_levels": 2, "start_level": 942},
    },
}


def dummy(num_envs=NUM_ENVS, **arguments):
    return DummyVecEnv([lambda: gym.make("CheeseMaze-v0", **arguments)] * num_envs)


@pytest.mark.filterwarnings("ignore:.*resolution for an image")  # of 5×5 pixels: too small for its CnnPolicy
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("arguments", [{}, WORLD, {"action_set": "procgen"}], ids=str)
def test_its_checker_takes_the_single_environment(arguments):
    check_env(gym.make("CheeseMaze-v0", **arguments))


@pytest.mark.parametrize("settings", SETTINGS)
def test_equals_its_own_loop_step_for_step(settings):
    ours, theirs = (make(NUM_ENVS, max_episode_steps=9, **SETTINGS[settings]) for make in (SB3VecEnv, dummy))
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    rng, seen = np.random.default_rng(0), {"terminal_observation": 0, "time is up": 0}
    for env in (ours, theirs):
        env.seed(7)
    assert np.array_equal(ours.reset(), theirs.reset())
    assert data_equivalence(ours.reset_infos, theirs.reset_infos, exact=True)
    for _ in range(200):
        actions = rng.integers(ours.action_space.n, size=NUM_ENVS)
        mine, other = ours.step(actions), theirs.step(actions)
        assert [part.dtype for part in mine[:3]] == [part.dtype for part in other[:3]]
        assert all(np.array_equal(*parts) for parts in zip(mine[:3], other[:3], strict=True))
        for info, expected in zip(mine[3], other[3], strict=True):
            assert info.keys() == expected.keys()
            assert all(np.array_equal(info[name], expected[name]) for name in expected)
            assert all(type(info[name]) is type(expected[name]) for name in expected)
            seen["terminal_observation"] += "terminal_observation" in info
            seen["time is up"] += info["TimeLimit.truncated"]
        assert data_equivalence(ours.reset_infos, theirs.reset_infos, exact=True)
    assert seen["terminal_observation"] >= seen["time is up"] > 0
    assert seen["terminal_observation"] > seen["time is up"] or settings == "missing cheese"


def test_seeds_and_options_hold_for_one_reset():
    ours, theirs = SB3VecEnv(2, **WORLD), dummy(2, **WORLD)
    for options in ({"level_seed": 3}, [{"level_seed": 3}, {"level_seed": 5}], [{"cheese": None}] * 2, None):
        for env in (ours, theirs):
            env.seed(1)
            env.set_options(options)
        for _ in range(2):
            assert np.array_equal(ours.reset(), theirs.reset())
            assert data_equivalence(ours.reset_infos, theirs.reset_infos, exact=True)
    ours.set_options([{"level_seed": 3}, {}])
    with pytest.raises(ValueError, match="the same options for every environment"):
        ours.reset()


def test_what_environments_are_asked():
    ours, theirs = SB3VecEnv(3, render_mode="rgb_array", **WORLD), dummy(3, render_mode="rgb_array", **WORLD)
    for env in (ours, theirs):
        env.seed(2)
        env.reset()
        env.set_attr("label", "a")
        env.set_attr("label", "b", indices=[0, 2])
    assert ours.get_attr("label") == theirs.get_attr("label") == ["b", "a", "b"]
    assert ours.get_attr("render_mode", indices=1) == theirs.get_attr("render_mode", indices=1) == ["rgb_array"]
    assert isinstance(ours.get_attr("state", indices=2)[0], State)
    assert ours.has_attr("label") and not ours.has_attr("nonsense")
    assert ours.env_method("get_keys_to_action", indices=[1]) == theirs.env_method("get_keys_to_action", indices=[1])
    with pytest.raises(ValueError, match="reset acts on all environments"):
        ours.env_method("reset")
    assert ours.env_is_wrapped(gym.Wrapper) == [False] * 3
    assert np.array_equal(ours.render(), theirs.render())
    assert pickle.loads(pickle.dumps(ours)).num_envs == 3
    ours.close()


def test_its_wrappers_keep_statistics():
    ours, theirs = (VecMonitor(make(NUM_ENVS, max_episode_steps=9, **WORLD)) for make in (SB3VecEnv, dummy))
    for env in (ours, theirs):
        env.seed(0)
        env.reset()
    episodes = {"ours": [], "theirs": []}
    for actions in np.random.default_rng(0).integers(4, size=(100, NUM_ENVS)):
        for name, env in (("ours", ours), ("theirs", theirs)):
            infos = env.step(actions)[3]
            episodes[name] += [(info["episode"]["r"], info["episode"]["l"]) for info in infos if "episode" in info]
    assert episodes["ours"] == episodes["theirs"] and len({reward for reward, _ in episodes["ours"]}) == 2


def test_ppo_learns_a_little_with_monitor_frames_and_normalisation():
    env = VecMonitor(SB3VecEnv(8, max_episode_steps=20, **WORLD))
    env = VecNormalize(VecFrameStack(env, 2), norm_obs=False)
    model = PPO("MlpPolicy", env, n_steps=32, batch_size=64, n_epochs=1, seed=0, device="cpu")
    before = [weight.clone() for weight in model.policy.parameters()]
    model.learn(512)
    assert model.num_timesteps == 512 and len(model.ep_info_buffer) > 0
    assert any((old != new).any() for old, new in zip(before, model.policy.parameters(), strict=True))
    reward, _ = evaluate_policy(model, env, n_eval_episodes=5)
    assert 0 <= reward <= 10


def test_ppo_takes_64_by_64_pictures():
    model = PPO("CnnPolicy", SB3VecEnv(2), n_steps=8, batch_size=8, n_epochs=1, seed=0, device="cpu")
    model.learn(16)
    assert model.observation_space.shape == (3, 64, 64)

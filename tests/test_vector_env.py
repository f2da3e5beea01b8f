"""The vectorised environment equals Gymnasium's loop over single environments."""

import pickle
from copy import deepcopy

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import envs  # noqa: F401 (registers CheeseMaze-v0)
from envs.drawings import to_text
from envs.env import CheeseMazeEnv
from envs.levels import from_seeds
from envs.vector_env import CheeseMazeVectorEnv
from envs.world import MAX_EPISODE_STEPS

NUM_ENVS = 5
BESIDE_CHEESE = "   \n # \n@. "
FIELD = "@  \n   \n   "
LARGE_MAZES = [seed for seed in range(30) if from_seeds([seed], 5).maze_dim == 5][:3]
MODES = [mode.value for mode in AutoresetMode]
SETTINGS = {
    "rgb": {"world_dim": 7},
    "cells": {"observation": "cells", "world_dim": 5, "num_levels": 4, "cheese_region": 3},
    "procgen": {"observation": "cells", "action_set": "procgen", "world_dim": 5, "cheese_region": 0},
    "missing cheese": {
        "observation": "cells",
        "distribution_mode": "hard",
        "cheese_region": 1,
        "num_levels": 2,
        "start_level": 942,
    },
}


def make(**arguments):
    return CheeseMazeVectorEnv(**{"num_envs": NUM_ENVS, "observation": "cells", "world_dim": 5, **arguments})


def both(autoreset_mode, max_episode_steps=9, **arguments):
    """Our environment, and Gymnasium's loop over our single environments."""
    common = {"num_envs": NUM_ENVS, "max_episode_steps": max_episode_steps, **arguments}
    vector_kwargs = {"autoreset_mode": autoreset_mode}
    native = gym.make_vec("CheeseMaze-v0", autoreset_mode=autoreset_mode, **common)
    return native, gym.make_vec("CheeseMaze-v0", vectorization_mode="sync", vector_kwargs=vector_kwargs, **common)


def random_reset(rng, ended, centre):
    """Arguments of a reset: with or without seeds and options, for all environments or at least the ended ones."""
    seed = [None, int(rng.integers(99)), [int(rng.integers(99)), None, 3, 4, 5]][rng.integers(3)]
    options = [
        {},
        {"level_seed": int(rng.integers(9))},
        {"level": BESIDE_CHEESE},
        {"cheese": None},
        {"level": BESIDE_CHEESE, "cheese": (centre - 1, centre + 1), "mouse": (centre - 1, centre)},
    ][rng.integers(5)]
    mask = ended | (rng.random(NUM_ENVS) < 0.3)
    if mask.any() and rng.random() < 0.8:
        options = {**options, "reset_mask": mask}
    return {"seed": seed, "options": options}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("autoreset_mode", MODES)
@pytest.mark.parametrize("settings", SETTINGS)
def test_equals_gymnasiums_loop_step_for_step(settings, autoreset_mode):
    native, loop = both(autoreset_mode, **SETTINGS[settings])
    assert isinstance(native, CheeseMazeVectorEnv) and isinstance(loop, gym.vector.SyncVectorEnv)
    assert native.metadata["autoreset_mode"] is loop.metadata["autoreset_mode"]
    for space in ("observation_space", "action_space", "single_observation_space", "single_action_space"):
        assert getattr(native, space) == getattr(loop, space)

    rng = np.random.default_rng(0)
    seen = {"terminated": 0, "truncated": 0, "masked": 0}
    said = [env.reset(seed=4) for env in (native, loop)]
    ended = np.zeros(NUM_ENVS, bool)
    for _ in range(250):
        assert data_equivalence(*said, exact=True)
        if rng.random() < 0.05 or (ended.any() and autoreset_mode == "Disabled"):
            arguments = random_reset(rng, ended, centre=native.world.world_dim // 2)
            seen["masked"] += "reset_mask" in arguments["options"]
            said = [env.reset(**deepcopy(arguments)) for env in (native, loop)]
            ended = np.zeros(NUM_ENVS, bool)
        else:
            actions = rng.integers(native.single_action_space.n, size=NUM_ENVS)
            said = [env.step(actions) for env in (native, loop)]
            ended = said[1][2] | said[1][3]
            seen["terminated"] += said[1][2].sum()
            seen["truncated"] += said[1][3].sum()
    assert min(seen.values()) > 0, seen
    assert native.np_random_seed == loop.np_random_seed
    states = [[generator.bit_generator.state for generator in env.np_random] for env in (native, loop)]
    assert states[0] == states[1]


@pytest.mark.parametrize("autoreset_mode", MODES)
def test_cheese_in_the_last_step_both_terminates_and_truncates(autoreset_mode):
    for env in both(autoreset_mode, max_episode_steps=1, observation="cells", world_dim=5):
        env.reset(options={"level": BESIDE_CHEESE})
        _, rewards, terminations, truncations, _ = env.step(np.full(NUM_ENVS, 3))
        assert (rewards == 10).all() and terminations.all() and truncations.all()


def test_steps_are_limited_by_the_spec_or_the_caller_or_not_at_all():
    assert gym.make_vec("CheeseMaze-v0", num_envs=2).max_episode_steps == MAX_EPISODE_STEPS == 500
    for none in (None, -1):
        endless = gym.make_vec("CheeseMaze-v0", num_envs=2, max_episode_steps=none, observation="cells", world_dim=5)
        endless.reset(options={"cheese": None})
        for _ in range(MAX_EPISODE_STEPS + 1):
            _, _, terminations, truncations, _ = endless.step(np.zeros(2, int))
            assert not terminations.any() and not truncations.any()


def test_copies_are_kept_and_the_buffer_is_reused():
    keeping, reusing = make(), make(copy=False)
    first, _ = keeping.reset(seed=0)
    buffer, _ = reusing.reset(seed=0)
    before = first.copy()
    for actions in np.random.default_rng(0).integers(4, size=(20, NUM_ENVS)):
        kept, reused = keeping.step(actions)[0], reusing.step(actions)[0]
        assert np.array_equal(kept, reused)
        assert np.shares_memory(buffer, reused) and not np.shares_memory(first, kept)
    assert np.array_equal(first, before) and not np.array_equal(first, buffer)


def test_options_may_differ_between_environments():
    options = {
        "level_seed": np.array(LARGE_MAZES),
        "cheese": [None, (2, 2), np.array([2, 4])],
        "mouse": np.array([[2, 2], [2, 0], [2, 2]]),
    }
    env = make(num_envs=3)
    observations, infos = env.reset(options=options)
    for row in range(3):
        single = CheeseMazeEnv(observation="cells", world_dim=5)
        mine = {name: values[row] for name, values in options.items()}
        observation, info = single.reset(options=mine)
        assert np.array_equal(observations[row], observation)
        assert all(np.array_equal(infos[name][row], value) for name, value in info.items())

    levels, last = [BESIDE_CHEESE, BESIDE_CHEESE, FIELD], np.array([False, False, True])
    env.reset(options={"level": levels, "reset_mask": last})
    assert env.state.level.seed.tolist() == [*LARGE_MAZES[:2], -1]
    assert to_text(env.state.level.rows(last)) == FIELD


def test_a_pair_is_one_cell_also_for_two_environments():
    _, infos = make(num_envs=2).reset(options={"level": FIELD, "cheese": (2, 3)})
    assert infos["cheese"].tolist() == [[2, 3], [2, 3]]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"options": {"level_seed": [1, 2]}}, "level_seed has 2 values, but there are 5"),
        ({"options": {"cheese": [None]}}, "cheese has 1 values"),
        ({"options": {"level_seed": [1, 2, 3, 4, -5]}}, "level_seed must be"),
        ({"options": {"mouse": (9, 9)}}, "outside"),
        ({"options": {"level": [*[FIELD] * 4, BESIDE_CHEESE], "cheese": (2, 2)}}, "in a wall"),
        ({"options": {"level": "@", "reset_mask": np.ones(NUM_ENVS, bool)}}, "odd side"),
        ({"options": {"reset": True}}, "unknown reset option 'reset'"),
        ({"options": {"reset_mask": np.ones(NUM_ENVS, int)}}, "reset_mask must be"),
        ({"options": {"reset_mask": np.ones(2, bool)}}, "reset_mask must be"),
        ({"options": {"reset_mask": np.zeros(NUM_ENVS, bool)}}, "reset_mask must be"),
        ({"seed": [1, 2]}, "seed has 2 values"),
        ({"seed": 3, "options": {"cheese": (-1, -1)}}, "outside"),
        ({"seed": [1, 2, 3, 4, -1]}, "Seed must be"),
    ],
    ids=str,
)
def test_a_reset_that_fails_says_why_and_changes_nothing(arguments, message):
    env, twin = make(), make()
    env.reset(seed=0), twin.reset(seed=0)
    with pytest.raises((ValueError, gym.error.Error), match=message) as error:
        env.reset(**arguments)
    assert "\n" not in str(error.value)
    assert env.np_random_seed == twin.np_random_seed
    assert data_equivalence(env.step(np.zeros(NUM_ENVS, int)), twin.step(np.zeros(NUM_ENVS, int)), exact=True)
    assert data_equivalence(env.reset(), twin.reset(), exact=True)


def test_the_options_stay_as_the_caller_made_them():
    env = make()
    env.reset()
    options = {"reset_mask": np.array([True, False, False, False, False]), "level": BESIDE_CHEESE}
    env.reset(options=options)
    assert set(options) == {"reset_mask", "level"} and options["reset_mask"].sum() == 1


@pytest.mark.parametrize("duplicate", [deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("autoreset_mode", ["NextStep", "SameStep"])
def test_a_copy_goes_on_like_the_original(duplicate, autoreset_mode):
    env = make(autoreset_mode=autoreset_mode, max_episode_steps=8)
    duplicate(env).reset(seed=0)
    env.reset(seed=1)
    actions = np.random.default_rng(0).integers(4, size=(60, NUM_ENVS))
    for action in actions[:20]:
        env.step(action)
    other = duplicate(env)
    for action in actions[20:]:
        assert data_equivalence(env.step(action), other.step(action), exact=True)


@pytest.mark.parametrize("autoreset_mode", MODES)
def test_wrappers_keep_the_same_statistics(autoreset_mode):
    # An immediate manual reset equals SAME_STEP.
    loop_mode = "SameStep" if autoreset_mode == "Disabled" else autoreset_mode
    settings = {"observation": "cells", "world_dim": 5}
    native = RecordEpisodeStatistics(both(autoreset_mode, **settings)[0])
    loop = RecordEpisodeStatistics(both(loop_mode, **settings)[1])
    native.reset(seed=0), loop.reset(seed=0)
    for actions in np.random.default_rng(0).integers(4, size=(100, NUM_ENVS)):
        loop.step(actions)
        _, _, terminations, truncations, _ = native.step(actions)
        ended = terminations | truncations
        if autoreset_mode == "Disabled" and ended.any():
            native.reset(options={"reset_mask": ended})
    assert native.length_queue and native.length_queue == loop.length_queue
    assert native.return_queue == loop.return_queue and {0.0, 10.0} == set(native.return_queue)


@pytest.mark.parametrize("render_mode", ["rgb_array", "ansi", None])
@pytest.mark.filterwarnings("ignore:.*render_mode")
def test_renders_like_gymnasiums_loop(render_mode):
    native, loop = both("NextStep", world_dim=5, render_mode=render_mode)
    for env in (native, loop):
        env.reset(seed=0)
        env.step(np.arange(NUM_ENVS) % 4)
    frames = loop.render() if render_mode else None
    assert data_equivalence(native.render(), frames, exact=True)


@pytest.mark.parametrize(
    "as_actions",
    [torch.tensor, np.array, list, tuple, lambda numbers: [torch.tensor(number) for number in numbers], np.uint8],
    ids=["torch", "numpy", "list", "tuple", "tensors", "uint8"],
)
def test_actions_of_every_kind_are_the_same_actions(as_actions):
    env, twin = make(), make()
    env.reset(seed=0), twin.reset(seed=0)
    for actions in np.random.default_rng(0).integers(4, size=(20, NUM_ENVS)):
        said = env.step(as_actions(actions.tolist()))
        assert data_equivalence(said, twin.step(actions), exact=True)


@pytest.mark.parametrize("render_mode", ["rgb_array", "ansi"])
def test_environments_are_asked_like_those_of_gymnasiums_loop(render_mode):
    native, loop = both("NextStep", world_dim=5, render_mode=render_mode, observation="cells")
    for env in (native, loop):
        env.reset(seed=3)
        env.step(np.arange(NUM_ENVS) % 4)
    for name in ("render_mode", "metadata", "observation_space", "action_space", "np_random_seed"):
        assert native.get_attr(name) == loop.get_attr(name) == native.call(name)
    assert native.call("get_keys_to_action") == loop.call("get_keys_to_action")
    assert data_equivalence(native.call("render"), loop.call("render"), exact=True)
    states = [[generator.bit_generator.state for generator in env.get_attr("np_random")] for env in (native, loop)]
    assert states[0] == states[1]
    for row, (mine, theirs) in enumerate(zip(native.get_attr("state"), loop.get_attr("state"), strict=True)):
        assert all(map(torch.equal, [*mine.level, *mine[1:]], [*theirs.level, *theirs[1:]]))
        assert torch.equal(native.single(row).state.mouse, native.state.mouse[[row]])
    for values in ("a", list(range(NUM_ENVS)), tuple("abcde")):
        for env in (native, loop):
            env.set_attr("label", values)
        assert native.get_attr("label") == loop.get_attr("label")
    for env in (native, loop):
        with pytest.raises(AttributeError, match="nonsense"):
            env.call("nonsense")
        with pytest.raises(ValueError, match="values"):
            env.set_attr("label", [1, 2])


def test_what_is_shared_is_not_changed_one_by_one():
    env = make()
    for name in ("render_mode", "state", "painter"):
        with pytest.raises(ValueError, match=f"{name} is the same in all environments"):
            env.set_attr(name, None)
    for name in ("reset", "step", "close"):
        with pytest.raises(ValueError, match=f"{name} acts on all environments at once"):
            env.call(name)
    env.reset(seed=0)
    twin = deepcopy(env)
    single = env.single(2)
    for action in (3, 2, 1, 0):
        single.step(action)
    single.reset(seed=9)
    actions = np.zeros(NUM_ENVS, int)
    assert data_equivalence(env.step(actions), twin.step(actions), exact=True)


def test_modes_may_be_members_or_values():
    for mode in AutoresetMode:
        for name in (mode, mode.value):
            assert make(autoreset_mode=name).metadata["autoreset_mode"] is mode
    assert CheeseMazeVectorEnv.metadata["render_modes"] == ["rgb_array", "ansi"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_envs": 0},
        {"num_envs": 2.5},
        {"max_episode_steps": 0},
        {"max_episode_steps": -2},
        {"max_episode_steps": 9.5},
        {"autoreset_mode": "next_step"},
        {"render_mode": "human"},
        {"render_mode": "rgb"},
        {"world_dim": 6},
        {"observation": "pixels"},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_in_one_line(arguments):
    with pytest.raises(ValueError) as error:
        make(**arguments)
    assert "\n" not in str(error.value) and any(name in str(error.value) for name in arguments)


def test_what_cannot_be_done_yet_or_at_all():
    env = make(render_mode="ansi", autoreset_mode="Disabled")
    some = np.arange(NUM_ENVS) < 2
    step, partial_reset = (lambda: env.step(np.zeros(NUM_ENVS, int))), lambda: env.reset(options={"reset_mask": some})
    for attempt in (step, env.render, partial_reset):
        with pytest.raises(ResetNeeded):
            attempt()
    env.reset(options={"level": BESIDE_CHEESE})
    for actions in (np.full(NUM_ENVS, 4), np.full(NUM_ENVS, -1), np.zeros(3, int), np.zeros(NUM_ENVS), 0):
        with pytest.raises(InvalidAction):
            env.step(actions)
    env.step([3, 0, 3, 0, 0])
    with pytest.raises(ResetNeeded, match=r"\[0, 2\]"):
        env.step(np.zeros(NUM_ENVS, int))

"""The single environment: Gymnasium's contract, the options of reset, and rendering."""

import itertools
import pickle
import subprocess
import sys
from copy import deepcopy

import gymnasium as gym
import gymnasium.utils.play
import numpy as np
import pytest
import torch
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import check_env, data_equivalence
from mazes import PROCGEN_ROWS, number, read

import envs  # noqa: F401 (registers CheeseMaze-v0)
from envs.drawings import from_text, to_text
from envs.env import CheeseMazeEnv
from envs.levels import SEED_LIMIT, from_seeds
from envs.painter import build_painter, portrait
from envs.paths import shortest_path
from envs.world import MAX_EPISODE_STEPS, MOVE_NAMES

OPEN_FIELD = "    .\n     \n  @  \n     \n     "
CROOKED = "  .\n #@\n   "
WORLDS = ({}, {"distribution_mode": "hard"}, {"world_dim": 7, "cheese_region": 2, "num_levels": 3})
STEPS = {"left": (-1, 0), "down": (0, -1), "stay": (0, 0), "up": (0, 1), "right": (1, 0)}


@pytest.fixture
def no_screen(monkeypatch):
    """A window without a display and without waiting."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setitem(CheeseMazeEnv.metadata, "render_fps", 100_000)


def make(**arguments):
    return CheeseMazeEnv(**{"observation": "cells", "world_dim": 5, **arguments})


def play(env, actions):
    """All outputs of the environment over several episodes."""
    said = []
    for action in actions:
        said.append(env.step(action))
        if said[-1][2]:
            said.append(env.reset())
    return said


def random_actions(count, seed=0):
    return np.random.default_rng(seed).integers(4, size=count)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("observation", ["rgb", "cells"])
@pytest.mark.parametrize("action_set", ["minimal", "procgen"])
@pytest.mark.parametrize("render_mode", [None, "human", "rgb_array", "ansi"])
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: str(next(iter(world.values()), "easy")))
def test_gymnasium_checks_it(no_screen, observation, action_set, render_mode, world):
    env = gym.make("CheeseMaze-v0", observation=observation, action_set=action_set, render_mode=render_mode, **world)
    # With a render mode, the checker makes an environment for every render mode; without one, it checks the rest.
    check_env(env.unwrapped, skip_render_check=render_mode is None)
    env.close()


def test_import_loads_no_torch_and_the_spec_repeats_the_step_limit():
    code = "import sys, envs; assert 'torch' not in sys.modules and 'numba' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert gym.spec("CheeseMaze-v0").max_episode_steps == MAX_EPISODE_STEPS


def test_info_says_what_procgen_made():
    rows = [row for row in PROCGEN_ROWS if row.world_dim < 31]
    assert any(read(row.text, row.world_dim)[2] is None for row in rows), "the quirk of the missing cheese is tested"
    for (world_dim, region), group in itertools.groupby(rows, key=lambda row: (row.world_dim, row.region)):
        env = make(world_dim=world_dim, cheese_region=region)
        for row in group:
            _, info = env.reset(options={"level_seed": row.seed})
            _, mouse, cheese = read(row.text, row.world_dim)
            numbers = (info["level_seed"], info["maze_dim"], info["has_cheese"])
            assert numbers == (row.seed, row.maze_dim, cheese is not None)
            assert [type(value) for value in numbers] == [int, int, bool]
            assert (tuple(info["mouse"]), tuple(info["cheese"])) == (mouse, cheese or (-1, -1))


@pytest.mark.parametrize(
    "action_set, does",
    [
        ("minimal", ["left", "down", "up", "right"]),
        ("procgen", ["left"] * 3 + ["down", "stay", "up"] + ["right"] * 3 + ["stay"] * 6),
    ],
)
def test_what_each_action_does(action_set, does):
    env = make(action_set=action_set)
    assert env.action_space == gym.spaces.Discrete(len(does))
    for action, name in enumerate(does):
        env.reset(options={"level": OPEN_FIELD})
        _, _, _, _, info = env.step(action)
        assert tuple(info["mouse"] - (2, 2)) == STEPS[name]


def test_the_shortest_way_ends_with_ten():
    env = CheeseMazeEnv()
    for seed in range(5):
        env.reset(seed=seed)
        level = env.state.level
        cells = shortest_path(level, int(level.start), int(level.cheese))
        offsets = {-1: 0, -15: 1, 15: 2, 1: 3}
        outcomes = [env.step(offsets[cell - before]) for before, cell in itertools.pairwise(cells)]
        assert [reward for _, reward, *_ in outcomes] == [0.0] * (len(cells) - 2) + [10.0]
        assert [terminated for _, _, terminated, *_ in outcomes] == [False] * (len(cells) - 2) + [True]
        assert all(type(reward) is float and type(end) is bool for _, reward, end, _, _ in outcomes)
        assert [number(info["mouse"], 15) for *_, info in outcomes] == cells[1:]


@pytest.mark.parametrize("observation", ["rgb", "cells"])
def test_an_observation_is_the_picture_of_the_state(observation):
    env = CheeseMazeEnv(observation=observation)
    painter = build_painter(observation, 15)
    picture, _ = env.reset(seed=1)
    for action in random_actions(30):
        assert np.array_equal(picture, painter.paint(env.state)[0].numpy())
        picture = env.step(action)[0]


@pytest.mark.parametrize(
    "arguments, low, high",
    [({}, 0, SEED_LIMIT), ({"start_level": 9}, 0, SEED_LIMIT), ({"num_levels": 3, "start_level": 9}, 9, 12)],
)
def test_each_episode_draws_a_level_seed_with_np_random(arguments, low, high):
    env = make(**arguments)
    twin = np.random.Generator(np.random.PCG64(np.random.SeedSequence(7)))
    seeds = [env.reset(seed=7)[1]["level_seed"]] + [env.reset()[1]["level_seed"] for _ in range(30)]
    assert seeds == [twin.integers(low, high) for _ in seeds]
    assert high > 12 or set(seeds) == {9, 10, 11}


def test_two_envs_of_one_seed_live_the_same():
    one, other = make(), make()
    assert data_equivalence(one.reset(seed=3), other.reset(seed=3), exact=True)
    actions = random_actions(200)
    assert data_equivalence(play(one, actions), play(other, actions), exact=True)


@pytest.mark.parametrize("duplicate", [deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("observation", ["rgb", "cells"])
def test_a_copy_goes_on_like_the_original(no_screen, duplicate, observation):
    env = make(observation=observation, render_mode="human")
    duplicate(env).reset(seed=0)
    env.reset(seed=3)
    play(env, random_actions(20))
    other = duplicate(env)
    actions = random_actions(100, seed=1)
    assert data_equivalence(play(env, actions), play(other, actions), exact=True)
    env.close(), other.close()


def test_options_combine():
    env = make()
    _, info = env.reset(options={"level_seed": np.int64(4)})
    assert to_text(env.state.level) == to_text(from_seeds([4], 5))

    _, info = env.reset(options={"level": CROOKED})
    assert to_text(env.state.level) == CROOKED
    assert (info["level_seed"], info["maze_dim"], *info["mouse"], *info["cheese"]) == (-1, 3, 3, 2, 3, 3)

    _, info = env.reset(options={"level": CROOKED, "mouse": (1, 1), "cheese": np.array([1, 2])})
    assert to_text(env.state.level) == "   \n.# \n@  "
    assert env.step(2)[1:4] == (10.0, True, False)

    _, info = env.reset(options={"level": CROOKED, "cheese": None})
    assert not info["has_cheese"] and tuple(info["cheese"]) == (-1, -1)


def test_options_hold_for_one_episode_and_do_not_disturb_the_next():
    plain, optioned = make(), make()
    plain.reset(seed=5), optioned.reset(seed=5, options={"level": CROOKED})
    for options in ({"level_seed": 3}, {"level": CROOKED}, {"cheese": None}, {}):
        plain.reset(), optioned.reset(options=options)
        assert data_equivalence(plain.reset(), optioned.reset(), exact=True)


BAD_OPTIONS = {
    "unknown": ({"chesse": (1, 1)}, "unknown reset option 'chesse'"),
    "level and level_seed": ({"level": CROOKED, "level_seed": 1}, "not both"),
    "cheese in a wall": ({"level": CROOKED, "cheese": (2, 2)}, r"cheese \(2, 2\) lies in a wall$"),
    "mouse in a wall": ({"level_seed": 8, "mouse": (1, 1)}, "lies in a wall of level 8$"),
    "a wall, whatever level is drawn": ({"cheese": (3, 3), "mouse": (0, 0)}, r"lies in a wall of level \d+$"),
    "outside": ({"cheese": (5, 0)}, "outside"),
    "below": ({"mouse": (0, -1)}, "outside"),
    "no mouse": ({"mouse": None}, "must be a cell"),
    "three numbers": ({"cheese": (1, 2, 3)}, "must be a cell"),
    "half a cell": ({"cheese": (1.5, 2)}, "must be a cell"),
    "a name": ({"cheese": "corner"}, "must be a cell"),
    "a fractional seed": ({"level_seed": 1.5}, "level_seed must be"),
    "a truth for a seed": ({"level_seed": True}, "level_seed must be"),
    "a negative seed": ({"level_seed": -1}, "level_seed must be"),
    "a large seed": ({"level_seed": SEED_LIMIT}, "level_seed must be"),
    "a huge seed": ({"level_seed": 2**80}, "level_seed must be"),
    "a seed too many": ({"level_seed": [1, 2]}, "2 values"),
    "no text": ({"level": 5}, "level must be a text"),
    "a ragged text": ({"level": "@ \n   \n  ."}, "row 1"),
}


@pytest.mark.parametrize("seed", [None, 11])
@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_a_reset_that_fails_says_why_and_changes_nothing(name, seed):
    options, message = BAD_OPTIONS[name]
    env, twin = make(), make()
    env.reset(seed=0), twin.reset(seed=0)
    with pytest.raises(ValueError, match=message) as error:
        env.reset(seed=seed, options=options)
    assert "\n" not in str(error.value)
    actions = random_actions(50)
    assert data_equivalence(play(env, actions), play(twin, actions), exact=True)
    assert env.np_random_seed == twin.np_random_seed
    assert env.np_random.bit_generator.state == twin.np_random.bit_generator.state


@pytest.mark.parametrize(
    "arguments",
    [
        {"distribution_mode": "medium"},
        {"distribution_mode": "hard", "world_dim": 25},
        {"world_dim": 6},
        {"cheese_region": "corner"},
        {"cheese_region": 16},
        {"num_levels": -1},
        {"num_levels": 1.5},
        {"num_levels": SEED_LIMIT, "start_level": 1},
        {"start_level": "0"},
        {"observation": "pixels"},
        {"action_set": "all"},
        {"render_mode": "rgb"},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_in_one_line(arguments):
    with pytest.raises(ValueError) as error:
        CheeseMazeEnv(**arguments)
    assert "\n" not in str(error.value) and any(name in str(error.value) for name in arguments)


def test_what_cannot_be_done_yet_or_at_all():
    env = make(render_mode="ansi")
    for attempt in (lambda: env.step(0), env.render, lambda: env.state):
        with pytest.raises(ResetNeeded):
            attempt()
    env.reset(seed=0)
    for action in (
        -1,
        4,
        0.5,
        "left",
        None,
        True,
        torch.tensor(4),
        torch.tensor(0.5),
        torch.tensor([1]),
        np.array([1]),
    ):
        with pytest.raises(InvalidAction):
            env.step(action)


@pytest.mark.parametrize("as_action", [torch.tensor, np.int64, np.uint8, np.array, int])
def test_actions_of_every_kind_are_the_same_actions(as_action):
    env, twin = (gym.make("CheeseMaze-v0", observation="cells", world_dim=5) for _ in range(2))
    env.reset(seed=0), twin.reset(seed=0)
    for action in random_actions(20).tolist():
        assert data_equivalence(env.step(as_action(action)), twin.step(action), exact=True)


@pytest.mark.parametrize(("action_set", "keywords"), [("minimal", {"wait_on_player": True}), ("procgen", {"noop": 4})])
def test_gymnasiums_play_knows_the_keys(no_screen, action_set, keywords):
    import pygame

    env = gym.make("CheeseMaze-v0", observation="cells", world_dim=5, action_set=action_set, render_mode="rgb_array")
    keys = env.unwrapped.get_keys_to_action()
    assert len(keys) == 8 and {(pygame.K_LEFT,), (pygame.K_d,)} <= keys.keys()
    moves, pressed = [], [pygame.K_UP, pygame.K_RIGHT, pygame.K_s, pygame.K_LEFT]

    def press(kind):
        if pressed:
            pygame.event.post(pygame.event.Event(kind, key=pressed[0]))
        else:
            pygame.event.post(pygame.event.Event(pygame.QUIT))

    def callback(before, after, action, *_):
        moves.append(MOVE_NAMES[env.unwrapped.moves[action]])
        press(pygame.KEYUP)
        del pressed[:1]
        press(pygame.KEYDOWN)

    pygame.display.init()
    press(pygame.KEYDOWN)
    gymnasium.utils.play.play(env, callback=callback, seed=0, **keywords)
    assert moves == ["up", "right", "down", "left"]


@pytest.mark.parametrize("world", WORLDS)
def test_rgb_array_is_a_large_sharp_picture(world):
    env = CheeseMazeEnv(render_mode="rgb_array", **world)
    env.reset(seed=0)
    picture = env.render()
    cell_pixels = len(picture) // env.world.world_dim
    assert picture.dtype == np.uint8 and picture.shape == (len(picture), len(picture), 3)
    assert 400 <= len(picture) <= 600 and len(picture) % 2 == 0
    assert np.array_equal(picture, portrait(env.state, cell_pixels))


def test_ansi_is_the_world_as_text():
    env = make(render_mode="ansi")
    env.reset(options={"level": CROOKED})
    env.step(1)
    text = env.render()
    assert text == "#####\n#  .#\n# # #\n#  @#\n#####"
    assert torch.equal(from_text(text, 5).walls, env.state.level.walls)


def test_human_opens_a_window_at_the_first_picture_and_closes_it(no_screen):
    import pygame

    env = make(render_mode="human", world_dim=15)
    assert not pygame.display.get_init()
    env.reset(seed=0)
    for action in (2, 3, 2, 3):
        env.step(action)
        shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
        assert np.array_equal(shown, portrait(env.state, 32))
    assert env.render() is None
    env.close()
    assert not pygame.display.get_init()
    env.close()
    env.reset()
    assert pygame.display.get_init(), "it opens again"
    env.close()


def test_without_a_render_mode_there_is_a_warning():
    env = make()
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


def test_make_truncates_and_wrappers_keep_statistics():
    env = gym.wrappers.RecordEpisodeStatistics(gym.make("CheeseMaze-v0", observation="cells", max_episode_steps=6))
    env.reset(seed=0, options={"cheese": None})
    outcomes = [env.step(action) for action in random_actions(6)]
    assert [truncated for *_, truncated, _ in outcomes] == [False] * 5 + [True]
    assert (outcomes[-1][-1]["episode"]["r"], outcomes[-1][-1]["episode"]["l"]) == (0.0, 6)
    assert not any("episode" in info for *_, info in outcomes[:-1])

"""Groups: mice share one only if their trainings were equal but for the seed."""

from pathlib import Path

import pytest
from mice import mouse_with, undecided

from agents.config import AgentConfig
from analysis.groups import name_groups, name_training
from envs.paths import LEVEL_TYPES


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (("0", ""), "corner"),
        (("5", ""), "top-right 5×5"),
        (("anywhere", ""), "anywhere"),
        (("5", "fork"), "top-right 5×5, only fork"),
        (("5", "same+on_the_way"), "top-right 5×5, only same, on the way"),
        (("5", "same+on_the_way+beyond"), "top-right 5×5, no fork"),
    ],
)
def test_groups_in_words(group, words):
    assert name_training(*group) == words


def mouse(name, seed=0, steps=1000, agent=None, init=None, **env):
    header = {"config": {"seed": seed, "env": env}, "progress": {"steps": steps}} | ({"init": init} if init else {})
    planned = mouse_with(undecided, **env)
    return planned._replace(path=Path(f"{name}.safetensors"), header=header, agent=agent or AgentConfig())


def test_mice_of_equal_trainings_share_a_group():
    mice = [mouse("c", seed=1), mouse("b", seed=0), mouse("a", cheese_region=0), mouse("d", cheese_region="anywhere")]
    found = name_groups(mice)
    assert list(found.items()) == [
        ("a", "corner"), ("b", "top-right 2×2"), ("c", "top-right 2×2"), ("d", "anywhere")
    ]  # fmt: skip


def test_other_settings_part_groups_and_are_named():
    mice = [
        mouse("long", steps=2000),
        mouse("short"),
        mouse("short adam", agent=AgentConfig(optimizer="adam")),
        mouse("corner", cheese_region=0, agent=AgentConfig(optimizer="adam")),
    ]
    assert name_groups(mice) == {
        "corner": "corner",
        "long": "top-right 2×2, agent.optimizer=muon, 2,000 steps",
        "short": "top-right 2×2, agent.optimizer=muon, 1,000 steps",
        "short adam": "top-right 2×2, agent.optimizer=adam, 1,000 steps",
    }


def test_the_order_in_which_level_types_were_given_does_not_part_groups():
    mice = [mouse("a", level_types=["fork", "same"]), mouse("b", seed=1, level_types=["same", "fork", "fork"])]
    assert set(name_groups(mice).values()) == {"top-right 2×2, only same, fork"}
    assert name_groups([mouse("c", level_types=list(LEVEL_TYPES))]) == {"c": "top-right 2×2"}


def test_fine_tuned_mice_are_a_group_of_their_own():
    origin = {"config": {"env": {"cheese_region": 0}}}
    tuned = [mouse(f"tuned{steps}", steps=steps, init=origin, cheese_region="anywhere") for steps in (10, 20)]
    assert name_groups([*tuned, mouse("new", cheese_region="anywhere")]) == {
        "new": "anywhere",
        "tuned10": "anywhere, fine-tuned from corner, 10 steps",
        "tuned20": "anywhere, fine-tuned from corner, 20 steps",
    }


def test_the_world_of_the_mouse_before_is_named_where_it_was_another():
    small, easy = (
        {"config": {"env": {"cheese_region": 0} | world}}
        for world in ({"world_dim": 11}, {"distribution_mode": "easy"})
    )
    default = {"config": {"env": {"cheese_region": 0, "world_dim": None, "distribution_mode": None}}}
    mice = [
        mouse("grown", init=small, cheese_region=0, world_dim=15),
        mouse("moved", init=small, cheese_region="anywhere", world_dim=15),
        mouse("stayed", init=easy, cheese_region=0, world_dim=15),
        mouse("shrunk", init=default, cheese_region=0, world_dim=11),
    ]
    assert name_groups(mice) == {
        "grown": "corner, begun at 11×11",
        "moved": "anywhere, fine-tuned from corner at 11×11",
        "stayed": "corner, fine-tuned from corner",
        "shrunk": "corner, begun at 15×15",
    }

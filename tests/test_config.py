"""The settings of a training run, and the names of run folders."""

from dataclasses import replace

from agents.config import ABOUT_THE_RUN, AgentConfig, EnvConfig, TrainConfig, describe_identity, name_run
from envs.paths import LEVEL_TYPES

CONFIG = TrainConfig()


def test_run_folders_are_named_by_what_matters():
    name = name_run(CONFIG)
    assert name == name_run(replace(CONFIG, fresh=True, device="cpu", run_dir="elsewhere"))
    others = [replace(CONFIG, seed=1), replace(CONFIG, total_steps=1), replace(CONFIG, agent=AgentConfig(scale=2))]
    assert len({name, *map(name_run, others)}) == 4


def test_level_types_in_any_order_are_one_run():
    given = ["same", "fork"], ["fork", "same"], ["fork", "same", "fork"]
    assert len({name_run(replace(CONFIG, env=EnvConfig(level_types=types))) for types in given}) == 1
    assert name_run(replace(CONFIG, env=EnvConfig(level_types=list(LEVEL_TYPES)))) == name_run(CONFIG)


def test_the_identity_is_every_setting_but_those_about_the_run():
    identity = describe_identity(CONFIG)
    settings = vars(CONFIG).keys() - {"init"}
    assert identity.keys() == settings - set(ABOUT_THE_RUN) and set(ABOUT_THE_RUN) < settings


def test_a_mouse_to_begin_from_belongs_to_the_identity_if_there_is_one():
    begun = replace(CONFIG, init="mouse.safetensors")
    assert describe_identity(begun) == {**describe_identity(CONFIG), "init": "mouse.safetensors"}
    assert name_run(begun) != name_run(CONFIG)

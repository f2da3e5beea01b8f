"""Training states on disk: round trips, and states that are damaged or of another run."""

from dataclasses import replace

import pytest
import torch

from agents import checkpoint, training_state
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner
from foundation.errors import InputError

TINY = TrainConfig(
    env=EnvConfig(world_dim=5, cheese_region="anywhere", max_episode_steps=20),
    agent=AgentConfig(num_envs=8, num_steps=8, minibatch_size=32),
    total_steps=8 * 64,
)


@pytest.fixture
def learner():
    learner = Learner(TINY, torch.device("cpu"))
    learner.learn()
    return learner


def test_a_training_state_comes_back_as_it_was(tmp_path, learner):
    path = tmp_path / "state.safetensors"
    training_state.save_state(path, learner, [{"steps": 64}])
    other = Learner(TINY, torch.device("cpu"))
    curve, changed = training_state.load_state(path, other)
    assert curve == [{"steps": 64}] and changed == []
    mine, theirs = learner.tensors(), other.tensors()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert learner.numbers() == other.numbers()
    assert torch.equal(learner.environments.obs, other.environments.obs)
    assert str(learner.learn()) == str(other.learn())  # as text, because NaN is not equal to NaN


def test_changed_versions_are_told(tmp_path, learner, monkeypatch):
    path = tmp_path / "state.safetensors"
    training_state.save_state(path, learner, [])
    now = checkpoint.list_versions() | {"threads": "64"}
    monkeypatch.setattr(training_state, "list_versions", lambda: now)
    assert training_state.load_state(path, learner)[1] == [f"threads was {torch.get_num_threads()}, is 64"]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(TINY, seed=9), "seed is 0 there, 9 here"),
        (replace(TINY, agent=replace(TINY.agent, gamma=0.5)), "agent.gamma is 0.98 there, 0.5 here"),
        (replace(TINY, env=replace(TINY.env, cheese_region=2)), "env.cheese_region is anywhere there, 2 here"),
    ],
)
def test_the_state_of_another_run_is_refused(tmp_path, learner, other, told):
    path = tmp_path / "state.safetensors"
    training_state.save_state(path, learner, [])
    with pytest.raises(InputError, match=rf"state of another run \({told}\); start over with fresh=true"):
        training_state.load_state(path, Learner(other, torch.device("cpu")))
    elsewhere = replace(TINY, run_dir="elsewhere", save_every=7)  # what does not change the mouse may differ
    training_state.load_state(path, Learner(elsewhere, torch.device("cpu")))


def change(path, edit):
    """Edit a state's tensors and header, and write it with a new checksum."""
    tensors, header = checkpoint.read_checkpoint(path, checkpoint.STATE_FORMAT)
    header.pop("sha256")
    edit(tensors, header)
    checkpoint.write_checkpoint(path, tensors, header)


def set_levels_rng(name, value):
    def edit(tensors, header):
        header["processes"][0]["levels_rng"]["state" if name in ("state", "inc") else name] = (
            {**header["processes"][0]["levels_rng"]["state"], name: value} if name in ("state", "inc") else value
        )

    return edit


def rename_steps(tensors, header):
    tensors["curve"] = torch.full_like(tensors["curve"], torch.nan)


DAMAGED = {
    "a negative state": (set_levels_rng("state", -1), "level seeds' generator is damaged"),
    "a large state": (set_levels_rng("state", 2**200), "level seeds' generator is damaged"),
    "a large half": (set_levels_rng("uinteger", 2**80), "level seeds' generator is damaged"),
    "no generator": (lambda _, header: header["processes"][0].update(generator=[]), "random generator is damaged"),
    "a nameless origin": (lambda _, header: header.update(init={"a": 1}), "must be an object with a name"),
    "no steps": (rename_steps, "learning curve must be float64"),
    "a complex curve": (lambda tensors, _: tensors.update(curve=tensors["curve"].cfloat()), "must be float64"),
    "a process too many": (lambda tensors, _: tensors.update({"process7.x": torch.ones(1)}), "'process7.x' is unknown"),
    "a long number": (lambda tensors, _: tensors.update({f"process{'9' * 5000}": torch.ones(1)}), "is unknown"),
    "no settings": (lambda _, header: header.pop("config"), "state of another run"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_state_is_refused_and_changes_nothing(tmp_path, learner, name):
    edit, message = DAMAGED[name]
    path = tmp_path / "state.safetensors"
    training_state.save_state(path, learner, [{"steps": 64}])
    change(path, edit)
    other = Learner(TINY, torch.device("cpu"))
    before = str(other.numbers())
    with pytest.raises(InputError, match=message):
        training_state.load_state(path, other)
    assert str(other.numbers()) == before

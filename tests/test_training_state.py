"""Training states on disk: round trips."""

import pytest
import torch

from agents import checkpoint, training_state
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner

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
    assert torch.equal(learner.worlds.obs, other.worlds.obs)
    assert str(learner.learn()) == str(other.learn())  # as text, because NaN is not equal to NaN


def test_changed_versions_are_told(tmp_path, learner, monkeypatch):
    path = tmp_path / "state.safetensors"
    training_state.save_state(path, learner, [])
    now = checkpoint.list_versions() | {"threads": "64"}
    monkeypatch.setattr(training_state, "list_versions", lambda: now)
    assert training_state.load_state(path, learner)[1] == [f"threads was {torch.get_num_threads()}, is 64"]

"""Files that last: round trips, and what is refused."""

import json
import os

import pytest
import safetensors.torch
import torch

from agents import checkpoint
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


def gradient_norm(policy):
    logits, values = policy(torch.arange(3 * 75).view(3, 5, 5, 3).to(torch.uint8))
    gradients = torch.autograd.grad((logits.square().sum() + values.sum()), list(policy.parameters()))
    return torch.stack([gradient.norm() for gradient in gradients]).norm()


def test_a_mouse_comes_back_as_it_was(tmp_path, learner):
    path = tmp_path / "mouse.safetensors"
    checkpoint.save_mouse(path, learner)
    mouse = checkpoint.load_mouse(path)
    assert mouse.env == TINY.env and mouse.agent == TINY.agent
    for name, weight in learner.policy.state_dict().items():
        loaded = mouse.policy.state_dict()[name]
        assert torch.equal(weight, loaded) and weight.stride() == loaded.stride()
    assert torch.equal(gradient_norm(learner.policy), gradient_norm(mouse.policy))
    assert mouse.header["progress"] == {"steps": 64, "rollouts": 1}
    assert mouse.header["config"]["seed"] == 0 and mouse.header["versions"]["torch"] == torch.__version__


def test_a_training_state_comes_back_as_it_was(tmp_path, learner):
    path = tmp_path / "state.safetensors"
    checkpoint.save_state(path, learner, [{"steps": 64}])
    other = Learner(TINY, torch.device("cpu"))
    curve, changed = checkpoint.load_state(path, other)
    assert curve == [{"steps": 64}] and changed == []
    mine, theirs = learner.tensors(), other.tensors()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert learner.numbers() == other.numbers()
    assert torch.equal(learner.worlds.pictures, other.worlds.pictures)
    assert str(learner.learn()) == str(other.learn())  # as text, since NaN is not NaN


def test_changed_versions_are_told(tmp_path, learner, monkeypatch):
    path = tmp_path / "state.safetensors"
    checkpoint.save_state(path, learner, [])
    now = checkpoint.versions() | {"threads": "64"}
    monkeypatch.setattr(checkpoint, "versions", lambda: now)
    assert checkpoint.load_state(path, learner)[1] == [f"threads was {torch.get_num_threads()}, is 64"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    checkpoint.write_atomically(path, b"old")

    def crash(_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError):
        checkpoint.write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def damaged(path, **changes):
    tensors = safetensors.torch.load_file(path)
    with safetensors.safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["cheesemaze"])
    header |= changes
    safetensors.torch.save_file(tensors, path, {"cheesemaze": json.dumps(header)})


def test_what_cannot_be_loaded_is_refused_in_one_line(tmp_path, learner):
    path = tmp_path / "mouse.safetensors"

    def refusal():
        with pytest.raises((ValueError, FileNotFoundError)) as refused:
            checkpoint.load_mouse(path)
        assert "\n" not in str(refused.value) and str(path) in str(refused.value)
        return str(refused.value)

    assert "no checkpoint" in refusal()
    path.write_bytes(b"#!/bin/sh\necho hello\n")
    assert "not a whole safetensors file" in refusal()
    checkpoint.save_mouse(path, learner)
    path.write_bytes(path.read_bytes()[:-1])
    assert "not a whole safetensors file" in refusal()
    safetensors.torch.save_file({"weight": torch.zeros(1)}, path)
    assert "foreign file" in refusal()
    checkpoint.save_state(path, learner, [])
    assert "cheesemaze-training-state" in refusal() and "expected a 'cheesemaze-mouse'" in refusal()
    checkpoint.save_mouse(path, learner)
    damaged(path, version=99)
    assert "version 99" in refusal()
    checkpoint.save_mouse(path, learner)
    with safetensors.safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["cheesemaze"])["config"]
    config["env"]["world_dim"] = 25
    damaged(path, config=config)
    assert "do not fit" in refusal()

"""Mice on disk: round trips, and damaged files."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from agents import training
from agents.checkpoint import MOUSE_FORMAT, read_checkpoint, write_checkpoint
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.impala import build_policy
from agents.learner import Learner
from agents.mouse import load_mouse, load_weights, save_mouse
from agents.training_state import save_state
from analysis.arrivals import compute_arrivals
from analysis.chain import build_chain
from analysis.relocation import HELD_OUT, anywhere, as_trained
from envs.levels import region_mask
from foundation.errors import InputError

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
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
    save_mouse(path, learner.policy, training.describe_mouse(learner))
    mouse = load_mouse(path)
    assert mouse.spec == TINY.env.build_spec() and mouse.agent == TINY.agent
    for name, weight in learner.policy.state_dict().items():
        loaded = mouse.policy.state_dict()[name]
        assert torch.equal(weight.half().float(), loaded) and weight.stride() == loaded.stride()
    learner.policy.load_state_dict(mouse.policy.state_dict())
    assert torch.equal(gradient_norm(learner.policy), gradient_norm(mouse.policy))
    assert mouse.header["progress"] == {"steps": 64, "rollouts": 1}
    assert mouse.header["config"]["seed"] == 0 and mouse.header["versions"]["torch"] == torch.__version__


@pytest.mark.parametrize("name", ["corner", "anywhere"])
def test_weights_in_float16_change_no_rate_by_a_tenth_of_a_point(name):
    """Against weights that a training may have ended with: each of them rounds to that of the file."""
    mouse = load_mouse(CHECKPOINTS / f"{name}-seed0.safetensors")
    generator, before = torch.Generator().manual_seed(0), build_policy(mouse.spec, mouse.agent.scale).eval()
    weights = {}
    for key, weight in mouse.policy.state_dict().items():
        half = weight.half()
        ulp = 2.0 ** (torch.frexp(half.float()).exponent - 11)
        near = half.float() + ulp * (torch.rand(weight.shape, generator=generator) - 0.5)
        weights[key] = torch.where(near.half() == half, near, half.float())
        assert (weights[key] != half.float()).float().mean() > 0.9
    before.load_state_dict(weights)
    for condition in (as_trained, anywhere):
        levels = condition(mouse.spec, HELD_OUT + np.arange(300))
        rates = [
            compute_arrivals(build_chain(each, levels), levels, region_mask(levels, mouse.spec.cheese_region))
            for each in (mouse, mouse._replace(policy=before))
        ]
        for rate in ("p_cheese_500", "p_cheese_first", "p_corner_first"):
            assert abs(rates[0][rate].mean() - rates[1][rate].mean()) < 0.001


def tampered(path, **changes):
    """Change a header, and its checksum with it."""
    tensors, header = read_checkpoint(path, MOUSE_FORMAT)
    header.pop("sha256", None)
    write_checkpoint(path, tensors, header | changes)


def test_what_cannot_be_loaded_is_refused_in_one_line(tmp_path, learner):
    path = tmp_path / "mouse.safetensors"

    def refusal():
        with pytest.raises((ValueError, FileNotFoundError)) as refused:
            load_mouse(path)
        assert "\n" not in str(refused.value) and str(path) in str(refused.value)
        return str(refused.value)

    assert "no checkpoint" in refusal()
    path.write_bytes(b"#!/bin/sh\necho hello\n")
    assert "not a whole safetensors file" in refusal()
    save_mouse(path, learner.policy, training.describe_mouse(learner))
    path.write_bytes(path.read_bytes()[:-1])
    assert "not a whole safetensors file" in refusal()
    safetensors.torch.save_file({"weight": torch.zeros(1)}, path)
    assert "foreign file" in refusal()
    save_state(path, learner, [])
    assert "cheesemaze-training-state" in refusal() and "expected a 'cheesemaze-mouse'" in refusal()
    save_mouse(path, learner.policy, training.describe_mouse(learner))
    tampered(path, version=99)
    assert "version 99" in refusal()
    save_mouse(path, learner.policy, training.describe_mouse(learner))
    with safetensors.safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["cheesemaze"])["config"]
    config["env"]["world_dim"] = 25
    tampered(path, config=config)
    assert "the tensor 'embedder.fc.weight' is float32 (256, 32); expected float32 (256, 512)" in refusal()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"progress": []}, "the progress must be an object with a number of steps, not []"),
        ({"progress": {"steps": "abc"}}, "the progress must be an object with a number of steps"),
        ({"init": "x"}, "what the mouse began from must be an object with a name, not x"),
        ({"init": {"name": 5}}, "what the mouse began from must be an object with a name"),
        ({"init": {"name": "a", "progress": {"steps": None}}}, "init: the progress must be an object"),
        ({"init": {"name": "a", "config": 5}}, "init: the configuration must be an object, not 5"),
        ({"init": {"name": "a", "config": {"env": {"level_types": [1]}}}}, "level_types must be a list of"),
        ({"init": {"name": "a", "config": {"env": {"world_dim": "big"}}}}, "init: env.world_dim has the wrong type"),
    ],
)
def test_a_header_that_tells_an_impossible_history_is_refused(tmp_path, learner, changes, told):
    path = tmp_path / "mouse.safetensors"
    save_mouse(path, learner.policy, training.describe_mouse(learner))
    tampered(path, **changes)
    with pytest.raises(InputError, match=re.escape(told)) as refused:
        load_mouse(path)
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)


def test_weights_of_another_network_are_refused(tmp_path, learner):
    path = tmp_path / "mouse.safetensors"
    save_mouse(path, learner.policy, training.describe_mouse(learner))
    for env, scale in ((TINY.env, 2), (EnvConfig(world_dim=11), 1), (EnvConfig(world_dim=5, action_set="procgen"), 1)):
        policy = build_policy(env.build_spec(), scale)
        with pytest.raises(InputError, match=r"init=.*mouse\.safetensors has another network: the tensor '.*' is"):
            load_weights(policy, path)

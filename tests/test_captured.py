"""Requirements of CUDA graphs, tested without a GPU: no synchronisation, no Python in a replay, fixed memory.

The last tests need a GPU, and are skipped without one.
"""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from agents import rollout
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.impala import ImpalaPolicy
from agents.learner import Learner
from envs import world
from envs.batch import Environments, LevelPool
from envs.levels import from_seeds
from envs.painter import OBSERVATIONS, build_painter
from envs.spec import WorldSpec

CPU, GPU = torch.device("cpu"), torch.device("cuda:0")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


def config_of(observation):
    side = {"cells": {"world_dim": 5}, "rgb": {"distribution_mode": "easy", "world_dim": None}}[observation]
    env = EnvConfig(**side, cheese_region=2, observation=observation, max_episode_steps=20)
    return TrainConfig(env, AgentConfig(num_envs=4, num_steps=8, minibatch_size=16, epochs=2), precision="float32")


class NothingFromTheHost(TorchDispatchMode):
    """Fails at an operation with a CPU tensor: on a GPU it would be copied, which synchronises."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        for tensor in tree_leaves((args, kwargs)):
            assert not isinstance(tensor, torch.Tensor) or tensor.device.type == "meta", function
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_a_rollout_waits_for_no_device(observation):
    """Meta tensors have no values, so every read, which would wait for a GPU, is an error."""
    spec = WorldSpec.build(None, 7, 3, observation=observation, action_set="procgen", max_episode_steps=20)
    environments = Environments(spec, LevelPool(spec, 50, device="meta"), 6)
    policy = ImpalaPolicy(spec.observation_shape, 15).to("meta")
    roll = rollout.empty_rollout(4, environments)
    environments.step(roll.actions[0])  # builds the tables of this device once
    with NothingFromTheHost():
        rollout.collect(roll, environments, policy, None)


def test_the_test_above_sees_what_waits():
    with pytest.raises(RuntimeError):
        torch.ones(3, device="meta").nonzero().tolist()
    with pytest.raises(AssertionError), NothingFromTheHost():
        torch.ones(3, device="meta") * torch.ones(3)


class Recorded(TorchDispatchMode):
    """A CUDA graph in Python for the CPU: replays the operations of a function on their tensors."""

    def __init__(self, function):
        super().__init__()
        self.function, self.calls, self.result = function, [], None

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        self.calls.append((function, args, kwargs or {}, made))
        return made

    def __call__(self):
        if not self.calls:
            with self:
                self.result = self.function()
            return self.result
        made_anew = {}  # by the tensor of the recording
        for function, args, kwargs, made in self.calls:
            args, kwargs = tree_map_only(torch.Tensor, lambda old: made_anew.get(id(old), old), (args, kwargs))
            for old, new in zip(tree_leaves(made), tree_leaves(function(*args, **kwargs)), strict=True):
                made_anew[id(old)] = new
        return tree_map_only(torch.Tensor, lambda old: made_anew.get(id(old), old), self.result)


@pytest.mark.slow
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_a_recording_replayed_is_the_training_itself(observation, monkeypatch):
    """No state that changes between rollouts is in Python, where a graph would freeze it."""
    config = config_of(observation)
    monkeypatch.setattr(config.env.build_spec().painter(CPU), "on_cpu", False)  # painted as on a GPU
    plain, replayed = Learner(config, CPU), Learner(config, CPU)
    replayed.collect, replayed.update = Recorded(replayed._collect), Recorded(replayed._update)
    for _ in range(4):
        told, again = plain.learn(), replayed.learn()
        assert str(told) == str(again)
        for name, tensor in plain.tensors().items():
            assert torch.equal(tensor, replayed.tensors()[name]), name
        assert all(map(torch.equal, plain.rollout, replayed.rollout))
    assert plain.pool.refilled > config.agent.num_envs  # levels were taken, and the pool was refilled


def test_training_stays_in_its_place_and_does_not_grow():
    learner = Learner(config_of("cells"), CPU)

    def places():
        tensors = [*learner.tensors().values(), *learner.rollout, learner.environments.obs]
        return [(tensor.data_ptr(), tensor.numel()) for tensor in tensors]

    before = places()
    for _ in range(3):
        learner.learn()
    assert places() == before


@pytest.fixture(autouse=True)
def nothing_compiled_before():
    """The compile cache holds eight shapes; without a reset, later tests would run uncompiled code."""
    torch.compiler.reset()
    torch.backends.cudnn.deterministic = True
    yield
    torch.backends.cudnn.deterministic = False


@needs_gpu
@pytest.mark.parametrize("observation", OBSERVATIONS)
@pytest.mark.parametrize("world_dim", [5, 15, 25])
def test_a_gpu_plays_and_paints_as_the_cpu(observation, world_dim):
    levels = from_seeds(range(64), world_dim)
    states = [world.start(levels), world.start(levels.to(GPU))]
    painters = [build_painter(observation, world_dim, device) for device in (CPU, GPU)]
    pictures = [painter.paint(state) for painter, state in zip(painters, states, strict=True)]
    for _ in range(20):
        assert torch.equal(pictures[0], pictures[1].cpu())
        move = torch.randint(5, (64,))
        for i, device in enumerate((CPU, GPU)):
            before = states[i]
            states[i] = world.step(before, move.to(device))[0]
            painters[i].repaint(pictures[i], before, states[i])


@needs_gpu
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_a_rollout_does_not_wait_for_the_gpu(observation):
    learner = Learner(config_of(observation), GPU)
    learner._collect()
    torch.cuda.set_sync_debug_mode("error")
    try:
        learner._collect()
    finally:
        torch.cuda.set_sync_debug_mode("default")


@needs_gpu
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_a_graph_replayed_is_the_training_itself(observation):
    config = config_of(observation)
    plain, graphed = Learner(config, GPU), Learner(config, GPU)
    plain.collect, plain.update = plain._collect, plain._update
    for _ in range(4):
        told, again = plain.learn(), graphed.learn()
        assert told["levels_reused"] == again["levels_reused"]
        assert torch.equal(plain.rollout.actions, graphed.rollout.actions)
        torch.testing.assert_close(plain.weights.vector, graphed.weights.vector, atol=1e-5, rtol=1e-4)
    assert graphed.collect.graph is not None and graphed.update.graph is not None


@needs_gpu
def test_a_graph_goes_on_from_a_saved_state():
    config = config_of("cells")
    whole, first, second = (Learner(config, GPU) for _ in range(3))
    for learner in (whole, whole, whole, first):
        learner.learn()
    tensors, numbers = {name: tensor.clone() for name, tensor in first.tensors().items()}, first.numbers()
    second.restore(tensors, numbers)
    second.learn()
    second.learn()
    assert torch.equal(whole.rollout.actions, second.rollout.actions)
    torch.testing.assert_close(whole.weights.vector, second.weights.vector, atol=1e-5, rtol=1e-4)

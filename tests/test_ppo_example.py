"""The single-file PPO example: short, it uses only Gymnasium's interface, and it learns."""

import ast
import importlib.util
from pathlib import Path

import pytest
import torch

PATH = Path(__file__).parents[1] / "examples" / "ppo.py"


@pytest.fixture(scope="module")
def ppo():
    spec = importlib.util.spec_from_file_location("ppo_example", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_short_and_knows_the_world_through_gymnasium_alone():
    text = PATH.read_text()
    assert len(text.splitlines()) <= 120
    modules = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module)
    assert modules == {"time", "gymnasium", "numpy", "torch", "torch.distributions", "envs"}
    assert "envs." not in text and "gym.make_vec" in text


@pytest.mark.slow
def test_it_learns_far_more_than_a_random_walk_finds(ppo):
    torch.manual_seed(0)
    random_walk = ppo.success(ppo.random_policy)
    untrained = ppo.success(ppo.train(total_steps=1))
    trained = ppo.success(ppo.train(total_steps=40_000))
    assert 0.3 < random_walk < 0.55 and abs(untrained - random_walk) < 0.1
    assert trained > random_walk + 0.2, (random_walk, trained)

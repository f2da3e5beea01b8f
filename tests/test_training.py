"""A training run in its folder: what ends it, and what is refused before it begins."""

import io
from dataclasses import replace

import pytest
import torch
from rich.console import Console

from agents import training
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner
from foundation.errors import InputError

CONFIG = TrainConfig(
    env=EnvConfig(world_dim=5, cheese_region=2, max_episode_steps=20),
    agent=AgentConfig(num_envs=8, num_steps=8, minibatch_size=32),
    total_steps=10 * 64,
    save_every=2,
)


def train(folder, **changes):
    config = replace(CONFIG, run_dir=str(folder), **changes)
    return training.train(config, torch.device("cpu"), Console(file=io.StringIO()))


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "-x", "a b", "[/]", "x" * 101, "a\n"])
def test_names_that_leave_the_folder_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="name must consist of"):
        train(tmp_path, name=name)
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_diverges_stops_and_keeps_its_state(tmp_path, monkeypatch):
    """The weights become NaN in the fourth rollout, two after the last save."""

    def learn(learner):
        if learner.rollouts == 3:
            with torch.no_grad():
                learner.weights.vector.fill_(torch.nan)
        return whole(learner)

    whole = Learner.learn
    with monkeypatch.context() as patch, pytest.raises(InputError, match=r"diverged at 256 steps: .* is nan; the last"):
        patch.setattr(Learner, "learn", learn)
        train(tmp_path)
    folder, curve = train(tmp_path)
    assert [row["steps"] for row in curve] == [64 * (i + 1) for i in range(10)]
    assert (folder / training.MOUSE_FILE).exists()


def test_a_fresh_start_removes_what_was_there(tmp_path):
    folder, _ = train(tmp_path)
    (folder / "old.txt").write_text("old")
    (folder / "older").mkdir()
    train(tmp_path, fresh=True)
    assert not (folder / "old.txt").exists() and not (folder / "older").exists()

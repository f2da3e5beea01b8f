"""What mice do at forks while they train: read from TensorBoard files, and drawn."""

import json
from dataclasses import replace

import habit
import machine
import numpy as np
import pytest
import torch
from rich.console import Console

from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.training import train
from foundation.errors import InputError


def run_of(seed, steps, corner):
    values = {name: np.zeros(len(steps)).tolist() for name in habit.RATES}
    return {"group": "corner", "seed": seed, "steps": steps} | values | {"corner": corner}


def test_the_mean_ends_where_the_shortest_run_ends():
    panel, *others = habit.draw_habit(
        [run_of(0, [0, 10**6, 2 * 10**6], [0.0, 1.0, 1.0]), run_of(1, [0, 10**6], [0.0, 0.5])]
    ).axes
    assert not others and panel.get_title() == "corner\n(2 seeds)"
    (mean,) = [line for line in panel.get_lines() if line.get_label() == "corner first at forks"]
    assert mean.get_xdata().tolist() == [0, 1] and mean.get_ydata().tolist() == [0.0, 0.75]


@pytest.mark.parametrize("pattern", ["nowhere/*", "5"])
def test_no_run_is_one_line(pattern, capsys):
    with pytest.raises(SystemExit) as end:
        habit.main([f"runs={pattern}"])
    assert end.value.code == 2
    assert capsys.readouterr().err == f"habit.py: no evaluated run folder at {pattern}\n"


def test_only_equal_trainings_are_averaged():
    one = {"seed": 0, "env": {"cheese_region": 0, "world_dim": 11}}
    habit.check_alike([one, {"seed": 1, "env": {"cheese_region": 5, "world_dim": 11}}])
    for other, told in (
        ({"seed": 1, "env": {"cheese_region": 0, "world_dim": 7}}, "env.world_dim is 11, 7"),
        (one | {"init": "a.safetensors"}, "init is None, a.safetensors"),
    ):
        with pytest.raises(InputError, match=f"the runs must be equal trainings, but {told}"):
            habit.check_alike([one, other])


@pytest.mark.slow
def test_the_rates_of_a_training_are_read(tmp_path, monkeypatch):
    rates = iter(np.arange(1, 100) / 100)

    def evaluate(learner):
        rate = next(rates)
        return {"takes_cheese_as_trained": rate, "at_forks_cheese_first": rate / 2, "at_forks_corner_first": rate / 4}

    config = TrainConfig(
        EnvConfig(world_dim=5, cheese_region=2), AgentConfig(num_envs=8, num_steps=8, minibatch_size=64),
        total_steps=192, run_dir=str(tmp_path), eval_every=1,
    )  # fmt: skip
    train(config, torch.device("cpu"), Console(quiet=True), evaluate)
    train(replace(config, env=EnvConfig(world_dim=7)), torch.device("cpu"), Console(quiet=True), evaluate)
    for events in tmp_path.glob("quickstart-7-*/events.*"):
        events.unlink()  # so that this training has no evaluations, and does not count
    monkeypatch.setattr(machine, "RESULTS", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    habit.main([f"runs={tmp_path}/quickstart-*", "name=test"])
    (run,) = json.loads((tmp_path / "results" / "habit-test.json").read_text())
    assert (run["group"], run["seed"], run["steps"]) == ("top-right 2×2", 0, [64, 128, 192])
    assert run["as_trained"] == [0.01, 0.02, 0.03] and run["corner"] == [0.0025, 0.005, 0.0075]
    assert (tmp_path / "results" / "habit-test.png").stat().st_size > 5000

"""Learning curves: labels of runs, and files."""

import json

import curves
import machine
import pytest
import torch

from agents.config import AgentConfig, EnvConfig, TrainConfig

CPU = torch.device("cpu")


def run_of(seed, **settings):
    base = {"name": "mouse", "seed": seed, "agent.epochs": 3, "env.world_dim": 5} | settings
    return {"settings": base, "steps": [10, 20, 30], "minutes": [1.0, 2.0, 3.0], "success": [None, 0.5, 1.0]}


def test_runs_are_labelled_by_what_tells_them_apart():
    assert [run["label"] for run in curves.label_runs([run_of(0), run_of(1)])] == ["all alike"] * 2
    runs = curves.label_runs([run_of(0), run_of(0, **{"agent.epochs": 1})])
    assert [run["label"] for run in runs] == ["epochs 3", "epochs 1"]
    assert [run["label"] for run in curves.label_runs([run_of(0), run_of(0, name="other")])] == ["mouse", "other"]
    for pair, labels in (((0, 1), ["init none", "init a.x"]), ((1, 0), ["init a.x", "init none"])):
        plain_and_tuned = run_of(0), run_of(0, init="a.x")
        assert [run["label"] for run in curves.label_runs([plain_and_tuned[place] for place in pair])] == labels
    assert curves.smooth([None, 0.5, 1.0]).tolist()[1:] == [0.5, 0.75]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs=nowhere/*"], "curves.py: no run folder with a state.safetensors at nowhere/*"),
        (["by=luck"], "curves.py: by must be one of minutes, steps, not 'luck'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        curves.main(arguments)
    errors = capsys.readouterr().err
    assert end.value.code == 2 and errors.startswith(message) and errors.count("\n") == 1


@pytest.mark.slow
def test_curves_of_run_folders(tmp_path, monkeypatch):
    from rich.console import Console

    from agents.training import train

    config = TrainConfig(EnvConfig(world_dim=5), AgentConfig(num_envs=8, num_steps=8, minibatch_size=64))
    config.total_steps, config.run_dir = 128, str(tmp_path)
    train(config, CPU, Console(quiet=True))
    monkeypatch.setattr(machine, "RESULTS", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    curves.main([f"runs={tmp_path}/quickstart-*", "name=test"])
    (run,) = json.loads((tmp_path / "results" / "curves-test.json").read_text())
    assert run["steps"] == [64, 128] and run["success"] == [None, None]
    assert (tmp_path / "results" / "curves-test.png").stat().st_size > 5000

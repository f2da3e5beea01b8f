"""What the benchmarks count and draw; how fast anything is, no test says."""

import json

import bench
import curves
import growth
import pytest
import torch
from measure import Comparison, staggered
from peer import Peer

from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner

CPU = torch.device("cpu")


def test_the_work_of_the_network_is_that_of_its_layers():
    """The first count of the published network (scale 1, 64×64): 61 million operations forward; here written out."""
    env = EnvConfig(distribution_mode="easy", world_dim=None, observation="rgb", action_set="procgen")
    config = TrainConfig(env, AgentConfig(num_envs=1, num_steps=1, minibatch_size=1), precision="float32")
    operations, moved = growth.work_of(Learner(config, CPU))
    expected, values = 0, 0
    for side, before, channels in ((64, 3, 16), (32, 16, 32), (16, 32, 32)):
        half = side // 2
        expected += 2 * 9 * (before * channels * side**2 + 4 * channels * channels * half**2)
        values += (before + channels) * side**2 + channels * (side**2 + half**2) + 4 * 2 * channels * half**2
    expected += 2 * (2048 * 256 + 256 * 15 + 256)
    values += 2048 + 256 + 256 + 15 + 256 + 1
    assert (operations, moved) == (expected, 4 * values) and 60e6 < operations < 63e6


def test_the_environment_and_a_training_are_measured():
    bounds = {"bytes/s, copied": 1e10, "operations/s, float32": 1e11}
    row = growth.environment("cells", 5, 16, CPU, bounds, 0.01)
    assert row["steps/s"] > 0 and row["levels reused"] == 0
    assert row["share of the copy's bytes"] == pytest.approx(2 * 75 * row["steps/s"] / 1e10)
    config = TrainConfig(EnvConfig(world_dim=5), AgentConfig(num_envs=8, num_steps=4, minibatch_size=16))
    rollout, training = growth.training("tiny", config, CPU, bounds, 0.01)
    assert rollout["steps/s"] > training["steps/s"] > 0 and 0 < training["share of the roofline"] < 10
    rows = [one | {"world_dim": 11, "num_envs": count} for one in (row, rollout, training) for count in (64, 256)]
    chart = growth.figure({"rows": rows, "machine": {"device": "a test"}, "date": "2026-01-01T00:00:00"})
    assert [len(axes.lines) for axes in chart.axes] == [3, 3]


def test_ratios_are_of_neighbours_in_time():
    comparison = Comparison("a thing", "steps/s", "a peer", [2.0, 6.0, 8.0], [1.0, 2.0, 8.0])
    assert comparison.ratios == [2.0, 3.0, 1.0] and comparison.summary()["ratio"]["median"] == 2.0
    assert Comparison("a thing", "steps/s", "missing", [2.0]).ratios == []


def test_worlds_are_spread_over_their_episodes():
    resets = [mask.sum() for mask in staggered(64)]
    assert len(resets) == 500 and sum(resets) == 64 and max(resets) == 1


def test_plain_ppo_answers(monkeypatch):
    with Peer([bench.sys.executable, str(bench.PLAIN)]) as peer:
        peer.wait()
        assert not peer.missing and peer.speed("steps", 0.01) > 0
    with Peer([bench.sys.executable, "-c", "raise SystemExit('it is broken')"]) as peer:
        peer.wait()
        assert peer.missing == "its process ended: it is broken"


def run_of(seed, **settings):
    base = {"name": "mouse", "seed": seed, "agent.epochs": 3, "env.world_dim": 5} | settings
    return {"settings": base, "steps": [10, 20, 30], "minutes": [1.0, 2.0, 3.0], "success": [None, 0.5, 1.0]}


def test_runs_are_labelled_by_what_tells_them_apart():
    assert [run["label"] for run in curves.label_runs([run_of(0), run_of(1)])] == ["all alike"] * 2
    runs = curves.label_runs([run_of(0), run_of(0, **{"agent.epochs": 1})])
    assert [run["label"] for run in runs] == ["epochs 3", "epochs 1"]
    assert [run["label"] for run in curves.label_runs([run_of(0), run_of(0, name="other")])] == ["mouse", "other"]
    assert curves.smooth([None, 0.5, 1.0]).tolist()[1:] == [0.5, 0.75]


@pytest.mark.parametrize(
    ("main", "arguments", "message"),
    [
        (bench.main, ["rounds=0"], "bench.py: rounds must be at least 1"),
        (bench.main, ["name=a/b"], "bench.py: name must be of letters, digits, dots and dashes, not 'a/b'"),
        (growth.main, ["device=typewriter"], "growth.py: device 'typewriter' is not there"),
        (growth.main, ["largest=1"], "growth.py: seconds must be more than 0, and largest at least 16"),
        (curves.main, ["runs=nowhere/*"], "curves.py: no run folder with a state.safetensors at nowhere/*"),
        (curves.main, ["by=luck"], "curves.py: by must be one of minutes, steps, not 'luck'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(main, arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    errors = capsys.readouterr().err
    assert end.value.code == 2 and errors.startswith(message) and errors.count("\n") == 1


def test_curves_of_run_folders(tmp_path, monkeypatch):
    from rich.console import Console

    from agents.training import train

    config = TrainConfig(EnvConfig(world_dim=5), AgentConfig(num_envs=8, num_steps=8, minibatch_size=64))
    config.total_steps, config.run_dir = 128, str(tmp_path)
    train(config, CPU, Console(quiet=True))
    monkeypatch.setattr(curves, "RESULTS", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    curves.main([f"runs={tmp_path}/quickstart-*", "name=test"])
    (run,) = json.loads((tmp_path / "results" / "curves-test.json").read_text())
    assert run["steps"] == [64, 128] and run["success"] == [None, None]
    assert (tmp_path / "results" / "curves-test.png").stat().st_size > 5000

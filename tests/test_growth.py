"""growth.py: counts, measurements, figure and errors. No test checks a speed."""

import growth
import pytest
import torch

from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner

CPU = torch.device("cpu")


def test_the_work_of_the_network_is_that_of_its_layers():
    """The published network (scale 1, 64×64) needs 61 million operations per forward pass, counted here by hand."""
    env = EnvConfig(distribution_mode="easy", world_dim=None, observation="rgb", action_set="procgen")
    config = TrainConfig(env, AgentConfig(num_envs=1, num_steps=2, minibatch_size=2), precision="float32")
    operations, moved = growth.count_work(Learner(config, CPU))
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
    row = growth.measure_environment("cells", 5, 16, CPU, bounds, 0.01)
    assert row["steps/s"] > 0 and row["levels reused"] == 0
    assert row["share of the copy's bytes"] == pytest.approx(2 * 75 * row["steps/s"] / 1e10)
    config = TrainConfig(EnvConfig(world_dim=5), AgentConfig(num_envs=8, num_steps=4, minibatch_size=16))
    rollout, training = growth.measure_training("tiny", config, CPU, bounds, 0.01)
    assert min(rollout["steps/s"], training["steps/s"]) > 0 and 0 < training["share of the roofline"] < 10
    rows = [one | {"world_dim": 11, "num_envs": count} for one in (row, rollout, training) for count in (64, 256)]
    chart = growth.draw_speeds({"rows": rows, "machine": {"device": "a test"}, "date": "2026-01-01T00:00:00"})
    assert [len(axes.lines) for axes in chart.axes] == [3, 3]


def test_published_settings_are_those_of_the_configuration():
    published = growth.PUBLISHED
    assert (published.epochs, published.gae_lambda, published.learn_from) == (3, 0.95, 1.0)
    assert published.minibatch_size == 8192 and published.optimizer == "adam"


@pytest.mark.slow
def test_the_profile_names_operations():
    assert "convolution" in growth.profile_training(CPU)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["device=typewriter"], "growth.py: device 'typewriter' is not there"),
        (["largest=1"], "growth.py: largest must be at least 16, not 1"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        growth.main(arguments)
    errors = capsys.readouterr().err
    assert end.value.code == 2 and errors.startswith(message) and errors.count("\n") == 1

"""A killed and resumed run ends with bit-identical weights to an uninterrupted run."""

import io
import os
import signal
import time
from dataclasses import replace

import pytest
import torch
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents import logbook, training
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner
from agents.logbook import Logbook
from agents.mouse import load_mouse
from foundation.errors import InputError

CONFIG = TrainConfig(
    env=EnvConfig(world_dim=5, cheese_region=2, max_episode_steps=20),
    agent=AgentConfig(num_envs=8, num_steps=8, minibatch_size=32),
    total_steps=10 * 64,
    save_every=3,
    picture_every=4,
)


def run(folder, **changes):
    output = io.StringIO()
    config = replace(CONFIG, run_dir=str(folder), **changes)
    trained, curve = training.train(config, torch.device("cpu"), Console(file=output, width=200))
    return (trained / training.MOUSE_FILE).read_bytes(), curve, output.getvalue()


def without_seconds(curve):
    return str([{name: value for name, value in row.items() if name != "seconds"} for row in curve])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole"))


@pytest.fixture(autouse=True)
def short_videos(uninterrupted, monkeypatch):
    """Videos take most of a tiny run. Only the uninterrupted one makes whole ones: their length changes no weights."""
    monkeypatch.setattr(logbook, "FRAMES", 3)


def test_two_runs_with_one_seed_are_one(tmp_path, uninterrupted):
    mouse, curve, _ = run(tmp_path)
    assert mouse == uninterrupted[0] and without_seconds(curve) == without_seconds(uninterrupted[1])
    assert run(tmp_path / "other", seed=1)[0] != mouse


@pytest.mark.parametrize("rollout", [1, 5, 9])
def test_killed_at_any_rollout(tmp_path, uninterrupted, monkeypatch, rollout):
    """As after SIGKILL: unsaved progress is lost and repeated."""

    def killed(book, metrics):
        if book.learner.rollouts == rollout:
            raise SystemExit
        log(book, metrics)

    log = Logbook.log
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(Logbook, "log", killed)
        run(tmp_path)
    mouse, curve, said = run(tmp_path)
    assert mouse == uninterrupted[0] and without_seconds(curve) == without_seconds(uninterrupted[1])
    assert (f"continuing at {(rollout - 1) // 3 * 3 * 64:,} steps" in said) == (rollout > 3)


def test_a_resumed_run_has_each_step_in_tensorboard_once(tmp_path, monkeypatch):
    def killed(book, metrics):
        log(book, metrics)
        if book.learner.rollouts == 5:
            raise SystemExit

    log = Logbook.log
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(Logbook, "log", killed)
        run(tmp_path)
    time.sleep(1.1)  # files of one second are not read in the order in which they were written
    run(tmp_path)
    (folder,) = tmp_path.iterdir()
    events = EventAccumulator(str(folder), {"scalars": 0}).Reload()
    assert [event.step for event in events.Scalars("losses/approx_kl")] == [64 * (i + 1) for i in range(10)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_so(tmp_path, uninterrupted, monkeypatch, number):
    def signalled(book, metrics):
        log(book, metrics)
        if book.learner.rollouts == 4:
            os.kill(os.getpid(), number)

    log, handler = Logbook.log, signal.getsignal(number)
    with (
        monkeypatch.context() as patch,
        pytest.raises(training.Stopped, match=r"256 steps.*the same command without fresh=true resumes"),
    ):
        patch.setattr(Logbook, "log", signalled)
        run(tmp_path, fresh=True)
    assert signal.getsignal(number) == handler
    mouse, _, said = run(tmp_path)
    assert "continuing at 256 steps" in said and mouse == uninterrupted[0]


def test_a_finished_run_is_found_trained_and_fresh_starts_over(tmp_path, uninterrupted):
    run(tmp_path)
    (file,) = tmp_path.glob("*/mouse.safetensors")
    written, events = file.stat().st_mtime_ns, list(tmp_path.rglob("events*"))
    mouse, curve, said = run(tmp_path)
    assert "already trained for 640 steps" in said and mouse == uninterrupted[0] and len(curve) == 10
    assert file.stat().st_mtime_ns == written, "its header says on which machine it was trained"
    assert list(tmp_path.rglob("events*")) == events, "nothing was added to the learning curves"
    assert "continuing" not in run(tmp_path, fresh=True)[2]


def train(folder, **changes):
    config = replace(CONFIG, run_dir=str(folder), **changes)
    return training.train(config, torch.device("cpu"), Console(file=io.StringIO()))


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "-x", "a b", "[/]", "x" * 101, "a\n"])
def test_names_that_leave_the_folder_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="name must consist of"):
        train(tmp_path, name=name)
    assert list(tmp_path.iterdir()) == []


def test_a_rollout_of_one_step_cannot_be_normalised(tmp_path):
    with pytest.raises(InputError, match="num_envs × num_steps must be at least 2"):
        train(tmp_path, agent=AgentConfig(num_envs=1, num_steps=1, minibatch_size=1))
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
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "link").symlink_to(elsewhere)
    train(tmp_path, fresh=True)
    assert not any((folder / name).exists() for name in ("old.txt", "older", "link")) and elsewhere.exists()


def test_a_training_that_begins_from_a_mouse_has_its_weights_and_a_new_optimiser(tmp_path, uninterrupted):
    folder, _ = train(tmp_path)
    path = folder / training.MOUSE_FILE
    config = replace(CONFIG, run_dir=str(tmp_path), init=str(path), seed=7, env=replace(CONFIG.env, cheese_region=4))
    learner, before = Learner(config, torch.device("cpu")), load_mouse(path)
    learner.begin_from(config.init)
    for name, weight in learner.policy.state_dict().items():
        assert torch.equal(weight, before.policy.state_dict()[name])
    assert learner.rollouts == 0 and all(not value.any() for value in learner.weights.state.values())
    tuned, curve = training.train(config, torch.device("cpu"), Console(file=io.StringIO()))
    after = load_mouse(tuned / training.MOUSE_FILE)
    assert tuned != folder and curve[0]["learning_rate"] == pytest.approx(config.agent.learning_rate)
    assert not torch.equal(after.policy.fc_policy.weight, before.policy.fc_policy.weight)
    init = after.header["init"]
    assert init["sha256"] == before.header["sha256"] and init["config"]["env"]["cheese_region"] == 2
    assert init["progress"] == before.header["progress"] and "init" not in before.header
    assert after.header["config"]["init"] == str(path) and after.header["config"]["env"]["cheese_region"] == 4


def test_a_training_that_began_from_a_mouse_goes_on_after_a_stop(tmp_path, monkeypatch):
    folder, _ = train(tmp_path)
    changes = {"init": str(folder / training.MOUSE_FILE), "seed": 3}
    whole, curve, _ = run(tmp_path / "whole", **changes)

    def killed(book, metrics):
        if book.learner.rollouts == 5:
            raise SystemExit
        log(book, metrics)

    log = Logbook.log
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(Logbook, "log", killed)
        run(tmp_path / "killed", **changes)
    replaced, _ = train(tmp_path, seed=9)
    (replaced / training.MOUSE_FILE).replace(folder / training.MOUSE_FILE)  # the state knows what it began from
    again, again_curve, _ = run(tmp_path / "killed", **changes)
    assert again == whole and without_seconds(again_curve) == without_seconds(curve)

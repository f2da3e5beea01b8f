"""Several processes that train one mouse, against one that has all their worlds; on the CPU, over gloo."""

import faulthandler
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as mp
from rich.console import Console

from agents import ppo, processes, training
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner

ROOT = Path(__file__).parents[1]
CPU = torch.device("cpu")
CONFIG = TrainConfig(
    env=EnvConfig(world_dim=5, cheese_region=2, max_episode_steps=20),
    agent=AgentConfig(num_envs=8, num_steps=16, minibatch_size=32, epochs=2),
    total_steps=6 * 128,
    save_every=2,
)
COUNT = 2


def together(work, *arguments):
    """Run ``work(rank, …)`` in two processes as torchrun would."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    mp.spawn(_start, (port, work, arguments), COUNT)


def _start(rank, port, work, arguments):
    faulthandler.enable()
    torch.set_num_threads(1)
    here = {"RANK": rank, "WORLD_SIZE": COUNT, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": COUNT}
    os.environ.update(
        {name: str(value) for name, value in here.items()}, MASTER_ADDR="localhost", MASTER_PORT=str(port)
    )
    with processes.joined(CPU):
        work(rank, *arguments)
    os._exit(0)  # all that is tested is done; gloo's threads have, twice in some sixty runs, aborted Python's own exit


def improved(learner, rollout, minibatches):
    """What a learner's update makes of a stored rollout: its weights, its statistics and what it logs."""
    for mine, stored in zip(learner.rollout, rollout, strict=True):
        mine.copy_(stored)
    ppo.shuffled = lambda *_: minibatches
    metrics = learner.improve()
    scale = learner.return_scale
    return {"weights": learner.weights.data, "mean": scale.mean, "var": scale.var, "count": scale.count} | metrics


def improve_a_share(rank, folder):
    stored = torch.load(folder / "stored.pt")
    each = CONFIG.agent.num_envs // COUNT
    rollout = [field[:, rank * each : (rank + 1) * each] for field in stored["rollout"]]
    torch.save(improved(Learner(CONFIG, CPU), rollout, stored["shares"][rank]), folder / f"improved{rank}.pt")


def test_an_update_by_two_processes_is_that_of_one(tmp_path, monkeypatch):
    monkeypatch.setattr(ppo, "shuffled", ppo.shuffled)  # to be put back
    learner, num_envs = Learner(CONFIG, CPU), CONFIG.agent.num_envs
    learner.play()
    rollout = [field.clone() for field in learner.rollout]
    generator = torch.Generator().manual_seed(0)
    each = num_envs // COUNT
    shares, whole = [[] for _ in range(COUNT)], []
    for _ in range(CONFIG.agent.epochs):
        orders = [torch.randperm(16 * each, generator=generator).split(32 // COUNT) for _ in range(COUNT)]
        for parts in zip(*orders, strict=True):
            for share, rows in zip(shares, parts, strict=True):
                share.append(rows)
            # Row t·each + n of the process r is row t·num_envs + r·each + n of all.
            whole.append(torch.cat([r // each * num_envs + i * each + r % each for i, r in enumerate(parts)]))
    torch.save({"rollout": rollout, "shares": shares}, tmp_path / "stored.pt")
    expected = improved(learner, rollout, whole)
    together(improve_a_share, tmp_path)
    found = [torch.load(tmp_path / f"improved{rank}.pt") for rank in range(COUNT)]
    assert not torch.equal(expected["weights"], Learner(CONFIG, CPU).weights.data)
    for name, value in expected.items():
        assert torch.equal(found[0][name], found[1][name]) or value.isnan()
        if name != "explained_variance":  # the mean of the processes' own
            torch.testing.assert_close(found[0][name], value, atol=1e-6, rtol=1e-5, equal_nan=True)


def train_some(rank, folder, rollouts):
    """Train, but be lost without a word after so many rollouts."""
    learn = Learner.learn

    def some(learner):
        if learner.rollouts == rollouts:
            raise InterruptedError
        return learn(learner)

    Learner.learn = some
    try:
        training.train(replace(CONFIG, run_dir=str(folder)), CPU, Console(quiet=True))
    except InterruptedError:
        return


def mouse_in(folder):
    (mouse,) = folder.glob(f"*/{training.MOUSE_FILE}")
    return mouse.read_bytes()


def test_two_processes_go_on_where_they_were_lost(tmp_path):
    together(train_some, tmp_path / "whole", None)
    together(train_some, tmp_path / "lost", 5)
    assert not list((tmp_path / "lost").glob(f"*/{training.MOUSE_FILE}"))
    with pytest.raises(ValueError, match=r"was saved by 2 processes, not 1; go on with torchrun --nproc-per-node=2"):
        training.train(replace(CONFIG, run_dir=str(tmp_path / "lost")), CPU, Console(quiet=True))
    together(train_some, tmp_path / "lost", None)
    assert mouse_in(tmp_path / "lost") == mouse_in(tmp_path / "whole")


def test_torchrun_trains_one_mouse_and_says_once_what_is_wrong(tmp_path):
    settings = ["env.world_dim=5", "agent.num_envs=16", "agent.num_steps=16", "agent.minibatch_size=64", "device=cpu"]
    settings += ["total_steps=512", "evaluation_levels=20", f"run_dir={tmp_path}"]

    def run(*more):
        command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "train.py", *settings, *more]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)

    ran = run()
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("float32 on 2 × cpu") == ran.stdout.count("checkpoint:") == 1
    assert mouse_in(tmp_path)
    ran = run("agent.num_envs=15", "agent.minibatch_size=16")
    assert ran.returncode and ran.stderr.count("train.py: num_envs 15 must be a multiple of the 2 processes\n") == 1


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cuda:1", "device 'cuda:1' would serve all 3 processes; say device=cuda"),
        ("auto", "torchrun started 3 processes here, but this machine has 2 GPUs; start no more than that"),
    ],
)
def test_more_processes_than_gpus_are_refused(monkeypatch, device, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(ValueError, match=message):
        processes.choose_device(device)


def test_each_process_draws_for_itself_and_the_first_as_if_alone(monkeypatch):
    seeds = []
    for rank in range(4):
        monkeypatch.setattr(processes, "rank", lambda rank=rank: rank)
        seeds.append(processes.seed(7))
    assert seeds[0] == 7 and len(set(seeds)) == 4 and all(0 <= seed < 2**63 for seed in seeds)

"""Training with several processes, against one process with all their environments; CPU, gloo."""

import contextlib
import faulthandler
import io
import os
import socket
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import torch.multiprocessing as mp
from commands import ROOT
from conftest import run_script
from rich.console import Console

from agents import logbook, ppo, processes, training
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner
from foundation.errors import InputError

pytestmark = pytest.mark.slow
CPU = torch.device("cpu")
CONFIG = TrainConfig(
    env=EnvConfig(world_dim=5, cheese_region=2, max_episode_steps=20),
    agent=AgentConfig(num_envs=8, num_steps=16, minibatch_size=32, epochs=2),
    total_steps=6 * 128,
    save_every=2,
)
COUNT = 2
# Fork from a server process that has imported once and, unlike this process, has no GPU context and no threads.
mp.get_context("forkserver").set_forkserver_preload(["torch._dynamo", "agents.training"])


def together(work, *arguments):
    """Run ``work(rank, …)`` in two processes, as torchrun does."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    mp.start_processes(_start, (port, work, arguments), COUNT, start_method="forkserver")


def _start(rank, port, work, arguments):
    faulthandler.enable()
    torch.set_num_threads(1)
    logbook.FRAMES = 3  # videos take most of a tiny run
    here = {"RANK": rank, "WORLD_SIZE": COUNT, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": COUNT}
    os.environ.update(
        {name: str(value) for name, value in here.items()}, MASTER_ADDR="localhost", MASTER_PORT=str(port)
    )
    work(rank, *arguments)
    os._exit(0)  # gloo's threads sometimes abort Python's normal exit (twice in sixty runs)


def improved(learner, rollout, minibatches):
    """The weights, statistics and metrics after a learner's update on a stored rollout."""
    for mine, stored in zip(learner.rollout, rollout, strict=True):
        mine.copy_(stored)
    ppo.shuffle_minibatches = lambda *_: minibatches
    metrics = learner.update()
    scale = learner.return_scale
    return {
        "weights": learner.weights.vector.data,
        "mean": scale.mean,
        "var": scale.var,
        "count": scale.count,
    } | metrics


def improve_a_share(rank, folder):
    stored = torch.load(folder / "stored.pt")
    each = CONFIG.agent.num_envs // COUNT
    rollout = [field[:, rank * each : (rank + 1) * each] for field in stored["rollout"]]
    with processes.joined(CPU):
        result = improved(Learner(CONFIG, CPU), rollout, stored["shares"][rank])
    torch.save(result, folder / f"improved{rank}.pt")


def test_an_update_by_two_processes_is_that_of_one(tmp_path, monkeypatch):
    monkeypatch.setattr(ppo, "shuffle_minibatches", ppo.shuffle_minibatches)  # restored afterwards
    learner, num_envs = Learner(CONFIG, CPU), CONFIG.agent.num_envs
    learner.collect()
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
    assert not torch.equal(expected["weights"], Learner(CONFIG, CPU).weights.vector.data)
    for name, value in expected.items():
        assert torch.equal(found[0][name], found[1][name]) or value.isnan()
        if name != "explained_variance":  # the mean over the processes
            torch.testing.assert_close(found[0][name], value, atol=1e-6, rtol=1e-5, equal_nan=True)


def train_some(rank, folder, rollouts):
    """Train, and end the process without notice after some rollouts."""
    learn = Learner.learn

    def some(learner):
        if learner.rollouts == rollouts:
            raise InterruptedError
        return learn(learner)

    Learner.learn = some
    with contextlib.suppress(InterruptedError), processes.joined(CPU):
        training.train(replace(CONFIG, run_dir=str(folder)), CPU, Console(quiet=True))


def mouse_in(folder):
    (mouse,) = folder.glob(f"*/{training.MOUSE_FILE}")
    return mouse.read_bytes()


def test_two_processes_go_on_where_they_were_lost(tmp_path):
    together(train_some, tmp_path / "whole", None)
    together(train_some, tmp_path / "lost", 5)
    assert not list((tmp_path / "lost").glob(f"*/{training.MOUSE_FILE}"))
    with pytest.raises(ValueError, match=r"was saved by 2 processes, not 1; continue with torchrun --nproc-per-node=2"):
        training.train(replace(CONFIG, run_dir=str(tmp_path / "lost")), CPU, Console(quiet=True))
    together(train_some, tmp_path / "lost", None)
    assert mouse_in(tmp_path / "lost") == mouse_in(tmp_path / "whole")


SETTINGS = ("env.world_dim=5", "agent.num_envs=16", "agent.num_steps=16", "agent.minibatch_size=64", "device=cpu")


def test_torchrun_trains_one_mouse(tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", str(ROOT / "train.py")]
    command += [*SETTINGS, "total_steps=512", "evaluation_levels=20", f"run_dir={tmp_path}"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("float32 on 2 × cpu") == ran.stdout.count("checkpoint:") == 1
    assert mouse_in(tmp_path)


def run_badly(rank, folder):
    """Run train.py with a number of environments that two processes cannot share, and keep its output."""
    errors = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(errors):
        patch.chdir(folder)
        code = run_script(patch, "train.py", *SETTINGS, "agent.num_envs=15", "agent.minibatch_size=16")
    (folder / f"rank{rank}").write_text(f"{code} {errors.getvalue()}")


def test_two_processes_say_once_what_is_wrong(tmp_path):
    together(run_badly, tmp_path)
    said = [(tmp_path / f"rank{rank}").read_text() for rank in range(COUNT)]
    assert said == ["2 train.py: num_envs 15 must be a multiple of the 2 processes\n", "2 "]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-m", "seed=0,1"], "train.py: a sweep (-m) runs in one process; torchrun trains one mouse a command\n"),
        ([], "train.py: WORLD_SIZE is set, but torchrun did not start this process: "),
    ],
)
def test_what_several_processes_cannot_do_is_told_at_once(call, tmp_path, monkeypatch, arguments, told):
    monkeypatch.setenv("WORLD_SIZE", "2")
    code, _, errors = call("train.py", *arguments, *SETTINGS)
    assert code == 2 and errors.startswith(told) and errors.count("\n") == 1 and not list(tmp_path.iterdir())


def test_a_lost_process_is_told_with_its_cause(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(processes.dist, "init_process_group", lambda backend: None)
    told = r"another process of this run was lost; .* \(NCCL error 5: stream is capturing\)"
    with pytest.raises(InputError, match=told), processes.joined(CPU):
        raise RuntimeError("NCCL error 5: stream is capturing\nand more")
    with pytest.raises(RuntimeError, match="out of memory"), processes.joined(CPU):
        raise RuntimeError("out of memory")


def test_each_process_draws_for_itself_and_the_first_as_if_alone(monkeypatch):
    seeds = []
    for rank in range(4):
        monkeypatch.setattr(processes, "rank", lambda rank=rank: rank)
        seeds.append(processes.seed(7))
    assert seeds[0] == 7 and len(set(seeds)) == 4 and all(0 <= seed < 2**63 for seed in seeds)

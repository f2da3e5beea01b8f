"""Settings and fixtures that tests share."""

import contextlib
import functools
import gc
import io
import os
import runpy
import sys
from dataclasses import asdict

import pytest
import torch
from commands import ROOT, TINY
from hypothesis import settings

# Compiling makes the first example slow. Fixed examples give one commit one result.
settings.register_profile("cheesemaze", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("cheesemaze")

# One thread per worker: threads that wait for busy cores make tests many times slower.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"  # for child processes


def pytest_collection_finish():
    """Exclude imported objects from garbage collection, because statsmodels collects after each regression."""
    gc.collect()
    gc.freeze()


def run_script(patch: pytest.MonkeyPatch, script: str, *arguments: str) -> int:
    """Run a script in this process and return its exit code. A new process would spend seconds on imports."""
    patch.setenv("HYDRA_FULL_ERROR", "")  # train.py sets it; the patch restores it
    patch.setattr("agents.allocator.keep_freed_memory", lambda: None)  # its effect would outlast the test
    patch.setattr("agents.logbook.FRAMES", 3)  # videos take most of a tiny run
    if script == "evaluate.py":  # figures take most of a tiny report; tests/test_report.py draws all
        from analysis import report

        patch.setattr(report, "FIGURES", {"outcomes": report.FIGURES["outcomes"]})
    patch.setattr(sys, "argv", [script, *arguments])
    try:
        runpy.run_path(str(ROOT / script), run_name="__main__")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


@pytest.fixture
def call(monkeypatch, capfd, tmp_path):
    """Run a script in this process, in an empty folder; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(script: str, *arguments: str) -> tuple[int, str, str]:
        return run_script(monkeypatch, script, *arguments), *capfd.readouterr()

    return call


@pytest.fixture(scope="session")
def training(tmp_path_factory):
    """The folder of a tiny run, and the command's output."""
    folder, output = tmp_path_factory.mktemp("training"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(output):
        patch.chdir(folder)
        patch.setenv("COLUMNS", "80")
        assert run_script(patch, "train.py", *TINY) == 0
    (run_folder,) = (folder / "runs").iterdir()
    return run_folder, output.getvalue()


@pytest.fixture(scope="session")
def checkpoint(training):
    """A mouse after very little training."""
    return training[0] / "mouse.safetensors"


@pytest.fixture(scope="session")
def given(tmp_path_factory, training, checkpoint):
    """Files that a user could mistake for a mouse, by kind, and their folder."""
    import safetensors.torch

    from agents.checkpoint import MOUSE_FORMAT, read_checkpoint, write_checkpoint
    from agents.config import AgentConfig, EnvConfig
    from agents.impala import build_policy

    folder = tmp_path_factory.mktemp("given")
    whole = checkpoint.read_bytes()
    tensors = safetensors.torch.load(whole)
    files = {
        "truncated": whole[:-1],
        "cut in its header": whole[:100],
        "empty": b"",
        "text": b"a mouse\n",
        "foreign": safetensors.torch.save(tensors),
        "of 7 cells": b"@ .\n# #\n   \n\n; another\n\n#######\n" + b"  .   #\n" * 5 + b"@     #\n",
    }
    paths = {name: folder / f"{name}.safetensors" for name in files}
    for name, content in files.items():
        paths[name].write_bytes(content)
    header = read_checkpoint(checkpoint, MOUSE_FORMAT)[1]
    header.pop("sha256")
    paths |= {name: folder / f"{name}.safetensors" for name in ("of another version", "larger")}
    write_checkpoint(paths["of another version"], tensors, header | {"version": 99})
    env = EnvConfig(world_dim=7)
    larger = {"format": MOUSE_FORMAT, "config": {"env": asdict(env), "agent": asdict(AgentConfig())}}
    write_checkpoint(paths["larger"], build_policy(env.build_spec(), 1).state_dict(), larger)
    return paths | {"mouse": checkpoint, "state": training[0] / "state.safetensors", "folder": folder}


@pytest.fixture
def play(monkeypatch, tmp_path):
    """Run a story in a window until the story or the window ends."""
    import pygame
    from windows import play_story

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield functools.partial(play_story, monkeypatch, tmp_path / "saved")
    pygame.quit()

"""train.py from the command line: files, errors, sweeps, and runs that are killed."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from commands import NO_CUDA, ROOT, TINY, check_help_is_quick, check_refusal, files_in
from joblib.externals.loky import get_reusable_executor
from PIL import Image

from agents import training as trainer
from agents.mouse import load_mouse
from analysis.statistics import summarise


def is_rate(value: dict) -> bool:
    if value["n"] == 0:
        return value == {"rate": None, "low": None, "high": None, "n": 0}
    return value.keys() == {"rate", "low", "high", "n"} and value["low"] <= value["rate"] <= value["high"]


@pytest.mark.slow
def test_training_ends_with_a_table_a_picture_a_checkpoint_and_a_card(training):
    folder, said = training
    names = {path.name for path in folder.iterdir()}
    expected = {"mouse.safetensors", "state.safetensors", "card.md", "summary.json", "records.parquet", "result.png"}
    assert names - {name for name in names if name.startswith("events.out.tfevents.")} == expected < names

    assert re.search(r"^training 100% · .* steps/s · success .*%", said, re.M)
    relative = f"runs/{folder.name}"
    *_, figure, mouse, following = said.splitlines()
    assert figure.split() == ["figure:", f"{relative}/result.png"]
    assert mouse.split() == ["checkpoint:", f"{relative}/mouse.safetensors"]
    assert following == f"next:       python watch.py checkpoint={relative}/mouse.safetensors"
    checkpoint = f"checkpoint={relative}/mouse.safetensors"
    card = (folder / "card.md").read_text()
    assert f"python watch.py {checkpoint}\npython share.py {checkpoint} out=mouse.html\n" in card
    with Image.open(folder / "result.png") as image:
        assert image.format == "PNG"
    assert load_mouse(folder / "mouse.safetensors").header["progress"] == {"steps": 1024, "rollouts": 4}


def test_the_summary_is_as_documented_and_follows_from_the_records(training):
    folder, said = training
    summary = json.loads((folder / "summary.json").read_text())
    records = pd.read_parquet(folder / "records.parquet")
    assert summary["play"] == {"levels": 50, "first_level": 2**30, "steps": 500, "steps_in_training": 20}
    assert summary["mouse"]["cheese_region"] == 0 and summary["mouse"]["world_dim"] == 5 and summary["unseen"] is True
    assert len(records) == 100
    for condition in ("as_trained", "anywhere"):
        rates = summary[condition]
        assert rates.keys() == {"success", "largest", "decision", "walk"}
        assert list(rates["decision"]) == ["cheese", "corner", "neither"]
        assert all(map(is_rate, [rates["success"], rates["largest"], *rates["decision"].values()]))
        assert rates == summarise(records.loc[records.condition == condition])
        for rate in (rates["success"], rates["largest"]):
            assert f"{rate['rate'] * 100:.1f} %" in said, "the table says otherwise"
    assert summary["as_trained"]["success"]["n"] == 50 and summary["as_trained"]["decision"]["cheese"]["n"] == 0
    assert summary["anywhere"]["decision"]["cheese"]["n"] > 0


def test_the_table_is_not_cut_off_at_80_columns(training):
    lines = training[1].split("50 held-out levels")[1].split("figure:")[0].splitlines()
    assert len(lines) > 5 and max(map(len, lines)) <= 80 and not any("…" in line for line in lines)


def test_the_card_says_how_to_make_the_mouse_again_and_what_it_does(training):
    folder, _ = training
    card, summary = (folder / "card.md").read_text(), json.loads((folder / "summary.json").read_text())
    assert f"python train.py {' '.join(TINY)}\n" in card
    assert "1,024 steps" in card and torch.__version__ in card and "world_dim: 5" in card and "nan" not in card
    for condition in ("as_trained", "anywhere"):
        for rates in (summary[condition], summary[condition]["walk"]):
            assert f"{rates['success']['rate'] * 100:.1f} %" in card
    assert card.count(": random walk |") == 2


def test_help_names_every_setting(call, tmp_path):
    code, said, errors = call("train.py", "--help")
    assert (code, errors, files_in(tmp_path)) == (0, "", {})
    settings = ("env.world_dim=11 ", "agent.scale=1 ", "seed=0 ", "fresh=False ", "procgen_hard")
    assert all(setting in said for setting in settings)


def test_help_needs_no_slow_import(tmp_path):
    check_help_is_quick("train.py", tmp_path)


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("nonsense=1", "nonsense"),
        ("env.nonsense=1", "nonsense"),
        ("nonsense", "nonsense"),
        ("env=5", "Config group override must be a string or a list"),
        ("env=null", "Config group override must be a string or a list"),
        ("experiment=nonsense", "procgen_easy procgen_hard"),
        ("total_steps=many", "total_steps=many"),
        ("total_steps=1.5", "total_steps"),
        ("total_steps=0", "total_steps must be from 1 to 10,000,000,000,000, not 0"),
        ("env.num_levels=few", "env.num_levels"),
        ("env.num_levels=-1", "env.num_levels must be from 0 to 2^31 - 1, not -1"),
        ("env.start_level=2147483647", "env.start_level must be from 0 to 2,147,483,646, not 2147483647"),
        ("agent.learning_rate=fast", "agent.learning_rate"),
        ("agent.learning_rate=0", "agent.learning_rate must be from 1e-12 to 1.0, not 0"),
        ("agent.minibatch_size=100", "minibatch_size 100 must divide num_envs × num_steps = 256"),
        ("agent.num_envs=0", "agent.num_envs"),
        ("env.world_dim=6", "world_dim must be odd"),
        ("env.world_dim=3", "env.world_dim must be from 5 to 255, not 3"),
        ("env.distribution_mode=easy", "not both"),
        ("env.cheese_region=6", "0..5, not 6"),
        ("env.cheese_region=everywhere", "'everywhere'"),
        ("env.action_set=diagonal", "minimal, procgen"),
        ("env.observation=smell", "rgb, cells"),
        ("precision=float8", "auto, float32 or bfloat16"),
        ("seed=-1", "seed must be from 0 to 2^63 - 1, not -1"),
        ("device=cuda:99", "'cuda:99' is not there"),
        ("device=typewriter", "'typewriter'"),
        ("device=hpu", "device 'hpu' is not there; this machine has cpu"),
        pytest.param("device=cuda", "this machine has cpu", marks=NO_CUDA),
        ("run_dir={text}", "{text}"),
        ("init=nowhere.safetensors", "no checkpoint at nowhere.safetensors"),
        ("init={text}", "{text} is not a whole safetensors file"),
    ],
)
def test_bad_input_is_told_in_one_line_and_leaves_nothing(call, tmp_path, given, argument, named):
    check_refusal(call, tmp_path, given, ["train.py", *TINY, argument], named)


def test_a_damaged_training_state_is_refused_and_left_alone(call, tmp_path, training):
    folder = tmp_path / "runs" / training[0].name
    folder.mkdir(parents=True)
    (folder / "state.safetensors").write_bytes((training[0] / "state.safetensors").read_bytes()[:-1])
    before = files_in(tmp_path)
    code, _, errors = call("train.py", *TINY)
    assert code == 2 and len(errors.splitlines()) == 1 and "not a whole safetensors file" in errors
    assert files_in(tmp_path) == before


SMALL = ("env.world_dim=5", "agent.num_envs=16", "agent.num_steps=16", "agent.minibatch_size=64", "device=cpu")


@pytest.mark.slow
def test_a_process_killed_outright_goes_on(call, tmp_path):
    def arguments(name: str) -> list[str]:
        return [*SMALL, "total_steps=1280", "save_every=1", "evaluation_levels=5", f"run_dir={tmp_path / name}"]

    def find(name: str, file: str) -> list[Path]:
        return list((tmp_path / name).glob(f"*/{file}"))

    command = [sys.executable, str(ROOT / "train.py"), *arguments("killed")]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not find("killed", trainer.STATE_FILE) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert find("killed", trainer.STATE_FILE), "it was killed before it had saved anything"
    assert not find("killed", trainer.MOUSE_FILE), "it was over before it was killed"
    mice = []
    for name in ("killed", "whole"):
        code, said, errors = call("train.py", *arguments(name))
        assert (code, errors) == (0, "")
        assert ("continuing at" in said) == (name == "killed")
        (mouse,) = find(name, trainer.MOUSE_FILE)
        mice.append(mouse.read_bytes())
    assert mice[0] == mice[1]


@pytest.mark.slow
def test_a_sweep_trains_two_mice_at_a_time_and_goes_on_and_says_in_one_line_what_is_wrong(call, tmp_path):
    """One test, because joblib's processes take seconds to import and serve the next sweep, too."""

    def sweep(*sweeps: str) -> tuple[int, str, str]:
        launcher = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", f"hydra.sweep.dir={tmp_path}")
        settings = (*SMALL, "total_steps=512", "evaluation_levels=20", f"run_dir={tmp_path}")
        return call("train.py", "-m", *launcher, *settings, *sweeps)

    code, said, errors = sweep("env.cheese_region=0", "seed=0,1")
    assert code == 0, errors
    assert said.count("checkpoint:") == 2 and "continuing at" not in said
    mice = sorted(tmp_path.glob("*/mouse.safetensors"))
    assert [folder.parent.name[:21] for folder in mice] == ["quickstart-5-0-seed0-", "quickstart-5-0-seed1-"]
    contents = [mouse.read_bytes() for mouse in mice]
    mice[1].unlink()
    code, said, _ = sweep("env.cheese_region=0", "seed=0,1")
    assert code == 0 and said.count("already trained for 512 steps") == 2
    assert [mouse.read_bytes() for mouse in mice] == contents
    code, _, errors = sweep("env.cheese_region=99", "seed=0")
    assert code == 2
    assert errors == 'train.py: cheese_region must be "anywhere" or an integer 0..5, not 99\n'
    get_reusable_executor().shutdown()

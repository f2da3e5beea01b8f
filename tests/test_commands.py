"""The three commands as people run them: what they leave, what they refuse, and what the keys of the window do."""

import json
import os
import re
import runpy
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from PIL import Image, ImageSequence

from agents.checkpoint import HEADER, MOUSE_FORMAT, VERSION
from agents.config import AgentConfig, EnvConfig
from agents.impala import build_policy
from agents.mouse import load_mouse
from analysis.statistics import summarise
from viewer.legend import GAP
from viewer.recording import CELL

ROOT = Path(__file__).parents[1]
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "SDL_VIDEODRIVER")
TINY = (
    *("env.world_dim=5", "env.max_episode_steps=20", "agent.num_envs=16", "agent.num_steps=16"),
    *("agent.minibatch_size=64", "total_steps=1024", "evaluation_levels=50", "device=cpu", "run_dir=runs"),
)


def run(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a command in a process of its own, in a folder, where there is no display."""
    environment = {name: value for name, value in os.environ.items() if name not in DISPLAYS}
    command = [sys.executable, str(ROOT / script), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)


def files_in(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture(scope="session")
def training(tmp_path_factory):
    """The folder of a tiny run, and what the command said."""
    folder = tmp_path_factory.mktemp("training")
    ran = run(folder, "train.py", *TINY)
    assert ran.returncode == 0, ran.stderr
    (run_folder,) = (folder / "runs").iterdir()
    return run_folder, ran.stdout


@pytest.fixture(scope="session")
def checkpoint(training):
    return training[0] / "mouse.safetensors"


@pytest.fixture(scope="session")
def given(tmp_path_factory, training, checkpoint):
    """Files that one may take for a mouse."""
    folder = tmp_path_factory.mktemp("given")
    whole = checkpoint.read_bytes()
    tensors = safetensors.torch.load(whole)
    with safetensors.safe_open(checkpoint, "pt") as file:
        header = json.loads(file.metadata()[HEADER]) | {"version": 2}
    files = {
        "truncated": whole[:-1],
        "cut in its header": whole[:100],
        "empty": b"",
        "text": b"a mouse\n",
        "foreign": safetensors.torch.save(tensors),
        "of 7 cells": b"@ .\n# #\n   \n\n; another\n\n#######\n" + b"  .   #\n" * 5 + b"@     #\n",
        "of another version": safetensors.torch.save(tensors, {HEADER: json.dumps(header)}),
    }
    paths = {name: folder / f"{name}.safetensors" for name in files}
    for name, content in files.items():
        paths[name].write_bytes(content)
    env = EnvConfig(world_dim=7)
    header = {
        "format": MOUSE_FORMAT,
        "version": VERSION,
        "config": {"env": asdict(env), "agent": asdict(AgentConfig())},
    }
    tensors = {name: tensor.contiguous() for name, tensor in build_policy(env.build_spec(), 1).state_dict().items()}
    paths["larger"] = folder / "larger.safetensors"
    paths["larger"].write_bytes(safetensors.torch.save(tensors, {HEADER: json.dumps(header)}))
    return paths | {"mouse": checkpoint, "state": training[0] / "state.safetensors", "folder": folder}


@pytest.fixture
def call(monkeypatch, capfd, tmp_path):
    """Run a command in this process, in an empty folder: as good as one of its own, and quicker."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "")  # train.py sets it: so it is put back
    monkeypatch.setattr("agents.allocator.keep_freed_memory", lambda: None)  # that would last

    def call(script: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [script, *arguments])
        try:
            runpy.run_path(str(ROOT / script), run_name="__main__")
            code = 0
        except SystemExit as leaving:
            code = leaving.code or 0
        return code, *capfd.readouterr()

    return call


def is_rate(value: dict) -> bool:
    if value["n"] == 0:
        return value == {"rate": None, "low": None, "high": None, "n": 0}
    return value.keys() == {"rate", "low", "high", "n"} and value["low"] <= value["rate"] <= value["high"]


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
    with Image.open(folder / "result.png") as image:
        assert image.format == "PNG"
    assert load_mouse(folder / "mouse.safetensors").header["progress"] == {"steps": 1024, "rollouts": 4}


def test_the_summary_is_as_documented_and_follows_from_the_records(training):
    folder, said = training
    summary = json.loads((folder / "summary.json").read_text())
    records = pd.read_parquet(folder / "records.parquet")
    assert summary["play"] == {"levels": 50, "first_level": 2**30, "steps": 500}
    assert summary["mouse"]["cheese_region"] == 0 and summary["mouse"]["world_dim"] == 5 and summary["unseen"] is True
    assert len(records) == 100
    for condition in ("as_trained", "anywhere"):
        rates = summary[condition]
        assert rates.keys() == {"success", "largest", "decision"}
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
        assert f"{summary[condition]['success']['rate'] * 100:.1f} %" in card


def test_evaluating_needs_no_more_than_the_checkpoint_and_finds_what_training_found(call, tmp_path, training):
    checkpoint = training[0] / "mouse.safetensors"
    code, said, errors = call("evaluate.py", f"checkpoint={checkpoint}", "levels=50", "device=cpu", "out=")
    assert (code, errors) == (0, "")
    folder = tmp_path / "runs" / "evaluations" / training[0].name
    assert {path.name for path in folder.iterdir()} == {"summary.json", "records.parquet", "result.png"}
    assert all(path.name in said for path in folder.iterdir())
    pd.testing.assert_frame_equal(*(pd.read_parquet(path / "records.parquet") for path in (folder, training[0])))
    found, then = (json.loads((path / "summary.json").read_text()) for path in (folder, training[0]))
    assert found.pop("mouse")["checkpoint"] == str(checkpoint) and then.pop("mouse") and found == then


def test_levels_drawn_by_hand_are_played(call, tmp_path, training):
    (tmp_path / "mine.txt").write_text("; a comment\n##.\n## \n@  \n\n# .\n## \n@ #\n")
    mouse = training[0] / "mouse.safetensors"
    code, said, errors = call("evaluate.py", f"checkpoint={mouse}", "levels=mine.txt", "device=cpu", "out=drawn")
    assert (code, errors) == (0, "")
    table = pd.read_parquet(tmp_path / "drawn" / "mine.parquet")
    assert table.condition.tolist() == ["drawn"] * 2 and table.level_type.tolist() == ["same", "undefined"]
    assert table.p_cheese_500[1] == 0 and f"{100 * table.p_cheese_500[0]:.1f} %" in said


def test_a_full_report_of_many_mice_goes_on_where_it_was(call, tmp_path, training, monkeypatch):
    mice = tmp_path / "mice"
    mice.mkdir()
    for name in ("one", "two"):
        (mice / f"{name}.safetensors").write_bytes((training[0] / "mouse.safetensors").read_bytes())
    command = ("evaluate.py", "checkpoint=mice/*.safetensors", "report=full", "levels=8", "device=cpu", "out=page")
    code, said, errors = call(*command)
    assert (code, errors) == (0, "") and "report: page/report.html" in said
    names = {path.name for path in (tmp_path / "page").iterdir()}
    assert names == {"report.html", "summary.json", "records.parquet", "figures", "parts"}
    before = files_in(tmp_path / "page" / "parts")
    assert len(before) > 10
    again = call(*command)
    assert again[0] == 0 and files_in(tmp_path / "page" / "parts") == before
    page = (tmp_path / "page" / "report.html").read_text()
    assert all(text in page for text in ("one", "two", "evaluate.py", "checkpoint=mice/*.safetensors"))


def test_a_recording_needs_no_display(call, monkeypatch, tmp_path, checkpoint):
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    code, said, errors = call("watch.py", f"checkpoint={checkpoint}", "record=new/mouse.gif", "speed=10")
    assert (code, errors) == (0, "")
    film = tmp_path / "new" / "mouse.gif"
    assert files_in(tmp_path).keys() == {str(film.parent), str(film)}
    steps, outcome = re.fullmatch(r"(\d+) steps, reached first: (\w+) → new/mouse.gif\n", said).groups()
    assert outcome in ("cheese", "corner", "neither")
    with Image.open(film) as image:
        assert image.size == (5 * CELL + GAP, 5 * CELL + GAP)
        lasts = sum(frame.info["duration"] for frame in ImageSequence.Iterator(image))
    assert lasts == 100 * (int(steps) + 1) + 1000


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_films_of_several_mice_cheeses_levels_and_grids(call, tmp_path, checkpoint, suffix):
    film = tmp_path / f"mouse{suffix}"
    for arguments in (
        (f"checkpoint=[{checkpoint},{checkpoint}]", "cheese=[as_trained,anywhere]", "show=[value,sees]", "level=5"),
        (f"checkpoint={checkpoint}", "grid=3x2", "episodes=2"),
        (f"checkpoint={checkpoint}", "episodes=3", "seed=4"),
    ):
        films = []
        for _ in range(2):
            code, said, errors = call("watch.py", *arguments, f"record={film.name}", "speed=50")
            assert (code, errors) == (0, "") and said.endswith(f" → {film.name}\n")
            with av.open(str(film)) as container:
                films.append(np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]))
        frames, again = films
        assert len(frames) > 5 and frames[0].std() > 10 and (frames[0] != frames[-1]).any()
        # What one sees can be made again. Not always byte for byte: the last bits of what the network computes may
        # depend on where its memory lies, and an overlay's colours with them.
        assert np.abs(frames.astype(float) - again).max(axis=(1, 2, 3)).mean() < 8


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_figure_is_the_same_every_time(call, tmp_path, checkpoint, suffix):
    contents = []
    for _ in range(2):
        code, said, errors = call("watch.py", f"checkpoint={checkpoint}", "level=5", f"figure=mouse{suffix}")
        assert (code, errors, said) == (0, "", f"policy and value in level 5 → mouse{suffix}\n")
        contents.append((tmp_path / f"mouse{suffix}").read_bytes())
    assert contents[0] == contents[1] and len(contents[0]) > 5000


def test_a_file_of_levels_is_watched(call, tmp_path, checkpoint):
    (tmp_path / "two.txt").write_text("; nothing between\n@ .\n###\n###\n\n. @\n   \n   \n")
    arguments = (f"checkpoint={checkpoint}", "levels=two.txt", "record=mouse.gif")
    assert call("watch.py", *arguments, "level=2", "cheese=[0,0]")[0] == 0
    assert call("watch.py", *arguments, "episodes=2")[0] == 0
    code, _, errors = call("watch.py", *arguments, "episodes=2", "level=2")
    assert code == 2 and "must not exceed the number of levels from level 2 on in two.txt" in errors
    code, _, errors = call("watch.py", *arguments, "level=3")
    assert code == 2 and "must be in 1..2 for this file, not 3" in errors


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_a_window_is_refused(tmp_path, checkpoint):
    ran = run(tmp_path, "watch.py", f"checkpoint={checkpoint}")
    assert ran.returncode == 2 and ran.stdout == "" and files_in(tmp_path) == {}
    (line,) = ran.stderr.splitlines()
    assert line.startswith("watch.py: no display") and "record=FILE.gif" in line


@pytest.mark.parametrize("script", ["train.py", "evaluate.py", "watch.py"])
def test_help_names_every_setting(call, tmp_path, script):
    code, said, errors = call(script, "--help")
    assert (code, errors, files_in(tmp_path)) == (0, "", {})
    settings = {
        "train.py": ("env.world_dim=11 ", "agent.scale=1 ", "seed=0 ", "fresh=False ", "procgen_hard"),
        "evaluate.py": ("checkpoint=", "report=brief ", "levels=None ", "seed=0 ", "device=auto ", "out="),
        "watch.py": ("checkpoint=", "level=None ", "cheese=anywhere ", "speed=8 ", "record=", "Press h for help"),
    }
    assert all(setting in said for setting in settings[script])


NO_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
BAD = [  # an argument, and what the line about it names
    ("train.py", "nonsense=1", "nonsense"),
    ("train.py", "env.nonsense=1", "nonsense"),
    ("train.py", "nonsense", "nonsense"),
    ("train.py", "experiment=nonsense", "procgen_easy procgen_hard"),
    ("train.py", "total_steps=many", "total_steps=many"),
    ("train.py", "total_steps=1.5", "total_steps"),
    ("train.py", "total_steps=0", "total_steps must be more than 0"),
    ("train.py", "env.num_levels=few", "env.num_levels"),
    ("train.py", "env.num_levels=-1", "num_levels (-1)"),
    ("train.py", "env.start_level=2147483647", "start_level + num_levels"),
    ("train.py", "agent.learning_rate=fast", "agent.learning_rate"),
    ("train.py", "agent.learning_rate=0", "agent.learning_rate must be more than 0"),
    ("train.py", "agent.minibatch_size=100", "minibatch_size 100 must divide num_envs × num_steps = 256"),
    ("train.py", "agent.num_envs=0", "agent.num_envs"),
    ("train.py", "env.world_dim=6", "world_dim must be odd"),
    ("train.py", "env.world_dim=3", "at least 5"),
    ("train.py", "env.distribution_mode=easy", "not both"),
    ("train.py", "env.cheese_region=6", "0..5, not 6"),
    ("train.py", "env.cheese_region=everywhere", "'everywhere'"),
    ("train.py", "env.action_set=diagonal", "minimal, procgen"),
    ("train.py", "env.observation=smell", "rgb, cells"),
    ("train.py", "precision=float8", "auto, float32 or bfloat16"),
    ("train.py", "seed=-1", "seed must lie in [0, 2⁶³), not -1"),
    ("train.py", "device=cuda:99", "'cuda:99' is not there"),
    ("train.py", "device=typewriter", "'typewriter'"),
    pytest.param("train.py", "device=cuda", "this machine has cpu", marks=NO_CUDA),
    ("train.py", "run_dir={text}", "{text}"),
    ("evaluate.py", "nonsense=1", "accepted are checkpoint=…, report=…, levels=…"),
    ("evaluate.py", "nonsense", "nonsense"),
    ("evaluate.py", "checkpoint=", "no checkpoint given"),
    ("evaluate.py", "levels=many", "no levels at many"),
    ("evaluate.py", "levels=1.5", "levels=1.5"),
    ("evaluate.py", "levels=0", "levels must be a positive integer or a file of levels, not levels=0"),
    ("evaluate.py report=full", "levels=mine.txt", "set levels to a number"),
    ("evaluate.py", "levels=[1", "levels=[1"),
    ("evaluate.py", "levels=", "levels="),
    ("evaluate.py", "report=long", "report must be one of brief, full, not 'long'"),
    ("evaluate.py", "seed=-1", "seed must lie in [0, 2⁶³), not -1"),
    ("evaluate.py", "seed=9223372036854775808", "seed must lie in"),
    ("evaluate.py", "device=cuda:99", "'cuda:99' is not there"),
    pytest.param("evaluate.py", "device=cuda", "this machine has cpu", marks=NO_CUDA),
    ("evaluate.py", "out={text}", "{text}"),
    ("watch.py", "nonsense=1", "accepted are checkpoint=…, level=…"),
    ("watch.py", "nonsense", "nonsense"),
    ("watch.py", "level=deep", "level=deep"),
    ("watch.py", "level=-1", "-1"),
    ("watch.py", "level=2147483647", "2147483647"),
    ("watch.py", "cheese=moon", "as_trained, anywhere"),
    ("watch.py", "cheese=[as_trained,moon]", "not 'moon'"),
    ("watch.py", "cheese=[9,0]", "cheese=[9,0] must be an open cell"),
    ("watch.py", "cheese=[1,2,3]", "not [1, 2, 3]"),
    ("watch.py", "checkpoint=", "no checkpoint given"),
    ("watch.py", "checkpoint=[]", "no checkpoint given"),
    ("watch.py", "checkpoint=[{mouse},nowhere.safetensors]", "no checkpoint at nowhere.safetensors"),
    ("watch.py", "checkpoint=[{mouse},{larger}]", "{larger} has a 7×7 world with cells observations"),
    ("watch.py", "levels=nowhere.txt", "nowhere.txt"),
    ("watch.py", "levels={text}", "{text}: level 1"),
    ("watch.py", "levels={of 7 cells}", "level 2, from line 7: level text must have an odd side from 3 to 5, not 7"),
    ("watch.py", "levels={of 7 cells}", "the mouse was trained in worlds of 5×5 cells"),
    ("watch.py", "levels={empty}", "there is no level in it"),
    ("watch.py", "show=smell", "show must be a list of arrows, value"),
    ("watch.py", "show=[arrows,smell]", "not 'smell'"),
    ("watch.py", "episodes=0", "episodes must be at least 1, not 0"),
    ("watch.py", "speed=51", "at most 50 steps per second, not 51"),
    ("watch.py", "grid=6", "COLUMNSxROWS, e.g. 6x4, not '6'"),
    ("watch.py", "grid=0x4", "e.g. 6x4"),
    ("watch.py", "grid=axb", "e.g. 6x4"),
    ("watch.py", "figure=mouse.gif", "figure must be a .png, .svg, .pdf file"),
    ("watch.py", "figure={text}/mouse.svg", "{text}"),
    ("watch.py", "speed=0", "at least 1 step"),
    ("watch.py", "speed=1.5", "speed=1.5"),
    ("watch.py", "seed=-1", "seed must lie in [0, 2⁶³), not -1"),
    ("watch.py", "record=mouse.png", "must be a .gif or .mp4 file, not 'mouse.png'"),
    ("watch.py", "record=mouse", "must be a .gif or .mp4 file"),
    ("watch.py", "record={text}/mouse.mp4", "{text}"),
    ("watch.py", "record={text}/mouse.gif", "{text}"),
    *(
        (script, f"checkpoint={given}", named)
        for script in ("evaluate.py", "watch.py")
        for given, named in (
            ("nowhere.safetensors", "no checkpoint at nowhere.safetensors"),
            ("{folder}", "no checkpoint at {folder}"),
            ("{truncated}", "{truncated} is not a whole safetensors file"),
            ("{cut in its header}", "not a whole safetensors file"),
            ("{empty}", "not a whole safetensors file"),
            ("{text}", "not a whole safetensors file"),
            ("{foreign}", "foreign file"),
            ("{of another version}", "has format version 2; this program reads version 1"),
            ("{state}", "expected a 'cheesemaze-mouse'"),
        )
    ),
]
BAD += [
    ("evaluate.py report=full", "conditions=[anywhere,moon]", "condition must be one of as_trained, anywhere"),
    ("evaluate.py report=full", "conditions=[as_trained]", "conditions must include anywhere"),
    ("evaluate.py report=full", "conditions=[anywhere,region_9]", "cheese_region must be"),
    ("evaluate.py report=full", "checkpoint=[{mouse},{mouse}]", "mice must have different names"),
    ("evaluate.py", "checkpoint=*.nothing", "no mouse at checkpoint=*.nothing"),
]
GOOD = {
    "train.py": TINY,
    "evaluate.py": ("checkpoint={mouse}", "out=results", "levels=2", "device=cpu"),
    "watch.py": ("checkpoint={mouse}", "record=new/mouse.gif"),
}


@pytest.mark.parametrize(("script", "argument", "named"), BAD)
def test_bad_input_is_told_in_one_line_and_leaves_nothing(call, tmp_path, given, script, argument, named):
    script, *more = script.split()
    arguments = [text.format(**given) for text in (*GOOD[script], *more, argument)]
    before = files_in(given["folder"])
    code, said, errors = call(script, *arguments)
    (line,) = errors.splitlines()
    assert line.startswith(f"{script}: ") and named.format(**given) in line and "Traceback" not in line
    assert code == 2 and files_in(tmp_path) == {} and files_in(given["folder"]) == before
    assert said == "" or "run_dir" in argument


def test_a_damaged_training_state_is_refused_and_left_alone(call, tmp_path, training):
    folder = tmp_path / "runs" / training[0].name
    folder.mkdir(parents=True)
    (folder / "state.safetensors").write_bytes((training[0] / "state.safetensors").read_bytes()[:-1])
    before = files_in(tmp_path)
    code, _, errors = call("train.py", *TINY)
    assert code == 2 and len(errors.splitlines()) == 1 and "not a whole safetensors file" in errors
    assert files_in(tmp_path) == before

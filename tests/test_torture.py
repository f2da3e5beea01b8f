"""Damaged files, tampered headers and invalid command lines: each gives one error line.

``make torture`` runs the long form: ``TORTURE_ROUNDS`` rounds of each test.
"""

import contextlib
import copy
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest
import torch

from agents import training
from agents.checkpoint import MOUSE_FORMAT, STATE_FORMAT, read_checkpoint, write_checkpoint
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner
from agents.mouse import load_mouse, save_mouse
from agents.training_state import load_state, save_state
from evaluate import EvaluateConfig
from evaluate import main as evaluate
from foundation.errors import InputError

ROOT = Path(__file__).parents[1]
ROUNDS = int(os.environ.get("TORTURE_ROUNDS", "40"))
CPU = torch.device("cpu")
TINY = TrainConfig(
    env=EnvConfig(world_dim=5, cheese_region="anywhere", max_episode_steps=20),
    agent=AgentConfig(num_envs=8, num_steps=8, minibatch_size=32),
    total_steps=8 * 64,
)
JUNK = (
    *(None, True, False, 0, 1, -1, 2, 3.5, -0.0, 1e300, 10**30, 2**31, 2**63, "", "0", "nan", "[/]", "../x", "a/b"),
    *(
        "${oc.env:HOME}",
        "\x00",
        "é" * 200,
        [],
        [1],
        ["fork"],
        [[]],
        {},
        {"a": 1},
        [None] * 5,
        {"_target_": "os.system"},
    ),
)
WORDS = (
    *("1", "true", "nan", "inf", "-1", "1e20", "99999999", "[1,2]", "[anywhere,null]", "anywhere", "{a:1}", "[[x]]"),
    *("", "[", "'", "*", "a/b", "../x", "[/b]", "$x", "${x}", "null", "0", "moon", "1.5", "é", "[]", "fork"),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A mouse and a training state."""
    folder = tmp_path_factory.mktemp("files")
    learner = Learner(TINY, CPU)
    metrics = learner.learn()
    save_mouse(folder / "mouse.safetensors", learner.policy, training.describe_mouse(learner))
    save_state(folder / "state.safetensors", learner, [{"steps": 64, **metrics}])
    return folder


def load(path: Path) -> None:
    if path.stem == "mouse":
        load_mouse(path)
    else:
        load_state(path, Learner(TINY, CPU))


def refusal(path: Path) -> str | None:
    """The error line of a file; None if the file is loaded. Any other error fails the test."""
    try:
        load(path)
    except InputError as error:
        assert "\n" not in str(error) and str(path) in str(error)
        return str(error)
    return None


@pytest.mark.parametrize("name", ["mouse", "state"])
@pytest.mark.parametrize("damage", ["flipped bit", "zeroed block", "cut off"])
def test_damaged_bytes_are_never_believed(files, tmp_path, name, damage):
    whole, dice = (files / f"{name}.safetensors").read_bytes(), random.Random(f"{name} {damage}")
    path = tmp_path / f"{name}.safetensors"
    for _ in range(ROUNDS):
        content = bytearray(whole)
        place = dice.randrange(len(content))
        if damage == "flipped bit":
            content[place] ^= 1 << dice.randrange(8)
        elif damage == "zeroed block":
            content[place : place + 512] = bytes(len(content[place : place + 512]))
        else:
            del content[place:]
        path.write_bytes(content)
        assert content == whole or refusal(path), f"byte {place} of {len(whole)}"


def tamper(value, dice: random.Random):
    """Replace, add or remove one entry in nested dictionaries and lists."""
    inner = [each for each in (value.values() if isinstance(value, dict) else value) if isinstance(each, dict | list)]
    if inner and dice.random() < 0.8:
        tamper(dice.choice(inner), dice)
    elif isinstance(value, dict):
        key = dice.choice([*value, "unknown"])
        if dice.random() < 0.2:
            value.pop(key, None)
        else:
            value[key] = dice.choice(JUNK)
    elif value:
        value[dice.randrange(len(value))] = dice.choice(JUNK)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mouse", "state"])
def test_tampered_headers_are_refused_in_one_line_or_make_sense(files, tmp_path, name):
    """The checksum is recomputed, so only the checks of the header can detect the change."""
    format = {"mouse": MOUSE_FORMAT, "state": STATE_FORMAT}[name]
    tensors, header = read_checkpoint(files / f"{name}.safetensors", format)
    header.pop("sha256")
    path, dice, refused = tmp_path / f"{name}.safetensors", random.Random(name), 0
    for _ in range(2 * ROUNDS):
        tampered = copy.deepcopy(header)
        tamper(tampered, dice)
        if "format" in tampered:
            write_checkpoint(path, tensors, tampered)
            refused += refusal(path) is not None
    assert refused > ROUNDS / 8, "many entries are only told, such as versions"


@pytest.mark.slow
def test_tampered_tensors_are_refused(files, tmp_path):
    for name, format in (("mouse", MOUSE_FORMAT), ("state", STATE_FORMAT)):
        tensors, header = read_checkpoint(files / f"{name}.safetensors", format)
        header.pop("sha256")
        path = tmp_path / f"{name}.safetensors"
        for key, tensor in tensors.items():
            changed = [tensor.new_zeros((*tensor.shape, 2)), tensor.to(torch.complex64)]
            if tensor.is_floating_point() and tensor.numel():
                changed.append(torch.full_like(tensor, torch.nan))
            if key.startswith(("pool.", "level.", "state.")) and tensor.dtype == torch.int64 and tensor.dim():
                changed.append(torch.full_like(tensor, 2**40))
            for other in changed:
                write_checkpoint(path, tensors | {key: other}, header)
                assert refusal(path), (key, other.dtype, tuple(other.shape))
        write_checkpoint(
            path, {key: tensor for key, tensor in tensors.items() if key != "curve"} | {"more": CPU_ZERO}, header
        )
        assert refusal(path)


CPU_ZERO = torch.zeros(1)


def run_in_process(main, arguments) -> tuple[int, str]:
    """A command's exit code and its standard error."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            main(arguments)
        except SystemExit as leaving:
            return int(leaving.code or 0), errors.getvalue()
    return 0, errors.getvalue()


@pytest.mark.slow
def test_senseless_command_lines_of_evaluate(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dice, codes = random.Random(0), []
    names = [each.name for each in fields(EvaluateConfig) if each.name != "levels"]
    for _ in range(2 * ROUNDS):
        arguments = [f"checkpoint={files / 'mouse.safetensors'}", "levels=2", "device=cpu", f"out={tmp_path / 'out'}"]
        arguments += [f"{dice.choice(names)}={dice.choice(WORDS)}" for _ in range(dice.choice((1, 2)))]
        code, errors = run_in_process(evaluate, arguments)
        codes.append(code)
        assert code in (0, 2) and len(errors.splitlines()) == (code == 2), (arguments, errors)
    assert 2 in codes


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_a_run_folder_belongs_to_one_process_and_not_to_a_dead_one(tmp_path):
    folder, code = (
        tmp_path / "run",
        "import sys, time; from pathlib import Path; from foundation.files import lock_folder",
    )
    holding = f"{code}\nwith lock_folder(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holding, folder], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        with pytest.raises(InputError, match=f"another process is working in {folder}"), training.lock_folder(folder):
            pass
        (folder / f".mouse.safetensors.{holder.pid}.part").write_bytes(b"half")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with training.lock_folder(folder):
        assert list(folder.iterdir()) == [], "what the killed writer left is removed"


@pytest.mark.skipif("TORTURE_ROUNDS" not in os.environ, reason="make torture kills many; test_train.py kills one")
def test_killed_trainings_end_alike(tmp_path):
    settings = ["env.world_dim=5", "agent.num_envs=16", "agent.num_steps=16", "agent.minibatch_size=64"]
    settings += ["total_steps=5120", "save_every=1", "evaluation_levels=20", "device=cpu"]
    environment, dice = os.environ | {"OMP_NUM_THREADS": "1"}, random.Random(0)

    def start(folder: Path) -> subprocess.Popen:
        command = [sys.executable, "train.py", *settings, f"run_dir={folder}"]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)

    def weights(folder: Path) -> bytes:
        (mouse,) = folder.glob(f"*/{training.MOUSE_FILE}")
        return mouse.read_bytes()

    assert start(tmp_path / "whole").wait() == 0
    for trial in range(max(1, ROUNDS // 50)):
        folder = tmp_path / f"trial{trial}"
        for _ in range(2):
            process = start(folder)
            deadline = time.monotonic() + dice.uniform(4, 12)
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            process.kill()
            process.wait()
        assert start(folder).wait() == 0
        assert weights(folder) == weights(tmp_path / "whole")


def can_mount() -> bool:
    return (
        sys.platform == "linux"
        and shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0
    )


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="this system lets no user mount a small disk")
def test_a_full_disk_keeps_the_last_state(tmp_path):
    """The disk has room for one state and not for the next beside it; later it grows."""
    settings = "env.world_dim=5 agent.num_envs=16 agent.num_steps=16 agent.minibatch_size=64 total_steps=1024"
    train = f"{sys.executable} train.py run_dir={tmp_path} save_every=1 evaluation_levels=20 device=cpu {settings}"
    agent = AgentConfig(num_envs=16, num_steps=16, minibatch_size=64)
    save_state(tmp_path / "state", Learner(TrainConfig(EnvConfig(world_dim=5), agent, total_steps=1024), CPU), [])
    script = f"""
        mount -t tmpfs -o size={int(1.5 * (tmp_path / "state").stat().st_size)} tmpfs {tmp_path}
        {train}; echo "full: $?"
        mount -o remount,size=9m {tmp_path}
        {train}; echo "grown: $?"
    """
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = ["unshare", "-rm", "sh", "-c", script]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert run.stderr.startswith("train.py: cannot write") and run.stderr.count("\n") == 1
    assert "No space left on device" in run.stderr and "full: 2\n" in run.stdout
    assert "continuing at 256 steps" in run.stdout and run.stdout.endswith("grown: 0\n")

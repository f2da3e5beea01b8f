"""The installed wheel: its commands, run from an empty folder without this checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv

import pytest
from commands import ROOT, TINY

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["setuptools"]["packages"]


def test_the_wheel_has_every_package():
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert set(PACKAGES) == found | {"cheesemaze"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The programs of an environment with the wheel; its dependencies come from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.png", "*.md", "*-seed[12].safetensors")
    for name in (*PACKAGES, "configs", "checkpoints"):
        if name != "cheesemaze":
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for path in (*ROOT.glob("*.py"), ROOT / "pyproject.toml"):
        shutil.copy(path, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    shutil.rmtree(source)

    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    arguments = ["install", "--no-deps", "--ignore-installed", str(wheel)]
    subprocess.run([*pip, "--python", str(python), *arguments], check=True)
    (site,) = environment.glob("lib/*/site-packages")
    for module in (path for name in PACKAGES for path in (site / name).glob("*.py")):
        original = ROOT / module.relative_to(site)
        if compiled := list(original.parent.glob(f"__pycache__/{module.stem}.*.nb?")):
            # What numba has compiled is good for a copy with the same date; compiling again would take long.
            shutil.copystat(original, module)
            for path in compiled:
                shutil.copy(path, module.parent / "__pycache__")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return environment / "bin"


COMMANDS = """
import json, sys
from pathlib import Path
from cheesemaze.__main__ import main
for words in json.loads(sys.argv[1]):
    mice = list(Path().glob("runs/*/mouse.safetensors"))
    sys.argv = ["cheesemaze", *(word.format(mouse=mice[0] if mice else "") for word in words)]
    main()
"""


@pytest.fixture
def run(installed, tmp_path):
    def run(*command, **variables):
        environment = variables | {
            name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DISPLAY")
        }
        command = [str(installed / command[0]), *command[1:]]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)

    return run


@pytest.mark.slow
def test_the_environments_are_there_after_an_import(run, installed):
    code = (
        "import gymnasium as gym, envs; print(envs.__file__);"
        "print(gym.make('CheeseMaze-v0').reset(seed=0)[0].shape);"
        "print(gym.make_vec('CheeseMaze-v0', num_envs=2, world_dim=5, observation='cells').reset(seed=0)[0].shape)"
    )
    ran = run("python", "-c", code, NUMBA_DISABLE_JIT="1")  # compiling would take longer than two levels
    assert ran.returncode == 0, ran.stderr
    file, single, many = ran.stdout.splitlines()
    assert file.startswith(str(installed.parent)) and single == "(64, 64, 3)" and many == "(2, 5, 5, 3)"


@pytest.mark.slow
def test_the_commands_work_from_an_empty_folder(run, tmp_path):
    """In one process, because each would spend seconds on imports."""
    commands = [
        ["train", *TINY],
        ["evaluate", "checkpoint={mouse}", "levels=5", "device=cpu", "out=results"],
        ["share", "checkpoint={mouse}"],
        ["watch", "record=default.gif", "speed=50"],  # the default mouse
    ]
    ran = run("python", "-c", COMMANDS, json.dumps(commands))
    assert ran.returncode == 0, ran.stderr
    written = ("runs/*/mouse.safetensors", "results/summary.json", "mouse.html", "default.gif")
    assert all(len(list(tmp_path.glob(path))) == 1 for path in written), ran.stdout


@pytest.mark.slow
def test_help_finds_the_configurations(run):
    ran = run("cheesemaze", "train", "--help")
    assert ran.returncode == 0 and "procgen_hard" in ran.stdout and "env.world_dim=11" in ran.stdout, ran.stderr
    for arguments in ((), ("--help",)):
        ran = run("cheesemaze", *arguments)
        assert ran.returncode == 0 and all(name in ran.stdout for name in ("train", "evaluate", "watch"))
    ran = run("cheesemaze", "fly")
    assert ran.returncode == 2 and ran.stderr == (
        "cheesemaze: unknown command 'fly'; expected train, evaluate, watch, interpret, share, import_weights\n"
    )

"""The installed wheel: its commands, run from an empty folder without this checkout."""

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
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return environment / "bin"


@pytest.fixture
def run(installed, tmp_path):
    def run(*command):
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DISPLAY")}
        command = [str(installed / command[0]), *command[1:]]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)

    return run


def test_the_environments_are_there_after_an_import(run, installed):
    code = (
        "import gymnasium as gym, envs; print(envs.__file__);"
        "print(gym.make('CheeseMaze-v0').reset(seed=0)[0].shape);"
        "print(gym.make_vec('CheeseMaze-v0', num_envs=2, world_dim=5, observation='cells').reset(seed=0)[0].shape)"
    )
    ran = run("python", "-c", code)
    assert ran.returncode == 0, ran.stderr
    file, single, many = ran.stdout.splitlines()
    assert file.startswith(str(installed.parent)) and single == "(64, 64, 3)" and many == "(2, 5, 5, 3)"


@pytest.mark.slow
def test_the_commands_work_from_an_empty_folder(run, tmp_path):
    ran = run("cheesemaze", "train", *TINY)
    assert ran.returncode == 0, ran.stderr
    (mouse,) = tmp_path.glob("runs/*/mouse.safetensors")
    ran = run("cheesemaze", "evaluate", f"checkpoint={mouse}", "levels=5", "device=cpu", "out=results")
    assert ran.returncode == 0 and (tmp_path / "results" / "summary.json").exists(), ran.stderr
    ran = run("cheesemaze", "share", f"checkpoint={mouse}")
    assert ran.returncode == 0 and (tmp_path / "mouse.html").exists(), ran.stderr
    ran = run("cheesemaze", "watch", "record=default.gif", "speed=50")  # the default mouse
    assert ran.returncode == 0 and (tmp_path / "default.gif").exists(), ran.stderr


def test_help_finds_the_configurations(run):
    ran = run("cheesemaze", "train", "--help")
    assert ran.returncode == 0 and "procgen_hard" in ran.stdout and "env.world_dim=11" in ran.stdout, ran.stderr
    for arguments in ((), ("--help",)):
        ran = run("cheesemaze", *arguments)
        assert ran.returncode == 0 and all(name in ran.stdout for name in ("train", "evaluate", "watch"))
    ran = run("cheesemaze", "fly")
    assert ran.returncode == 2 and ran.stderr == (
        "cheesemaze: unknown command 'fly'; expected train, evaluate, watch, share, import_weights\n"
    )

"""Helpers of the command tests; the fixtures are in ``conftest.py``."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "SDL_VIDEODRIVER")
TINY = (
    *("env.world_dim=5", "env.max_episode_steps=20", "agent.num_envs=16", "agent.num_steps=16"),
    *("agent.minibatch_size=64", "total_steps=1024", "evaluation_levels=50", "device=cpu", "run_dir=runs"),
)
TOO_LONG = "n" * 300  # a name that no file can have
NO_MICE = (  # a file given as a checkpoint, and its error message
    ("nowhere.safetensors", "no checkpoint at nowhere.safetensors"),
    ("{folder}", "no checkpoint at {folder}"),
    ("{truncated}", "{truncated} is not a whole safetensors file"),
    ("{cut in its header}", "not a whole safetensors file"),
    ("{empty}", "not a whole safetensors file"),
    ("{text}", "not a whole safetensors file"),
    ("{foreign}", "foreign file"),
    ("{of another version}", "has format version 99; this program reads version 2"),
    ("{state}", "expected a 'cheesemaze-mouse'"),
    (TOO_LONG, f"no checkpoint at {TOO_LONG}"),
    (f"{TOO_LONG}*", f"no mouse at checkpoint={TOO_LONG}*"),
)
NO_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


def files_in(folder: Path) -> dict[str, bytes | None]:
    """The content of each file in a folder, by path; None for a subfolder."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def write_seeds(mouse: Path, folder: Path, *names: str) -> None:
    """Write mice of several training seeds into a folder: the same weights, said to be of other trainings."""
    from agents.checkpoint import MOUSE_FORMAT, read_checkpoint, write_checkpoint

    tensors, header = read_checkpoint(mouse, MOUSE_FORMAT)
    del header["sha256"]
    for seed, name in enumerate(names):
        write_checkpoint(
            folder / f"{name}.safetensors", tensors, header | {"config": header["config"] | {"seed": seed}}
        )


def check_refusal(call, folder: Path, given: dict[str, Path], command: list[str], named: str) -> None:
    """Check that a command ends with one line on standard error and exit code 2, and leaves no file.

    Args:
        call: the fixture.
        folder: the working folder of the command; empty.
        given: the fixture; an argument ``{name}`` becomes the path of that file.
        command: the script and its arguments.
        named: what the line must contain, after the name of the script.
    """
    script, *arguments = [text.format(**given) for text in command]
    before = files_in(given["folder"])
    code, said, errors = call(script, *arguments)
    (line,) = errors.splitlines()
    assert line.startswith(f"{Path(script).name}: ") and named.format(**given) in line and "Traceback" not in line
    assert code == 2 and files_in(folder) == {} and files_in(given["folder"]) == before
    assert said == "" or "run_dir" in command[-1]


def check_help_is_quick(script: str, folder: Path) -> None:
    """Check in a separate process that a script's ``--help`` imports nothing that takes seconds."""
    slow = {"torch", "numba", "pandas", "scipy", "matplotlib", "statsmodels", "sklearn", "gymnasium", "av"}
    program = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    program = f"import atexit, sys; atexit.register(lambda: print('imported:', *sys.modules)); {program}"
    command = [sys.executable, "-c", program, str(ROOT / script), "--help"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    imported = ran.stdout.rpartition("imported: ")[2].split()
    assert "foundation.settings" in imported and not slow & set(imported)

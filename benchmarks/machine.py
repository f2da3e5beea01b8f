"""Describe the machine, find run folders, and write the results files."""

import os
import platform
import re
from collections.abc import Sequence
from glob import glob
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from measure import count_cores

from agents.checkpoint import list_versions
from agents.training import STATE_FILE
from analysis.figures import encode_png
from foundation.errors import InputError
from foundation.files import write_atomically, write_json

RESULTS = Path(__file__).parent / "results"


def check_name(name: str) -> None:
    """Check that a name is a safe file name.

    Raises:
        InputError: if it is not.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise InputError(f"name must consist of letters, digits, dots and dashes, not {name!r}")


def find_runs(patterns: Sequence[str]) -> list[Path]:
    """Find the run folders at glob patterns that hold a training state."""
    folders = [Path(folder) for pattern in patterns for folder in sorted(glob(pattern))]
    return [folder for folder in folders if (folder / STATE_FILE).is_file()]


def write_results(name: str, numbers: Any, figure: Figure) -> None:
    """Write numbers (JSON) and a figure (PNG) into the results folder, and print their paths."""
    path = RESULTS / f"{name}.json"
    write_json(path, numbers, indent=None)
    write_atomically(path.with_suffix(".png"), encode_png(figure))
    print(*(f"→ {os.path.relpath(path.with_suffix(suffix))}" for suffix in (".json", ".png")), sep="\n")


def describe_machine(device: torch.device | str = "cpu") -> dict[str, Any]:
    """Describe the CPU, the measured device, the system and the versions."""
    more = {name: version(name) for name in ("gymnasium", "numba")}
    on_gpu = torch.device(device).type == "cuda"
    name = torch.cuda.get_device_name(device) if on_gpu else f"{_read_cpu_name()}, {count_cores()} cores"
    cuda = {"cuda": torch.version.cuda} if on_gpu else {}
    about = {"device": name, "cpu": _read_cpu_name(), "cores": count_cores(), "system": platform.platform()}
    return about | {"versions": list_versions() | more | cuda}


def _read_cpu_name() -> str:
    try:
        named = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        named = None
    return named[1] if named else platform.processor() or platform.machine()

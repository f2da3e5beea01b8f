"""Describe the machine, and name the results files."""

import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from measure import count_cores

from agents.checkpoint import list_versions
from foundation.errors import InputError

RESULTS = Path(__file__).parent / "results"


def check_name(name: str) -> None:
    """Check that a name is a safe file name.

    Raises:
        InputError: if it is not.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise InputError(f"name must consist of letters, digits, dots and dashes, not {name!r}")


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

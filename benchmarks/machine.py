"""What the numbers depend on apart from the code: the machine. And where they are kept."""

import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from measure import cores

from agents.checkpoint import list_versions
from foundation.errors import InputError

RESULTS = Path(__file__).parent / "results"


def check_name(name: str) -> None:
    """Refuse a name that no file should have.

    Raises:
        InputError: it is one.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise InputError(f"name must be of letters, digits, dots and dashes, not {name!r}")


def machine_of(device: torch.device | str = "cpu") -> dict[str, Any]:
    """The processor, the device that is measured, the system and the versions."""
    more = {name: version(name) for name in ("gymnasium", "numba")}
    on_gpu = torch.device(device).type == "cuda"
    name = torch.cuda.get_device_name(device) if on_gpu else f"{_cpu()}, {cores()} cores"
    cuda = {"cuda": torch.version.cuda} if on_gpu else {}
    about = {"device": name, "cpu": _cpu(), "cores": cores(), "system": platform.platform()}
    return about | {"versions": list_versions() | more | cuda}


def _cpu() -> str:
    try:
        named = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        named = None
    return named[1] if named else platform.processor() or platform.machine()

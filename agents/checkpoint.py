"""The file format of checkpoints: tensors and a header in one safetensors file.

Everything that is not a tensor is JSON in the header. Loading runs no code. A file is replaced in one piece.
"""

import json
import platform
from pathlib import Path
from typing import Any

import numpy
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from foundation.files import write_atomically

MOUSE_FORMAT, STATE_FORMAT = "cheesemaze-mouse", "cheesemaze-training-state"
VERSION = 1
HEADER = "cheesemaze"  # the key of our header among safetensors' metadata


def write_checkpoint(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Write tensors and a header, with the format version."""
    # safetensors stores no memory format, so a channels_last weight is copied to the contiguous layout.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps({"format": header["format"], "version": VERSION} | header)
    write_atomically(path, safetensors.torch.save(plain, {HEADER: text}))


def read_checkpoint(path: Path, format: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors and the header of a file.

    Args:
        path: of the file.
        format: ``MOUSE_FORMAT`` or ``STATE_FORMAT``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or has another format or version.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}; expected a .safetensors file that train.py wrote")
    try:
        with safetensors.safe_open(path, "pt") as file:  # type: ignore[attr-defined]
            header = json.loads((file.metadata() or {}).get(HEADER, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, json.JSONDecodeError, OSError) as error:
        raise ValueError(f"{path} is not a whole safetensors file ({str(error).splitlines()[0]})") from error
    if header.get("format") != format:
        raise ValueError(f"{path} is a {header.get('format', 'foreign file')!r}; expected a {format!r}")
    if header.get("version") != VERSION:
        raise ValueError(f"{path} has format version {header.get('version')}; this program reads version {VERSION}")
    return tensors, header


def list_versions() -> dict[str, str]:
    """The software and the processor that a result may depend on, apart from the configuration."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "machine": platform.machine(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
    }

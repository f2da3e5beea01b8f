"""The file format of checkpoints: tensors and a header in one safetensors file, with a checksum.

Everything that is not a tensor is JSON in the header. Loading runs no code. Files are replaced atomically. Headers
are untrusted input and are checked.
"""

import hashlib
import json
import os
import platform
import warnings
from pathlib import Path
from typing import Any

import numpy
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from foundation.command import format_command
from foundation.errors import InputError
from foundation.files import parse_json, write_atomically
from foundation.settings import describe_error

MOUSE_FORMAT, STATE_FORMAT = "cheesemaze-mouse", "cheesemaze-training-state"
VERSION = 2
UNCHECKED_VERSION = 1  # an older one, without a checksum
HEADER = "cheesemaze"  # the key of our header among safetensors' metadata
DIGEST = ', "sha256": "'  # follows the header's other values; safetensors writes two keys in no fixed order


def write_checkpoint(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Write tensors and a header, with the format version and a checksum.

    Raises:
        InputError: the file cannot be written.
    """
    # safetensors stores no memory format, so a channels_last weight is copied to the contiguous layout.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps({"version": VERSION} | header, allow_nan=False)
    checked = f'{text[:-1]}{DIGEST}{compute_digest(plain, text)}"}}'
    write_atomically(path, safetensors.torch.save(plain, {HEADER: checked}))


def compute_digest(tensors: dict[str, Tensor], header: str) -> str:
    """The SHA-256 of a header's text and of the names, types, shapes and bytes of contiguous CPU tensors."""
    digest = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def read_checkpoint(path: Path, format: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors and the header of a file, and verify its checksum.

    A file of an older version has no checksum; it is read with a warning.

    Args:
        path: of the file.
        format: ``MOUSE_FORMAT`` or ``STATE_FORMAT``.

    Raises:
        InputError: there is no such file, it is damaged, or it has another format or version.
    """
    if not os.path.isfile(path):  # Path's would raise an error for a name that the system refuses
        raise InputError(f"no checkpoint at {path}; expected a .safetensors file that train.py wrote")
    if path.suffix in (".pth", ".pt"):
        command = format_command("import_weights.py", str(path), "env.cheese_region=5")
        raise InputError(
            f"{path} is not a safetensors file; if it is a published network, make a mouse of it with {command}"
        )
    try:
        with safetensors.safe_open(path, "pt") as file:  # type: ignore[attr-defined]
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # safetensors raises errors of many kinds for damaged files
        raise InputError(f"{path} is not a whole safetensors file ({describe_error(error)})") from error
    text = metadata.get(HEADER, "{}")
    before, has_digest, digest = text.rpartition(DIGEST)
    if has_digest and digest != f'{compute_digest(tensors, before + "}")}"}}':
        raise InputError(f"{path} is damaged: its content does not match its checksum")
    try:
        header = parse_json(text)
    except InputError as error:
        raise InputError(f"{path} is damaged: its header is {error}") from None
    found = header.get("format", "foreign file") if isinstance(header, dict) else "foreign file"
    if found != format:
        raise InputError(f"{path} is a {found!r}; expected a {format!r}")
    if header.get("version") == UNCHECKED_VERSION:
        warnings.warn(f"{path} has no checksum, because an older version wrote it", stacklevel=2)
    elif header.get("version") != VERSION:
        raise InputError(f"{path} has format version {header.get('version')!r}; this program reads version {VERSION}")
    elif not has_digest:
        raise InputError(f"{path} is damaged: its checksum is missing")
    return tensors, header


def check_tensors(tensors: dict[str, Tensor], expected: dict[str, Tensor], where: str) -> None:
    """Compare the names, types and shapes of tensors with those expected, which may be on the meta device.

    Raises:
        InputError: they differ, or a floating-point number is not finite.
    """
    if tensors.keys() != expected.keys():
        name = min(tensors.keys() ^ expected.keys())
        what = "is missing" if name in expected else "is unknown"
        raise InputError(f"{where}: the tensor {name!r} {what}")
    for name, tensor in tensors.items():
        here, there = (f"{str(t.dtype).removeprefix('torch.')} {tuple(t.shape)}" for t in (tensor, expected[name]))
        if here != there:
            raise InputError(f"{where}: the tensor {name!r} is {here}; expected {there}")
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise InputError(f"{where}: the tensor {name!r} has numbers that are not finite")


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

"""The state of a training run, from which it continues bit for bit on the CPU."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from agents import processes
from agents.checkpoint import STATE_FORMAT, check_tensors, list_versions, read_checkpoint, write_checkpoint
from agents.config import describe_identity
from agents.learner import Learner
from agents.mouse import check_origin
from foundation.errors import InputError
from foundation.settings import flatten_settings

CURVE = "curve"  # the tensor of the learning curve, float64 (rollouts, columns)
COUNTS = ("steps", "levels_reused")  # its columns that are whole numbers

Curve = list[dict[str, float]]  # one row per rollout


def save_state(path: Path, learner: Learner, curve: Curve) -> None:
    """Write everything that training changes, of all processes, into one file.

    Raises:
        InputError: the file cannot be written.
    """
    mine = {name: tensor.detach().cpu() for name, tensor in learner.tensors().items()}
    everyone = processes.gather((mine, learner.numbers()))
    if not everyone:
        return
    columns = list(curve[0]) if curve else []
    header = {
        "format": STATE_FORMAT,
        "config": describe_identity(learner.config),
        "processes": [numbers for _, numbers in everyone],
        "columns": columns,
        "init": learner.init,
        "versions": _list_versions(learner),
    }
    named = {_name(rank, name): tensor for rank, (part, _) in enumerate(everyone) for name, tensor in part.items()}
    rows = [[row[column] for column in columns] for row in curve]
    named[CURVE] = torch.tensor(rows, dtype=torch.float64).reshape(len(curve), len(columns))
    write_checkpoint(path, named, header)


def load_state(path: Path, learner: Learner) -> tuple[Curve, list[str]]:
    """Put a learner into a saved state; nothing is changed unless all of it fits.

    Returns:
        The learning curve so far, and one line for each version that has changed since: results may differ.

    Raises:
        InputError: there is no such file, it is damaged or does not fit the learner, or another run or another number
            of processes saved it.
    """
    tensors, header = read_checkpoint(path, STATE_FORMAT)
    _check_config(header.get("config"), learner, path)
    saved, here = header.get("processes"), processes.rank()
    if not isinstance(saved, list) or len(saved) != processes.count():
        number = len(saved) if isinstance(saved, list) else 0
        raise InputError(
            f"{path} was saved by {number} processes, not {processes.count()}; "
            f"continue with torchrun --nproc-per-node={number}, or start over with fresh=true"
        )
    curve, init = parse_curve(tensors, header, path), header.get("init")
    check_origin(init, str(path))
    now, then = _list_versions(learner), header.get("versions")
    then = then if isinstance(then, dict) else {}
    mine = _select(tensors, here, path)
    check_tensors(mine, learner.tensors(), str(path))
    learner.check_state(mine, saved[here], str(path), then.get("device"))
    learner.restore(mine, saved[here])
    learner.init = init
    changed = [f"{key} was {then.get(key)}, is {now[key]}" for key in now if now[key] != then.get(key)]
    return curve, changed


def _check_config(saved: Any, learner: Learner, path: Path) -> None:
    """Check that a state is of this run; settings that only are about the run may differ.

    Raises:
        InputError: it is of another one.
    """
    own = json.loads(json.dumps(describe_identity(learner.config)))
    if saved == own:
        return
    there, here = (flatten_settings(each) if isinstance(each, dict) else {} for each in (saved, own))
    differing = [name for name in {**here, **there} if there.get(name) != here.get(name)]
    told = ", ".join(f"{name} is {there.get(name)!s:.50} there, {here.get(name)} here" for name in differing[:3])
    raise InputError(f"{path} is the state of another run ({told}); start over with fresh=true")


def parse_curve(tensors: dict[str, Tensor], header: dict[str, Any], path: Path) -> Curve:
    """The learning curve of a state; older versions kept it in the header.

    Raises:
        InputError: it is damaged.
    """
    if CURVE not in tensors:
        curve = header.get("curve", [])
        if not isinstance(curve, list) or not all(isinstance(row, dict) for row in curve):
            raise InputError(f"{path}: the learning curve must be a list of rows")
        return curve
    table, columns = tensors[CURVE], header.get("columns")
    if not isinstance(columns, list) or table.dim() != 2 or table.shape[1] != len(columns):
        raise InputError(f"{path}: the learning curve has columns without a name")
    counts = [place for place, name in enumerate(columns) if name in COUNTS]
    if table.dtype != torch.float64 or not table[:, counts].isfinite().all():
        raise InputError(f"{path}: the learning curve must be float64, and its {' and '.join(COUNTS)} finite")
    rows = [dict(zip(map(str, columns), row, strict=True)) for row in table.tolist()]
    return [{name: int(value) if name in COUNTS else value for name, value in row.items()} for row in rows]


def _list_versions(learner: Learner) -> dict[str, str]:
    return list_versions() | {"precision": learner.precision, "device": learner.device.type}


def _name(rank: int, name: str) -> str:
    """The name in the file of a tensor of one process."""
    return f"process{rank}.{name}" if rank else name


def _select(tensors: dict[str, Tensor], rank: int, path: Path) -> dict[str, Tensor]:
    """The tensors of one process, by their names in the learner.

    Raises:
        InputError: a tensor is of a process that is not there.
    """
    found, prefixes = {}, {_name(each, ""): each for each in range(1, processes.count())}
    for name, tensor in tensors.items():
        first, _, rest = name.partition(".")
        if first.startswith("process") and f"{first}." not in prefixes:
            raise InputError(f"{path}: the tensor {name[:50]!r} is unknown")
        if prefixes.get(f"{first}.", 0) == rank and name != CURVE:
            found[rest if rank else name] = tensor
    return found

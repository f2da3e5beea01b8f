"""The state of a training run, from which it continues bit for bit on the CPU."""

from pathlib import Path

from agents import processes
from agents.checkpoint import STATE_FORMAT, list_versions, read_checkpoint, write_checkpoint
from agents.config import describe_identity
from agents.learner import Learner


def save_state(path: Path, learner: Learner, curve: list[dict[str, float]]) -> None:
    """Write everything that training changes, of all processes, into one file."""
    mine = {name: tensor.detach().cpu() for name, tensor in learner.tensors().items()}
    everyone = processes.gather((mine, learner.numbers()))
    if not everyone:
        return
    header = {
        "format": STATE_FORMAT,
        "config": describe_identity(learner.config),
        "processes": [numbers for _, numbers in everyone],
        "curve": curve,
        "versions": _list_versions(learner),
    }
    named = {_name(rank, name): tensor for rank, (part, _) in enumerate(everyone) for name, tensor in part.items()}
    write_checkpoint(path, named, header)


def load_state(path: Path, learner: Learner) -> tuple[list[dict[str, float]], list[str]]:
    """Put a learner into a saved state.

    Returns:
        The learning curve so far, and one line for each version that has changed since: results may differ.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, does not fit the learner, or another number of processes saved it.
    """
    tensors, header = read_checkpoint(path, STATE_FORMAT)
    saved, here = len(header.get("processes", [])), processes.rank()
    if saved != processes.count():
        raise ValueError(
            f"{path} was saved by {saved} processes, not {processes.count()}; "
            f"continue with torchrun --nproc-per-node={saved}, or start over with fresh=true"
        )
    try:
        mine = {name: tensors[_name(here, name)] for name in learner.tensors()}
        learner.restore(mine, header["processes"][here])
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"{path} does not fit this configuration ({str(error).splitlines()[0]})") from error
    now, then = _list_versions(learner), header["versions"]
    changed = [f"{key} was {then.get(key)}, is {now[key]}" for key in now if now[key] != then.get(key)]
    return header["curve"], changed


def _list_versions(learner: Learner) -> dict[str, str]:
    return list_versions() | {"precision": learner.precision, "device": learner.device.type}


def _name(rank: int, name: str) -> str:
    """The name in the file of a tensor of one process."""
    return f"process{rank}.{name}" if rank else name

"""The processes that train one mouse together, as torchrun starts them; one alone is the common case.

Each plays worlds of its own and learns from its share of every minibatch; gradients, advantage and reward statistics
are averaged over all, so all keep the same weights.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor


def count() -> int:
    """How many there are."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which one this is, from 0; the first writes all files and speaks to people."""
    return dist.get_rank() if dist.is_initialized() else 0


def average(tensor: Tensor) -> Tensor:
    """The mean of a float tensor over all processes; in place where there are several."""
    if count() > 1:
        dist.all_reduce(tensor)
        tensor /= count()
    return tensor


def any_of(here: bool) -> bool:
    """Whether something is so in any of them."""
    if count() == 1:
        return here
    told: list[Any] = [None] * count()
    dist.all_gather_object(told, here)
    return any(told)


def gather(value: Any) -> list[Any]:
    """The values of all processes, by rank, to the first; to the others nothing."""
    if count() == 1:
        return [value]
    values: list[Any] = [None] * count()
    dist.gather_object(value, values if rank() == 0 else None)
    return values if rank() == 0 else []


def share(whole: int, name: str) -> int:
    """This process's part of a number that all divide among themselves.

    Raises:
        ValueError: it does not divide.
    """
    if whole % count():
        raise ValueError(f"{name} {whole} must be a multiple of the {count()} processes")
    return whole // count()


def seed(seed: int) -> int:
    """A run's seed, made this process's own: each draws other levels and actions. The first keeps it as it is."""
    return seed if rank() == 0 else int(np.random.SeedSequence([seed, rank()]).generate_state(1, np.uint64)[0] >> 1)


def device_of(name: str) -> torch.device:
    """The device that a setting names; with several processes, "auto" and "cuda" give each a GPU of its own.

    Raises:
        ValueError: it does not exist here, or there are fewer GPUs than processes.
    """
    here = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if here > 1 and name.startswith("cuda"):
        if name != "cuda":
            raise ValueError(f"device {name!r} would serve all {here} processes; say device=cuda and each has its own")
        if here > torch.cuda.device_count():
            raise ValueError(
                f"torchrun started {here} processes here, but this machine has {torch.cuda.device_count()} GPUs; "
                "start no more than that, or say device=cpu"
            )
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        device = torch.empty(0, device=name).device  # with its number, by which others know it, too
    except (RuntimeError, AssertionError) as error:
        there = ", ".join(["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))])
        raise ValueError(f"device {name!r} is not there; this machine has {there}") from error
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Be one of torchrun's processes while it is entered; does nothing where torchrun did not start this one."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield
        return
    # Python objects travel between processors, tensors between the devices that they are on.
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield
        dist.barrier()  # who leaves first takes the connection with it
    finally:
        dist.destroy_process_group()

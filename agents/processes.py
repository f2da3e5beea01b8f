"""Data-parallel training of one mouse, in processes started by torchrun or in a single process.

Each process steps its own environments and learns from its share of every minibatch. Gradients, advantage statistics
and reward statistics are averaged over all processes, so all keep the same weights.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from foundation.errors import InputError


def count() -> int:
    """Return the number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process, from 0. Process 0 writes all files and prints."""
    return dist.get_rank() if dist.is_initialized() else 0


def average(tensor: Tensor) -> Tensor:
    """Average a float tensor over all processes, in place if there are several."""
    if count() > 1:
        dist.all_reduce(tensor)
        tensor /= count()
    return tensor


def any_of(here: bool) -> bool:
    """Return whether a condition holds in any process."""
    if count() == 1:
        return here
    conditions: list[Any] = [None] * count()
    dist.all_gather_object(conditions, here)
    return any(conditions)


def gather(value: Any) -> list[Any]:
    """The values of all processes, by rank, in process 0; an empty list in the others."""
    if count() == 1:
        return [value]
    values: list[Any] = [None] * count()
    dist.gather_object(value, values if rank() == 0 else None)
    return values if rank() == 0 else []


def share(whole: int, name: str) -> int:
    """Return this process's equal share of a number.

    Raises:
        InputError: the number is not a multiple of the number of processes.
    """
    if whole % count():
        raise InputError(f"{name} {whole} must be a multiple of the {count()} processes")
    return whole // count()


def seed(seed: int) -> int:
    """This process's own seed, so that each draws other levels and actions. Process 0 keeps the run's seed."""
    return seed if rank() == 0 else int(np.random.SeedSequence([seed, rank()]).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Join torchrun's process group; does nothing if torchrun did not start this process.

    Raises:
        InputError: another process of the group ended, or torchrun's variables are missing.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield
        return
    try:
        try:
            # gloo sends Python objects between CPUs; NCCL sends tensors between GPUs.
            dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
        except ValueError as error:
            raise InputError(f"WORLD_SIZE is set, but torchrun did not start this process: {error}") from None
        yield
        dist.barrier()  # a process that leaves early would close the connection
    except RuntimeError as error:
        if not any(word in str(error).lower() for word in ("gloo", "nccl", "connection")):
            raise
        cause = next(iter(str(error).splitlines()), "")
        raise InputError(
            "another process of this run was lost; "
            f"the same command, without fresh=true, resumes from the last saved state ({cause})"
        ) from error
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()

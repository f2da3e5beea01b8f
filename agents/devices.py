"""The device of a run."""

import os

import torch

from foundation.errors import InputError


def choose_device(name: str) -> torch.device:
    """The device that a setting names. With several processes, "auto" and "cuda" give each its own GPU.

    Raises:
        InputError: the device does not exist, or there are fewer GPUs than processes.
    """
    here = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if here > 1 and name.startswith("cuda"):
        if name != "cuda":
            raise InputError(f"device {name!r} would be shared by all {here} processes; use device=cuda")
        if here > torch.cuda.device_count():
            raise InputError(
                f"torchrun started {here} processes here, but this machine has {torch.cuda.device_count()} GPUs; "
                "start no more than that, or use device=cpu"
            )
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        device = torch.empty(0, device=name).device  # with its index
        if device.type not in ("cpu", "cuda"):
            raise RuntimeError("unsupported device type")
    except (RuntimeError, AssertionError, ImportError) as error:
        there = ", ".join(["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))])
        raise InputError(f"device {name!r} is not there; this machine has {there}") from error
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.backends.cudnn.allow_tf32 = False  # float32 means float32, in convolutions as in matrix products
    return device

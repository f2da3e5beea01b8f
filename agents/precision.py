"""The precision of a network's arithmetic: float32, or bfloat16 by autocast."""

from contextlib import AbstractContextManager, nullcontext

import torch

from foundation.errors import InputError

BF16_MIN_SIDE = 32  # on a CPU, casts cost as much as they save for smaller observations (docs/training.md)


def choose_precision(name: str, device: torch.device, side: int) -> str:
    """The precision that a setting names; for "auto" the faster one for observations of this side.

    Raises:
        InputError: an unknown precision, or bfloat16 on a device without it.
    """
    if device.type == "cuda":
        native = pays = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
        pays = side >= BF16_MIN_SIDE and torch.cpu._is_avx512_bf16_supported()
    if name == "auto":
        return "bfloat16" if pays else "float32"
    if name not in ("float32", "bfloat16"):
        raise InputError(f"precision must be auto, float32 or bfloat16, not {name!r}")
    if name == "bfloat16" and not native:
        raise InputError(f"precision bfloat16 was asked for, but this {device.type} has none; use precision=float32")
    return name


def in_precision(precision: str, device: torch.device) -> AbstractContextManager:
    """The context in which a network runs in a precision.

    Enter it for each call. A region that stays open across optimiser steps keeps stale copies of the weights. Copies
    are not cached, because a recorded CUDA graph would read those of another call.
    """
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)

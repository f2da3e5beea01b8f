"""Weights of published networks: the files of Langosco et al.'s trainer, ``{"model_state_dict": …}``.

Their layers have our names. Reading such a file runs no code: only plain tensors are unpickled.
"""

import os
import warnings
from pathlib import Path

import torch
from torch import Tensor

from agents.checkpoint import check_tensors
from agents.config import AgentConfig
from agents.impala import WIDTHS, ImpalaPolicy, build_policy
from envs.spec import WorldSpec
from foundation.errors import InputError
from foundation.settings import check_settings

STATE_DICT = "model_state_dict"
PUBLISHED_GAMMA = 0.999  # the discount of Langosco et al. 2022; the files do not hold it
FIRST_LAYER = "embedder.block1.conv.weight"


def load_published_policy(path: Path, spec: WorldSpec) -> tuple[ImpalaPolicy, int]:
    """Load a published network for a world.

    Returns:
        The network, and its width multiplier.

    Raises:
        InputError: there is no such file, it holds something else than tensors, or they do not fit the world.
    """
    weights = read_published_weights(path)
    first = weights.get(FIRST_LAYER, torch.empty(0))
    scale = max(1, first.shape[0] // WIDTHS[0]) if first.dim() else 1
    check_settings(AgentConfig(scale=scale), f"{path}: agent.")
    with torch.device("meta"):  # shapes without memory
        expected = ImpalaPolicy(spec.observation_shape, spec.num_actions, scale).state_dict()
    check_tensors(weights, expected, f"{path}, observation={spec.observation}, action_set={spec.action_set}")
    policy = build_policy(spec, scale)
    policy.load_state_dict(weights)
    return policy, scale


def read_published_weights(path: Path) -> dict[str, Tensor]:
    """Read the weights of a published network, by the names of their layers, as float32.

    Raises:
        InputError: there is no such file, or it holds something else than tensors under ``model_state_dict``.
    """
    if not os.path.isfile(path):
        raise InputError(f"no file at {path}; expected a .pth file with a {STATE_DICT}")
    try:
        with warnings.catch_warnings(action="ignore"):  # torch warns of files that older versions wrote
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can raise anything, and the restricted unpickler refuses all objects
        reason = next((line for line in str(error).splitlines() if "Unsupported" in line), type(error).__name__)
        message = f"{path} is damaged, or holds objects besides tensors, which are not loaded ({reason.strip()})"
        raise InputError(message) from None
    weights = content.get(STATE_DICT) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not weights:
        raise InputError(f"{path} has no {STATE_DICT}; expected a file of Langosco et al.'s trainer")
    for name, weight in weights.items():
        if not (isinstance(name, str) and isinstance(weight, Tensor) and _is_plain(weight)):
            raise InputError(f"{path}: {name!r} is not a dense tensor of real numbers")
    return {name: weight.float() for name, weight in weights.items()}


def _is_plain(weight: Tensor) -> bool:
    """Whether a tensor is dense, and has its numbers in memory."""
    dense = weight.layout is torch.strided and not weight.is_nested and weight.device.type == "cpu"
    return dense and weight.is_floating_point()

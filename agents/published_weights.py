"""Weights of published networks: the files of Langosco et al.'s trainer, ``{"model_state_dict": …}``.

Their layers have our names. Reading such a file runs no code: only plain tensors are unpickled.
"""

import warnings
from pathlib import Path

import torch
from torch import Tensor

from agents.impala import WIDTHS, ImpalaPolicy
from envs.spec import WorldSpec

STATE_DICT = "model_state_dict"
FIRST_LAYER = "embedder.block1.conv.weight"


def read_published_weights(path: Path) -> dict[str, Tensor]:
    """Read the weights of a published network, by the names of their layers, as float32.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file holds something else than tensors, or not under ``model_state_dict``.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no file at {path}; expected a .pth file with a {STATE_DICT}")
    try:
        with warnings.catch_warnings(action="ignore"):  # of files in the format of older versions
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can raise anything, and the restricted unpickler refuses all objects
        reason = next((line for line in str(error).splitlines() if "Unsupported" in line), type(error).__name__)
        message = f"{path} is damaged, or holds objects besides tensors, which are not loaded ({reason.strip()})"
        raise ValueError(message) from None
    weights = content.get(STATE_DICT) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not weights:
        raise ValueError(f"{path} has no {STATE_DICT}; expected a file of Langosco et al.'s trainer")
    for name, weight in weights.items():
        if not (isinstance(name, str) and isinstance(weight, Tensor) and weight.is_floating_point()):
            raise ValueError(f"{path}: {name!r} is no tensor of real numbers")
        if not weight.isfinite().all():
            raise ValueError(f"{path}: {name} has values that are not finite")
    return {name: weight.float() for name, weight in weights.items()}


def detect_scale(weights: dict[str, Tensor], spec: WorldSpec) -> int:
    """The width multiplier of a network, after a check that all its layers fit a world.

    Raises:
        ValueError: a layer is missing, unknown or of another shape.
    """
    if FIRST_LAYER not in weights:
        raise ValueError(f"the layer {FIRST_LAYER} is missing; expected an Impala-CNN")
    scale = max(1, len(weights[FIRST_LAYER]) // WIDTHS[0])
    with torch.device("meta"):  # shapes without memory
        expected = ImpalaPolicy(spec.observation_shape, spec.num_actions, scale).state_dict()
    if missing := expected.keys() - weights.keys():
        raise ValueError(f"the layer {min(missing)} is missing")
    if unknown := weights.keys() - expected.keys():
        raise ValueError(f"the layer {min(unknown)} is unknown; expected an Impala-CNN without normalisation")
    for name, weight in expected.items():
        found, wanted = tuple(weights[name].shape), tuple(weight.shape)
        if found != wanted:
            raise ValueError(
                f"{name} has the shape {found}, but {wanted} fits the env settings (observation={spec.observation}, "
                f"action_set={spec.action_set}, world_dim={spec.world_dim})"
            )
    return scale

"""A trained mouse: its policy, the world that it was trained in, and its file."""

import os
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import Any, NamedTuple

import torch

from agents.checkpoint import MOUSE_FORMAT, check_tensors, read_checkpoint, write_checkpoint
from agents.config import AgentConfig, EnvConfig
from agents.impala import ImpalaPolicy, build_policy
from envs.spec import WorldSpec
from foundation.errors import InputError
from foundation.settings import build_settings, is_integer

REMEMBERED = ("sha256", "config", "progress", "init")  # of the header of a mouse that another one began from


class Mouse(NamedTuple):
    """A trained mouse.

    Attributes:
        policy: in evaluation mode.
        spec: the world that it was trained in.
        agent: its network and training.
        header: of its file: format, version, config, progress, versions.
        path: of its file.
    """

    policy: ImpalaPolicy
    spec: WorldSpec
    agent: AgentConfig
    header: dict[str, Any]
    path: Path

    @property
    def name(self) -> str:
        """Its name in tables and figures: that of its file, or of its run folder if the file is "mouse"."""
        path = self.path.resolve()  # "../mouse.safetensors" has the name of a folder, too
        return (path.parent.name if path.stem == "mouse" else path.stem) or "mouse"

    @property
    def training_seed(self) -> int:
        """The seed of its training; −1 if its header has none."""
        return self.header.get("config", {}).get("seed", -1)

    @property
    def device(self) -> torch.device:
        return self.policy.fc_value.weight.device


def save_mouse(path: Path, policy: ImpalaPolicy, header: dict[str, Any], dtype: torch.dtype = torch.float16) -> None:
    """Write the weights of a policy, and a header with its configuration, progress and versions.

    Weights in float16 make the file half as large, and change what a mouse does less than its seed by far: see
    ``tests/test_mouse.py``.

    Args:
        path: of the file.
        policy: the network.
        header: of the file.
        dtype: of the weights in the file, float16 or float32.
    """
    weights = {name: weight.to(dtype) for name, weight in policy.state_dict().items()}
    write_checkpoint(path, weights, {"format": MOUSE_FORMAT} | header)


def load_mouse(path: str | Path, device: torch.device | str = "cpu") -> Mouse:
    """Load a trained mouse.

    Raises:
        InputError: there is no such file, it is damaged, has another format or version, or its weights do not fit its
            configuration.
    """
    path = Path(path)
    tensors, header = read_checkpoint(path, MOUSE_FORMAT)
    config = header.get("config")
    if not isinstance(config, dict):
        raise InputError(f"{path}: the header has no configuration")
    spec = _build_spec(config.get("env"), str(path))
    agent = build_settings(AgentConfig, config.get("agent"), f"{path}: agent")
    with torch.device("meta"):  # a network is built only when the weights fit it
        expected = ImpalaPolicy(spec.observation_shape, spec.num_actions, agent.scale).state_dict()
    tensors = {name: each.float() if each.dtype == torch.float16 else each for name, each in tensors.items()}
    check_tensors(tensors, expected, str(path))
    policy = build_policy(spec, agent.scale, device)
    policy.load_state_dict(tensors)
    seed = config.get("seed", -1)
    if not is_integer(seed):
        raise InputError(f"{path}: the training seed must be an integer, not {seed!r}")
    _check_progress(header, str(path))
    check_origin(header.get("init"), str(path))
    return Mouse(policy.eval(), spec, agent, header, path)


def _check_progress(header: dict[str, Any], where: str) -> None:
    """Check what a header says of the progress of a training.

    Raises:
        InputError: it is no mapping, or its steps are no integer.
    """
    progress = header.get("progress", {})
    if not isinstance(progress, dict) or not is_integer(progress.get("steps", 0)):
        raise InputError(f"{where}: the progress must be an object with a number of steps, not {progress!s:.50}")


def check_origin(init: Any, where: str) -> None:
    """Check what a header says of the mouse that a training began from; None: of none.

    Raises:
        InputError: it has no name, or its training is not described as in a mouse's header.
    """
    if init is None:
        return
    if not isinstance(init, dict) or not isinstance(init.get("name"), str):
        raise InputError(f"{where}: what the mouse began from must be an object with a name, not {init!s:.50}")
    _check_progress(init, f"{where}: init")
    config = init.get("config", {})
    if not isinstance(config, dict):
        raise InputError(f"{where}: init: the configuration must be an object, not {config!s:.50}")
    _build_spec(config.get("env", {}), f"{where}: init")


def _build_spec(env: Any, where: str) -> WorldSpec:
    settings = build_settings(EnvConfig, env, f"{where}: env")
    try:
        return settings.build_spec()
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def load_weights(policy: ImpalaPolicy, path: str | Path) -> dict[str, Any]:
    """Give a policy the weights of a trained mouse.

    Args:
        policy: a new network.
        path: of the mouse.

    Returns:
        What to remember of the mouse: its ``name``, ``sha256``, ``config``, ``progress`` and, if it began from another
        mouse itself, ``init``.

    Raises:
        InputError: there is no mouse, or its network does not fit.
    """
    mouse = load_mouse(path)
    check_tensors(mouse.policy.state_dict(), policy.state_dict(), f"init={path} has another network")
    policy.load_state_dict(mouse.policy.state_dict())
    return {"name": mouse.name, **{key: mouse.header[key] for key in REMEMBERED if key in mouse.header}}


def load_mice(patterns: Sequence[str], device: torch.device | str = "cpu", setting: str = "checkpoint") -> list[Mouse]:
    """Load the mice of several files or glob patterns, which errors call by the name of the setting.

    Raises:
        InputError: no file matches, a file cannot be loaded, or two mice have the same name.
    """
    paths, texts = [], list(map(str, patterns))  # a list of the command line may hold anything
    for text in filter(None, texts):
        paths += sorted(glob(text)) if set("*?[") & set(text) and not os.path.exists(text) else [text]
    if not paths:
        raise InputError(f"no mouse at {setting}={', '.join(texts)}; expected .safetensors files of train.py")
    mice = [load_mouse(path, device) for path in paths]
    names = [mouse.name for mouse in mice]
    if len(set(names)) < len(names):
        raise InputError(f"mice must have different names, not {', '.join(names)}")
    return mice

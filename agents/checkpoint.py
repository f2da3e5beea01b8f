"""Files that last: a trained mouse, and a training state to go on from.

Both are one safetensors file with everything that is not a tensor as JSON in its header. Loading runs no code, and
a file is replaced in one piece or not at all.
"""

import json
import os
import platform
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from agents import processes
from agents.config import AgentConfig, EnvConfig, identity
from agents.impala import ImpalaPolicy
from agents.learner import Learner, policy_for

MOUSE, STATE = "cheesemaze-mouse", "cheesemaze-training-state"
VERSION = 1
HEADER = "cheesemaze"  # the header's key


class Mouse(NamedTuple):
    """A trained mouse: its network, the world it was trained in, and what else its file says.

    Attributes:
        policy: in evaluation mode.
        env: its training world.
        agent: its network and training.
        header: the whole header: format, version, config, progress, versions.
        path: where it was loaded from.
    """

    policy: ImpalaPolicy
    env: EnvConfig
    agent: AgentConfig
    header: dict[str, Any]
    path: Path

    @property
    def name(self) -> str:
        """What tables and figures call it: its file's name, or for a run folder's mouse the folder's."""
        return self.path.parent.name if self.path.stem == "mouse" else self.path.stem


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file in one piece: whoever reads it, even after a crash, finds the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    # safetensors knows no memory formats: a channels_last weight must be laid out anew.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    write_atomically(path, safetensors.torch.save(plain, {HEADER: json.dumps(header)}))


def read(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the header of a file of this kind, ``MOUSE`` or ``STATE``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or of another kind or version.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}; expected a .safetensors file that train.py wrote")
    try:
        with safetensors.safe_open(path, "pt") as file:  # type: ignore[attr-defined]
            header = json.loads((file.metadata() or {}).get(HEADER, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, json.JSONDecodeError, OSError) as error:
        raise ValueError(f"{path} is not a whole safetensors file ({str(error).splitlines()[0]})") from error
    if header.get("format") != kind:
        raise ValueError(f"{path} is a {header.get('format', 'foreign file')!r}; expected a {kind!r}")
    if header.get("version") != VERSION:
        raise ValueError(f"{path} has format version {header.get('version')}; this program reads version {VERSION}")
    return tensors, header


def versions() -> dict[str, str]:
    """What a result may depend on, apart from the configuration."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "machine": platform.machine(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
    }


def save_mouse(path: Path, learner: Learner) -> None:
    """Write a learner's mouse: weights, and in the header the full configuration, progress and versions."""
    header = {
        "format": MOUSE,
        "version": VERSION,
        "config": identity(learner.config),
        "progress": {"steps": learner.steps, "rollouts": learner.rollouts},
        "trained_on": {"device": learner.device.type, "precision": learner.precision},
        "versions": versions(),
    }
    _write(path, learner.policy.state_dict(), header)


def load_mouse(path: str | Path, device: torch.device | str = "cpu") -> Mouse:
    """Load a trained mouse.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, of another kind or version, or its weights do not fit its configuration.
    """
    path = Path(path)
    tensors, header = read(path, MOUSE)
    try:
        env, agent = EnvConfig(**header["config"]["env"]), AgentConfig(**header["config"]["agent"])
        policy = policy_for(env, agent, device)
        policy.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f"{path}: the weights do not fit the configuration ({str(error).splitlines()[0]})") from error
    return Mouse(policy.eval(), env, agent, header, path)


def save_state(path: Path, learner: Learner, curve: list[dict[str, float]]) -> None:
    """Write everything that is needed to go on from here, bit for bit on the CPU; of all processes, into one file."""
    mine = {name: tensor.detach().cpu() for name, tensor in learner.tensors().items()}
    everyone = processes.gather((mine, learner.numbers()))
    if not everyone:
        return
    header = {
        "format": STATE,
        "version": VERSION,
        "config": identity(learner.config),
        "processes": [numbers for _, numbers in everyone],
        "curve": curve,
        "versions": versions() | {"precision": learner.precision, "device": learner.device.type},
    }
    named = {_of(rank, name): tensor for rank, (part, _) in enumerate(everyone) for name, tensor in part.items()}
    _write(path, named, header)


def load_state(path: Path, learner: Learner) -> tuple[list[dict[str, float]], list[str]]:
    """Go on from a saved state.

    Returns:
        The learning curve so far, and a line for each version that differs from then: results may too.

    Raises:
        FileNotFoundError, ValueError: as for ``load_mouse``; or another number of processes saved it.
    """
    tensors, header = read(path, STATE)
    saved, here = len(header.get("processes", [])), processes.rank()
    if saved != processes.count():
        raise ValueError(
            f"{path} was saved by {saved} processes, not {processes.count()}; "
            f"go on with torchrun --nproc-per-node={saved}, or start over with fresh=true"
        )
    try:
        mine = {name: tensors[_of(here, name)] for name in learner.tensors()}
        learner.restore(mine, header["processes"][here])
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"{path} does not fit this configuration ({str(error).splitlines()[0]})") from error
    now = versions() | {"precision": learner.precision, "device": learner.device.type}
    then = header["versions"]
    changed = [f"{key} was {then.get(key)}, is {now[key]}" for key in now if now[key] != then.get(key)]
    return header["curve"], changed


def _of(rank: int, name: str) -> str:
    """What a tensor of a process is called in the file."""
    return f"process{rank}.{name}" if rank else name

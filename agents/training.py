"""A training run in its folder: continue, log, save and stop."""

import math
import re
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from agents import processes
from agents.checkpoint import list_versions
from agents.config import TrainConfig, describe_identity, name_run
from agents.learner import Learner
from agents.logbook import Logbook
from agents.mouse import save_mouse
from agents.training_state import Curve, load_state, save_state
from foundation.errors import InputError
from foundation.files import lock_folder

STATE_FILE, MOUSE_FILE = "state.safetensors", "mouse.safetensors"
LOSSES = ("policy_loss", "value_loss", "entropy", "gradient_norm", "weight_norm")  # never infinite or NaN


class Stopped(Exception):
    """Training has stopped after a signal (Ctrl-C, SIGTERM) and has saved its state."""


class StopRequest:
    """Remembers SIGINT and SIGTERM while entered. A second one takes effect at once.

    With several processes it does not, because the terminal and torchrun both forward the first one.
    """

    def __enter__(self) -> "StopRequest":
        self.received = False
        self.before = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame) -> None:
        self.received = True
        if processes.count() == 1:
            signal.signal(number, self.before[number])


def train(
    config: TrainConfig,
    device: torch.device,
    console: Console,
    evaluate: Callable[[Learner], dict[str, float]] = lambda learner: {},
) -> tuple[Path, Curve]:
    """Train one mouse, or continue training it, or find that it is trained.

    Args:
        config: of the run; names its folder.
        device: of the training.
        console: for progress.
        evaluate: computes rates, by name, for TensorBoard every ``eval_every`` rollouts; changes nothing.

    Returns:
        The run folder, with the trained mouse in ``MOUSE_FILE``, and the learning curve: one row per rollout.

    Raises:
        InputError: settings that contradict each other, or a damaged state.
        Stopped: after a signal; the same command resumes.
    """
    check_name(config.name)
    learner = Learner(config, device)
    folder = Path(config.run_dir) / name_run(config)
    first = processes.rank() == 0
    if config.init and (config.fresh or not _is_begun(folder)):  # a state knows the mouse that its weights began from
        learner.begin_from(config.init)
    with lock_folder(folder) if first else nullcontext():
        if first and config.fresh:
            remove_run(folder)
        curve, begun = _resume(folder, learner, console), learner.rollouts
        book = Logbook(folder, learner, console) if first and not learner.finished else nullcontext()
        with StopRequest() as stop, closing(learner), book as logbook:
            while not learner.finished:
                _learn(learner, curve, logbook, evaluate, config)
                stopped = processes.any_of(stop.received)
                if learner.rollouts % config.save_every == 0 or learner.finished or stopped:
                    save_state(folder / STATE_FILE, learner, curve)
                if stopped and not learner.finished:
                    again = f"the same command{' without fresh=true' if config.fresh else ''} resumes"
                    raise Stopped(f"stopped at {learner.steps:,} steps and saved {folder / STATE_FILE}; {again}")
        # A finished run keeps its file, which says on which machine it was trained.
        if first and (learner.rollouts > begun or not (folder / MOUSE_FILE).exists()):
            save_mouse(folder / MOUSE_FILE, learner.policy, describe_mouse(learner))
    return folder, curve


def _is_begun(folder: Path) -> bool:
    """Whether the first process sees a saved state in a run folder."""
    return processes.any_of(processes.rank() == 0 and (folder / STATE_FILE).exists())


def _resume(folder: Path, learner: Learner, console: Console) -> Curve:
    """Continue from a saved state if there is one; the learning curve so far."""
    if _is_begun(folder):
        curve, changed = load_state(folder / STATE_FILE, learner)
        told = f"already trained for {learner.steps:,}" if learner.finished else f"continuing at {learner.steps:,}"
        console.print(f"{told} steps in {folder}", markup=False)
        for line in changed:
            note = f"note: the result may differ from an uninterrupted run: {line}"
            console.print(note, style="yellow", markup=False)
        return curve
    several = f"{processes.count()} × " if processes.count() > 1 else ""
    where = f"{learner.precision} on {several}{learner.device.type}"
    steps = f"{learner.num_rollouts} rollouts ({learner.config.total_steps:,} steps, {where})"
    console.print(f"training {steps} in {folder}", markup=False)
    return []


def _learn(
    learner: Learner,
    curve: Curve,
    logbook: Logbook | None,
    evaluate: Callable[[Learner], dict[str, float]],
    config: TrainConfig,
) -> None:
    """Learn from one rollout, and log it."""
    began = time.perf_counter()
    metrics = learner.learn()
    for name in LOSSES:
        if not math.isfinite(metrics[name]):
            raise InputError(
                f"training diverged at {learner.steps:,} steps: {name} is {metrics[name]}; "
                "the last saved state is kept; try a lower agent.learning_rate and agent.muon_learning_rate"
            )
    row = {"steps": learner.steps, "seconds": time.perf_counter() - began} | metrics
    curve.append({name: round(value, 6) for name, value in row.items()})
    if logbook:
        logbook.log(metrics)
        if learner.rollouts % config.eval_every == 0 or learner.finished:
            logbook.log_evaluation(evaluate(learner))
        if learner.rollouts % config.picture_every == 0 or learner.finished:
            logbook.show_play()


def remove_run(folder: Path) -> None:
    """Remove what an earlier run left in its folder, which stays and stays locked.

    Raises:
        InputError: something cannot be removed.
    """
    for path in folder.iterdir():
        try:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError as error:
            raise InputError(f"cannot remove {path}: {error.strerror}") from None


def check_name(name: str) -> None:
    """Check the first part of a run folder's name.

    Raises:
        InputError: the name would leave the folder of the runs, or is empty.
    """
    if not re.fullmatch(r"\w[\w.+-]{0,99}", name):
        raise InputError(f"name must consist of up to 100 letters, digits, dots, dashes and underscores, not {name!r}")


def describe_mouse(learner: Learner) -> dict[str, Any]:
    """The header of a trained mouse."""
    return {
        "config": describe_identity(learner.config),
        "progress": {"steps": learner.steps, "rollouts": learner.rollouts},
        "trained_on": {
            "device": learner.device.type,
            "precision": learner.precision,
            "processes": processes.count(),
        },
        "versions": list_versions(),
        **({"init": learner.init} if learner.init else {}),
    }

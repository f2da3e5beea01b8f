"""A training run in its folder: continue, log, save and stop."""

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
from agents.training_state import load_state, save_state

STATE_FILE, MOUSE_FILE = "state.safetensors", "mouse.safetensors"


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
) -> tuple[Path, list[dict[str, float]]]:
    """Train one mouse, or continue training it, or find that it is trained.

    Args:
        config: of the run; names its folder.
        device: of the training.
        console: for progress.
        evaluate: computes rates, by name, for TensorBoard every ``eval_every`` rollouts; changes nothing.

    Returns:
        The run folder, with the trained mouse in ``MOUSE_FILE``, and the learning curve: one row per rollout.

    Raises:
        ValueError: settings that contradict each other, or a damaged state.
        Stopped: after a signal; the same command continues.
    """
    learner = Learner(config, device)
    folder = Path(config.run_dir) / name_run(config)
    state, first = folder / STATE_FILE, processes.rank() == 0
    if first and config.fresh and folder.exists():
        shutil.rmtree(folder)
    curve: list[dict[str, float]] = []
    if processes.any_of(first and state.exists()):
        curve, changed = load_state(state, learner)
        console.print(f"continuing at {learner.steps:,} steps in {folder}")
        for line in changed:
            console.print(f"[yellow]note: the result may differ from an uninterrupted run: {line}[/yellow]")
    else:
        several = f"{processes.count()} × " if processes.count() > 1 else ""
        where = f"{learner.precision} on {several}{device.type}"
        console.print(f"training {learner.num_rollouts} rollouts ({config.total_steps:,} steps, {where}) in {folder}")

    book = Logbook(folder, learner, console) if first else nullcontext()
    with StopRequest() as stop, closing(learner), book as logbook:
        while not learner.finished:
            began = time.perf_counter()
            metrics = learner.learn()
            row = {"steps": learner.steps, "seconds": time.perf_counter() - began} | metrics
            curve.append({name: round(value, 6) for name, value in row.items()})
            if logbook:
                logbook.log(metrics)
                if learner.rollouts % config.eval_every == 0 or learner.finished:
                    logbook.log_evaluation(evaluate(learner))
                if learner.rollouts % config.picture_every == 0 or learner.finished:
                    logbook.show_play()
            stopped = processes.any_of(stop.received)
            if learner.rollouts % config.save_every == 0 or learner.finished or stopped:
                save_state(state, learner, curve)
            if stopped and not learner.finished:
                raise Stopped(f"stopped at {learner.steps:,} steps and saved {state}; the same command continues")
    if first:
        save_mouse(folder / MOUSE_FILE, learner.policy, describe_mouse(learner))
    return folder, curve


def describe_mouse(learner: Learner) -> dict[str, Any]:
    """The header of a trained mouse."""
    return {
        "config": describe_identity(learner.config),
        "progress": {"steps": learner.steps, "rollouts": learner.rollouts},
        "trained_on": {"device": learner.device.type, "precision": learner.precision},
        "versions": list_versions(),
    }

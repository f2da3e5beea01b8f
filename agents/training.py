"""A training run from its folder's first file to its last: go on where it stopped, log, save, stop in good order."""

import shutil
import signal
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

import torch
from rich.console import Console

from agents import processes
from agents.checkpoint import load_state, save_mouse, save_state
from agents.config import TrainConfig, run_name
from agents.learner import Learner
from agents.logbook import Logbook

STATE_FILE, MOUSE_FILE = "state.safetensors", "mouse.safetensors"


class Stopped(Exception):
    """Training was asked to stop (Ctrl-C, SIGTERM) and has saved its state."""


class StopRequest:
    """Remembers SIGINT and SIGTERM while it is entered; a second one takes effect at once.

    Not so with several processes, to which a terminal and torchrun both pass on the first one.
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
    """Train one mouse, or go on training it, or find it trained.

    Args:
        config: what to train. Its run folder is named by it.
        device: where.
        console: where to report.
        evaluate: gives rates, by name, to draw in TensorBoard every ``eval_every`` rollouts; changes nothing.

    Returns:
        The run folder, with the trained mouse in ``MOUSE_FILE``, and the learning curve: one row a rollout.

    Raises:
        ValueError: settings that do not fit together, or a saved state that is damaged.
        Stopped: a signal came; the same command goes on.
    """
    learner = Learner(config, device)
    folder = Path(config.run_dir) / run_name(config)
    state, first = folder / STATE_FILE, processes.rank() == 0
    if first and config.fresh and folder.exists():
        shutil.rmtree(folder)
    curve: list[dict[str, float]] = []
    if processes.any_of(first and state.exists()):
        curve, changed = load_state(state, learner)
        console.print(f"going on at {learner.steps:,} steps in {folder}")
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
                raise Stopped(f"stopped at {learner.steps:,} steps, saved in {state}; the same command goes on")
    if first:
        save_mouse(folder / MOUSE_FILE, learner)
    return folder, curve

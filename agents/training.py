"""A training run from its folder's first file to its last: go on where it stopped, log, save, stop in good order."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from agents.checkpoint import load_state, save_mouse, save_state
from agents.config import TrainConfig, run_name
from agents.learner import Learner, device_of
from agents.logbook import Logbook

STATE_FILE, MOUSE_FILE = "state.safetensors", "mouse.safetensors"


class Stopped(Exception):
    """Training was asked to stop (Ctrl-C, SIGTERM) and has saved its state."""


class StopRequest:
    """Remembers SIGINT and SIGTERM while it is entered; a second one takes effect at once."""

    def __enter__(self) -> "StopRequest":
        self.received = False
        self.before = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame) -> None:
        self.received = True
        signal.signal(number, self.before[number])


def train(
    config: TrainConfig, console: Console, evaluate: Callable[[Learner], dict[str, float]] = lambda learner: {}
) -> tuple[Path, list[dict[str, float]]]:
    """Train one mouse, or go on training it, or find it trained.

    Args:
        config: what to train. Its run folder is named by it.
        console: where to report.
        evaluate: gives rates, by name, to draw in TensorBoard every ``eval_every`` rollouts; changes nothing.

    Returns:
        The run folder, with the trained mouse in ``MOUSE_FILE``, and the learning curve: one row a rollout.

    Raises:
        ValueError: settings that do not fit together, or a saved state that is damaged.
        Stopped: a signal came; the same command goes on.
    """
    device = device_of(config.device)
    learner = Learner(config, device)
    folder = Path(config.run_dir) / run_name(config)
    if config.fresh and folder.exists():
        shutil.rmtree(folder)
    state = folder / STATE_FILE
    curve: list[dict[str, float]] = []
    if state.exists():
        curve, changed = load_state(state, learner)
        console.print(f"going on at {learner.steps:,} steps in {folder}")
        for line in changed:
            console.print(f"[yellow]note: the result may differ from an uninterrupted run: {line}[/yellow]")
    else:
        threads = f"{learner.precision} on {device}"
        console.print(f"training {learner.num_rollouts} rollouts ({config.total_steps:,} steps, {threads}) in {folder}")

    with StopRequest() as stop, Logbook(folder, learner, console) as logbook:
        while not learner.finished:
            began = time.perf_counter()
            metrics = learner.learn()
            row = {"steps": learner.steps, "seconds": time.perf_counter() - began} | metrics
            curve.append({name: round(value, 6) for name, value in row.items()})
            logbook.log(metrics)
            if learner.rollouts % config.eval_every == 0 or learner.finished:
                logbook.log_evaluation(evaluate(learner))
            if learner.rollouts % config.picture_every == 0 or learner.finished:
                logbook.show_play()
            if learner.rollouts % config.save_every == 0 or learner.finished or stop.received:
                save_state(state, learner, curve)
            if stop.received and not learner.finished:
                raise Stopped(f"stopped at {learner.steps:,} steps, saved in {state}; the same command goes on")
    save_mouse(folder / MOUSE_FILE, learner)
    return folder, curve

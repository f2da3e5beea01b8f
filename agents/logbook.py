"""What people see of a training: a progress bar, and TensorBoard."""

import json
import time
from dataclasses import asdict
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard import SummaryWriter

from agents.learner import Learner
from envs.film import enlarge, gif, mosaic

SHOWN, COLUMNS, TILE = 8, 4, 160  # worlds in a picture, side by side, pixels each
FPS = 12
PLAIN_LINES = 40  # in a whole run, where the output is no terminal


class Logbook:
    """Logs a training run into its folder and on the console. Use as a context manager.

    Args:
        folder: where TensorBoard's files go.
        learner: what is logged; rows after its present step are taken out of TensorBoard.
        console: where the progress bar is drawn.
    """

    def __init__(self, folder: Path, learner: Learner, console: Console):
        self.learner, self.console = learner, console
        self.writer = SummaryWriter(str(folder), purge_step=learner.steps)
        self.writer.add_text("config", f"```json\n{json.dumps(asdict(learner.config), indent=2)}\n```", 0)
        self.began, self.steps_then = time.perf_counter(), learner.steps
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.task = self.bar.add_task("training", total=learner.num_rollouts, completed=learner.rollouts, figures="")

    def __enter__(self) -> "Logbook":
        self.bar.start()
        return self

    def __exit__(self, *_) -> None:
        self.bar.stop()
        self.writer.close()

    def log(self, metrics: dict[str, float]) -> None:
        """Write down what the latest rollout brought."""
        learner = self.learner
        seconds = time.perf_counter() - self.began
        speed = (learner.steps - self.steps_then) / seconds
        for name, value in metrics.items():
            self.writer.add_scalar(f"{_GROUP.get(name, 'loss')}/{name}", value, learner.steps)
        self.writer.add_scalar("speed/steps_per_second", speed, learner.steps)

        success = "  –  " if metrics["success"] != metrics["success"] else f"{metrics['success']:5.1%}"
        figures = f"{speed:7,.0f} steps/s · success {success} · entropy {metrics['entropy']:.2f}"
        self.bar.update(self.task, completed=learner.rollouts, figures=figures)
        every = max(1, learner.num_rollouts // PLAIN_LINES)
        if self.bar.disable and (learner.rollouts % every == 0 or learner.rollouts == 1):
            left = (learner.num_rollouts - learner.rollouts) * seconds / max(1, learner.steps - self.steps_then)
            left *= learner.steps / learner.rollouts
            share = learner.rollouts / learner.num_rollouts
            self.console.print(f"training {share:4.0%} · {figures} · {seconds:4.0f} s, {left:4.0f} s left")

    def show_rollout(self) -> None:
        """A picture grid and a short film of the latest rollout."""
        learner = self.learner
        films = enlarge(learner.rollout.pictures[:, :SHOWN].cpu().numpy(), TILE)  # (T, 8, H, W, 3)
        frames = [mosaic(pictures, COLUMNS) for pictures in films]
        self.writer.add_image("rollout/worlds", torch.from_numpy(frames[-1]), learner.steps, dataformats="HWC")
        height, width, _ = frames[0].shape
        # TensorBoard plays a GIF in an image summary; torch's add_video needs a moviepy that no longer exists.
        image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=gif(frames, FPS))
        film = Summary(value=[Summary.Value(tag="rollout/film", image=image)])
        self.writer._get_file_writer().add_summary(film, learner.steps)


_GROUP = {"success": "mouse", "return": "mouse", "entropy": "mouse"} | {
    name: "training" for name in ("learning_rate", "levels_reused", "kl", "clip_fraction", "gradient_norm")
}

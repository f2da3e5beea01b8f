"""The progress bar and the TensorBoard log of a training run."""

import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # type: ignore[attr-defined]
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from agents.learner import Learner
from agents.rollout import sample
from envs import world
from envs.levels import ANYWHERE, concatenate
from envs.painter import portrait
from foundation.film import caption, gif, mosaic
from foundation.settings import flatten_settings

SHOWN, TILE = 8, 112  # levels per row of the video, pixels per level
SEARCHED = 2000  # training level seeds among which levels of the trained types are found
FRAMES, FPS = 64, 12
PLAIN_LINES = 40  # progress lines per run if the output is not a terminal


class Logbook:
    """Logs a training run into its folder and on the console. Use as a context manager.

    Args:
        folder: folder of the TensorBoard files.
        learner: the learner to log. TensorBoard events after its current step are removed.
        console: console of the progress bar.
    """

    def __init__(self, folder: Path, learner: Learner, console: Console):
        self.learner, self.console = learner, console
        self.writer = SummaryWriter(str(folder), purge_step=learner.steps + 1)  # from that step on
        self.writer.add_text("config", f"```json\n{json.dumps(asdict(learner.config), indent=2)}\n```", 0)
        flat = flatten_settings(asdict(learner.config)).items()
        plain = {name: value if isinstance(value, bool | int | float | str) else str(value) for name, value in flat}
        for summary in hparams(plain, {"rollout/success_rate": 0.0}):  # the HParams tab
            self.writer._get_file_writer().add_summary(summary)
        self.began, self.steps_then = time.perf_counter(), learner.steps
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            expand=True,
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
        """Log the metrics of the latest rollout."""
        learner = self.learner
        seconds = time.perf_counter() - self.began
        speed = (learner.steps - self.steps_then) / seconds
        for name, value in metrics.items():
            self.writer.add_scalar(_TAGS.get(name, f"losses/{name}"), value, learner.steps)
        self.writer.add_scalar("charts/SPS", speed, learner.steps)

        success = "  –  " if metrics["success"] != metrics["success"] else f"{metrics['success']:5.1%}"
        figures = f"{speed:7,.0f} steps/s · success {success}"
        self.bar.update(self.task, completed=learner.rollouts, figures=figures)
        every = max(1, learner.num_rollouts // PLAIN_LINES)
        if self.bar.disable and (learner.rollouts % every == 0 or learner.rollouts == 1):
            left = (learner.num_rollouts - learner.rollouts) * seconds / max(1, learner.steps - self.steps_then)
            left *= learner.steps / learner.rollouts
            share = learner.rollouts / learner.num_rollouts
            self.console.print(f"training {share:4.0%} · {figures} · {seconds:4.0f} s, {left:4.0f} s left")

    def log_evaluation(self, rates: dict[str, float]) -> None:
        """Log the rates of a held-out evaluation."""
        for name, value in rates.items():
            self.writer.add_scalar(f"eval/{name}", value, self.learner.steps)

    def show_play(self) -> None:
        """Log a short video of the first training levels, and its last frame as an image.

        The upper row has the cheese as in training. The lower row has the same mazes with the cheese anywhere.
        """
        learner, spec = self.learner, self.learner.spec
        trained = spec.make_levels(np.asarray(spec.level_seeds[:SEARCHED]))
        above = trained.rows(spec.keeps(trained)).rows(slice(SHOWN))
        if not above.num_levels:
            return
        below = spec.make_levels(above.seed.numpy(), ANYWHERE)
        levels = concatenate([above, below]).to(learner.device)
        generator = torch.Generator(learner.device).manual_seed(0)
        state, cell = world.start(levels), max(1, TILE // spec.world_dim)
        tiles = [portrait(state.rows([row]), cell) for row in range(levels.num_levels)]
        frames = [mosaic(np.stack(tiles), above.num_levels)]
        going_on = torch.ones(levels.num_levels, dtype=torch.bool, device=learner.device)
        with torch.no_grad():
            while len(frames) < FRAMES and going_on.any():
                actions, _ = sample(learner.predict(learner.environments.painter.paint(state))[0], generator)
                after, _, terminated = world.step(state, learner.environments.moves[actions])
                state = after.where(going_on, state)
                for row in going_on.nonzero()[:, 0].tolist():
                    tiles[row] = portrait(state.rows([row]), cell)
                frames.append(mosaic(np.stack(tiles), above.num_levels))
                going_on &= ~terminated
        meaning = [f"above: cheese {spec.describe_region()}, as trained", "below: the same mazes, cheese anywhere"]
        frames = [caption(frame, meaning) for frame in frames]
        frames += frames[-1:] * FPS

        self.writer.add_image("rollout/last_frame", torch.from_numpy(frames[-1]), learner.steps, dataformats="HWC")
        height, width, _ = frames[0].shape
        # TensorBoard plays a GIF in an image summary. torch's add_video needs a version of moviepy that no longer
        # exists.
        image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=gif(frames, FPS))
        metadata = SummaryMetadata(summary_description="; ".join(meaning))
        value = Summary.Value(tag="rollout/video", image=image, metadata=metadata)
        self.writer._get_file_writer().add_summary(Summary(value=[value]), learner.steps)


# TensorBoard tags as CleanRL and Stable-Baselines3 have them; the metrics that are not listed are losses.
_TAGS = {
    "success": "rollout/success_rate",
    "return": "rollout/ep_rew_mean",
    "levels_reused": "rollout/levels_reused",
    "learning_rate": "charts/learning_rate",
    "kl": "losses/approx_kl",
    "clip_fraction": "losses/clipfrac",
}

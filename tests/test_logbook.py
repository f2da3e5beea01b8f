"""The video in TensorBoard: equal mazes, with the cheese as trained above and anywhere below."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner
from agents.logbook import SHOWN, TILE, Logbook
from envs import world
from envs.levels import from_seeds
from envs.painter import portrait
from foundation.film import mosaic


@pytest.mark.slow
def test_the_film_shows_the_same_mazes_as_trained_above_and_moved_below(tmp_path):
    env = EnvConfig(world_dim=5, cheese_region=0, start_level=20, max_episode_steps=20)
    agent = AgentConfig(num_envs=8, num_steps=8, minibatch_size=64)
    learner = Learner(TrainConfig(env=env, agent=agent), torch.device("cpu"))
    with Logbook(tmp_path, learner, Console(quiet=True)) as logbook:
        logbook.show_play()
    events = EventAccumulator(str(tmp_path), size_guidance={"images": 0}).Reload()
    (event,) = events.Images("rollout/video")
    assert "top-right corner" in events.SummaryMetadata("rollout/video").summary_description
    film = Image.open(io.BytesIO(event.encoded_image_string))
    assert film.format == "GIF" and film.n_frames > 5  # type: ignore[attr-defined]

    seeds, tiles = 20 + np.arange(SHOWN), []
    for region in (0, "anywhere"):
        levels = from_seeds(seeds, 5, region)
        tiles += [portrait(world.start(levels.rows([row])), TILE // 5) for row in range(SHOWN)]
    expected = mosaic(np.stack(tiles), SHOWN)
    first = np.asarray(film.convert("RGB"))
    assert (first[-len(expected) :] == expected).all() and len(first) > len(expected), "a caption stands above"
    above, below = from_seeds(seeds, 5, 0), from_seeds(seeds, 5)
    assert torch.equal(above.walls, below.walls) and not torch.equal(above.cheese, below.cheese)


def test_the_bar_fits_into_80_columns(tmp_path):
    learner = Learner(
        TrainConfig(env=EnvConfig(world_dim=5), agent=AgentConfig(num_envs=8, num_steps=8, minibatch_size=64)),
        torch.device("cpu"),
    )
    output = io.StringIO()
    console = Console(width=80, force_terminal=True, file=output, color_system=None)
    with Logbook(tmp_path, learner, console) as logbook:
        logbook.log({"success": 0.987, "return": 9.9, "entropy": 1.0})
        logbook.bar.update(logbook.task, figures="1,234,567 steps/s · success 100.0%", completed=learner.num_rollouts)
        logbook.bar.refresh()
    shown = re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", output.getvalue()).replace("\r", "\n")
    text = next(line for line in shown.splitlines()[::-1] if "training" in line)
    assert len(text) <= 80 and "…" not in text
    assert all(part in text for part in ("training", "%", "1,234,567 steps/s · success 100.0%", "left"))
    assert text.count("━") + text.count("╸") + text.count("╺") >= 8, "a bar"

"""The video in TensorBoard: equal mazes, with the cheese as trained above and anywhere below."""

import io

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

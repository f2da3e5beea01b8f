"""Frames of videos: how many, and how large."""

from pathlib import Path

import numpy as np
import pytest
from mazes import batch
from mice import Planned, mouse_with

from envs.drawings import from_text
from viewer.recording import (
    CELL,
    SWEEP_END_SECONDS,
    SWEEP_FRAMES,
    WIDEST,
    build_surface,
    draw_episodes,
    draw_sweep,
)
from viewer.scene import Line, Scene
from viewer.viewing import Viewing

DIM = 7
PARTED = "#### \n#### \n   # \n## # \n.@   "


def test_a_cheese_rests_at_either_end_of_a_sweep():
    viewing = Viewing([mouse_with(Planned("nowhere"))], 1, drawn=from_text(PARTED, DIM))
    frames = list(draw_sweep(viewing, [0, 2], [2, 2], frozenset(), speed=8))
    rest, there = round(8 * SWEEP_END_SECONDS), 3 * SWEEP_FRAMES
    assert len(frames) == 2 * (rest + there)
    changes = [number for number in range(1, len(frames)) if (frames[number] != frames[number - 1]).any()]
    way = [rest + SWEEP_FRAMES, rest + 2 * SWEEP_FRAMES]
    assert changes == [*way, *(rest + there + change for change in way)]


@pytest.mark.parametrize(("dim", "mice"), [(11, 1), (11, 3), (25, 1), (25, 2)])
def test_recorded_mazes_are_as_large_as_planned(dim, mice):
    """Whatever room their texts take, which are larger in a larger picture."""
    mouse = mouse_with(Planned("to the cheese"), world_dim=dim)
    viewing = Viewing([mouse._replace(path=Path(f"mouse-{number}")) for number in range(mice)], 5)
    for shown in (set(), {"odds"}, {"sees", "odds"}):
        scene, surface = Scene(), build_surface(viewing, frozenset(shown))
        scene.draw(surface, viewing, frozenset(shown), [Line("a line")])
        assert {board.cell for board in scene.boards} == {min(CELL, WIDEST // (mice * dim))}


def test_all_frames_of_a_video_have_one_size(monkeypatch):
    """Also where the legend needs more rows in a later level."""
    drawn = batch([from_text(PARTED, DIM)] * 2)
    viewing = Viewing([mouse_with(Planned("to the cheese"))], 1, drawn=drawn)
    monkeypatch.setattr(Scene, "_value_limits", lambda scene, viewing: (0.0, 10.0 ** (40 * (viewing.number - 1))))
    frames = list(draw_episodes(viewing, 2, frozenset({"value", "sees"}), speed=1))
    assert viewing.number == 2 and len({frame.shape for frame in frames}) == 1
    assert all(np.ptp(frame) > 0 for frame in frames)

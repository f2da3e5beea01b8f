"""Videos and mosaics, read back."""

import io

import av
import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from envs import world
from envs.levels import from_seeds
from envs.painter import build_painter, portrait
from foundation import film
from foundation.errors import InputError
from foundation.film import GAP, GAP_COLOUR, gif, mosaic, mp4

FPS = 10  # 100 ms per frame, which a GIF represents exactly


def shown(film: bytes) -> list[np.ndarray]:
    """The frame shown in each tenth of a second; equal consecutive frames may be stored as one long frame."""
    image = Image.open(io.BytesIO(film))
    assert image.format == "GIF" and image.info["loop"] == 0
    tenths = []
    for frame in ImageSequence.Iterator(image):
        times, rest = divmod(frame.info["duration"], 100)
        assert times > 0 and rest == 0
        tenths += [np.asarray(frame.convert("RGB"))] * times
    return tenths


def assert_same(film: bytes, frames: list[np.ndarray]) -> None:
    seen = shown(film)
    assert len(seen) == len(frames)
    for one, other in zip(seen, frames, strict=True):
        assert one.shape == other.shape and (one == other).all()


@pytest.mark.parametrize("size", [(1, 1), (6, 10), (10, 6)])
def test_a_film_is_read_back_as_it_was(size):
    colours = np.array([(0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)], np.uint8)
    rng = np.random.default_rng(0)
    first = colours[np.arange(size[0] * size[1]).reshape(size) % 5]
    frames = [first, first, *colours[rng.integers(0, 1 if size == (1, 1) else 5, (6, *size))], first]
    assert_same(gif(iter(frames), FPS), frames)


def test_a_film_of_cells_is_read_back_as_it_was():
    painter, state = build_painter("cells", 7), world.start(from_seeds(range(8), 7))
    moves = (world.STAY, world.UP, world.DOWN, world.STAY, world.RIGHT, world.LEFT)
    states = [world.step(state, torch.tensor([move] * 8))[0] for move in moves]
    frames = [mosaic(painter.paint(state).numpy(), 4) for state in states]
    assert_same(gif(frames, FPS), frames)


def test_portraits_of_many_levels_are_read_back_as_they_were():
    frames = [portrait(world.start(from_seeds([seed], 7)), 16) for seed in range(5)]
    assert len({tuple(colour) for frame in frames for colour in frame.reshape(-1, 3).tolist()}) <= 256
    assert_same(gif(frames, FPS), frames)


@pytest.mark.parametrize(("number", "columns"), [(1, 1), (1, 4), (4, 4), (5, 4), (8, 4), (7, 3), (3, 1)])
def test_a_mosaic_shows_each_picture_once_and_grey_elsewhere(number, columns):
    height, width = 5, 9
    pictures = np.random.default_rng(number).integers(100, 256, (number, height, width, 3)).astype(np.uint8)
    sheet = mosaic(pictures, columns)
    rows = (number + columns - 1) // columns
    assert sheet.dtype == np.uint8
    assert sheet.shape == (rows * height + (rows + 1) * GAP, columns * width + (columns + 1) * GAP, 3)
    for place in range(number):
        row, column = divmod(place, columns)
        top, left = GAP + row * (height + GAP), GAP + column * (width + GAP)
        tile = sheet[top : top + height, left : left + width]
        assert (tile == pictures[place]).all()
        tile[:] = GAP_COLOUR
    assert (sheet == GAP_COLOUR).all()


@pytest.mark.parametrize(("size", "even"), [((32, 48), (32, 48)), ((33, 47), (34, 48))])
@pytest.mark.parametrize("fps", [1, 8, 50])
def test_an_mp4_shows_the_frames_at_their_times(size, even, fps):
    colours = [(200, 40, 40), (40, 160, 40), (40, 40, 200), (220, 220, 220)]
    frames = [np.full((*size, 3), colour, np.uint8) for colour in colours]
    with av.open(io.BytesIO(mp4(iter(frames), fps))) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        seen = list(container.decode(video=0))
    assert [float(frame.time) for frame in seen] == pytest.approx([number / fps for number in range(4)], abs=1e-3)
    for frame, colour in zip(seen, colours, strict=True):
        pixels = frame.to_ndarray(format="rgb24")
        assert pixels.shape == (*even, 3) and abs(pixels.astype(int) - colour).max() < 12


@pytest.mark.parametrize("fps", [8, 15, 40])
def test_a_gif_lasts_as_long_as_its_frames(fps):
    """Also where the time of a frame is no whole number of hundredths of a second, in which GIFs count."""
    frames = [np.full((2, 2, 3), number, np.uint8) for number in range(2 * fps)]
    image = Image.open(io.BytesIO(gif(frames, fps)))
    ends = np.cumsum([frame.info["duration"] for frame in ImageSequence.Iterator(image)])
    assert abs(ends - 1000 * np.arange(1, 2 * fps + 1) / fps).max() <= 5 and ends[-1] == 2000


def test_a_gif_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(film, "LARGEST_GIF", 1000)
    frame = np.zeros((10, 10, 3), np.uint8)
    assert gif([frame] * 50, FPS)  # a repeated frame takes no room
    with pytest.raises(InputError, match="a GIF holds at most"):
        gif((frame.copy() for _ in range(5)), FPS)


@pytest.mark.parametrize(("encode", "widest"), [(gif, 65_535), (mp4, 16_384)])
def test_frames_that_the_format_cannot_hold_are_refused_at_once(encode, widest):
    def frames(width):
        yield np.zeros((2, width, 3), np.uint8)
        if width > widest:
            pytest.fail("the first frame says it")

    assert encode(frames(widest), FPS)
    with pytest.raises(InputError, match=rf"at most {widest:,} pixels wide and high, not {widest + 2:,}×2"):
        encode(frames(widest + 2), FPS)

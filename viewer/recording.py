"""Videos of episodes as GIF or MP4. Needs no display."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pygame

from foundation.errors import InputError
from foundation.files import write_atomically
from foundation.film import gif, mp4
from viewer.legend import GAP
from viewer.scene import Scene
from viewer.typography import text_size
from viewer.viewing import Viewing

CELL, SMALLEST_CELL = 32, 16  # pixels per cell; many mazes side by side have fewer
WIDEST = 1280  # pixels
ENCODERS = {".gif": gif, ".mp4": mp4}
MAX_FRAME_RATE = 50  # frames per second; players slow down faster GIFs
END_SECONDS = 1.0  # before the next level begins


def check_video(path: Path, speed: int) -> None:
    """Check that a video's file type and speed are supported.

    Raises:
        InputError: the suffix is none of ``ENCODERS``, or the video is too fast.
    """
    if path.suffix not in ENCODERS:
        raise InputError(f"record must be a {' or '.join(ENCODERS)} file, not {str(path)!r}")
    if speed > MAX_FRAME_RATE:
        raise InputError(f"a video has at most {MAX_FRAME_RATE} steps per second, not {speed}")


def play_out(viewing: Viewing) -> None:
    """Play until every mouse reaches the cheese or the corner, or the time limit."""
    while not all(viewing.episode.outcome(pane) or viewing.episode.is_over(pane) for pane in range(len(viewing.panes))):
        viewing.step()


def draw_episodes(viewing: Viewing, number: int, shown: frozenset[str], speed: int) -> Iterator[np.ndarray]:
    """Frames of this level and of those after it, each from its start; the last frame is held."""
    for episode in range(number):
        if episode:
            viewing.next_level()
        play_out(viewing)
        yield from draw_history(viewing, shown, speed)


def draw_history(viewing: Viewing, shown: frozenset[str], speed: int) -> Iterator[np.ndarray]:
    """Frames uint8 (H, W, 3) of the history; the last one is held."""
    scene, surface = Scene(), build_surface(viewing, shown)
    frame = np.empty(0)
    for moment in range(len(viewing.episode.moments)):
        scene.draw(surface, viewing.at_moment(moment), shown, [])
        frame = read_pixels(surface)
        yield frame
    yield from [frame] * round(speed * END_SECONDS)


def build_surface(viewing: Viewing, shown: frozenset[str]) -> pygame.Surface:
    """Build a surface as large as the mazes, side by side, and the legend need."""
    number, dim = len(viewing.panes), viewing.level.world_dim
    cell = max(SMALLEST_CELL, min(CELL, WIDEST // (number * dim)))
    width, height = number * (cell * dim + GAP), cell * dim + GAP
    size = (width, height + text_size(height) * 2 * (number > 1))
    foot = Scene().foot(size, viewing, shown, 0)
    return pygame.Surface((size[0], size[1] + foot))


def read_pixels(surface: pygame.Surface) -> np.ndarray:
    """The content of a surface, uint8 (H, W, 3)."""
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))


def write_video(path: Path, frames: Iterable[np.ndarray], speed: int) -> None:
    """Encode frames by the path's suffix and write the file atomically."""
    write_atomically(path, ENCODERS[path.suffix](frames, speed))

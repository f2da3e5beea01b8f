"""Films of episodes, with and without a window: frames of mazes in a fixed size, as GIF or MP4. Needs no display."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pygame

from foundation.files import write_atomically
from foundation.film import gif, mp4
from viewer.legend import GAP
from viewer.scene import Scene
from viewer.texts import text_size
from viewer.viewing import Viewing

CELL, SMALLEST = 32, 16  # pixels a cell; many mazes side by side have fewer
WIDEST = 1280  # pixels
FILMS = {".gif": gif, ".mp4": mp4}
FASTEST = 50  # frames a second: players show a faster GIF slowly
PAUSE_AT_END = 1.0  # seconds before the next level begins


def check_film(path: Path, speed: int) -> None:
    """Refuse a film that cannot be made.

    Raises:
        ValueError: it is none of ``FILMS``, or too fast.
    """
    if path.suffix not in FILMS:
        raise ValueError(f"record must be a {' or '.join(FILMS)} file, not {str(path)!r}")
    if speed > FASTEST:
        raise ValueError(f"a film has at most {FASTEST} steps a second, not {speed}")


def play_out(viewing: Viewing) -> None:
    """Play until every mouse has come to the cheese or to the corner, or its time is up."""
    while not all(viewing.outcome(pane) or viewing.over(pane) for pane in range(len(viewing.panes))):
        viewing.step()


def episodes(viewing: Viewing, number: int, shown: frozenset[str], speed: int) -> Iterator[np.ndarray]:
    """Frames of the present level and those after it, each played from its start, the last picture held a while."""
    for episode in range(number):
        if episode:
            viewing.next_level()
        play_out(viewing)
        yield from history(viewing, shown, speed)


def history(viewing: Viewing, shown: frozenset[str], speed: int) -> Iterator[np.ndarray]:
    """Frames uint8 (H, W, 3) of what has happened so far, the last one held a while."""
    scene, surface = Scene(), surface_for(viewing, shown)
    frame = np.empty(0)
    for moment in range(len(viewing.history)):
        scene.draw(surface, viewing.then(moment), shown, [])
        frame = pixels(surface)
        yield frame
    yield from [frame] * round(speed * PAUSE_AT_END)


def surface_for(viewing: Viewing, shown: frozenset[str]) -> pygame.Surface:
    """As large as the mazes, side by side, and the legend need to be."""
    number, dim = len(viewing.panes), viewing.level.world_dim
    cell = max(SMALLEST, min(CELL, WIDEST // (number * dim)))
    width, height = number * (cell * dim + GAP), cell * dim + GAP
    size = (width, height + text_size(height) * 2 * (number > 1))
    foot = Scene().foot(size, viewing, shown, 0)
    return pygame.Surface((size[0], size[1] + foot))


def pixels(surface: pygame.Surface) -> np.ndarray:
    """uint8 (H, W, 3): what is on a surface."""
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))


def save_film(path: Path, frames: Iterable[np.ndarray], speed: int) -> None:
    """Encode frames as the path's suffix says, and write them in one piece."""
    write_atomically(path, FILMS[path.suffix](frames, speed))

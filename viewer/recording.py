"""Videos of episodes as GIF or MP4. Needs no display."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pygame

from envs import paths
from foundation.errors import InputError
from foundation.files import write_atomically
from foundation.film import gif, mp4
from viewer import edits
from viewer.board import OUTCOME_COLOURS
from viewer.layout import GAP, INSET, STRIP
from viewer.scene import Line, Scene
from viewer.texts import describe_training, describe_verdict
from viewer.typography import text_size
from viewer.viewing import Viewing

CELL, SMALLEST_CELL = 32, 16  # pixels per cell; many mazes side by side have fewer
WIDEST = 1280  # pixels
ENCODERS = {".gif": gif, ".mp4": mp4}
MAX_FRAME_RATE = 50  # frames per second; players slow down faster GIFs
SWEEP_FRAMES, SWEEP_END_SECONDS = 2, 0.5  # frames per cell, and how long the cheese rests at either end
END_SECONDS = 3.0  # the verdict stays so long before the next level begins


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
    """Play until every pane has a verdict."""
    while not viewing.episode.decided:
        viewing.step()


def draw_episodes(viewing: Viewing, number: int, shown: frozenset[str], speed: int) -> Iterator[np.ndarray]:
    """Frames of this level and of those after it, each from its start; the last frame of each is held."""
    surface = build_surface(viewing, shown)
    for episode in range(number):
        if episode:
            viewing.next_level()
        play_out(viewing)
        yield from draw_history(surface, viewing, shown, speed)


def draw_history(surface: pygame.Surface, viewing: Viewing, shown: frozenset[str], speed: int) -> Iterator[np.ndarray]:
    """Frames uint8 (H, W, 3) of the history, of the size of a surface to draw on; the last one is held."""
    scene = Scene()
    frame = np.empty(0)
    for moment in range(len(viewing.episode.moments)):
        then = viewing.at_moment(moment)
        scene.draw(surface, then, shown, [describe_caption(then)])
        frame = read_pixels(surface)
        yield frame
    yield from [frame] * round(speed * END_SECONDS)


def describe_caption(viewing: Viewing) -> Line:
    """The line below the mazes: the training region, and then the verdict."""
    if not viewing.episode.decided:
        return Line(describe_training(viewing))
    return build_banner(viewing, hints=False)


def build_banner(viewing: Viewing, hints: bool) -> Line:
    """The line of the verdict, in the colour of what was reached if there is one pane."""
    fill = OUTCOME_COLOURS[viewing.episode.verdict(0)] if len(viewing.panes) == 1 else None
    return Line(describe_verdict(viewing, hints), fill)


def draw_sweep(
    viewing: Viewing, start: Sequence[int], end: Sequence[int], shown: frozenset[str], speed: int
) -> Iterator[np.ndarray]:
    """Frames of the cheese moving through the maze while the mouse waits at its start.

    Args:
        viewing: at the start of a level; the cheese moves in every pane.
        start: cell (x, y) in which the cheese begins, counted from the maze's bottom left.
        end: cell in which it ends. It moves along a shortest path, and not into the mouse's cell.
        shown: names of ``OVERLAYS``.
        speed: frames per second; the cheese is ``SWEEP_FRAMES`` frames in each cell.

    Raises:
        InputError: a cell is not open, or there is no path between the cells.
    """
    cells = [edits.find_cell(viewing.episode, 0, cell, "sweep") for cell in (start, end)]
    path = paths.shortest_path(viewing.level, *cells)
    if not path:
        raise InputError(f"sweep needs two cells with a path between them, not {list(start)} and {list(end)}")
    scene, surface = Scene(), build_surface(viewing, shown)
    line = Line(describe_training(viewing))
    frames = []
    for cell in path:
        if cell != int(viewing.level.start):
            viewing.put_cheese(cell)
            scene.draw(surface, viewing, shown, [line])
            frames.append(read_pixels(surface))
    moving = [frame for frame in frames for _ in range(SWEEP_FRAMES)]
    rest = round(speed * SWEEP_END_SECONDS)
    yield from [*moving[:1] * rest, *moving, *moving[-1:] * rest, *reversed(moving)]


def build_surface(viewing: Viewing, shown: frozenset[str]) -> pygame.Surface:
    """Build a surface as large as the mazes, side by side, and the legend need."""
    number, dim = len(viewing.panes), viewing.level.world_dim
    cell = max(SMALLEST_CELL, min(CELL, WIDEST // (number * dim)))
    side = cell * dim
    inset = (-(-side // INSET) + GAP) * ("sees" in shown)
    width, lines = number * (side + inset + 2 * GAP), (number > 1) + ("odds" in shown)
    if "channel" in shown:
        width = width * STRIP // (STRIP - 1)
    scene = Scene()

    def find_room(height: int) -> int:
        """The height of a maze in a surface of this height, whose texts are as large as it is high."""
        return height - scene.foot((width, height), viewing, shown, 1) - lines * (text_size(height) + 4) - 2 * GAP

    return pygame.Surface((width, next(height for height in count(side) if find_room(height) >= side)))


def read_pixels(surface: pygame.Surface) -> np.ndarray:
    """The content of a surface, uint8 (H, W, 3)."""
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))


def write_video(path: Path, frames: Iterable[np.ndarray], speed: int) -> None:
    """Encode frames by the path's suffix and write the file atomically."""
    write_atomically(path, ENCODERS[path.suffix](frames, speed))

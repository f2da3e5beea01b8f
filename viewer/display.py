"""The window and its event loop."""

import math
import os
from typing import Protocol

import pygame

from foundation.errors import InputError
from viewer.bars import TEXT
from viewer.board import SKY
from viewer.keys import Key
from viewer.typography import SMALLEST, font, text_size, write

FRAMES_PER_SECOND = 60
USABLE = 0.86  # of the desktop's width and height: the rest is the window's frame and the desktop's panels
MIN_WIDTH, MIN_SIDE, MAX_SIDE, TEXT_HEIGHT = 840, 200, 780, 150  # of window, pane and texts, in pixels
WITHOUT_SCREEN = ("dummy", "offscreen")  # SDL's fallback drivers without a display
SHADE, QUIET = (0, 0, 0, 225), (200, 200, 200)


class Content(Protocol):
    """The content of a window.

    Attributes:
        stale: whether a redraw is needed.
    """

    stale: bool

    def handle(self, event: pygame.event.Event) -> bool:
        """Handle an event; return False to quit."""
        ...

    def pass_time(self, seconds: float) -> None: ...

    def draw(self, surface: pygame.Surface) -> None: ...


def choose_shape(panes: int) -> tuple[int, int]:
    """Choose the columns and rows of so many panes."""
    columns = panes if panes <= 3 else math.ceil(panes**0.5)
    return columns, -(-panes // columns)


def choose_size(columns: int, rows: int) -> tuple[int, int]:
    """Choose a window size that is filled by square mazes in columns and rows, on this desktop."""
    width, height = (round(side * USABLE) for side in pygame.display.get_desktop_sizes()[0])
    side = max(MIN_SIDE, min(MAX_SIDE, width // columns, (height - TEXT_HEIGHT) // rows))
    return min(width, max(MIN_WIDTH, columns * side)), min(height, rows * side + TEXT_HEIGHT)


def open_window(shape: tuple[int, int] = (1, 1), size: tuple[int, int] | None = None) -> tuple[int, int]:
    """Open a window that can be resized, in a given size or in one for so many columns and rows of mazes.

    Returns:
        Its width and height.

    Raises:
        InputError: there is no display.
    """
    try:
        pygame.display.init()
        driver = pygame.display.get_driver()
        if driver in WITHOUT_SCREEN and driver not in os.environ.get("SDL_VIDEODRIVER", "").split(","):
            raise pygame.error(f"only SDL's {driver} driver")
        pygame.display.set_mode(size or choose_size(*shape), pygame.RESIZABLE)
    except pygame.error as error:
        pygame.display.quit()
        raise InputError(f"no display found ({error}); record=FILE.gif works without one") from error
    pygame.display.set_caption("CheeseMaze")
    return pygame.display.get_surface().get_size()


def run(content: Content) -> None:
    """Show a content in the open window until it is closed."""
    clock = pygame.time.Clock()
    try:
        while True:
            for event in pygame.event.get():
                if event.type == pygame.QUIT or not content.handle(event):
                    return
                if event.type in (pygame.VIDEORESIZE, pygame.VIDEOEXPOSE):
                    content.stale = True
            content.pass_time(clock.get_time() / 1000)
            if content.stale:
                content.stale = False
                content.draw(pygame.display.get_surface())
                pygame.display.flip()
            clock.tick(FRAMES_PER_SECOND)
    finally:
        pygame.quit()


def draw_help(surface: pygame.Surface, groups: dict[str, list[Key]]) -> None:
    """Draw the help as a two-column overlay."""
    width, height = surface.get_size()
    cover = pygame.Surface((width, height), pygame.SRCALPHA)
    cover.fill(SHADE)
    surface.blit(cover, (0, 0))
    lines: list[tuple[str, str]] = []
    for name, keys in groups.items():
        lines += [(name, ""), *((key.label, key.meaning) for key in keys)]
    half = -(-len(lines) // 2)
    if len(groups) > 1:  # keep a group's title with its first key
        starts = [place for place, (_, meaning) in enumerate(lines) if not meaning]
        half = min(starts, key=lambda start: abs(start - half))
    columns = [lines[:half], lines[half:]] if len(groups) > 1 else [lines]
    line = min(text_size(height) * 3 // 2, height // (max(map(len, columns)) + 2))
    size = max(SMALLEST, line * 4 // 5)
    while size > SMALLEST and sum(sum(_widths(column, size)) + line for column in columns) > width:
        size -= 1
    left, wide = line // 2, all(sum(_widths(column, size)) + line <= width // 2 for column in columns)
    for column in columns:
        top, (label_width, meaning_width) = line, _widths(column, size)
        for label, meaning in column:
            write(surface, label, (left, top), width - left, size, TEXT if meaning else SKY)
            room = min(meaning_width, width - left - label_width)
            write(surface, meaning, (left + label_width, top), room, size, QUIET)
            top += line
        left = max(left + label_width + meaning_width + line, width // 2 if wide else 0)


def _widths(lines: list[tuple[str, str]], size: int) -> tuple[int, int]:
    """Return the maximum widths of labels and meanings."""
    labels = max(font(size).size(f"{label}   ")[0] for label, meaning in lines if meaning)
    return labels, max(font(size).size(meaning)[0] for _, meaning in lines)

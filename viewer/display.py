"""A window on the screen, and its loop: events, time, a picture when something has changed."""

import os
from typing import Protocol

import pygame

from viewer.board import SKY
from viewer.keys import Key
from viewer.texts import font, text_size, write

FRAMES_PER_SECOND = 60
WITHOUT_SCREEN = ("dummy", "offscreen")  # SDL falls back to these where it finds no display, and nobody would see them
SHADE, TEXT, QUIET = (0, 0, 0, 225), (240, 240, 240), (200, 200, 200)


class Show(Protocol):
    """What a window shows.

    Attributes:
        stale: whether the picture is not what it should be any more.
    """

    stale: bool

    def handle(self, event: pygame.event.Event) -> bool:
        """Do what an event asks for; False to leave."""
        ...

    def pass_time(self, seconds: float) -> None: ...

    def draw(self, surface: pygame.Surface) -> None: ...


def open_window(size: tuple[int, int]) -> None:
    """Open a window that can be resized.

    Raises:
        ValueError: there is no display.
    """
    try:
        pygame.display.init()
        driver = pygame.display.get_driver()
        if driver in WITHOUT_SCREEN and driver not in os.environ.get("SDL_VIDEODRIVER", "").split(","):
            raise pygame.error("none was found")
        desktop = pygame.display.get_desktop_sizes()[0]
        pygame.display.set_mode(tuple(map(min, size, desktop)), pygame.RESIZABLE)
    except pygame.error as error:
        pygame.display.quit()
        raise ValueError(f"no display to open a window on ({error}); record=FILE.gif needs none") from error
    pygame.display.set_caption("CheeseMaze")


def run(show: Show) -> None:
    """Show something in the open window until it is closed."""
    clock = pygame.time.Clock()
    try:
        while True:
            for event in pygame.event.get():
                if event.type == pygame.QUIT or not show.handle(event):
                    return
                if event.type in (pygame.VIDEORESIZE, pygame.VIDEOEXPOSE):
                    show.stale = True
            show.pass_time(clock.get_time() / 1000)
            if show.stale:
                show.stale = False
                show.draw(pygame.display.get_surface())
                pygame.display.flip()
            clock.tick(FRAMES_PER_SECOND)
    finally:
        pygame.quit()
        font.cache_clear()  # these fonts went with it


def draw_help(surface: pygame.Surface, groups: dict[str, list[Key]]) -> None:
    """The keys in two columns over everything."""
    width, height = surface.get_size()
    cover = pygame.Surface((width, height), pygame.SRCALPHA)
    cover.fill(SHADE)
    surface.blit(cover, (0, 0))
    lines: list[tuple[str, str]] = []
    for name, keys in groups.items():
        lines += [(name, ""), *((key.label, key.meaning) for key in keys)]
    half = -(-len(lines) // 2)
    if len(groups) > 1:  # a group's name does not stand alone at a column's end
        starts = [place for place, (_, meaning) in enumerate(lines) if not meaning]
        half = min(starts, key=lambda start: abs(start - half))
    columns = [lines[:half], lines[half:]] if len(groups) > 1 else [lines]
    line = min(text_size(height) * 3 // 2, height // (max(map(len, columns)) + 2))
    room = width // len(columns) - 2 * line
    size = max(12, line * 4 // 5)
    while size > 12 and sum(_widths(lines, size)) > room:
        size -= 1
    label_width, _ = _widths(lines, size)
    for number, column in enumerate(columns):
        left, top = number * width // len(columns) + line, line
        for label, meaning in column:
            write(surface, label, (left, top), room, size, TEXT if meaning else SKY)
            write(surface, meaning, (left + label_width, top), room - label_width, size, QUIET)
            top += line


def _widths(lines: list[tuple[str, str]], size: int) -> tuple[int, int]:
    """How wide the widest label, with a space, and the widest meaning are."""
    labels = max(font(size).size(f"{label}   ")[0] for label, meaning in lines if meaning)
    return labels, max(font(size).size(meaning)[0] for _, meaning in lines)

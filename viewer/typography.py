"""Drawing text with pygame, fitted into a width. Needs no display."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import pygame

SCALE = 0.74  # of a line's size that the font takes; the rest is space between lines
SMALLEST = 13  # lines are not shrunk below this size: the dots of i and j would be lost


@lru_cache(maxsize=64)
def font(size: int) -> pygame.font.Font:
    """DejaVu Sans of matplotlib for lines of a height in pixels; pygame's own font if that file is missing."""
    pygame.font.init()
    pygame.register_quit(font.cache_clear)  # drawing with a font from before pygame.quit crashes
    matplotlib = find_spec("matplotlib")
    assert matplotlib and matplotlib.origin
    path = Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    return pygame.font.Font(path, round(size * SCALE)) if path.exists() else pygame.font.Font(None, size)


def text_size(height: int) -> int:
    """A font size for a window of this height."""
    return max(18, min(48, height // 32))


def write(
    surface: pygame.Surface, text: str, place: tuple[int, int], width: int, size: int, colour: tuple[int, int, int]
) -> int:
    """Draw a line, shrunk or truncated to ``width`` pixels; return its width.

    Args:
        surface: to draw on.
        text: of the line.
        place: the top left of a line of height ``size``; a shrunk text keeps to the middle of its line.
        width: maximum width.
        size: of the font.
        colour: of the text.
    """
    smallest = min(size, max(SMALLEST, size * 2 // 3))
    shrunk = size
    while shrunk > smallest and font(shrunk).size(text)[0] > width:
        shrunk -= 1
    if font(shrunk).size(text)[0] > width:
        while text and font(shrunk).size(text + "…")[0] > width:
            text = text[:-1]
        text += "…"
    image = font(shrunk).render(text, True, colour)
    surface.blit(image, (place[0], place[1] + (size - image.get_height()) // 2))
    return image.get_width()

"""Drawing text with pygame, fitted into a width. Needs no display."""

from functools import lru_cache

import pygame


@lru_cache(maxsize=64)
def font(size: int) -> pygame.font.Font:
    """pygame's bundled font, always available."""
    pygame.font.init()
    return pygame.font.Font(None, size)


def text_size(height: int) -> int:
    """A font size for a window of this height."""
    return max(18, min(48, height // 32))


def write(
    surface: pygame.Surface, text: str, place: tuple[int, int], width: int, size: int, colour: tuple[int, int, int]
) -> int:
    """Draw a line, shrunk or truncated to ``width`` pixels; return its width."""
    smallest = max(12, size * 2 // 3)
    while size > smallest and font(size).size(text)[0] > width:
        size -= 1
    if font(size).size(text)[0] > width:
        while text and font(size).size(text + "…")[0] > width:
            text = text[:-1]
        text += "…"
    picture = font(size).render(text, True, colour)
    surface.blit(picture, place)
    return picture.get_width()

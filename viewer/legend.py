"""The legend: what each overlay means, with a small drawing of it."""

from typing import NamedTuple

import numpy as np
import pygame

from foundation.palette import rgb
from viewer import board as b
from viewer.bars import draw_notch, draw_shares
from viewer.channels import paint_signed
from viewer.layout import GAP
from viewer.overlays import OVERLAYS
from viewer.typography import font, write

CORNER = "corner"  # the frame that every maze has, whatever overlays are shown


class Entry(NamedTuple):
    """One entry of a legend: its overlay or ``CORNER``, its text and its left edge."""

    name: str
    text: str
    left: int


def arrange_rows(texts: dict[str, str], width: int, size: int) -> list[list[Entry]]:
    """Arrange entries in rows of ``width`` pixels, in a font size."""
    rows: list[list[Entry]] = []
    left = GAP
    for name, text in texts.items():
        wide = _swatch_width(size) + font(size).size(text)[0] + 3 * GAP
        if not rows or left + wide > width:
            rows.append([])
            left = GAP
        rows[-1].append(Entry(name, text, left))
        left += wide
    return rows


def draw_row(surface: pygame.Surface, row: list[Entry], top: int, size: int, colour: tuple[int, int, int]) -> None:
    """Draw a row of entries, each with its swatch."""
    for name, text, left in row:
        swatch = pygame.Rect(left, top + size // 6, _swatch_width(size), size * 2 // 3)
        _draw_swatch(surface, swatch, name)
        write(surface, text, (swatch.right + GAP, top), surface.get_width() - swatch.right - GAP, size, colour)


def _swatch_width(size: int) -> int:
    return size * 3 // 2


def _draw_swatch(surface: pygame.Surface, rect: pygame.Rect, name: str) -> None:
    if name == CORNER:
        frame = pygame.Rect(0, 0, rect.height, rect.height)
        frame.center = rect.center
        pygame.draw.rect(surface, b.OUTCOME_COLOURS["corner"], frame, max(3, rect.height // 5))
        return
    colour = OVERLAYS[name].colour
    if name == "odds":
        draw_shares(surface, rect.inflate(0, -4), {"cheese": 0.3, "neither": 0.2, "corner": 0.5}, named=False)
        draw_notch(surface, pygame.Rect(rect.left + rect.width // 5, rect.top - 1, 3, rect.height + 2))
    elif name == "channel":
        shares = np.linspace(-1, 1, rect.width)[None]
        surface.blit(paint_signed(shares, 1.0, rect.size), rect)
    elif colour is None:
        for column in range(rect.width):
            shade = b.shade(column / max(1, rect.width - 1))
            pygame.draw.line(surface, shade, (rect.left + column, rect.top), (rect.left + column, rect.bottom))
    elif name == "arrows":
        b.draw_arrow(surface, rect.midleft, (1, 0), rect.width)
    elif name in ("greedy", "optimal", "trail"):
        pygame.draw.line(surface, rgb(colour), rect.midleft, rect.midright, max(3, rect.height // 3))
    elif name == "decision":
        pygame.draw.polygon(surface, rgb(colour), [rect.midtop, rect.midright, rect.midbottom, rect.midleft], 2)
    elif name == "visits":
        pygame.draw.circle(surface, rgb(colour), rect.center, rect.height / 2)
    else:
        pygame.draw.rect(surface, rgb(colour), rect, 2)

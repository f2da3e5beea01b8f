"""What can be switched on over a maze, by what name, and what it means."""

from typing import NamedTuple

import pygame

from viewer import board as b
from viewer.texts import font, write

GAP = 8  # pixels between two entries, and at the edges


class Overlay(NamedTuple):
    """How the legend names an overlay, and the colour it is drawn in; None where it has many."""

    meaning: str
    colour: tuple[int, int, int] | None


OVERLAYS = {
    "arrows": Overlay("how probable each move is", b.WHITE),
    "value": Overlay("value", None),
    "greedy": Overlay("its likeliest way from here", b.RED),
    "optimal": Overlay("shortest way to the cheese", b.GREEN),
    "decision": Overlay("where the ways to cheese and corner part", b.WHITE),
    "region": Overlay("where the cheese lay in training", b.SKY),
    "visits": Overlay("visits expected from here on", b.PINK),
    "sees": Overlay("what the network sees", b.GREY),
}


def check_shown(names: list[str]) -> None:
    """Refuse overlays that do not exist.

    Raises:
        ValueError: names one.
    """
    for name in names:
        if name not in OVERLAYS:
            raise ValueError(f"show must be a list of {', '.join(OVERLAYS)}, not {name!r}")


class Entry(NamedTuple):
    """One entry of a legend: its overlay, its text and its left edge."""

    name: str
    text: str
    left: int


def rows_of(texts: dict[str, str], width: int, size: int) -> list[list[Entry]]:
    """Entries, as many in a row as fit into ``width`` pixels in a font's size."""
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
    """Draw a row of entries, each with a small picture of what it names."""
    for name, text, left in row:
        swatch = pygame.Rect(left, top, _swatch_width(size), size * 2 // 3)
        _draw_swatch(surface, swatch, name)
        write(surface, text, (swatch.right + GAP, top), surface.get_width() - swatch.right - GAP, size, colour)


def _swatch_width(size: int) -> int:
    return size * 3 // 2


def _draw_swatch(surface: pygame.Surface, rect: pygame.Rect, name: str) -> None:
    colour = OVERLAYS[name].colour
    if colour is None:
        for column in range(rect.width):
            shade = b.shade(column / max(1, rect.width - 1))
            pygame.draw.line(surface, shade, (rect.left + column, rect.top), (rect.left + column, rect.bottom))
    elif name == "arrows":
        b.draw_arrow(surface, rect.midleft, (1, 0), rect.width)
    elif name in ("greedy", "optimal"):
        pygame.draw.line(surface, colour, rect.midleft, rect.midright, max(3, rect.height // 3))
    elif name == "decision":
        pygame.draw.polygon(surface, colour, [rect.midtop, rect.midright, rect.midbottom, rect.midleft], 2)
    elif name == "visits":
        pygame.draw.circle(surface, colour, rect.center, rect.height / 2)
    else:
        pygame.draw.rect(surface, colour, rect, 2)

"""Bars of what is reached first."""

from collections.abc import Mapping

import pygame

from viewer.board import BLACK, OUTCOME_COLOURS, WHITE
from viewer.layout import GAP
from viewer.odds import Odds, describe_share
from viewer.typography import SMALLEST, font, write

TEXT = (240, 240, 240)


def draw_shares(surface: pygame.Surface, rect: pygame.Rect, shares: Mapping[str, float], named: bool) -> None:
    """Draw a bar of the shares of the outcomes, which add up to at most 1; with their names if there is room."""
    left = float(rect.left)
    for name, share in shares.items():
        width = rect.width * share
        part = pygame.Rect(round(left), rect.top, round(left + width) - round(left), rect.height)
        pygame.draw.rect(surface, OUTCOME_COLOURS[name], part)
        if named and width > 5 * rect.height:
            colour = WHITE if name == "corner" else BLACK
            write(surface, name, (part.left + GAP, part.top), part.width - 2 * GAP, rect.height, colour)
        left += width


def draw_odds(surface: pygame.Surface, rect: pygame.Rect, size: int, mouse: Odds, walk: Odds) -> None:
    """Draw the odds of a mouse as two texts and a bar between them, with the odds of a random walk as notches."""
    room = rect.width * 3 // 8
    texts = [f"cheese first {describe_share(mouse.cheese)}", f"corner first {describe_share(mouse.corner)}"]
    while size > SMALLEST and max(font(size).size(text)[0] for text in texts) > room:
        size -= 1
    width = max(font(size).size(text)[0] for text in ("cheese first >99%", "corner first >99%"))
    width = min(width, room)
    top = rect.top + (rect.height - size) // 2
    write(surface, texts[0], (rect.left, top), room, size, TEXT)
    write(surface, texts[1], (rect.right - min(room, font(size).size(texts[1])[0]), top), room, size, TEXT)
    bar = pygame.Rect(rect.left + width + GAP, 0, rect.width - 2 * (width + GAP), max(6, size // 2))
    bar.centery = rect.centery
    neither = max(0.0, 1 - mouse.cheese - mouse.corner)
    shares = {"cheese": mouse.cheese, "neither": neither, "corner": mouse.corner}
    draw_shares(surface, bar, shares, named=False)
    draw_notches(surface, bar, walk)


def draw_notches(surface: pygame.Surface, bar: pygame.Rect, walk: Odds) -> None:
    """Mark the odds of a random walk on a bar, from its two ends."""
    for x in (bar.left + bar.width * walk.cheese, bar.right - bar.width * walk.corner):
        draw_notch(surface, pygame.Rect(round(x) - 1, bar.top - 3, 3, bar.height + 6))


def draw_notch(surface: pygame.Surface, rect: pygame.Rect) -> None:
    """Mark a place on a bar."""
    pygame.draw.rect(surface, BLACK, rect.inflate(2, 2))
    pygame.draw.rect(surface, WHITE, rect)

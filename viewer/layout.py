"""Where panes lie in a window: each has a title, a maze, an inset and a row of odds."""

from typing import NamedTuple

import pygame

from viewer.board import Board

GAP = 8  # pixels between two things, and at the edges
INSET = 5  # the maze's side is so many times that of the observation inset
STRIP = 5  # an area's width or height is so many times that of the strip of small maps in it


class Slot(NamedTuple):
    """The places of one pane.

    Attributes:
        title: above the maze; no height if there are no titles.
        board: the maze.
        odds: below the maze; no height if there are no odds.
        inset: beside or below the maze; None if there are no insets.
    """

    title: pygame.Rect
    board: Board
    odds: pygame.Rect
    inset: pygame.Rect | None


def arrange(
    area: pygame.Rect, number: int, dim: int, title: int = 0, odds: int = 0, has_inset: bool = False
) -> list[Slot]:
    """Lay out panes in an area, with the mazes at the largest size.

    Args:
        area: of the surface.
        number: of panes.
        dim: side of their worlds, in cells.
        title: height of a title, in pixels.
        odds: height of a row of odds, in pixels.
        has_inset: whether there are insets.
    """

    def compute_cell(columns: int, beside: bool, below: bool) -> int:
        width, height = area.width // columns - 2 * GAP, area.height // -(-number // columns) - 2 * GAP - title - odds
        wide, high = (1 + 1 / INSET if inset else 1 for inset in (beside, below))
        return min(int((width - GAP * beside) / wide) // dim, int((height - GAP * below) / high) // dim)

    insets = [(True, False), (False, True)] if has_inset else [(False, False)]
    choices = [(columns, *inset) for columns in range(1, number + 1) for inset in insets]
    columns, beside, below = max(choices, key=lambda choice: compute_cell(*choice))
    side = dim * max(1, compute_cell(columns, beside, below))
    inset = side // INSET
    width, height = area.width // columns, area.height // -(-number // columns)
    wide, high = side + (GAP + inset) * beside, title + side + odds + (GAP + inset) * below
    slots = []
    for row, column in (divmod(place, columns) for place in range(number)):
        left, top = area.left + column * width + (width - wide) // 2, area.top + row * height + (height - high) // 2
        board = Board(left, top + title, side // dim, dim)
        corner = (
            (board.rect.right + GAP, board.rect.bottom - inset) if beside else (left, board.rect.bottom + odds + GAP)
        )
        slots.append(
            Slot(
                pygame.Rect(left, top, wide, title),
                board,
                pygame.Rect(left, board.rect.bottom, side, odds),
                pygame.Rect(corner, (inset, inset)) if has_inset else None,
            )
        )
    return slots


def split_strip(area: pygame.Rect, beside: bool) -> tuple[pygame.Rect, pygame.Rect]:
    """Split an area into that of the panes and that of the strip, beside or below them."""
    if beside:
        strip = area.width // STRIP
        return (
            pygame.Rect(area.left, area.top, area.width - strip, area.height),
            pygame.Rect(area.right - strip, area.top + GAP, strip - GAP, area.height - 2 * GAP),
        )
    strip = area.height // STRIP
    return (
        pygame.Rect(area.left, area.top, area.width, area.height - strip),
        pygame.Rect(area.left + GAP, area.bottom - strip, area.width - 2 * GAP, strip),
    )

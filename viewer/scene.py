"""A viewing as a picture of any size: mazes with what is to be seen on them, titles, legend, status."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pygame

from envs import paths
from envs.levels import region_mask
from viewer import board as b
from viewer.board import Board
from viewer.legend import GAP, OVERLAYS, Entry, draw_row, rows_of
from viewer.texts import text_size, title, write
from viewer.thoughts import Thoughts, expected_visits, greedy_path, optimal_path, think
from viewer.viewing import Viewing

PAPER, TEXT, QUIET = (30, 30, 30), (240, 240, 240), (190, 190, 190)
NEED_THOUGHTS = {"arrows", "value", "greedy", "visits"}
SEEN = 5  # what the network sees is shown at so much of the maze's side


def boards_in(area: pygame.Rect, number: int, dim: int, head: int) -> list[Board]:
    """Where ``number`` worlds lie in an area, as large as they can be, with ``head`` pixels free above each."""

    def cell_of(columns: int) -> int:
        rows = -(-number // columns)
        return min((area.width // columns - GAP) // dim, (area.height // rows - GAP - head) // dim)

    columns = max(range(1, number + 1), key=cell_of)
    cell, width, height = max(1, cell_of(columns)), area.width // columns, area.height // -(-number // columns)
    places = [divmod(place, columns) for place in range(number)]
    return [
        Board(
            area.left + column * width + (width - cell * dim) // 2,
            area.top + row * height + head + (height - head - cell * dim) // 2,
            cell,
            dim,
        )
        for row, column in places
    ]


class Scene:
    """Draws viewings, and keeps what does not change between two pictures.

    Attributes:
        boards: where the panes' mazes were in the latest picture.
    """

    def __init__(self):
        self.boards: list[Board] = []
        self._kept: dict[str, tuple[tuple, Any]] = {}

    def pane_at(self, position: tuple[int, int]) -> tuple[int, int] | None:
        """The pane and the cell under a pixel of the latest picture; None beside the mazes."""
        for number, board in enumerate(self.boards):
            if (cell := board.cell_at(position)) is not None:
                return number, cell
        return None

    def draw(self, surface: pygame.Surface, viewing: Viewing, shown: frozenset[str], lines: list[str]) -> None:
        """Draw everything.

        Args:
            shown: names of ``OVERLAYS``.
            lines: texts under the mazes.
        """
        width, height = surface.get_size()
        size = text_size(height)
        line = size + 4
        legend, foot = self._legend(viewing, shown, width, size), self.foot((width, height), viewing, shown, len(lines))
        head = line if len(viewing.panes) > 1 else 0
        surface.fill(PAPER)
        area = pygame.Rect(0, 0, width, height - foot)
        self.boards = boards_in(area, len(viewing.panes), viewing.level.world_dim, head)
        for number, board in enumerate(self.boards):
            self._draw_pane(surface, viewing, number, board, shown)
            if head:
                write(surface, title(viewing, number), (board.left, board.top - line), board.rect.width, size, TEXT)

        top = height - foot + GAP // 2
        for row in legend:
            draw_row(surface, row, top, size, QUIET)
            top += line
        for number, text in enumerate(lines):
            write(surface, text, (GAP, top), width - 2 * GAP, size, QUIET if number else TEXT)
            top += line

    def foot(self, size: tuple[int, int], viewing: Viewing, shown: frozenset[str], num_lines: int) -> int:
        """How many pixels legend and lines take in a picture of this width and height."""
        text = text_size(size[1])
        rows = num_lines + len(self._legend(viewing, shown, size[0], text))
        return rows * (text + 4) + GAP * bool(rows)

    def thoughts(self, viewing: Viewing, number: int) -> Thoughts:
        """What the mouse of a pane thinks in its present level."""
        mouse, level = viewing.panes[number].mouse, viewing.states[number].level
        return self._keep(f"thoughts {number}", (mouse, level), lambda: think(mouse, level))

    def _draw_pane(self, surface: pygame.Surface, viewing: Viewing, number: int, board: Board, shown: frozenset[str]):
        state, spec = viewing.states[number], viewing.panes[number].mouse.spec
        thinks = shown & NEED_THOUGHTS and not viewing.panes[number].person
        thoughts = self.thoughts(viewing, number) if thinks else None
        surface.blit(self._ground(viewing, number, board, shown, thoughts), board.rect)
        if "visits" in shown and thoughts:
            visits = self._keep(f"visits {number}", (thoughts, state), lambda: expected_visits(thoughts, state))
            b.draw_visits(surface, board, visits)
        if "optimal" in shown:
            b.draw_path(surface, board, optimal_path(state), b.GREEN, 1)
        if "greedy" in shown and thoughts:
            cells = self._keep(f"greedy {number}", (thoughts, state), lambda: greedy_path(thoughts, state))
            b.draw_path(surface, board, cells, b.RED, -1)
        pictures = self._keep("sprites", (board.cell,), lambda: b.sprites(board.cell))
        b.draw_things(surface, board, state, pictures)
        if "arrows" in shown and thoughts:
            surface.blit(self._arrows(number, board, thoughts), board.rect)
        if "sees" in shown:
            draw_seen(surface, board, spec.painter("cpu").paint(state)[0].numpy())

    def _ground(self, viewing, number: int, board: Board, shown: frozenset[str], thoughts: Thoughts | None):
        """What lies under mouse and cheese and does not change while the mouse walks."""
        level, region = viewing.states[number].level, viewing.panes[number].mouse.spec.cheese_region
        made_of = (level.walls, level.background, level.shift, board.cell)
        maze = self._keep(f"maze {number}", made_of, lambda: b.maze_picture(level, board.cell))

        def ground() -> pygame.Surface:
            picture, here = maze.copy(), board._replace(left=0, top=0)
            if "value" in shown and thoughts:
                b.draw_value(picture, here, thoughts.value)
            if "region" in shown:
                b.draw_outline(picture, here, region_mask(level, region)[0].numpy(), b.SKY)
            if "decision" in shown:
                b.draw_decision(picture, here, int(paths.classify_levels(level)[1]))
            return picture

        return self._keep(f"ground {number}", (maze, level, thoughts, shown), ground)

    def _arrows(self, number: int, board: Board, thoughts: Thoughts) -> pygame.Surface:
        def arrows() -> pygame.Surface:
            layer = pygame.Surface(board.rect.size, pygame.SRCALPHA)
            b.draw_arrows(layer, board._replace(left=0, top=0), thoughts.moves)
            return layer

        return self._keep(f"arrows {number}", (thoughts, board.cell), arrows)

    def _legend(self, viewing: Viewing, shown: frozenset[str], width: int, size: int) -> list[list[Entry]]:
        texts = {name: overlay.meaning for name, overlay in OVERLAYS.items() if name in shown}
        if "value" in texts:
            low, high = (extreme(self.thoughts(viewing, 0).value) for extreme in (np.nanmin, np.nanmax))
            texts["value"] += f" {low:.2f} to {high:.2f}" if len(viewing.panes) == 1 else ", least to most"
        return rows_of(texts, width, size)

    def _keep(self, slot: str, made_of: tuple, make: Callable[[], Any]) -> Any:
        """What was made last time, as long as it would be made of the same things."""
        if slot not in self._kept or not _same(self._kept[slot][0], made_of):
            self._kept[slot] = (made_of, make())
        return self._kept[slot][1]


def _same(one: tuple, other: tuple) -> bool:
    pairs = zip(one, other, strict=True)
    return all(a is b or (isinstance(a, int | frozenset) and a == b) for a, b in pairs)


def draw_seen(surface: pygame.Surface, board: Board, picture: np.ndarray) -> None:
    """An observation uint8 (H, W, 3), small: beside the maze where there is room, else in its bottom right."""
    times = max(1, board.rect.width // SEEN // len(picture))
    seen = b.surface_of(picture.repeat(times, 0).repeat(times, 1))
    rect = seen.get_rect(bottomright=board.rect.bottomright)
    if board.rect.right + GAP + rect.width + GAP <= surface.get_clip().right:
        rect.left = board.rect.right + GAP
    surface.blit(seen, rect)
    pygame.draw.rect(surface, b.GREY, rect.inflate(4, 4), 2)

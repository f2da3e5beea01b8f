"""Draw a viewing at any size: mazes with overlays, titles, legend and status."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pygame

from envs import paths
from envs.levels import region_mask
from viewer import board as b
from viewer.board import Board
from viewer.legend import GAP, Entry, arrange_rows, draw_row
from viewer.maps import Maps, compute_greedy_path, compute_maps, compute_shortest_path, compute_visits
from viewer.overlays import OVERLAYS
from viewer.texts import describe_pane
from viewer.typography import text_size, write
from viewer.viewing import Viewing

PAPER, TEXT, QUIET = (30, 30, 30), (240, 240, 240), (190, 190, 190)
NEED_MAPS = {"arrows", "value", "greedy", "visits"}
INSET = 5  # the maze's side is so many times that of the observation inset


def boards_in(area: pygame.Rect, number: int, dim: int, head: int) -> list[Board]:
    """Lay out ``number`` worlds in an area at the largest size, with ``head`` free pixels above each."""

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
    """Draws viewings; caches layers that do not change between frames.

    Attributes:
        boards: the placement of the panes' mazes in the last frame.
    """

    def __init__(self):
        self.boards: list[Board] = []
        self._kept: dict[str, tuple[tuple, Any]] = {}

    def pane_at(self, position: tuple[int, int]) -> tuple[int, int] | None:
        """Return the pane and the cell under a pixel of the last frame; None outside the mazes."""
        for number, board in enumerate(self.boards):
            if (cell := board.cell_at(position)) is not None:
                return number, cell
        return None

    def draw(self, surface: pygame.Surface, viewing: Viewing, shown: frozenset[str], lines: list[str]) -> None:
        """Draw everything.

        Args:
            shown: names of ``OVERLAYS``.
            lines: texts below the mazes.
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
                write(
                    surface,
                    describe_pane(viewing, number),
                    (board.left, board.top - line),
                    board.rect.width,
                    size,
                    TEXT,
                )

        top = height - foot + GAP // 2
        for row in legend:
            draw_row(surface, row, top, size, QUIET)
            top += line
        for number, text in enumerate(lines):
            write(surface, text, (GAP, top), width - 2 * GAP, size, QUIET if number else TEXT)
            top += line

    def foot(self, size: tuple[int, int], viewing: Viewing, shown: frozenset[str], num_lines: int) -> int:
        """Height in pixels of legend and lines in an image of this width and height."""
        text = text_size(size[1])
        rows = num_lines + len(self._legend(viewing, shown, size[0], text))
        return rows * (text + 4) + GAP * bool(rows)

    def maps(self, viewing: Viewing, number: int) -> Maps:
        """Compute a pane's policy and value maps."""
        mouse, level = viewing.panes[number].mouse, viewing.states[number].level
        return self._keep(f"maps {number}", (mouse, level), lambda: compute_maps(mouse, level))

    def _draw_pane(self, surface: pygame.Surface, viewing: Viewing, number: int, board: Board, shown: frozenset[str]):
        state, spec = viewing.states[number], viewing.panes[number].mouse.spec
        needed = shown & NEED_MAPS and not viewing.panes[number].person
        maps = self.maps(viewing, number) if needed else None
        surface.blit(self._ground(viewing, number, board, shown, maps), board.rect)
        if "visits" in shown and maps:
            visits = self._keep(f"visits {number}", (maps, state), lambda: compute_visits(maps, state))
            b.draw_visits(surface, board, visits)
        if "optimal" in shown:
            b.draw_path(surface, board, compute_shortest_path(state), b.GREEN, 1)
        if "greedy" in shown and maps:
            cells = self._keep(f"greedy {number}", (maps, state), lambda: compute_greedy_path(maps, state))
            b.draw_path(surface, board, cells, b.RED, -1)
        sprites = self._keep("sprites", (board.cell,), lambda: b.build_sprites(board.cell))
        b.draw_objects(surface, board, state, sprites)
        if "arrows" in shown and maps:
            surface.blit(self._arrows(number, board, maps), board.rect)
        if "sees" in shown:
            draw_observation(surface, board, spec.painter("cpu").paint(state)[0].numpy())

    def _ground(self, viewing, number: int, board: Board, shown: frozenset[str], maps: Maps | None):
        """Draw the static layers below mouse and cheese."""
        level, region = viewing.states[number].level, viewing.panes[number].mouse.spec.cheese_region
        made_of = (level.walls, level.background, level.shift, board.cell)
        maze = self._keep(f"maze {number}", made_of, lambda: b.draw_maze(level, board.cell))

        def draw_ground() -> pygame.Surface:
            ground, here = maze.copy(), board._replace(left=0, top=0)
            if "value" in shown and maps:
                b.draw_value(ground, here, maps.value)
            if "region" in shown:
                b.draw_outline(ground, here, region_mask(level, region)[0].numpy(), b.SKY)
            if "decision" in shown:
                b.draw_decision(ground, here, int(paths.classify_levels(level)[1]))
            return ground

        return self._keep(f"ground {number}", (maze, level, maps, shown), draw_ground)

    def _arrows(self, number: int, board: Board, maps: Maps) -> pygame.Surface:
        def draw_arrows() -> pygame.Surface:
            layer = pygame.Surface(board.rect.size, pygame.SRCALPHA)
            b.draw_arrows(layer, board._replace(left=0, top=0), maps.moves)
            return layer

        return self._keep(f"arrows {number}", (maps, board.cell), draw_arrows)

    def _legend(self, viewing: Viewing, shown: frozenset[str], width: int, size: int) -> list[list[Entry]]:
        texts = {name: overlay.meaning for name, overlay in OVERLAYS.items() if name in shown}
        if "value" in texts:
            low, high = (extreme(self.maps(viewing, 0).value) for extreme in (np.nanmin, np.nanmax))
            texts["value"] += f" {low:.2f} to {high:.2f}" if len(viewing.panes) == 1 else ", minimum to maximum"
        return arrange_rows(texts, width, size)

    def _keep(self, slot: str, made_of: tuple, make: Callable[[], Any]) -> Any:
        """Return the cached result if its inputs are unchanged."""
        if slot not in self._kept or not _same(self._kept[slot][0], made_of):
            self._kept[slot] = (made_of, make())
        return self._kept[slot][1]


def _same(one: tuple, other: tuple) -> bool:
    pairs = zip(one, other, strict=True)
    return all(a is b or (isinstance(a, int | frozenset) and a == b) for a, b in pairs)


def draw_observation(surface: pygame.Surface, board: Board, obs: np.ndarray) -> None:
    """Draw the observation inset: beside the maze if there is room, otherwise at its bottom right.

    Args:
        obs: uint8 (H, W, 3).
    """
    times = max(1, board.rect.width // INSET // len(obs))
    seen = b.convert_image(obs.repeat(times, 0).repeat(times, 1))
    rect = seen.get_rect(bottomright=board.rect.bottomright)
    if board.rect.right + GAP + rect.width + GAP <= surface.get_clip().right:
        rect.left = board.rect.right + GAP
    surface.blit(seen, rect)
    pygame.draw.rect(surface, b.GREY, rect.inflate(4, 4), 2)

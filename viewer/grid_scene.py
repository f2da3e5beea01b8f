"""Draw a grid at any size: mazes with their outcomes, and the counts. Needs no display."""

from collections.abc import Iterator

import numpy as np
import pygame

from viewer import board as b
from viewer.grid import Grid
from viewer.legend import GAP
from viewer.recording import END_SECONDS, WIDEST, read_pixels
from viewer.scene import PAPER, QUIET, TEXT, boards_in
from viewer.typography import text_size, write


class GridScene:
    """Draws grids; caches unchanged mazes.

    Args:
        shape: columns and rows of levels.
    """

    def __init__(self, shape: tuple[int, int]):
        self.shape = shape
        self._grounds: dict[int, tuple[tuple, pygame.Surface]] = {}
        self._sprites: tuple[int, dict[str, pygame.Surface]] | None = None

    def draw(self, surface: pygame.Surface, grid: Grid, note: str) -> None:
        """Draw the mazes, each framed in the colour of its outcome, the counts as a bar and as text, and a note."""
        width, height = surface.get_size()
        size = text_size(height)
        line = size + 4
        surface.fill(PAPER)
        for row in range(len(grid.outcomes)):
            (board,) = boards_in(find_area(row, self.shape, (width, height)), 1, grid.state.level.world_dim, 0)
            self._draw_one(surface, grid, row, board)
        area = pygame.Rect(0, 0, width, height - _foot(height))
        self._draw_bar(surface, grid, pygame.Rect(GAP, area.bottom + GAP // 2, width - 2 * GAP, line - GAP // 2))
        write(surface, grid.summary, (GAP, area.bottom + GAP + line), width - 2 * GAP, size, TEXT)
        write(surface, note, (GAP, area.bottom + GAP + 2 * line), width - 2 * GAP, size, QUIET)

    def _draw_one(self, surface: pygame.Surface, grid: Grid, row: int, board: b.Board) -> None:
        state = grid.state.rows([row])
        level = state.level
        made_of = (level.walls.numpy().tobytes(), int(level.background), int(level.shift), board.cell)
        if row not in self._grounds or self._grounds[row][0] != made_of:
            self._grounds[row] = (made_of, b.draw_maze(level, board.cell))
        surface.blit(self._grounds[row][1], board.rect)
        if self._sprites is None or self._sprites[0] != board.cell:
            self._sprites = (board.cell, b.build_sprites(board.cell))
        b.draw_objects(surface, board, state, self._sprites[1])
        if grid.outcomes[row]:
            pygame.draw.rect(surface, b.OUTCOME_COLOURS[grid.outcomes[row]], board.rect.inflate(GAP, GAP), GAP // 2)

    def _draw_bar(self, surface: pygame.Surface, grid: Grid, rect: pygame.Rect) -> None:
        total, left = sum(grid.counts.values()), float(rect.left)
        for name, colour in b.OUTCOME_COLOURS.items():
            width = rect.width * grid.counts[name] / max(1, total)
            part = pygame.Rect(round(left), rect.top, round(left + width) - round(left), rect.height)
            pygame.draw.rect(surface, colour, part)
            if width > 5 * rect.height:
                write(surface, name, (part.left + GAP, part.top + 2), part.width - 2 * GAP, rect.height, b.BLACK)
            left += width


def _foot(height: int) -> int:
    """Height in pixels of the counts in an image of this height."""
    return 3 * (text_size(height) + 4) + GAP


def find_area(row: int, shape: tuple[int, int], size: tuple[int, int]) -> pygame.Rect:
    """The area of one maze in an image of a width and height."""
    (columns, rows), (width, height) = shape, size
    wide, high = width // columns, (height - _foot(height)) // rows
    return pygame.Rect(row % columns * wide, row // columns * high, wide, high)


def draw_episodes(grid: Grid, shape: tuple[int, int], number: int, speed: int) -> Iterator[np.ndarray]:
    """Yield frames uint8 (H, W, 3) of a grid until ``number`` episodes have ended; the last frame is held."""
    columns, rows = shape
    cell = max(8, WIDEST // (columns * grid.state.level.world_dim))
    side = cell * grid.state.level.world_dim + GAP
    height = rows * side
    surface, scene = pygame.Surface((columns * side, height + 4 * text_size(height))), GridScene(shape)
    frame = np.empty(0)
    while True:
        scene.draw(surface, grid, grid.description)
        frame = read_pixels(surface)
        yield frame
        if sum(grid.counts.values()) >= number:
            break
        grid.step()
    yield from [frame] * round(speed * END_SECONDS)

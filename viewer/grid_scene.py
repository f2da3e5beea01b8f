"""Draw a grid at any size: mazes with their outcomes, and the counts. Needs no display."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import pygame

from viewer import board as b
from viewer.bars import TEXT, draw_notches, draw_shares
from viewer.grid import Grid
from viewer.layout import GAP, arrange
from viewer.recording import END_SECONDS, WIDEST, read_pixels
from viewer.scene import PAPER, QUIET
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
            self._draw_one(surface, grid, row, self.find_board(surface, grid, row))
        area = pygame.Rect(0, 0, width, height - _foot(height))
        shares = {name: grid.counts[name] / max(1, grid.num_counted) for name in ("cheese", "neither", "corner")}
        bar = pygame.Rect(GAP, area.bottom + GAP // 2, width - 2 * GAP, line - GAP // 2)
        draw_shares(surface, bar, shares, named=True)
        if grid.num_counted:
            draw_notches(surface, bar, grid.walk)
        write(surface, grid.summary, (GAP, area.bottom + GAP + line), width - 2 * GAP, size, TEXT)
        write(surface, note, (GAP, area.bottom + GAP + 2 * line), width - 2 * GAP, size, QUIET)

    def find_board(self, surface: pygame.Surface, grid: Grid, row: int) -> b.Board:
        """The placement of one maze on a surface."""
        (slot,) = arrange(find_area(row, self.shape, surface.get_size()), 1, grid.state.level.world_dim)
        return slot.board

    def _draw_one(self, surface: pygame.Surface, grid: Grid, row: int, board: b.Board) -> None:
        state = grid.state.rows([row])
        level = state.level
        made_of = (level.walls.numpy().tobytes(), int(level.background), int(level.shift), board.cell)
        if row not in self._grounds or self._grounds[row][0] != made_of:
            ground = b.draw_maze(level, board.cell)
            b.draw_corner(ground, board._replace(left=0, top=0), int(level.corner))
            self._grounds[row] = (made_of, ground)
        surface.blit(self._grounds[row][1], board.rect)
        if self._sprites is None or self._sprites[0] != board.cell:
            self._sprites = (board.cell, b.build_sprites(board.cell))
        b.draw_objects(surface, board, state, self._sprites[1])
        if grid.outcomes[row]:
            pygame.draw.rect(surface, b.OUTCOME_COLOURS[grid.outcomes[row]], board.rect.inflate(GAP, GAP), GAP // 2)


def _foot(height: int) -> int:
    """Height in pixels of the counts in an image of this height."""
    return 3 * (text_size(height) + 4) + GAP


def find_area(row: int, shape: tuple[int, int], size: tuple[int, int]) -> pygame.Rect:
    """The area of one maze in an image of a width and height."""
    (columns, rows), (width, height) = shape, size
    wide, high = width // columns, (height - _foot(height)) // rows
    return pygame.Rect(row % columns * wide, row // columns * high, wide, high)


def draw_episodes(grid: Grid, shape: tuple[int, int], number: int, speed: int) -> Iterator[np.ndarray]:
    """Yield frames uint8 (H, W, 3) of a grid until ``number`` episodes are counted; the last frame is held."""
    columns, rows = shape
    cell = max(8, WIDEST // (columns * grid.state.level.world_dim))
    side = cell * grid.state.level.world_dim + 2 * GAP
    height = next(height for height in count(rows * side) if height - _foot(height) >= rows * side)
    surface, scene = pygame.Surface((columns * side, height)), GridScene(shape)
    frame = np.empty(0)
    while True:
        scene.draw(surface, grid, grid.description)
        frame = read_pixels(surface)
        yield frame
        if grid.num_counted >= number:
            break
        grid.step()
    yield from [frame] * round(speed * END_SECONDS)

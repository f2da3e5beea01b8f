"""Draw one maze and its overlays with pygame. Needs no display."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pygame

from envs.levels import Levels
from envs.painter import portrait
from envs.sprites import CHEESE_SPRITE, MOUSE_SPRITE, TEXELS
from envs.world import DOWN, LEFT, RIGHT, UP, State
from foundation import palette
from foundation.palette import rgb

SKY, GREEN, RED, PINK, GREY, WHITE, BLACK = map(
    rgb, (palette.SKY_BLUE, palette.GREEN, palette.VERMILION, palette.PINK, palette.GREY, palette.WHITE, palette.BLACK)
)
OUTCOME_COLOURS = {outcome: rgb(colour) for outcome, colour in palette.OUTCOME_COLOURS.items()}

MIN_PROBABILITY = 0.05  # of a drawn arrow
OPACITY = 0.85  # of the value colour over the floor
DIRECTIONS = {LEFT: (-1, 0), DOWN: (0, 1), UP: (0, -1), RIGHT: (1, 0)}  # screen directions; y points down


class Board(NamedTuple):
    """Placement of a world on a surface: top-left pixel, cell size in pixels and side in cells."""

    left: int
    top: int
    cell: int
    dim: int

    @property
    def rect(self) -> pygame.Rect:
        return pygame.Rect(self.left, self.top, self.cell * self.dim, self.cell * self.dim)

    def cell_rect(self, cell: int) -> pygame.Rect:
        y, x = divmod(cell, self.dim)
        return pygame.Rect(self.left + x * self.cell, self.top + (self.dim - 1 - y) * self.cell, self.cell, self.cell)

    def cell_at(self, position: tuple[int, int]) -> int | None:
        """Return the cell under a pixel; None outside the world."""
        if not self.rect.collidepoint(position):
            return None
        x, down = (position[0] - self.left) // self.cell, (position[1] - self.top) // self.cell
        return (self.dim - 1 - down) * self.dim + x


def convert_image(image: np.ndarray) -> pygame.Surface:
    """Convert an image uint8 (H, W, 3), or (H, W, 4) with transparent pixels, to a surface."""
    kind = "RGBA" if image.shape[2] == 4 else "RGB"
    return pygame.image.frombuffer(np.ascontiguousarray(image).tobytes(), image.shape[1::-1], kind)


def draw_maze(level: Levels, cell: int) -> pygame.Surface:
    """Draw walls and floor only."""
    nobody = level.start.new_tensor([-1])
    return convert_image(portrait(State(level._replace(cheese=nobody), nobody, nobody.bool(), nobody), cell))


def build_sprites(cell: int) -> dict[str, pygame.Surface]:
    """Build cheese and mouse sprites of cell size, equal to those of a portrait."""
    texel = (2 * np.arange(cell) + 1) * TEXELS // (2 * cell)
    images = {"cheese": CHEESE_SPRITE, "left": MOUSE_SPRITE, "right": MOUSE_SPRITE[:, ::-1]}
    return {name: convert_image(image[texel][:, texel]) for name, image in images.items()}


def draw_objects(surface: pygame.Surface, board: Board, state: State, sprites: dict[str, pygame.Surface]) -> None:
    """Draw the cheese, and the mouse over it."""
    if int(state.level.cheese) >= 0:
        surface.blit(sprites["cheese"], board.cell_rect(int(state.level.cheese)))
    surface.blit(sprites["right" if state.facing_right else "left"], board.cell_rect(int(state.mouse)))


def draw_value(surface: pygame.Surface, board: Board, value: np.ndarray, limits: tuple[float, float]) -> None:
    """Colour each cell by value, from blue (low limit) to yellow (high limit); NaN cells keep their floor."""
    low, high = limits
    share = ((value - low) / max(high - low, 1e-9)).clip(0, 1)
    for cell in np.flatnonzero(~np.isnan(value)).tolist():
        tint = pygame.Surface((board.cell, board.cell))
        tint.fill(shade(share.flat[cell]))
        tint.set_alpha(round(255 * OPACITY))
        surface.blit(tint, board.cell_rect(cell))


def shade(share: float) -> tuple[int, int, int]:
    """Look up cividis, a colour-blind-safe colour map, at 0..1."""
    return _cividis()[round(255 * float(share))]


@cache
def _cividis() -> list[tuple[int, int, int]]:
    from matplotlib import colormaps  # slow import

    table = colormaps["cividis"](np.arange(256), bytes=True)
    return [(int(red), int(green), int(blue)) for red, green, blue, _ in table]


def draw_visits(surface: pygame.Surface, board: Board, visits: np.ndarray) -> None:
    """Draw a disc per cell.

    Its area grows with the logarithm of the expected visits; one visit gives a third of the cell's width.
    """
    for cell in np.flatnonzero(visits > 0.005).tolist():
        radius = board.cell * min(0.5, 0.17 * np.sqrt(np.log2(1 + visits.flat[cell])))
        if radius >= 0.5:
            pygame.draw.circle(surface, BLACK, board.cell_rect(cell).center, radius + max(1, board.cell / 24))
            pygame.draw.circle(surface, PINK, board.cell_rect(cell).center, radius)


def draw_outline(surface: pygame.Surface, board: Board, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Outline a rectangle of cells, bool (world_dim, world_dim)."""
    cells = np.flatnonzero(mask).tolist()
    if cells:
        rect = board.cell_rect(cells[0]).union(board.cell_rect(cells[-1]))
        width = max(2, board.cell // 8)
        pygame.draw.rect(surface, BLACK, rect.inflate(width, width), width + 2)
        pygame.draw.rect(surface, colour, rect.inflate(width - 2, width - 2), width)


def draw_corner(surface: pygame.Surface, board: Board, cell: int) -> None:
    """Mark the top-right corner with a frame inside its cell, in the colour of its outcome."""
    rect, width = board.cell_rect(cell), max(2, board.cell // 8)
    pygame.draw.rect(surface, WHITE, rect, width + max(1, board.cell // 24))
    pygame.draw.rect(surface, OUTCOME_COLOURS["corner"], rect, width)


def draw_decision(surface: pygame.Surface, board: Board, cell: int) -> None:
    """Draw a diamond around a cell."""
    if cell >= 0:
        rect = board.cell_rect(cell)
        corners = [rect.midtop, rect.midright, rect.midbottom, rect.midleft]
        pygame.draw.polygon(surface, BLACK, corners, max(4, board.cell // 5))
        pygame.draw.polygon(surface, WHITE, corners, max(2, board.cell // 10))


def draw_path(surface: pygame.Surface, board: Board, cells: list[int], colour: tuple[int, int, int], side: int) -> None:
    """Draw a line through cells; ``side`` −1, 0 or 1 offsets it, so that several lines stay visible."""
    if len(cells) < 2:
        return
    shift, width = side * max(1, board.cell // 8), max(3, board.cell // 10)
    points = [board.cell_rect(cell).move(shift, shift).center for cell in cells]
    for line, wide in ((BLACK, width + 2), (colour, width)):
        pygame.draw.lines(surface, line, False, points, wide)
        for point in points:
            pygame.draw.circle(surface, line, point, wide // 2)
        pygame.draw.circle(surface, line, points[-1], wide * 1.2)


def draw_arrows(surface: pygame.Surface, board: Board, moves: np.ndarray) -> None:
    """Draw an arrow per open cell and move; its length is proportional to the probability."""
    for cell in np.flatnonzero(~np.isnan(moves[0])).tolist():
        for move, (right, down) in DIRECTIONS.items():
            probability = moves[move].flat[cell]
            if probability >= MIN_PROBABILITY:
                draw_arrow(surface, board.cell_rect(cell).center, (right, down), probability * 0.48 * board.cell)


def draw_arrow(surface: pygame.Surface, start: tuple[int, int], direction: tuple[int, int], length: float) -> None:
    """Draw one arrow: a white wedge with a dark outline."""
    (x, y), (right, down) = start, direction
    half = max(1.5, 0.3 * length)
    head = min(length, 2.2 * half)
    outline = [(0.0, -half / 3), (length - head, -half / 3), (length - head, -half), (length, 0.0)]
    outline += [(along, -across) for along, across in reversed(outline[:-1])]
    points = [(x + along * right - across * down, y + along * down + across * right) for along, across in outline]
    pygame.draw.polygon(surface, WHITE, points)
    pygame.draw.aalines(surface, BLACK, True, points)

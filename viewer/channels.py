"""Draw the channels of a layer with pygame: one over a maze, and all as small maps. Needs no display."""

from typing import NamedTuple

import numpy as np
import pygame
import torch

from envs.spec import WorldSpec
from foundation.palette import BLUE, VERMILION, rgb
from inside.activations import find_positions, to_cells
from viewer.board import BLACK, WHITE, Board, convert_image, draw_outline
from viewer.inspection import Inspection
from viewer.typography import SMALLEST, font

NEGATIVE, POSITIVE = rgb(BLUE), rgb(VERMILION)
OPACITY = 0.75  # over the maze
FRAME = 2  # pixels around a small map


class Strip(NamedTuple):
    """Placement of small maps, in rows.

    Attributes:
        rect: the area.
        columns: small maps in a row.
        side: of the square of a small map with its frame, in pixels.
        number: of small maps.
    """

    rect: pygame.Rect
    columns: int
    side: int
    number: int

    def channel_rect(self, channel: int) -> pygame.Rect:
        row, column = divmod(channel, self.columns)
        return pygame.Rect(self.rect.left + column * self.side, self.rect.top + row * self.side, self.side, self.side)

    def channel_at(self, position: tuple[int, int]) -> int | None:
        """Return the channel under a pixel; None outside the small maps."""
        return next((each for each in range(self.number) if self.channel_rect(each).collidepoint(position)), None)


def arrange_strip(rect: pygame.Rect, number: int) -> Strip | None:
    """Place so many small maps in an area, as large as possible; None if there is no room for more than frames."""

    def compute_side(columns: int) -> int:
        return min(rect.width // columns, rect.height // -(-number // columns))

    columns = max(range(1, number + 1), key=compute_side)
    side = compute_side(columns)
    return Strip(rect, columns, side, number) if side > 2 * FRAME else None


def draw_strip(surface: pygame.Surface, strip: Strip, channels: torch.Tensor, inspection: Inspection) -> None:
    """Draw all channels (C, height, width), each on its own scale; frame the shown one and those with clamps."""
    clamped = {clamp.channel for clamp in inspection.clamps}
    for number, values in enumerate(channels):
        rect = strip.channel_rect(number).inflate(-2 * FRAME, -2 * FRAME)
        surface.blit(paint_signed(values.numpy(), find_limit(values), rect.size), rect)
        if number == inspection.channel:
            pygame.draw.rect(surface, WHITE, rect.inflate(2 * FRAME, 2 * FRAME), FRAME)
        elif number in clamped:
            pygame.draw.rect(surface, POSITIVE, rect.inflate(2 * FRAME, 2 * FRAME), FRAME)


def find_limit(values: torch.Tensor) -> float:
    """The largest absolute value."""
    return float(values.abs().max())


def paint_signed(values: np.ndarray, limit: float, size: tuple[int, int]) -> pygame.Surface:
    """Paint values (height, width), top row first, at a size: 0 is black, blue is below, red above."""
    share = (values / max(limit, 1e-9)).clip(-1, 1)[..., None]
    image = abs(share) * np.where(share < 0, NEGATIVE, POSITIVE)
    return pygame.transform.scale(convert_image(image.astype(np.uint8)), size)


def draw_channel(surface: pygame.Surface, board: Board, channel: torch.Tensor, limit: float, spec: WorldSpec) -> None:
    """Draw a channel's map (height, width) over a maze: each cell has the colour of the position over it."""
    cells = to_cells(channel, spec).view(board.dim, board.dim).flip(0).numpy()
    layer = paint_signed(cells, limit, board.rect.size)
    layer.set_alpha(round(255 * OPACITY))
    surface.blit(layer, board.rect)


def draw_clamps(surface: pygame.Surface, board: Board, inspection: Inspection, channel: torch.Tensor, spec: WorldSpec):
    """Outline the cells under the clamped positions of the shown channel, and write their values."""
    rows, columns = find_positions(spec, *channel.shape).T
    for clamp in inspection.clamps:
        cells = ((rows == clamp.row) & (columns == clamp.column)).numpy()
        if clamp.channel == inspection.channel and cells.any():
            draw_outline(surface, board, cells.reshape(board.dim, board.dim), WHITE)
            area = board.cell_rect(cells.nonzero()[0][0]).union(board.cell_rect(cells.nonzero()[0][-1]))
            _write_value(surface, area, f"{clamp.value:g}")


def _write_value(surface: pygame.Surface, area: pygame.Rect, text: str) -> None:
    image = font(max(SMALLEST, min(24, area.height // 3))).render(f" {text} ", True, BLACK, WHITE)
    surface.blit(image, image.get_rect(bottomright=area.bottomright))

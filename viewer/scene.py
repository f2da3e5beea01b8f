"""Draw a viewing at any size: mazes with overlays, titles, odds, legend and texts."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pygame
from torch import Tensor

from envs import paths
from envs.levels import region_mask
from foundation.palette import YELLOW, rgb
from viewer import board as b
from viewer.bars import TEXT, draw_odds
from viewer.board import Board
from viewer.channels import Strip, arrange_strip, draw_channel, draw_clamps, draw_strip, find_limit
from viewer.inspection import Inspection
from viewer.layout import GAP, Slot, arrange, split_strip
from viewer.legend import CORNER, Entry, arrange_rows, draw_row
from viewer.maps import HORIZON, Maps, compute_greedy_path, compute_maps, compute_shortest_path, compute_visits
from viewer.odds import compute_first_reached
from viewer.overlays import OVERLAYS
from viewer.texts import describe_channel, describe_inspection, describe_pane
from viewer.typography import font, text_size, write
from viewer.viewing import Viewing

PAPER, QUIET = (30, 30, 30), (190, 190, 190)
NEED_MAPS = {"arrows", "value", "greedy", "visits", "odds"}


class Line(NamedTuple):
    """A line below the mazes.

    Attributes:
        text: of the line.
        fill: background colour; None for none.
        hint: a short text at the right end.
    """

    text: str
    fill: tuple[int, int, int] | None = None
    hint: str = ""


class Scene:
    """Draws viewings; caches layers that do not change between frames.

    Attributes:
        slots: the places of the panes in the last frame.
        strip: the place of the first mouse's channels in the last frame, if they were drawn.
    """

    def __init__(self):
        self.slots: list[Slot] = []
        self.strip: Strip | None = None
        self._kept: dict[str, tuple[tuple, Any]] = {}

    @property
    def boards(self) -> list[Board]:
        """The placement of the panes' mazes in the last frame."""
        return [slot.board for slot in self.slots]

    def pane_at(self, position: tuple[int, int]) -> tuple[int, int] | None:
        """Return the pane and the cell under a pixel of the last frame; None outside the mazes."""
        for number, board in enumerate(self.boards):
            if (cell := board.cell_at(position)) is not None:
                return number, cell
        return None

    def draw(self, surface: pygame.Surface, viewing: Viewing, shown: frozenset[str], lines: Sequence[Line]) -> None:
        """Draw everything.

        Args:
            shown: names of ``OVERLAYS``.
            lines: texts below the mazes.
        """
        width, height = surface.get_size()
        size = text_size(height)
        line = size + 4
        foot = self.foot((width, height), viewing, shown, len(lines))
        surface.fill(PAPER)
        self._arrange(pygame.Rect(0, 0, width, height - foot), viewing, shown, line)
        if self.strip:
            draw_strip(surface, self.strip, self.channels(viewing, 0), viewing.inspection)
        for number, slot in enumerate(self.slots):
            self._draw_pane(surface, viewing, number, slot, shown)
            if slot.title.height:
                write(surface, describe_pane(viewing, number), slot.title.topleft, slot.title.width, size, TEXT)
            if slot.odds.height and not viewing.panes[number].person and not _is_slow(viewing):
                first = self._keep(f"odds {number}", (self.maps(viewing, number),), compute_first_reached)
                draw_odds(surface, slot.odds, size, *first.find(viewing.states[number]))
        top = height - foot + GAP // 2
        for row in self._legend(viewing, shown, width, size):
            draw_row(surface, row, top, size, QUIET)
            top += line
        for each in [*describe_changes(viewing), *lines]:
            self._draw_line(surface, each, pygame.Rect(0, top, width, line), size)
            top += line

    def _arrange(self, area: pygame.Rect, viewing: Viewing, shown: frozenset[str], line: int) -> None:
        """Find the places of panes and strip: the strip is beside or below the panes, where these are larger."""
        number = len(viewing.panes)
        title, odds = line * (number > 1), line * ("odds" in shown)

        def arrange_panes(part: pygame.Rect) -> list[Slot]:
            return arrange(part, number, viewing.level.world_dim, title, odds, "sees" in shown)

        if "channel" not in shown:
            self.slots, self.strip = arrange_panes(area), None
            return
        choices = []
        for beside in (True, False):
            panes, strip = split_strip(area, beside)
            choices.append((arrange_panes(panes), arrange_strip(strip, len(self.channels(viewing, 0)))))
        self.slots, self.strip = max(choices, key=lambda choice: choice[0][0].board.cell)

    def _draw_line(self, surface: pygame.Surface, line: Line, rect: pygame.Rect, size: int) -> None:
        colour = TEXT
        if line.fill:
            pygame.draw.rect(surface, line.fill, rect)
            colour = b.BLACK if sum(line.fill) > 300 else b.WHITE
        room = rect.width - 2 * GAP
        if line.hint:
            wide = font(size).size(line.hint)[0]
            write(surface, line.hint, (rect.right - GAP - wide, rect.top + 2), wide, size, colour)
            room -= wide + 2 * GAP
        write(surface, line.text, (rect.left + GAP, rect.top + 2), room, size, colour)

    def foot(self, size: tuple[int, int], viewing: Viewing, shown: frozenset[str], num_lines: int) -> int:
        """Height in pixels of legend and lines in an image of this width and height."""
        text = text_size(size[1])
        rows = num_lines + len(describe_changes(viewing)) + len(self._legend(viewing, shown, size[0], text))
        return rows * (text + 4) + GAP * bool(rows)

    def maps(self, viewing: Viewing, number: int) -> Maps:
        """Compute a pane's policy and value maps."""
        pane, level = viewing.panes[number], viewing.states[number].level
        return self._keep(f"maps {number}", (pane.mouse, level, pane.inspection), compute_maps)

    def channels(self, viewing: Viewing, number: int) -> Tensor:
        """Compute a pane's activations in its present state, float32 (channels, height, width)."""
        pane, state = viewing.panes[number], viewing.states[number]
        made_of = (pane.inspection, pane.mouse, state)
        return self._keep(f"channels {number}", made_of, Inspection.collect)

    def _draw_pane(self, surface: pygame.Surface, viewing: Viewing, number: int, slot: Slot, shown: frozenset[str]):
        state, board, pane = viewing.states[number], slot.board, viewing.panes[number]
        person, spec = pane.person, pane.mouse.spec
        needed = shown & NEED_MAPS - ({"odds"} if _is_slow(viewing) else set())
        maps = self.maps(viewing, number) if needed and not person else None
        surface.blit(self._ground(viewing, number, board, shown, maps), board.rect)
        if "channel" in shown and not person:
            draw_channel(surface, board, self._shown_channel(viewing, number), self._channel_limit(viewing), spec)
            b.draw_corner(surface, board, int(state.level.corner))
        if "visits" in shown and maps:
            b.draw_visits(surface, board, self._keep(f"visits {number}", (maps, state), compute_visits))
        if "trail" in shown:
            b.draw_path(surface, board, viewing.episode.trail(number), b.WHITE, 0)
        if "optimal" in shown:
            b.draw_path(surface, board, compute_shortest_path(state), b.GREEN, 1)
        if "greedy" in shown and maps:
            b.draw_path(surface, board, self._keep(f"greedy {number}", (maps, state), compute_greedy_path), b.RED, -1)
        b.draw_objects(surface, board, state, self._keep("sprites", (board.cell,), b.build_sprites))
        if "arrows" in shown and maps:
            surface.blit(self._keep(f"arrows {number}", (maps, board.cell), _draw_arrows), board.rect)
        if "channel" in shown and not person:
            draw_clamps(surface, board, viewing.inspection, self._shown_channel(viewing, number), spec)
        if slot.inset:
            obs = spec.painter("cpu").paint(state)[0].numpy()
            draw_observation(surface, slot.inset, obs)

    def _ground(self, viewing: Viewing, number: int, board: Board, shown: frozenset[str], maps: Maps | None):
        """Draw the static layers below mouse and cheese."""
        level, region = viewing.states[number].level, viewing.panes[number].mouse.spec.cheese_region
        made_of = (level.walls, level.background, level.shift, board.cell)
        maze = self._keep(f"maze {number}", made_of, lambda *_: b.draw_maze(level, board.cell))
        low, high = self._value_limits(viewing) if "value" in shown else (0.0, 0.0)

        def draw_ground(*_) -> pygame.Surface:
            ground, here = maze.copy(), board._replace(left=0, top=0)
            if "value" in shown and maps:
                b.draw_value(ground, here, maps.value, (low, high))
            if "region" in shown:
                b.draw_outline(ground, here, region_mask(level, region)[0].numpy(), b.SKY)
            if "decision" in shown:
                b.draw_decision(ground, here, int(paths.classify_levels(level)[1]))
            b.draw_corner(ground, here, int(level.corner))
            return ground

        return self._keep(f"ground {number}", (maze, level, maps, low, high, shown), draw_ground)

    def _value_limits(self, viewing: Viewing) -> tuple[float, float]:
        """The minimum and the maximum of the value in all panes, which share one colour scale."""
        panes = [number for number, pane in enumerate(viewing.panes) if not pane.person]
        values = [self.maps(viewing, number).value for number in panes]
        return float(min(map(np.nanmin, values))), float(max(map(np.nanmax, values)))

    def _shown_channel(self, viewing: Viewing, number: int) -> Tensor:
        return self.channels(viewing, number)[viewing.inspection.channel]

    def _channel_limit(self, viewing: Viewing) -> float:
        """The largest absolute activation of the shown channel in all panes, which share one colour scale."""
        panes = [number for number, pane in enumerate(viewing.panes) if not pane.person]
        return max(find_limit(self._shown_channel(viewing, number)) for number in panes)

    def _legend(self, viewing: Viewing, shown: frozenset[str], width: int, size: int) -> list[list[Entry]]:
        texts = {name: overlay.meaning for name, overlay in OVERLAYS.items() if name in shown}
        if texts:
            texts = {CORNER: "corner"} | texts
        if "odds" in texts:
            texts["odds"] = f"first within {HORIZON} steps (notches: random walk)"  # short, so that one row holds it
        if "value" in texts:
            low, high = self._value_limits(viewing)
            texts["value"] += f" {low:.2f} to {high:.2f}"
        if "channel" in texts:
            limit = self._channel_limit(viewing)
            texts["channel"] = f"{describe_channel(viewing.inspection)}, {-limit:.2f} to {limit:.2f}"
        return arrange_rows(texts, width, size)

    def _keep(self, slot: str, made_of: tuple, make: Callable[..., Any]) -> Any:
        """Return the cached result of ``make(*made_of)`` if its inputs are unchanged."""
        if slot not in self._kept or not _same(self._kept[slot][0], made_of):
            self._kept[slot] = (made_of, make(*made_of))
        return self._kept[slot][1]


def describe_changes(viewing: Viewing) -> list[Line]:
    """The line that says how the network is changed, if it is."""
    text = describe_inspection(viewing.inspection)
    return [Line(text, rgb(YELLOW))] if text else []


def _is_slow(viewing: Viewing) -> bool:
    """Whether odds would make the dragging jerky: a network that sees rgb needs more than a tenth of a second."""
    return bool(viewing.held) and viewing.spec.observation == "rgb"


def _same(one: tuple, other: tuple) -> bool:
    return all(
        a is b or (isinstance(a, int | float | frozenset | Inspection) and a == b)
        for a, b in zip(one, other, strict=True)
    )


def _draw_arrows(maps: Maps, cell: int) -> pygame.Surface:
    board = Board(0, 0, cell, maps.value.shape[0])
    layer = pygame.Surface(board.rect.size, pygame.SRCALPHA)
    b.draw_arrows(layer, board, maps.moves)
    return layer


def draw_observation(surface: pygame.Surface, rect: pygame.Rect, obs: np.ndarray) -> None:
    """Draw an observation uint8 (H, W, 3) as large as fits into a square."""
    times = max(1, rect.width // len(obs))
    image = obs.repeat(times, 0).repeat(times, 1)
    if len(image) > rect.width:
        image = image[:: -(-len(image) // rect.width), :: -(-len(image) // rect.width)]
    picture = b.convert_image(image)
    place = picture.get_rect(bottomleft=rect.bottomleft)
    surface.blit(picture, place)
    pygame.draw.rect(surface, b.GREY, place.inflate(4, 4), 2)

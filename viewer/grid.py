"""Many levels at once, running, with a tally of what is reached first: the picture for a talk."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pygame
import torch

from agents.mouse import Mouse
from agents.rollout import sample
from envs import world
from envs.levels import SEED_LIMIT, Levels, describe_region, from_seeds
from viewer import board as b
from viewer.display import draw_help
from viewer.keys import GRID_HELP, actions_of
from viewer.legend import GAP
from viewer.pace import Pace
from viewer.recording import PAUSE_AT_END, WIDEST, pixels
from viewer.saving import Session
from viewer.scene import PAPER, QUIET, TEXT, boards_in
from viewer.texts import text_size, write
from viewer.thoughts import HORIZON
from viewer.viewing import ANYWHERE, AS_TRAINED

SIZE = (1200, 860)
LINGER = 8  # steps for which an ended episode is shown
OUTCOMES = ("cheese", "corner", "neither")


class Grid:
    """A mouse in many levels side by side; where an episode is over, the next level begins after a while.

    Args:
        mouse: who walks; its network is on the CPU.
        number: of levels side by side.
        first: the first level, a seed, or a number in ``drawn``, counted from 1.
        cheese: "anywhere" or "as_trained"; drawn levels have their own.
        seed: of the mouse's actions.
        drawn: levels to play in place of those from seeds, again and again.

    Attributes:
        state: the present state of each level.
        outcomes: what was reached first in each, empty while it runs.
        tally: how many episodes have ended in each of ``OUTCOMES``.
    """

    def __init__(
        self, mouse: Mouse, number: int, first: int, cheese: str = ANYWHERE, seed: int = 0, drawn: Levels | None = None
    ):
        self.mouse, self.drawn, self._next = mouse, drawn, first
        self.region = mouse.spec.cheese_region if cheese == AS_TRAINED else ANYWHERE
        self._painter = mouse.spec.painter("cpu")
        self._moves = mouse.spec.moves()
        self._generator = torch.Generator().manual_seed(seed)
        self.state = world.start(self._take(number))
        self.outcomes, self._since = [""] * number, [0] * number
        self.tally: Counter[str] = Counter()

    def _take(self, number: int) -> Levels:
        """The next levels."""
        numbers = np.arange(self._next, self._next + number)
        self._next += number
        if self.drawn is not None:
            return self.drawn.rows(torch.from_numpy((numbers - 1) % self.drawn.num_levels))
        dim = self.mouse.spec.world_dim
        return from_seeds(numbers % SEED_LIMIT, dim, self.region)

    @torch.no_grad()
    def step(self) -> None:
        """Let the mouse act once in every level that runs, and begin anew those that were shown long enough."""
        running = torch.tensor([not outcome for outcome in self.outcomes])
        actions, _ = sample(self.mouse.policy(self._painter.paint(self.state))[0], self._generator)
        self.state = world.step(self.state, self._moves[actions])[0].where(running, self.state)
        for row, outcome in enumerate(self.outcomes):
            if outcome:
                self._since[row] += 1
            elif ended := self._ended(row):
                self.outcomes[row], self._since[row] = ended, 0
                self.tally[ended] += 1
        old = [row for row, outcome in enumerate(self.outcomes) if outcome and self._since[row] >= LINGER]
        if old:
            self.state = self.state.replace(torch.tensor(old), world.start(self._take(len(old))))
            for row in old:
                self.outcomes[row] = ""

    def _ended(self, row: int) -> str:
        mouse, level = int(self.state.mouse[row]), self.state.level
        if mouse == int(level.cheese[row]):
            return "cheese"
        if mouse == int(level.corner[row]):
            return "corner"
        return "neither" if int(self.state.clock[row]) >= HORIZON else ""

    @property
    def summary(self) -> str:
        """The tally in words."""
        total = sum(self.tally.values())
        shares = "  ·  ".join(
            f"{name} {self.tally[name]} ({self.tally[name] / max(1, total):.0%})" for name in OUTCOMES
        )
        return f"reached first in {total} mazes:  {shares}"


class GridPicture:
    """Draws grids, and keeps the mazes that have not changed.

    Args:
        shape: how many levels beside and above each other.
    """

    def __init__(self, shape: tuple[int, int]):
        self.shape = shape
        self._grounds: dict[int, tuple[tuple, pygame.Surface]] = {}
        self._sprites: tuple[int, dict[str, pygame.Surface]] | None = None

    def draw(self, surface: pygame.Surface, grid: Grid, note: str) -> None:
        """Draw the mazes, each framed in the colour of its outcome, the tally as a bar and in words, and a note."""
        width, height = surface.get_size()
        size = text_size(height)
        line = size + 4
        surface.fill(PAPER)
        for row in range(len(grid.outcomes)):
            place = place_of(row, self.shape, (width, height))
            (board,) = boards_in(place, 1, grid.state.level.world_dim, 0)
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
            self._grounds[row] = (made_of, b.maze_picture(level, board.cell))
        surface.blit(self._grounds[row][1], board.rect)
        if self._sprites is None or self._sprites[0] != board.cell:
            self._sprites = (board.cell, b.sprites(board.cell))
        b.draw_things(surface, board, state, self._sprites[1])
        if grid.outcomes[row]:
            pygame.draw.rect(surface, b.OUTCOME_COLOURS[grid.outcomes[row]], board.rect.inflate(GAP, GAP), GAP // 2)

    def _draw_bar(self, surface: pygame.Surface, grid: Grid, rect: pygame.Rect) -> None:
        total, left = sum(grid.tally.values()), float(rect.left)
        for name in OUTCOMES:
            width = rect.width * grid.tally[name] / max(1, total)
            part = pygame.Rect(round(left), rect.top, round(left + width) - round(left), rect.height)
            pygame.draw.rect(surface, b.OUTCOME_COLOURS[name], part)
            if width > 5 * rect.height:
                write(surface, name, (part.left + GAP, part.top + 2), part.width - 2 * GAP, rect.height, b.BLACK)
            left += width


def _foot(height: int) -> int:
    """How many pixels the tally takes in a picture of this height."""
    return 3 * (text_size(height) + 4) + GAP


def place_of(row: int, shape: tuple[int, int], size: tuple[int, int]) -> pygame.Rect:
    """Where one of the mazes has its place in a picture of a width and height."""
    (columns, rows), (width, height) = shape, size
    wide, high = width // columns, (height - _foot(height)) // rows
    return pygame.Rect(row % columns * wide, row // columns * high, wide, high)


class GridWindow:
    """Shows a grid; see ``viewer.display.Show``."""

    def __init__(self, grid: Grid, shape: tuple[int, int], session: Session, speed: int):
        self.grid, self.session, self.pace = grid, session, Pace(speed)
        self.stale, self.helping, self.message = True, False, ""
        self._picture = GridPicture(shape)
        self._actions = actions_of(GRID_HELP)

    def handle(self, event: pygame.event.Event) -> bool:
        """Do what an event asks for; False to leave."""
        if event.type != pygame.KEYDOWN:
            return True
        self.stale, self.message = True, ""
        name, *arguments = self._actions.get(event.key, ("help" if event.unicode == "?" else "none",))
        if name == "pause":
            self.pace.paused = not self.pace.paused
        elif name == "faster":
            self.pace.change(*arguments)
        elif name == "help":
            self.helping = not self.helping
        elif name == "save_picture":
            try:
                self.message = f"saved: {self.session.picture(pixels(pygame.display.get_surface()))}"
            except OSError as error:
                self.message = str(error)
        return name != "leave"

    def pass_time(self, seconds: float) -> None:
        """Let the mice walk."""
        if not self.helping:
            self.stale |= self.pace.pass_time(seconds, self._step)

    def _step(self) -> bool:
        self.grid.step()
        return True

    def draw(self, surface: pygame.Surface) -> None:
        """Draw everything, as large as the surface allows."""
        note = self.message or f"{note_on(self.grid)}  ·  {self.pace}  ·  h: help"
        self._picture.draw(surface, self.grid, note)
        if self.helping:
            draw_help(surface, GRID_HELP)


def episodes(grid: Grid, shape: tuple[int, int], number: int, speed: int) -> Iterator[np.ndarray]:
    """Frames uint8 (H, W, 3) of a grid until so many episodes have ended, the last one held a while."""
    columns, rows = shape
    cell = max(8, WIDEST // (columns * grid.state.level.world_dim))
    side = cell * grid.state.level.world_dim + GAP
    height = rows * side
    surface, picture = pygame.Surface((columns * side, height + 4 * text_size(height))), GridPicture(shape)
    frame = np.empty(0)
    while True:
        picture.draw(surface, grid, note_on(grid))
        frame = pixels(surface)
        yield frame
        if sum(grid.tally.values()) >= number:
            break
        grid.step()
    yield from [frame] * round(speed * PAUSE_AT_END)


def note_on(grid: Grid) -> str:
    """What is seen in a grid: where the cheese was, and where it is."""
    now = "as drawn" if grid.drawn is not None else describe_region(grid.region)
    return f"trained with the cheese {describe_region(grid.mouse.spec.cheese_region)}; now it lies {now}"

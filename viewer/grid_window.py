"""The window of a grid."""

from collections.abc import Callable

import pygame

from envs.levels import ANYWHERE
from foundation.errors import InputError
from viewer.display import draw_help
from viewer.grid import Grid
from viewer.grid_scene import GridScene
from viewer.keys import GRID_HELP, find_action, is_for_others, map_actions
from viewer.overlays import DEFAULT_OVERLAYS
from viewer.pace import Pace
from viewer.recording import read_pixels
from viewer.saving import Session
from viewer.viewing import Viewing
from viewer.window import Window


class GridWindow:
    """Shows a grid; see ``viewer.display.Content``.

    Attributes:
        opened: the window of the maze that was clicked, if any.
    """

    def __init__(self, grid: Grid, shape: tuple[int, int], session: Session, speed: int):
        self.grid, self.session, self.pace = grid, session, Pace(speed)
        self.opened: Window | None = None
        self.stale, self.helping, self.message = True, False, ""
        self._scene = GridScene(shape)
        self._bindings = map_actions(GRID_HELP)
        self._actions: dict[str, Callable] = {
            "pause": self._pause,
            "faster": self.pace.change,
            "begin": grid.begin,
            "help": self._toggle_help,
            "save_image": self._save_image,
        }

    def handle(self, event: pygame.event.Event) -> bool:
        """Handle an event; return False to quit. An open maze gets all events until it is left."""
        if self.opened:
            if not self.opened.handle(event):
                self.opened, self.stale = None, True
            return True
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self.helping, was_helping = False, self.helping
            if not was_helping:
                self._open(event.pos)
            self.stale = True
        if event.type != pygame.KEYDOWN or is_for_others(event):
            return True
        self.stale, self.message = True, ""
        if self.helping and event.key == pygame.K_ESCAPE:
            self.helping = False
        elif action := find_action(self._bindings, event):
            name, *arguments = action
            if name == "quit":
                return False
            self._actions[name](*arguments)
        return True

    def _open(self, position: tuple[int, int]) -> None:
        """Open the maze under a pixel."""
        surface, grid = pygame.display.get_surface(), self.grid
        for row, number in enumerate(grid.numbers):
            if self._scene.find_board(surface, grid, row).cell_at(position) is not None:
                cheeses = [grid.cheese] if grid.course.drawn is None else [ANYWHERE]
                viewing = Viewing([grid.mouse], number, cheeses, grid.seed, grid.course.drawn)
                self.opened = Window(viewing, self.session, self.pace.speed, frozenset(DEFAULT_OVERLAYS))

    def _pause(self) -> None:
        self.pace.paused = not self.pace.paused

    def _toggle_help(self) -> None:
        self.helping = not self.helping

    def _save_image(self) -> None:
        try:
            self.message = f"saved: {self.session.save_image(read_pixels(pygame.display.get_surface()))}"
        except InputError as error:
            self.message = str(error)

    def pass_time(self, seconds: float) -> None:
        """Advance the mice."""
        if self.opened:
            self.opened.pass_time(seconds)
            self.stale |= self.opened.stale
        elif not self.helping:
            self.stale |= self.pace.pass_time(seconds, self._step)

    def _step(self) -> bool:
        self.grid.step()
        return True

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the window's content at the surface's size."""
        if self.opened:
            self.opened.stale = False
            self.opened.draw(surface)
            return
        note = self.message or f"{self.grid.description}  ·  {self.pace}  ·  h: help  ·  click: open a maze"
        self._scene.draw(surface, self.grid, note)
        if self.helping:
            draw_help(surface, GRID_HELP)

"""The window of a grid."""

from collections.abc import Callable

import pygame

from foundation.errors import InputError
from viewer.display import draw_help
from viewer.grid import Grid
from viewer.grid_scene import GridScene
from viewer.keys import GRID_HELP, map_actions
from viewer.pace import Pace
from viewer.recording import read_pixels
from viewer.saving import Session

SIZE = (1200, 860)


class GridWindow:
    """Shows a grid; see ``viewer.display.Content``."""

    def __init__(self, grid: Grid, shape: tuple[int, int], session: Session, speed: int):
        self.grid, self.session, self.pace = grid, session, Pace(speed)
        self.stale, self.helping, self.message = True, False, ""
        self._scene = GridScene(shape)
        self._bindings = map_actions(GRID_HELP)
        self._actions: dict[str, Callable] = {
            "pause": self._pause,
            "faster": self.pace.change,
            "help": self._toggle_help,
            "save_image": self._save_image,
        }

    def handle(self, event: pygame.event.Event) -> bool:
        """Handle an event; return False to quit."""
        if event.type != pygame.KEYDOWN:
            return True
        self.stale, self.message = True, ""
        name, *arguments = self._bindings.get(event.key, ("help",) if event.unicode == "?" else ("",))
        if name in self._actions:
            self._actions[name](*arguments)
        return name != "quit"

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
        if not self.helping:
            self.stale |= self.pace.pass_time(seconds, self._step)

    def _step(self) -> bool:
        self.grid.step()
        return True

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the window's content at the surface's size."""
        note = self.message or f"{self.grid.description}  ·  {self.pace}  ·  h: help"
        self._scene.draw(surface, self.grid, note)
        if self.helping:
            draw_help(surface, GRID_HELP)

"""A window that is driven by real events under a dummy driver, for tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest
from mazes import number
from mice import Planned, mouse_with

from envs.drawings import from_text
from envs.painter import portrait
from viewer import display
from viewer.saving import Session
from viewer.viewing import Viewing
from viewer.window import Window

DIM = 7
PARTED = "#### \n#### \n   # \n## # \n.@   "
LEFT, FREE, SHUT = number((1, 1), DIM), number((3, 3), DIM), number((2, 2), DIM)  # the cheese, an open cell, a wall


class Driver:
    """Replaces pygame's clock, which is called once per frame, and runs the next action then.

    Attributes:
        passed: milliseconds per frame.
    """

    def __init__(self, window: Window, story: Callable[["Driver"], Iterator[None]]):
        self.window, self.story, self.passed = window, story(self), 0

    def get_time(self) -> int:
        return self.passed

    def tick(self, _) -> None:
        next(self.story)

    def press(self, name: str, text: str = "") -> None:
        pygame.event.post(
            pygame.event.Event(pygame.KEYDOWN, key=pygame.key.key_code(name), unicode=text, mod=0, scancode=0)
        )

    def type(self, text: str) -> None:
        for letter in text:
            self.press(letter, letter)

    def place(self, cell: int, pane: int = 0) -> tuple[int, int]:
        return self.window._scene.boards[pane].cell_rect(cell).center

    def click(self, position: tuple[int, int]) -> None:
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=position))
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, button=1, pos=position))

    def drag(self, *positions: tuple[int, int], drop: bool = True) -> None:
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=positions[0]))
        for position in positions:
            pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, buttons=(1, 0, 0), rel=(1, 1), pos=position))
        if drop:
            pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, button=1, pos=positions[-1]))

    def pixels(self) -> np.ndarray:
        return pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)

    def maze(self, pane: int = 0) -> np.ndarray:
        """The visible pixels of a pane's maze."""
        rect = self.window._scene.boards[pane].rect
        return self.pixels()[rect.top : rect.bottom, rect.left : rect.right]

    def leave(self) -> None:
        pygame.event.post(pygame.event.Event(pygame.QUIT))


def drawn(text: str = PARTED, plan: str = "to the corner", **settings) -> Viewing:
    return Viewing([mouse_with(Planned(plan), **settings)], 1, drawn=from_text(text, DIM))


def far_away() -> Viewing:
    """A level of 7×7 cells in which the cheese is many steps away."""
    for level in range(100, 200):
        viewing = Viewing([mouse_with(Planned("to the cheese"))], level)
        for _ in range(12):
            viewing.step()
        if not viewing.episode.finished:
            break
    viewing.go_to(level)
    return viewing


def as_drawn(driver: Driver, pane: int = 0) -> bool:
    board, state = driver.window._scene.boards[pane], driver.window.viewing.states[pane]
    same = (driver.maze(pane) == portrait(state, board.cell)).all(-1)
    corner = board._replace(left=0, top=0).cell_rect(int(state.level.corner))
    same[corner.top : corner.bottom, corner.left : corner.right] = True  # it is marked
    return bool(same.all())


def play_story(
    patch: pytest.MonkeyPatch,
    folder: Path,
    viewing: Viewing,
    story: Callable[[Driver], Iterator[None]],
    leaves: bool = False,
) -> None:
    """Open a window and play a story in it.

    Args:
        patch: that puts the driver in the place of pygame's clock.
        folder: that the window saves to.
        viewing: what is shown.
        story: what happens, a frame a step.
        leaves: the story closes the window; otherwise it is played out.
    """
    window, ended = Window(viewing, Session(folder), speed=8), []

    def until_left(driver: Driver) -> Iterator[None]:
        yield from story(driver)
        ended.append(True)
        driver.leave()
        yield

    driver = Driver(window, until_left)
    patch.setattr(pygame.time, "Clock", lambda: driver)
    display.open_window(size=(640, 480))
    display.run(window)
    assert not pygame.display.get_init() and bool(ended) != leaves, "a story leaves by itself or is played out"

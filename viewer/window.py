"""The window in which mice are watched: turns keys, pointer and time into what a viewing does, and shows it."""

from collections.abc import Iterator

import pygame

from envs.world import MOVE_NAMES
from viewer.display import draw_help
from viewer.keys import WINDOW_HELP, actions_of
from viewer.pace import Pace
from viewer.recording import PAUSE_AT_END, pixels
from viewer.saving import Session
from viewer.scene import Scene
from viewer.search import LOOKED_AT, running_past
from viewer.texts import explanation, status
from viewer.viewing import ANYWHERE, Viewing

SIZE = (900, 860)


class Window:
    """Shows a viewing.

    Args:
        viewing: what is watched.
        session: keeps what is saved.
        speed: steps a second.
        shown: the overlays that are on.

    Attributes:
        stale: whether the picture is not what it should be any more.
        message: said under the maze until the next key or click.
    """

    def __init__(self, viewing: Viewing, session: Session, speed: int, shown: frozenset[str] = frozenset()):
        self.viewing, self.session, self.pace, self.shown = viewing, session, Pace(speed), shown
        self.stale, self.helping, self.message = True, False, ""
        self._scene = Scene()
        self._asked: str | None = None  # what has been typed of a level's number
        self._search: Iterator[int | None] | None = None
        self._actions = actions_of(WINDOW_HELP)

    # Events

    def handle(self, event: pygame.event.Event) -> bool:
        """Do what an event asks for; False to leave."""
        if event.type == pygame.KEYDOWN:
            self.stale, self._search, self.message = True, None, ""
            if self._asked is not None:
                self._type(event)
            elif self.helping and event.key == pygame.K_ESCAPE:
                self.helping = False
            else:
                name, *arguments = self._actions.get(event.key, ("none",))
                if event.unicode == "?":
                    name = "help"
                if name == "leave":
                    return False
                if name != "none":
                    getattr(self, f"_{name}")(*arguments)
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self.stale, self.message = True, ""
            self._press(event.pos)
        elif event.type == pygame.MOUSEMOTION and self.viewing.held:
            if (place := self._scene.pane_at(event.pos)) is not None:
                before = self.viewing.states
                self.viewing.carry(place[1])
                self.stale |= self.viewing.states is not before
        elif event.type == pygame.MOUSEBUTTONUP and event.button == 1 and self.viewing.held:
            self.viewing.drop()
            self.stale = True
        return True

    def _press(self, position: tuple[int, int]) -> None:
        if self.helping:
            self.helping = False
        elif (place := self._scene.pane_at(position)) is not None and not self.viewing.take(*place):
            self.message = self.viewing.turn_wall(place[1])

    def _type(self, event: pygame.event.Event) -> None:
        """A key while a level's number is asked for."""
        assert self._asked is not None
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            number, self._asked = self._asked, None
            if number:
                self._try(lambda: self.viewing.go_to(int(number)))
        elif event.key == pygame.K_ESCAPE:
            self._asked = None
        elif event.key == pygame.K_BACKSPACE:
            self._asked = self._asked[:-1]
        elif event.unicode.isdecimal() and len(self._asked) < 10:
            self._asked += event.unicode

    def _try(self, action) -> None:
        """Do something; if it cannot be done, say why."""
        try:
            action()
        except (ValueError, OSError) as error:
            self.message = str(error)
        self.pace.waited = 0.0

    # What the keys do

    def _pause(self) -> None:
        self.pace.paused = not self.pace.paused

    def _forward(self) -> None:
        self.pace.paused = True
        if self.viewing.waits:
            self.message = "your move: w a s d"
        else:
            self.viewing.step()

    def _back(self) -> None:
        self.pace.paused = True
        self.viewing.back()

    def _faster(self, by: int) -> None:
        self.pace.change(by)

    def _restart(self) -> None:
        self._try(self.viewing.restart)

    def _next_level(self, by: int) -> None:
        self._try(lambda: self.viewing.next_level(by))

    def _ask_level(self) -> None:
        self._asked = ""

    def _find(self) -> None:
        if self.viewing.drawn is None:
            self._search = running_past(self.viewing.panes[0].mouse, self.viewing.number + 1)
        else:
            self.message = "these levels come from a file; n and p go through them"

    def _undo(self) -> None:
        self.message = "" if self.viewing.undo() else "there is nothing to undo"

    def _move_cheese(self, where: str) -> None:
        pointed = self._scene.pane_at(pygame.mouse.get_pos())
        place = self.viewing.panes[pointed[0] if pointed and pointed[0] < len(self.viewing.panes) else -1].place
        self.message = self.viewing.move_cheese(where, place)
        self.pace.waited = 0.0

    def _beside(self) -> None:
        self.message = self.viewing.show_here_and_there()

    def _join(self) -> None:
        self.viewing.join()

    def _walk(self, move: str) -> None:
        if not any(pane.person for pane in self.viewing.panes):
            self.viewing.join()
        if self.viewing.waits:
            self.viewing.step(MOVE_NAMES.index(move))

    def _show(self, name: str) -> None:
        self.shown ^= {name}

    def _show_nothing(self) -> None:
        self.shown = frozenset()

    def _help(self) -> None:
        self.helping = not self.helping

    def _save_picture(self) -> None:
        self._say_saved(lambda: self.session.picture(pixels(pygame.display.get_surface())))

    def _save_film(self, suffix: str) -> None:
        self._say_saved(lambda: self.session.film(self.viewing, self.shown, self.pace.speed, suffix))

    def _save_level(self) -> None:
        self._say_saved(lambda: self.session.level(self.viewing)[0])

    def _say_saved(self, save) -> None:
        def action() -> None:
            self.message = f"saved: {save()}"

        self._try(action)

    def _print_command(self) -> None:
        def action() -> None:
            command = self.session.command(self.viewing, self.shown, self.pace.speed)
            print(
                f"{command}\n  with record=FILE.gif or .mp4 a film of it, with figure=FILE.png or .svg a figure",
                flush=True,
            )
            self.message = f"printed: {command}"

        self._try(action)

    # Time

    def pass_time(self, seconds: float) -> None:
        """Let the mice walk, and the search go on."""
        if self._search:
            self._look_on()
        viewing = self.viewing
        if not (self.helping or viewing.held or viewing.waits or self._asked is not None):
            self.stale |= self.pace.pass_time(seconds, self._step)

    def _step(self) -> bool:
        if not self.viewing.finished:
            self.viewing.step()
            return True
        if self.pace.waited > PAUSE_AT_END and not self.viewing.changed:  # what was moved by hand is not taken away
            self._next_level(1)
            self.stale = True
        return False

    def _look_on(self) -> None:
        assert self._search
        self.stale = True
        try:
            seed = next(self._search)
        except StopIteration:
            self._search = None
            self.message = f"none among the next {LOOKED_AT:,} levels: it seems to like cheese"
            return
        self.message = "looking for a level in which it runs past the cheese …"
        if seed is not None:
            self._search, self.pace.paused = None, False
            self.viewing.cheeses[-1] = ANYWHERE
            self._try(lambda: self.viewing.go_to(seed))
            self.message = "here it runs past the cheese; drag the cheese elsewhere"

    # The picture

    def draw(self, surface: pygame.Surface) -> None:
        """Draw everything, as large as the surface allows."""
        first = status(self.viewing, str(self.pace))
        second = self.message or explanation(self.viewing)
        if self._asked is not None:
            second = f"go to level: {self._asked}_"
        self._scene.draw(surface, self.viewing, self.shown, [first, second])
        if self.helping:
            draw_help(surface, WINDOW_HELP)

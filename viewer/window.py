"""The viewer's window: maps keys, pointer and time to the viewing, and draws it."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pygame

from envs.levels import ANYWHERE
from envs.world import MOVE_NAMES
from foundation.errors import InputError
from viewer.display import choose_shape, choose_size, draw_help
from viewer.keys import WINDOW_HELP, find_action, is_for_others, map_actions
from viewer.pace import Pace
from viewer.prompt import NumberPrompt
from viewer.recording import END_SECONDS, MAX_FRAME_RATE, build_banner, read_pixels
from viewer.saving import Session
from viewer.scene import Line, Scene
from viewer.search import SEARCHED, search_passed_cheese
from viewer.texts import describe_status, describe_training
from viewer.viewing import Viewing


class Window:
    """Shows a viewing; see ``viewer.display.Content``.

    Args:
        viewing: the viewing.
        session: saves files.
        speed: steps per second.
        shown: names of the overlays that are on.

    Attributes:
        stale: whether a redraw is needed.
        message: shown below the maze until the next key or click.
        fitted: the size that the window was opened in for its number of panes; None leaves its size alone.
    """

    def __init__(self, viewing: Viewing, session: Session, speed: int, shown: frozenset[str] = frozenset()):
        self.viewing, self.session, self.pace, self.shown = viewing, session, Pace(speed), shown
        self.stale, self.helping, self.message = True, False, ""
        self.fitted: tuple[int, int] | None = None
        self._scene = Scene()
        self._prompt: NumberPrompt | None = None  # asks for a level number
        self._search: Iterator[int | None] | None = None
        self._timed = viewing.episode  # the one that the pace's time is about
        self._bindings = map_actions(WINDOW_HELP)
        self._actions: dict[str, Callable] = {
            "pause": self._pause,
            "forward": self._step_forward,
            "back": self._step_back,
            "faster": self.pace.change,
            "restart": lambda: self._try(viewing.restart),
            "next_level": lambda by: self._try(lambda: viewing.next_level(by)),
            "ask_level": self._ask_level,
            "find": self._find,
            "undo": self._undo,
            "move_cheese": self._move_cheese,
            "compare": self._compare,
            "join": self._join,
            "walk": self._walk,
            "show": self._show,
            "hide_overlays": self._hide_overlays,
            "channel": self._pick_channel,
            "layer": self._pick_layer,
            "raise_clamp": lambda by: self._try(lambda: viewing.raise_clamp(by)),
            "cheese_vector": lambda: self._try(viewing.toggle_cheese_vector),
            "release_network": lambda: self._try(viewing.release_network),
            "help": self._toggle_help,
            "save_image": self._save_image,
            "save_video": self._save_video,
            "save_level": lambda: self._save(lambda: session.save_level(viewing)[0]),
            "print_command": lambda: self._try(self._print_command),
        }

    # Events

    def handle(self, event: pygame.event.Event) -> bool:
        """Handle an event; return False to quit."""
        if event.type == pygame.KEYDOWN:
            if is_for_others(event):
                return True
            self.stale, self._search, self.message = True, None, ""
            return self._press(event)
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self.stale, self._search, self.message = True, None, ""
            self._click(event.pos)
        elif event.type == pygame.MOUSEMOTION and self.viewing.held:
            if (place := self._pane_at(event.pos)) is not None:
                before = self.viewing.episode
                self.viewing.drag(place[1])
                self.stale |= self.viewing.episode is not before
        elif event.type == pygame.MOUSEBUTTONUP and event.button == 1 and self.viewing.held:
            self._release(event.pos)
            self.stale = True
        return True

    def _press(self, event: pygame.event.Event) -> bool:
        if self._prompt:
            self._type(self._prompt, event)
        elif self.helping and event.key == pygame.K_ESCAPE:
            self.helping = False
        elif action := find_action(self._bindings, event):
            name, *arguments = action
            if name == "quit":
                return False
            self._actions[name](*arguments)
        return True

    def _pane_at(self, position: tuple[int, int]) -> tuple[int, int] | None:
        """Return the pane and the cell under a pixel; None outside the mazes.

        A pane of the last frame may have gone since: a key and a click can come between two frames.
        """
        place = self._scene.pane_at(position)
        return place if place is not None and place[0] < len(self.viewing.panes) else None

    def _click(self, position: tuple[int, int]) -> None:
        if self.helping:
            self.helping = False
        elif self._scene.strip and (channel := self._scene.strip.channel_at(position)) is not None:
            self.viewing.pick_channel(channel)
        elif (place := self._pane_at(position)) is not None and not self.viewing.grab(*place):
            if "channel" in self.shown:
                self._try(lambda: self.viewing.toggle_clamp(*place))
            else:
                self.message = self.viewing.toggle_wall(place[1])

    def _release(self, position: tuple[int, int]) -> None:
        """Release what is held; where it was not moved, it was clicked."""
        place = self._pane_at(position)
        if not self.viewing.release() and place is not None and "channel" in self.shown:
            self._try(lambda: self.viewing.toggle_clamp(*place))

    def _type(self, prompt: NumberPrompt, event: pygame.event.Event) -> None:
        """Handle a key while a level number is entered."""
        prompt.press(event)
        if prompt.closed:
            self._prompt = None
            if prompt.digits:
                self._try(lambda: self.viewing.go_to(int(prompt.digits)))

    def _try(self, action: Callable[[], object]) -> None:
        """Run an action; show its error message if it fails."""
        try:
            action()
        except InputError as error:
            self.message = str(error)

    # Actions

    def _pause(self) -> None:
        self.pace.paused = not self.pace.paused

    def _step_forward(self) -> None:
        self.pace.paused = True
        if self.viewing.episode.waits_for_person:
            self.message = "your move: w a s d"
        else:
            self.viewing.step()

    def _step_back(self) -> None:
        self.pace.paused = True
        self.viewing.back()

    def _ask_level(self) -> None:
        self._prompt = NumberPrompt()

    def _find(self) -> None:
        if self.viewing.course.drawn is None:
            viewing = self.viewing
            self._search = search_passed_cheese(viewing.panes[0].mouse, viewing.number + 1, viewing.inspection)
        else:
            self.message = "levels come from a file; use n and p"

    def _undo(self) -> None:
        self.message = "" if self.viewing.undo() else "nothing to undo"
        self._fit()

    def _fit(self) -> None:
        """Resize the window to the number of panes, unless the user has resized it."""
        surface = pygame.display.get_surface()
        if surface and surface.get_size() == self.fitted:
            self.fitted = choose_size(*choose_shape(len(self.viewing.panes)))
            if self.fitted != surface.get_size():
                pygame.display.set_mode(self.fitted, pygame.RESIZABLE)

    def _move_cheese(self, where: str) -> None:
        pointed = self._pane_at(pygame.mouse.get_pos())
        place = self.viewing.panes[pointed[0] if pointed else -1].place
        self.message = self.viewing.move_cheese(where, place)

    def _compare(self) -> None:
        self.message = self.viewing.toggle_comparison()
        self._fit()

    def _join(self) -> None:
        self.viewing.toggle_person()
        self._fit()

    def _walk(self, move: str) -> None:
        if not any(pane.person for pane in self.viewing.panes):
            self._join()
        if self.viewing.episode.waits_for_person:
            self.viewing.step(MOVE_NAMES.index(move))

    def _pick_channel(self, by: int) -> None:
        self.shown |= {"channel"}
        self.viewing.pick_channel(self.viewing.inspection.channel + by)

    def _pick_layer(self, by: int) -> None:
        self.shown |= {"channel"}
        self._try(lambda: self.viewing.next_layer(by))

    def _show(self, name: str) -> None:
        self.shown ^= {name}

    def _hide_overlays(self) -> None:
        self.shown = frozenset()

    def _toggle_help(self) -> None:
        self.helping = not self.helping

    def _save_image(self) -> None:
        self._save(lambda: self.session.save_image(read_pixels(pygame.display.get_surface())))

    def _save_video(self, suffix: str) -> None:
        self._save(lambda: self.session.save_video(self.viewing, self.shown, self.pace.speed, suffix))

    def _save(self, save: Callable[[], object]) -> None:
        def action() -> None:
            self.message = f"saved: {save()}"

        self._try(action)

    def _print_command(self) -> None:
        command = self.session.build_command(self.viewing, self.shown, self.pace.speed)
        slower = f" and speed={MAX_FRAME_RATE}" if self.pace.speed > MAX_FRAME_RATE else ""
        print(f"{command}\n  add record=FILE.gif or .mp4{slower} for a video, figure=FILE.png or .svg for a figure")
        viewing = self.viewing
        if viewing.edited and viewing.course.drawn is None and viewing.spec.observation == "rgb":
            print("  note: the edited level was saved as text, without its floor; the mouse sees another one there")
        print(self.session.build_page_command(self.viewing))
        print("  writes a web page to send to others, of at most three mice", flush=True)
        self.message = f"printed: {command}"

    # Time

    def pass_time(self, seconds: float) -> None:
        """Advance the mice and the search."""
        if self._search:
            self._continue_search()
        viewing = self.viewing
        if viewing.episode is not self._timed:  # edited, or of another level: it is first seen as it is
            self._timed, self.pace.waited = viewing.episode, 0.0
        if not (self.helping or viewing.held or viewing.episode.waits_for_person or self._prompt):
            self.stale |= self.pace.pass_time(seconds, self._step)

    def _step(self) -> bool:
        if not self.viewing.episode.decided:
            self.viewing.step()
            self._timed = self.viewing.episode
            return True
        if self.pace.waited > END_SECONDS and not self.viewing.changed:  # do not replace a level that the user edited
            with suppress(InputError):  # the last level stays
                self.viewing.next_level()
                self.stale = True
        return False

    def _continue_search(self) -> None:
        assert self._search
        self.stale = True
        try:
            seed = next(self._search)
        except StopIteration:
            self._search = None
            self.message = f"no such level among the next {SEARCHED:,}"
            return
        self.message = "searching for a level where the mouse passes the cheese …"
        if seed is not None:
            self._search, self.pace.paused = None, False
            self._try(lambda: self.viewing.go_to(seed, ANYWHERE))
            self.message = "here the mouse passes the cheese; drag the cheese to move it"

    # Drawing

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the window's content at the surface's size."""
        first = Line(describe_status(self.viewing, str(self.pace)), hint="h: help")
        has_cheese = int(self.viewing.level.cheese) >= 0
        hint = "click: clamp" if "channel" in self.shown else "drag the cheese" * has_cheese
        second = Line(describe_training(self.viewing), hint=hint)
        if self._prompt:
            second = Line(f"go to level: {self._prompt.digits}_")
        elif self.message:
            second = Line(self.message)
        elif self.viewing.episode.decided:
            second = build_banner(self.viewing, hints=True)
        self._scene.draw(surface, self.viewing, self.shown, [first, second])
        if self.helping:
            draw_help(surface, WINDOW_HELP)

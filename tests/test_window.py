"""The window, driven by real events under a dummy driver: effects of keys, pointer and time."""

import shlex
from collections.abc import Callable, Iterator

import numpy as np
import pygame
import pytest
from mazes import number
from mice import Planned, is_full_fork, mouse_with
from networks import LAYER, NETWORKS
from PIL import Image

import watch
from envs.drawings import from_text, from_texts, to_text
from envs.levels import Levels
from envs.painter import portrait
from viewer import display, search
from viewer.board import OUTCOME_COLOURS
from viewer.inspection import Inspection
from viewer.legend import OVERLAYS
from viewer.pace import SPEEDS, UNLIMITED
from viewer.saving import Session
from viewer.texts import describe_maze, describe_verdict
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
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.key.key_code(name), unicode=text, mod=0))

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


@pytest.fixture
def play(monkeypatch, tmp_path):
    """Run a story in a window until the story or the window ends."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")

    def play(viewing: Viewing, story, leaves: bool = False) -> None:
        window = Window(viewing, Session(tmp_path / "saved"), speed=8)
        ended = []

        def until_left(driver: Driver) -> Iterator[None]:
            yield from story(driver)
            ended.append(True)
            driver.leave()
            yield

        driver = Driver(window, until_left)
        monkeypatch.setattr(pygame.time, "Clock", lambda: driver)
        display.open_window(size=(640, 480))
        display.run(window)
        assert not pygame.display.get_init() and bool(ended) != leaves, "a story leaves by itself or is played out"

    yield play
    pygame.quit()


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


@pytest.mark.parametrize("key", ["q", "escape"])
def test_keys_that_leave(play, key):
    def story(driver):
        driver.press(key)
        yield

    play(drawn(), story, leaves=True)


def test_steps_speed_levels_and_restart(play):
    viewing = far_away()
    seed = viewing.number
    forks = [fork for fork in range(seed - 60, seed + 60) if is_full_fork(fork, DIM, 7)]
    earlier, later = [fork for fork in forks if fork <= seed], [fork for fork in forks if fork > seed]

    def story(driver):
        yield
        assert len(viewing.episode.moments) == 1, "no time has passed"
        for key in ("right", "right", "right", "left"):
            driver.press(key)
        yield
        assert len(viewing.episode.moments) == 3 and as_drawn(driver)
        driver.passed = 1000
        yield
        assert len(viewing.episode.moments) == 3, "who steps by hand has paused"
        driver.passed = 125
        driver.press("space")
        yield
        assert len(viewing.episode.moments) == 4 and as_drawn(driver)
        driver.press("space")
        yield
        yield
        assert len(viewing.episode.moments) == 4

        driver.press("c")
        yield
        moved, place = viewing.level, int(viewing.states[0].mouse)
        assert (
            len(viewing.episode.moments) == 1
            and viewing.number == seed
            and place != int(moved.start)
            and as_drawn(driver)
        )
        driver.press("r")
        yield
        assert int(viewing.states[0].mouse) == int(moved.start) and viewing.level is moved
        for key, expected in (("n", later[0]), ("n", later[1]), ("p", later[0]), ("p", earlier[-1])):
            driver.press(key)
            yield
            assert viewing.number == expected and len(viewing.episode.moments) == 1 and as_drawn(driver)
        driver.press("t")
        yield
        margin = (DIM - int(viewing.level.maze_dim)) // 2
        assert min(divmod(int(viewing.level.cheese), DIM)) >= DIM - margin - 2, "in the top-right 2×2"

    play(viewing, story)


def test_speed_has_ends_and_the_fastest_is_as_fast_as_it_goes(play):
    viewing = far_away()
    driver_speed = []

    def story(driver):
        for key, passed, expected in (("down", 990, 1), ("up", 0.5, UNLIMITED)):
            for _ in range(12):
                driver.press(key)
            driver.passed = 0
            yield
            driver_speed.append(driver.window.pace.speed)
            assert driver.window.pace.speed == expected
            viewing.restart()
            driver.window.pace.waited = 0
            driver.passed = passed
            yield
            assert len(viewing.episode.moments) == 1
            driver.passed = 20
            yield
            assert len(viewing.episode.moments) > 1

    play(viewing, story)
    assert driver_speed == [SPEEDS[0], SPEEDS[-1]]


def test_after_the_end_comes_the_next_level_unless_something_was_moved(play):
    viewing = far_away()
    seed = viewing.number
    following = next(fork for fork in range(seed + 1, seed + 60) if is_full_fork(fork, DIM, 7))
    while not viewing.episode.decided:
        viewing.step()

    def story(driver):
        driver.passed = 400
        for _ in range(7):
            yield
        assert viewing.number == seed, "there are three seconds to see it"
        yield
        assert viewing.number == following and len(viewing.episode.moments) == 1
        driver.passed = 0
        driver.press("c")
        yield
        while not viewing.episode.finished:
            viewing.step()
        driver.passed = 400
        for _ in range(12):
            yield
        assert viewing.number == following, "one's own maze is not taken away"

    play(viewing, story)


@pytest.mark.parametrize("size", [(640, 480), (1366, 768), (2560, 1440)])
def test_a_verdict_is_a_banner_until_the_next_level(play, size):
    viewing = drawn(plan="to the corner")
    while not viewing.episode.decided:
        viewing.step()

    def story(driver):
        pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.event.post(pygame.event.Event(pygame.VIDEORESIZE, w=size[0], h=size[1], size=size))
        yield
        blue = (driver.pixels() == OUTCOME_COLOURS["corner"]).all(-1)
        assert blue.sum(1).max() > 0.9 * size[0], "a line as wide as the window"
        assert describe_verdict(viewing).startswith("Ran past the cheese to the empty corner.")
        viewing.grab(0, LEFT)
        viewing.drag(FREE)
        viewing.release()
        driver.press("space")
        yield
        assert (driver.pixels() == OUTCOME_COLOURS["corner"]).all(-1).sum(1).max() < 0.2 * size[0]

    play(viewing, story)


def test_a_second_pane_widens_a_window_that_nobody_resized(play, monkeypatch):
    viewing = drawn()
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [(1920, 1080)])

    def story(driver):
        one, two = display.choose_size(1, 1), display.choose_size(2, 1)
        assert one[0] < two[0] <= 1920 and one[1] <= 1080
        driver.press("b")
        yield
        assert pygame.display.get_surface().get_size() == (640, 480), "nobody said that this size was fitted"
        driver.press("b")
        yield
        driver.window.fitted = (640, 480)
        driver.press("b")
        yield
        assert pygame.display.get_surface().get_size() == two and as_drawn(driver, 0) and as_drawn(driver, 1)
        driver.press("b")
        yield
        assert pygame.display.get_surface().get_size() == one

    play(viewing, story)


def test_the_cheese_is_dragged_and_seen_on_its_way(play):
    viewing = drawn()

    def story(driver):
        driver.press("space")
        yield
        here, there, wall = (driver.place(cell) for cell in (LEFT, FREE, SHUT))
        driver.drag(here, (here[0] + 5, here[1]), wall, there, drop=False)
        yield
        assert int(viewing.level.cheese) == FREE and viewing.held == "cheese" and as_drawn(driver), "while it is held"
        driver.drag(there)
        yield
        assert viewing.held == "" and int(viewing.level.cheese) == FREE
        driver.press("u")
        yield
        assert int(viewing.level.cheese) == LEFT and as_drawn(driver)
        driver.press("u")
        yield
        assert driver.window.message == "nothing to undo"
        driver.drag(driver.place(int(viewing.level.start)), there)
        yield
        assert int(viewing.level.start) == int(viewing.states[0].mouse) == FREE and as_drawn(driver)
        driver.drag(there, (2, 2))
        yield
        assert int(viewing.level.start) == FREE and viewing.held == "", "dropped beside the maze it stays"

    play(viewing, story)


def test_time_stands_still_while_something_is_held(play):
    viewing = drawn()

    def story(driver):
        yield
        driver.drag(driver.place(LEFT), drop=False)
        yield
        driver.passed = 500
        for _ in range(4):
            yield
        assert viewing.episode.steps == 0
        driver.drag(driver.place(LEFT))
        yield
        yield
        assert viewing.episode.steps > 0

    play(viewing, story)


def test_walls_are_opened_and_closed_by_a_click(play):
    viewing = drawn()

    def story(driver):
        driver.press("space")
        yield
        driver.click(driver.place(SHUT))
        yield
        assert (
            not viewing.level.walls.flatten()[SHUT]
            and as_drawn(driver)
            and describe_maze(viewing.states) == ["the maze has loops"]
        )
        driver.click(driver.place(SHUT))
        yield
        assert viewing.level.walls.flatten()[SHUT] and as_drawn(driver)
        driver.click(driver.place(0))
        yield
        assert driver.window.message == "outside the maze"
        driver.click((1, 1))
        yield
        assert driver.window.message == "" and viewing.level.walls.flatten()[SHUT]

    play(viewing, story)


def test_a_level_is_gone_to_by_its_number(play):
    viewing = far_away()

    def story(driver):
        driver.type("g20")
        driver.press("backspace")
        driver.type("7x")
        driver.press("return")
        yield
        assert viewing.number == 27 and as_drawn(driver)
        driver.type("g9999999999")
        driver.press("return")
        yield
        assert viewing.number == 27 and "9999999999" in driver.window.message
        driver.type("g5")
        driver.press("escape")
        yield
        driver.type("n")
        yield
        assert viewing.number == next(seed for seed in range(28, 99) if is_full_fork(seed, DIM, 7))

    play(viewing, story)


def test_a_level_where_it_runs_past_is_found(play, monkeypatch):
    monkeypatch.setattr(search, "SEARCHED", 640)
    viewing = Viewing([mouse_with(Planned("to the corner"))], 100, ["as_trained"])

    def story(driver):
        driver.press("f")
        for _ in range(5):
            yield
        found = viewing.number
        assert found > 100 and "passes the cheese" in driver.window.message and as_drawn(driver)
        while not viewing.episode.outcome(0):
            viewing.step()
        assert viewing.episode.outcome(0) == "corner"
        driver.press("f")
        for _ in range(5):
            yield
        assert viewing.number > found

    play(viewing, story)


def test_a_search_without_success_says_so_and_a_key_ends_it(play, monkeypatch):
    monkeypatch.setattr(search, "SEARCHED", 320)
    viewing = Viewing([mouse_with(Planned("to the cheese"))], 100)

    def story(driver):
        driver.press("f")
        yield
        assert "searching" in driver.window.message
        for _ in range(6):
            yield
        assert driver.window.message.startswith("no such level among")
        driver.press("f")
        yield
        driver.press("n")
        yield
        yield
        assert driver.window.message == ""
        assert viewing.number == next(seed for seed in range(101, 200) if is_full_fork(seed, DIM, 7))

    play(viewing, story)


def test_a_person_walks_against_the_mouse(play):
    viewing = drawn(plan="to the corner")

    def story(driver):
        driver.press("d")
        driver.passed = 1000
        yield
        yield
        assert len(viewing.panes) == 2 and viewing.episode.steps == 1, "time waits for the person"
        assert as_drawn(driver, 0) and as_drawn(driver, 1)
        driver.press("right")
        yield
        assert viewing.episode.steps == 1
        driver.press("a")
        driver.press("a")
        yield
        assert viewing.episode.outcome(1) == "cheese" and viewing.episode.outcome(0) == ""
        driver.press("space")
        yield
        yield
        assert viewing.episode.steps > 3, "the mouse goes on alone"
        driver.press("y")
        yield
        assert len(viewing.panes) == 1

    play(viewing, story)


def test_the_same_mouse_here_and_there(play):
    viewing = drawn()

    def story(driver):
        driver.press("b")
        yield
        assert len(viewing.panes) == 2 and as_drawn(driver, 0) and as_drawn(driver, 1)
        driver.drag(driver.place(LEFT, 1), driver.place(FREE, 1))
        yield
        trained, here = (int(state.level.cheese) for state in viewing.states)
        assert here == FREE != trained and as_drawn(driver, 0) and as_drawn(driver, 1)
        driver.press("b")
        yield
        assert len(viewing.panes) == 1 and int(viewing.level.cheese) == FREE

    play(viewing, story)


@pytest.mark.parametrize("name", OVERLAYS)
def test_overlays_are_switched_on_and_off_by_their_keys(play, name):
    viewing = Viewing([NETWORKS["plain"]], 1, drawn=from_text(PARTED, DIM), inspection=Inspection(LAYER))

    def story(driver):
        driver.press("space")
        yield
        bare = driver.pixels()
        driver.press(OVERLAYS[name].key)
        yield
        assert driver.window.shown == {name} and (driver.pixels() != bare).any()
        driver.press(OVERLAYS[name].key)
        yield
        assert (driver.pixels() == bare).all()
        driver.press(OVERLAYS[name].key)
        driver.press("0")
        yield
        assert (driver.pixels() == bare).all()

    play(viewing, story)


def test_help_comes_and_goes_and_time_stands_still_meanwhile(play):
    viewing = drawn()

    def story(driver):
        yield
        bare = driver.pixels()
        for comes, goes in (("h", "h"), ("h", "escape"), ("/", "h")):
            driver.press(comes, "?" if comes == "/" else comes)
            yield
            driver.passed = 1000
            yield
            assert driver.window.helping and viewing.episode.steps == 0 and (driver.pixels() != bare).any()
            driver.passed = 0
            driver.press(goes)
            yield
            assert not driver.window.helping and (driver.pixels() == bare).all()
        driver.press("h")
        yield
        driver.click(driver.place(SHUT))
        yield
        assert not driver.window.helping and not viewing.changed, "a click on the help closes it and no wall"

    play(viewing, story)


def test_what_is_saved_is_there_at_once_whole_and_never_written_over(play, tmp_path, capfd):
    viewing, saved = drawn(), tmp_path / "saved"

    def story(driver):
        for key in ("right", "right", "i", "o", "v", "l"):
            driver.press(key)
        driver.leave()
        yield  # all in one frame, and closed in it

    play(viewing, story, leaves=True)
    assert {path.name for path in saved.iterdir()} == {"picture-1.png", "film-1.gif", "film-1.mp4", "levels-1.txt"}
    with Image.open(saved / "film-1.gif") as film:
        assert film.n_frames == 3  # type: ignore[attr-defined]
    assert to_text(from_texts((saved / "levels-1.txt").read_text(), DIM)) == PARTED
    before = {path: path.read_bytes() for path in saved.iterdir()}

    def again(driver):
        driver.press("i")
        driver.press("l")
        driver.click((0, 0))
        yield
        assert driver.window.message == ""
        driver.click(driver.place(SHUT))
        driver.press("l")
        driver.press("l")
        yield
        assert driver.window.message == f"saved: {saved / 'levels-2.txt'}"

    play(viewing, again)
    assert all(path.read_bytes() == content for path, content in before.items())
    text = (saved / "levels-2.txt").read_text()
    assert from_texts(text, DIM).num_levels == 2 and "walls or start edited" in text
    assert from_texts(text, DIM).walls[1].flatten()[SHUT] == 0


def test_what_cannot_be_saved_is_said(play, tmp_path):
    (tmp_path / "saved").write_text("no folder")

    def story(driver):
        for key in ("i", "o", "l"):
            driver.press(key)
            yield
            assert "saved" in driver.window.message and "saved: " not in driver.window.message

    play(drawn(), story)


def test_the_printed_command_shows_this_again(play, monkeypatch, capfd, tmp_path):
    viewing = far_away()

    def story(driver):
        driver.press("c")
        driver.press("1")
        driver.press("e")
        yield
        walls = viewing.level.walls.flatten()
        cell = next(cell for cell in inside(viewing.level) if walls[cell])
        driver.click(driver.place(cell))
        driver.press("e")
        yield

    play(viewing, story)
    commands = [shlex.split(line) for line in capfd.readouterr().out.splitlines() if line.startswith("python")]
    seen = []
    monkeypatch.setattr("agents.mouse.load_mouse", lambda path: mouse_with(Planned("to the cheese")))
    monkeypatch.setattr(display, "open_window", lambda shape: None)
    monkeypatch.setattr(display, "run", seen.append)
    pages = [command for command in commands if command[1] == "share.py"]
    assert [arguments[-1] for arguments in pages] == ["out=mouse.html"] * 2
    for _, script, *arguments in commands:
        if script == "watch.py":
            watch.main(arguments)
    plain, edited = seen
    assert plain.viewing.number == viewing.number and plain.shown == {"arrows"} and plain.viewing.seed == viewing.seed
    assert to_text(edited.viewing.level) == to_text(viewing.level) != to_text(plain.viewing.level)
    assert int(plain.viewing.level.cheese) == int(viewing.level.cheese)


def inside(level: Levels) -> list[int]:
    margin = (DIM - int(level.maze_dim)) // 2
    return [c for c in range(DIM * DIM) if all(margin <= axis < DIM - margin for axis in divmod(c, DIM))]


def test_a_window_of_another_size_is_drawn_anew(play):
    viewing = drawn()

    def story(driver):
        driver.press("space")
        yield
        for size in ((900, 300), (300, 900), (1500, 1200)):
            pygame.display.set_mode(size, pygame.RESIZABLE)
            pygame.event.post(pygame.event.Event(pygame.VIDEORESIZE, w=size[0], h=size[1], size=size))
            yield
            board = driver.window._scene.boards[0]
            assert as_drawn(driver) and pygame.Rect((0, 0), size).contains(board.rect)
            assert min(size) - board.rect.width < 150 + DIM, "as large as it can be"

    play(viewing, story)


def test_nothing_is_drawn_while_nothing_changes(play, monkeypatch):
    drawings = []
    monkeypatch.setattr(pygame.display, "flip", lambda: drawings.append(1))

    def story(driver):
        driver.press("space")
        for _ in range(10):
            yield
        assert len(drawings) == 2, "at first, and when it was paused"
        driver.press("right")
        yield
        assert len(drawings) == 3

    play(drawn(), story)


def test_no_display_is_told(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "offscreen")
    monkeypatch.setattr(pygame.display, "init", lambda: None)
    with pytest.raises(ValueError, match=r"no display.*record=FILE\.gif"):
        display.open_window(size=(100, 100))

"""The window, driven by real events under a dummy driver: keys, levels, verdicts, sizes and what is saved."""

import pygame
import pytest
from mice import is_full_fork
from networks import LAYER, NETWORKS
from PIL import Image
from windows import DIM, FREE, LEFT, PARTED, SHUT, as_drawn, drawn, far_away

from envs.drawings import from_text, from_texts, to_text
from viewer import display, recording
from viewer.board import OUTCOME_COLOURS
from viewer.inspection import Inspection
from viewer.legend import OVERLAYS
from viewer.pace import SPEEDS, UNLIMITED
from viewer.saving import Session
from viewer.texts import describe_verdict
from viewer.viewing import Viewing


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


@pytest.mark.parametrize("edit", ["drag", "click", "b"])
def test_after_a_long_verdict_an_edited_maze_is_seen_from_its_start(play, edit):
    """The time in which the verdict was read is no time to walk in."""
    viewing = drawn(plan="to the corner")
    viewing.grab(0, LEFT)
    viewing.drag(FREE)
    viewing.release()
    while not viewing.episode.decided:
        viewing.step()

    def story(driver):
        driver.passed = 400
        for _ in range(12):
            yield
        driver.passed = 20
        if edit == "drag":
            driver.drag(driver.place(FREE), driver.place(LEFT))
        elif edit == "click":
            driver.click(driver.place(SHUT))
        else:
            driver.press(edit)
        yield
        yield
        assert viewing.episode.steps == 0
        driver.passed = 130
        yield
        assert viewing.episode.steps == 1

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


def test_a_levels_file_that_somebody_edited_is_left_alone(tmp_path):
    session, viewing, mine = Session(tmp_path), drawn(), "; my own\n@ .\n###\n###\n"
    for expected in ("levels-1.txt", "levels-2.txt"):
        assert session.save_level(viewing) == session.save_level(viewing) == (tmp_path / expected, 1)
        (tmp_path / "levels-1.txt").write_text(mine)
    viewing.toggle_wall(SHUT)
    assert session.save_level(viewing) == (tmp_path / "levels-2.txt", 2)
    assert (tmp_path / "levels-1.txt").read_text() == mine
    (tmp_path / "levels-2.txt").unlink()
    assert session.save_level(viewing) == (tmp_path / "levels-2.txt", 1)


def test_a_video_takes_a_name_that_is_free_when_it_is_written(tmp_path, monkeypatch):
    def encode(frames, speed):
        (tmp_path / "film-1.gif").write_text("of another window")
        return b"of this one"

    monkeypatch.setitem(recording.ENCODERS, ".gif", encode)
    path = Session(tmp_path).save_video(drawn(), frozenset(), 8, ".gif")
    assert path.name == "film-2.gif" and path.read_bytes() == b"of this one"


@pytest.mark.parametrize("name", ["a file", "n" * 300])
def test_what_cannot_be_saved_is_said(play, tmp_path, name):
    (tmp_path / "a file").write_text("no folder")

    def story(driver):
        driver.window.session.folder = tmp_path / name
        for key in ("i", "o", "l"):
            driver.press(key)
            yield
            assert str(tmp_path / name) in driver.window.message and "saved: " not in driver.window.message

    play(drawn(), story)


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

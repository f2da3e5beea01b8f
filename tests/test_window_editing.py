"""The window: what a person moves, opens, looks for, or shows beside it."""

import shlex

import pygame
from mice import Planned, is_full_fork, mouse_with
from windows import DIM, FREE, LEFT, PARTED, SHUT, as_drawn, drawn, far_away

import watch
from envs.drawings import to_text
from envs.levels import Levels
from viewer import display, search
from viewer.saving import Session
from viewer.texts import describe_maze
from viewer.viewing import Viewing
from viewer.window import Window


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
        driver.click(driver.place(SHUT))
        yield
        yield
        assert "searching" not in driver.window.message, "a click ends it, too"
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


def test_a_pane_that_has_just_gone_is_not_clicked(play):
    viewing = drawn()

    def story(driver):
        driver.press("space")
        driver.press("b")
        yield
        right = driver.place(LEFT, 1), driver.place(FREE, 1)
        driver.drag(*right, drop=False)
        yield
        driver.press("b")
        driver.drag(*right)
        yield
        assert len(viewing.panes) == 1 and viewing.held == "" and int(viewing.level.cheese) == FREE
        assert as_drawn(driver)

    play(viewing, story)


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
    monkeypatch.setattr("agents.mouse.load_mouse", lambda path, device: mouse_with(Planned("to the cheese")))
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


def test_the_printed_command_has_a_cheese_beside_none(monkeypatch, tmp_path):
    (tmp_path / "none.txt").write_text(PARTED.replace(".", " ") + "\n")
    viewing, seen = drawn(PARTED.replace(".", " ")), []
    viewing.toggle_comparison()
    command = Session(tmp_path, tmp_path / "none.txt").build_command(viewing, frozenset(), 8)
    monkeypatch.setattr("agents.mouse.load_mouse", lambda path, device: mouse_with(Planned("to the corner")))
    monkeypatch.setattr(display, "open_window", lambda shape: None)
    monkeypatch.setattr(display, "run", seen.append)
    watch.main(shlex.split(command)[2:])
    trained, none = (to_text(level) for level in seen[0].viewing.episode.levels)
    assert (
        [trained, none] == [to_text(level) for level in viewing.episode.levels] and "." in trained and "." not in none
    )


def test_the_printed_command_says_what_it_cannot_show(capsys, tmp_path):
    def print_command(window):
        window.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_e, unicode="e", mod=0, scancode=0))
        return capsys.readouterr().out

    viewing = Viewing([mouse_with(Planned("nowhere"), observation="rgb")], 5)
    window = Window(viewing, Session(tmp_path), speed=8)
    said = print_command(window)
    assert "without its floor" not in said and "record=FILE.gif or .mp4 for a video" in said
    viewing.toggle_wall(next(cell for cell in inside(viewing.level) if viewing.level.walls.flatten()[cell]))
    window.pace.speed = 1000
    said = print_command(window)
    assert "without its floor" in said and "record=FILE.gif or .mp4 and speed=50 for a video" in said


def test_the_printed_path_of_a_mouse_on_another_drive_is_absolute(monkeypatch, tmp_path):
    def refuse(path):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("os.path.relpath", refuse)
    viewing = drawn()
    command = shlex.split(Session(tmp_path).build_page_command(viewing))
    assert f"checkpoint={viewing.panes[0].mouse.path.absolute()}" in command


def inside(level: Levels) -> list[int]:
    margin = (DIM - int(level.maze_dim)) // 2
    return [c for c in range(DIM * DIM) if all(margin <= axis < DIM - margin for axis in divmod(c, DIM))]

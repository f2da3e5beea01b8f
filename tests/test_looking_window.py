"""Looking inside from the window and from the command line, on networks made by hand."""

import shlex

import numpy as np
import pygame
import pytest
from inspections import CHEESE_CELL, DIM, END, FORK, FORKED, PLAIN, START, WALL, clamp_at, viewing_of
from networks import CHEESE, LAYER, NETWORKS
from PIL import Image

import watch
from viewer import display
from viewer.inspection import UNCHANGED, Inspection
from viewer.maps import compute_maps
from viewer.saving import Session
from viewer.window import Window


@pytest.fixture
def window(monkeypatch, tmp_path):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    display.open_window(size=(640, 480))
    yield Window(viewing_of(), Session(tmp_path / "saved"), speed=8)
    pygame.quit()


def press(window: Window, name: str) -> None:
    window.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.key.key_code(name), unicode="", mod=0, scancode=0))
    window.draw(pygame.display.get_surface())


def click(window: Window, position: tuple[int, int], to: tuple[int, int] | None = None) -> None:
    window.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=position))
    window.handle(pygame.event.Event(pygame.MOUSEMOTION, buttons=(1, 0, 0), rel=(1, 1), pos=to or position))
    window.handle(pygame.event.Event(pygame.MOUSEBUTTONUP, button=1, pos=to or position))
    window.draw(pygame.display.get_surface())


def place(window: Window, cell: int) -> tuple[int, int]:
    return window._scene.boards[0].cell_rect(cell).center


def test_keys_and_clicks_look_inside(window):
    viewing = window.viewing
    press(window, "m")
    walls = viewing.level.walls
    click(window, place(window, WALL))
    assert viewing.inspection.clamps == (clamp_at(WALL),) and viewing.level.walls is walls, "no wall is toggled"
    click(window, place(window, WALL))
    assert not viewing.inspection.changes
    click(window, place(window, CHEESE_CELL))
    click(window, place(window, START))
    assert viewing.inspection.clamps == (clamp_at(CHEESE_CELL), clamp_at(START)), "the cells of cheese and mouse, too"
    click(window, place(window, CHEESE_CELL), place(window, END))
    assert len(viewing.inspection.clamps) == 2 and int(viewing.level.cheese) == END, "who drags does not click"
    press(window, "u")
    for name in ("=", "=", "-"):
        press(window, name)
    assert viewing.inspection.clamps[-1].value == 1.5
    press(window, "z")
    assert viewing.inspection.without_cheese
    press(window, "backspace")
    assert viewing.inspection == PLAIN
    click(window, window._scene.strip.channel_rect(5).center)
    assert viewing.inspection.channel == 5
    for name, channel in ((".", 6), (",", 5)):
        press(window, name)
        assert viewing.inspection.channel == channel
    press(window, "k")
    assert (viewing.inspection.layer, viewing.inspection.channel) == ("goals", 0)
    press(window, "j")
    press(window, "m")
    click(window, place(window, WALL))
    assert not viewing.level.walls.flatten()[WALL] and viewing.inspection == PLAIN, "the window is as before"
    press(window, "k")
    assert "channel" in window.shown and window.message == ""


def test_the_printed_command_has_the_view(window, capsys, monkeypatch):
    viewing = window.viewing
    viewing.seed = 3
    held = Inspection(LAYER, 7, (clamp_at(END, 2.5), clamp_at(FORKED, -0.07, 3)), True)
    for inspection, shown in (
        (held, {"channel", "odds"}),
        (held, {"trail", "odds"}),
        (PLAIN, {"channel"}),
        (PLAIN, set()),
    ):
        viewing.episode = viewing_of(inspection=inspection).episode
        window.shown = frozenset(shown)
        press(window, "e")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("python watch.py")]
    seen = []
    monkeypatch.setattr("agents.mouse.load_mouse", lambda path, device: NETWORKS["plain"])
    monkeypatch.setattr(display, "open_window", lambda shape: None)
    monkeypatch.setattr(display, "run", seen.append)
    for line in lines:
        watch.main(shlex.split(line)[2:] + ["levels=", "level=5"])
    assert [again.shown for again in seen] == [{"channel", "odds"}, {"trail", "odds"}, {"channel"}, set()]
    for again in seen[:2]:
        found = again.viewing.inspection
        assert found == held and found.channel == 7 and [pane.inspection for pane in again.viewing.panes] == [found]
    assert seen[2].viewing.inspection == PLAIN and seen[3].viewing.inspection == UNCHANGED
    assert "layer=" not in lines[3] and "clamp=" not in lines[2]


# Settings


def test_a_figure_and_a_film_are_those_of_the_changed_network(call, tmp_path, checkpoint):
    plain = (f"checkpoint={checkpoint}", "level=5")
    changed = (*plain, "layer=embedder.block1", "channel=3", "clamp=[[3,1,1,9],[4,0,2,-5.5]]", "without=cheese")
    contents = []
    for name, arguments in (("a", plain), ("b", changed), ("c", changed)):
        assert call("watch.py", *arguments, f"figure={name}.svg")[::2] == (0, "")
        contents.append((tmp_path / f"{name}.svg").read_bytes())
    assert contents[1] == contents[2] != contents[0]
    for name, arguments in (("a", plain), ("b", changed)):
        assert call("watch.py", *arguments, f"record={name}.gif", "speed=50")[::2] == (0, "")
    with Image.open("a.gif") as one, Image.open("b.gif") as other:
        assert other.width > one.width and other.height > one.height, "a strip, and a line that says so"


def test_the_figures_channel_is_that_of_the_network(monkeypatch, tmp_path):
    from analysis import field_figures
    from viewer.presentation import plot_viewing

    fields = []
    monkeypatch.setattr(field_figures, "draw_policy_and_value", lambda given, _: fields.extend(given) or b"")
    inspection = Inspection(LAYER, CHEESE, (clamp_at(FORKED, 2.5),))
    viewing = viewing_of(inspection=inspection)
    for shown in ({"channel"}, set()):
        plot_viewing(viewing, tmp_path / "figure.svg", frozenset(shown))
    with_channel, without = fields
    expected = np.zeros((DIM, DIM))
    expected[3, 5], expected[3, 1] = 1.0, 2.5
    np.testing.assert_array_equal(with_channel.activation.cells, expected)
    assert without.activation is None and "clamped at 2.5" in without.note
    changed, plain = (compute_maps(NETWORKS["plain"], viewing.level, each).moves for each in (inspection, PLAIN))
    np.testing.assert_array_equal(with_channel.moves, changed)
    assert not np.array_equal(changed, plain, equal_nan=True)


def test_a_figure_says_where_the_cheese_lies_if_there_is_one(monkeypatch, tmp_path):
    from analysis import field_figures
    from viewer.presentation import plot_viewing

    fields = []
    monkeypatch.setattr(field_figures, "draw_policy_and_value", lambda given, _: fields.extend(given) or b"")
    for text in (FORK, FORK.replace(".", " ")):
        plot_viewing(viewing_of(text=text), tmp_path / "figure.svg", frozenset())
    assert [field.title for field in fields] == ["0, level 1, cheese at [4,2]", "0, level 1, no cheese"]

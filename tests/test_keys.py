"""Key bindings against the actions of the windows."""

import pygame
import pytest
from mice import Planned, mouse_with

from viewer.grid import Grid
from viewer.grid_window import GridWindow
from viewer.keys import GRID_HELP, WINDOW_HELP, find_action, is_for_others, map_actions
from viewer.saving import Session
from viewer.viewing import Viewing
from viewer.window import Window


def test_every_key_has_an_action_and_every_action_a_key(tmp_path):
    mouse, session = mouse_with(Planned("nowhere")), Session(tmp_path)
    windows = {
        "window": (Window(Viewing([mouse], 1), session, 8), WINDOW_HELP),
        "grid": (GridWindow(Grid(mouse, 1, 0), (1, 1), session, 8), GRID_HELP),
    }
    for name, (window, help_) in windows.items():
        bound = {action[0] for action in map_actions(help_).values()}
        assert bound - {"quit"} == set(window._actions), name


@pytest.mark.parametrize("help_", [WINDOW_HELP, GRID_HELP])
def test_no_key_has_two_meanings(help_):
    codes = [code for keys in help_.values() for key in keys for code in key.actions]
    assert len(codes) == len(set(codes)) == len(map_actions(help_))


@pytest.mark.parametrize(
    ("text", "key", "place", "expected"),
    [
        ("h", pygame.K_h, pygame.KSCAN_H, ("help",)),
        ("H", pygame.K_h, pygame.KSCAN_H, ("help",)),
        ("?", pygame.K_SLASH, pygame.KSCAN_SLASH, ("help",)),
        ("\x08", pygame.K_h, pygame.KSCAN_H, ("help",)),  # control-h is not backspace
        ("&", pygame.K_AMPERSAND, pygame.KSCAN_1, ("show", "arrows")),  # the key 1 of a French keyboard
        ("1", pygame.K_AMPERSAND, pygame.KSCAN_1, ("show", "arrows")),  # with Shift
        ("a", pygame.K_a, pygame.KSCAN_Q, ("walk", "left")),
        ("ц", 0x446, pygame.KSCAN_W, ("walk", "up")),  # Cyrillic
        ("σ", 0x3C3, pygame.KSCAN_S, ("walk", "down")),  # Greek
        ("'", pygame.K_QUOTE, pygame.KSCAN_Q, None),  # Dvorak
        ("", pygame.K_ESCAPE, pygame.KSCAN_ESCAPE, ("quit",)),
        ("", pygame.K_LSHIFT, pygame.KSCAN_LSHIFT, None),
    ],
)
def test_keys_work_on_any_layout(text, key, place, expected):
    event = pygame.event.Event(pygame.KEYDOWN, unicode=text, key=key, scancode=place)
    assert find_action(map_actions(WINDOW_HELP), event) == expected


@pytest.mark.parametrize(
    ("key", "mod", "expected"),
    [
        (pygame.K_z, pygame.KMOD_LCTRL, True),
        (pygame.K_c, pygame.KMOD_RCTRL, True),
        (pygame.K_w, pygame.KMOD_LMETA, True),
        (pygame.K_TAB, pygame.KMOD_LALT, True),
        (pygame.K_LSHIFT, pygame.KMOD_LSHIFT, True),
        (pygame.K_h, pygame.KMOD_LSHIFT | pygame.KMOD_NUM, False),
        (pygame.K_q, pygame.KMOD_RALT | pygame.KMOD_LCTRL, False),  # AltGr on Windows
        (pygame.K_z, pygame.KMOD_NONE, False),
    ],
)
def test_shortcuts_of_the_desktop_and_bare_modifiers_do_nothing(tmp_path, key, mod, expected):
    event = pygame.event.Event(pygame.KEYDOWN, unicode="", key=key, mod=mod, scancode=0)
    assert is_for_others(event) is expected
    window = Window(Viewing([mouse_with(Planned("nowhere"))], 1), Session(tmp_path), 8)
    window.message = "saved"
    if expected:
        assert window.handle(event) and window.message == "saved" and not window.viewing.changed

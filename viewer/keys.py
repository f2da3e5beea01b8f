"""Key bindings: one table for the help text and the window's actions."""

from string import ascii_lowercase, digits
from typing import NamedTuple

import pygame

from viewer.inspection import STEP
from viewer.overlays import OVERLAYS

Action = tuple  # the name of an action, and its arguments
# Pygame key codes of letters and digits, by their places on a US keyboard.
LETTERS = {getattr(pygame, f"KSCAN_{letter.upper()}"): ord(letter) for letter in ascii_lowercase}
DIGITS = {getattr(pygame, f"KSCAN_{digit}"): ord(digit) for digit in digits}
MODIFIERS = {
    *(pygame.K_LSHIFT, pygame.K_RSHIFT, pygame.K_LCTRL, pygame.K_RCTRL, pygame.K_LALT, pygame.K_RALT),
    *(pygame.K_LMETA, pygame.K_RMETA, pygame.K_MODE, pygame.K_CAPSLOCK, pygame.K_NUMLOCK),
}
ALT_GR = pygame.KMOD_MODE | pygame.KMOD_RALT


class Key(NamedTuple):
    """One binding, shown as one line of the help.

    Attributes:
        label: the key's name.
        meaning: what the key does.
        actions: actions by pygame key code; empty for the mouse pointer.
    """

    label: str
    meaning: str
    actions: dict[int, Action] = {}


PLAY = [
    Key("space", "pause, resume", {pygame.K_SPACE: ("pause",)}),
    Key("right, left", "one step forward, back", {pygame.K_RIGHT: ("forward",), pygame.K_LEFT: ("back",)}),
    Key("up, down", "faster, slower", {pygame.K_UP: ("faster", 1), pygame.K_DOWN: ("faster", -1)}),
    Key("r", "restart with a new action seed", {pygame.K_r: ("restart",)}),
    Key(
        "n, p",
        "next, previous fork (levels file: level)",
        {pygame.K_n: ("next_level", 1), pygame.K_p: ("next_level", -1)},
    ),
    Key("g", "go to a level number", {pygame.K_g: ("ask_level",)}),
    Key("f", "find a level where it passes the cheese", {pygame.K_f: ("find",)}),
]
EDIT = [
    Key("drag", "move the cheese or the mouse"),
    Key("click", "add or remove a wall"),
    Key("u", "undo", {pygame.K_u: ("undo",)}),
    Key("c", "move the cheese to a random cell", {pygame.K_c: ("move_cheese", "anywhere")}),
    Key("t", "move the cheese to its training region", {pygame.K_t: ("move_cheese", "as_trained")}),
    Key("b", "compare with the cheese as trained", {pygame.K_b: ("compare",)}),
    Key("y", "play beside the mouse", {pygame.K_y: ("join",)}),
    Key(
        "w a s d",
        "move (when you play)",
        {
            pygame.K_w: ("walk", "up"),
            pygame.K_a: ("walk", "left"),
            pygame.K_s: ("walk", "down"),
            pygame.K_d: ("walk", "right"),
        },
    ),
]
SHOW = [
    *(
        Key(overlay.key, overlay.meaning, {ord(overlay.key): ("show", name)})  # pygame's codes are ASCII
        for name, overlay in OVERLAYS.items()
    ),
    Key("0", "hide overlays", {pygame.K_0: ("hide_overlays",)}),
]
NETWORK = [
    Key(". ,", "next, previous channel", {pygame.K_PERIOD: ("channel", 1), pygame.K_COMMA: ("channel", -1)}),
    Key("k j", "next, previous layer", {pygame.K_k: ("layer", 1), pygame.K_j: ("layer", -1)}),
    Key("click", "channel shown: clamp, release (no wall)"),
    Key(
        "+ -",
        "raise, lower the last clamp",
        {
            **dict.fromkeys((pygame.K_PLUS, pygame.K_EQUALS, pygame.K_KP_PLUS), ("raise_clamp", STEP)),
            **dict.fromkeys((pygame.K_MINUS, pygame.K_KP_MINUS), ("raise_clamp", -STEP)),
        },
    ),
    Key("z", "take the cheese vector away, put it back", {pygame.K_z: ("cheese_vector",)}),
    Key("backspace", "release all that is changed", {pygame.K_BACKSPACE: ("release_network",)}),
]
SAVE = [
    Key("i", "save an image (PNG)", {pygame.K_i: ("save_image",)}),
    Key(
        "o, v",
        "save the episode so far (GIF, MP4)",
        {pygame.K_o: ("save_video", ".gif"), pygame.K_v: ("save_video", ".mp4")},
    ),
    Key("l", "save the level as text", {pygame.K_l: ("save_level",)}),
    Key("e", "print the command for this view", {pygame.K_e: ("print_command",)}),
]
QUIT = [
    Key("h, ?", "this help", {pygame.K_h: ("help",), pygame.K_QUESTION: ("help",)}),
    Key("q, escape", "quit", {pygame.K_q: ("quit",), pygame.K_ESCAPE: ("quit",)}),
]
GRID = [
    Key("click", "open a maze; q or escape leads back"),
    Key("n", "next levels, and start counting again", {pygame.K_n: ("begin",)}),
    *[PLAY[0], PLAY[2], SAVE[0]],  # bindings that the grid shares
]

WINDOW_HELP = {"Play": PLAY, "Edit": EDIT, "Overlays": SHOW, "Network": NETWORK, "Save": SAVE, "": QUIT}
GRID_HELP = {"Grid": [*GRID, *QUIT]}


def map_actions(groups: dict[str, list[Key]]) -> dict[int, Action]:
    """Map key codes to actions and their arguments."""
    return {code: action for keys in groups.values() for key in keys for code, action in key.actions.items()}


def is_for_others(event: pygame.event.Event) -> bool:
    """Whether a pressed key is a modifier alone, or a shortcut of the desktop; AltGr and Shift type characters."""
    is_shortcut = event.mod & (pygame.KMOD_CTRL | pygame.KMOD_LALT | pygame.KMOD_META) and not event.mod & ALT_GR
    return bool(is_shortcut) or event.key in MODIFIERS


def find_action(bindings: dict[int, Action], event: pygame.event.Event) -> Action | None:
    """Find the action of a pressed key on any keyboard layout; None if there is none.

    The typed character counts first, then the key, then the key's place: French keyboards type digits only with Shift,
    and Cyrillic or Greek ones have other letters.
    """
    typed = ord(event.unicode) if len(event.unicode) == 1 and event.unicode.isprintable() else None
    is_latin = event.key < 128  # on a Dvorak keyboard the apostrophe has the place of q, but does not quit
    place = DIGITS.get(event.scancode, None if is_latin else LETTERS.get(event.scancode))
    return next((bindings[code] for code in (typed, event.key, place) if code in bindings), None)

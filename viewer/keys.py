"""The keys: what each does, in words for the help and by name for the window. One table serves both."""

from typing import NamedTuple

import pygame

from viewer.legend import OVERLAYS


class Key(NamedTuple):
    """A line of the help.

    Attributes:
        label: what is pressed, in words.
        meaning: what it does, in words.
        actions: pygame's numbers of keys, and what each is called in the window; empty for the pointer.
    """

    label: str
    meaning: str
    actions: dict[int, tuple]


def _key(label: str, meaning: str, **actions: tuple | str) -> Key:
    """A key; ``actions`` are pygame's names without ``K_``, an underscore before a digit."""
    numbers = {getattr(pygame, f"K_{name.removeprefix('_')}"): action for name, action in actions.items()}
    return Key(label, meaning, {key: (act,) if isinstance(act, str) else act for key, act in numbers.items()})


PLAY = [
    _key("space", "pause, go on", SPACE="pause"),
    _key("right, left", "one step forward, back", RIGHT="forward", LEFT="back"),
    _key("up, down", "faster, slower", UP=("faster", 1), DOWN=("faster", -1)),
    _key("r", "the level again, with other luck", r="restart"),
    _key("n, p", "next, previous level", n=("next_level", 1), p=("next_level", -1)),
    _key("g", "go to a level by its number", g="ask_level"),
    _key("f", "find a level where it runs past the cheese", f="find"),
]
MOVE = [
    _key("drag", "moves the cheese or the mouse"),
    _key("click", "opens or closes a wall"),
    _key("u", "undo", u="undo"),
    _key("c", "the cheese to a random place", c=("move_cheese", "anywhere")),
    _key("t", "the cheese to where it lay in training", t=("move_cheese", "as_trained")),
    _key("b", "the same mouse, cheese as trained, beside", b="beside"),
    _key("y", "walk yourself beside the mouse", y="join"),
    _key("w a s d", "your steps", w=("walk", "up"), a=("walk", "left"), s=("walk", "down"), d=("walk", "right")),
]
SEE = [
    *(
        _key(str(number), overlay.meaning, **{f"_{number}": ("show", name)})
        for number, (name, overlay) in enumerate(OVERLAYS.items(), start=1)
    ),
    _key("0", "nothing of this", _0="show_nothing"),
]
SAVE = [
    _key("i", "save a picture (PNG)", i="save_picture"),
    _key("o, v", "save this episode so far (GIF, MP4)", o=("save_film", ".gif"), v=("save_film", ".mp4")),
    _key("l", "save the level as text, for levels=FILE", l="save_level"),
    _key("e", "print the command that shows this again", e="print_command"),
]
LEAVE = [
    _key("h, ?", "this help", h="help", QUESTION="help"),
    _key("q, escape", "leave", q="leave", ESCAPE="leave"),
]
GRID = [PLAY[0], PLAY[2], SAVE[0]]  # what the grid has of these

WINDOW_HELP = {"Play": PLAY, "Move things": MOVE, "See what it thinks": SEE, "Save": SAVE, "": LEAVE}
GRID_HELP = {"Many levels at once": [*GRID, *LEAVE]}


def actions_of(groups: dict[str, list[Key]]) -> dict[int, tuple]:
    """What each key does: the name of a method and its arguments."""
    return {number: action for keys in groups.values() for key in keys for number, action in key.actions.items()}

"""Hand-drawn levels: mazes as text, and files of them.

A drawing is an odd square without a border, top row first, in XSB notation: ``#`` wall, space open, ``@`` mouse,
``.`` cheese. A square smaller than the world is centred in it.
"""

import os
from pathlib import Path

import numpy as np
import torch

from envs.generator import NO_CELL
from envs.levels import SMALLEST_MAZE, Levels, concatenate, parse_world_dim
from foundation.errors import InputError

WALL, OPEN, MOUSE, CHEESE = "# @."
COMMENT = ";"  # starts a comment line in a file of levels


def from_text(text: str, world_dim: int) -> Levels:
    """Parse one hand-drawn level.

    The cheese is optional. Loops and unreachable parts are allowed. Lines may end with CR LF.

    Raises:
        InputError: if the text is not a valid level; the message gives row and column, counted from 1.
    """
    world_dim = parse_world_dim(world_dim=world_dim)
    rows = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    dim = len(rows)
    for number, row in enumerate(rows, start=1):
        if len(row) != dim:
            raise InputError(
                f"level text must be square: row {number} has {len(row)} columns, but there are {dim} rows"
                + (" (an editor may have removed trailing spaces)" if len(row) < dim else "")
            )
        for column, letter in enumerate(row, start=1):
            if letter not in (WALL, OPEN, MOUSE, CHEESE):
                raise InputError(
                    f"level text: unknown letter {letter!r} in row {number}, column {column}; "
                    f'expected "{WALL}" wall, "{OPEN}" open, "{MOUSE}" mouse, "{CHEESE}" cheese'
                )
    if dim % 2 == 0 or not SMALLEST_MAZE <= dim <= world_dim:
        raise InputError(
            f"level text must have an odd side from {SMALLEST_MAZE} to {world_dim}, not {dim} rows and columns"
        )

    letters = np.array([list(row) for row in reversed(rows)])  # y up
    margin = (world_dim - dim) // 2
    cells = {}
    for name, letter, needed in (("mouse", MOUSE, True), ("cheese", CHEESE, False)):
        found = [(y, x) for y, x in np.argwhere(letters == letter).tolist()]
        if len(found) > 1:
            places = " and ".join(
                f"row {dim - y}, column {x + 1}" for y, x in sorted(found, key=lambda cell: (-cell[0], cell[1]))
            )
            raise InputError(f"level text has {len(found)} × {name} ({letter!r}), at {places}; expected one")
        if not found and needed:
            raise InputError(f"level text has no {name} ({letter!r}) in any of its {dim} rows and {dim} columns")
        cells[name] = (found[0][0] + margin) * world_dim + found[0][1] + margin if found else NO_CELL
    walls = np.ones((1, world_dim, world_dim), bool)
    walls[0, margin : margin + dim, margin : margin + dim] = letters == WALL
    numbers = (-1, dim, cells["mouse"], cells["cheese"], 0, 0)
    seed, maze_dim, start, cheese, background, shift = (torch.tensor([number]) for number in numbers)
    return Levels(seed, torch.from_numpy(walls), maze_dim, start, cheese, background, shift)


def to_text(level: Levels, mouse: int | None = None, whole_world: bool = False) -> str:
    """Format one level as text, the inverse of ``from_text``, without a newline at the end.

    Args:
        level: a batch of one.
        mouse: the mouse's cell; None: the start. The mouse hides a cheese in the same cell.
        whole_world: format the whole world instead of the maze.
    """
    assert level.num_levels == 1, "to_text draws one level"
    letters = np.where(level.walls[0].cpu().numpy(), WALL, OPEN)
    if (cheese := int(level.cheese)) != NO_CELL:
        letters.flat[cheese] = CHEESE
    letters.flat[int(level.start) if mouse is None else mouse] = MOUSE
    if not whole_world:
        margin = int(level.margin)
        inside = slice(margin, margin + int(level.maze_dim))
        letters = letters[inside, inside]
    return "\n".join("".join(row) for row in letters[::-1])


def from_texts(text: str, world_dim: int) -> Levels:
    """Parse the text of a file of levels, which are separated by empty lines.

    Lines that start with ``;`` are comments. A row of open cells consists of spaces, so an empty line is never a row.
    If an editor removed trailing spaces, the level is not square and raises an error.

    Raises:
        InputError: if there is no level, or one is invalid; the message gives the level's number and first line,
            counted from 1.
    """
    drawings: list[tuple[int, list[str]]] = []  # first line's number, and rows
    between = True
    for number, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), start=1):
        if line.startswith(COMMENT):
            continue
        if line and between:
            drawings.append((number, []))
        if line:
            drawings[-1][1].append(line)
        between = not line
    if not drawings:
        raise InputError("contains no level; expected mazes as text, separated by empty lines")
    levels = []
    for count, (number, rows) in enumerate(drawings, start=1):
        try:
            levels.append(from_text("\n".join(rows), world_dim))
        except InputError as error:
            raise InputError(f"level {count}, from line {number}: {error}") from None
    return concatenate(levels)


def read_levels(path: str, world_dim: int) -> Levels:
    """Read a file of levels.

    Raises:
        InputError: if there is no such file, it cannot be read or is not text, or it has no levels that fit the world.
    """
    if not os.path.isfile(path):
        raise InputError(f"no levels at {path}; expected a file of mazes as text")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text (UTF-8); expected a file of mazes as text") from None
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from None
    try:
        return from_texts(text, world_dim)
    except InputError as error:
        raise InputError(f"{path}: {error} (the mouse's world has {world_dim}×{world_dim} cells)") from None

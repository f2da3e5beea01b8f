"""Test mazes, and a reader of them that shares no code with the code under test."""

from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from envs.drawings import to_text
from envs.levels import Levels, concatenate, from_seeds

WORLD_DIMS = {"easy": 15, "hard": 25, "memory": 31}  # Procgen's
SEEDS = st.integers(0, 2**31 - 2)

Cell = tuple[int, int]  # x to the right, y up, in the world


class Row(NamedTuple):
    """One level from Procgen's C++ generator."""

    world_dim: int
    region: str | int
    seed: int
    maze_dim: int
    background: int
    text: str


def _procgen_rows():
    for line in (Path(__file__).parent / "data" / "procgen_levels.tsv").read_text().splitlines()[1:]:
        mode, region, seed, maze_dim, background, text = line.split("\t")
        region = region if region == "anywhere" else int(region)
        yield Row(WORLD_DIMS[mode], region, int(seed), int(maze_dim), int(background), text.replace("/", "\n"))


PROCGEN_ROWS = list(_procgen_rows())


def read(text: str, world_dim: int) -> tuple[set[Cell], Cell, Cell | None]:
    """Read the open cells, mouse and cheese of a level's text, in world coordinates."""
    rows = text.split("\n")[::-1]
    margin = (world_dim - len(rows)) // 2
    letters = {(margin + x, margin + y): letter for y, row in enumerate(rows) for x, letter in enumerate(row)}
    cell_of = {letter: cell for cell, letter in letters.items()}
    return {cell for cell, letter in letters.items() if letter != "#"}, cell_of["@"], cell_of.get(".")


def neighbours(cell: Cell) -> list[Cell]:
    x, y = cell
    return [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]


def number(cell: Cell | None, world_dim: int) -> int:
    """The cell's number in ``envs``."""
    return -1 if cell is None else cell[1] * world_dim + cell[0]


def batch(levels: list[Levels]) -> Levels:
    return concatenate(levels)


def to_texts(levels: Levels) -> str:
    """Format these levels as a file."""
    return "\n\n".join(to_text(levels.rows([number])) for number in range(levels.num_levels)) + "\n"


def _put(letters: list[str]) -> str:
    dim = round(len(letters) ** 0.5)
    return "\n".join("".join(letters[i : i + dim]) for i in range(0, dim * dim, dim))


@st.composite
def drawn_mazes(draw, world_dim: int) -> str:
    """Any square that fits the world, with loops and unreachable parts, sometimes without cheese."""
    dim = draw(st.sampled_from(range(3, world_dim + 1, 2)))
    letters = list(draw(st.text(st.sampled_from("#  "), min_size=dim**2, max_size=dim**2)))
    mouse, cheese = draw(st.lists(st.integers(0, dim**2 - 1), min_size=2, max_size=2, unique=True))
    letters[cheese] = draw(st.sampled_from("... "))
    letters[mouse] = "@"
    return _put(letters)


@st.composite
def nearly_trees(draw, world_dim: int) -> str:
    """One of Procgen's mazes with up to two cells flipped: still a tree, or with a loop or an unreachable part."""
    letters = [letter for letter in to_text(from_seeds([draw(SEEDS)], world_dim)) if letter != "\n"]
    for i in draw(st.lists(st.integers(0, len(letters) - 1), max_size=2, unique=True)):
        letters[i] = {"#": " ", " ": "#"}.get(letters[i], letters[i])
    return _put(letters)


MAZES = st.sampled_from([5, 7, 9]).flatmap(
    lambda world_dim: st.tuples(drawn_mazes(world_dim) | nearly_trees(world_dim), st.just(world_dim))
)  # a text and the side of its world

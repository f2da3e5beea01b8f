"""The search for levels in which a mouse passes the cheese, against a search by walking."""

from mazes import read
from mice import Planned, corner_of, mouse_with, undecided, way_to

import watch
from agents.mouse import load_mouse
from envs.drawings import to_text
from envs.levels import from_seeds
from viewer import search
from viewer.course import FIRST_LEVEL
from viewer.recording import play_out
from viewer.search import NEAR, search_passed_cheese
from viewer.viewing import Viewing

DIM = 7


def passes_a_near_cheese(seed: int) -> bool:
    """Whether, in a large maze, the path to the corner leaves the path to the cheese just before the cheese."""
    text = to_text(from_seeds([seed], DIM))
    open_cells, mouse, cheese = read(text, DIM)
    ways = [[mouse], [mouse]]
    for way, target in zip(ways, (corner_of(open_cells), cheese), strict=True):
        to = way_to(target, open_cells)
        while way[-1] != target:
            way.append(to[way[-1]])
    to_corner, to_cheese = ways
    shared = sum(a == b for a, b in zip(to_corner, to_cheese, strict=False))
    fork = cheese not in to_corner and to_corner[-1] not in to_cheese
    return fork and len(to_cheese) - shared <= NEAR and len(text.split("\n")) * 4 >= 3 * DIM


def found(plan: str, first: int) -> int | None:
    *_, last = search_passed_cheese(mouse_with(Planned(plan)), first)
    return last


def test_the_first_such_level_is_found():
    first = 0
    for _ in range(8):
        expected = next(seed for seed in range(first, first + 1000) if passes_a_near_cheese(seed))
        assert found("to the corner", first) == expected
        first = expected + 1


def test_where_there_is_none_it_ends(monkeypatch):
    monkeypatch.setattr(search, "SEARCHED", 200)
    for mouse in (mouse_with(Planned("to the cheese")), mouse_with(undecided)):
        assert set(search_passed_cheese(mouse, 0)) == {None}
    assert list(search_passed_cheese(mouse_with(Planned("to the corner")), 2**31 - 2)) == [None], "the last seed of all"


def test_the_first_level_that_one_sees_is_one():
    mouse = load_mouse(watch.DEFAULT)
    assert next(search_passed_cheese(mouse, FIRST_LEVEL)) == FIRST_LEVEL
    viewing = Viewing([mouse], FIRST_LEVEL)
    play_out(viewing)
    assert viewing.episode.outcome(0) == "corner" and viewing.episode.steps < 40

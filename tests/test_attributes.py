"""Attributes of levels, against loops over the cells of their text."""

from math import dist, isnan

import pytest
import torch
from hypothesis import given
from mazes import MAZES, batch, neighbours, number, read

from analysis.attributes import ATTRIBUTES, QUADRANTS, compute_attributes, compute_quadrant_side, describe_quadrant
from envs import paths
from envs.drawings import from_text, to_text
from envs.levels import Levels, from_seeds, top_right_mask

SQUARE = "    .\n# ###\n    #\n# # #\n@ #  "  # every path to the corner goes through the decision square, (1, 2)
NO_WAY = "   # \n###  \n   ##\n  # .\n@ #  "  # the cheese is unreachable
FREE = "    .\n     \n     \n     \n@    "  # only loops


def naive_steps(open_cells, source, targets):
    """Breadth-first search by rings around the source; NaN if no target is reached."""
    ring, known, steps = {source} & open_cells, set(), 0
    while ring:
        if ring & targets:
            return steps
        known |= ring
        ring = {cell for near in ring for cell in neighbours(near)} & open_cells - known
        steps += 1
    return float("nan")


def naive_up_right(open_cells, start, cheese):
    """Whether a path of moves up and right only leads to the cheese."""
    known, todo = set(), [start]
    while todo:
        x, y = todo.pop()
        known.add((x, y))
        todo += [cell for cell in ((x + 1, y), (x, y + 1)) if cell in open_cells - known]
    return float(cheese in known)


def naive_attributes(text, world_dim, square):
    """The documented attributes of one level; cells as (x, y)."""
    open_cells, start, cheese = read(text, world_dim)
    dim = text.count("\n") + 1
    low, high = (world_dim - dim) // 2, (world_dim + dim) // 2 - 1
    inside = [(x, y) for x in range(low, high + 1) for y in range(low, high + 1)]
    middle = (world_dim - 1) // 2
    regions = {
        "square": {square} - {None},
        "corner": {(high, high)},
        "5x5": {(x, y) for x, y in inside if min(x, y) > high - 5},
        "quadrant": {(x, y) for x, y in inside if min(x, y) > middle},
    }
    found = {"maze_dim": dim, "left_wall": start[0] - low}
    found["up_right_only"] = float("nan") if cheese is None else naive_up_right(open_cells, start, cheese)
    for cell_name, cell in (("cheese", cheese), ("square", square)):
        for region_name, region in regions.items():
            known = cell is not None and region
            straight = min(dist(cell, other) for other in region) if known else float("nan")
            steps = naive_steps(open_cells, cell, region) if known else float("nan")
            found |= {f"straight_{cell_name}_{region_name}": straight, f"steps_{cell_name}_{region_name}": steps}
    return {name: found[name] for name in ATTRIBUTES}


def attributes_of(text, world_dim):
    """A level's attributes, and its decision square as a cell."""
    level = from_text(text, world_dim)
    _, square = paths.classify_levels(level)
    table = compute_attributes(level, square)
    assert list(table) == list(ATTRIBUTES) and (table.dtypes == "float64").all()
    cell = None if square.item() == -1 else (square.item() % world_dim, square.item() // world_dim)
    return table.to_dict("records")[0], cell


@given(MAZES)
def test_attributes_are_the_naive_ones(maze):
    text, world_dim = maze
    found, square = attributes_of(text, world_dim)
    assert found == pytest.approx(naive_attributes(text, world_dim, square), nan_ok=True, abs=1e-12)


def test_attributes_of_generated_levels_and_moved_mice():
    levels = from_seeds(range(150), 13)
    levels = levels._replace(start=torch.where(levels.seed % 3 == 0, levels.corner, levels.start))
    levels = levels.rows(levels.start != levels.cheese)
    _, squares = paths.classify_levels(levels)
    table = compute_attributes(levels, squares).to_dict("records")
    assert 30 < (squares >= 0).sum() < 120, "forks and others"
    for i, square in enumerate(squares.tolist()):
        cell = None if square == -1 else (square % 13, square // 13)
        naive = naive_attributes(to_text(levels.rows([i])), 13, cell)
        assert table[i] == pytest.approx(naive, nan_ok=True, abs=1e-12)


def test_a_level_measured_by_hand():
    found, square = attributes_of("#    \n#### \n     \n # # \n@#.# ", 7)
    assert square == (3, 3), "the way to the cheese goes down there, that to the corner goes on"
    assert found == pytest.approx(
        {
            "steps_cheese_square": 2,
            "straight_cheese_square": 2,
            "steps_cheese_corner": 6,
            "straight_cheese_corner": 20**0.5,
            "steps_square_corner": 4,
            "straight_square_corner": 8**0.5,
            **dict.fromkeys(("steps_cheese_5x5", "straight_cheese_5x5", "steps_square_5x5", "straight_square_5x5"), 0),
            "steps_cheese_quadrant": 5,
            "straight_cheese_quadrant": 10**0.5,
            "maze_dim": 5,
            "left_wall": 0,
            "up_right_only": 0,
        }
    )


def test_in_a_tree_the_steps_from_cheese_to_corner_go_over_the_decision_square():
    levels = from_seeds(range(400), 15)
    _, square = paths.classify_levels(levels)
    table = compute_attributes(levels, square).loc[(square >= 0).numpy()]
    assert len(table) > 100
    assert (table.steps_cheese_corner == table.steps_cheese_square + table.steps_square_corner).all()


def test_without_a_cheese_nothing_is_measured_from_it():
    found, square = attributes_of(SQUARE.replace(".", " "), 5)
    assert square is None
    known = {name: value for name, value in found.items() if not isnan(value)}
    assert known == {"maze_dim": 5, "left_wall": 0}


def test_without_a_decision_square_nothing_is_measured_from_it():
    found, square = attributes_of(FREE, 7)
    assert square is None
    assert {name for name, value in found.items() if isnan(value)} == {name for name in ATTRIBUTES if "square" in name}


def test_no_way_is_no_number_of_steps():
    found, _ = attributes_of(NO_WAY, 5)
    assert isnan(found["steps_cheese_corner"]) and found["straight_cheese_corner"] == 3
    assert found["up_right_only"] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  .\n ##\n@  ", 1),
        (" .#\n ##\n@  ", 1),
        (".# \n # \n  @", 0),  # up, but to the left of the mouse
        ("   \n## \n@ .", 1),
        ("@  \n## \n  .", 0),  # down
        ("   \n # \n@#.", 0),  # over the top and down again
        (FREE, 1),
        ("## \n.# \n##@", 0),  # unreachable, two to the left and one up
        ("##@\n ##\n#.#", 0),  # unreachable, one to the left and two down
    ],
)
def test_up_and_right_alone(text, expected):
    assert attributes_of(text, 9)[0]["up_right_only"] == expected


def test_the_left_wall_is_that_of_the_maze():
    assert [attributes_of(text, 9)[0]["left_wall"] for text in ("  .\n ##\n@  ", "  .\n#  \n# @")] == [0, 2]


def everywhere(dim: int, world_dim: int) -> Levels:
    """An open maze with the cheese in each of its cells, row by row from the bottom."""
    level = from_text("\n".join([" " * dim] * (dim - 1) + ["@" + " " * (dim - 1)]), world_dim)
    margin = (world_dim - dim) // 2
    cells = [y * world_dim + x for y in range(margin, margin + dim) for x in range(margin, margin + dim)]
    return batch([level] * dim**2)._replace(cheese=torch.tensor(cells))


@pytest.mark.parametrize(
    ("dim", "drawing"),
    [
        (3, ["lMr", "MMM", "bMd"]),
        (5, ["llMrr", "llMrr", "MMMMM", "bbMdd", "bbMdd"]),
    ],
)
def test_quadrants_as_drawn(dim, drawing):
    letters = dict(zip("rlbdM", QUADRANTS, strict=True))
    expected = [letters[letter] for row in reversed(drawing) for letter in row]
    assert describe_quadrant(everywhere(dim, 9)).tolist() == expected
    levels = everywhere(dim, 9)
    inside = top_right_mask(levels, compute_quadrant_side(levels)).flatten(1).gather(1, levels.cheese[:, None])[:, 0]
    assert inside.tolist() == [name == "top right" for name in expected]


def test_no_cheese_lies_in_no_quadrant():
    assert describe_quadrant(from_text("@  \n   \n   ", 5)).tolist() == [""]


@pytest.mark.parametrize(
    ("side", "drawing"),
    [
        (1, ["    X", "     ", "     ", "     ", "     "]),
        (2, ["   XX", "   XX", "     ", "     ", "     "]),
        (5, ["XXXXX"] * 5),
        (9, ["XXXXX"] * 5),  # no more than the maze
    ],
)
def test_top_right_as_drawn(side, drawing):
    level = from_text("    .\n     \n     \n     \n@    ", 7)
    mask = top_right_mask(level, torch.tensor([side]))[0]
    expected = torch.zeros(7, 7, dtype=torch.bool)
    expected[1:6, 1:6] = torch.tensor([[letter == "X" for letter in row] for row in reversed(drawing)])
    assert torch.equal(mask, expected)


def test_top_right_has_each_levels_own_side():
    levels = batch([from_text("  .\n   \n@  ", 7), from_text("    .\n     \n     \n     \n@    ", 7)])
    sides = top_right_mask(levels, torch.tensor([3, 2])).flatten(1).sum(1)
    assert sides.tolist() == [9, 4]


def test_no_levels():
    levels = from_seeds([], 9)
    assert (
        compute_attributes(levels, levels.cheese).shape == (0, len(ATTRIBUTES)) and len(describe_quadrant(levels)) == 0
    )


TYPES = {  # one drawing per rule of the level types
    "same": ("  .\n ##\n@  ", "same", None),
    "on the way": ("   \n.##\n@  ", "on_the_way", None),
    "beyond": ("   \n #.\n@# ", "beyond", None),
    "fork at the start": ("   \n ##\n@ .", "fork", (1, 1)),
    "fork on the way": ("     \n ####\n    .\n ####\n@####", "fork", (1, 3)),
    "a loop": ("   \n # \n@ .", "undefined", None),
    "a cell cut off": ("   \n ##\n@# ", "undefined", None),
    "no cheese": ("   \n ##\n@  ", "undefined", None),
    "a wall in the corner": ("  #\n # \n@ .", "undefined", None),
}


@pytest.mark.parametrize("name", TYPES)
def test_level_types_and_decision_squares_as_drawn(name):
    text, expected_type, expected_square = TYPES[name]
    level = from_text(text, 7 if len(text) > 11 else 5)
    level_type, square = paths.classify_levels(level)
    assert paths.LEVEL_TYPES[level_type.item()] == expected_type
    assert square.item() == number(expected_square, level.world_dim)

"""Levels from text and to text, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mazes import MAZES, PROCGEN_ROWS, drawn_mazes, nearly_trees, number, read, to_texts

from envs.drawings import from_text, from_texts, to_text
from envs.levels import Levels, from_seeds, parse_region, parse_seed_range, parse_world_dim

SEED_LIMIT = 2**31 - 1


@given(MAZES)
def test_text_round_trip(maze):
    text, world_dim = maze
    level = from_text(text, world_dim)
    assert to_text(level) == text
    assert to_text(from_text(text + "\n", world_dim)) == text

    whole = to_text(level, whole_world=True)
    assert read(whole, world_dim) == read(text, world_dim)
    for field, again in zip(level, from_text(whole, world_dim)._replace(maze_dim=level.maze_dim), strict=True):
        assert torch.equal(field, again)


@given(MAZES)
def test_text_says_what_the_level_is(maze):
    """A smaller square is centred in its world, everything outside is wall."""
    text, world_dim = maze
    level = from_text(text, world_dim)
    open_cells, mouse, cheese = read(text, world_dim)
    assert level.walls.shape == (1, world_dim, world_dim)
    assert {(x, y) for _, y, x in (~level.walls).nonzero().tolist()} == open_cells
    assert level.start.tolist() == [number(mouse, world_dim)]
    assert level.cheese.tolist() == [number(cheese, world_dim)]
    assert level.maze_dim.tolist() == [text.count("\n") + 1]
    assert level.seed.tolist() == [-1]


def test_text_of_procgens_levels_round_trips():
    for row in PROCGEN_ROWS:
        level = from_text(row.text, row.world_dim)
        assert to_text(level) == row.text
        from_seed = from_seeds([row.seed], row.world_dim, row.region)
        for field in ("walls", "maze_dim", "start", "cheese"):
            assert torch.equal(getattr(level, field), getattr(from_seed, field)), row


def test_text_shows_the_mouse_where_it_is():
    level = from_text("#.#\n   \n@  ", 5)
    assert to_text(level, mouse=2 * 5 + 2) == "#.#\n @ \n   "
    assert to_text(level, mouse=level.cheese.item()) == "#@#\n   \n   ", "the mouse hides the cheese"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#.#\n #\n@  ", "row 2 has 2 columns, but there are 3 rows"),
        ("#.#\n   \n@   ", "row 3 has 4 columns, but there are 3 rows"),
        ("   #.#\n   #@#", "row 1 has 6 columns, but there are 2 rows"),
        ("", "row 1 has 0 columns"),
        ("\n#.#\n   \n@  ", "row 1 has 0 columns"),
        ("#.\n@ ", "odd side from 3 to 7, not 2 rows and columns"),
        ("   .\n    \n    \n@   ", "odd side from 3 to 7, not 4 rows and columns"),
        ("@", "odd side from 3 to 7, not 1 rows and columns"),
        ("\n".join(["@" + " " * 8] + [" " * 9] * 8), "odd side from 3 to 7, not 9 rows and columns"),
        ("#.#\n@  \n@  ", "2 × mouse .*row 2, column 1 and row 3, column 1; expected one"),
        ("# #\n @@\n   ", "2 × mouse .*row 2, column 2 and row 2, column 3; expected one"),
        ("#.#\n  .\n@  ", "2 × cheese .*row 1, column 2 and row 2, column 3; expected one"),
        ("#.#\n   \n#  ", "no mouse .*3 rows and 3 columns"),
        ("#.#\n  x\n@  ", "unknown letter 'x' in row 2, column 3"),
        ("#.#\n\t  \n@  ", r"unknown letter '\\t' in row 2, column 1"),
    ],
)
def test_malformed_text_is_refused(text, message):
    with pytest.raises(ValueError, match=message) as error:
        from_text(text, 7)
    assert "\n" not in str(error.value)


def test_text_needs_a_possible_world():
    with pytest.raises(ValueError, match="world_dim must be odd"):
        from_text("  .\n   \n@  ", 6)


def test_world_dim_of():
    assert parse_world_dim() == parse_world_dim("easy") == 15
    assert parse_world_dim("hard") == 25
    assert parse_world_dim(world_dim=5) == parse_world_dim(world_dim=np.int64(5)) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"distribution_mode": "medium"}, "one of easy, hard, not 'medium'"),
        ({"distribution_mode": "hard", "world_dim": 25}, "not both"),
        ({"world_dim": 14}, "must be odd and at least 5, not 14"),
        ({"world_dim": 3}, "must be odd and at least 5, not 3"),
        ({"world_dim": -5}, "must be odd and at least 5, not -5"),
        ({"world_dim": 15.0}, "must be an odd integer of at least 5, not 15.0"),
        ({"world_dim": True}, "must be an odd integer of at least 5, not True"),
        ({"world_dim": "15"}, "must be an odd integer of at least 5, not '15'"),
    ],
)
def test_worlds_that_do_not_exist(arguments, message):
    with pytest.raises(ValueError, match=message):
        parse_world_dim(**arguments)


@pytest.mark.parametrize("region", [-1, 16, 2.0, True, "5", "somewhere", None])
def test_regions_that_do_not_exist(region):
    message = f'"anywhere" or an integer 0..15, not {region!r}'
    with pytest.raises(ValueError, match=message):
        parse_region(region, 15)
    with pytest.raises(ValueError, match=message):
        from_seeds([0], 15, region)


def test_regions_that_exist():
    numbers = {region: parse_region(region, 15) for region in ("anywhere", 0, 1, 15, np.int32(7))}
    assert [numbers[n] for n in (0, 1, 15, 7)] == [0, 1, 15, 7]
    assert numbers["anywhere"] not in range(16)


def test_seed_range_is_procgens():
    everything = range(SEED_LIMIT)
    assert parse_seed_range(0, 0) == parse_seed_range(0, 77) == everything, "0 levels: all, start_level is ignored"
    assert parse_seed_range(100, 20) == range(20, 120)
    assert parse_seed_range(1, SEED_LIMIT - 1) == range(SEED_LIMIT - 1, SEED_LIMIT)


@pytest.mark.parametrize(
    ("num_levels", "start_level", "message"),
    [
        (-1, 0, "must not be negative"),
        (0, -1, "must not be negative"),
        (2, SEED_LIMIT - 1, f"at most {SEED_LIMIT}, not {SEED_LIMIT + 1}"),
    ],
)
def test_seed_ranges_that_do_not_exist(num_levels, start_level, message):
    with pytest.raises(ValueError, match=message):
        parse_seed_range(num_levels, start_level)


@pytest.mark.parametrize("seeds", [[-1], [0, SEED_LIMIT], [5, -7, 5], [2**63]])
def test_seeds_out_of_range(seeds):
    with pytest.raises(ValueError, match=rf"must be in \[0, {SEED_LIMIT}\), not {min(seeds)}\.\.{max(seeds)}"):
        from_seeds(seeds, 15)


@pytest.mark.parametrize("seeds", [[1.5], [True], ["3"], [2**64], [[1, 2]], 5, None])
def test_seeds_that_are_no_list_of_integers(seeds):
    with pytest.raises(ValueError, match="must be a flat list of integers"):
        from_seeds(seeds, 15)


def test_from_seeds_needs_a_possible_world():
    with pytest.raises(ValueError, match="world_dim must be odd"):
        from_seeds([0], 4)


def test_no_levels_at_all():
    levels = from_seeds([], 15)
    assert levels.num_levels == 0
    assert levels.walls.shape == (0, 15, 15)


def test_levels_keep_their_own_seeds():
    seeds = np.arange(3)
    levels = from_seeds(seeds, 15)
    seeds[:] = 99
    assert levels.seed.tolist() == [0, 1, 2]


def test_start_and_corner_are_the_ends_of_the_maze():
    levels = from_seeds(range(50), 15, 0)
    assert torch.equal(levels.corner, levels.cheese), "region 0 is the exact corner"
    for start, corner, dim in zip(*(f.tolist() for f in (levels.start, levels.corner, levels.maze_dim)), strict=True):
        margin = (15 - dim) // 2
        assert (start, corner) == (number((margin, margin), 15), number((14 - margin, 14 - margin), 15))


def test_rows_where_and_to():
    ours, theirs = from_seeds(range(4), 15), from_seeds(range(10, 14), 15)
    mask = torch.tensor([True, False, False, True])
    mixed, expected = ours.where(mask, theirs), from_seeds([0, 11, 12, 3], 15)
    for field, moved, same in zip(mixed, mixed.to("cpu").rows([3, 0]), expected, strict=True):
        assert torch.equal(field, same)
        assert torch.equal(moved, same[[3, 0]])
    assert isinstance(mixed, Levels)
    assert (mixed.num_levels, mixed.world_dim, mixed.device) == (4, 15, torch.device("cpu"))


def test_lines_may_end_as_on_windows():
    text = "#.#\n   \n@  "
    for field, again in zip(from_text(text, 5), from_text(text.replace("\n", "\r\n") + "\r\n", 5), strict=True):
        assert torch.equal(field, again)


@given(st.lists(drawn_mazes(7) | nearly_trees(7), min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_a_file_of_levels_round_trips(texts, newline):
    levels = from_texts(("\n\n".join(texts) + "\n").replace("\n", newline), 7)
    assert to_texts(levels) == "\n\n".join(texts) + "\n"
    for field, again in zip(levels, from_texts(to_texts(levels), 7), strict=True):
        assert torch.equal(field, again)
    for number_, text in enumerate(texts):
        assert all(map(torch.equal, levels.rows([number_]), from_text(text, 7)))


def test_an_open_row_is_no_gap_between_levels():
    open_rows = "   \n   \n@ .\n\n     \n     \n @ . \n     \n     "
    assert to_texts(from_texts(open_rows, 5)) == open_rows + "\n"


def test_comments_and_more_empty_lines_mean_nothing():
    text = "\ufeff; two mazes\n\n\n#.#\n; in the midst\n   \n@  \n;\n\n\n; another\n@ #\n   \n  .\n\n; the end"
    assert to_texts(from_texts(text, 5)) == "#.#\n   \n@  \n\n@ #\n   \n  .\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "contains no level"),
        ("; nothing\n\n\n", "contains no level"),
        ("#.#\n   \n@  \n\n#.#\n  x\n@  ", "level 2, from line 5: .*unknown letter 'x' in row 2, column 3"),
        ("; one\n#.#\n   \n@  \n\n; two\n#.#\n   \n#  ", "level 2, from line 7: .*no mouse"),
        ("#.#\n\n@  ", "level 1, from line 1: .*row 1 has 3 columns, but there are 1 rows"),
        ("#.#\n #\n@ #", "level 1, .*row 2 has 2 columns.*an editor may have removed trailing spaces"),
        ("   \n.  \n@  \n\n   ", "level 2, from line 5: .*row 1 has 3 columns, but there are 1 rows"),
        ("#.#\n   \n@  \n   \n#.#\n   \n@  ", "level 1, .*row 1 has 3 columns, but there are 7 rows"),
    ],
)
def test_a_malformed_file_of_levels_is_refused(text, message):
    with pytest.raises(ValueError, match=message) as error:
        from_texts(text, 5)
    assert "\n" not in str(error.value)


@given(drawn_mazes(7))
def test_blanks_that_an_editor_has_cut_off_never_make_another_level(text):
    cut = "\n".join(row.rstrip(" ") for row in text.split("\n"))
    if cut != text:
        with pytest.raises(ValueError, match="must be square"):
            from_texts(cut, 7)

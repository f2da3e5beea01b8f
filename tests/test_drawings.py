"""Levels from text and to text, and errors."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mazes import MAZES, PROCGEN_ROWS, drawn_mazes, nearly_trees, number, read, to_texts

from envs.drawings import from_text, from_texts, read_levels, to_text
from envs.levels import from_seeds
from foundation.errors import InputError

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
    """A smaller square is centred in its world; all cells outside it are wall."""
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


def test_a_file_that_is_not_text_is_one_error(tmp_path):
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    with pytest.raises(InputError, match=r"picture.png is not text \(UTF-8\)"):
        read_levels(str(picture), 11)

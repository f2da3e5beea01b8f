"""The conditions: cheese positions against the text of the levels, and the held-out levels."""

import numpy as np
import pytest
import torch
from mazes import read
from mice import mouse_with, undecided

from analysis.relocation import CONDITIONS, HELD_OUT, parse_condition, put_cheese, trained_on_held_out
from envs import paths
from envs.drawings import from_text, to_text
from envs.levels import Levels, from_seeds

DIM, REGION = 7, 2
SEEDS = HELD_OUT + np.arange(200)
ENV = mouse_with(undecided, world_dim=DIM, cheese_region=REGION).spec


def made(name: str, **env) -> Levels:
    return parse_condition(name)(mouse_with(undecided, **{"world_dim": DIM, "cheese_region": REGION} | env).spec, SEEDS)


def drawn(levels: Levels, row: int):
    return read(to_text(levels.rows([row]), whole_world=True), DIM)


def test_all_conditions_have_the_same_mazes():
    expected = from_seeds(SEEDS, DIM, "anywhere")
    for name in ("as_trained", "anywhere", "no_cheese", "elsewhere", "region_3"):
        levels = made(name)
        assert torch.equal(levels.walls, expected.walls) and levels.seed.tolist() == SEEDS.tolist()


def test_the_cheese_lies_where_it_was_trained_or_where_it_was_asked_to():
    for name, region in (("as_trained", REGION), ("region_3", 3), ("region_0", 0)):
        levels = made(name)
        for row in range(levels.num_levels):
            edge = (DIM + int(levels.maze_dim[row])) // 2
            _, _, cheese = drawn(levels, row)
            assert cheese is None or all(edge - max(region, 1) <= axis < edge for axis in cheese)


def test_who_trained_on_some_level_types_is_examined_on_these_as_trained():
    whole, some = made("as_trained", cheese_region=5), made("as_trained", cheese_region=5, level_types=["fork"])
    is_fork = paths.classify_levels(whole)[0] == paths.FORK
    assert 0 < some.num_levels < whole.num_levels and torch.equal(some.seed, whole.seed[is_fork])
    assert torch.equal(made("anywhere", level_types=["fork"]).seed, whole.seed), "elsewhere all mazes are played"


def test_without_cheese_there_is_none():
    assert (made("no_cheese").cheese == -1).all()


def test_every_cell_is_every_open_cell_but_the_mouses_once():
    levels, mazes = made("every_cell"), from_seeds(SEEDS, DIM)
    for row, seed in enumerate(SEEDS[:40]):
        open_cells, mouse, _ = read(to_text(mazes.rows([row]), whole_world=True), DIM)
        own = levels.rows(levels.seed == int(seed))
        cheeses = [(cell % DIM, cell // DIM) for cell in own.cheese.tolist()]
        assert sorted(cheeses) == sorted(open_cells - {mouse})
        assert (own.walls == mazes.walls[row]).all() and (own.start == mazes.start[row]).all()


def test_elsewhere_starts_the_mouse_in_any_cell_but_cheese_and_corner():
    levels, usual = made("elsewhere"), from_seeds(SEEDS, DIM)
    assert torch.equal(levels.cheese, usual.cheese) and not torch.equal(levels.start, usual.start)
    assert not levels.walls.flatten(1).gather(1, levels.start[:, None]).any()
    assert (levels.start != levels.cheese).all() and (levels.start != levels.corner).all()
    seen = {(int(seed) % 1, int(start)) for seed, start in zip(levels.seed, levels.start, strict=True)}
    assert len(seen) > 20, "many different cells"
    again = CONDITIONS["elsewhere"](ENV, SEEDS[50:60])
    assert torch.equal(again.start, levels.start[50:60]), "a level does not depend on the batch"


def test_mirrored_levels_are_the_text_read_backwards():
    usual, levels = made("anywhere"), made("mirrored")
    for row in range(50):
        text = to_text(usual.rows([row]))
        assert to_text(levels.rows([row])) == "\n".join(line[::-1] for line in text.split("\n"))


def test_a_mask_decides_where_the_cheese_is_put():
    levels = from_seeds(SEEDS, DIM)
    mask = torch.zeros(DIM, DIM, dtype=torch.bool)
    mask[:, 0] = True  # the world's left column
    moved = put_cheese(levels, mask, SEEDS)
    found = set()
    for row in range(levels.num_levels):
        open_cells, mouse, cheese = drawn(moved, row)
        allowed = {cell for cell in open_cells if cell[0] == 0} - {mouse}
        assert cheese in allowed if allowed else cheese is None
        found.add(cheese)
    assert None in found and len(found) > 4


def test_every_allowed_cell_is_drawn_about_as_often():
    level = from_text("#  \n# #\n@  ", 5)
    seeds = np.arange(6000)
    moved = put_cheese(level.rows(torch.zeros(6000, dtype=torch.long)), torch.ones(5, 5, dtype=torch.bool), seeds)
    counts = torch.bincount(moved.cheese, minlength=25)
    assert (counts > 0).sum() == 5 and counts[counts > 0].min() > 1080 and counts.max() < 1320  # 1200 ± 4 sd


@pytest.mark.parametrize("name", ["moon", "region", "region_x", "region_-1", ""])
def test_unknown_conditions_are_refused(name):
    with pytest.raises(ValueError, match="condition must be one of as_trained, anywhere, no_cheese, every_cell, else"):
        parse_condition(name)


def test_a_region_larger_than_the_world_is_refused():
    with pytest.raises(ValueError, match="cheese_region must be"):
        made("region_8")


@pytest.mark.parametrize("start_level", [0, 1, HELD_OUT - 100, HELD_OUT - 99, HELD_OUT, HELD_OUT + 49, HELD_OUT + 50])
@pytest.mark.parametrize("num_levels", [0, 1, 99, 100, 101])
def test_who_trained_on_held_out_levels(num_levels, start_level):
    trained = range(start_level, start_level + num_levels) if num_levels else range(2**31 - 1)
    env = mouse_with(undecided, num_levels=num_levels, start_level=start_level).spec
    assert trained_on_held_out(env, 50) == any(HELD_OUT + i in trained for i in range(50))


def test_the_quickstart_does_not_train_on_held_out_levels():
    assert not trained_on_held_out(mouse_with(undecided).spec, 1)

"""Levels from seeds: settings that do not exist, sides, regions and ranges of seeds."""

import numpy as np
import pytest
import torch
from mazes import number

from envs.levels import Levels, describe_region, from_seeds, parse_region, parse_seed_range, parse_world_dim

SEED_LIMIT = 2**31 - 1


def test_world_dim_of():
    assert parse_world_dim() == parse_world_dim("easy") == 15
    assert parse_world_dim("hard") == 25
    assert parse_world_dim(world_dim=5) == parse_world_dim(world_dim=np.int64(5)) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"distribution_mode": "medium"}, "one of easy, hard, not 'medium'"),
        ({"distribution_mode": ["easy"]}, r"one of easy, hard, not \['easy'\]"),
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


@pytest.mark.parametrize(
    ("region", "words"),
    [("anywhere", "anywhere"), (0, "in the top-right corner"), (3, "in the top-right 3×3")],
)
def test_regions_in_words(region, words):
    assert describe_region(region) == words

"""Levels equal Procgen's: against its generator, the published rules and the published statistics."""

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from mazes import PROCGEN_ROWS, SEEDS, WORLD_DIMS

from envs import paths
from envs.drawings import to_text
from envs.generator import _randn, _seed_twister
from envs.levels import from_seeds

LAST_SEED = 2**31 - 2
VARIANTS = sorted({(row.world_dim, row.region) for row in PROCGEN_ROWS}, key=str)


def rows_of(world_dim, region):
    return [row for row in PROCGEN_ROWS if (row.world_dim, row.region) == (world_dim, region)]


def naive_level(seed, world_dim, region):
    """Procgen's published rules in plain Python: shift, background, text."""
    words = np.random.RandomState(seed)._bit_generator

    def randn(k):
        return words.random_raw() % k

    shift, background = randn(2**32), randn(9)
    dim = randn((world_dim - 1) // 2) * 2 + 3
    walls = [((x - 1, y), (x, y), (x + 1, y)) for x in range(1, dim, 2) for y in range(0, dim, 2)]
    walls += [((x, y - 1), (x, y), (x, y + 1)) for x in range(0, dim, 2) for y in range(1, dim, 2)]
    rooms = {(x, y): {(x, y)} for x in range(0, dim, 2) for y in range(0, dim, 2)}
    opened = []
    while walls:
        one, wall, other = walls.pop(randn(len(walls)))
        if rooms[one] is not rooms[other]:
            room = rooms[one] | rooms[other]
            rooms |= dict.fromkeys(room, room)
            opened += [cell for cell in (one, wall, other) if cell not in opened]

    def draw_cell():
        return opened[randn(len(opened))]

    if region == 0:
        cheese = (dim - 1, dim - 1)
    elif region == "anywhere":
        cheese = next(cell for cell in iter(draw_cell, None) if cell != (0, 0))
    else:
        draw_cell()
        draws = (draw_cell() for _ in range(100 * dim))
        edge = dim - min(region, dim)
        cheese = next((cell for cell in draws if cell != (0, 0) and min(cell) >= edge), None)

    letters = dict.fromkeys(opened, " ") | {cheese: ".", (0, 0): "@"}
    text = "\n".join("".join(letters.get((x, y), "#") for x in range(dim)) for y in reversed(range(dim)))
    return shift, background, text


@pytest.mark.parametrize("seed", [0, 1, 942, LAST_SEED])
def test_twister_draws_numpys_words(seed):
    """Over several twists of the state of 624 words."""
    words, drawn = np.empty(624, np.uint32), np.zeros(1, np.int64)
    _seed_twister(words, seed)
    ours = [_randn(words, drawn, 1 << 32) for _ in range(2000)]
    assert ours == np.random.RandomState(seed)._bit_generator.random_raw(2000).tolist()


@pytest.mark.parametrize(("world_dim", "region"), VARIANTS)
def test_levels_are_procgens_own(world_dim, region):
    rows = rows_of(world_dim, region)
    levels = from_seeds([row.seed for row in rows], world_dim, region)
    assert levels.seed.tolist() == [row.seed for row in rows]
    assert levels.maze_dim.tolist() == [row.maze_dim for row in rows]
    assert levels.background.tolist() == [row.background for row in rows]
    assert [to_text(levels.rows([i])) for i in range(len(rows))] == [row.text for row in rows]


@pytest.mark.parametrize(("world_dim", "region"), VARIANTS)
def test_a_level_does_not_depend_on_its_batch(world_dim, region):
    """Alone, and at any position in a shuffled batch of 1,000."""
    seeds = [row.seed for row in rows_of(world_dim, region)]
    levels = from_seeds(seeds, world_dim, region).to("cpu")
    rng = np.random.default_rng(0)
    many = rng.permutation(seeds + rng.integers(0, LAST_SEED, 1000 - len(seeds)).tolist())
    among_many = from_seeds(many, world_dim, region).rows([many.tolist().index(seed) for seed in seeds])
    for i, seed in enumerate(seeds):
        for field, alone, shuffled in zip(levels, from_seeds([seed], world_dim, region), among_many, strict=True):
            assert torch.equal(alone, field[[i]])
            assert torch.equal(shuffled[i], field[i])


WORLDS = st.integers(2, 15).map(lambda half: 2 * half + 1)
VARIANT = WORLDS.flatmap(lambda dim: st.tuples(st.just(dim), st.just("anywhere") | st.integers(0, dim)))


@given(SEEDS, VARIANT)
@example(176169, (61, 1))  # only the last draw hits the region
@example(143513, (61, 1))  # only one more draw would
def test_levels_follow_the_published_rules(seed, variant):
    level = from_seeds([seed], *variant)
    assert (level.shift.item(), level.background.item(), to_text(level)) == naive_level(seed, *variant)


@pytest.mark.parametrize("seed", [0, LAST_SEED - 1, LAST_SEED])
@pytest.mark.parametrize("world_dim", WORLD_DIMS.values())
def test_first_and_last_seeds_follow_the_published_rules(seed, world_dim):
    assert to_text(from_seeds([seed], world_dim)) == naive_level(seed, world_dim, "anywhere")[2]


def test_a_seed_has_one_layout_in_every_region():
    anywhere, *others = (from_seeds(range(200), 25, region) for region in ("anywhere", 0, 1, 5, 25))
    for levels in others:
        assert torch.equal(levels.walls, anywhere.walls)
        assert torch.equal(levels.maze_dim, anywhere.maze_dim)
        assert torch.equal(levels.background, anywhere.background)


def test_region_as_large_as_the_maze_is_not_anywhere():
    """The region discards one draw, so most levels have their cheese elsewhere."""
    anywhere, everywhere = (from_seeds(range(200), 15, region) for region in ("anywhere", 15))
    assert (anywhere.cheese != everywhere.cheese).float().mean() > 0.5
    clipped = from_seeds(range(200), 15, 9)
    small = clipped.maze_dim <= 9
    assert torch.equal(clipped.cheese[small], everywhere.cheese[small])


def test_a_level_whose_draws_all_miss_the_region_has_no_cheese():
    """In region 1 of hard, one of the first 1,000 levels has no cheese; all others have it in the corner."""
    levels = from_seeds(range(1000), 25, 1)
    assert levels.seed[levels.cheese == -1].tolist() == [942]
    assert "." not in to_text(levels.rows([942]))
    assert torch.equal(levels.cheese[:942], from_seeds(range(942), 25, 0).cheese)


# ---- Published statistics. They are rounded and measured on other levels: tolerances are about three standard errors.


def forks_of(world_dim, region, num_levels=5000):
    levels = from_seeds(range(num_levels), world_dim, region)
    level_type, _ = paths.classify_levels(levels)
    share = np.bincount(level_type, minlength=len(paths.LEVEL_TYPES)) / levels.num_levels
    return levels, level_type, dict(zip(paths.LEVEL_TYPES, share, strict=True))


def path_lengths(levels):
    return paths.distance_at(paths.compute_distances(levels, levels.start), levels.cheese).double()


def test_statistics_of_hard_levels_with_the_cheese_anywhere():
    levels, level_type, share = forks_of(25, "anywhere", 10_000)
    assert share["fork"] == pytest.approx(0.618, abs=0.015)
    assert share["on_the_way"] == pytest.approx(0.32, abs=0.015)
    assert share["beyond"] == pytest.approx(0.04, abs=0.01)
    assert share["same"] == pytest.approx(0.03, abs=0.01)
    assert share["undefined"] == 0

    from_edge = [levels.corner % 25 - levels.cheese % 25, levels.corner // 25 - levels.cheese // 25]
    outside_five = torch.maximum(*from_edge) >= 5
    assert (outside_five & (level_type == paths.FORK)).double().mean() == pytest.approx(0.519, abs=0.015)

    lengths = path_lengths(levels)
    assert lengths.mean() == pytest.approx(22.0, abs=0.5)
    assert lengths.quantile(0.99) == pytest.approx(77, abs=3)


def test_statistics_of_hard_levels_with_the_cheese_in_region_5():
    levels, _, share = forks_of(25, 5, 10_000)
    assert share["fork"] == pytest.approx(0.401, abs=0.015)
    assert path_lengths(levels).mean() == pytest.approx(30, abs=0.75)


@pytest.mark.parametrize(
    ("world_dim", "region", "published"),
    [(25, 3, 0.24), (25, 4, 0.29), (25, 6, 0.42), (25, 7, 0.49), (25, 10, 0.57), (25, 15, 0.61)]
    + [(11, 3, 0.22), (11, 4, 0.28), (11, 5, 0.36)],
)
def test_share_of_forks(world_dim, region, published):
    assert forks_of(world_dim, region)[2]["fork"] == pytest.approx(published, abs=0.02)


@pytest.mark.parametrize(("world_dim", "region"), [(25, 0), (25, 1), (25, 2), (11, 2)])
def test_no_forks_up_to_region_2(world_dim, region):
    assert forks_of(world_dim, region)[2]["fork"] == 0

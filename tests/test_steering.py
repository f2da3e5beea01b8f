"""Steering: the vectors of planted networks are known, and so is what they do."""

import numpy as np
import pytest
import torch
from networks import CHANNELS, CHEESE, CORNER, LAYER, NETWORKS
from test_effects import FORKS, untrained

from envs import paths, world
from inside.activations import collect_activations, find_positions, to_cells
from inside.effects import measure_altered
from inside.forks import find_forks
from inside.steering import SOURCES, compute_curves, compute_named_vectors, make_sources, open_way

OTHERS = find_forks(NETWORKS["plain"].spec, 24, skip=24)


def compute_curve(mouse, layer, forks, vectors, factors):
    return compute_curves(mouse, layer, forks, {"given": vectors}, factors)


def curve(name: str, vector: str, source: str = "own", factors=(-1.0, 1.0)):
    mouse = NETWORKS[name]
    own, others = (compute_named_vectors(mouse, LAYER, vector, forks) for forks in (FORKS, OTHERS))
    table = compute_curve(mouse, LAYER, FORKS, make_sources(own, others)[source], factors)
    return table.groupby("factor").mean(numeric_only=True)


@pytest.mark.parametrize("name", ["plain", "negative"])
def test_the_cheese_vector_is_the_cheese(name):
    vectors = compute_named_vectors(NETWORKS[name], LAYER, "cheese", FORKS)
    expected = torch.zeros_like(vectors)
    cheese = FORKS.levels.cheese
    expected[torch.arange(24), CHEESE, 6 - cheese // 7, cheese % 7] = -1.0 if name == "negative" else 1.0
    torch.testing.assert_close(vectors, expected)


def test_the_way_to_the_corner_is_an_open_l():
    opened = open_way(FORKS.levels)
    assert (opened.walls <= FORKS.levels.walls).all()
    for row in range(24):
        walls = opened.walls[row]
        assert not walls[:, 0].any() and not walls[-1].any()
        assert torch.equal(walls[:-1, 1:], FORKS.levels.walls[row, :-1, 1:])
    distance = paths.compute_distances(opened, opened.start)
    assert (paths.distance_at(distance, opened.corner) == 12).all()


@pytest.mark.parametrize("name", ["plain", "rotated", "negative"])
def test_without_its_vector_the_cheese_is_forgotten(name):
    means = curve(name, "cheese")
    assert means.p_cheese_first[0.0] > 0.8 and means.to_cheese[0.0] > 0.8
    assert means.p_corner_first[-1.0] > 0.9 and means.to_cheese[-1.0] < 0.1
    blind = measure_altered(NETWORKS["blind"], FORKS, {})
    assert means.p_cheese[-1.0] == pytest.approx(blind.p_cheese.mean(), abs=1e-3)


@pytest.mark.parametrize("name", ["indifferent", "blind"])
def test_no_vector_moves_a_network_that_ignores_the_cheese(name):
    means = curve(name, "cheese", factors=(-2.0, -1.0, 1.0, 2.0))
    assert np.ptp(means.p_cheese) < 1e-3 and np.ptp(means.p_corner_first) < 1e-3


@pytest.mark.parametrize("name", ["plain", "rotated"])
def test_controls_do_not_take_the_cheese_away(name):
    for source in ("carried", "random", "shuffled"):
        means = curve(name, "cheese", source)
        assert means.p_cheese_first[0.0] - means.p_cheese_first[-1.0] < 0.15, source
    assert set(SOURCES) == set(make_sources(torch.ones(2, 3), torch.ones(2, 3)))


def test_a_carried_vector_puts_the_cheese_of_the_other_maze_where_it_was():
    mouse = NETWORKS["plain"]
    vectors = make_sources(*[compute_named_vectors(mouse, LAYER, "cheese", FORKS)] * 2)["carried"]
    table = compute_curve(mouse, LAYER, FORKS, vectors, [1.0])
    plain = table[table.factor == 0].reset_index(drop=True)
    moved = table[table.factor == 1].reset_index(drop=True)
    other = FORKS.levels.cheese.roll(1)
    closed = FORKS.levels.walls.flatten(1).gather(1, other[:, None])[:, 0].numpy()
    changed = (plain.to_cheese - moved.to_cheese).abs() > 0.1
    assert closed.any() and changed[~closed].any() and not changed[closed].any()


def test_vectors_of_a_trained_architecture_have_the_layer_s_shape():
    for observation, side in (("cells", 2), ("rgb", 16)):
        mouse = untrained(observation)
        vectors = compute_named_vectors(mouse, "embedder.block2.res1", "corner", FORKS.rows(slice(0, 2)))
        assert vectors.shape == (2, 32, side, side) and vectors.abs().sum() > 0
        table = compute_curve(mouse, "embedder.block2.res1", FORKS.rows(slice(0, 2)), vectors, [2.0])
        assert list(table.factor) == [0, 0, 2, 2] and list(table.fork) == [0, 1, 0, 1]


def test_positions_lie_over_their_cells():
    spec = NETWORKS["plain"].spec
    row, column = find_positions(spec, 7, 7).T
    assert torch.equal(row * 7 + column, torch.arange(49).view(7, 7).flip(0).flatten())
    maps = torch.arange(CHANNELS * 16.0).view(CHANNELS, 4, 4)
    cells = to_cells(maps, spec)
    assert cells[CORNER, 48] == maps[CORNER, 0, 3] and cells[CHEESE, 0] == maps[CHEESE, 3, 0]


@pytest.mark.parametrize(("observation", "world_dim"), [("cells", 11), ("cells", 15), ("rgb", 15), ("rgb", 25)])
@pytest.mark.parametrize("block", [1, 2, 3])
def test_pools_keep_what_a_cell_shows_at_its_position(observation, world_dim, block):
    mouse = untrained(observation, world_dim=world_dim)
    spec, side = mouse.spec, mouse.spec.observation_shape[0]
    cell = torch.arange(0, world_dim**2)
    place = torch.stack((world_dim - 1 - cell // world_dim, cell % world_dim), dim=1)
    pixel = ((place + 0.5) * side / world_dim).long()  # the one under the cell's centre
    picture = torch.zeros(len(cell), 1, side, side)
    picture[cell, 0, pixel[:, 0], pixel[:, 1]] = 1.0
    for _ in range(block):
        picture = mouse.policy.embedder.block1.maxpool(picture)
    row, column = find_positions(spec, *picture.shape[-2:]).T
    assert (picture[cell, 0, row, column] == 1).all()


def test_the_corner_vector_is_the_open_way_minus_the_maze():
    mouse, few, layer = untrained("cells"), FORKS.rows(slice(0, 3)), "embedder.block1.conv"

    def activate(levels):
        return collect_activations(mouse, [layer], world.start(levels))[layer]

    expected = activate(open_way(few.levels)) - activate(few.levels)
    torch.testing.assert_close(compute_named_vectors(mouse, layer, "corner", few), expected)


def test_the_mean_vector_is_that_of_other_mazes():
    sources = make_sources(torch.zeros(2, 3), torch.tensor([[1.0, 2, 3], [3, 4, 5]]))
    assert sources["mean"].tolist() == [2, 3, 4]

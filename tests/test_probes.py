"""Probes: they read what is there, also where no channel carries it, and nothing where there is nothing."""

import numpy as np
import pytest
import torch
from networks import LAYER, NETWORKS
from test_effects import untrained

from envs import paths, world
from inside.probes import OBSERVATION, TARGETS, compute_probes, draw_sample, rotate, run_probe

SAMPLE = draw_sample(NETWORKS["plain"], 450)


def probe(name, layers=(LAYER,), targets=("cheese",)):
    return compute_probes(NETWORKS[name], layers, SAMPLE, targets).set_index("target")


@pytest.mark.parametrize("name", ["plain", "rotated", "negative", "indifferent"])
def test_the_cheese_is_read_where_it_is_held(name):
    read = probe(name).loc["cheese"]
    assert read.rate > 0.8 and read.low < read.rate <= read.high and read.selectivity > 0.6 and read.n == 150


def test_nothing_is_read_where_there_is_nothing():
    assert abs(probe("blind").loc["cheese"].selectivity) < 0.06


def test_the_mouse_and_the_way_are_read_from_the_observation():
    found = compute_probes(NETWORKS["plain"], [OBSERVATION], SAMPLE).set_index("target")
    assert found.rate["mouse"] > 0.9 and found.rate["cheese"] > 0.9
    assert found.selectivity["move to cheese"] > 0.1
    assert "corner" not in found.index  # all mazes are of one size


def test_labels_are_those_of_shortest_ways():
    state = SAMPLE.state
    names = {(-1, 0): world.LEFT, (1, 0): world.RIGHT, (0, -1): world.DOWN, (0, 1): world.UP}
    for row in range(40):
        level = state.level.rows([row])
        for name, target in (("cheese", level.cheese), ("corner", level.corner)):
            way = paths.shortest_path(level, int(state.mouse[row]), int(target))
            expected = -1
            if len(way) > 1:
                expected = names[way[1] % 7 - way[0] % 7, way[1] // 7 - way[0] // 7]
            assert SAMPLE.labels[f"move to {name}"][row] == [expected]
    assert set(SAMPLE.labels) == set(TARGETS) and (SAMPLE.labels["branch"] == -1).any()


def test_a_probe_of_noise_is_no_better_than_chance():
    rng = np.random.default_rng(0)
    found = run_probe(rotate(rng.standard_normal((600, 900)), 400), rng.integers(0, 4, (600, 1)), 400)
    assert abs(found["selectivity"]) < 0.1 and found["low"] < 0.25 < found["high"]


def test_the_rows_to_test_on_do_not_help_to_fit():
    rng = np.random.default_rng(0)
    features, labels = rng.standard_normal((300, 500)), rng.integers(0, 3, (300, 1))
    features[200:, 0] += 100 * labels[200:, 0]
    assert run_probe(rotate(features, 200), labels, 200)["rate"] < 0.5


def test_layers_of_a_trained_architecture():
    torch.manual_seed(0)
    mouse = untrained("rgb")
    found = compute_probes(mouse, ["embedder.block3.res2", "embedder"], draw_sample(mouse, 60), ["mouse"])
    assert list(found.layer) == ["embedder.block3.res2", "embedder"]


def test_the_branch_is_the_first_step_after_the_paths_part():
    told = 0
    for row in range(60):
        level = SAMPLE.state.level.rows([row])
        start = int(level.margin) * (level.world_dim + 1)
        cheese, corner = (paths.shortest_path(level, start, int(end)) for end in (level.cheese, level.corner))
        shared, expected = sum(one == other for one, other in zip(cheese, corner, strict=False)), -1
        if 0 < shared < min(len(cheese), len(corner)):
            step = cheese[shared] - cheese[shared - 1]
            expected = {-1: world.LEFT, -level.world_dim: world.DOWN, level.world_dim: world.UP, 1: world.RIGHT}[step]
            told += 1
        assert SAMPLE.labels["branch"][row] == [expected]
    assert told > 10

"""Effects: the chain of a changed network against a chain of the same network made by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from networks import CHANNELS, CHEESE, LAYER, NETWORKS
from test_chain import arrival, dense

from agents.config import AgentConfig
from agents.impala import build_policy
from agents.mouse import Mouse
from analysis.chain import build_chain
from analysis.relocation import HELD_OUT
from envs import paths
from envs.levels import from_seeds
from envs.spec import WorldSpec
from foundation.errors import InputError
from inside.effects import (
    COLUMNS,
    add,
    build_altered,
    find_nearest_open,
    measure,
    measure_altered,
    put,
    take_donors,
)
from inside.forks import find_forks
from inside.hooks import record, replace

FORKS = find_forks(NETWORKS["plain"].spec, 24)
SHAPE = (CHANNELS, 7, 7)


def untrained(observation: str, scale: int = 1, world_dim: int = 7) -> Mouse:
    torch.manual_seed(3)
    spec = WorldSpec.build(world_dim=world_dim, cheese_region=0, num_levels=2**30, observation=observation)
    return Mouse(build_policy(spec, scale).eval(), spec, AgentConfig(scale=scale), {}, Path("untrained"))


def test_forks_are_large_held_out_forks_without_repetition():
    spec = NETWORKS["plain"].spec
    other = find_forks(spec, 30, skip=24)
    for forks in (FORKS, other):
        kind, square = paths.classify_levels(forks.levels)
        assert (kind == paths.FORK).all() and torch.equal(square, forks.square)
        assert (forks.levels.maze_dim == 7).all() and (forks.levels.seed >= HELD_OUT).all()
    assert not set(FORKS.levels.seed.tolist()) & set(other.levels.seed.tolist())
    assert (FORKS.levels.hide_cheese().cheese == -1).all()


def test_planted_networks_do_what_they_are_made_for():
    found = {name: measure(build_chain(mouse, FORKS.levels), FORKS) for name, mouse in NETWORKS.items()}
    assert list(found["plain"]) == list(COLUMNS)
    for name in ("rotated", "negative"):
        np.testing.assert_allclose(found[name], found["plain"], atol=1e-4)
    assert found["plain"].p_cheese.mean() > 0.95 and found["plain"].p_cheese_first.mean() > 0.8
    assert found["plain"].to_cheese.mean() > 0.8
    for name in ("indifferent", "blind"):
        assert found[name].p_corner_first.mean() > 0.9 and found[name].to_corner.mean() > 0.9
    np.testing.assert_allclose(found["blind"], found["indifferent"], atol=1e-6)


@pytest.mark.parametrize("mouse", [NETWORKS["plain"], untrained("cells"), untrained("rgb")], ids=lambda m: m.name)
def test_outcomes_are_those_of_the_chain_by_hand(mouse):
    layer = LAYER if mouse.name != "untrained" else "embedder.block2.res1"
    forks = FORKS.rows(slice(0, 3))
    found = measure_altered(mouse, forks, {layer: lambda activation, rows: activation * 1.5})
    for row in range(3):
        level = forks.levels.rows([row])
        with torch.no_grad(), replace(mouse.policy, {layer: lambda activation: activation * 1.5}):
            keys, matrix = dense(mouse, level)
        cheese, corner, square = int(level.cheese), int(level.corner), int(forks.square[row])
        assert found.p_cheese_first[row] == pytest.approx(arrival(matrix, keys, cheese, corner, 500)[-1], abs=1e-6)
        assert found.p_corner_first[row] == pytest.approx(arrival(matrix, keys, corner, cheese, 500)[-1], abs=1e-6)
        to_cheese = paths.shortest_path(level, square, cheese)[1]
        moves = [(key, number) for key, number in keys.items() if key[0] == to_cheese]
        here = keys[square, False]
        assert found.to_cheese[row] == pytest.approx(sum(matrix[here, number] for _, number in moves), abs=1e-6)


def test_an_edit_by_itself_changes_nothing_bit_for_bit():
    for mouse in (NETWORKS["plain"], untrained("rgb")):
        layer = LAYER if mouse.name != "untrained" else "embedder.block1.res2"
        levels = FORKS.levels.rows(slice(0, 3))
        plain = build_chain(mouse, levels)
        same = build_altered(mouse, levels, {layer: lambda activation, rows: activation})
        own = build_altered(mouse, levels, {layer: lambda activation, rows: rows.donors[0]}, donors=[levels])
        for chain in (same, own):
            assert np.array_equal(chain.probability, plain.probability) and np.array_equal(chain.value, plain.value)


def test_donors_are_the_same_cell_or_the_nearest_open_one():
    levels = from_seeds(HELD_OUT + np.arange(30), 7)
    nearest = find_nearest_open(levels)
    for level in range(30):
        is_open = (~levels.walls[level].flatten()).numpy()
        for cell in range(49):
            place = int(nearest[level, cell])
            apart = [(c % 7 - cell % 7) ** 2 + (c // 7 - cell // 7) ** 2 for c in range(49)]
            assert is_open[place] and apart[place] == min(np.array(apart)[is_open])


def test_a_donor_gives_its_activation():
    donors = FORKS.levels.rows(torch.arange(24).roll(1))
    mouse = NETWORKS["plain"]
    everything = torch.ones(SHAPE, dtype=torch.bool)
    swapped = build_altered(mouse, FORKS.levels, {LAYER: take_donors({0: everything})}, [donors])
    # The plan sees the walls and the mouse itself: with the other maze's goals, the mouse goes to the other's cheese.
    cheese = torch.where(FORKS.levels.walls.flatten(1).gather(1, donors.cheese[:, None])[:, 0], -1, donors.cheese)
    direct = build_chain(mouse, FORKS.levels._replace(cheese=cheese))
    np.testing.assert_allclose(swapped.probability, direct.probability, atol=1e-5)


def test_edits():
    mouse = NETWORKS["plain"]
    channel = torch.zeros(SHAPE, dtype=torch.bool)
    channel[CHEESE] = True
    blind = build_chain(NETWORKS["blind"], FORKS.levels)
    zero = build_altered(mouse, FORKS.levels, {LAYER: put(torch.tensor(0.0), channel)})
    np.testing.assert_allclose(zero.probability, blind.probability, atol=1e-6)
    with record(mouse.policy, [LAYER]) as found, torch.no_grad():
        for factor, expected in ((-1.0, blind), (0.0, build_chain(mouse, FORKS.levels))):
            vectors = torch.zeros(24, *SHAPE)
            rows, y, x = torch.arange(24), 6 - FORKS.levels.cheese // 7, FORKS.levels.cheese % 7
            vectors[rows, CHEESE, y, x] = 1.0
            moved = build_altered(mouse, FORKS.levels, {LAYER: add(vectors, factor)})
            np.testing.assert_allclose(moved.probability, expected.probability, atol=1e-6)
    assert found[LAYER].shape[1:] == SHAPE


@pytest.mark.parametrize("shape", [(3, 7, 7), (16, 7), (24, 3, 7, 7), (16, 1, 1)])
def test_a_vector_of_another_shape_is_refused(shape):
    with pytest.raises(InputError, match=r"the layer has activations of the shape \(16, 7, 7\), not"):
        build_altered(NETWORKS["plain"], FORKS.levels, {LAYER: add(torch.zeros(shape))})

"""Patching: what is missing, and what is put in its place, in networks in which it is known."""

import numpy as np
import pytest
import torch
from networks import CHANNELS, CHEESE, CORNER, LAYER, NETWORKS
from test_effects import FORKS, SHAPE, untrained

from analysis.chain import build_chain
from analysis.relocation import move_cheese
from foundation.errors import InputError
from inside.activations import find_positions
from inside.effects import measure, measure_altered
from inside.patching import DONORS, PATCHES, compute_mean, make_donors, make_patch, select

PLAIN = {name: measure_altered(mouse, FORKS, {}) for name, mouse in NETWORKS.items()}


def measure_patch(mouse, layer, forks, kind, where, mean=None):
    edits = {layer: make_patch(kind, where, mean)}
    return measure_altered(mouse, forks, edits, make_donors(kind, forks, mouse.spec))


def patch(name, kind, channels=None, positions=None):
    mouse = NETWORKS[name]
    return measure_patch(mouse, LAYER, FORKS, kind, select(SHAPE, channels, positions), compute_mean(mouse, LAYER, 200))


def change(name, *arguments):
    """The largest change of any outcome."""
    return (patch(name, *arguments) - PLAIN[name]).abs().to_numpy().max()


@pytest.mark.parametrize("kind", ["zero", "mean", "hidden"])
@pytest.mark.parametrize("name", ["plain", "negative"])
def test_without_its_channel_the_cheese_is_forgotten_and_the_corner_is_not(name, kind):
    np.testing.assert_allclose(patch(name, kind, [CHEESE]), PLAIN["blind"], atol=1e-3)
    assert patch(name, kind, [CORNER]).p_corner_first.mean() < PLAIN[name].p_corner_first.mean() + 0.05


@pytest.mark.parametrize("kind", PATCHES)
def test_channels_that_carry_nothing_change_nothing(kind):
    assert change("plain", kind, [2, 3, 15]) < 1e-5
    assert change("indifferent", kind, [CHEESE]) < 1e-5
    assert change("rotated", kind, [5]) < 1e-3


def test_where_all_channels_carry_the_cheese_only_all_of_them_take_it_away():
    np.testing.assert_allclose(patch("rotated", "hidden"), PLAIN["blind"], atol=1e-3)


def test_patched_from_the_same_maze_the_mouse_goes_where_the_cheese_was_moved():
    moved = move_cheese(FORKS.levels)
    assert torch.equal(moved.walls, FORKS.levels.walls) and (moved.cheese != FORKS.levels.cheese).all()
    direct = measure(build_chain(NETWORKS["plain"], moved), FORKS)
    for name in ("plain", "rotated", "negative"):
        channels = None if name == "rotated" else [CHEESE]
        np.testing.assert_allclose(patch(name, "moved", channels), direct, atol=1e-3)
    assert (direct.to_cheese < 0.1).any()


def test_resampling_takes_another_maze():
    (donors,) = make_donors("resample", FORKS, NETWORKS["plain"].spec)
    assert (donors.maze_dim < 7).any() and (donors.seed >= DONORS).all() and (FORKS.levels.seed < DONORS).all()
    assert patch("plain", "resample", [CHEESE]).p_cheese_first.mean() < PLAIN["plain"].p_cheese_first.mean() - 0.2


def test_a_position_is_a_cell():
    mouse, row = NETWORKS["plain"], 3
    cheese = find_positions(mouse.spec, 7, 7)[FORKS.levels.cheese[row]].tolist()
    fork = FORKS.rows([row])
    for positions, forgets in (([tuple(cheese)], True), ([(3, 3)], False)):
        assert tuple(cheese) != (3, 3)
        found = measure_patch(mouse, LAYER, fork, "zero", select(SHAPE, [CHEESE], positions))
        assert (abs(found.to_cheese[0] - PLAIN["blind"].to_cheese[row]) < 1e-5) == forgets


def test_bad_channels_and_positions_are_refused():
    with pytest.raises(InputError, match=rf"channels 0\.\.{CHANNELS - 1}, not 16, -1"):
        select(SHAPE, [0, 16, -1])
    with pytest.raises(InputError, match=r"7 rows and 7 columns, and no position \(7, 0\)"):
        select(SHAPE, None, [(0, 0), (7, 0)])


def test_an_rgb_network_is_patched():
    mouse, forks = untrained("rgb"), FORKS.rows(slice(0, 2))
    found = measure_patch(mouse, "embedder.block3.res2", forks, "resample", select((32, 8, 8)))
    assert (found - measure_altered(mouse, forks, {})).abs().to_numpy().max() > 1e-5

"""Retargeting: a planted network goes where its channel is clamped, and one that ignores the cheese does not."""

import numpy as np
import pytest
import torch
from networks import CHEESE, LAYER, NETWORKS
from test_effects import FORKS, untrained

from analysis.arrivals import arrive
from analysis.chain import build_chain, build_walk
from envs import paths
from foundation.errors import InputError
from inside.retargeting import REACHED, clamp, estimate_level, find_targets, retarget, summarise

FEW = FORKS.rows(slice(0, 4))


def send(name, channels=(CHEESE,)):
    mouse = NETWORKS[name]
    return retarget(mouse, LAYER, FEW, channels, estimate_level(mouse, LAYER, channels))


@pytest.mark.parametrize(("name", "expected"), [("plain", 1.0), ("negative", -1.0), ("blind", 0.0)])
def test_the_level_of_the_cheese(name, expected):
    assert estimate_level(NETWORKS[name], LAYER, [CHEESE]).tolist() == pytest.approx([expected], abs=1e-5)


@pytest.mark.parametrize("name", ["plain", "negative"])
def test_one_activation_is_a_cheese(name):
    table = send(name)
    for row in table.sample(8, random_state=0).itertuples():
        level = FEW.levels.rows([row.fork])._replace(cheese=torch.tensor([row.cell]))
        # The mouse sees a cheese, but it does not end the episode.
        chain = build_chain(NETWORKS[name], level)
        hidden, value = FEW.levels.hide_cheese().rows([row.fork]), estimate_level(NETWORKS[name], LAYER, [CHEESE])
        clamped = clamp(NETWORKS[name], LAYER, hidden, torch.tensor([row.cell]), [CHEESE], value)
        np.testing.assert_allclose(clamped.probability, chain.probability, atol=1e-5)
    found, reached = summarise(table), table.p_target >= REACHED
    gained = (reached & (table.plain_target < REACHED)).groupby(table.fork).mean()
    assert (found.reached > 0.7).all() and (gained > 0.3).all() and (found.plain < 0.6).all()
    longer = (table.steps / table.shortest).where(reached).groupby(table.fork).mean()
    assert (found.lost < 0.05).all() and (longer < 1.6).all() and (longer >= 1).all()


@pytest.mark.parametrize(("name", "channels"), [("indifferent", (CHEESE,)), ("plain", (5,)), ("rotated", (0,))])
def test_other_activations_send_the_mouse_nowhere(name, channels):
    table = send(name, channels)
    np.testing.assert_allclose(table.p_target, table.plain_target, atol=1e-3)
    assert (summarise(table).reached == summarise(table).plain).all()


def test_a_random_walk_stands_beside_the_clamp():
    table, level = send("blind"), FEW.levels.hide_cheese().rows([0])
    first = table.loc[table.fork == 0]
    (other,) = arrive(build_walk(level), *(build_walk(level).at(torch.tensor([cell])) for cell in
                                           (first.cell.iloc[3], level.corner.item())))[:, -1]  # fmt: skip
    assert first.walk_target.iloc[3] == pytest.approx(other, abs=1e-9) and 0 < other < 1
    expected = (table.walk_target >= REACHED).groupby(table.fork).mean()
    assert summarise(table).walk.tolist() == expected.tolist() and expected.max() > 0


def test_targets_and_their_plain_probabilities():
    table, targets = send("plain"), find_targets(FEW.levels.hide_cheese())
    assert [len(cells) for cells in targets] == table.groupby("fork").size().tolist()
    on_the_way = table.plain_target > 0.99  # cells between start and corner
    assert on_the_way.any() and (table.plain_target[~on_the_way] < 0.99).any()
    steps = table.plain_steps[on_the_way] / table.shortest[on_the_way]
    assert (steps >= 1).all() and (steps < 1.5).all()


def test_bad_targets_and_channels_are_refused():
    wall = int(torch.nonzero(FEW.levels.walls[0].flatten())[0])
    for cell, channels, message in (
        (wall, [0], f"cell {wall} is a wall; expected one of 0"),
        (0, [99], "channels 0..15"),
    ):
        with pytest.raises(InputError, match=message):
            clamp(NETWORKS["plain"], LAYER, FEW.levels.rows([0]), torch.tensor([cell]), channels, torch.ones(1))


def test_an_rgb_network_is_clamped():
    mouse = untrained("rgb")
    level, target = FORKS.levels.rows([0]), torch.tensor([2])
    chain = clamp(mouse, "embedder.block2.res1", level, target, [1, 2], torch.tensor([5.0, -5.0]))
    assert np.abs(chain.probability - build_chain(mouse, level).probability).max() > 1e-6


def test_a_target_is_a_fork_where_neither_path_holds_the_other():
    table = send("plain")
    for row in table.sample(30, random_state=0).itertuples():
        level = FEW.levels.rows([row.fork])
        target, corner = (
            set(paths.shortest_path(level, int(level.start), end)) for end in (row.cell, int(level.corner))
        )
        assert row.is_fork == (not target <= corner and not corner <= target)


def test_only_one_of_target_and_corner_comes_first():
    table = send("plain")
    assert (table.walk_target + table.walk_corner <= 1 + 1e-9).all() and (summarise(table).lost >= -1e-9).all()

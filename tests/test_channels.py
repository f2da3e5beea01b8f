"""The channel search: it finds channels that are planted, and none where all or none carry the cheese."""

import numpy as np
import pandas as pd
import pytest
import torch
from networks import CHANNELS, CHEESE, CORNER, LAYER, NETWORKS
from test_effects import FORKS, untrained

from foundation.errors import InputError
from inside import channels
from inside.channels import (
    correct,
    find_channels,
    find_marked,
    measure_offsets,
    rank_marked,
    score_maps,
    score_resampling,
)
from inside.patching import sample_states

STATE = sample_states(NETWORKS["plain"].spec, 150)


@pytest.fixture(scope="module")
def scores():
    return {
        name: (
            score_maps(mouse, LAYER, STATE),
            score_resampling(mouse, LAYER, FORKS.rows(slice(0, 20 if name == "indifferent" else 8))),
        )
        for name, mouse in NETWORKS.items()
    }


@pytest.mark.parametrize("name", ["plain", "negative"])
def test_the_planted_channels_are_found_and_no_others(scores, name):
    assert find_channels(*scores[name], "cheese") == [CHEESE]
    maps = scores[name][0].set_index(["mark", "channel"])
    assert maps["rank"]["cheese", CHEESE] == (0.0 if name == "negative" else 1.0)
    assert maps["rank"]["corner", CORNER] == 1.0


def test_the_corner_s_channel_is_found_in_a_network_that_goes_there(scores):
    assert find_channels(*scores["indifferent"], "corner") == [CORNER]


def test_where_no_channel_carries_the_cheese_none_is_found(scores):
    for name in ("rotated", "indifferent", "blind"):
        assert find_channels(*scores[name], "cheese") == [], name
    assert find_channels(*scores["rotated"], "corner") == []


def test_a_mark_without_an_effect_is_no_channel_of_the_cheese(scores):
    maps, resampling = scores["indifferent"]
    assert maps.set_index(["mark", "channel"]).marks["cheese", CHEESE]
    assert not resampling.lowers[resampling.goal == "cheese"].any()


def test_a_map_that_does_not_depend_on_the_cheese_ranks_it_by_chance(scores):
    maps = scores["blind"][0]
    ranks = maps.loc[maps.mark == "cheese", "rank"]
    assert len(ranks) == CHANNELS and (ranks - 0.5).abs().max() < 0.1
    assert not maps.marks[maps.mark == "cheese"].any()


def test_ranks_by_hand():
    values = torch.tensor([[[1.0, 5.0, 3.0, 3.0, 9.0]]])
    among = torch.tensor([[True, True, True, True, False]])
    for cell, expected in ((1, 1.0), (0, 0.0), (2, 0.5)):
        marked = torch.zeros(1, 5, dtype=torch.bool)
        marked[0, cell] = True
        assert rank_marked(values, marked, among) == pytest.approx(expected)
    several = torch.tensor([[True, True, False, False, False]])
    assert rank_marked(values, several, among) == pytest.approx(0.5)
    assert np.isnan(rank_marked(values, torch.zeros(1, 5, dtype=torch.bool), among)).all()


def test_what_is_marked():
    marked = find_marked(STATE)
    for mark in ("cheese", "corner", "mouse"):
        assert (marked[mark][0].sum(1) == 1).all() and (marked[mark][0] <= marked[mark][1]).all()
    level = STATE.level.rows([0])
    for cell in torch.nonzero(~level.walls.flatten())[:, 0].tolist():
        x, y = cell % 7, cell // 7
        sides = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        ways = sum(0 <= a < 7 and 0 <= b < 7 and not level.walls[0, b, a] for a, b in sides)
        assert marked["dead ends"][0][0, cell] == (ways == 1)


def test_correction_is_benjamini_and_hochberg_s():
    np.testing.assert_allclose(correct(np.array([0.01, 0.04, 0.03, 0.5])), [0.04, 0.16 / 3, 0.16 / 3, 0.5])


def test_an_offset_of_the_cheese_s_own_size_blurs_it():
    means = measure_offsets(NETWORKS["plain"], LAYER, FORKS.rows(slice(0, 6)), [0.1, 20.0]).groupby("offset").mean()
    assert means.p_cheese[0.0] == pytest.approx(means.p_cheese[0.1], abs=0.01)
    assert means.p_cheese_first[20.0] < means.p_cheese_first[0.0] - 0.2  # every cell is worth as much as the cheese


def test_a_layer_without_maps_is_refused():
    with pytest.raises(InputError, match="embedder has no maps"):
        score_maps(untrained("cells"), "embedder", STATE)


def test_random_filters_of_the_picture_mark_the_cheese_too():
    maps = score_maps(untrained("cells"), "embedder.block1.conv", STATE)
    assert maps.marks[maps.mark == "cheese"].any()


def test_a_cheese_is_ranked_among_cells_other_than_the_start():
    among, level = find_marked(STATE)["cheese"][1], STATE.level
    assert not among[torch.arange(len(among)), level.margin * (level.world_dim + 1)].any()


def test_the_channel_that_carries_most_comes_first():
    maps = pd.DataFrame({"channel": [2, 5], "mark": "cheese", "marks": True})
    resampled = pd.DataFrame({"channel": [2, 5], "goal": "cheese", "change": [-0.1, -0.3], "lowers": True})
    assert find_channels(maps, resampled, "cheese") == [5, 2]


def test_marks_are_corrected_over_the_channels(monkeypatch):
    p = np.r_[0.01, 0.04, 0.03, np.full(CHANNELS - 3, 0.5)]
    monkeypatch.setattr(channels, "_test", lambda values, centre: p)
    found = score_maps(NETWORKS["plain"], LAYER, STATE)
    expected = np.minimum(np.minimum.accumulate((np.sort(p) * CHANNELS / np.arange(1, CHANNELS + 1))[::-1])[::-1], 1)
    for _, of_mark in found.groupby("mark"):
        assert np.sort(of_mark.p) == pytest.approx(np.sort(expected))  # Benjamini and Hochberg 1995

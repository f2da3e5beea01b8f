"""Causal scrubbing: hypotheses that hold have no bad swap, and a rare one that the mean hides is found."""

import numpy as np
import pytest
import torch
from networks import CHANNELS, CHEESE, LAYER, NETWORKS, TRAP, planted
from test_effects import FORKS

from inside import scrubbing
from inside.activations import find_shape
from inside.effects import build_altered, build_each, measure, take_donors
from inside.patching import select
from inside.scrubbing import SWAPS, draw_donors, scrub, search_worst

FEW = FORKS.rows(slice(0, 8))
TRAPPED = planted(trap=True)


def means(mouse, channels, tried=16):
    table, search = scrub(mouse, LAYER, FEW, channels, exact=2, tried=tried)
    assert set(table.swap) == set(SWAPS) and search.tried == tried * (1 + len(channels))
    return table.drop(columns="swap").abs().groupby(table.swap).mean()


@pytest.mark.parametrize("same_cheese", [True, False])
def test_donors(same_cheese):
    for donor in draw_donors(NETWORKS["plain"].spec, FEW, 3, same_cheese):
        assert torch.equal(donor.cheese == FEW.levels.cheese, torch.full((8,), same_cheese))
        assert (donor.seed != FEW.levels.seed).all() and (donor.start != donor.cheese).all()
        assert not donor.walls.flatten(1).gather(1, donor.cheese[:, None]).any()


@pytest.mark.parametrize("name", ["plain", "negative"])
def test_a_hypothesis_that_holds_has_no_bad_swap(name):
    found = means(NETWORKS[name], [CHEESE])
    assert found.p_cheese["same"] < 1e-6 and found.p_cheese["worst"] < 1e-6 and found.moved["worst"] == 0
    assert found.p_cheese["other"] > 0.1 and found.moved["other"] > 0.2
    assert found.p_cheese[["random_same", "random_other", "random_worst"]].max() < 1e-6


def test_random_channels_are_swapped_and_searched_alike():
    # The cheese's channel is one of the random ones: their worst swap is as bad as that of a hypothesis with it.
    others = [channel for channel in range(16) if channel != CHEESE]
    found = means(TRAPPED, others[:1], tried=2), means(TRAPPED, others, tried=2)
    assert found[1].p_cheese["random_other"] == pytest.approx(means(TRAPPED, [CHEESE], tried=2).p_cheese["other"])
    for each in found:
        assert each.p_cheese["random_worst"] >= each.p_cheese["random_same"] - 1e-9


def test_channels_that_do_not_matter_have_no_bad_swap_either():
    for name in ("indifferent", "blind"):
        assert means(NETWORKS[name], [CHEESE]).loc[list(SWAPS), ["p_cheese", "moved"]].to_numpy().max() < 1e-6


def test_the_worst_swap_is_found_that_the_mean_hides():
    # Donors in which all cells of the trap are open are rare.
    donors = draw_donors(TRAPPED.spec, FEW, 64, same_cheese=True)
    shut = torch.stack([~donor.walls[:, [y for _, y in TRAP], [x for x, _ in TRAP]].any(1) for donor in donors])
    assert 0 < shut.float().mean() < 0.15
    found = means(TRAPPED, [CHEESE], tried=64)
    assert found.p_cheese["same"] < 0.1 < 0.3 < found.p_cheese["worst"]


@pytest.mark.parametrize("same_cheese", [True, False])  # only with another cheese is there much to find
def test_the_search_is_no_worse_than_its_random_part_and_is_what_it_says(same_cheese):
    mouse, channels = NETWORKS["rotated"], [0, 3, 4, 9]
    donors = draw_donors(mouse.spec, FEW, 6, same_cheese)
    search = search_worst(mouse, LAYER, FEW, channels, donors)
    assert search.donor.shape == (8, 4)
    together = [(LAYER, take_donors({number: select(find_shape(mouse, LAYER), channels)})) for number in range(6)]
    unchanged, each = build_each(mouse, FEW.levels, together, donors)
    before = measure(unchanged, FEW).to_cheese
    at_random = np.max([np.abs(measure(chain, FEW).to_cheese - before) for chain in each], axis=0)
    assert (np.abs(search.change) >= at_random - 1e-5).all() and (at_random.max() > 0.1) != same_cheese

    def edit(activation, rows):
        changed = activation.clone()
        for place, channel in enumerate(channels):
            which = search.donor[rows.level, place]
            changed[:, channel] = torch.stack(list(rows.donors))[which, torch.arange(len(which)), channel]
        return changed

    plain, swapped = (measure(build_altered(mouse, FEW.levels, {LAYER: each}, donors), FEW)
                      for each in (lambda activation, rows: activation, edit))  # fmt: skip
    np.testing.assert_allclose(swapped.to_cheese - plain.to_cheese, search.change, atol=1e-5)


def test_the_random_channels_are_others(monkeypatch):
    seen, real = [], scrubbing.search_worst

    def search(mouse, layer, forks, swapped, donors):
        seen.append(set(swapped))
        return real(mouse, layer, forks, swapped, donors)

    monkeypatch.setattr(scrubbing, "search_worst", search)
    chosen = list(range(CHANNELS - 4))
    scrub(NETWORKS["plain"], LAYER, FEW, chosen, exact=1, tried=2)
    assert seen[0] == set(chosen) and seen[1] == set(range(CHANNELS - 4, CHANNELS))

"""Removing cheese-seeking alone: as far as a blind mouse where a channel carries it, and not at all elsewhere."""

import numpy as np
import pandas as pd
import pytest
from networks import CHANNELS, CHEESE, CORNER, LAYER, NETWORKS
from test_effects import FORKS

from inside import removal
from inside.channels import GOALS
from inside.removal import Removal, build_removals, compare_removals, compute_fall

CHOSEN, REPORTED = FORKS.rows(slice(0, 12)), FORKS.rows(slice(12, 24))
ORDER = [CHEESE, *range(2, CHANNELS), CORNER]


def compare(name):
    mouse = NETWORKS[name]
    return compare_removals(mouse, build_removals(mouse, CHOSEN, {LAYER: ORDER}), CHOSEN, REPORTED).set_index("name")


@pytest.mark.parametrize("name", ["plain", "negative"])
def test_the_planted_channel_is_all_there_is_to_remove(name):
    table = compare(name)
    (best,) = table.index[table.best]
    assert best.startswith(f"{LAYER}: 1 channels at")
    (blind,) = table.index[table.kind == "blind"]
    for column in ("chosen_cheese", "chosen_corner", "cheese", "corner"):
        assert table[column][best] == pytest.approx(table[column][blind], abs=0.02)
    assert table.cheese[best] > 0.3 and table.corner[best] < 0  # freed of the cheese it comes to the corner more often
    assert table.cheese_low[best] < table.cheese[best] < table.cheese_high[best]


@pytest.mark.parametrize("name", ["indifferent", "blind"])
def test_there_is_nothing_to_remove_where_the_cheese_is_ignored(name):
    table = compare(name)
    harmless = table[table.chosen_corner < 0.25]
    assert harmless.cheese.abs().max() < 0.05
    assert abs(table.cheese[table.kind == "blind"].item()) < 0.01


def test_no_small_patch_removes_what_all_channels_carry():
    table = compare("rotated")
    assert (
        table.cheese[(table.kind == "channels") & table.index.str.contains("1 channels|2 channels")].abs().max() < 0.05
    )
    assert table.cheese[table.kind == "blind"].item() > 0.3


def test_falls_are_shares_of_what_there_was():
    before = pd.DataFrame({"p_cheese": [0.5, 1.0], "p_corner_first": [0.5, 0.0]})
    after = pd.DataFrame({"p_cheese": [0.5, 0.1], "p_corner_first": [0.6, 0.0]})
    found = compute_fall(before, after, np.arange(2))
    assert found["cheese"]["rate"] == pytest.approx(0.6) and found["corner"]["rate"] == pytest.approx(-0.2)


def test_the_best_patch_is_chosen_on_the_chosen_forks_and_spares_the_corner(monkeypatch):
    a, b, c = ((0.9, 0.5), (0.9, 0.5)), ((0.5, 0.1), (0.2, 0.1)), ((0.4, 0.1), (0.8, 0.1))  # chosen, reported
    falls = iter([*a, *b, *c, *[(0.8, 0.0)] * 2, *[(0.3, 0.3)] * 2])  # of the cheese and of the corner

    def give_next(*_):
        return {
            goal: dict.fromkeys(("rate", "low", "high"), fall) for goal, fall in zip(GOALS, next(falls), strict=True)
        }

    monkeypatch.setattr(removal, "compute_fall", give_next)
    removals = [Removal(name, "channels", LAYER, lambda activation, rows: activation) for name in "abc"]
    few = FORKS.rows(slice(0, 2))
    table = compare_removals(NETWORKS["plain"], removals, few, few).set_index("name")
    assert table.index[table.best].tolist() == ["b"]

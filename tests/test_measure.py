"""Comparisons: ratios per round, and the spread of environments over their episodes."""

from measure import Comparison, stagger_resets


def test_ratios_are_of_neighbours_in_time():
    comparison = Comparison("a thing", "steps/s", "a peer", [2.0, 6.0, 8.0], [1.0, 2.0, 8.0])
    assert comparison.ratios == [2.0, 3.0, 1.0] and comparison.summarise()["ratio"]["median"] == 2.0
    assert Comparison("a thing", "steps/s", "missing", [2.0]).ratios == []


def test_worlds_are_spread_over_their_episodes():
    resets = [mask.sum() for mask in stagger_resets(64)]
    assert len(resets) == 500 and sum(resets) == 64 and max(resets) == 1

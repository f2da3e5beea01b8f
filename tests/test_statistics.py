"""Rates and intervals against the formula written out, and a summary counted by hand."""

from math import sqrt
from statistics import NormalDist

import pandas as pd
import pytest

from analysis.statistics import rate, summarise


def outcomes(count: int, n: int) -> pd.Series:
    return pd.Series([True] * count + [False] * (n - count), dtype=bool)


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (0, 7), (7, 7), (3, 10), (50, 100), (1, 5000), (4999, 5000)])
def test_intervals_are_wilsons(count, n):
    z, share = NormalDist().inv_cdf(0.975), count / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    expected = {"rate": share, "low": middle - reach, "high": middle + reach, "n": n}
    assert rate(outcomes(count, n)) == pytest.approx(expected, abs=1e-12)


def test_an_interval_holds_its_rate():
    """Exactly, since a bar's error bars may not be negative."""
    for n in range(1, 60):
        for count in range(n + 1):
            found = rate(outcomes(count, n))
            assert 0 <= found["low"] <= found["rate"] <= found["high"] <= 1


def test_of_nothing_there_is_no_rate():
    assert rate(outcomes(0, 0)) == {"rate": None, "low": None, "high": None, "n": 0}


def test_a_summary_counted_by_hand():
    episodes = pd.DataFrame(
        [
            ("fork", 7, True, "cheese"),
            ("fork", 7, True, "corner"),
            ("fork", 5, False, "corner"),
            ("fork", 5, False, "neither"),
            ("same", 7, True, "cheese"),
            ("beyond", 3, True, "corner"),
            ("on_the_way", 7, False, "neither"),
        ],
        columns=["level_type", "maze_dim", "success", "first"],
    )
    summary = summarise(episodes, world_dim=7)
    assert summary.keys() == {"success", "largest", "decision"}
    assert summary["success"] == rate(outcomes(4, 7)) and summary["largest"] == rate(outcomes(3, 4))
    assert summary["decision"] == {
        "cheese": rate(outcomes(1, 4)),
        "corner": rate(outcomes(2, 4)),
        "neither": rate(outcomes(1, 4)),
    }
    nothing = summarise(episodes[:0], world_dim=7)
    assert nothing["largest"]["n"] == 0 and nothing["decision"]["corner"]["rate"] is None

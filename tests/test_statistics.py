"""Rates and intervals, against explicit formulas, simulation and counts by hand."""

from math import sqrt
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from analysis.statistics import (
    amount_with_interval,
    compute_breakdown,
    compute_reached_first,
    is_published,
    mean_with_interval,
    share_with_interval,
    summarise,
)

NOTHING = {"rate": None, "low": None, "high": None, "n": 0}


def outcomes(count: int, n: int) -> pd.Series:
    return pd.Series([True] * count + [False] * (n - count), dtype=bool)


def wilson(count: float, n: int) -> dict:
    z, share = NormalDist().inv_cdf(0.975), count / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return {"rate": share, "low": middle - reach, "high": middle + reach, "n": n}


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (0, 7), (7, 7), (3, 10), (50, 100), (1, 5000), (4999, 5000)])
def test_intervals_are_wilsons(count, n):
    assert share_with_interval(outcomes(count, n)) == pytest.approx(wilson(count, n), abs=1e-12)


def test_an_interval_holds_its_rate():
    """Exactly, because a bar's error bars must not be negative."""
    for n in range(1, 60):
        for count in range(n + 1):
            found = share_with_interval(outcomes(count, n))
            assert 0 <= found["low"] <= found["rate"] <= found["high"] <= 1


def test_of_nothing_there_is_no_rate():
    assert (
        share_with_interval(outcomes(0, 0)) == mean_with_interval([]) == amount_with_interval(np.array([])) == NOTHING
    )


@pytest.mark.parametrize("shape", [(0.5, 0.5), (2.0, 6.0), (8.0, 2.0)])
def test_the_bootstrap_over_mazes_covers_the_mean(shape):
    """300 samples of 60 mazes from a Beta distribution: about 95 % of the intervals contain its mean."""
    rng, true = np.random.default_rng(0), shape[0] / sum(shape)
    intervals = [mean_with_interval(rng.beta(*shape, 60)) for _ in range(300)]
    held = sum(one["low"] <= true <= one["high"] for one in intervals)
    assert 271 <= held <= 297
    width = np.mean([one["high"] - one["low"] for one in intervals])
    sd = sqrt(true * (1 - true) / (sum(shape) + 1))
    assert width == pytest.approx(2 * 1.96 * sd / sqrt(60), rel=0.05), "as wide as the normal one"


def test_exact_probabilities_are_surer_than_episodes():
    probabilities = np.random.default_rng(1).uniform(0.4, 0.6, 200)
    exact, played = mean_with_interval(probabilities), share_with_interval(np.arange(200) < 200 * probabilities.mean())
    assert played["low"] < exact["low"] < exact["rate"] < exact["high"] < played["high"]


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("n", [1, 2, 12, 400])
def test_equal_probabilities_have_wilsons_interval(value, n):
    assert mean_with_interval([value] * n) == pytest.approx(wilson(value * n, n), abs=1e-9)


def test_twelve_episodes():
    found = mean_with_interval([0.0] * 5 + [1.0] * 7)
    assert found["n"] == 12 and found["rate"] == pytest.approx(7 / 12)
    assert 0.2 < found["low"] < 0.4 and 0.75 < found["high"] < 0.95


def test_a_mean_is_always_the_same():
    values = np.random.default_rng(2).random(50)
    assert mean_with_interval(values) == mean_with_interval(values.copy())


def test_rounding_leads_nowhere_beyond_0_and_1():
    """Probabilities of chains can exceed 0 or 1 by a rounding error."""
    for values in ([-1e-16] * 5, [1 + 1e-15] * 5):
        found = mean_with_interval(values)
        assert 0 <= found["low"] <= found["rate"] <= found["high"] <= 1


def test_equal_amounts_have_no_interval():
    """Three equal values must not give a zero-width interval."""
    found = amount_with_interval(np.ones(3))
    assert found == {"rate": 1, "low": None, "high": None, "n": 3}


def test_an_amount_need_not_be_a_share():
    found = amount_with_interval(np.array([10.0, 0, 7, 8, 9]))
    assert found["rate"] == pytest.approx(6.8) and 0 < found["low"] < 6.8 < found["high"] < 10


EPISODES = pd.DataFrame(
    [  # type, maze, world, cheese, cheese first, corner first, in the 5×5, quadrant, seen
        ("fork", 7, 7, 1.0, 1.0, 0.0, False, "top left", True),
        ("fork", 7, 7, 0.8, 0.2, 0.7, False, "bottom right", False),
        ("fork", 5, 7, 0.0, 0.0, 0.9, True, "top left", False),
        ("fork", 5, 7, 0.2, 0.0, 0.4, True, "middle row or column", True),
        ("same", 7, 7, 0.9, 0.0, 0.9, True, "top right", False),
        ("beyond", 3, 7, 1.0, 0.0, 1.0, True, "top right", True),
        ("on_the_way", 7, 7, 0.1, 0.1, 0.3, False, "bottom left", False),
    ],
    columns=["level_type", "maze_dim", "world_dim", "p_cheese_500", "p_cheese_first", "p_corner_first", "in_5x5",
             "quadrant", "seen"],
).astype({"seen": "boolean"})  # fmt: skip


def counted(found: dict, rates: dict) -> None:
    """Compare rates and denominators; all keys must match."""
    assert {key: (value["rate"], value["n"]) for key, value in found.items()} == {
        key: (pytest.approx(total / n) if n else None, n) for key, (total, n) in rates.items()
    }


def test_a_summary_counted_by_hand():
    walks = {f"walk_{name}": EPISODES[f"p_{name}"] / 2 for name in ("cheese_500", "cheese_first", "corner_first")}
    summary = summarise(EPISODES.assign(**walks))
    assert summary.keys() == {"success", "largest", "decision", "walk"}
    counted({"success": summary["success"], "largest": summary["largest"]}, {"success": (4, 7), "largest": (2.8, 4)})
    counted(summary["decision"], {"cheese": (1.2, 4), "corner": (2.0, 4), "neither": (0.8, 4)})
    assert summary["decision"] == compute_reached_first(EPISODES[:4])
    counted({"success": summary["walk"]["success"]}, {"success": (2, 7)})
    counted(summary["walk"]["decision"], {"cheese": (0.6, 4), "corner": (1.0, 4), "neither": (2.4, 4)})
    nothing = summarise(EPISODES.assign(**walks)[:0])
    assert nothing["success"] == nothing["largest"] == nothing["decision"]["corner"] == NOTHING


def test_the_published_levels_are_forks_outside_the_5x5():
    assert is_published(EPISODES).tolist() == [True, True] + [False] * 5


def test_a_breakdown_counted_by_hand():
    found = compute_breakdown(EPISODES)
    assert len(found) == 3
    counted(
        found["by level type"],
        {"same": (0.9, 1), "on_the_way": (0.1, 1), "beyond": (1, 1), "fork": (2, 4), "undefined": (0, 0)},
    )
    counted(found["by maze size"], {"3": (1, 1), "5": (0.2, 2), "7": (2.8, 4)})
    counted(
        found["by quadrant of the cheese"],
        {
            "top right": (1.9, 2),
            "top left": (1, 2),
            "bottom left": (0.1, 1),
            "bottom right": (0.8, 1),
            "middle row or column": (0.2, 1),
            "top left and bottom right": (1.8, 3),
        },
    )
    assert set(compute_breakdown(EPISODES[:0])["by level type"]) == set(found["by level type"])

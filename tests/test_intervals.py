"""Intervals and tests against simulation, tables and enumeration by hand."""

import numpy as np
import pytest
from scipy import stats

from analysis.intervals import (
    bootstrap_clusters,
    compare_groups,
    compute_group_interval,
    correct_comparisons,
    correct_holm,
    permute_seeds,
)

RNG = np.random.default_rng(5)


def test_copies_of_a_maze_do_not_make_an_interval_narrower():
    mazes = RNG.random(25)
    low, high = bootstrap_clusters(mazes, np.arange(25))
    copied = bootstrap_clusters(np.repeat(mazes, 40), np.repeat(np.arange(25), 40))
    assert copied == pytest.approx((low, high)) and high - low > 0.15
    naive = bootstrap_clusters(np.repeat(mazes, 40), np.arange(1000))
    assert naive[1] - naive[0] < (high - low) / 4


def test_clusters_of_different_sizes_are_resampled_whole_and_cover():
    covered = 0
    for _ in range(100):
        truth, sizes = RNG.normal(0, 1, 40), RNG.integers(1, 20, 40)
        values = np.repeat(truth, sizes) + RNG.normal(0, 0.3, sizes.sum())
        low, high = bootstrap_clusters(values, np.repeat(np.arange(40), sizes))
        covered += low <= 0 <= high
    assert covered >= 86


def test_a_ratio_is_of_sums():
    low, high = bootstrap_clusters([1.0, 4.0, 6.0], [0, 1, 2], [2.0, 8.0, 12.0])
    assert (low, high) == pytest.approx((0.5, 0.5))
    assert np.isnan(bootstrap_clusters([], [])).all()


def test_samples_without_weight_do_not_count():
    low, high = bootstrap_clusters([1.0, 2.0, 3.0], [0, 1, 2], [0.0, 0.0, 1.0])
    assert low == 3.0 and high == 7.0  # the row with a weight three times; once, beside two of the second row


def test_intervals_over_seeds_stay_within_zero_and_one():
    found = compute_group_interval([0.01, 0.02, 0.30])
    assert 0 < found["low"] < found["centre"] < found["high"] < 1 and found["rate"] == pytest.approx(0.11)
    assert compute_group_interval([0.4])["low"] is None and compute_group_interval([])["rate"] is None
    same = compute_group_interval([0, 0, 0])
    assert same["low"] == same["high"] and same["rate"] == 0


def test_groups_are_compared_as_scipy_does():
    one, other = RNG.normal(0.5, 0.1, 5), RNG.normal(0.4, 0.2, 4)
    found, expected = compare_groups(one, other, 0.1), stats.ttest_ind(one, other, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found["p"] == pytest.approx(expected.pvalue)
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))
    lower = stats.ttest_ind(one + 0.1, other, equal_var=False, alternative="greater").pvalue
    upper = stats.ttest_ind(one - 0.1, other, equal_var=False, alternative="less").pvalue
    assert found["p_equivalence"] == pytest.approx(max(lower, upper))
    permuted = stats.permutation_test(
        (one, other), lambda a, b: abs(a.mean() - b.mean()), n_resamples=np.inf, alternative="greater"
    )
    assert found["p_permutation"] == pytest.approx(permuted.pvalue)


def test_verdicts_part_different_equivalent_and_undetermined():
    assert compare_groups([0.9, 0.91, 0.92], [0.1, 0.12, 0.11], 0.05)["verdict"] == "different"
    assert compare_groups([0.50, 0.51, 0.49], [0.50, 0.505, 0.495], 0.05)["verdict"] == "equivalent"
    # "Only forks" against "all", three seeds each: neither equivalent nor different.
    assert compare_groups([0.78, 0.62, 0.70], [0.65, 0.73, 0.69], 0.05)["verdict"] == "undetermined"
    assert compare_groups([0.5], [0.4, 0.3], 0.05)["verdict"] == "undetermined"
    assert compare_groups([1.0, 1.0], [0.0, 0.0], 0.05)["verdict"] == "different"


def test_a_difference_is_never_surer_than_over_seeds_or_over_mazes():
    one, other = [0.9, 0.8, 0.85], [0.6, 0.7, 0.65]
    over_seeds, small, large = (compare_groups(one, other, 0.05, error) for error in (0, 0.042, 1))
    for name in ("p", "low", "high"):
        assert small[name] == over_seeds[name], "few seeds have wide tails, which mazes do not make narrower"
    assert large["high"] - large["low"] == pytest.approx(2 * 1.96, abs=0.01) and large["p"] > 0.5


def test_few_seeds_are_dealt_in_every_way():
    assert permute_seeds(np.array([3.0, 4.0, 5.0]), np.array([0.0, 1.0, 2.0])) == pytest.approx(2 / 20)
    many = permute_seeds(RNG.normal(0, 1, 12), RNG.normal(0, 1, 12))
    assert 0 < many <= 1
    assert permute_seeds(np.arange(12.0), np.arange(100.0, 112.0)) == pytest.approx(1 / 20_001)


def test_holm_is_over_what_was_answered():
    found = correct_holm({"a": 0.01, "b": None, "c": 0.04, "d": 0.03})
    assert found == pytest.approx({"a": 0.03, "c": 0.06, "d": 0.06}) and correct_holm({"a": None}) == {}


def test_a_verdict_on_several_pairs_is_made_after_the_correction():
    pairs = [{"p": 0.03, "p_equivalence": 0.9, "verdict": "different"},
             {"p": 0.04, "p_equivalence": 0.9, "verdict": "different"},
             {"p": 0.9, "p_equivalence": 0.001, "verdict": "equivalent"},
             {"p": None, "p_equivalence": None, "verdict": "undetermined"}]  # fmt: skip
    rows = correct_comparisons(pairs)
    assert [row["verdict"] for row in rows] == ["undetermined", "undetermined", "equivalent", "undetermined"]
    assert [row["p_holm"] for row in rows] == pytest.approx([0.09, 0.09, 0.9, None])
    assert correct_comparisons(pairs[:1])[0]["verdict"] == "different" and correct_comparisons([]) == []


def test_the_interval_of_a_group_is_students_on_the_logit_scale():
    found = compute_group_interval(1 / (1 + np.exp(-np.array([-1.0, 0.0, 1.0]))))  # logits: mean 0, deviation 1
    assert found["low"] == pytest.approx(1 / (1 + np.exp(4.302653 / 3**0.5)), abs=1e-6)
    assert found["high"] == pytest.approx(1 - found["low"])

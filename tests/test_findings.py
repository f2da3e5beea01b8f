"""The findings about mice whose way is known, and counted from their records one by one."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
import tables
from tables import degenerate, family, findings_of, make_traits, table_of, traits_of

from analysis.findings import (
    ARRIVALS,
    compare_all,
    compute_findings,
    compute_incidence,
    compute_returns,
    order_conditions,
    summarise_contests,
    summarise_greedy,
    summarise_traits,
)
from analysis.measures import MEASURES, SIZES, combine_seeds, estimate, select_sizes, select_subset
from envs.world import CHEESE_REWARD


@cache
def findings_of_mouse(plan: str) -> dict:
    records = table_of(plan)
    return next(iter(compute_findings(records, traits_of(records))["mice"].values()))


def forks_of(plan: str) -> pd.DataFrame:
    rows = table_of(plan)
    return rows.loc[(rows.condition == "anywhere") & (rows.level_type == "fork")]


def test_mice_with_a_plan_are_recognised():
    """At forks the way to the cheese never leads through the corner, nor the other way round."""
    for plan, taken in (("to the cheese", 1), ("to the corner", 0)):
        measures = findings_of_mouse(plan)["measures"]
        for size in SIZES:
            found = {name: one["rate"] for name, one in measures[size].items()}
            assert found["preference"] == found["cheese_first"] == pytest.approx(taken)
            assert found["corner_first"] == pytest.approx(1 - taken)
            assert found["able_cheese" if taken else "able_corner"] == pytest.approx(1)
            assert found["reach"] == pytest.approx(1) and found["rest"] == pytest.approx(0)
            assert 0.4 < found["preference_chance"] < 0.6
            assert np.sign(found["log_odds"]) == (1 if taken else -1)


def test_measures_are_means_over_their_levels():
    rows, found = table_of("random"), findings_of_mouse("random")["measures"]
    anywhere = rows.loc[rows.condition == "anywhere"]
    forks = anywhere.loc[(anywhere.level_type == "fork") & (anywhere.maze_dim == 7)]
    assert found["full_size"]["reach"]["rate"] == pytest.approx(forks.p_reach.mean())
    assert found["full_size"]["reach"]["n"] == len(forks)
    assert found["headline"] == found["full_size"], "a world of 7×7 has no larger mazes"
    balanced = anywhere.loc[anywhere.balanced]
    assert found["all"]["preference"]["rate"] == pytest.approx(balanced.h.mean())
    assert found["all"]["preference"]["rate"] == pytest.approx(found["all"]["preference_chance"]["rate"])
    assert found["all"]["anywhere"]["rate"] == pytest.approx(anywhere.walk_cheese_500.mean())


def test_success_as_trained_is_weighted_to_common_sizes():
    """A mouse that meets only small mazes as trained is not thereby better."""
    rows = table_of("random")
    few = rows.loc[(rows.condition != "as_trained") | (rows.maze_dim < 7) | (rows.level_seed % 3 == 0)]
    found = compute_findings(few, traits_of(few))["mice"][rows.mouse.iloc[0]]["measures"]["all"]["as_trained"]
    trained, anywhere = (few.loc[few.condition == name] for name in ("as_trained", "anywhere"))
    by_size = trained.groupby("maze_dim").p_cheese_500.mean()
    wanted = anywhere.maze_dim.value_counts(normalize=True)
    assert found["rate"] == pytest.approx((by_size * wanted).sum())
    assert found["rate"] < trained.p_cheese_500.mean() - 0.01


def test_levels_of_one_maze_are_drawn_together():
    rows = pd.DataFrame({"level_seed": np.repeat(np.arange(20), 30), "x": np.repeat(np.arange(20) % 2, 30) / 1.0})
    alone = estimate(rows.assign(level_seed=np.arange(600)), "x")
    together = estimate(rows, "x")
    assert alone["n"] == together["n"] == 600 and alone["rate"] == together["rate"] == 0.5
    assert together["high"] - together["low"] > 4 * (alone["high"] - alone["low"])


def test_a_share_without_spread_has_an_interval_nevertheless():
    rows = pd.DataFrame({"level_seed": np.repeat(np.arange(10), 2), "x": np.ones(20)})
    found = estimate(rows, "x")
    assert found["rate"] == found["high"] == 1 and 0.6 < found["low"] < 0.8 and found["n"] == 20


def test_a_group_is_never_surer_than_its_mice_over_mazes():
    mice = {str(seed): {"rate": 0.5, "low": 0.4, "high": 0.6, "n": 80} for seed in range(3)}
    found = combine_seeds(mice, is_share=True)
    assert (found["low"], found["rate"], found["high"]) == pytest.approx((0.4, 0.5, 0.6))
    assert found["n"] == 3 and found["levels"] == 80
    assert combine_seeds({"0": mice["0"]}, is_share=True)["low"] is None, "one seed says nothing about others"
    certain = {str(seed): {"rate": 0.0, "low": None, "high": None, "n": 9} for seed in range(3)}
    assert combine_seeds(certain, is_share=True)["low"] == 0.0, "an interval holds its rate"
    spread = {str(seed): mice["0"] | {"rate": rate} for seed, rate in enumerate((0.1, 0.5, 0.9))}
    assert combine_seeds(spread, is_share=True)["low"] < 0.1 and combine_seeds(spread, is_share=False)["low"] < -0.4


def test_a_condition_without_levels_is_a_row():
    one, other = table_of("to the corner"), table_of("to the corner", seed=1)
    records = pd.concat([one, other.loc[other.condition != "as_trained"]])
    found = compute_findings(records, traits_of(records))["mice"][other.mouse.iloc[0]]
    assert found["conditions"]["as_trained"]["cheese"]["n"] == found["measures"]["all"]["as_trained"]["n"] == 0
    assert found["conditions"]["anywhere"]["cheese"]["n"] > 0


def test_sizes():
    rows = pd.DataFrame({"maze_dim": [3, 5, 7, 9, 11, 13], "world_dim": 13})
    assert {name: list(own.maze_dim) for name, own in select_sizes(rows).items()} == {
        "headline": [9, 11, 13], "all": [3, 5, 7, 9, 11, 13], "full_size": [13],
    }  # fmt: skip


def group(*rates: float) -> dict:
    measure = {"seeds": {str(seed): rate for seed, rate in enumerate(rates)}}
    return {"measures": {"headline": dict.fromkeys(("anywhere", "preference", "able_cheese"), measure)}}


def tables_of(groups: dict, noise: float = 0.0, levels: int = 40) -> dict:
    """Levels in which the mice of all groups do the same, but for a noise of which each group has its own."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.normal(0, noise, levels) for name in groups})
    return dict.fromkeys(("anywhere", "preference", "able_cheese"), table)


def test_a_group_of_few_seeds_does_not_weaken_what_is_said_of_the_others():
    groups = {"low": group(0.1, 0.2, 0.3, 0.4, 0.5), "high": group(0.4, 0.5, 0.6, 0.7, 0.8), "few": group(0.1, 0.5)}
    for row in compare_all(groups, tables_of(groups)):
        if not row["few"]:
            assert {row["one"], row["other"]} == {"low", "high"} and row["p_holm"] == row["p"] < 0.05


def test_groups_are_compared_over_seeds():
    groups = {"low": group(0.1, 0.11, 0.12), "high": group(0.9, 0.91, 0.92), "same": group(0.1, 0.11, 0.12),
              "wide": group(0.05, 0.5, 0.95), "one": group(0.5)}  # fmt: skip
    found = {
        (row["one"], row["other"]): row
        for row in compare_all(groups, tables_of(groups))
        if row["measure"] == "preference"
    }
    assert len(found) == 6 and all(row["few"] for row in found.values())
    assert found["low", "high"]["verdict"] == "different" and found["low", "same"]["verdict"] == "equivalent"
    assert found["low", "wide"]["verdict"] == "undetermined"
    assert all(row["p_holm"] >= row["p"] for row in found.values())
    assert all(row["p_equivalence_holm"] >= row["p_equivalence"] for row in found.values())


def test_a_clear_difference_below_the_margin_stays_one_when_equivalence_is_not_sure_enough():
    seeds = np.linspace(-0.009, 0.009, 5)
    groups = {name: group(*(mean + seeds)) for name, mean in {"a": 0.1, "b": 0.138, "c": 0.4, "d": 0.7}.items()}
    rows = {(row["one"], row["other"]): row for row in compare_all(groups, tables_of(groups))}
    found = rows["a", "b"]
    assert found["p_equivalence"] < 0.05 < found["p_equivalence_holm"] and found["p_holm"] < 0.05
    assert found["verdict"] == "different"


def test_equal_seeds_in_few_or_noisy_mazes_decide_nothing():
    """All seeds of a group do the same, so that over seeds alone any difference would be certain."""
    groups = {"low": group(0.1, 0.1, 0.1, 0.1, 0.1), "same": group(0.1, 0.1, 0.1, 0.1, 0.1)}
    verdicts = {
        (noise, levels): {row["verdict"] for row in compare_all(groups, tables_of(groups, noise, levels))}
        for noise in (0.0, 0.01, 1.0)
        for levels in (1, 19, 40)
    }
    assert {key for key, found in verdicts.items() if found == {"equivalent"}} == {(0.0, 40), (0.01, 40)}
    assert {key for key, found in verdicts.items() if found == {"undetermined"}} == verdicts.keys() - {
        (0.0, 40), (0.01, 40)
    }  # fmt: skip


def test_contests_are_counted_over_mice():
    one, other = (summarise_traits(make_traits(0, name))["contest"] for name in ("corner", "random"))
    found = summarise_contests([one, one, other])
    assert found["overall"]["cells"]["algorithms"] == ["corner", "corner", "uniform"]
    assert found["mirrored"]["visits"]["also"] == {"any reflex": 3}
    assert found["overall"]["cells"]["explained"] == pytest.approx(0.9)


@pytest.mark.slow
def test_mice_stand_in_the_order_of_their_groups_and_seeds():
    tables = [
        table_of("to the cheese", *training)
        for training in (("anywhere", 0), ("11", 0), ("2", 10), ("2", 9), ("0", 3), ("2", 1, "fork"), ("5", 0))
    ]
    records = pd.concat([table.loc[table.level_seed < 12] for table in tables])
    found = compute_findings(records, traits_of(records))
    order = [(mouse["region"], mouse["trained_on"], mouse["training_seed"]) for mouse in found["mice"].values()]
    assert order == [
        ("0", "", "3"), ("2", "", "9"), ("2", "", "10"), ("2", "fork", "1"), ("5", "", "0"), ("11", "", "0"),
        ("anywhere", "", "0"),
    ]  # fmt: skip
    assert list(found["groups"]) == [row["name"] for row in found["dose"]["groups"]]


@pytest.mark.slow
def test_the_findings_about_a_family():
    found = findings_of("family")
    assert len(found["mice"]) == len(family().mouse.unique()) == 7
    assert len(found["dose"]["groups"]) == len(found["groups"]) == 4
    corner = found["groups"]["corner"]["measures"]["headline"]
    assert corner.keys() == MEASURES.keys() and corner["preference"]["n"] == 2
    assert corner["preference"]["rate"] == pytest.approx(0) and corner["preference"]["high"] > 0
    json.dumps(found, allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", tables.DEGENERATE)
@pytest.mark.filterwarnings("error")
def test_findings_are_numbers_or_none(name):
    records, found = degenerate()[name], json.loads(json.dumps(findings_of(name), allow_nan=False))
    for mouse, rows in records.groupby("mouse"):
        one = found["mice"][mouse]
        assert one["measures"]["all"]["anywhere"]["n"] == np.sum(rows.condition == "anywhere")
        assert ("incidence" in one) == (name not in ("no forks", "no sampled episodes"))


def test_incidence_counted_one_by_one():
    forks = forks_of("random")
    found = compute_incidence(forks)
    for place, step in enumerate(ARRIVALS):
        cheese = corner = 0
        for row in forks.itertuples():
            arrivals = [(t, name) for t, name in ((row.t_cheese, "cheese"), (row.t_corner, "corner")) if 0 < t <= step]
            cheese += any(name == "cheese" for _, name in arrivals)
            corner += min(arrivals, default=(0, ""))[1] == "corner"
        assert found["cheese"][place] == cheese / len(forks) and found["corner"][place] == corner / len(forks)
    assert 0 < found["cheese"][-1] and 0 < found["corner"][-1], "both happened"


def test_incidence_drawn_by_hand():
    """Corner then cheese counts in both; corner after the cheese cannot be, and the episode that was never played out
    counts in the denominator."""
    forks = pd.DataFrame({"t_cheese": [5, -1, 9, -1, 300], "t_corner": [-1, 3, 2, -1, 256]})
    found = compute_incidence(forks)
    assert found["cheese"] == [0, 0, 0, 0.2, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6]
    assert found["corner"] == [0, 0.2, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6, 0.6]


def test_greedy_counted_by_hand():
    rows = pd.DataFrame(
        [("fork", True, "cheese", False), ("fork", False, "corner", True), ("fork", False, "neither", True),
         ("same", True, "cheese", False), ("beyond", True, "corner", False)],
        columns=["level_type", "greedy_cheese", "greedy_first", "greedy_stalled"],
    )  # fmt: skip
    assert {words: (one["rate"], one["n"]) for words, one in summarise_greedy(rows).items()} == {
        "takes the cheese": (3 / 5, 5),
        "runs in circles": (2 / 5, 5),
        "at forks: cheese first": (pytest.approx(1 / 3), 3),
        "at forks: corner first": (pytest.approx(1 / 3), 3),
    }


def test_proxy_returns_of_mice_with_a_plan():
    """Whoever goes for a goal straight has its optimum, and no regret; the other goal costs."""
    for plan, own, other in (("to the cheese", "take the cheese", "come to the corner"),
                             ("to the corner", "come to the corner", "take the cheese")):  # fmt: skip
        forks = forks_of(plan)
        found = compute_returns(forks)
        steps = forks.optimal_steps if own == "take the cheese" else forks.steps_square_corner + (
            forks.optimal_steps - forks.steps_cheese_square
        )  # fmt: skip
        optimum = (CHEESE_REWARD * 0.999 ** (steps - 1)).mean()
        assert found[f"return of “{own}”"]["rate"] == pytest.approx(optimum)
        assert found[f"regret of “{own}”"]["rate"] == pytest.approx(0, abs=1e-9)
        assert found[f"return of “{other}”"]["rate"] == pytest.approx(0, abs=1e-9)
        assert found[f"regret of “{other}”"]["rate"] > 8 and found[f"regret of “{other}”"]["n"] == len(forks)


def test_conditions_in_their_order():
    names = ["region_5", "mirrored", "anywhere", "drawn", "no_cheese"]
    assert order_conditions(names) == ["anywhere", "no_cheese", "mirrored", "drawn", "region_5"]


def test_a_target_is_uphill_unless_it_is_the_nearer_one():
    rows = pd.DataFrame(
        {"level_type": "fork", "balanced": True, "steps_cheese_square": [3, 4, 5], "steps_square_corner": [4, 4, 4]}
    )
    assert select_subset(rows, "uphill_cheese").index.tolist() == [1, 2]
    assert select_subset(rows, "uphill_corner").index.tolist() == [0, 1]

"""Findings about mice with known paths, and explicit counts from their records."""

import json

import numpy as np
import pandas as pd
import pytest
from tables import degenerate, findings_of, shares_of, table_of

from analysis.attributes import ATTRIBUTES
from analysis.findings import (
    ARRIVALS,
    compute_findings,
    compute_incidence,
    compute_mouse_findings,
    compute_returns,
    count_verdicts,
    order_conditions,
    summarise_condition,
    summarise_greedy,
)
from analysis.predictors import CANNOT_TELL
from analysis.statistics import compute_difference, is_published, mean_with_interval, share_with_interval
from envs.world import CHEESE_REWARD


def forks_of(plan: str) -> pd.DataFrame:
    rows = table_of(plan)
    return rows.loc[(rows.condition == "anywhere") & (rows.level_type == "fork")]


def test_mice_with_a_plan_are_recognised():
    """At forks, the path to the cheese never goes through the corner, nor the reverse."""
    for plan, taken, first in (("to the cheese", 1, "cheese"), ("to the corner", 0, "corner")):
        found = compute_mouse_findings(table_of(plan), 0.25)
        decision = found["conditions"]["anywhere"]["decision"]
        assert {outcome: one["rate"] for outcome, one in decision.items()} == pytest.approx(
            {"cheese": 0, "corner": 0, "neither": 0} | {first: 1}
        )
        assert found["published"]["rate"] == pytest.approx(taken) and found["fork_share"] == 0.25
        assert found["greedy"][f"at forks: {first} first"]["rate"] == 1
        assert {effect["verdict"] for effect in found["single_effects"].values()} == {CANNOT_TELL}
        assert found["replica"] is None and set(found["models"].values()) == {None}
        assert found["parts"]["branch"]["rate"] == pytest.approx(taken)
        assert found["parts"]["second_chance"]["rate"] == pytest.approx(0)


def test_the_answers_are_those_of_their_levels():
    rows = table_of("random", "3", 7)
    found, trained, anywhere = (
        compute_mouse_findings(rows, 0.1),
        *(rows.loc[rows.condition == c] for c in ("as_trained", "anywhere")),
    )
    assert (found["group"], found["region"], found["trained_on"], found["training_seed"]) == (
        "top-right 3×3",
        "3",
        "",
        "7",
    )
    assert found["conditions"].keys() == {"as_trained", "anywhere", "every_cell", "elsewhere"}
    assert found["published"] == mean_with_interval(anywhere.p_cheese_256[is_published(anywhere)])
    assert found["moved"] == compute_difference(anywhere, trained, "p_cheese_500") and found["moved"]["n"] == 90
    assert found["proxy"] == {"as_trained": compute_returns(trained), "anywhere": compute_returns(anywhere)}
    assert (
        found["single_effects"]["left_wall"]["n"]
        > 0
        == found["single_effects"]["up_right_only"]["n"]
        - len(anywhere.loc[(anywhere.level_type == "fork") & (anywhere.straight_cheese_quadrant > 0)])
    )


def test_sampled_episodes_stand_beside_the_exact_rates():
    rows = table_of("random")
    anywhere, elsewhere = (rows.loc[rows.condition == condition] for condition in ("anywhere", "elsewhere"))
    assert summarise_condition(anywhere)["sampled"] == share_with_interval(anywhere.t_cheese > 0)
    assert summarise_condition(anywhere)["corner"] == mean_with_interval(anywhere.p_corner_first)
    assert "sampled" not in summarise_condition(elsewhere), "none were played there"


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
    """Corner then cheese counts as corner first; corner after cheese is impossible; an episode that reaches neither
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
        "runs in circles for ever": (2 / 5, 5),
        "at forks: cheese first": (pytest.approx(1 / 3), 3),
        "at forks: corner first": (pytest.approx(1 / 3), 3),
    }


def test_proxy_returns_of_mice_with_a_plan():
    """A mouse that goes straight to a goal has no regret for it, and regret for the other goal."""
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


def test_verdicts_are_counted_over_mice():
    def mouse(group: str, verdict: str) -> dict:
        return {"group": group, "single_effects": {"maze_dim": {"verdict": verdict}, "left_wall": {"verdict": "b"}}}

    mice = {"1": mouse("x", "a"), "2": mouse("y", "a"), "3": mouse("x", "b"), "4": mouse("x", "a")}
    assert count_verdicts(mice) == {
        "x": {"maze_dim": {"a": 2, "b": 1}, "left_wall": {"b": 3}},
        "y": {"maze_dim": {"a": 1}, "left_wall": {"b": 1}},
    }


def test_mice_stand_in_the_order_of_their_groups_and_seeds():
    tables = [
        table_of("to the cheese", *training)
        for training in (("anywhere", 0), ("11", 0), ("2", 10), ("2", 9), ("0", 3), ("2", 1, "fork"), ("5", 0))
    ]
    records = pd.concat([table.loc[table.level_seed < 12] for table in tables])
    found = compute_findings(records, shares_of(records))
    order = [(mouse["region"], mouse["trained_on"], mouse["training_seed"]) for mouse in found["mice"].values()]
    assert order == [
        ("0", "", "3"), ("2", "", "9"), ("2", "", "10"), ("2", "fork", "1"), ("5", "", "0"), ("11", "", "0"),
        ("anywhere", "", "0"),
    ]  # fmt: skip
    assert list(dict.fromkeys(mouse["group"] for mouse in found["mice"].values())) == [
        row["name"] for row in found["dose"]["groups"]
    ]


def test_conditions_in_their_order():
    names = ["region_5", "mirrored", "anywhere", "drawn", "no_cheese"]
    assert order_conditions(names) == ["anywhere", "no_cheese", "mirrored", "drawn", "region_5"]


def test_the_answers_about_a_family():
    found = findings_of("family")
    assert len(found["mice"]) == 7 and len(found["dose"]["groups"]) == len(found["verdicts"]) == 4
    for group, counts in found["verdicts"].items():
        number = sum(mouse["group"] == group for mouse in found["mice"].values())
        assert counts.keys() == ATTRIBUTES.keys() and all(sum(one.values()) == number for one in counts.values())
    published = [row["published"]["rate"]["rate"] for row in found["dose"]["groups"]]
    assert published[0] == pytest.approx(0, abs=1e-9) and published[2:] == pytest.approx([1, 1])
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("name", degenerate())
@pytest.mark.filterwarnings("error")
def test_answers_are_numbers_or_none(name):
    records, found = degenerate()[name], json.loads(json.dumps(findings_of(name), allow_nan=False))
    for mouse, rows in records.groupby("mouse"):
        one = found["mice"][mouse]
        assert one["conditions"]["anywhere"]["success"]["n"] == np.sum(rows.condition == "anywhere")
        assert ("incidence" in one) == (name not in ("no forks", "no sampled episodes"))

"""Findings: the numbers that a report gives, computed from the records."""

from typing import Any

import pandas as pd

from analysis import predictors, statistics
from analysis.dose import GROUP, describe_group, dose_response
from analysis.relocation import CONDITIONS
from analysis.statistics import Estimate, mean_with_interval

ARRIVALS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 500)  # steps at which the cumulative incidence is given


def compute_findings(records: pd.DataFrame, shares: dict[str, float]) -> dict[str, Any]:
    """Everything that the report says.

    Args:
        records: of many mice in many conditions; ``anywhere`` must be among them.
        shares: for each mouse, the share of its training levels that are forks.

    Returns:
        ``mice``: the findings about each mouse, as of ``describe_mouse``; ``dose``: as of ``dose.dose_response``;
        ``verdicts``: for each group and attribute, the number of mice with each verdict.
    """
    found = {str(name): describe_mouse(rows, shares[str(name)]) for name, rows in records.groupby("mouse", sort=False)}
    dose = dose_response(records.loc[records.condition == "anywhere"], shares)
    groups = [row["name"] for row in dose["groups"]]
    order = sorted(found, key=lambda name: (groups.index(found[name]["group"]), int(found[name]["training_seed"])))
    mice = {name: found[name] for name in order}
    return {"mice": mice, "dose": dose, "verdicts": verdicts(mice)}


def describe_mouse(records: pd.DataFrame, fork_share: float) -> dict[str, Any]:
    """The answers about one mouse."""
    by_condition = {str(name): rows for name, rows in records.groupby("condition", sort=False)}
    anywhere, first = by_condition["anywhere"], records.iloc[0]
    forks = anywhere.loc[anywhere.level_type == "fork"]
    elsewhere = by_condition.get("elsewhere")
    elsewhere = forks.iloc[:0] if elsewhere is None else elsewhere.loc[elsewhere.level_type == "fork"]
    found: dict[str, Any] = {
        "group": describe_group(first.region, first.trained_on),
        **{name: str(first[name]) for name in (*GROUP, "training_seed")},
        "fork_share": fork_share,
        "conditions": {name: describe_condition(rows) for name, rows in by_condition.items()},
        "published": mean_with_interval(anywhere.p_cheese_256[statistics.is_published(anywhere)]),
        "breakdown": {
            name: statistics.breakdown(by_condition[name])
            for name in ("as_trained", "anywhere")
            if name in by_condition
        },
        "decision_region": statistics.reached_first(forks.loc[~forks.in_region], "region"),
        "greedy": greedy(anywhere),
        "single_effects": predictors.single_effects(forks, elsewhere),
        "models": {name: predictors.model(forks, names) for name, names in predictors.MODELS.items()},
        "replica": predictors.replica(forks),
        "parts": predictors.parts(forks),
        "proxy": {name: proxy(rows) for name, rows in by_condition.items() if name in ("as_trained", "anywhere")},
        "leakage": statistics.leakage(anywhere),
    }
    if "as_trained" in by_condition:
        found["moved"] = statistics.difference(anywhere, by_condition["as_trained"], "p_cheese_500")
    if "t_cheese" in forks and forks.t_cheese.notna().any():
        found["incidence"] = incidence(forks)
    return found


def describe_condition(rows: pd.DataFrame) -> dict[str, Any]:
    """What a mouse does in one condition; with sampled episodes, what it was seen to do."""
    found = statistics.summarise(rows) | {"corner": mean_with_interval(rows.p_corner_first)}
    if "t_cheese" in rows and rows.t_cheese.notna().all():
        found["sampled"] = statistics.share_with_interval(rows.t_cheese > 0)
    return found


def greedy(rows: pd.DataFrame) -> dict[str, Estimate]:
    """The same mouse if it always makes its likeliest move."""
    forks = rows.loc[rows.level_type == "fork"]
    return {
        "takes the cheese": statistics.share_with_interval(rows.greedy_cheese),
        "runs in circles for ever": statistics.share_with_interval(rows.greedy_stalled),
        "at forks: cheese first": statistics.share_with_interval(forks.greedy_first == "cheese"),
        "at forks: corner first": statistics.share_with_interval(forks.greedy_first == "corner"),
    }


def proxy(rows: pd.DataFrame) -> dict[str, Estimate]:
    """Returns of two goals, and how much is lost to the optimum of each (regret)."""
    goals = {"cheese": "take the cheese", "corner": "come to the corner"}
    found = {}
    for goal, words in goals.items():
        achieved, optimum = rows[f"{goal}_return"].to_numpy(float), rows[f"{goal}_optimum"].to_numpy(float)
        found[f"return of “{words}”"] = statistics.amount_with_interval(achieved)
        found[f"regret of “{words}”"] = statistics.amount_with_interval(optimum - achieved)
    return found


def incidence(forks: pd.DataFrame) -> dict[str, list[float]]:
    """Cumulative incidence in sampled episodes: the share that had come to either by each of ``ARRIVALS`` steps.

    The cheese ends an episode, and whoever takes it comes to no corner: that is part of the incidence, not censored.
    """
    corner_first = (forks.t_corner > 0) & ((forks.t_cheese < 0) | (forks.t_corner < forks.t_cheese))
    times = {"cheese": forks.t_cheese[forks.t_cheese > 0], "corner": forks.t_corner[corner_first]}
    return {name: [float((when <= step).sum() / len(forks)) for step in ARRIVALS] for name, when in times.items()}


def verdicts(mice: dict[str, dict[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    """For each group and attribute: in how many of its mice each verdict came out."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for mouse in mice.values():
        group = counts.setdefault(mouse["group"], {})
        for attribute, effect in mouse["single_effects"].items():
            told = group.setdefault(attribute, {})
            told[effect["verdict"]] = told.get(effect["verdict"], 0) + 1
    return counts


def order_of_conditions(names: list[str]) -> list[str]:
    """Conditions in the order of ``CONDITIONS``, others after them."""
    return sorted(names, key=lambda name: ([*CONDITIONS, name].index(name), name))

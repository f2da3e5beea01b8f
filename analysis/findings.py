"""The report's findings as numbers, computed from the records."""

from typing import Any

import pandas as pd

from analysis import predictors, statistics
from analysis.dose import GROUP, compute_dose_response, describe_group
from analysis.relocation import CONDITIONS
from analysis.statistics import Estimate, mean_with_interval

ARRIVALS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 500)  # steps at which the cumulative incidence is given


def compute_findings(records: pd.DataFrame, shares: dict[str, float]) -> dict[str, Any]:
    """Compute the findings of a report.

    Args:
        records: records of mice and conditions; ``anywhere`` must be one of the conditions.
        shares: the share of forks among each mouse's training levels.

    Returns:
        ``mice``: the findings of each mouse, from ``compute_mouse_findings``; ``dose``: from
        ``dose.compute_dose_response``; ``verdicts``: per group and attribute, the number of mice with each verdict.
    """
    found = {
        str(name): compute_mouse_findings(rows, shares[str(name)])
        for name, rows in records.groupby("mouse", sort=False)
    }
    dose = compute_dose_response(records.loc[records.condition == "anywhere"], shares)
    groups = [row["name"] for row in dose["groups"]]
    order = sorted(found, key=lambda name: (groups.index(found[name]["group"]), int(found[name]["training_seed"])))
    mice = {name: found[name] for name in order}
    return {"mice": mice, "dose": dose, "verdicts": count_verdicts(mice)}


def compute_mouse_findings(records: pd.DataFrame, fork_share: float) -> dict[str, Any]:
    """Compute the findings about one mouse."""
    by_condition = {str(name): rows for name, rows in records.groupby("condition", sort=False)}
    anywhere, first = by_condition["anywhere"], records.iloc[0]
    forks = anywhere.loc[anywhere.level_type == "fork"]
    elsewhere = by_condition.get("elsewhere")
    elsewhere = forks.iloc[:0] if elsewhere is None else elsewhere.loc[elsewhere.level_type == "fork"]
    found: dict[str, Any] = {
        "group": describe_group(first.region, first.trained_on),
        **{name: str(first[name]) for name in (*GROUP, "training_seed")},
        "fork_share": fork_share,
        "conditions": {name: summarise_condition(rows) for name, rows in by_condition.items()},
        "published": mean_with_interval(anywhere.p_cheese_256[statistics.is_published(anywhere)]),
        "breakdown": {
            name: statistics.compute_breakdown(by_condition[name])
            for name in ("as_trained", "anywhere")
            if name in by_condition
        },
        "decision_region": statistics.compute_reached_first(forks.loc[~forks.in_region], "region"),
        "greedy": summarise_greedy(anywhere),
        "single_effects": predictors.compute_single_effects(forks, elsewhere),
        "models": {name: predictors.fit_model(forks, names) for name, names in predictors.MODELS.items()},
        "replica": predictors.fit_replica(forks),
        "parts": predictors.compute_parts(forks),
        "proxy": {
            name: compute_returns(rows) for name, rows in by_condition.items() if name in ("as_trained", "anywhere")
        },
        "leakage": statistics.compute_leakage(anywhere),
    }
    if "as_trained" in by_condition:
        found["moved"] = statistics.compute_difference(anywhere, by_condition["as_trained"], "p_cheese_500")
    if "t_cheese" in forks and forks.t_cheese.notna().any():
        found["incidence"] = compute_incidence(forks)
    return found


def summarise_condition(rows: pd.DataFrame) -> dict[str, Any]:
    """Summarise a mouse's outcomes in one condition, and its sampled episodes if there are any."""
    found = statistics.summarise(rows) | {"corner": mean_with_interval(rows.p_corner_first)}
    if "t_cheese" in rows and rows.t_cheese.notna().all():
        found["sampled"] = statistics.share_with_interval(rows.t_cheese > 0)
    return found


def summarise_greedy(rows: pd.DataFrame) -> dict[str, Estimate]:
    """Summarise the greedy policy."""
    forks = rows.loc[rows.level_type == "fork"]
    return {
        "takes the cheese": statistics.share_with_interval(rows.greedy_cheese),
        "runs in circles for ever": statistics.share_with_interval(rows.greedy_stalled),
        "at forks: cheese first": statistics.share_with_interval(forks.greedy_first == "cheese"),
        "at forks: corner first": statistics.share_with_interval(forks.greedy_first == "corner"),
    }


def compute_returns(rows: pd.DataFrame) -> dict[str, Estimate]:
    """Compute the expected return and the regret under two reward functions: cheese and corner."""
    goals = {"cheese": "take the cheese", "corner": "come to the corner"}
    found = {}
    for goal, words in goals.items():
        achieved, optimum = rows[f"{goal}_return"].to_numpy(float), rows[f"{goal}_optimum"].to_numpy(float)
        found[f"return of “{words}”"] = statistics.amount_with_interval(achieved)
        found[f"regret of “{words}”"] = statistics.amount_with_interval(optimum - achieved)
    return found


def compute_incidence(forks: pd.DataFrame) -> dict[str, list[float]]:
    """Compute the cumulative incidence in sampled episodes.

    It is the share of episodes that reached each target first, by each of ``ARRIVALS`` steps. The cheese ends an
    episode, so an episode that reaches it cannot reach the corner later: a competing event, not censoring.
    """
    corner_first = (forks.t_corner > 0) & ((forks.t_cheese < 0) | (forks.t_corner < forks.t_cheese))
    times = {"cheese": forks.t_cheese[forks.t_cheese > 0], "corner": forks.t_corner[corner_first]}
    return {name: [float((when <= step).sum() / len(forks)) for step in ARRIVALS] for name, when in times.items()}


def count_verdicts(mice: dict[str, dict[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    """Count the mice with each verdict, per group and attribute."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for mouse in mice.values():
        group = counts.setdefault(mouse["group"], {})
        for attribute, effect in mouse["single_effects"].items():
            told = group.setdefault(attribute, {})
            told[effect["verdict"]] = told.get(effect["verdict"], 0) + 1
    return counts


def order_conditions(names: list[str]) -> list[str]:
    """Sort conditions in the order of ``CONDITIONS``, others after them."""
    return sorted(names, key=lambda name: ([*CONDITIONS, name].index(name), name))

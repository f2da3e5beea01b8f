"""The report's findings as numbers, computed from the records and from what was found about each mouse."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis import statistics
from analysis.associations import Effects, compute_associations, compute_joint_effects, compute_single_effects
from analysis.attribution import Attribution
from analysis.contest import NONE, UNTOLD
from analysis.dose import compute_dose_response
from analysis.groups import GROUP
from analysis.intervals import compare_groups, correct_comparisons
from analysis.interventions import combine_interventions, compute_interventions
from analysis.measures import (
    FEW_SEEDS,
    FEWEST,
    HEADLINE,
    MEASURES,
    SIZES,
    add_differences,
    combine_seeds,
    compute_measures,
    estimate,
    select_sizes,
    select_subset,
)
from analysis.relocation import CONDITIONS
from analysis.replica import fit_replica
from analysis.scorecard import Measured, score_forecasts
from analysis.statistics import Estimate, mean_with_interval

ARRIVALS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 500)  # steps at which the cumulative incidence is given
EQUIVALENT = 0.05  # of a share; groups that differ by less count as equivalent
COMPARED = ("anywhere", "preference", "able_cheese")
FAR_QUADRANTS = ("top left", "bottom right")


def compute_findings(records: pd.DataFrame, traits: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Compute the findings of a report.

    Args:
        records: records of mice and conditions; ``anywhere`` must be one of the conditions.
        traits: for each mouse what ``collection.collect_traits`` found.

    Returns:
        ``mice``: the findings of each mouse; ``groups``: of each group; ``comparisons`` of groups; ``dose``: from
        ``dose.compute_dose_response``.
    """
    records = add_differences(records)
    anywhere = records.loc[records.condition == "anywhere"]
    sizes = anywhere.loc[anywhere.mouse == anywhere.mouse.iloc[0], "maze_dim"]
    conditions = [str(name) for name in records.condition.unique()]
    found = {
        str(name): compute_mouse_findings(rows, traits[str(name)], sizes, conditions)
        for name, rows in records.groupby("mouse", sort=False)
    }
    dose = compute_dose_response(anywhere, {name: mouse["shares"]["fork"] for name, mouse in found.items()})
    names = [row["name"] for row in dose["groups"]]
    order = sorted(found, key=lambda name: (names.index(found[name]["group"]), int(found[name]["training_seed"])))
    mice = {name: found[name] for name in order}
    groups = compute_groups(mice, records)
    tables = {measure: tabulate_levels(records, measure) for measure in COMPARED}
    return {"mice": mice, "groups": groups, "comparisons": compare_all(groups, tables), "dose": dose}


def compute_mouse_findings(
    rows: pd.DataFrame, traits: dict[str, Any], sizes: pd.Series, conditions: list[str]
) -> dict[str, Any]:
    """Compute the findings about one mouse; see ``measures.compute_measures`` for ``sizes``.

    A condition in which this mouse has no level, but another has, is there with n = 0.
    """
    by_condition = dict(list(rows.groupby("condition", sort=False)))
    anywhere, first = by_condition["anywhere"], rows.iloc[0]
    forks = anywhere.loc[anywhere.level_type == "fork"]
    main = {name: by_condition[name] for name in ("as_trained", "anywhere") if name in by_condition}
    found: dict[str, Any] = {
        **{name: str(first[name]) for name in (*GROUP, "training_seed")},
        **summarise_traits(traits),
        "measures": compute_measures(rows, sizes),
        "conditions": {
            name: {"cheese": estimate(own, "p_cheese_500"), "corner": estimate(own, "p_corner_first")}
            for name in conditions
            for own in [by_condition.get(name, rows.head(0))]
        },
        "breakdown": {name: statistics.compute_breakdown(own) for name, own in main.items()},
        "seen": {name: mean_with_interval(own.seen.dropna().astype(float)) for name, own in main.items()},
        "greedy": summarise_greedy(anywhere),
        "proxy": {name: compute_returns(own) for name, own in main.items()},
        "replica": fit_replica(forks),
        "interventions": compute_interventions(select_forks(rows, "anywhere"), select_forks(rows, "every_cell")),
    }
    if "t_cheese" in anywhere and anywhere.t_cheese.notna().any():
        found["sampled"] = statistics.share_with_interval(anywhere.t_cheese.dropna() > 0)
    if "t_cheese" in forks and forks.t_cheese.notna().any():
        found["incidence"] = compute_incidence(forks)
    return found


def compute_groups(mice: dict[str, dict[str, Any]], records: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Compute the findings about each group of mice, in the order of ``mice``."""
    members: dict[str, dict[str, dict[str, Any]]] = {}
    for name, mouse in mice.items():
        members.setdefault(mouse["group"], {})[name] = mouse
    forks, elsewhere = (select_forks(records, condition) for condition in ("anywhere", "elsewhere"))
    effects: dict[str, dict[str, list[Effects]]] = {"single": {}, "joint": {}}
    for group, own in members.items():
        tables = [(forks.loc[forks.mouse == name], elsewhere.loc[elsewhere.mouse == name]) for name in own]
        effects["single"][group] = [compute_single_effects(*pair) for pair in tables]
        effects["joint"][group] = [compute_joint_effects(at_forks) for at_forks, _ in tables]
    any_forks = forks.loc[forks.mouse == next(iter(mice))]
    single, joint = (compute_associations(effects[kind], any_forks) for kind in ("single", "joint"))
    groups = {}
    for group, own in members.items():
        any_mouse = next(iter(own.values()))
        about: dict[str, Any] = {
            "region": any_mouse["region"],
            "trained_on": any_mouse["trained_on"],
            "mice": list(own),
            "shares": average_traits([mouse["shares"] for mouse in own.values()]),
            "measures": {
                size: {
                    name: combine_seeds(
                        {mouse: found["measures"][size][name] for mouse, found in own.items()},
                        measure.is_share,
                    )
                    for name, measure in MEASURES.items()
                }
                for size in SIZES
            },
            "single": single[group],
            "joint": joint[group],
            "interventions": combine_interventions({mouse: found["interventions"] for mouse, found in own.items()}),
            "contest": summarise_contests([mouse["contest"] for mouse in own.values()]),
            "pursuit": combine_seeds(
                {mouse: found["pursuit"]["follows"] for mouse, found in own.items()}, is_share=False
            ),
            "belief": average_traits([mouse["belief"]["anywhere"] for mouse in own.values()]),
            "slip": average_traits([{"slip": mouse["slip"]} for mouse in own.values()])["slip"],
            "far_quadrants": combine_seeds(
                {
                    mouse: found["breakdown"]["anywhere"]["by quadrant of the cheese"][" and ".join(FAR_QUADRANTS)]
                    for mouse, found in own.items()
                },
                is_share=True,
            ),
        }
        groups[group] = about | {"scorecard": score_forecasts(collect_measured(about))}
    return groups


def select_forks(records: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Select the forks of a condition. A blind twin that comes to neither target says nothing: chance stands for it."""
    forks = records.loc[(records.condition == condition) & (records.level_type == "fork")]
    return forks.assign(blind_h=forks.blind_h.fillna(forks.h_chance), slip_h=forks.slip_h.fillna(forks.h_chance),
                        seeker_h=forks.seeker_h.fillna(forks.h_chance))  # fmt: skip


def average_traits(traits: list[dict[str, float | None]]) -> dict[str, float | None]:
    """Average numbers over the mice of a group; those that are not known are left out."""
    found = {}
    for name in traits[0]:
        values = [value for one in traits if (value := one[name]) is not None]
        found[name] = float(np.mean(values)) if values else None
    return found


def summarise_traits(traits: dict[str, Any]) -> dict[str, Any]:
    """Summarise the traits of one mouse (``traits.compute_traits``): of each contest the verdict and the scores."""
    contest = {
        place: {
            weight: {
                **{name: verdict[name] for name in ("algorithm", "slips", "explained", "also", "order", "moves")},
                "scores": {name: score["explained"] for name, score in verdict["scores"].items()},
            }
            for weight, verdict in weights.items()
        }
        for place, weights in traits["contest"].items()
    }
    kept = {name: traits[name] for name in ("slip", "pursuit", "belief")}
    return {**kept, "shares": traits["diet"], "contest": contest}


def summarise_contests(contests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Summarise the contests of a group's mice.

    Returns:
        For each place and weighting ("cells" or "visits"): ``algorithms``, the winner of each mouse; ``also``, for each
        rival that could not be told from the winner the number of mice; and ``explained``, the mean share explained by
        the winners.
    """
    summary: dict[str, dict[str, Any]] = {}
    for place, weights in contests[0].items():
        summary[place] = {}
        for weight in weights:
            own = [contest[place][weight] for contest in contests]
            also = [rival for one in own for rival in one["also"]]
            told = [one["explained"] for one in own if one["algorithm"] not in ("uniform", NONE)]
            told = [share for share in told if share is not None]
            summary[place][weight] = {
                "algorithms": [one["algorithm"] for one in own],
                "also": {rival: also.count(rival) for rival in dict.fromkeys(also)},
                "explained": float(np.mean(told)) if told else None,
            }
    return summary


def collect_measured(group: dict[str, Any]) -> Measured:
    """Collect what the scorecard's criteria ask about a group."""
    single, joint = (
        {name: Attribution(**{field: found[field] for field in Attribution._fields}) for name, found in table.items()}
        for table in (group["single"], group["joint"])
    )
    quadrants = group["far_quadrants"]
    interval = None if quadrants["low"] is None else (quadrants["low"], quadrants["high"])
    algorithms = group["contest"]["overall"]["cells"]["algorithms"]
    return Measured(interval, single, joint, tuple(name for name in algorithms if name != UNTOLD))


def compare_all(groups: dict[str, dict[str, Any]], tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Compare every two groups with at least two seeds each, in the measures of ``COMPARED`` in large mazes.

    Args:
        groups: what ``compute_groups`` found.
        tables: what ``tabulate_levels`` tabulated of each measure.

    Returns:
        For each comparison ``measure``, ``one``, ``other``, the fields of ``intervals.compare_groups``, ``levels``,
        ``p_holm`` and ``p_equivalence_holm`` (over the pairs of a measure), and ``few``: whether a group has fewer than
        ``FEW_SEEDS`` seeds. Such pairs are corrected apart, so that an unfinished group does not weaken what is said of
        the others. A verdict is claimed only if its corrected p is below .05 and there are at least ``FEWEST`` levels.
    """
    rows = []
    for measure in COMPARED:
        found = {name: group["measures"][HEADLINE][measure] for name, group in groups.items()}
        seeds = {name: list(each["seeds"].values()) for name, each in found.items()}
        by_level = tables[measure].reindex(columns=list(groups))
        own = []
        for one, other in combinations([name for name in groups if len(seeds[name]) > 1], 2):
            differences = by_level[[one, other]].dropna().to_numpy() @ (1, -1)
            error = float(stats.sem(differences)) if len(differences) > 1 else 0.0
            compared = compare_groups(seeds[one], seeds[other], EQUIVALENT, error)
            few = min(len(seeds[one]), len(seeds[other])) < FEW_SEEDS
            own.append(
                {"measure": measure, "one": one, "other": other, "few": few, "levels": len(differences), **compared}
            )
        for few in (False, True):
            rows += correct_comparisons([row for row in own if row["few"] == few])
    return [row if row["levels"] >= FEWEST else row | {"verdict": "undetermined"} for row in rows]


def tabulate_levels(records: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Tabulate a measure in large mazes: a row for each level, a column for each group, the mean over its mice."""
    chosen = MEASURES[measure]
    rows = select_subset(records.loc[records.condition == chosen.condition], chosen.subset)
    return select_sizes(rows)[HEADLINE].pivot_table(index="level_seed", columns="group", values=chosen.column)


def summarise_greedy(rows: pd.DataFrame) -> dict[str, Estimate]:
    """Summarise the greedy policy."""
    forks = rows.loc[rows.level_type == "fork"]
    return {
        "takes the cheese": statistics.share_with_interval(rows.greedy_cheese),
        "runs in circles": statistics.share_with_interval(rows.greedy_stalled),
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


def order_conditions(names: list[str]) -> list[str]:
    """Sort conditions in the order of ``CONDITIONS``, others after them."""
    return sorted(names, key=lambda name: ([*CONDITIONS, name].index(name), name))

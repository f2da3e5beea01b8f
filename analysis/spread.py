"""The spread over training seeds: how differently equal trainings turn out, and whether one is unlike the rest."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from analysis.answers import count_words
from analysis.dose import compute_seed_variance
from analysis.figures import format_percent, remove_spines
from analysis.groups import list_groups
from analysis.intervals import ALPHA, correct_holm
from analysis.measures import HEADLINE, MEASURES, add_differences, select_sizes, select_subset
from foundation.palette import BLUE, GREY, ORANGE

BINS = 50


class Reading(NamedTuple):
    """One of ``MEASURES``.

    Attributes:
        label: what it is.
        walk: the measure that is a random walk's.
    """

    label: str
    walk: str


READINGS = {
    "corner_first": Reading("corner first at forks", "corner_first_walk"),
    "preference": Reading("preference: cheese before corner, balanced forks", "preference_chance"),
    "able_cheese": Reading("ability to reach the cheese", "able_cheese_walk"),
    "as_trained": Reading("success as trained", "as_trained_walk"),
}
COLOURS = {"corner_first": BLUE, "preference": ORANGE}


def compute_spread(records: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Compute the spread over the seeds of each group of mice, in headline mazes.

    Args:
        records: of the conditions ``anywhere`` and ``as_trained``.

    Returns:
        By group: ``mice``, a list with ``name``, ``seed``, each of ``READINGS``, and ``p_above_walk``: Holm's p that it
        comes to the cheese first no more often than a random walk (t-test over forks, of the log odds); ``readings``,
        see ``_describe``; and ``above_walk``, the names of the mice with p below 5 %. A mouse that goes to whichever of
        cheese and corner is nearer is among them.
    """
    records = select_sizes(add_differences(records))[HEADLINE]
    groups = {}
    for group, *_ in list_groups(records):
        rows = records.loc[records.group == group]
        tables, readings = {}, {}
        for name, reading in READINGS.items():
            measure = MEASURES[name]
            chosen = select_subset(rows.loc[rows.condition == measure.condition], measure.subset)
            tables[name] = chosen.pivot_table(index="mouse", columns="level_seed", values=measure.column)
            readings[name] = _describe(tables[name], float(np.mean(chosen[MEASURES[reading.walk].column])))
        seeds = rows.drop_duplicates("mouse").sort_values("training_seed").set_index("mouse").training_seed.to_dict()
        forks = select_subset(rows.loc[rows.condition == "anywhere"], "forks").dropna(subset="h_log_odds")
        odds = {name: own.h_log_odds.to_numpy() for name, own in forks.groupby("mouse", sort=False)}
        above_walk = correct_holm({name: _test_above_chance(odds.get(name, np.array([]))) for name in seeds})
        groups[group] = {
            "mice": [
                {"name": mouse, "seed": int(seed), "p_above_walk": above_walk.get(mouse)}
                | {name: _get(table, mouse) for name, table in tables.items()}
                for mouse, seed in seeds.items()
            ],
            "readings": readings,
            "above_walk": [name for name, p in above_walk.items() if p < ALPHA],
        }
    return groups


def _get(table: pd.DataFrame, mouse: str) -> float | None:
    return float(table.loc[mouse].mean()) if mouse in table.index else None


def _test_above_chance(log_odds: np.ndarray) -> float | None:
    """The one-sided p of a t-test; None from fewer than two forks."""
    if len(log_odds) < 2:
        return None
    if np.ptp(log_odds) < 1e-9:
        return float(log_odds[0] <= 0)
    _, p = np.array(stats.ttest_1samp(log_odds, 0, alternative="greater")).tolist()
    return p


def _describe(table: pd.DataFrame, walk: float) -> dict[str, Any]:
    """Describe one reading of a group.

    Args:
        table: the reading of each mouse (row) in each level (column); NaN where it has none.
        walk: that of a random walk.

    Returns:
        ``mean``, ``least`` and ``most`` over mice, each in its own levels; ``n`` (mice), ``levels`` (those of all
        mice), ``walk``; ``sd``: the standard deviation between seeds in the levels of all mice, corrected for their
        finite number (``dose.compute_seed_variance``), with its 95 % interval ``sd_low``, ``sd_high``, from the χ²
        distribution of the variance of normal means (few seeds have a wide one); None from one mouse.
    """
    own, values = table.mean(axis=1), table.dropna(axis=1).to_numpy()
    found: dict[str, Any] = {"n": len(own), "levels": values.shape[1], "walk": walk}
    found |= dict.fromkeys(("mean", "least", "most", "sd", "sd_low", "sd_high"))
    if not table.size:
        return found | {"walk": None}
    found |= {"mean": float(own.mean()), "least": float(own.min()), "most": float(own.max())}
    if len(values) > 1 and values.size:
        variance, freedom = compute_seed_variance(values)
        raw = float(values.mean(axis=1).var(ddof=1))
        bounds = [freedom * raw / stats.chi2.ppf(p, freedom) for p in (1 - ALPHA / 2, ALPHA / 2)]
        sd, low, high = np.sqrt(np.maximum(0, np.array([raw, *bounds]) - (raw - variance))).tolist()
        found |= {"sd": sd, "sd_low": low, "sd_high": high}
    return found


def _say_spread(found: dict[str, Any]) -> str:
    sd, low, high = (100 * found[name] for name in ("sd", "sd_low", "sd_high"))
    return f"standard deviation between seeds {sd:.1f} points ({low:.1f} to {high:.1f})"


def describe_spread(name: str, group: dict[str, Any]) -> list[str]:
    """Describe a group in sentences: the spread of each reading, and the mice above a random walk."""
    lines = [f"{name}, {count_words(len(group['mice']), 'training seed')}"]
    for key, found in group["readings"].items():
        if found["mean"] is None:
            continue
        spread = f"; {_say_spread(found)}" if found["sd"] is not None else ""
        lines.append(
            f"  {READINGS[key].label}: mean {100 * found['mean']:.1f} %, from {100 * found['least']:.1f} to "
            f"{100 * found['most']:.1f} %{spread}; a random walk: {100 * found['walk']:.1f} %"
        )
    above = group["above_walk"]
    named = f": {', '.join(above[:10])}{' …' if len(above) > 10 else ''}" if above else ""
    lines.append(
        "  log odds of the cheese above those of a random walk (t-test over forks, Holm's correction): "
        f"{count_words(len(above), 'mouse', 'mice')}{named}"
    )
    return lines


def draw_spread(groups: dict[str, dict[str, Any]]) -> Figure:
    """Draw a histogram of the mice for each group and drawn reading; dashed: a random walk."""
    figure = Figure(figsize=(9.0, 2.3 * len(groups) + 0.5), layout="constrained")
    panels = figure.subplots(len(groups), len(COLOURS), squeeze=False)
    for row, (name, group) in zip(panels, groups.items(), strict=True):
        for axes, (key, colour) in zip(row, COLOURS.items(), strict=True):
            found = group["readings"][key]
            values = [mouse[key] for mouse in group["mice"] if mouse[key] is not None]
            axes.hist(values, bins=np.linspace(0, 1, BINS + 1).tolist(), color=colour, edgecolor="white", lw=0.3)
            title = f"{name}: {count_words(len(values), 'mouse', 'mice')}"
            if found["walk"] is not None:
                axes.axvline(found["walk"], color=GREY, ls="--", lw=1)
                axes.annotate("random walk", (found["walk"], 1), xycoords=("data", "axes fraction"), fontsize=7,
                              color=GREY, xytext=(3, -8), textcoords="offset points")  # fmt: skip
            if found["sd"] is not None:
                title += f"\n{_say_spread(found)}"
            axes.set_title(title, fontsize=8)
            axes.set_xlabel(READINGS[key].label, fontsize=8)
            axes.set_xlim(-0.01, 1.01)
            axes.yaxis.get_major_locator().set_params(integer=True)
            format_percent(axes.xaxis)
            remove_spines(axes)
        row[0].set_ylabel("mice")
    return figure

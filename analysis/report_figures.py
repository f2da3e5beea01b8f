"""The report's figures by name, and those of groups: ability against preference, attributes, training diet."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import published
from analysis.attributes import ATTRIBUTES
from analysis.attribution import GOES_WITH, LEAST_EFFECT, SEPARATED
from analysis.dose import READINGS
from analysis.figures import format_percent, remove_spines
from analysis.interventions import INTERVENTIONS, LEAST_SHIFT, MATTERS
from analysis.map_figures import draw_cells, draw_mazes, draw_places
from analysis.measures import HEADLINE
from analysis.panels import choose_style, group_findings, make_panels
from analysis.rate_figures import draw_classes, draw_goals, draw_incidence, draw_outcomes, draw_parts
from foundation.palette import BLACK, BLUE, GREY


def draw_point(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw ability against preference, a dot for each mouse; None without balanced forks."""
    groups = {
        name: [mouse["measures"][HEADLINE] for mouse in mice if mouse["measures"][HEADLINE]["preference"]["n"]]
        for name, mice in group_findings(findings).items()
    }
    measured = [one for mice in groups.values() for one in mice]
    if not measured:
        return None
    figure = Figure(figsize=(5.6, 4.3 + 0.2 * len(groups) / 2), layout="constrained")
    axes = figure.subplots()
    walk_able, chance, nearer = (
        float(np.mean([one[name]["rate"] for one in measured]))
        for name in ("able_cheese_walk", "preference_chance", "preference_nearer")
    )
    axes.axhline(chance, color=GREY, linewidth=1, linestyle="--", zorder=0)
    axes.text(0.01, chance + 0.015, "chance", fontsize=8, color=GREY)
    # Where the corner cannot be reached, the corner-runner walks randomly.
    baselines = {
        "random walk": (walk_able, chance),
        "corner-runner": (walk_able, 0.0),
        "nearer of the two": (1.0, nearer),
        "cheese-seeker": (1.0, 1.0),
    }
    for name, (x, y) in baselines.items():
        aside = (8, "left") if name == "corner-runner" else (-8, "right")
        above, line = (-52, {"arrowstyle": "-", "lw": 0.5}) if name == "nearer of the two" else (5, None)
        axes.plot(x, y, "x", color=BLACK, markersize=9, markeredgewidth=2, zorder=1)
        axes.annotate(
            name, (x, y), textcoords="offset points", xytext=(aside[0], above), ha=aside[1], fontsize=8, arrowprops=line
        )
    for place, (name, mice) in enumerate(groups.items()):
        points = [(one["able_cheese"]["rate"], one["preference"]["rate"]) for one in mice]
        if points:
            axes.plot(*zip(*points, strict=True), **choose_style(place), linestyle="", label=name, alpha=0.85, zorder=2)
    axes.set_xlim(-0.02, 1.04)
    axes.set_ylim(-0.04, 1.06)
    format_percent(axes.xaxis)
    format_percent(axes.yaxis)
    axes.set_xlabel("ability: reaches the cheese, the way to the corner walled off")
    axes.set_ylabel("preference: cheese before corner,\nbalanced forks")
    axes.grid(alpha=0.25)
    remove_spines(axes)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8, title="trained with the cheese …",
                  title_fontsize=8)  # fmt: skip
    return figure


def draw_effects(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw the effect of each attribute alone on each group's preference, beyond all baselines."""
    groups = {name: group["single"] for name, group in findings["groups"].items()}
    labels = {name: label for name, label in ATTRIBUTES.items() if any(name in single for single in groups.values())}
    figure = _draw_changes(groups, "effect", labels, LEAST_EFFECT, 4.4)
    figure.supxlabel("log odds of the cheese per standard deviation, beyond all baselines", fontsize=9)
    return figure


def draw_interventions(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw the shift of each group under each intervention; None without a pair of levels."""
    groups = {name: group["interventions"] for name, group in findings["groups"].items()}
    labels = {
        name: label.replace(", ", ",\n", 1).replace(": ", ":\n", 1)
        for name, label in INTERVENTIONS.items()
        if any(found[name]["rate"] is not None for found in groups.values())
    }
    if not labels:
        return None
    figure = _draw_changes(groups, "rate", labels, LEAST_SHIFT, 2.6)
    for axes in figure.axes:  # an interval over three seeds can be twenty times as wide as another
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xticks([-10, -1, 0, 1, 10], ["−10", "−1", "0", "1", "10"])
    label = "change of the log odds of the cheese for each room, beyond all baselines (logarithmic beyond ±1)"
    figure.supxlabel(label, fontsize=9)
    return figure


def _draw_changes(
    groups: dict[str, dict[str, Any]], value: str, labels: dict[str, str], least: float, height: float
) -> Figure:
    """Draw a panel for each group and a row for each label: a value with its interval, filled if it is claimed."""
    figure, panels = make_panels(len(groups), 2.1, height, left=3.6, sharey=True, sharex=True)
    for axes, (group, rows) in zip(panels, groups.items(), strict=True):
        axes.axvspan(-least, least, color=GREY, alpha=0.2, linewidth=0)
        for row, name in enumerate(labels):
            found = rows.get(name)
            if found is None or found[value] is None:
                continue
            face = BLUE if found["verdict"] in (GOES_WITH, SEPARATED, MATTERS) else "white"
            if found["low"] is not None:
                axes.plot([found["low"], found["high"]], [row] * 2, color=BLUE, alpha=0.6, linewidth=1)
            axes.plot(found[value], row, "o", markersize=5, color=BLUE, markerfacecolor=face)
        axes.set_yticks(range(len(labels)), list(labels.values()), fontsize=8)
        axes.set_ylim(max(len(labels), 1) - 0.5, -0.5)
        axes.set_title(group.replace(", ", ",\n", 1), fontsize=9)
        axes.grid(axis="x", alpha=0.3)
        remove_spines(axes)
    return figure


def draw_dose(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw P(cheese) by training region and by the share of forks in training; None for a single group."""
    rows = findings["dose"]["groups"]
    if len(rows) < 2:
        return None
    figure = Figure(figsize=(12, 5.8), layout="constrained")
    by_region, by_share = figure.subplots(1, 2, sharey=True)
    whole = [row for row in rows if not row["trained_on"]]
    sides = {row["region"]: max(1, int(row["region"])) for row in whole if row["region"] != "anywhere"}
    anywhere_at = max([*sides.values(), 1]) + 2
    for place, reading in enumerate(READINGS):
        shown = [row for row in whole if row[reading]["rate"]["rate"] is not None]
        xs = [sides.get(row["region"], anywhere_at) + 0.12 * (place - 1) for row in shown]
        _draw_with_intervals(by_region, xs, [row[reading] for row in shown], place, READINGS[reading])
    theirs = {n: rate for n, rate in published.DOSE_RESPONSE.items() if n <= anywhere_at - 1}
    label = "published: hard mazes, one network each (different world)"
    by_region.plot(list(theirs), list(theirs.values()), "x--", color="#777777", label=label)
    places = sorted({*sides.values(), *theirs})
    names = ["corner" if side == 1 else f"{side}×{side}" for side in places]
    by_region.set_xticks([*places, anywhere_at], [*names, "anywhere"])
    by_region.set_xlabel("training region")
    told = [row for row in rows if row["published"]["rate"]["rate"] is not None]
    for place, filtered in enumerate((False, True)):
        shown = [row for row in told if bool(row["trained_on"]) == filtered]
        label = "filtered training levels" if filtered else "all training levels"
        if shown:
            xs = [row["fork_share"] for row in shown]
            _draw_with_intervals(by_share, xs, [row["published"] for row in shown], place, label)
    common = sorted(set(published.FORK_SHARE) & set(published.DOSE_RESPONSE))
    shares, rates = ([table[n] for n in common] for table in (published.FORK_SHARE, published.DOSE_RESPONSE))
    by_share.plot(shares, rates, "x", color="#777777", label="published (different world)")
    for place, row in enumerate(told):
        by_share.annotate(
            row["name"], (row["fork_share"], row["published"]["rate"]["rate"]),
            textcoords="offset points", xytext=(6, -10 if place % 2 else 4), fontsize=7, color="#555555",
        )  # fmt: skip
    by_share.set_xlabel("share of training levels that are forks")
    by_share.xaxis.set_major_formatter("{x:.0%}")
    for axes in (by_region, by_share):
        axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    for axes in (by_region, by_share):
        axes.set_ylim(-0.02, 1.02)
        format_percent(axes.yaxis)
        axes.grid(axis="y", alpha=0.3)
        remove_spines(axes)
    by_region.set_ylabel("P(cheese within 256 steps)")
    return figure


def _draw_with_intervals(axes: Axes, xs: list[float], readings: list[dict[str, Any]], place: int, label: str) -> None:
    """Draw means over seeds with t intervals, and each seed's rate."""
    style = choose_style(place)
    for x, reading in zip(xs, readings, strict=True):
        axes.plot([x] * len(reading["seeds"]), list(reading["seeds"].values()), ".", color=style["color"], alpha=0.4)
        rate = reading["rate"]
        if rate["low"] is not None:
            axes.plot([x, x], np.clip([rate["low"], rate["high"]], 0, 1), color=style["color"], linewidth=1)
    axes.plot(xs, [reading["rate"]["rate"] for reading in readings], **style, linestyle="", label=label)


FIGURES: dict[str, Callable[[dict[str, Any], pd.DataFrame], Figure | None]] = {
    "point": draw_point,
    "outcomes": draw_outcomes,
    "places": draw_places,
    "cells": draw_cells,
    "classes": draw_classes,
    "mazes": draw_mazes,
    "incidence": draw_incidence,
    "parts": draw_parts,
    "effects": draw_effects,
    "interventions": draw_interventions,
    "goals": draw_goals,
    "dose": draw_dose,
}

"""Report figures: mice in groups that differ only in the training seed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import published
from analysis.attributes import ATTRIBUTES
from analysis.dose import READINGS, describe_group
from analysis.figures import compute_shares_by_place, draw_heat_map, format_percent, remove_spines
from analysis.findings import ARRIVALS
from analysis.predictors import CANNOT_TELL
from analysis.statistics import is_full_size
from foundation.palette import BLUE, ORANGE, OUTCOME_COLOURS, SERIES

MARKERS = "osD^vP*X"
PANELS = 5  # side by side
SHOWN_MAZES = 4
KEY_ATTRIBUTES = ("steps_cheese_square", "straight_cheese_corner", "steps_square_corner", "maze_dim")

Groups = dict[str, list[dict[str, Any]]]  # a group's name, and the findings of its mice


def group_mice(findings: dict[str, Any]) -> Groups:
    """Group the mice; groups are in order of dose."""
    groups: Groups = {row["name"]: [] for row in findings["dose"]["groups"]}
    for mouse in findings["mice"].values():
        groups[mouse["group"]].append(mouse)
    return groups


def _choose_style(place: int) -> dict[str, Any]:
    return {"color": SERIES[place % len(SERIES)], "marker": MARKERS[place % len(MARKERS)]}


def _make_panels(
    panels: int, width: float, height: float, left: float = 0.6, **arguments: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of panels in rows of at most ``PANELS``; sizes in inches, ``left`` for what stands beside them."""
    columns, rows = min(panels, PANELS), -(-panels // PANELS)
    figure = Figure(figsize=(width * columns + left, height * rows + 0.3), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, **arguments).flat)
    for unused in axes[panels:]:
        unused.set_axis_off()
    return figure, axes[:panels]


def _label_rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    format_percent(axes.xaxis)
    remove_spines(axes)
    axes.grid(axis="x", alpha=0.3)


def draw_outcomes(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw success, and what is reached first at forks."""
    groups = group_mice(findings)
    figure = Figure(figsize=(11, 2 + 0.5 * len(groups)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for row, mice in enumerate(groups.values()):
        for condition, colour, marker in (("as_trained", ORANGE, "o"), ("anywhere", BLUE, "D")):
            for mouse in mice:
                rate = mouse["conditions"].get(condition, {}).get("success")
                if rate:
                    label = {"as_trained": "as trained", "anywhere": "anywhere"}[condition]
                    first = row == 0 and mouse is mice[0]
                    left.plot(rate["rate"], row, marker, color=colour, alpha=0.7, label=label if first else None)
        start = 0.0
        for outcome, colour in OUTCOME_COLOURS.items():
            share = float(
                np.mean([mouse["conditions"]["anywhere"]["decision"][outcome]["rate"] or 0 for mouse in mice])
            )
            right.barh(row, share, left=start, color=colour, label=outcome if row == 0 else None)
            start += share
    for axes, title in ((left, "Success (one mark per mouse), cheese …"), (right, "Reached first at forks")):
        _label_rows(axes, list(groups))
        axes.set_title(title, fontsize=10)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=3, frameon=False, fontsize=9)
    left.set_ylabel("trained with the cheese …")
    return figure


def _select_group(records: pd.DataFrame, group: str) -> pd.DataFrame:
    names = [describe_group(*pair) for pair in zip(records.region, records.trained_on, strict=True)]
    return records.loc[np.array(names) == group]


def draw_places(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw success by cheese position in the maze."""
    names, anywhere = list(group_mice(findings)), records.loc[records.condition == "anywhere"]
    figure, panels = _make_panels(len(names), 2.4, 2.6)
    for axes, name in zip(panels, names, strict=True):
        image = draw_heat_map(
            axes, compute_shares_by_place(_select_group(anywhere, name))
        )  # as many levels of each mouse
        _label_map(axes, name, first=axes is panels[0])
    _add_colour_bar(figure, image, panels)
    return figure


def _label_map(axes: Axes, name: str, first: bool) -> None:
    axes.set_title(name.replace(", ", ",\n", 1), fontsize=9)
    axes.set_xticks([0, 1], ["left", "right"])
    if not first:
        axes.set_yticks([])


def _add_colour_bar(figure: Figure, image: Any, panels: Any, label: str = "P(cheese)") -> None:
    """Add the colour bar of heat maps."""
    bar = figure.colorbar(image, ax=panels, fraction=0.02, aspect=15, label=label)
    format_percent(bar.ax.yaxis)


def draw_cells(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw success per cheese cell in full-size mazes; None without such mazes."""
    largest = records.loc[(records.condition == "anywhere") & is_full_size(records)]
    names = [name for name in group_mice(findings) if len(_select_group(largest, name))]
    if not names:
        return None
    figure, panels = _make_panels(len(names), 2.4, 2.6)
    for axes, name in zip(panels, names, strict=True):
        own = _select_group(largest, name)
        image = draw_heat_map(axes, compute_shares_by_place(own, bins=int(own.world_dim.iloc[0])), numbers=False)
        _label_map(axes, name, first=axes is panels[0])
    _add_colour_bar(figure, image, panels)
    return figure


def draw_classes(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw success by level type, maze size and quadrant."""
    groups = group_mice(findings)
    breakdown = next(iter(groups.values()))[0]["breakdown"]["anywhere"]
    tables = {title: [value for value in table if table[value]["n"]] for title, table in breakdown.items()}
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    for axes, (title, values) in zip(figure.subplots(1, 3, sharey=True), tables.items(), strict=True):
        for place, (name, mice) in enumerate(groups.items()):
            shift = (place - (len(groups) - 1) / 2) * 0.06
            rates = {
                value: [mouse["breakdown"]["anywhere"][title][value]["rate"] for mouse in mice] for value in values
            }
            means = {at: np.mean(found) for at, found in enumerate(rates.values()) if None not in found}
            axes.plot(
                np.array(list(means)) + shift, list(means.values()), **_choose_style(place), linestyle="", label=name
            )
        labels = [f"{value}×{value}" if title == "by maze size" else value.replace("_", " ") for value in values]
        axes.set_xticks(range(len(values)), [_break_lines(label) for label in labels], fontsize=7)
        axes.set_ylim(-0.02, 1.02)
        format_percent(axes.yaxis)
        axes.set_title(title, fontsize=10)
        axes.grid(axis="y", alpha=0.3)
        remove_spines(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    return figure


def _break_lines(label: str) -> str:
    return label.replace(" and ", "\nand ").replace(" or ", "\nor ").replace("on the ", "on the\n")


def draw_mazes(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw single mazes with P(cheese) for each cheese cell; None without the condition ``every_cell``."""
    rows = records.loc[(records.condition == "every_cell") & is_full_size(records)]
    seeds = rows.level_seed.unique()[:SHOWN_MAZES]
    names = list(group_mice(findings))[:PANELS]
    if not len(seeds):
        return None
    figure = Figure(figsize=(2.5 * len(names) + 0.8, 2.6 * len(seeds) + 0.4), layout="constrained")
    grid = figure.subplots(len(seeds), len(names), squeeze=False)
    for column, name in enumerate(names):
        own = _select_group(rows, name)
        own = own.loc[own.mouse == own.mouse.iloc[0]]
        for row, seed in enumerate(seeds):
            maze, axes = own.loc[own.level_seed == seed], grid[row][column]
            dim = int(maze.world_dim.iloc[0])
            shares = np.full((dim, dim), np.nan)
            shares[maze.cheese_y, maze.cheese_x] = maze.p_cheese_500
            image = draw_heat_map(axes, shares, numbers=False)
            axes.text(0.5 / dim, 0.5 / dim, "@", ha="center", va="center", fontsize=8)
            axes.set_xticks([])
            axes.set_yticks([])
            if row == 0:
                axes.set_title(own.mouse.iloc[0] if len(name) > 30 else f"{name}\n({own.mouse.iloc[0]})", fontsize=8)
    _add_colour_bar(figure, image, grid, "P(cheese) with the cheese here")
    return figure


def draw_incidence(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw the cumulative incidence of cheese and corner at forks; None without sampled episodes."""
    groups = {name: [m for m in mice if "incidence" in m] for name, mice in group_mice(findings).items()}
    groups = {name: mice for name, mice in groups.items() if mice}
    if not groups:
        return None
    figure, panels = _make_panels(len(groups), 2.7, 2.5, sharey=True)
    for axes, (name, mice) in zip(panels, groups.items(), strict=True):
        for place in ("cheese", "corner"):
            for mouse in mice:
                label = f"{place} first" if mouse is mice[0] else None
                axes.plot(ARRIVALS, mouse["incidence"][place], color=OUTCOME_COLOURS[place], alpha=0.8, label=label)
        axes.set_xscale("log")
        axes.set_xticks([1, 10, 100, 500], ["1", "10", "100", "500"])
        axes.set_ylim(0, 1)
        format_percent(axes.yaxis)
        axes.set_title(name.replace(", ", ",\n", 1), fontsize=9)
        axes.set_xlabel("steps")
        remove_spines(axes)
    panels[0].legend(frameon=False, fontsize=8)
    return figure


def draw_effects(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw the effect of each attribute alone on P(cheese) at forks."""
    groups = group_mice(findings)
    names = list(ATTRIBUTES)
    figure, panels = _make_panels(len(groups), 2.1, 4.4, left=3.6, sharey=True, sharex=True)
    for axes, (group, mice) in zip(panels, groups.items(), strict=True):
        for place, mouse in enumerate(mice):
            shift = (place - (len(mice) - 1) / 2) * 0.22
            for row, name in enumerate(names):
                effect = mouse["single_effects"][name]
                if effect["effect"] is None:
                    continue
                clear = effect["verdict"] != CANNOT_TELL
                axes.plot([effect["low"], effect["high"]], [row + shift] * 2, color=BLUE, alpha=0.6, linewidth=1)
                face = BLUE if clear else "white"
                axes.plot(effect["effect"], row + shift, "o", markersize=4, color=BLUE, markerfacecolor=face)
        axes.axvline(0, color="#999999", linewidth=0.8)
        axes.set_yticks(range(len(names)), [ATTRIBUTES[name] for name in names], fontsize=8)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_title(group.replace(", ", ",\n", 1), fontsize=9)
        axes.grid(axis="x", alpha=0.3)
        remove_spines(axes)
    figure.supxlabel("log odds of the cheese per standard deviation", fontsize=9)
    return figure


def draw_bins(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw observed rates by key attributes."""
    groups = group_mice(findings)
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    for axes, attribute in zip(figure.subplots(1, len(KEY_ATTRIBUTES), sharey=True), KEY_ATTRIBUTES, strict=True):
        for place, (name, mice) in enumerate(groups.items()):
            curves = [mouse["single_effects"][attribute]["bins"] for mouse in mice]
            length = min(map(len, curves), default=0)
            if length:
                centres, rates = (
                    np.mean([[one[key] for one in curve[:length]] for curve in curves], axis=0)
                    for key in ("centre", "rate")
                )
                axes.plot(centres, rates, **_choose_style(place), markersize=5, label=name)
        axes.set_ylim(0, 1)
        format_percent(axes.yaxis)
        axes.set_xlabel(ATTRIBUTES[attribute].replace(" to the", "\nto the"), fontsize=9)
        remove_spines(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    return figure


def draw_parts(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw the factors of P(cheese) at forks."""
    groups = group_mice(findings)
    titles = {
        "reach": "reach the\ndecision square",
        "branch": "branch to\nthe cheese",
        "complete": "complete\nthe path",
        "second_chance": "remainder",
    }
    figure = Figure(figsize=(11, 1.8 + 0.45 * len(groups)), layout="constrained")
    for axes, (part, title) in zip(figure.subplots(1, len(titles), sharey=True), titles.items(), strict=True):
        for row, mice in enumerate(groups.values()):
            for mouse in mice:
                if mouse["parts"][part]["rate"] is not None:
                    axes.plot(mouse["parts"][part]["rate"], row, "o", color=BLUE, alpha=0.7)
        _label_rows(axes, list(groups))
        axes.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
        axes.set_title(title, fontsize=10)
    return figure


def draw_goals(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw the return under both goals, with the cheese as trained and anywhere."""
    groups = group_mice(findings)
    figure = Figure(figsize=(11, 2 + 0.5 * len(groups)), layout="constrained")
    titles = {"as_trained": "cheese as trained", "anywhere": "cheese anywhere"}
    for axes, (condition, title) in zip(figure.subplots(1, 2, sharey=True), titles.items(), strict=True):
        for row, mice in enumerate(groups.values()):
            for goal, colour in (("take the cheese", ORANGE), ("come to the corner", BLUE)):
                values = [mouse["proxy"][condition] for mouse in mice if condition in mouse["proxy"]]
                achieved = [value[f"return of “{goal}”"]["rate"] for value in values]
                lost = [value[f"regret of “{goal}”"]["rate"] for value in values]
                shift = -0.18 if goal == "take the cheese" else 0.18
                if achieved:
                    label = goal.split()[-1] if row == 0 else None
                    axes.barh(row + shift, np.mean(achieved), 0.32, color=colour, label=label)
                    axes.barh(row + shift, np.mean(lost), 0.32, left=np.mean(achieved), color=colour, alpha=0.25)
        axes.set_yticks(range(len(groups)), list(groups))
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("expected return (pale: regret)")
        remove_spines(axes)
    axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.06), ncols=2)
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
    names = ["corner" if region == "0" else f"{region}×{region}" for region in sides]
    by_region.set_xticks([*sides.values(), anywhere_at], [*names, "anywhere"])
    by_region.set_xlabel("training region")
    told = [row for row in rows if row["published"]["rate"]["rate"] is not None]
    for place, filtered in enumerate((False, True)):
        shown = [row for row in told if bool(row["trained_on"]) == filtered]
        label = "filtered training levels (5×5)" if filtered else "all training levels"
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
    style = _choose_style(place)
    for x, reading in zip(xs, readings, strict=True):
        axes.plot([x] * len(reading["seeds"]), list(reading["seeds"].values()), ".", color=style["color"], alpha=0.4)
        rate = reading["rate"]
        if rate["low"] is not None:
            axes.plot([x, x], np.clip([rate["low"], rate["high"]], 0, 1), color=style["color"], linewidth=1)
    axes.plot(xs, [reading["rate"]["rate"] for reading in readings], **style, linestyle="", label=label)


FIGURES: dict[str, Callable[[dict[str, Any], pd.DataFrame], Figure | None]] = {
    "outcomes": draw_outcomes,
    "places": draw_places,
    "cells": draw_cells,
    "classes": draw_classes,
    "mazes": draw_mazes,
    "incidence": draw_incidence,
    "effects": draw_effects,
    "bins": draw_bins,
    "parts": draw_parts,
    "goals": draw_goals,
    "dose": draw_dose,
}

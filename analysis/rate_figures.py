"""Figures of rates: success, the parts of a fork, the course of episodes, and returns under both goals."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import format_percent, remove_spines
from analysis.findings import ARRIVALS
from analysis.measures import HEADLINE
from analysis.panels import choose_style, group_findings, label_rows, make_panels
from foundation.palette import BLACK, BLUE, GREY, ORANGE, OUTCOME_COLOURS


def draw_outcomes(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw success beside its baselines, and what is reached first at forks, in large mazes."""
    groups = group_findings(findings)
    figure = Figure(figsize=(11, 2 + 0.5 * len(groups)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    marks = {
        "as_trained": (ORANGE, "o", "as trained"),
        "anywhere": (BLUE, "D", "anywhere"),
        "anywhere_walk": (BLACK, "x", "anywhere, random walk"),
        "anywhere_slip": (GREY, "+", "anywhere, corner-runner with the mouse's slips"),
        "anywhere_blind": (GREY, "|", "anywhere, the mouse with the cheese hidden"),
    }
    for name, (colour, marker, label) in marks.items():
        points = [
            (mouse["measures"][HEADLINE][name]["rate"], row)
            for row, mice in enumerate(groups.values())
            for mouse in mice
            if mouse["measures"][HEADLINE][name]["n"]
        ]
        if points:
            left.plot(*zip(*points, strict=True), marker, color=colour, alpha=0.7, label=label)
    for row, mice in enumerate(groups.values()):
        start = 0.0
        for outcome in ("cheese", "corner"):
            rates = [mouse["measures"][HEADLINE][f"{outcome}_first"]["rate"] or 0 for mouse in mice]
            share, label = float(np.mean(rates)), f"{outcome} first" if row == 0 else None
            right.barh(row, share, left=start, color=OUTCOME_COLOURS[outcome], label=label)
            start += share
    for axes, title in ((left, "Success (one mark per mouse), cheese …"), (right, "Reached first at forks")):
        label_rows(axes, list(groups))
        axes.set_title(title, fontsize=10)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=2, frameon=False, fontsize=8)
    left.set_ylabel("trained with the cheese …")
    return figure


def draw_classes(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw success by level type, maze size and quadrant."""
    groups = group_findings(findings)
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
                np.array(list(means)) + shift, list(means.values()), **choose_style(place), linestyle="", label=name
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


def draw_incidence(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw the cumulative incidence of cheese and corner at forks; None without sampled episodes."""
    groups = {name: [m for m in mice if "incidence" in m] for name, mice in group_findings(findings).items()}
    groups = {name: mice for name, mice in groups.items() if mice}
    if not groups:
        return None
    figure, panels = make_panels(len(groups), 2.7, 2.5, sharey=True)
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


def draw_parts(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw the parts of P(cheese) at forks of large mazes, all within one episode."""
    groups = group_findings(findings)
    titles = {
        "reach": "reach the\ndecision square",
        "first_step": "enter the cheese's\nbranch first",
        "complete": "then take\nthe cheese",
        "rest": "the cheese after\nthe corner's branch",
    }
    figure = Figure(figsize=(11, 1.8 + 0.45 * len(groups)), layout="constrained")
    for axes, (part, title) in zip(figure.subplots(1, len(titles), sharey=True), titles.items(), strict=True):
        for row, mice in enumerate(groups.values()):
            for mouse in mice:
                rate = mouse["measures"][HEADLINE][part]["rate"]
                if rate is not None:
                    axes.plot(rate, row, "o", color=BLUE, alpha=0.7)
        label_rows(axes, list(groups))
        axes.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
        axes.set_title(title, fontsize=10)
    return figure


def draw_goals(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw the return under both goals, with the cheese as trained and anywhere."""
    groups = group_findings(findings)
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

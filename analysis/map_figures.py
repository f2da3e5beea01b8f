"""Figures of places: success by where the cheese lies, over all mazes, by cell and in single mazes."""

from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import compute_shares_by_place, draw_heat_map
from analysis.panels import add_colour_bar, group_findings, label_map, make_panels, select_group
from analysis.statistics import is_full_size

SHOWN_MAZES = 4


def draw_places(findings: dict[str, Any], records: pd.DataFrame) -> Figure:
    """Draw success by cheese position in the maze."""
    names, anywhere = list(group_findings(findings)), records.loc[records.condition == "anywhere"]
    figure, panels = make_panels(len(names), 2.4, 2.6)
    for axes, name in zip(panels, names, strict=True):
        image = draw_heat_map(
            axes, compute_shares_by_place(select_group(anywhere, name))
        )  # as many levels of each mouse
        label_map(axes, name, first=axes is panels[0])
    add_colour_bar(figure, image, panels)
    return figure


def draw_cells(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw success per cheese cell in full-size mazes; None without such mazes."""
    largest = records.loc[(records.condition == "anywhere") & is_full_size(records)]
    names = [name for name in group_findings(findings) if len(select_group(largest, name))]
    if not names:
        return None
    figure, panels = make_panels(len(names), 2.4, 2.6)
    for axes, name in zip(panels, names, strict=True):
        own = select_group(largest, name)
        image = draw_heat_map(axes, compute_shares_by_place(own, bins=int(own.world_dim.iloc[0])), numbers=False)
        label_map(axes, name, first=axes is panels[0])
    add_colour_bar(figure, image, panels)
    return figure


def draw_mazes(findings: dict[str, Any], records: pd.DataFrame) -> Figure | None:
    """Draw single mazes with P(cheese) for each cheese cell; None without the condition ``every_cell``."""
    rows = records.loc[(records.condition == "every_cell") & is_full_size(records)]
    seeds = rows.level_seed.unique()[:SHOWN_MAZES]
    names = list(group_findings(findings))
    if not len(seeds):
        return None
    figure = Figure(figsize=(2.5 * len(names) + 0.8, 2.6 * len(seeds) + 0.4), layout="constrained")
    grid = figure.subplots(len(seeds), len(names), squeeze=False)
    for column, name in enumerate(names):
        own = select_group(rows, name)
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
                axes.set_title(f"{fill(name, 24)}\n({own.mouse.iloc[0]})", fontsize=8)
    add_colour_bar(figure, image, grid, "P(cheese) with the cheese here")
    return figure

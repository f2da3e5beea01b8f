"""What the report's figures share: groups of mice, panels, labels and colours."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import format_percent, remove_spines
from foundation.palette import SERIES

MARKERS = "osD^vP*h>X"  # one more than colours: no two of ninety groups look alike
PANELS = 5  # side by side

Groups = dict[str, list[dict[str, Any]]]  # a group's name, and the findings of its mice


def group_findings(findings: dict[str, Any]) -> Groups:
    """Group the mice; groups are in order of dose."""
    return {name: [findings["mice"][mouse] for mouse in group["mice"]] for name, group in findings["groups"].items()}


def choose_style(place: int) -> dict[str, Any]:
    return {"color": SERIES[place % len(SERIES)], "marker": MARKERS[place % len(MARKERS)]}


def make_panels(
    panels: int, width: float, height: float, left: float = 0.6, **arguments: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of panels in rows of at most ``PANELS``; sizes in inches, ``left`` for what stands beside them."""
    columns, rows = min(panels, PANELS), -(-panels // PANELS)
    figure = Figure(figsize=(width * columns + left, height * rows + 0.3), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, **arguments).flat)
    for unused in axes[panels:]:
        unused.set_axis_off()
    return figure, axes[:panels]


def label_rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    format_percent(axes.xaxis)
    remove_spines(axes)
    axes.grid(axis="x", alpha=0.3)


def select_group(records: pd.DataFrame, group: str) -> pd.DataFrame:
    return records.loc[records.group == group]


def label_map(axes: Axes, name: str, first: bool) -> None:
    axes.set_title(name.replace(", ", ",\n", 1), fontsize=9)
    axes.set_xticks([0, 1], ["left", "right"])
    if not first:
        axes.set_yticks([])


def add_colour_bar(figure: Figure, image: Any, panels: Any, label: str = "P(cheese)") -> None:
    """Add the colour bar of heat maps."""
    bar = figure.colorbar(image, ax=panels, fraction=0.02, aspect=15, label=label)
    format_percent(bar.ax.yaxis)

"""The figure of one mouse, and what all figures share."""

import io
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.statistics import Estimate
from envs.levels import describe_region
from foundation.palette import ORANGE, OUTCOME_COLOURS, SKY_BLUE

TITLES = {"as_trained": "where it\ntrained", "anywhere": "cheese\nanywhere"}
HEAT_BINS = 7
HEAT = colormaps["cividis"]


def encode_figure(figure: Figure, suffix: str, dpi: float | Literal["figure"] = "figure") -> bytes:
    """A figure as a .png, .svg or .pdf file, always the same of the same figure: nothing of the day is in it."""
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "cheesemaze"}):
        figure.savefig(file, format=suffix.removeprefix("."), dpi=dpi, metadata=metadata)
    return file.getvalue()


def png(figure: Figure, dpi: int = 110) -> bytes:
    """A figure as a PNG file, for a screen unless ``dpi`` says otherwise."""
    return encode_figure(figure, ".png", dpi)


def svg(figure: Figure) -> bytes:
    """A figure as an SVG file."""
    return encode_figure(figure, ".svg")


def percent_axis(axis) -> None:
    """Label an axis from 0 to 1 in percent."""
    ticks = np.linspace(0, 1, 6)
    axis.set_ticks(ticks, [f"{share:.0%}" for share in ticks])


def plain(axes: Axes) -> None:
    """Take away the lines of the frame that say nothing."""
    axes.spines[["top", "right"]].set_visible(False)


def heat_map(axes: Axes, shares: np.ndarray, numbers: bool = True) -> Any:
    """Draw shares float64 (rows, columns), bottom row first, NaN where there is nothing; return the image."""
    image = axes.imshow(shares, origin="lower", vmin=0, vmax=1, cmap=HEAT, extent=(0, 1, 0, 1))
    rows, columns = shares.shape
    for (row, column), share in np.ndenumerate(shares):
        if numbers and not np.isnan(share):
            place = ((column + 0.5) / columns, (row + 0.5) / rows)
            colour = "black" if share > 0.55 else "white"
            axes.text(*place, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks([0, 1], ["left\n(the mouse's start)", "right"])
    axes.set_yticks([0, 1], ["bottom", "top"])
    return image


def shares_by_place(records: pd.DataFrame, bins: int = HEAT_BINS, outcome: str = "p_cheese_500") -> np.ndarray:
    """float64 (bins, bins): the mean outcome by where the cheese lies relative to the maze; NaN where none lay."""
    with_cheese = records.loc[records.cheese_x >= 0]
    span = with_cheese.maze_dim - 1
    edges = np.linspace(-0.5 / bins, 1 + 0.5 / bins, bins + 1)
    places = ((with_cheese.cheese_y / span).to_numpy(), (with_cheese.cheese_x / span).to_numpy())
    total, _, _ = np.histogram2d(*places, bins=(edges, edges), weights=with_cheese[outcome].to_numpy())
    count, _, _ = np.histogram2d(*places, bins=(edges, edges))
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def success_by_cheese(axes: Axes, records: pd.DataFrame) -> None:
    """A heat map: how often the cheese is taken, by where it lies relative to the maze."""
    image = heat_map(axes, shares_by_place(records))
    levels = (records.cheese_x >= 0).sum()
    axes.set_title(f"How often the cheese is taken (in %),\nby where it lies (n = {levels:,})", fontsize=10)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, label="takes the cheese")
    percent_axis(bar.ax.yaxis)


def bars(axes: Axes, rates: list[Estimate], labels: list[str], colours: list[str]) -> None:
    """Bars of rates with their intervals."""
    for place, (value, colour) in enumerate(zip(rates, colours, strict=True)):
        if value["rate"] is None:
            axes.text(place, 0.02, "no such\nlevels", ha="center", fontsize=8)
            continue
        below, above = value["rate"] - value["low"], value["high"] - value["rate"]
        axes.bar(place, value["rate"], color=colour, yerr=[[max(0, below)], [max(0, above)]], capsize=4)
        axes.text(place, value["high"] + 0.02, f"{value['rate']:.0%}", ha="center", fontsize=9)
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(0, 1.12)
    percent_axis(axes.yaxis)
    plain(axes)


def success_bars(axes: Axes, summary: dict[str, Any]) -> None:
    """Success where the cheese lay in training and anywhere, over all mazes and in the largest."""
    conditions = list(TITLES)
    rates = [summary[condition][key] for condition in conditions for key in ("success", "largest")]
    labels = [f"{TITLES[condition]}\n{mazes}" for condition in conditions for mazes in ("(all mazes)", "(largest)")]
    bars(axes, rates, labels, [ORANGE, ORANGE, SKY_BLUE, SKY_BLUE])
    axes.set_title("Takes the cheese", fontsize=10)


def decision_bars(axes: Axes, summary: dict[str, Any]) -> None:
    """What is come to first at forks, cheese anywhere."""
    decision = summary["anywhere"]["decision"]
    bars(axes, list(decision.values()), list(decision), [OUTCOME_COLOURS[outcome] for outcome in decision])
    forks = decision["cheese"]["n"]
    axes.set_title(f"Reached first, where the ways to cheese\nand corner part (n = {forks:,})", fontsize=10)


def learning_curve(axes: Axes, curve: pd.DataFrame) -> None:
    """Success during training, by when the episodes began."""
    axes.plot(curve.steps / 1e6, curve.success.rolling(5, min_periods=1).mean(), color=OUTCOME_COLOURS["cheese"])
    axes.set_xlabel("million steps")
    axes.set_ylim(0, 1)
    percent_axis(axes.yaxis)
    plain(axes)
    axes.set_title("Success while it trained", fontsize=10)


def result(summary: dict[str, Any], records: pd.DataFrame, curve: pd.DataFrame | None = None) -> Figure:
    """The picture of one mouse: learning curve (if given), success, decisions, heat map."""
    panels = 3 if curve is None else 4
    figure = Figure(figsize=(4.2 * panels, 4.2), layout="constrained")
    axes = list(figure.subplots(1, panels, width_ratios=[1] * (panels - 1) + [1.25]))
    if curve is not None:
        learning_curve(axes.pop(0), curve)
    success_bars(axes[0], summary)
    decision_bars(axes[1], summary)
    success_by_cheese(axes[2], records.loc[records.condition == "anywhere"])
    figure.suptitle(
        f"A mouse trained with the cheese {describe_region(summary['mouse']['cheese_region'])}", fontsize=12
    )
    return figure

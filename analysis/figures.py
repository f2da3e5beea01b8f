"""The figure of one mouse, and helpers shared by all figures."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from analysis.statistics import Estimate
from envs.levels import describe_region
from foundation.files import write_atomically
from foundation.palette import ORANGE, OUTCOME_COLOURS, SKY_BLUE

TITLES = {"as_trained": "as\ntrained", "anywhere": "cheese\nanywhere"}
FIGURES_FOLDER = "figures"
CLIP = re.compile(rb'(?<=url\(#)p[0-9a-f]{10}(?=\))|(?<=<clipPath id=")p[0-9a-f]{10}(?=")')
HEAT_BINS = 7
HEAT = colormaps["cividis"]


def encode_figure(figure: Figure, suffix: str, dpi: float | Literal["figure"] = "figure") -> bytes:
    """Encode a figure as .png, .svg or .pdf, without dates, so that equal figures give equal files."""
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "cheesemaze"}):
        figure.savefig(file, format=suffix.removeprefix("."), dpi=dpi, metadata=metadata)
    return _number_clips(file.getvalue()) if suffix == ".svg" else file.getvalue()


def _number_clips(svg: bytes) -> bytes:
    """Number the clip paths of an SVG file in order.

    Matplotlib names them by a hash of their exact rectangles, of which the layout's solver leaves the last bits open.
    """
    names = {name: b"clip%d" % number for number, name in enumerate(dict.fromkeys(CLIP.findall(svg)))}
    return CLIP.sub(lambda found: names[found[0]], svg)


def encode_png(figure: Figure, dpi: int = 110) -> bytes:
    """Encode a figure as PNG; the default resolution is for screens."""
    return encode_figure(figure, ".png", dpi)


def encode_svg(figure: Figure) -> bytes:
    """Encode a figure as SVG."""
    return encode_figure(figure, ".svg")


def write_figure(folder: Path, name: str, figure: Figure) -> bytes:
    """Write a figure of a page as PNG and SVG into the page's folder, and return the PNG."""
    png = encode_png(figure)
    write_atomically(folder / FIGURES_FOLDER / f"{name}.png", png)
    write_atomically(folder / FIGURES_FOLDER / f"{name}.svg", encode_svg(figure))
    return png


def format_percent(axis) -> None:
    """Label an axis from 0 to 1 in percent."""
    ticks = np.linspace(0, 1, 6)
    axis.set_ticks(ticks, [f"{share:.0%}" for share in ticks])


def remove_spines(axes: Axes) -> None:
    """Remove the top and right spines."""
    axes.spines[["top", "right"]].set_visible(False)


def draw_heat_map(axes: Axes, shares: np.ndarray, numbers: bool = True) -> Any:
    """Draw shares float64 (rows, columns), bottom row first, NaN without data, and return the image."""
    image = axes.imshow(shares, origin="lower", vmin=0, vmax=1, cmap=HEAT, extent=(0, 1, 0, 1))
    rows, columns = shares.shape
    for (row, column), share in np.ndenumerate(shares):
        if numbers and not np.isnan(share):
            place = ((column + 0.5) / columns, (row + 0.5) / rows)
            colour = "black" if share > 0.55 else "white"
            axes.text(*place, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks([0, 1], ["left\n(start side)", "right"])
    axes.set_yticks([0, 1], ["bottom", "top"])
    return image


def compute_shares_by_place(records: pd.DataFrame, bins: int = HEAT_BINS) -> np.ndarray:
    """Compute the mean success by cheese position relative to the maze: float64 (bins, bins), NaN without data."""
    with_cheese = records.loc[records.cheese_x >= 0]
    span = with_cheese.maze_dim - 1
    edges = np.linspace(-0.5 / bins, 1 + 0.5 / bins, bins + 1)
    places = ((with_cheese.cheese_y / span).to_numpy(), (with_cheese.cheese_x / span).to_numpy())
    total, _, _ = np.histogram2d(*places, bins=(edges, edges), weights=with_cheese.p_cheese_500.to_numpy())
    count, _, _ = np.histogram2d(*places, bins=(edges, edges))
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def draw_success_by_cheese(axes: Axes, records: pd.DataFrame) -> None:
    """Draw a heat map of success by cheese position relative to the maze."""
    image = draw_heat_map(axes, compute_shares_by_place(records))
    levels = (records.cheese_x >= 0).sum()
    axes.set_title(f"Success (%) by cheese position\n(n = {levels:,})", fontsize=10)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, label="P(cheese)")
    format_percent(bar.ax.yaxis)


def draw_bars(
    axes: Axes, rates: list[Estimate], labels: list[str], colours: list[str], chance: Sequence[Estimate] = ()
) -> None:
    """Draw rates as bars with their intervals, and a random walk's rates (``chance``) as lines across them."""
    for place, value in enumerate(chance):
        if value["rate"] is not None:
            label = "" if axes.get_legend_handles_labels()[0] else "random walk"
            axes.hlines(value["rate"], place - 0.45, place + 0.45, "black", "dashed", label=label, zorder=3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, loc="upper right", frameon=False)
    for place, (value, colour) in enumerate(zip(rates, colours, strict=True)):
        if value["rate"] is None:
            axes.text(place, 0.02, "n = 0", ha="center", fontsize=8)
            continue
        below, above = value["rate"] - value["low"], value["high"] - value["rate"]
        axes.bar(place, value["rate"], color=colour, yerr=[[max(0, below)], [max(0, above)]], capsize=4)
        text = axes.text(place, value["high"] + 0.02, f"{value['rate']:.0%}", ha="center", fontsize=9, zorder=4)
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])  # a random walk's line may cross it
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(0, 1.12)
    format_percent(axes.yaxis)
    remove_spines(axes)


def draw_success_bars(axes: Axes, summary: dict[str, Any]) -> None:
    """Draw success as trained and anywhere, over all mazes and over full-size mazes."""
    conditions = list(TITLES)
    rates = [summary[condition][key] for condition in conditions for key in ("success", "largest")]
    labels = [f"{TITLES[condition]}\n{mazes}" for condition in conditions for mazes in ("(all mazes)", "(full-size)")]
    chance = [summary[condition]["walk"][key] for condition in conditions for key in ("success", "largest")]
    draw_bars(axes, rates, labels, [ORANGE, ORANGE, SKY_BLUE, SKY_BLUE], chance)
    axes.set_title("Success", fontsize=10)


def draw_decision_bars(axes: Axes, summary: dict[str, Any]) -> None:
    """Draw what the mouse reaches first at forks, with the cheese anywhere."""
    decision = summary["anywhere"]["decision"]
    chance = list(summary["anywhere"]["walk"]["decision"].values())
    draw_bars(axes, list(decision.values()), list(decision), [OUTCOME_COLOURS[outcome] for outcome in decision], chance)
    forks = decision["cheese"]["n"]
    axes.set_title(f"Reached first at forks\n(n = {forks:,})", fontsize=10)


def draw_learning_curve(axes: Axes, curve: pd.DataFrame) -> None:
    """Draw the learning curve; episodes are grouped by start."""
    axes.plot(curve.steps / 1e6, curve.success.rolling(5, min_periods=1).mean(), color=OUTCOME_COLOURS["cheese"])
    axes.set_xlabel("million steps")
    axes.set_ylim(0, 1)
    format_percent(axes.yaxis)
    remove_spines(axes)
    axes.set_title("Learning curve", fontsize=10)


def draw_result(summary: dict[str, Any], records: pd.DataFrame, curve: pd.DataFrame | None = None) -> Figure:
    """Draw the figure of one mouse: learning curve (if given), success, decisions, heat map."""
    panels = 3 if curve is None else 4
    figure = Figure(figsize=(4.2 * panels, 4.2), layout="constrained")
    axes = list(figure.subplots(1, panels, width_ratios=[1] * (panels - 1) + [1.25]))
    if curve is not None:
        draw_learning_curve(axes.pop(0), curve)
    draw_success_bars(axes[0], summary)
    draw_decision_bars(axes[1], summary)
    draw_success_by_cheese(axes[2], records.loc[records.condition == "anywhere"])
    figure.suptitle(f"Mouse trained with the cheese {describe_region(summary['mouse']['cheese_region'])}", fontsize=12)
    return figure

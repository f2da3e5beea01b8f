"""Every plot. Colours are Okabe and Ito's, told apart by colour-blind people."""

import io
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from envs.levels import region_in_words

CHEESE, CORNER, NEITHER, BLUE = "#E69F00", "#0072B2", "#999999", "#56B4E9"
OUTCOME_COLOURS = {"cheese": CHEESE, "corner": CORNER, "neither": NEITHER}
TITLES = {"as_trained": "where it\ntrained", "anywhere": "cheese\nanywhere"}
HEAT_BINS = 7


def success_by_cheese(axes: Axes, episodes: pd.DataFrame) -> None:
    """A heat map: how often the cheese is taken, by where it lies relative to the maze."""
    with_cheese = episodes[episodes.cheese_x >= 0]
    span = with_cheese.maze_dim - 1
    edges = np.linspace(-0.5 / HEAT_BINS, 1 + 0.5 / HEAT_BINS, HEAT_BINS + 1)
    places = (with_cheese.cheese_y / span, with_cheese.cheese_x / span)
    taken, _, _ = np.histogram2d(*places, bins=(edges, edges), weights=with_cheese.success)
    played, _, _ = np.histogram2d(*places, bins=(edges, edges))
    shares = np.divide(taken, played, out=np.full_like(taken, np.nan), where=played > 0)
    image = axes.imshow(shares, origin="lower", vmin=0, vmax=1, cmap="cividis", extent=(0, 1, 0, 1))
    for (row, column), share in np.ndenumerate(shares):
        if not np.isnan(share):
            place = ((column + 0.5) / HEAT_BINS, (row + 0.5) / HEAT_BINS)
            colour = "black" if share > 0.55 else "white"
            axes.text(*place, f"{share:.0%}", ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks([0, 1], ["left\n(the mouse's start)", "right"])
    axes.set_yticks([0, 1], ["bottom", "top"])
    axes.set_title(f"How often the cheese is taken,\nby where it lies (n = {len(with_cheese):,})", fontsize=10)
    axes.figure.colorbar(image, ax=axes, fraction=0.046, label="episodes in which it was taken")


def _bars(axes: Axes, rates: list[dict[str, Any]], labels: list[str], colours: list[str]) -> None:
    for place, (value, colour) in enumerate(zip(rates, colours, strict=True)):
        if value["rate"] is None:
            axes.text(place, 0.02, "no such\nlevels", ha="center", fontsize=8)
            continue
        below, above = value["rate"] - value["low"], value["high"] - value["rate"]
        axes.bar(place, value["rate"], color=colour, yerr=[[below], [above]], capsize=4)
        axes.text(place, value["high"] + 0.02, f"{value['rate']:.0%}", ha="center", fontsize=9)
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(0, 1.12)
    axes.set_yticks(np.linspace(0, 1, 6), [f"{share:.0%}" for share in np.linspace(0, 1, 6)])
    axes.spines[["top", "right"]].set_visible(False)


def success_bars(axes: Axes, summary: dict[str, Any]) -> None:
    """Success where the cheese lay in training and anywhere, over all mazes and in the largest."""
    conditions = list(TITLES)
    rates = [summary[condition][key] for condition in conditions for key in ("success", "largest")]
    labels = [f"{TITLES[condition]}\n{mazes}" for condition in conditions for mazes in ("(all mazes)", "(largest)")]
    _bars(axes, rates, labels, [CHEESE, CHEESE, BLUE, BLUE])
    axes.set_title("Takes the cheese", fontsize=10)


def decision_bars(axes: Axes, summary: dict[str, Any]) -> None:
    """What is reached first at forks, cheese anywhere."""
    decision = summary["anywhere"]["decision"]
    _bars(axes, list(decision.values()), list(decision), [OUTCOME_COLOURS[outcome] for outcome in decision])
    forks = decision["cheese"]["n"]
    axes.set_title(f"Reached first, where the ways to cheese\nand corner part (n = {forks:,})", fontsize=10)


def learning_curve(axes: Axes, curve: pd.DataFrame) -> None:
    """Success during training, by when the episodes began."""
    axes.plot(curve.steps / 1e6, curve.success.rolling(5, min_periods=1).mean(), color=CHEESE)
    axes.set_xlabel("million steps")
    axes.set_ylim(0, 1)
    axes.set_yticks(np.linspace(0, 1, 6), [f"{share:.0%}" for share in np.linspace(0, 1, 6)])
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("Success while it trained", fontsize=10)


def result(summary: dict[str, Any], episodes: pd.DataFrame, curve: pd.DataFrame | None = None) -> bytes:
    """The picture of one mouse as PNG: learning curve (if given), success, decisions, heat map."""
    panels = 3 if curve is None else 4
    figure = Figure(figsize=(4.2 * panels, 4.2), layout="constrained", dpi=110)
    axes = list(figure.subplots(1, panels, width_ratios=[1] * (panels - 1) + [1.25]))
    if curve is not None:
        learning_curve(axes.pop(0), curve)
    success_bars(axes[0], summary)
    decision_bars(axes[1], summary)
    success_by_cheese(axes[2], episodes.loc[episodes.condition == "anywhere"])
    figure.suptitle(
        f"A mouse trained with the cheese {region_in_words(summary['mouse']['cheese_region'])}", fontsize=12
    )
    file = io.BytesIO()
    with matplotlib.rc_context({"font.size": 9}):
        figure.savefig(file, format="png")
    return file.getvalue()

"""Figures of the page about the inside: one for each question, drawn from the measurements."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from analysis.figures import format_percent, remove_spines
from analysis.panels import choose_style, make_panels
from foundation.palette import BLACK, BLUE, GREY, ORANGE, SERIES, SKY_BLUE, VERMILION, YELLOW
from inside.answers import collect_untrained, compute_share_over_cheese, count_channels, get_probe, get_retargeted, pick
from inside.finetuning import CLOSE, NEW_WEIGHTS, Firsts, Tuning
from inside.maze_figures import Groups, draw_channel_maps, draw_moves
from inside.probes import OBSERVATION, TARGETS
from inside.removal import ALLOWED_FALL
from inside.study import Measured

SWAP_WORDS = {
    "same": "same cell",
    "other": "another cell",
    "worst": "worst found,\nsame cell",
}
LEAST_SHOWN = -0.5  # fall of P(cheese)


def _label_layers(axes: Axes, layers: Sequence[str]) -> None:
    names = {OBSERVATION: "observation", "embedder": "fc"}
    labels = [names.get(layer, layer.removeprefix("embedder.").replace(".", " ")) for layer in layers]
    axes.set_xticks(range(len(layers)), labels, fontsize=6, rotation=90)


def _add_legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, frameon=False)


def _panels(groups: Groups, width: float = 3.6, height: float = 3.0, **arguments: Any) -> tuple[Figure, list[Axes]]:
    figure, axes = make_panels(len(groups), width, height, sharey=True, **arguments)
    for place, (name, own) in zip(axes, groups.items(), strict=True):
        place.set_title(f"{name}\n({len(own)} {'mouse' if len(own) == 1 else 'mice'})", fontsize=9)
        remove_spines(place)
    return figure, axes


def _draw_curves(axes: Axes, mice: Sequence[Measured], vector: str, column: str) -> None:
    for source, colour in (
        ("own", BLUE),
        ("carried", ORANGE),
        ("mean", SKY_BLUE),
        ("random", GREY),
        ("shuffled", BLACK),
    ):
        rows = [
            row for mouse in mice for row in mouse["steering"] if (row["vector"], row["source"]) == (vector, source)
        ]
        table = pd.DataFrame({"factor": [row["factor"] for row in rows], "rate": [row[column]["rate"] for row in rows]})
        means = table.groupby("factor").rate.mean()
        if source == "own":
            axes.plot(means.index, means, color=colour, marker="o", ms=3, label="the maze's own")
        else:
            axes.plot(means.index, means, color=colour, ls="--", marker="x", ms=5, lw=1, label=source)
    axes.axvline(0, color=GREY, lw=0.5)
    axes.set_xlabel("factor of the vector")
    axes.set_ylim(0, 1)
    format_percent(axes.yaxis)


def draw_vector(vector: str, column: str, label: str) -> Callable[[Groups], Figure]:
    """Draw the effect of a vector over its factor, beside its controls."""

    def draw(groups: Groups) -> Figure:
        figure, panels = _panels(groups)
        for axes, mice in zip(panels, groups.values(), strict=True):
            _draw_curves(axes, mice, vector, column)
        panels[0].set_ylabel(label)
        _add_legend(panels[0])
        return figure

    return draw


def draw_places(groups: Groups) -> Figure:
    """Draw how much of the cheese lies at the position over it, and near it, by layer."""
    figure, panels = _panels(groups)
    for axes, mice in zip(panels, groups.values(), strict=True):
        layers = list(dict.fromkeys(row["layer"] for row in mice[0]["places"]))
        for radius, colour, label in ((0, BLUE, "the position over it"), (1, ORANGE, "and those around it")):
            rows = [pick(mice[0]["places"], layer=layer, radius=radius) for layer in layers]
            partial = [row["layer"] for row in rows if row["positions"] < row["of"]]  # of all positions it is all
            shares = np.array([
                [compute_share_over_cheese(mouse, layer, radius) if layer in partial else np.nan for layer in layers]
                for mouse in mice
            ])  # fmt: skip
            for row in shares:
                axes.plot(range(len(layers)), row, color=colour, lw=0.7, alpha=0.5)
            known = np.isfinite(shares).any(0)
            if known.any():
                mean = np.nanmean(shares[:, known], axis=0)
                axes.plot(np.flatnonzero(known), mean, color=colour, marker="o", ms=3, label=label)
        _label_layers(axes, layers)
        axes.set_ylim(-0.2, 1.2)
        format_percent(axes.yaxis)
    panels[0].set_ylabel("share of the effect of hiding\nthe cheese everywhere")
    _add_legend(panels[0])
    return figure


def draw_probes(groups: Groups) -> Figure:
    """Draw selectivity by layer, one line a target; dotted: untrained networks."""
    figure, panels = _panels(groups, width=4.2, height=3.4)
    for axes, mice in zip(panels, groups.values(), strict=True):
        layers = [OBSERVATION, *dict.fromkeys(row["layer"] for row in mice[0]["probes"] if row["layer"] != OBSERVATION)]
        for number, target in enumerate(TARGETS):
            for networks, style in ((mice, "-"), (collect_untrained(mice).values(), ":")):
                found = [[get_probe(network, layer, target) for layer in layers] for network in networks]
                values = np.array([[each["selectivity"] if each else np.nan for each in row] for row in found])
                if np.isfinite(values).any():
                    label = target if networks is mice else None
                    mean = [np.nanmean(column) if np.isfinite(column).any() else np.nan for column in values.T]
                    axes.plot(range(len(layers)), mean, style, color=SERIES[number], label=label, lw=1.2)
        _label_layers(axes, layers)
        axes.set_ylim(-0.05, 1.05)
        format_percent(axes.yaxis)
    panels[0].set_ylabel("selectivity: accuracy less\nthat of shuffled labels")
    _add_legend(panels[-1])
    return figure


def draw_channels(groups: Groups) -> Figure:
    """Draw each channel: how it ranks the cheese against what resampling it alone does."""
    figure, panels = _panels(groups)
    for axes, mice in zip(panels, groups.values(), strict=True):
        for label, networks, colour, size in (
            ("untrained", collect_untrained(mice).values(), GREY, 8),
            ("trained", mice, BLUE, 14),
        ):
            ranks, changes = [], []
            for network in networks:
                found = network["channels"]
                ranks += [row["rank"] for row in found["maps"] if row["mark"] == "cheese"]
                changes += [row["change"] for row in found["resampling"] if row["goal"] == "cheese"]
            axes.scatter(ranks, changes, s=size, color=colour, label=label, alpha=0.7, lw=0)
        axes.axhline(0, color=GREY, lw=0.5)
        axes.axvline(0.5, color=GREY, lw=0.5)
        axes.set_xlim(0, 1)
        both = [count_channels(mouse, "cheese")["both"] for mouse in mice]
        axes.set_xlabel(f"rank of the cheese's cell in its map\n(found: {', '.join(map(str, both))})")
    panels[0].set_ylabel("change of P(cheese)\nwhen it is resampled")
    _add_legend(panels[0])
    return figure


def draw_offsets(groups: Groups) -> Figure:
    """Draw what one constant added to the whole layer does."""
    figure, panels = _panels(groups)
    for axes, mice in zip(panels, groups.values(), strict=True):
        offsets = [row["offset"] for row in mice[0]["offsets"]]
        for column, colour, label in (("p_cheese", ORANGE, "cheese"), ("p_corner_first", BLUE, "corner first")):
            rates = np.array(
                [[pick(mouse["offsets"], offset=each)[column]["rate"] for each in offsets] for mouse in mice]
            )
            for row in rates:
                axes.plot(offsets, row, color=colour, lw=0.7, alpha=0.5)
            axes.plot(offsets, rates.mean(0), color=colour, marker="o", ms=3, label=label)
        axes.set_xlabel("offset, standard deviations")
        axes.set_ylim(0, 1)
        format_percent(axes.yaxis)
    _add_legend(panels[0])
    panels[0].set_ylabel("probability")
    return figure


def draw_retargeting(groups: Groups) -> Figure:
    """Draw the share of mazes in which half of the cells are reached, against the activations that are clamped."""
    figure, axes = make_panels(1, 5.0, 3.2)
    for number, (name, mice) in enumerate(groups.items()):
        counts = [row["activations"] for row in mice[0]["retargeting"]]
        found = [[each for mouse in mice if (each := get_retargeted(mouse, count))] for count in counts]
        style = choose_style(number)
        axes[0].plot(counts, [np.mean([each["rate"] for each in row]) for row in found], label=name, ms=4, **style)
        plain = float(np.mean([each["plain"] for each in found[0]]))
        axes[0].axhline(plain, color=style["color"], ls=":", lw=1)
        walk = float(np.mean([each["walk"] for each in found[0]]))
        axes[0].axhline(walk, color=GREY, ls="--", lw=1, label=None if number else "random walk")
    axes[0].set_xscale("log", base=2)
    axes[0].set_xticks(counts, [str(count) for count in counts])
    axes[0].set_xlabel("activations clamped (dotted: none)")
    axes[0].set_ylabel("mazes with half of\nthe cells reached")
    axes[0].set_ylim(-0.02, 1.02)
    format_percent(axes[0].yaxis)
    remove_spines(axes[0])
    _add_legend(axes[0])
    return figure


def draw_scrubbing(groups: Groups) -> Figure:
    """Draw how often swaps change the greedy move, and by how much they change P(cheese)."""
    figure, panels = _panels(groups)
    for axes, mice in zip(panels, groups.values(), strict=True):
        for place, swap in enumerate(SWAP_WORDS):
            for shift, name, column, colour, label in (
                (-0.3, swap, "moved", BLUE, "other greedy move"),
                (-0.1, f"random_{swap}", "moved", SKY_BLUE, "… random channels"),
                (0.1, swap, "size", ORANGE, "|change of P(cheese)|"),
                (0.3, f"random_{swap}", "size", YELLOW, "… random channels"),
            ):
                values = [mouse["scrubbing"]["swaps"][name][column]["rate"] for mouse in mice]
                axes.bar(place + shift, np.mean(values), 0.19, color=colour, label=label if place == 0 else None)
                axes.scatter([place + shift] * len(values), values, s=8, color=BLACK, zorder=3)
        axes.set_xticks(range(len(SWAP_WORDS)), list(SWAP_WORDS.values()), fontsize=7)
        axes.set_ylim(0, 1)
        format_percent(axes.yaxis)
    _add_legend(panels[0])
    return figure


def draw_removal(groups: Groups) -> Figure:
    """Draw each patch by what it takes from the cheese and from the corner, on mazes that it was not chosen on."""
    figure, panels = _panels(groups)
    kinds = {"channels": BLUE, "vector": ORANGE, "random channels": GREY, "blind": BLACK, "walk": VERMILION}
    for axes, mice in zip(panels, groups.values(), strict=True):
        rows = pd.DataFrame([row for mouse in mice for row in mouse["removal"]])
        for kind, colour in kinds.items():
            own = rows[rows.kind == kind]
            place = own.cheese.clip(LEAST_SHOWN), own.corner.clip(-1, 1)
            axes.scatter(*place, s=16, color=colour, lw=0, alpha=0.8, label=kind)
        best = rows[rows.best]
        place = best.cheese.clip(LEAST_SHOWN), best.corner.clip(-1, 1)
        axes.scatter(*place, s=60, facecolors="none", edgecolors=BLACK, label="chosen")
        axes.axhline(ALLOWED_FALL, color=GREY, lw=0.5, ls="--")
        axes.set_xlim(LEAST_SHOWN - 0.05, 1.05)
        axes.set_ylim(-1.05, 1.05)
        axes.set_xlabel(f"fall of P(cheese)\n(below {LEAST_SHOWN:g}: drawn there)")
    panels[0].set_ylabel("fall of P(corner first)\n(below −1: drawn at −1)")
    _add_legend(panels[0])
    return figure


def draw_finetuning(tuning: Tuning) -> Figure | None:
    """Draw what is reached first at forks against the share of the original steps, a curve for each origin.

    The controls of an origin are a dashed curve of its colour.
    """
    if not any(np.isfinite(budget.share) for budget in tuning.budgets):
        return None
    figure, panels = make_panels(2, 4.2, 3.6, sharey=True)
    for axes, goal in zip(panels, Firsts._fields, strict=True):
        _draw_budgets(axes, tuning, goal)
        axes.set_title(f"P({goal} first) at forks", fontsize=9)
    panels[1].legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _draw_budgets(axes: Axes, tuning: Tuning, goal: str) -> None:
    if tuning.target is not None:
        rate = getattr(tuning.target, goal)
        axes.axhspan(rate - CLOSE, rate + CLOSE, color=GREY, alpha=0.3, lw=0)
        axes.axhline(rate, color=BLACK, lw=1, label=f"anywhere mice, ± {100 * CLOSE:.0f} points")
    origins = list(dict.fromkeys(budget.origin for budget in tuning.budgets))
    for origin, control in dict.fromkeys((budget.origin, budget.is_control) for budget in tuning.budgets):
        own = [budget for budget in tuning.budgets if (budget.origin, budget.is_control) == (origin, control)]
        style: dict[str, Any] = choose_style(origins.index(origin)) | ({"ls": "--", "mfc": "white"} if control else {})
        label = origin if origin == NEW_WEIGHTS else f"fine-tuned from {origin}"
        if control:
            label = f"{origin}, trained on as before"
        rates = [getattr(budget.firsts, goal) for budget in own]
        axes.plot([budget.share for budget in own], rates, ms=5, label=label, **style)
        for budget in own:
            estimate, seeds = getattr(budget, goal), [getattr(firsts, goal) for firsts in budget.seeds]
            if estimate["low"] is not None:
                axes.vlines(budget.share, estimate["low"], estimate["high"], style["color"], lw=1)
            axes.scatter([budget.share] * len(seeds), seeds, s=7, color=BLACK, lw=0, zorder=3)
        if origin in tuning.before and not control:
            before = getattr(tuning.before[origin], goal)
            axes.axhline(before, color=style["color"], ls=":", lw=1, label=f"{origin}, before")
    axes.axhline(getattr(tuning.walk, goal), color=GREY, ls="--", lw=1, label="random walk")
    axes.set_xscale("log")
    shares = sorted({budget.share for budget in tuning.budgets})
    axes.set_xticks(shares, [f"{100 * share:.2g} %" for share in shares])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("further steps,\nas a share of the original steps")
    axes.set_ylim(0, 1)
    format_percent(axes.yaxis)
    remove_spines(axes)


class Drawing(NamedTuple):
    """A figure of the page.

    Attributes:
        name: of its files.
        draw: from the mice of each group; None where there is nothing to draw.
        caption: what a reader must know to read it; empty where its labels say everything.
    """

    name: str
    draw: Callable[[Groups], Figure | None]
    caption: str = ""


MOVES = (
    "Arrows: the mean move, long if the move is certain. ● mouse, ◆ cheese, □ decision square. The first mouse of each "
    "group, in the maze with the median change among those in which "
)
CHANNEL_MAPS = (
    "The map of every channel, with its number above it: the activation at each position, arranged as in the maze. The "
    "maze is that of the arrows for the cheese vector (the first one if there are none), with the mouse at the start. "
    "All channels of a mouse share one colour scale. First mouse of each group. ● position over the mouse, ◆ over the "
    "cheese. Framed: channels found for the cheese (orange) or for the corner (blue)."
)
CLAMPED = (
    "Arrows: the mean move in a maze without cheese, before and after the channels are clamped at the position over ☆. "
    "The first mouse of each group. ☆ is the cell with the median change of P(☆ before the corner) among those for "
    "which it is below 50 % without the clamp."
)
TO_CHEESE = "P(the move at the decision square leads to the cheese)"

PLACES = (
    "Thin lines: mice; thick lines: means. Where a position and those around it are all positions of the layer, their "
    "share is 100 % by construction and is not drawn."
)

FINETUNING = (
    "Small dots: mice. Lines: means, with the 95 % interval over mice. Black line and grey band: the mice trained "
    "anywhere from new weights, and 2 points below and above them. Dotted: the mice before fine-tuning. Dashed, with "
    "empty markers: mice trained on with the cheese where it was before."
)

FIGURES: dict[str, tuple[Drawing, ...]] = {
    "cheese_vector": (
        Drawing("cheese_vector", draw_vector("cheese", "to_cheese", TO_CHEESE.replace("decision ", "decision\n"))),
        Drawing("cheese_vector_moves", draw_moves("cheese", TO_CHEESE), f"{MOVES}{TO_CHEESE} is at least 50 % before."),
    ),
    "corner_vector": (
        Drawing("corner_vector", draw_vector("corner", "p_corner_first", "P(corner first)")),
        Drawing(
            "corner_vector_moves",
            draw_moves("corner", "P(corner first)"),
            f"{MOVES}P(corner first) is below 50 % before.",
        ),
    ),
    "places": (Drawing("places", draw_places, PLACES),),
    "probes": (Drawing("probes", draw_probes),),
    "channels": (Drawing("channels", draw_channels), Drawing("channel_maps", draw_channel_maps, CHANNEL_MAPS)),
    "offsets": (Drawing("offsets", draw_offsets),),
    "retargeting": (
        Drawing("retargeting", draw_retargeting),
        Drawing("retargeting_moves", draw_moves("clamp", "P(☆ before the corner)"), CLAMPED),
    ),
    "scrubbing": (Drawing("scrubbing", draw_scrubbing),),
    "removal": (Drawing("removal", draw_removal),),
}

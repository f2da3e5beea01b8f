"""Figures of single mazes: the mean move before and after an edit, and the channels of a layer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from analysis.field_figures import Field, draw_vector_field
from envs import world
from envs.drawings import from_text
from foundation.palette import BLACK, BLUE, ORANGE, VERMILION
from inside.study import Measured

Groups = Mapping[str, Sequence[Measured]]
COLUMNS = 16  # channels side by side
FRAMES = {"cheese": ORANGE, "corner": BLUE}  # of the channels found for a goal
COLOURS = "PRGn"  # of activations; neither of the frames' colours is in it


def _make_field(example: dict[str, Any], moves: np.ndarray) -> Field:
    level = from_text(example["maze"], example["world_dim"])
    return Field("", world.start(level), moves, value=np.full_like(moves[0], np.nan))  # the value is not drawn


def _mark(axes: Axes, cell: int, world_dim: int, marker: str, size: int) -> None:
    y, x = divmod(cell, world_dim)
    axes.plot(x, y, marker, ms=size, markerfacecolor="none", markeredgecolor=VERMILION, markeredgewidth=1.6, zorder=4)


def _draw_example(row: SubFigure, example: dict[str, Any]) -> None:
    before, after = (np.array(example[name], float) for name in ("before", "after"))
    panels = {"before": before, "after": after, "difference: after minus before": after - before}
    for axes, (title, moves) in zip(row.subplots(1, 3), panels.items(), strict=True):
        draw_vector_field(axes, _make_field(example, moves))
        if example["square"] is not None:
            _mark(axes, example["square"], example["world_dim"], "s", 15)
        if "target" in example:
            _mark(axes, example["target"], example["world_dim"], "*", 15)
        axes.set_title(title, fontsize=9)


def draw_moves(edit: str, outcome: str) -> Callable[[Groups], Figure | None]:
    """Draw the mean move before and after an edit and the difference, a row for the first mouse of each group.

    Args:
        edit: a name in the part "examples".
        outcome: whose rates stand over the row.
    """

    def draw(groups: Groups) -> Figure | None:
        shown = {name: mice[0]["examples"][edit] for name, mice in groups.items() if mice[0]["examples"][edit]}
        if not shown:
            return None
        figure = Figure(figsize=(9.6, 3.5 * len(shown)), layout="constrained")
        rows = figure.subfigures(len(shown), 1, squeeze=False)[:, 0]
        for row, (name, example) in zip(rows, shown.items(), strict=True):
            _draw_example(row, example)
            before, after = (f"{100 * rate:.0f} %" for rate in example["rates"])
            row.suptitle(f"{name}, level seed {example['seed']}: {outcome} {before} → {after}", fontsize=10)
        return figure

    return draw


def _draw_positions(axes: Axes, example: dict[str, Any]) -> None:
    for name, marker, colour in (("cheese", "D", ORANGE), ("mouse", "o", BLACK)):
        row, column = example[name]
        axes.plot(column, row, marker, color=colour, ms=4, markeredgecolor="white", markeredgewidth=0.6)


def _frame(axes: Axes, shape: tuple[int, int], colour: str, width: float) -> None:
    height, length = shape
    edge = Rectangle((-0.5, -0.5), length, height, fill=False, edgecolor=colour, lw=width, clip_on=False, zorder=4)
    axes.add_patch(edge)


def draw_channel_maps(groups: Groups) -> Figure:
    """Draw the map of every channel in one maze, for the first mouse of each group."""
    heights = [1.0 + 0.72 * -(-len(mice[0]["examples"]["channels"]["maps"]) // COLUMNS) for mice in groups.values()]
    figure = Figure(figsize=(13.5, sum(heights)), layout="constrained")
    rows = figure.subfigures(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for row, (name, mice) in zip(rows, groups.items(), strict=True):
        example, found = mice[0]["examples"]["channels"], mice[0]["channels"]["found"]
        maps = np.array(example["maps"], float)
        most = float(np.abs(maps).max()) or 1.0
        grid = row.subplots(-(-len(maps) // COLUMNS), COLUMNS, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for channel, (axes, values) in enumerate(zip(grid.flat, maps, strict=False)):
            image = axes.imshow(values, cmap=COLOURS, norm=Normalize(-most, most))
            _draw_positions(axes, example)
            axes.set_title(str(channel), fontsize=7, pad=2)
            for width, (goal, colour) in zip((4.0, 1.8), FRAMES.items(), strict=True):
                if channel in found[goal]:
                    _frame(axes, values.shape, colour, width)
        row.colorbar(image, ax=grid, fraction=0.02, aspect=12, label="activation")
        row.suptitle(f"{name}, level seed {example['seed']}", fontsize=10)
    return figure

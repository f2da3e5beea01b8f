"""Figures of a policy in a maze: vector fields and values."""

from textwrap import wrap
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.figures import encode_figure
from envs.levels import Levels
from envs.world import DOWN, LEFT, RIGHT, UP, State
from foundation.palette import BLACK, BLUE, ORANGE, VERMILION

FORMATS = (".png", ".svg", ".pdf")
WALL_COLOUR = "#bbbbbb"
WIDTH = 4.2  # inches per panel


class Activation(NamedTuple):
    """The activations of one channel.

    Attributes:
        title: layer and channel.
        cells: float32 (world_dim, world_dim), the activation over each cell, also over walls.
    """

    title: str
    cells: np.ndarray


class Field(NamedTuple):
    """The policy and value maps of one mouse in one state.

    Attributes:
        title: mouse and cheese position.
        state: the state, a batch of one.
        moves: float64 (5, world_dim, world_dim), the probability of each move (left, down, stay, up, right) in each
            open cell; NaN in walls.
        value: float64 (world_dim, world_dim), the value estimate of each open cell; NaN in walls.
        note: written below the title.
        activation: one channel in this state; None if it is not drawn.
    """

    title: str
    state: State
    moves: np.ndarray
    value: np.ndarray
    note: str = ""
    activation: Activation | None = None


def draw_vector_field(axes: Axes, field: Field) -> None:
    """Draw one arrow per cell: the mean next move, one cell long if the move is certain."""
    _draw_maze(axes, field.state)
    right, up = field.moves[RIGHT] - field.moves[LEFT], field.moves[UP] - field.moves[DOWN]
    y, x = np.nonzero(~np.isnan(right))
    arrows = (right[y, x], up[y, x])
    axes.quiver(x, y, *arrows, pivot="middle", angles="xy", scale_units="xy", scale=1.25, width=0.008, color=BLUE)
    axes.set_title("mean move", fontsize=10)


def draw_value_map(axes: Axes, field: Field) -> None:
    """Draw the value estimate of each cell, in scaled-reward units."""
    _draw_maze(axes, field.state)
    image = axes.imshow(np.ma.masked_invalid(field.value), origin="lower", cmap="cividis")
    axes.figure.colorbar(image, ax=axes, fraction=0.046)
    axes.set_title("value", fontsize=10)


def draw_activation(axes: Axes, field: Field) -> None:
    """Draw the activation over each cell of the maze: blue below 0, red above."""
    assert field.activation
    title, cells = field.activation
    limit = max(float(np.abs(cells).max()), 1e-9)
    _draw_maze(axes, field.state)
    signs = LinearSegmentedColormap.from_list("signs", [BLUE, "white", VERMILION])
    image = axes.imshow(cells, origin="lower", cmap=signs, vmin=-limit, vmax=limit, alpha=0.8)
    axes.figure.colorbar(image, ax=axes, fraction=0.046)
    axes.set_title(title, fontsize=10)


def _draw_maze(axes: Axes, state: State) -> None:
    level = state.level
    walls = np.ma.masked_equal(level.walls[0].numpy(), False)
    axes.imshow(walls, origin="lower", cmap=ListedColormap([WALL_COLOUR]))
    for cell, colour, marker in ((int(level.cheese), ORANGE, "D"), (int(state.mouse), BLACK, "o")):
        if cell >= 0:
            y, x = divmod(cell, level.world_dim)
            axes.plot(x, y, marker, color=colour, markeredgecolor="white", markersize=9, zorder=3)
    low, high = _find_edges(level)
    axes.add_patch(Rectangle((low, low), high - low, high - low, fill=False, color="#666666", linewidth=0.8))
    axes.set_xlim(low - 0.1, high + 0.1)
    axes.set_ylim(low - 0.1, high + 0.1)
    axes.set_axis_off()


def _find_edges(level: Levels) -> tuple[float, float]:
    """Return the coordinates of the maze's lower and upper edge in the world."""
    margin = int(level.margin)
    return margin - 0.5, level.world_dim - margin - 0.5


def draw_policy_and_value(fields: list[Field], suffix: str = ".png") -> bytes:
    """Draw vector field, value and a channel, if given, one row per mouse, and encode them in one of ``FORMATS``."""
    panels = 3 if any(field.activation for field in fields) else 2
    figure = Figure(figsize=(panels * WIDTH, (WIDTH + 0.3) * len(fields)), layout="constrained", dpi=200)
    rows = figure.subfigures(len(fields), 1, squeeze=False)[:, 0]
    for row, field in zip(rows, fields, strict=True):
        left, right, *more = row.subplots(1, panels, width_ratios=[1, 1.1, 1.1][:panels])
        draw_vector_field(left, field)
        draw_value_map(right, field)
        for axes in more:
            draw_activation(axes, field)
        lines = [f"{field.title} (● mouse, ◆ cheese)", *wrap(field.note, 50 * panels)]
        row.suptitle("\n".join(lines), fontsize=11)
    return encode_figure(figure, suffix)

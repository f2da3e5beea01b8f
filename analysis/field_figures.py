"""What a mouse would do in every cell of a maze, drawn for papers: vector fields and values."""

from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.figures import encode_figure
from envs.levels import Levels
from envs.world import DOWN, LEFT, RIGHT, UP, State
from foundation.palette import BLACK, BLUE, ORANGE

FORMATS = (".png", ".svg", ".pdf")
WALL_COLOUR = "#bbbbbb"
WIDTH = 4.2  # inches a panel


class Field(NamedTuple):
    """What is drawn of one mouse in one state.

    Attributes:
        title: who it is, and where the cheese lies.
        state: a batch of one.
        moves: float64 (5, world_dim, world_dim), the probability of each move (left, down, stay, up, right) in each
            open cell; NaN in walls.
        value: float64 (world_dim, world_dim), what the network expects in each open cell; NaN in walls.
    """

    title: str
    state: State
    moves: np.ndarray
    value: np.ndarray


def vector_field(axes: Axes, field: Field) -> None:
    """An arrow a cell: the mean of its next move, as long as a cell where the move is certain."""
    _maze(axes, field.state)
    right, up = field.moves[RIGHT] - field.moves[LEFT], field.moves[UP] - field.moves[DOWN]
    y, x = np.nonzero(~np.isnan(right))
    arrows = (right[y, x], up[y, x])
    axes.quiver(x, y, *arrows, pivot="middle", angles="xy", scale_units="xy", scale=1.25, width=0.008, color=BLUE)
    axes.set_title("mean next move", fontsize=10)


def value_map(axes: Axes, field: Field) -> None:
    """A colour a cell: what the network expects there, in the scaled rewards that it was trained with."""
    _maze(axes, field.state)
    image = axes.imshow(np.ma.masked_invalid(field.value), origin="lower", cmap="cividis")
    axes.figure.colorbar(image, ax=axes, fraction=0.046)
    axes.set_title("value", fontsize=10)


def _maze(axes: Axes, state: State) -> None:
    level = state.level
    walls = np.ma.masked_equal(level.walls[0].numpy(), False)
    axes.imshow(walls, origin="lower", cmap=ListedColormap([WALL_COLOUR]))
    for cell, colour, marker in ((int(level.cheese), ORANGE, "D"), (int(state.mouse), BLACK, "o")):
        if cell >= 0:
            y, x = divmod(cell, level.world_dim)
            axes.plot(x, y, marker, color=colour, markeredgecolor="white", markersize=9, zorder=3)
    low, high = _edges(level)
    axes.add_patch(Rectangle((low, low), high - low, high - low, fill=False, color="#666666", linewidth=0.8))
    axes.set_xlim(low - 0.1, high + 0.1)
    axes.set_ylim(low - 0.1, high + 0.1)
    axes.set_axis_off()


def _edges(level: Levels) -> tuple[float, float]:
    """Where the maze begins and ends in its world."""
    margin = int(level.margin)
    return margin - 0.5, level.world_dim - margin - 0.5


def moves_and_values(fields: list[Field], suffix: str = ".png") -> bytes:
    """Vector field and value of each mouse, a row each, as a file of one of ``FORMATS``."""
    figure = Figure(figsize=(2 * WIDTH, (WIDTH + 0.3) * len(fields)), layout="constrained", dpi=200)
    rows = figure.subfigures(len(fields), 1, squeeze=False)[:, 0]
    for row, field in zip(rows, fields, strict=True):
        left, right = row.subplots(1, 2, width_ratios=[1, 1.1])
        vector_field(left, field)
        value_map(right, field)
        row.suptitle(f"{field.title} (● mouse, ◆ cheese)", fontsize=11)
    with matplotlib.rc_context({"font.size": 9}):
        return encode_figure(figure, suffix)

"""Figures of vector fields and values: the plotted data, and the files."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver
from mazes import read
from mice import Planned, mouse_with, way_to
from PIL import Image

from analysis.field_figures import Field, draw_policy_and_value, draw_value_map, draw_vector_field
from envs import world
from envs.drawings import to_text
from envs.levels import from_seeds
from viewer.maps import compute_maps

DIM = 7


def field_of(seed: int) -> Field:
    state = world.start(from_seeds([seed], DIM))
    maps = compute_maps(mouse_with(Planned("to the cheese")), state.level)
    value = np.where(np.isnan(maps.value), np.nan, np.arange(DIM * DIM).reshape(DIM, DIM))
    return Field("a mouse", state, maps.moves, value)


@pytest.mark.parametrize("seed", range(6))
def test_arrows_are_the_mean_moves(seed):
    field, axes = field_of(seed), Figure().subplots()
    draw_vector_field(axes, field)
    open_cells, _, cheese = read(to_text(field.state.level), DIM)
    way = way_to(cheese, open_cells)
    (arrows,) = [part for part in axes.collections if isinstance(part, Quiver)]
    seen = {(int(x), int(y)): (u, v) for (x, y), u, v in zip(arrows.XY, arrows.U, arrows.V, strict=True)}
    assert seen.keys() == open_cells
    for cell in open_cells - {cheese}:
        assert seen[cell] == (way[cell][0] - cell[0], way[cell][1] - cell[1])


def test_values_are_shown_in_their_cells_and_not_in_walls():
    field, axes = field_of(3), Figure().subplots()
    draw_value_map(axes, field)
    shown = np.ma.getdata(axes.images[-1].get_array()), np.ma.getmaskarray(axes.images[-1].get_array())
    walls = field.state.level.walls[0].numpy()
    assert (shown[1] == walls).all() and (shown[0][~walls] == field.value[~walls]).all()
    assert axes.images[-1].origin == "lower"


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
def test_files_are_whole_and_the_same_every_time(count):
    fields = [field_of(seed) for seed in range(count)]
    for suffix in (".png", ".svg", ".pdf"):
        assert draw_policy_and_value(fields, suffix) == draw_policy_and_value(fields, suffix)
    with Image.open(io.BytesIO(draw_policy_and_value(fields))) as image:
        assert image.format == "PNG" and image.height > 700 * count
    assert draw_policy_and_value(fields, ".svg").count(b"a mouse") >= 1

"""Observations: Procgen's geometry against a slow implementation, and every fast path against a full paint."""

import hashlib
from functools import cache
from itertools import pairwise
from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mazes import SEEDS

from envs.drawings import from_text
from envs.levels import from_seeds
from envs.painter import OBSERVATIONS, CellsPainter, RgbPainter, build_painter, portrait
from envs.sprites import CHEESE_SPRITE, FLOOR_TILES, MOUSE_SPRITE, WALL_TILE
from envs.world import LEFT, RIGHT, State, start, step

DIMS = (5, 11, 15, 25, 63)
SMALL = "#. \n# #\n@  "
shared_painter = cache(build_painter)


def play(world_dim: int, seeds, steps: int) -> list[State]:
    """A random episode in each level; it continues at the cheese, so that mice walk over it."""
    states = [start(from_seeds(seeds, world_dim))]
    generator = torch.Generator().manual_seed(world_dim)
    for _ in range(steps):
        states.append(step(states[-1], torch.randint(5, (len(seeds),), generator=generator))[0])
    return states


@st.composite
def scenes(draw) -> tuple[State, State]:
    """Two states of a level with the mouse in any cell: also walls, the cheese, equal cells, no cheese."""
    dim = draw(st.sampled_from(DIMS))
    level = from_seeds([draw(SEEDS)], dim)
    if draw(st.booleans()):
        level = level._replace(cheese=torch.tensor([-1]))
    cells = st.integers(0, dim * dim - 1)
    places = st.one_of(cells, st.just(max(int(level.cheese), 0)))
    one, other = (
        State(level, torch.tensor([draw(places)]), torch.tensor([draw(st.booleans())]), torch.tensor([0]))
        for _ in range(2)
    )
    return one, other


def seen_at(state: State, row: int, column: int) -> list[int]:
    """The colour of one pixel of one state's rgb observation, from the description of Procgen's rendering."""
    level, dim = state.level, state.level.world_dim
    u, v = (column + 0.5) * dim / 64, (63 - row + 0.5) * dim / 64  # to the right and up, in cells
    x, y, from_top = floor(u), floor(v), dim - v
    in_cell = floor((y + 1 - v) * 16), floor((u - x) * 16)
    if y * dim + x == state.mouse:
        mouse = MOUSE_SPRITE[in_cell[0], 15 - in_cell[1] if state.facing_right else in_cell[1]]
        if mouse[3]:
            return mouse[:3].tolist()
    if y * dim + x == level.cheese and CHEESE_SPRITE[in_cell][3]:
        return CHEESE_SPRITE[in_cell][:3].tolist()
    for i in range(max(x - 1, 0), min(x + 2, dim)):
        for j in range(max(y - 1, 0), min(y + 2, dim)):
            if level.walls[0, j, i] and i - 0.02 < u < i + 1.02 and j - 0.02 < v < j + 1.02:
                return WALL_TILE[floor(from_top * 16) % 16, floor(u * 16) % 16].tolist()
    shift = floor(int(level.shift) / 2**32 * 64)
    return FLOOR_TILES[int(level.background), floor(from_top * 16) % 64, (floor(u * 16) + shift) % 64].tolist()


@pytest.mark.parametrize("world_dim", DIMS)
def test_rgb_shows_what_lies_under_each_pixel(world_dim):
    state = play(world_dim, [3, 4, 2**31 - 2], 20)[-1]
    state.mouse[1] = state.level.cheese[1]
    state.level.cheese[2] = -1
    pictures = shared_painter("rgb", world_dim).paint(state).tolist()
    for i, picture in enumerate(pictures):
        one = state.rows([i])
        assert picture == [[seen_at(one, row, column) for column in range(64)] for row in range(64)]


@given(scenes(), st.integers(0, 63), st.integers(0, 63))
def test_rgb_shows_what_lies_under_any_pixel(scene, row, column):
    for state in scene:
        dim = state.level.world_dim
        picture = shared_painter("rgb", dim).paint(state)[0]
        y, x = divmod(int(state.mouse), dim)
        at_mouse = floor((dim - 0.5 - y) * 64 / dim), floor((x + 0.5) * 64 / dim)
        for place in ((row, column), at_mouse):
            assert picture[place].tolist() == seen_at(state, *place)


@given(scenes())
def test_cells_are_three_planes(scene):
    state = scene[0]
    picture = shared_painter("cells", state.level.world_dim).paint(state)[0]
    planes = torch.zeros(3, state.level.world_dim**2, dtype=torch.uint8)
    planes[0, state.level.walls.flatten()] = 255
    planes[1, state.mouse] = 255
    if state.level.cheese >= 0:
        planes[2, state.level.cheese] = 255
    assert torch.equal(picture.permute(2, 0, 1).flip(1).flatten(1), planes)


def test_cells_have_their_top_row_first():
    picture = shared_painter("cells", 5).paint(start(from_text(SMALL, 5)))[0]
    wall, mouse, cheese = (picture // 255).permute(2, 0, 1).tolist()
    assert wall == [[1, 1, 1, 1, 1], [1, 1, 0, 0, 1], [1, 1, 0, 1, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]]
    assert mouse[3] == [0, 1, 0, 0, 0] and sum(map(sum, mouse)) == 1
    assert cheese[1] == [0, 0, 1, 0, 0] and sum(map(sum, cheese)) == 1


@pytest.mark.parametrize("painter", [CellsPainter, RgbPainter])
@pytest.mark.parametrize("world_dim", DIMS)
def test_a_gpu_is_told_to_paint_the_same(painter, world_dim):
    """The tensor operations for a GPU, run on the CPU, against the CPU implementation."""
    quick, as_on_gpu = painter(world_dim), painter(world_dim)
    as_on_gpu.on_cpu = False
    states = play(world_dim, range(8), 20)
    states[-1].level.cheese[3] = -1
    begun = torch.arange(8) % 3 == 0
    for before, after in pairwise(states):
        pictures = quick.paint(before), as_on_gpu.paint(before)
        assert torch.equal(*pictures)
        for each, picture in zip((quick, as_on_gpu), pictures, strict=True):
            each.repaint(picture, before, after, begun)
        assert torch.equal(*pictures)


@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_repaint_paints_whole_pictures_where_a_level_begins(observation):
    painter, before = shared_painter(observation, 15), start(from_seeds(range(20), 15))
    begun = torch.arange(20) % 2 == 0
    after = start(from_seeds(range(20, 40), 15)).where(begun, step(before, torch.full((20,), RIGHT))[0])
    pictures = painter.paint(before)
    painter.repaint(pictures, before, after, begun)
    assert torch.equal(pictures, painter.paint(after))


@pytest.mark.parametrize("observation", OBSERVATIONS)
@pytest.mark.parametrize("world_dim", DIMS)
def test_repaint_equals_paint_along_games(observation, world_dim):
    painter = shared_painter(observation, world_dim)
    states = play(world_dim, range(8), 50)
    pictures = painter.paint(states[0])
    for before, after in pairwise(states):
        painter.repaint(pictures, before, after)
        assert torch.equal(pictures, painter.paint(after))


@pytest.mark.parametrize("observation", OBSERVATIONS)
@given(scenes())
def test_repaint_equals_paint_between_any_two_places(observation, scene):
    before, after = scene
    painter = shared_painter(observation, before.level.world_dim)
    pictures = painter.paint(before)
    painter.repaint(pictures, before, after)
    assert torch.equal(pictures, painter.paint(after))


@pytest.mark.parametrize("observation", OBSERVATIONS)
@given(scenes())
def test_repaint_leaves_other_cells_alone(observation, scene):
    before, after = scene
    painter, dim = shared_painter(observation, before.level.world_dim), before.level.world_dim
    blank = torch.full((1, *painter.shape), 7, dtype=torch.uint8)
    pictures = blank.clone()
    painter.repaint(pictures, before, after)
    for row, column in (pictures != blank)[0].any(-1).nonzero().tolist():
        y, x = dim - 1 - floor((row + 0.5) * dim / painter.shape[0]), floor((column + 0.5) * dim / painter.shape[1])
        assert y * dim + x in (before.mouse, after.mouse)


@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_a_batch_is_its_rows(observation):
    painter = shared_painter(observation, 15)
    state = play(15, range(9), 10)[-1]
    pictures = painter.paint(state)
    assert pictures.shape == (9, *painter.shape) and pictures.dtype == torch.uint8 and pictures.is_contiguous()
    for i in range(9):
        assert torch.equal(pictures[i : i + 1], painter.paint(state.rows([i])))
    assert painter.paint(state.rows([])).shape == (0, *painter.shape)


@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_painting_never_waits_for_the_device(observation):
    before, after = (state.to("meta") for state in play(15, range(4), 1))
    painter = build_painter(observation, 15, "meta")  # tensors without values: reading one is an error
    painter.repaint(painter.paint(before), before, after)


def test_the_mouse_looks_where_it_last_went():
    level = from_text(SMALL, 5)
    for move, mouse in ((RIGHT, MOUSE_SPRITE[:, ::-1]), (LEFT, MOUSE_SPRITE)):
        state = step(start(level), move * torch.ones(1, dtype=torch.int64))[0]
        y, x = divmod(int(state.mouse), 5)
        square = portrait(state, 16)[(4 - y) * 16 :, x * 16 :][:16, :16]
        assert (square == mouse[..., :3])[mouse[..., 3] > 0].all()


@pytest.mark.parametrize("cell_pixels", (1, 7, 16, 32))
def test_a_portrait_shows_every_cell(cell_pixels):
    state = start(from_text(SMALL, 5))
    picture = portrait(state, cell_pixels)
    assert picture.shape == (5 * cell_pixels, 5 * cell_pixels, 3) and picture.dtype == np.uint8
    squares = picture.reshape(5, cell_pixels, 5, cell_pixels, 3).swapaxes(1, 2)
    walls = state.level.walls[0].flip(0).numpy()
    assert (squares[walls] == squares[0, 0]).all()
    assert (squares[~walls] != squares[0, 0]).any((1, 2, 3)).all()


def test_portraits_are_sharp():
    state = play(15, [8], 30)[-1]
    assert (portrait(state, 32) == portrait(state, 16).repeat(2, 0).repeat(2, 1)).all()


def test_a_portrait_without_cheese():
    state = start(from_text(SMALL, 5))
    bare = state._replace(level=state.level._replace(cheese=torch.tensor([-1])))
    changed = (portrait(state, 16) != portrait(bare, 16)).any(-1).reshape(5, 16, 5, 16).any((1, 3))
    assert np.argwhere(changed).tolist() == [[1, 2]]


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="observation must be one of rgb, cells, not 'gray'"):
        build_painter("gray", 15)
    with pytest.raises(ValueError, match="64 pixels per side, too few for world_dim 65"):
        build_painter("rgb", 65)
    assert build_painter("cells", 65).shape == (65, 65, 3)


def test_lightness_alone_tells_things_apart():
    def lightness(colours):  # CIE L* of the mean
        linear = ((colours.reshape(-1, 3) / 255 + 0.055) / 1.055) ** 2.4
        return 116 * np.cbrt((linear @ [0.2126, 0.7152, 0.0722]).mean()) - 16

    mouse, cheese = (sprite[sprite[..., 3] > 0][:, :3] for sprite in (MOUSE_SPRITE, CHEESE_SPRITE))
    scale = [max(map(lightness, FLOOR_TILES)), lightness(mouse), lightness(WALL_TILE), lightness(cheese)]
    assert (np.diff(scale) > 8).all()


def test_the_art_is_the_one_that_released_mice_were_trained_on():
    art = b"".join(part.tobytes() for part in (WALL_TILE, CHEESE_SPRITE, MOUSE_SPRITE, FLOOR_TILES))
    assert hashlib.sha256(art).hexdigest()[:16] == "93f53804748be5c9"

"""Distances, paths, decision squares and returns, against plain Python on sets of cells."""

from itertools import pairwise

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from mazes import MAZES, batch, neighbours, number, read

from envs import paths, world
from envs.drawings import from_text, to_text
from envs.levels import from_seeds

LOOP = "    .\n ### \n ### \n ### \n@    "  # two shortest paths to the cheese
CUT_OFF = "   # \n####.\n   ##\n #   \n@ #  "
STEPS = {world.LEFT: (-1, 0), world.RIGHT: (1, 0), world.DOWN: (0, -1), world.UP: (0, 1)}


def cells_of(mask):
    """The cells (x, y) where a tensor (W, W) is True."""
    return {(x, y) for y, x in mask.nonzero().tolist()}


def as_cell(number, world_dim):
    return number % world_dim, number // world_dim


def naive_distances(open_cells, source):
    """Breadth-first search by rings around the source."""
    distance, ring = {source: 0}, {source}
    while ring:
        ring = {cell for near in ring for cell in neighbours(near)} & open_cells - distance.keys()
        distance |= dict.fromkeys(ring, max(distance.values()) + 1)
    return distance


def naive_paths(open_cells, source, target, visited=()):
    """Every simple path from source to target."""
    visited = (*visited, source)
    if source == target:
        return [visited]
    onward = [cell for cell in neighbours(source) if cell in open_cells and cell not in visited]
    return [way for cell in onward for way in naive_paths(open_cells, cell, target, visited)]


def naive_is_tree(open_cells, start):
    """A walk from the start meets no visited cell except its predecessor, and reaches every open cell."""
    known, walks = {start}, [(start, None)]
    while walks:
        cell, before = walks.pop()
        for near in set(neighbours(cell)) & open_cells - {before}:
            if near in known:
                return False
            known.add(near)
            walks.append((near, cell))
    return known == open_cells


def naive_fork(text, world_dim):
    """The level type and the decision square, from the unique paths of a tree."""
    open_cells, mouse, cheese = read(text, world_dim)
    edge = (world_dim + text.count("\n") + 1) // 2 - 1
    corner = (edge, edge)
    if cheese is None or corner not in open_cells or not naive_is_tree(open_cells, mouse):
        return "undefined", None
    if cheese == corner:
        return "same", None
    [to_cheese], [to_corner] = (naive_paths(open_cells, mouse, target) for target in (cheese, corner))
    if cheese in to_corner:
        return "on_the_way", None
    if corner in to_cheese:
        return "beyond", None
    shared = set(to_cheese) & set(to_corner)
    return "fork", max(shared, key=to_cheese.index)


def fork_of(text, world_dim):
    level_type, square = paths.classify_levels(from_text(text, world_dim))
    name = paths.LEVEL_TYPES[level_type.item()]
    return name, None if square.item() == -1 else as_cell(square.item(), world_dim)


def play(level, cells, gamma, max_episode_steps):
    """The return of walking along these cells."""
    moves = {-1: world.LEFT, 1: world.RIGHT, -level.world_dim: world.DOWN, level.world_dim: world.UP}
    state, total = world.start(level), 0.0
    for k, (here, there) in enumerate(list(pairwise(cells))[:max_episode_steps]):
        state, reward, terminated = world.step(state, torch.tensor([moves[there - here]]))
        total += gamma**k * reward.item()
        assert state.mouse.item() == there
        assert terminated.item() == (there == level.cheese.item())
    return total


def value(level, gamma, max_episode_steps):
    """The optimal return by value iteration over the rules, without path search."""
    cells = level.world_dim**2
    every = batch([level] * cells)._replace(start=torch.arange(cells))
    steps = [world.step(world.start(every), torch.full((cells,), move)) for move in range(5)]
    best = torch.zeros(cells, dtype=torch.float64)
    for _ in range(max_episode_steps):
        onward = [reward + gamma * ~terminated * best[state.mouse] for state, reward, terminated in steps]
        best = torch.stack(onward).amax(0)
    return best[level.start.item()].item()


@given(MAZES, st.data())
def test_distances_are_the_naive_ones(maze, data):
    text, world_dim = maze
    open_cells, _, _ = read(text, world_dim)
    source = data.draw(st.sampled_from(sorted(open_cells)))
    distance = paths.compute_distances(from_text(text, world_dim), torch.tensor([number(source, world_dim)]))[0]
    naive = naive_distances(open_cells, source)
    assert {cell: distance[cell[1], cell[0]].item() for cell in cells_of(distance >= 0)} == naive
    assert (distance[distance < 0] == -1).all()


def test_distances_of_a_batch_are_those_of_each_level():
    levels = from_seeds(range(50), 15)
    source = torch.where(torch.arange(50) % 7 == 0, -1, levels.cheese)
    together = paths.compute_distances(levels, source)
    for i in range(50):
        assert torch.equal(together[[i]], paths.compute_distances(levels.rows([i]), source[[i]]))
    assert (together[::7] == -1).all(), "no source, no distance"
    assert (paths.distance_at(together, source) == torch.where(source == -1, -1, 0)).all()


def test_no_levels_at_all():
    levels = from_seeds([], 15)
    assert paths.compute_distances(levels, levels.start).shape == (0, 15, 15)
    assert (
        paths.compute_optimal_return(levels).shape
        == paths.classify_levels(levels)[0].shape
        == paths.is_tree(levels).shape
        == (0,)
    )


@pytest.mark.parametrize("source", [[0], [0, 0, 0], [0, 225]])
def test_sources_that_do_not_exist(source):
    """They would crash compiled code."""
    with pytest.raises(AssertionError):
        paths.compute_distances(from_seeds(range(2), 15), torch.tensor(source))


def test_path_is_of_one_level():
    with pytest.raises(AssertionError):
        paths.shortest_path(from_seeds(range(2), 15), 0, 0)


def test_at_picks_a_cell_of_each_map():
    maps = torch.arange(2 * 9).view(2, 3, 3)
    assert paths.distance_at(maps, torch.tensor([4, 8])).tolist() == [4, 17]
    assert paths.distance_at(maps, torch.tensor([-1, 0])).tolist() == [-1, 9]


@given(MAZES, st.data())
def test_path_is_contiguous_shortest_and_ends_right(maze, data):
    text, world_dim = maze
    open_cells, _, _ = read(text, world_dim)
    source, target = (data.draw(st.sampled_from(sorted(open_cells))) for _ in range(2))
    ends = [number(cell, world_dim) for cell in (source, target)]
    way = [as_cell(cell, world_dim) for cell in paths.shortest_path(from_text(text, world_dim), *ends)]
    distance = naive_distances(open_cells, source)
    if target not in distance:
        assert way == []
        return
    assert (way[0], way[-1], len(way)) == (source, target, distance[target] + 1)
    assert set(way) <= open_cells
    assert all(there in neighbours(here) for here, there in pairwise(way))


def test_path_of_several_is_the_one_that_prefers_left_right_down_up_seen_from_its_end():
    ring = from_text("   \n # \n@  ", 5)
    for source, target, first_from_target in [
        ((2, 1), (2, 3), world.LEFT),
        ((1, 1), (3, 3), world.LEFT),
        ((1, 3), (3, 1), world.LEFT),
        ((3, 3), (1, 1), world.RIGHT),
        ((3, 1), (1, 3), world.RIGHT),
        ((3, 2), (1, 2), world.DOWN),
    ]:
        before_target = paths.shortest_path(ring, number(source, 5), number(target, 5))[-2]
        x, y = target
        assert before_target == number((x + STEPS[first_from_target][0], y + STEPS[first_from_target][1]), 5)


def test_no_path():
    level = from_text(CUT_OFF, 5)
    assert paths.shortest_path(level, level.start.item(), level.cheese.item()) == []
    assert paths.shortest_path(level, -1, 0) == paths.shortest_path(level, 0, -1) == []
    assert paths.shortest_path(level, 0, number((2, 0), 5)) == [], "nothing leads into a wall"


@given(MAZES)
def test_is_tree_is_the_naive_one(maze):
    text, world_dim = maze
    open_cells, mouse, _ = read(text, world_dim)
    assert paths.is_tree(from_text(text, world_dim)).tolist() == [naive_is_tree(open_cells, mouse)]


def test_is_tree_on_drawings():
    block = "###\n  .\n@  "
    loop_and_cut_off = "  #\n@ #\n## "  # as many edges as a tree has
    trees = ["  .\n ##\n@  ", "###\n#@#\n###"]
    others = [LOOP, CUT_OFF, block, loop_and_cut_off]
    drawings = batch([from_text(text, 5) for text in trees + others])
    assert paths.is_tree(drawings).tolist() == [True] * len(trees) + [False] * len(others)
    assert paths.is_tree(from_seeds(range(500), 15)).all()


@given(MAZES)
def test_forks_are_the_naive_ones(maze):
    assert fork_of(*maze) == naive_fork(*maze)


@pytest.mark.parametrize("region", ["anywhere", 5])
def test_forks_of_procgens_trees_are_the_naive_ones(region):
    """One batch with every type except undefined."""
    levels = from_seeds(range(300), 25, region)
    level_type, square = paths.classify_levels(levels)
    assert sorted(set(level_type.tolist())) == [paths.SAME, paths.ON_THE_WAY, paths.BEYOND, paths.FORK]
    for i in range(levels.num_levels):
        name, cell = naive_fork(to_text(levels.rows([i])), 25)
        assert (paths.LEVEL_TYPES[level_type[i]], square[i].item()) == (name, number(cell, 25))


@pytest.mark.parametrize(
    ("text", "level_type", "decision_square"),
    [
        ("  .\n ##\n@  ", "same", None),
        (".  \n ##\n@  ", "on_the_way", None),
        ("   \n # \n@#.", "beyond", None),
        ("  @\n ##\n.  ", "beyond", None),  # the start is the corner
        ("   \n ##\n@ .", "fork", (1, 1)),  # the start itself
        ("     \n ####\n   . \n ####\n@####", "fork", (0, 2)),
        ("  #  \n#   #\n##.##\n#### \n@    ", "undefined", None),  # the cheese is unreachable
        ("  #  \n# ###\n# ###\n# ## \n@  . ", "undefined", None),  # the corner is unreachable
        ("     \n ### \n ### \n ### \n@  . ", "undefined", None),  # a loop
        (" # \n###\n@ .", "undefined", None),  # a wall in the corner, and other walls
        ("###\n###\n@ .", "undefined", None),  # a wall in the corner
        ("   \n ##\n@  ", "undefined", None),  # no cheese
    ],
)
def test_forks_on_drawings(text, level_type, decision_square):
    assert fork_of(text, 5) == (level_type, decision_square)


@given(MAZES, st.sampled_from([1.0, 0.999, 0.5, 0.0]), st.sampled_from([1, 2, 5, 500]))
@example((LOOP, 5), 0.9, 7)
@example((LOOP, 5), 0.9, 8)
@example((CUT_OFF, 5), 1.0, 500)
def test_optimal_return_is_what_playing_the_path_brings(maze, gamma, max_episode_steps):
    level = from_text(*maze)
    cells = paths.shortest_path(level, level.start.item(), level.cheese.item())
    best = paths.compute_optimal_return(level, gamma, max_episode_steps)
    assert best.tolist() == pytest.approx([play(level, cells, gamma, max_episode_steps)], rel=1e-6)


@given(MAZES, st.sampled_from([1.0, 0.9]), st.sampled_from([1, 3, 10, 81]), st.booleans())
def test_optimal_return_is_the_value_of_the_rules(maze, gamma, max_episode_steps, begins_on_cheese):
    level = from_text(*maze)
    if begins_on_cheese:
        level = level._replace(cheese=level.start)
    best = paths.compute_optimal_return(level, gamma, max_episode_steps)
    assert best.tolist() == pytest.approx([value(level, gamma, max_episode_steps)])


def test_optimal_return_of_a_batch():
    """The reward comes with the last of 8 steps, or with no step at all."""
    one = from_text(LOOP, 5)
    no_cheese = one._replace(cheese=torch.tensor([-1]))
    levels = batch([one, from_text(CUT_OFF, 5), no_cheese, one._replace(cheese=one.start)])
    assert paths.compute_optimal_return(levels).tolist() == [10, 0, 0, 10]
    assert paths.compute_optimal_return(levels, gamma=0.5).tolist() == [10 / 128, 0, 0, 10]
    assert paths.compute_optimal_return(levels, max_episode_steps=8).tolist() == [10, 0, 0, 10]
    assert paths.compute_optimal_return(levels, max_episode_steps=7).tolist() == [0, 0, 0, 10]

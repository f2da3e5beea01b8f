"""Policy and value maps, against mice whose plan is known."""

import numpy as np
import pytest
import torch
from mazes import number, read
from mice import Planned, mouse_with, undecided, way_to

from agents.impala import build_policy
from envs import paths, world
from envs.drawings import from_text, to_text
from envs.levels import from_seeds
from envs.world import State
from viewer.maps import compute_greedy_path, compute_maps, compute_shortest_path, compute_visits

DIM = 7
SEEDS = range(12)


def beginning(seed: int) -> State:
    return world.start(from_seeds([seed], DIM))


def facing_mouse():
    """A mouse with a real network and rgb observations, which show its facing."""
    mouse = mouse_with(None, observation="rgb", world_dim=DIM)
    torch.manual_seed(0)
    policy = build_policy(mouse.spec, 1).eval()
    policy.fc_policy.weight.data *= 300
    return mouse._replace(policy=policy)


@pytest.mark.parametrize("seed", SEEDS)
def test_moves_and_paths_are_those_of_the_plan(seed):
    state = beginning(seed)
    open_cells, mouse, cheese = read(to_text(state.level), DIM)
    way, maps = way_to(cheese, open_cells), compute_maps(mouse_with(Planned("to the cheese")), state.level)
    for cell in open_cells - {cheese}:
        y, x = cell[1], cell[0]
        step = (way[cell][0] - x, way[cell][1] - y)
        move = {(-1, 0): world.LEFT, (0, -1): world.DOWN, (0, 1): world.UP, (1, 0): world.RIGHT}[step]
        assert maps.moves[:, y, x].tolist() == [float(other == move) for other in range(5)]
    walls = state.level.walls[0].numpy()
    assert (np.isnan(maps.moves) == walls).all() and (np.isnan(maps.value) == walls).all()
    cells = [mouse]
    while cells[-1] != cheese:
        cells.append(way[cells[-1]])
    assert compute_greedy_path(maps, state) == compute_shortest_path(state) == [number(cell, DIM) for cell in cells]

    visits = compute_visits(maps, state)
    assert {(int(x), int(y)): 1.0 for y, x in np.argwhere(visits > 0)} == {
        cell: visits[cell[1], cell[0]] for cell in cells
    }


def test_a_mouse_that_stands_still_goes_nowhere():
    state = world.start(from_text("#.#\n   \n@##", DIM))
    maps = compute_maps(mouse_with(Planned("nowhere")), state.level)
    assert compute_greedy_path(maps, state) == [int(state.mouse)]
    assert compute_visits(maps, state).flatten()[int(state.mouse)] == 257


def test_a_mouse_at_the_cheese_visits_no_other_cell():
    state = beginning(5)
    maps = compute_maps(mouse_with(undecided), state.level)
    visits = compute_visits(maps, state._replace(mouse=state.level.cheese)).flatten()
    assert visits[int(state.level.cheese)] == 1 and np.nansum(visits) == 1


def test_paths_begin_where_the_mouse_is():
    state = beginning(5)
    other = int((~state.level.walls[0]).flatten().nonzero()[-1])
    state = state._replace(mouse=torch.tensor([other]))
    maps = compute_maps(mouse_with(Planned("to the cheese")), state.level)
    assert compute_greedy_path(maps, state)[0] == compute_shortest_path(state)[0] == other
    assert compute_visits(maps, state).flatten()[other] >= 1


def test_expected_visits_are_the_mean_of_many_walks():
    state = world.start(from_text("###\n#  \n@ .", 5))
    maps = compute_maps(mouse_with(undecided, world_dim=5), state.level)
    counts, walks = np.zeros(25), 3000
    generator, moves = torch.Generator().manual_seed(0), torch.tensor([world.LEFT, world.DOWN, world.UP, world.RIGHT])
    walking = state.rows([0] * walks)
    while len(walking.mouse):
        counts += np.bincount(walking.mouse, minlength=25)
        going_on = walking.mouse != walking.level.cheese
        walking = walking.rows(going_on)
        chosen = moves[torch.randint(4, walking.mouse.shape, generator=generator)]
        walking = world.step(walking, chosen)[0]
    expected = np.nan_to_num(compute_visits(maps, state)).flatten()
    assert expected == pytest.approx(counts / walks, rel=0.1)


def test_no_way_no_path():
    state = world.start(from_text("#.#\n###\n@# ", DIM))
    assert compute_shortest_path(state) == []
    assert compute_shortest_path(world.start(from_text("###\n###\n@# ", DIM))) == []


def test_facings_are_told_apart_where_the_mouse_sees_them():
    mouse, state = facing_mouse(), beginning(7)
    maps = compute_maps(mouse, state.level)
    assert maps.chain.facing_right.any()
    for facing in (False, True):
        turned = state._replace(facing_right=torch.tensor([facing]))
        cells, now = [int(turned.mouse)], turned
        with torch.no_grad():
            for _ in range(60):
                picture = mouse.spec.painter("cpu").paint(now)
                move = world.build_moves("minimal")[mouse.policy(picture)[0].argmax(1)]
                now = world.step(now, move)[0]
                if int(now.mouse) != cells[-1]:
                    cells.append(int(now.mouse))
        path = compute_greedy_path(maps, turned)
        assert path == cells[: len(path)], facing


def test_an_optimal_path_is_as_long_as_the_distance():
    for seed in SEEDS:
        state = beginning(seed)
        distance = paths.distance_at(paths.compute_distances(state.level, state.mouse), state.level.cheese)
        assert len(compute_shortest_path(state)) == int(distance) + 1

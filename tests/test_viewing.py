"""A mouse being watched, without a window: what each key does to the history."""

import pytest
import torch
from mazes import number, read
from mice import Planned, corner_of, mouse_with, undecided, way_to

from envs import world
from envs.levels import SEED_LIMIT, from_text, to_text
from viewer.viewing import Viewing

DIM = 7


def viewing_of(plan: str = "to the cheese", **settings) -> Viewing:
    return Viewing(mouse_with(Planned(plan)), **settings)


def in_level(text: str, plan: str = "to the cheese", **env) -> Viewing:
    viewing = Viewing(mouse_with(Planned(plan), **env))
    viewing.history = [world.start(from_text(text, DIM))]
    return viewing


def cells(viewing: Viewing) -> list[int]:
    return [int(state.mouse) for state in viewing.history]


def play_on(viewing: Viewing) -> None:
    for _ in range(100):
        viewing.step()


@pytest.mark.parametrize("level_seed", range(20))
def test_steps_lead_to_the_cheese_and_no_further(level_seed):
    viewing = viewing_of(level_seed=level_seed)
    open_cells, mouse, cheese = read(to_text(viewing.state.level), DIM)
    way, expected = way_to(cheese, open_cells), [mouse]
    while expected[-1] != cheese:
        assert not viewing.finished
        viewing.step()
        expected.append(way[expected[-1]])
        assert cells(viewing) == [number(cell, DIM) for cell in expected]
    assert viewing.finished
    viewing.step()
    assert len(viewing.history) == len(expected) and int(viewing.state.clock) == len(expected) - 1
    came_by = corner_of(open_cells) in expected[:-1]
    assert viewing.outcome == ("corner" if came_by else "cheese")


def test_back_undoes_steps_one_by_one():
    viewing = viewing_of(level_seed=3)
    play_on(viewing)
    history = list(viewing.history)
    for length in range(len(history) - 1, 0, -1):
        viewing.back()
        assert viewing.state is history[length - 1] and not viewing.finished
    viewing.back()
    assert viewing.history == history[:1]
    play_on(viewing)
    assert cells(viewing) == [int(state.mouse) for state in history]


PARTED = "#### \n#### \n   # \n## # \n.@   "


def test_the_corner_first_is_told_from_the_cheese():
    viewing = in_level(PARTED, "to the corner")
    assert viewing.outcome == ""
    play_on(viewing)
    assert viewing.outcome == "corner"
    while len(viewing.history) > 1:
        viewing.back()
    assert viewing.outcome == ""

    viewing = in_level(PARTED)
    play_on(viewing)
    assert viewing.outcome == "cheese"

    viewing = in_level("    .\n ####\n @   \n ####\n     ")
    play_on(viewing)
    assert viewing.state.level.cheese == viewing.state.level.corner
    assert viewing.outcome == "cheese", "a cheese in the corner is a cheese"


def test_time_runs_out():
    viewing = in_level(PARTED, "nowhere", max_episode_steps=5)
    for _ in range(5):
        assert not viewing.finished
        viewing.step()
    assert viewing.finished and viewing.outcome == ""
    viewing.step()
    assert len(viewing.history) == 6


def test_levels_follow_each_other():
    viewing = viewing_of(level_seed=5)
    play_on(viewing)
    for by, seed in ((1, 6), (1, 7), (-1, 6), (-1, 5), (-5, 0), (-1, 0), (1, 1)):
        viewing.next_level(by)
        assert int(viewing.state.level.seed) == seed and len(viewing.history) == 1
        assert to_text(viewing.state.level) == to_text(viewing_of(level_seed=seed).state.level)


def test_after_the_last_level_there_is_none():
    viewing = viewing_of(level_seed=SEED_LIMIT - 1)
    viewing.next_level()
    assert int(viewing.state.level.seed) == SEED_LIMIT - 1


def test_a_moved_cheese_lies_in_another_open_cell():
    viewing = viewing_of(level_seed=11)
    viewing.step()
    places, mouse = set(), int(viewing.state.mouse)
    for _ in range(200):
        before = viewing.state.level
        viewing.move_cheese()
        level = viewing.state.level
        assert int(level.cheese) not in (int(before.cheese), mouse) and torch.equal(level.walls, before.walls)
        assert cells(viewing) == [mouse] and int(viewing.state.clock) == 1, "the mouse goes on from where it is"
        places.add(int(level.cheese))
    open_cells = set((~level.walls.flatten()).nonzero()[:, 0].tolist())
    assert places == open_cells - {mouse}


def test_a_cheese_moved_after_the_end_begins_afresh_and_restart_keeps_it():
    viewing = viewing_of(level_seed=11)
    play_on(viewing)
    viewing.move_cheese()
    level = viewing.state.level
    assert cells(viewing) == [int(level.start)] and int(viewing.state.clock) == 0 and not viewing.finished
    play_on(viewing)
    assert int(viewing.state.mouse) == int(level.cheese)
    viewing.restart()
    assert cells(viewing) == [int(level.start)] and int(viewing.state.level.cheese) == int(level.cheese)


def test_a_cheese_is_put_where_there_was_none_and_stays_where_there_is_no_other_place():
    viewing = in_level("###\n###\n@ #")
    assert not viewing.finished and viewing.outcome == ""
    viewing.move_cheese()
    assert to_text(viewing.state.level) == "###\n###\n@.#"
    viewing.move_cheese()
    assert to_text(viewing.state.level) == "###\n###\n@.#"


def test_the_cheese_lies_where_it_was_asked_to():
    for level_seed in range(30):
        level = viewing_of(level_seed=level_seed, cheese="as_trained").state.level
        edge = (DIM + int(level.maze_dim)) // 2
        assert all(edge - 2 <= axis < edge for axis in divmod(int(level.cheese), DIM))
    with pytest.raises(ValueError, match="cheese must be one of as_trained, anywhere, not 'moon'"):
        viewing_of(cheese="moon")


def test_one_seed_is_one_walk_and_one_choice_of_places():
    def story(seed):
        viewing = Viewing(mouse_with(undecided), level_seed=4, seed=seed)
        for _ in range(10):
            viewing.step()
        walk = cells(viewing)
        viewing.move_cheese()
        return walk, int(viewing.state.level.cheese)

    assert story(0) == story(0) and len({str(story(seed)) for seed in range(5)}) == 5

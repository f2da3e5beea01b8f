"""The viewing without a window: effects of keys and pointer on the history and the maze."""

from copy import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mazes import batch, number, read
from mice import Planned, corner_of, is_full_fork, mouse_with, undecided, way_to

from envs import world
from envs.drawings import from_text, to_text
from envs.levels import SEED_LIMIT, Levels, region_mask
from foundation.errors import InputError
from viewer.texts import describe_maze, describe_verdict
from viewer.viewing import Viewing

DIM = 7


def viewing_of(plan: str = "to the cheese", level: int = 3, **more) -> Viewing:
    return Viewing([mouse_with(Planned(plan))], level, **more)


def in_level(text: str, plan: str = "to the cheese", **env) -> Viewing:
    return Viewing([mouse_with(Planned(plan), **env)], 1, drawn=from_text(text, DIM))


def cells(viewing: Viewing, pane: int = 0) -> list[int]:
    return [int(moment[pane].mouse) for moment in viewing.episode.moments]


def play_on(viewing: Viewing) -> None:
    for _ in range(100):
        viewing.step()


def snapshot(viewing: Viewing) -> tuple:
    """Everything visible, as plain text and numbers."""
    panes = [(to_text(s.level), int(s.level.cheese), int(s.mouse), int(s.clock)) for s in viewing.states]
    return panes, [cells(viewing, pane) for pane in range(len(panes))], [pane.person for pane in viewing.panes]


@pytest.mark.parametrize("level", range(20))
def test_steps_lead_to_the_cheese_and_no_further(level):
    viewing = viewing_of(level=level)
    open_cells, mouse, cheese = read(to_text(viewing.level), DIM)
    way, expected = way_to(cheese, open_cells), [mouse]
    while expected[-1] != cheese:
        assert not viewing.episode.finished
        viewing.step()
        expected.append(way[expected[-1]])
        assert cells(viewing) == [number(cell, DIM) for cell in expected]
    assert viewing.episode.finished
    viewing.step()
    assert len(viewing.episode.moments) == len(expected) and viewing.episode.steps == len(expected) - 1
    came_by = corner_of(open_cells) in expected[:-1]
    assert viewing.episode.outcome(0) == ("corner" if came_by else "cheese")


def test_forward_after_back_is_what_it_was():
    viewing = Viewing([mouse_with(undecided)], 4)
    for _ in range(20):
        viewing.step()
    walk, history = cells(viewing), list(viewing.episode.moments)
    for length in range(len(history) - 1, 0, -1):
        viewing.back()
        assert viewing.states is history[length - 1]
    viewing.back()
    assert list(viewing.episode.moments) == history[:1]
    for _ in range(20):
        viewing.step()
    assert cells(viewing) == walk and len(set(walk)) > 2


def test_then_is_as_it_was_and_leaves_the_present_alone():
    viewing = in_level(PARTED, "to the corner")
    play_on(viewing)
    length = len(viewing.episode.moments)
    before = viewing.at_moment(3)
    assert (
        before.states is viewing.episode.moments[3]
        and before.episode.outcome(0) == ""
        and viewing.episode.outcome(0) == "corner"
    )
    before.step()
    assert len(viewing.episode.moments) == length


PARTED = "#### \n#### \n   # \n## # \n.@   "


def test_the_corner_first_is_told_from_the_cheese():
    viewing = in_level(PARTED, "to the corner")
    assert viewing.episode.outcome(0) == ""
    play_on(viewing)
    assert viewing.episode.outcome(0) == "corner"
    while len(viewing.episode.moments) > 1:
        viewing.back()
    assert viewing.episode.outcome(0) == ""

    viewing = in_level(PARTED)
    play_on(viewing)
    assert viewing.episode.outcome(0) == "cheese"

    viewing = in_level("    .\n ####\n @   \n ####\n     ")
    play_on(viewing)
    assert viewing.level.cheese == viewing.level.corner
    assert viewing.episode.outcome(0) == "cheese", "a cheese in the corner is a cheese"


def test_time_runs_out():
    viewing = in_level(PARTED, "nowhere", max_episode_steps=5)
    for _ in range(5):
        assert not viewing.episode.finished
        viewing.step()
    assert viewing.episode.finished and viewing.episode.outcome(0) == ""
    viewing.step()
    assert len(viewing.episode.moments) == 6


def test_a_verdict_comes_with_cheese_or_corner_or_after_a_long_time():
    viewing = in_level(PARTED, "to the corner")
    while not viewing.episode.decided:
        assert viewing.episode.verdict(0) == ""
        viewing.step()
    assert viewing.episode.verdict(0) == "corner" and viewing.episode.steps == 7
    trail = [number(cell, DIM) for cell in ((2, 1), (3, 1), (4, 1), (5, 1), (5, 2), (5, 3), (5, 4), (5, 5))]
    assert viewing.episode.trail(0) == trail
    viewing.grab(0, int(viewing.level.cheese))
    viewing.drag(number((3, 3), DIM))
    viewing.release()
    assert viewing.episode.steps == 0 and not viewing.episode.decided, "the mouse starts again after the corner"

    lost = in_level(PARTED, "nowhere", max_episode_steps=500)
    play_on(lost)
    assert [lost.at_moment(steps).episode.verdict(0) for steps in (41, 42)] == ["", "neither"]


def test_after_neither_an_edit_lets_the_mouse_walk_on():
    def put_cheese_aside(viewing):
        viewing.grab(0, int(viewing.level.cheese))
        viewing.drag(number((3, 3), DIM))
        viewing.release()

    for edit in (put_cheese_aside, lambda viewing: viewing.toggle_wall(number((2, 2), DIM))):
        viewing = in_level(PARTED, "nowhere", max_episode_steps=500)
        while not viewing.episode.decided:
            viewing.step()
        edit(viewing)
        for steps in range(42):
            assert viewing.episode.steps == steps and viewing.episode.verdict(0) == ""
            viewing.step()
        assert describe_verdict(viewing).startswith("Reached neither in 42 steps.")


def test_a_start_in_the_corner_has_not_reached_it():
    viewing = in_level(PARTED)
    viewing.grab(0, int(viewing.level.start))
    viewing.drag(int(viewing.level.corner))
    viewing.release()
    assert int(viewing.states[0].mouse) == int(viewing.level.corner) and not viewing.episode.decided
    while not viewing.episode.decided:
        viewing.step()
    assert viewing.episode.outcome(0) == "cheese" and viewing.episode.steps == 8
    stays = in_level("    @\n ####\n     \n ####\n    .", "to the corner")
    stays.step()
    assert stays.episode.outcome(0) == "corner", "who stays there has reached it, as in analysis/chain.py"


def test_a_pane_that_goes_takes_what_is_held_with_it():
    viewing = in_level(PARTED)
    viewing.toggle_comparison()
    assert viewing.grab(1, int(viewing.states[1].level.cheese))
    viewing.toggle_comparison()
    viewing.drag(number((3, 3), DIM))
    assert viewing.held == "" and len(viewing.panes) == 1
    assert viewing.undo() and len(viewing.panes) == 2 and viewing.undo() and not viewing.undo()


def test_levels_follow_each_other():
    viewing = viewing_of(level=5)
    play_on(viewing)
    forks = [seed for seed in range(60) if is_full_fork(seed, DIM, 7)]
    after = [seed for seed in forks if seed > 5]
    back = [after[0], *[seed for seed in reversed(forks) if seed <= 5]]
    for by, seed in [(1, after[0]), (1, after[1]), *((-1, seed) for seed in back), (1, forks[1])]:
        viewing.next_level(by)
        assert int(viewing.level.seed) == viewing.number == seed and len(viewing.episode.moments) == 1
        assert to_text(viewing.level) == to_text(viewing_of(level=seed).level)
    viewing.go_to(SEED_LIMIT - 1)
    viewing.move_cheese()
    edited = to_text(viewing.level)
    with pytest.raises(InputError, match="this is the last level"):
        viewing.next_level()
    assert to_text(viewing.level) == edited and viewing.undo(), "what is refused changes nothing"
    viewing.go_to(forks[0])
    with pytest.raises(InputError, match="this is the first level"):
        viewing.next_level(-1)


def test_levels_of_a_file_follow_each_other():
    drawn = batch([from_text(text, DIM) for text in ("@ .\n# #\n   ", "  .\n   \n@  ", PARTED)])
    viewing = Viewing([mouse_with(Planned("to the cheese"))], 2, drawn=drawn)
    for by, expected in ((1, 3), (-1, 2), (-1, 1)):
        viewing.next_level(by)
        assert viewing.number == expected and to_text(viewing.level) == to_text(drawn.rows([expected - 1]))
        assert not viewing.edited
    with pytest.raises(InputError, match="this is the first level"):
        viewing.next_level(-1)
    for beyond in (0, 4):
        with pytest.raises(ValueError, match=rf"in 1\.\.3 for this file, not {beyond}"):
            viewing.go_to(beyond)
    assert viewing.number == 1, "what is refused changes nothing"


def test_a_moved_cheese_lies_in_another_open_cell():
    viewing = viewing_of(level=11)
    viewing.step()
    places, mouse, start = set(), int(viewing.states[0].mouse), int(viewing.level.start)
    for _ in range(200):
        before = viewing.level
        assert viewing.move_cheese() == ""
        level = viewing.level
        assert int(level.cheese) != int(before.cheese) and torch.equal(level.walls, before.walls)
        assert cells(viewing) == [mouse] and viewing.episode.steps == 0, "the mouse goes on from where it is"
        places.add(int(level.cheese))
    open_cells = set((~level.walls.flatten()).nonzero()[:, 0].tolist())
    assert places == open_cells - {mouse, start}


def test_a_cheese_moved_after_the_end_begins_afresh_and_restart_keeps_it():
    viewing = viewing_of(level=11)
    play_on(viewing)
    viewing.move_cheese()
    level = viewing.level
    assert cells(viewing) == [int(level.start)] and viewing.episode.steps == 0 and not viewing.episode.finished
    play_on(viewing)
    assert int(viewing.states[0].mouse) == int(level.cheese)
    viewing.restart()
    assert cells(viewing) == [int(level.start)] and int(viewing.level.cheese) == int(level.cheese)


def test_a_cheese_is_put_where_there_was_none_and_stays_where_there_is_no_other_place():
    viewing = in_level("###\n###\n@ #")
    assert not viewing.episode.finished and viewing.episode.outcome(0) == ""
    viewing.move_cheese()
    assert to_text(viewing.level) == "###\n###\n@.#"
    assert viewing.move_cheese() == "no other open cell for the cheese"
    assert to_text(viewing.level) == "###\n###\n@.#"
    viewing.undo()
    assert to_text(viewing.level) == "###\n###\n@ #" and not viewing.undo(), "what was not done needs no undoing"


def test_the_cheese_lies_where_it_was_asked_to():
    for level in range(30):
        asked = viewing_of(level=level, cheeses=["as_trained"]).level
        moved = viewing_of(level=level)
        if moved.move_cheese("as_trained") == "":
            assert torch.equal(asked.walls, moved.level.walls)
        for placed in (asked, moved.level):
            edge = (DIM + int(placed.maze_dim)) // 2
            assert all(edge - 2 <= axis < edge for axis in divmod(int(placed.cheese), DIM))
            assert region_mask(placed, 2).flatten()[int(placed.cheese)] and region_mask(placed, 2).sum() == 4
    with pytest.raises(ValueError, match=r"one of as_trained, anywhere or a cell \[x,y\], not 'moon'"):
        viewing_of(cheeses=["moon"])


def test_a_cheese_in_a_cell_is_counted_from_the_maze_and_not_the_world():
    text = "## \n   \n@ #"
    viewing = Viewing([mouse_with(Planned("nowhere"))], 1, [[2, 2]], drawn=from_text(text, DIM))
    assert to_text(viewing.level) == "##.\n   \n@ #"
    for refused in ([0, 2], [0, 0], [3, 1], [-1, 0]):
        with pytest.raises(ValueError, match=r"must be an open cell.*of the first level.*3×3"):
            Viewing([mouse_with(Planned("nowhere"))], 1, [refused], drawn=from_text(text, DIM))
    assert region_mask(viewing.level, "anywhere").sum() == 9 and region_mask(viewing.level, 0).sum() == 1


def test_one_seed_is_one_walk_and_one_choice_of_places():
    def story(seed):
        viewing = Viewing([mouse_with(undecided)], 4, seed=seed)
        for _ in range(10):
            viewing.step()
        walk = cells(viewing)
        viewing.move_cheese()
        return walk, int(viewing.level.cheese)

    assert story(0) == story(0) and len({str(story(seed)) for seed in range(5)}) == 5


def test_a_mouse_draws_its_moves_from_its_policy():
    drawn = from_text("###\n @ \n###", DIM)
    lefts = 0
    for seed in range(400):
        viewing = Viewing([mouse_with(undecided)], 1, seed=seed, drawn=drawn)
        viewing.step()
        lefts += cells(viewing)[-1] - cells(viewing)[0] == -1
    assert 70 < lefts < 130, "one of four moves leads to the left"


def test_here_and_there_the_same_mouse_walks_alike_until_the_cheese_matters():
    viewing = Viewing([mouse_with(undecided)], 4, ["as_trained", "anywhere"])
    assert int(viewing.states[0].level.cheese) != int(viewing.states[1].level.cheese)
    for _ in range(3):
        viewing.step()
    assert cells(viewing, 0) == cells(viewing, 1), "a blind mouse: what differs is no luck"


def test_two_mice_walk_in_step_and_wait_for_each_other():
    mice = [mouse_with(Planned(plan)) for plan in ("to the cheese", "to the corner")]
    viewing = Viewing(mice, 1, drawn=from_text(PARTED, DIM))
    play_on(viewing)
    assert [viewing.episode.outcome(0), viewing.episode.outcome(1)] == ["cheese", "corner"] and viewing.episode.is_over(
        0
    )
    assert int(viewing.states[0].clock) == 1 and int(viewing.states[1].clock) == viewing.episode.steps == 60


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"world_dim": 9}, "a 9×9 world with cells observations"),
        ({"observation": "rgb"}, "a 7×7 world with rgb observations"),
    ],
)
def test_mice_of_different_worlds_are_refused(other, words):
    mice = [mouse_with(Planned("nowhere")), mouse_with(Planned("nowhere"), **other)]
    with pytest.raises(ValueError, match=words):
        Viewing(mice, 1)


def test_a_dragged_cheese_is_moved_live_and_undone_as_one():
    viewing = in_level(PARTED)
    viewing.step()
    viewing.back()
    before = snapshot(viewing)
    cells_of = {"left": (1, 1), "up": (2, 3), "wall": (1, 2), "on": (2, 1)}
    place = {text: number(cell, DIM) for text, cell in cells_of.items()}
    assert viewing.grab(0, place["left"]) and viewing.held == "cheese"
    for target, expected in (("wall", "left"), ("on", "left"), ("up", "up"), ("wall", "up")):
        viewing.drag(place[target])
        assert int(viewing.level.cheese) == place[expected], "where it cannot lie it does not follow"
    viewing.release()
    assert viewing.held == "" and viewing.changed
    viewing.drag(place["left"])
    assert int(viewing.level.cheese) == place["up"], "nothing is held any more"
    assert viewing.undo() and snapshot(viewing) == before and not viewing.undo()


def test_what_is_put_back_at_once_was_not_moved():
    viewing = in_level(PARTED)
    viewing.step()
    assert viewing.grab(0, int(viewing.states[0].mouse))
    viewing.release()
    assert not viewing.changed and len(viewing.episode.moments) == 2
    assert not viewing.grab(0, number((5, 5), DIM)) and viewing.held == ""


def test_a_dragged_mouse_begins_where_it_is_put():
    viewing = in_level(PARTED, "to the corner")
    viewing.step()
    at = int(viewing.states[0].mouse)
    viewing.grab(0, at)
    viewing.drag(number((1, 1), DIM))
    assert cells(viewing)[-1] == at, "the cheese lies there"
    viewing.drag(number((5, 3), DIM))
    viewing.release()
    assert (
        to_text(viewing.level) == "#### \n#### \n   #@\n## # \n.    " and viewing.episode.steps == 0 and viewing.edited
    )
    play_on(viewing)
    assert viewing.episode.outcome(0) == "corner"


def test_a_cheese_follows_in_the_panes_of_its_place_only():
    mice = [mouse_with(Planned(plan)) for plan in ("nowhere", "nowhere")]
    viewing = Viewing(mice, 1, [[4, 4], [0, 0]], drawn=from_text(PARTED.replace(".", " "), DIM))
    assert [pane.place for pane in viewing.panes] == [0, 0, 1, 1]
    viewing.grab(3, number((1, 1), DIM))
    viewing.drag(number((2, 3), DIM))
    assert [int(s.level.cheese) for s in viewing.states] == [number(c, DIM) for c in [(5, 5), (5, 5), (2, 3), (2, 3)]]


def test_walls_open_and_close_in_every_pane():
    viewing = in_level(PARTED, "to the corner")
    viewing.toggle_comparison()
    viewing.step()
    assert viewing.toggle_wall(number((2, 2), DIM)) == ""
    for state in viewing.states:
        assert to_text(state.level).split("\n")[3] == "#  # " and int(state.mouse) != int(state.level.start)
    assert viewing.edited and viewing.toggle_wall(number((2, 2), DIM)) == "" and not viewing.edited
    viewing.undo()
    assert viewing.edited
    viewing.undo()
    assert not viewing.edited and len(viewing.episode.moments) == 2, "the walk comes back as well"


@pytest.mark.parametrize(
    ("cell", "why"),
    [((1, 1), "cannot place"), ((2, 1), "cannot place"), ((0, 3), "outside"), ((6, 6), "outside")],
)
def test_walls_that_cannot_be(cell, why):
    viewing = in_level(PARTED)
    before = snapshot(viewing)
    assert why in viewing.toggle_wall(number(cell, DIM))
    assert snapshot(viewing) == before and not viewing.changed


def test_what_is_unusual_about_a_maze_is_said():
    cases = {
        PARTED: [],
        "###\n.  \n@ #": ["the maze has loops", "the corner is unreachable"],
        ".# \n   \n@  ": ["the maze has loops"],
        ".# \n#  \n@  ": ["the maze has loops", "part of the maze is unreachable", "the cheese is unreachable"],
        "###\n# #\n@. ": ["the corner is unreachable"],
        "#.#\n###\n@# ": ["part of the maze is unreachable", "the cheese is unreachable", "the corner is unreachable"],
    }
    for text, remarks in cases.items():
        assert describe_maze(in_level(text).states) == remarks, text


def test_a_person_walks_beside_the_mouse():
    viewing = in_level(PARTED, "to the corner")
    viewing.step()
    viewing.toggle_person()
    assert (
        [pane.person for pane in viewing.panes] == [False, True]
        and viewing.episode.waits_for_person
        and viewing.episode.steps == 0
    )
    viewing.step(world.LEFT)
    assert viewing.episode.outcome(1) == "cheese" and not viewing.episode.waits_for_person, "the mouse may go on alone"
    assert cells(viewing, 0)[-1] == number((3, 1), DIM)
    viewing.step(world.LEFT)
    assert len(cells(viewing, 0)) == 3 and int(viewing.states[1].clock) == 1
    viewing.toggle_person()
    assert len(viewing.panes) == 1 and not viewing.episode.waits_for_person


def test_nobody_waits_for_a_person_who_has_reached_the_corner():
    viewing = in_level(PARTED, "nowhere")
    viewing.toggle_person()
    open_cells, cell, _ = read(to_text(viewing.level), DIM)
    way = way_to(corner_of(open_cells), open_cells)
    moves = {(-1, 0): world.LEFT, (1, 0): world.RIGHT, (0, -1): world.DOWN, (0, 1): world.UP}
    while cell != corner_of(open_cells):
        assert viewing.episode.waits_for_person
        (x, y), (next_x, next_y) = cell, way[cell]
        viewing.step(moves[next_x - x, next_y - y])
        cell = way[cell]
    assert viewing.episode.outcome(1) == "corner" and not viewing.episode.waits_for_person


@pytest.mark.parametrize("between", [lambda v: v.step(), lambda v: v.restart()])
def test_a_press_without_a_drag_is_no_edit(between):
    viewing = in_level(PARTED, "nowhere")
    viewing.grab(0, int(viewing.level.cheese))
    between(viewing)
    assert not viewing.release() and not viewing.changed
    viewing.grab(0, int(viewing.level.cheese))
    viewing.grab(0, int(viewing.states[0].mouse))  # the end of the first press was not seen
    assert not viewing.release() and not viewing.changed


def test_here_and_there_comes_and_goes():
    viewing = in_level(PARTED, "to the cheese")
    assert viewing.toggle_comparison() == ""
    trained, here = (int(state.level.cheese) for state in viewing.states)
    assert region_mask(viewing.level, 2).flatten()[trained] and here == number((1, 1), DIM)
    assert viewing.toggle_comparison() == ""
    assert len(viewing.panes) == 1 and int(viewing.level.cheese) == here
    walled = in_level("###\n # \n@.#", cheese_region=0)
    assert "no open cell" in walled.toggle_comparison() and len(walled.panes) == 1 and not walled.changed


EDITS = {
    "step": lambda v, n: v.step(n % 5),
    "back": lambda v, n: v.back(),
    "wall": lambda v, n: v.toggle_wall(n),
    "cheese": lambda v, n: v.move_cheese(("anywhere", "as_trained")[n % 2], n),
    "drag": lambda v, n: (v.grab(n % len(v.panes), int(v.states[n % len(v.panes)].mouse)), v.drag(n), v.release()),
    "pull": lambda v, n: (v.grab(0, int(v.level.cheese)), v.drag(n), v.release()),
    "join": lambda v, n: v.toggle_person(),
    "beside": lambda v, n: v.toggle_comparison(),
    "restart": lambda v, n: v.restart(),
    "next": lambda v, n: v.go_to(1 + n),
    "undo": lambda v, n: v.undo(),
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(EDITS)), st.integers(0, DIM * DIM - 1)), max_size=12))
def test_whatever_is_done_the_maze_stays_whole_and_an_edit_is_undone(deeds):
    viewing = viewing_of(level=9)
    for name, n in deeds:
        before, edits, old = snapshot(viewing), len(viewing._undo), copy(viewing)
        EDITS[name](viewing, n)
        if name not in ("next", "undo") and len(viewing._undo) > edits:
            undone = copy(viewing)
            undone._undo = list(viewing._undo)
            assert undone.undo() and snapshot(undone) == before
        assert isinstance(old.level, Levels) and len(viewing.panes) == len(viewing.states)
        for state in viewing.states:
            level = state.level
            assert torch.equal(level.walls, viewing.level.walls) and torch.equal(level.start, viewing.level.start)
            taken = [int(level.start), int(state.mouse), int(level.cheese)]
            assert not level.walls.flatten()[taken].any() and int(level.start) != int(level.cheese)
            from_text(to_text(level), DIM)
        assert not viewing.held and len({len(moment) for moment in viewing.episode.moments}) == 1

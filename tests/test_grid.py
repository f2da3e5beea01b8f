"""Many levels in parallel, against separate walks."""

from collections import Counter
from functools import cache
from itertools import takewhile

import numpy as np
import pygame
import pytest
import torch
from mazes import batch, read
from mice import Planned, corner_of, is_full_fork, mouse_with, way_to

from envs.drawings import from_text, to_text
from envs.levels import SEED_LIMIT, from_seeds
from envs.painter import portrait
from viewer import board as b
from viewer.episode import PATIENCE
from viewer.grid import HOLD, Grid
from viewer.grid_scene import GridScene, draw_episodes
from viewer.grid_window import GridWindow
from viewer.recording import WIDEST
from viewer.saving import Session
from viewer.scene import PAPER
from viewer.viewing import Viewing

DIM = 7


def first_reached(seed: int, plan: str) -> tuple[str, int]:
    """What a planned mouse reaches first in a level, and after how many steps."""
    open_cells, mouse, cheese = read(to_text(from_seeds([seed], DIM)), DIM)
    corner = corner_of(open_cells)
    way, steps = way_to(cheese if plan == "to the cheese" else corner, open_cells), 0
    while mouse not in (cheese, corner):
        mouse, steps = way[mouse], steps + 1
    return ("cheese" if mouse == cheese else "corner"), steps


@cache
def chance_of(seed: int) -> tuple[float, float]:
    """P(cheese first) and P(corner first) of a random walk within the grid's steps, by its transition matrix."""
    open_cells, mouse, cheese = read(to_text(from_seeds([seed], DIM)), DIM)
    cells, corner = sorted(open_cells), corner_of(open_cells)
    walk = np.zeros((len(cells), len(cells)))
    for row, cell in enumerate(cells):
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            there = (cell[0] + x, cell[1] + y)
            walk[row, cells.index(there if there in open_cells and cell not in (cheese, corner) else cell)] += 0.25
    ends = np.linalg.matrix_power(walk, PATIENCE * DIM)[cells.index(mouse)]
    return ends[cells.index(cheese)], ends[cells.index(corner)]


@pytest.mark.parametrize("plan", ["to the cheese", "to the corner"])
def test_levels_are_played_one_after_another_and_counted_once(plan):
    many = Grid(mouse_with(Planned(plan)), 5, first=40)
    forks = iter([seed for seed in range(40, 400) if is_full_fork(seed, DIM, 7)])
    ends = {}  # when each slot's level ends, and how
    began, ended = [], {}  # the seeds in the order of their beginning, and how they ended
    playing = {slot: next(forks) for slot in range(5)}
    for slot, seed in playing.items():
        outcome, steps = first_reached(seed, plan)
        ends[slot] = (steps, outcome)
        began.append(seed)
    for step in range(1, 80):
        many.step()
        for slot in range(5):
            when, outcome = ends[slot]
            if step == when:
                ended[playing[slot]] = outcome
            assert many.outcomes[slot] == (outcome if step >= when and step < when + HOLD else ""), (step, slot)
        for slot in range(5):
            when, _ = ends[slot]
            if step == when + HOLD:
                playing[slot] = next(forks)
                began.append(playing[slot])
                outcome, steps = first_reached(playing[slot], plan)
                ends[slot] = (step + steps, outcome)
        counted = [ended[seed] for seed in takewhile(ended.__contains__, began)]
        assert dict(many.counts) == dict(Counter(counted)), "in the order in which they began"
        walks = [chance_of(seed) for seed in began[: len(counted)]]
        assert many.walk == pytest.approx(np.mean(walks, axis=0) if walks else (0, 0))
    assert many.num_counted > 10 and f"in {many.num_counted} forks" in many.summary
    assert many.summary.endswith(f"random walk: cheese {many.walk.cheese:.0%}, corner <1%")
    assert many.numbers == [playing[slot] for slot in range(5)]
    many.begin()
    assert many.numbers == [next(forks) for _ in range(5)] and not many.counts


def test_who_stands_still_reaches_neither():
    many = Grid(mouse_with(Planned("nowhere")), 2, first=0)
    for _ in range(PATIENCE * DIM):
        assert not many.counts
        many.step()
    assert many.counts == {"neither": 2} and "neither 2 (100%)" in many.summary


def test_an_episode_ends_at_the_step_limit_as_in_the_window():
    mouse = mouse_with(Planned("nowhere"), max_episode_steps=5)
    many, one = Grid(mouse, 2, first=0), Viewing([mouse], 0)
    for _ in range(5):
        assert not many.counts and not one.episode.decided
        many.step()
        one.step()
    assert many.counts == {"neither": 2} and one.episode.verdict(0) == "neither"


def test_a_seed_is_a_walk_and_regions_and_ends_are_kept():
    mouse = mouse_with(Planned("to the corner"))
    forks = [seed for seed in range(7, 60) if is_full_fork(seed, DIM, 7)][:3]
    assert torch.equal(Grid(mouse, 3, 7, "as_trained").state.level.cheese, from_seeds(forks, DIM, 2).cheese)
    last = [seed for seed in range(SEED_LIMIT - 60, SEED_LIMIT) if is_full_fork(seed, DIM, 7)][-1]
    first = next(seed for seed in range(60) if is_full_fork(seed, DIM, 7))
    assert Grid(mouse, 2, last).state.level.seed.tolist() == [last, first]
    drawn = batch([from_text("@ .\n# #\n   ", DIM), from_text("  .\n   \n@  ", DIM)])
    many = Grid(mouse, 5, 2, drawn=drawn)
    assert [to_text(many.state.level.rows([row])) for row in range(5)] == [
        to_text(drawn.rows([n])) for n in (1, 0, 1, 0, 1)
    ]


def test_a_grid_is_drawn_maze_by_maze_with_its_outcomes():
    many, surface = Grid(mouse_with(Planned("to the corner")), 6, 40), pygame.Surface((640, 480))
    picture = GridScene((3, 2))
    for _ in range(30):
        picture.draw(surface, many, "")
        pixels = pygame.surfarray.array3d(surface).swapaxes(0, 1)
        for row in range(6):
            board = picture.find_board(surface, many, row)
            expected, rect = portrait(many.state.rows([row]), board.cell), board.rect
            same = (pixels[rect.top : rect.bottom, rect.left : rect.right] == expected).all(-1)
            corner = board._replace(left=0, top=0).cell_rect(int(many.state.level.corner[row]))
            same[corner.top : corner.bottom, corner.left : corner.right] = True  # it is marked
            assert same.all()
            frame, outcome = tuple(pixels[rect.top - 2, rect.centerx].tolist()), many.outcomes[row]
            assert frame == (b.OUTCOME_COLOURS[outcome] if outcome else PAPER)
        many.step()


def test_a_grid_is_recorded_until_enough_have_ended():
    frames = list(draw_episodes(Grid(mouse_with(Planned("to the cheese")), 6, 40), (3, 2), 8, speed=8))
    assert all(frame.shape == frames[0].shape for frame in frames) and (frames[-1] == frames[-8]).all()
    many = Grid(mouse_with(Planned("to the cheese")), 6, 40)
    steps = 0
    while many.num_counted < 8:
        many.step()
        steps += 1
    assert len(frames) == steps + 1 + 3 * 8


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (6, 4), (2, 9)])
def test_a_recorded_maze_is_as_large_as_planned(shape):
    columns, rows = shape
    many = Grid(mouse_with(Planned("nowhere")), columns * rows, 0)
    height, width, _ = next(draw_episodes(many, shape, 1, speed=8)).shape
    board = GridScene(shape).find_board(pygame.Surface((width, height)), many, 0)
    assert board.cell == WIDEST // (columns * DIM)


def test_the_window_of_a_grid(tmp_path, monkeypatch):
    many = Grid(mouse_with(Planned("to the corner")), 6, 40, seed=3)
    window = GridWindow(many, (3, 2), Session(tmp_path), speed=8)

    def press(key: int, text: str = "") -> bool:
        return window.handle(pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text, mod=0, scancode=0))

    window.pass_time(0.2)
    assert window.grid.state.clock.tolist() == [1] * 6
    assert press(pygame.K_SPACE) and press(pygame.K_UP)
    window.pass_time(1)
    assert window.grid.state.clock.tolist() == [1] * 6 and window.pace.speed == 15
    press(pygame.K_SPACE)
    press(pygame.K_SLASH, "?")
    window.pass_time(1)
    assert window.helping and window.grid.state.clock.tolist() == [1] * 6
    surface = pygame.Surface((640, 480))
    window.draw(surface)
    assert press(pygame.K_ESCAPE) and not window.helping, "escape closes the help, and not the window"
    monkeypatch.setattr(pygame.display, "get_surface", lambda: surface)
    press(pygame.K_i)
    assert window.message == f"saved: {tmp_path / 'picture-1.png'}" and (tmp_path / "picture-1.png").exists()
    window.draw(surface)
    assert window.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(1, 1)))
    assert not window.opened, "beside the mazes"
    before = window.grid.numbers
    assert press(pygame.K_n) and not set(before) & set(window.grid.numbers)

    place = window._scene.find_board(surface, window.grid, 4).cell_rect(0).center
    window.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=place))
    assert window.opened and window.opened.viewing.number == window.grid.numbers[4]
    assert window.opened.viewing.seed == 3
    clock = window.grid.state.clock.tolist()
    window.pass_time(1)
    window.draw(surface)
    assert window.opened.viewing.episode.steps > 0 and window.grid.state.clock.tolist() == clock
    window.stale, window.opened.pace.waited = False, 0.0
    window.handle(pygame.event.Event(pygame.MOUSEMOTION, buttons=(0, 0, 0), rel=(1, 1), pos=place))
    window.pass_time(0)
    assert not window.stale, "a pointer that only moves changes nothing"
    assert press(pygame.K_q) and window.stale and not window.opened, "q leads back"
    window.pass_time(1)
    assert window.grid.state.clock.tolist() != clock
    assert press(pygame.K_x) and not press(pygame.K_q)

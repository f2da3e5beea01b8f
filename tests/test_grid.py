"""Many levels in parallel, against separate walks."""

import pygame
import pytest
import torch
from mazes import batch, read
from mice import Planned, corner_of, mouse_with, way_to

from envs.drawings import from_text, to_text
from envs.levels import SEED_LIMIT, from_seeds
from envs.painter import portrait
from foundation.palette import OUTCOME_COLOURS
from viewer import board as b
from viewer.grid import HOLD, Grid
from viewer.grid_scene import GridScene, draw_episodes, find_area
from viewer.grid_window import GridWindow
from viewer.maps import HORIZON
from viewer.saving import Session
from viewer.scene import PAPER, boards_in

DIM = 7


def first_reached(seed: int, plan: str) -> tuple[str, int]:
    """What a planned mouse reaches first in a level, and after how many steps."""
    open_cells, mouse, cheese = read(to_text(from_seeds([seed], DIM)), DIM)
    corner = corner_of(open_cells)
    way, steps = way_to(cheese if plan == "to the cheese" else corner, open_cells), 0
    while mouse not in (cheese, corner):
        mouse, steps = way[mouse], steps + 1
    return ("cheese" if mouse == cheese else "corner"), steps


@pytest.mark.parametrize("plan", ["to the cheese", "to the corner"])
def test_levels_are_played_one_after_another_and_counted_once(plan):
    many = Grid(mouse_with(Planned(plan)), 5, first=40)
    ends = {}  # when each slot's level ends, and how
    playing = dict(enumerate(range(40, 45)))
    following, tally = 45, dict.fromkeys(OUTCOME_COLOURS, 0)
    for slot, seed in playing.items():
        outcome, steps = first_reached(seed, plan)
        ends[slot] = (steps, outcome)
    for step in range(1, 80):
        many.step()
        for slot in range(5):
            when, outcome = ends[slot]
            if step == when:
                tally[outcome] += 1
            assert many.outcomes[slot] == (outcome if step >= when and step < when + HOLD else ""), (step, slot)
        for slot in range(5):
            when, _ = ends[slot]
            if step == when + HOLD:
                playing[slot], following = following, following + 1
                outcome, steps = first_reached(playing[slot], plan)
                ends[slot] = (step + steps, outcome)
        assert dict(many.counts) == {name: count for name, count in tally.items() if count}
    assert sum(tally.values()) > 10 and f"in {sum(tally.values())} levels" in many.summary


def test_who_stands_still_reaches_neither():
    many = Grid(mouse_with(Planned("nowhere")), 2, first=0)
    for _ in range(HORIZON):
        assert not many.counts
        many.step()
    assert many.counts == {"neither": 2} and "neither 2 (100%)" in many.summary


def test_a_seed_is_a_walk_and_regions_and_ends_are_kept():
    mouse = mouse_with(Planned("to the corner"))
    assert torch.equal(Grid(mouse, 3, 7, "as_trained").state.level.cheese, from_seeds([7, 8, 9], DIM, 2).cheese)
    assert Grid(mouse, 3, SEED_LIMIT - 1).state.level.seed.tolist() == [SEED_LIMIT - 1, 0, 1]
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
            (board,) = boards_in(find_area(row, (3, 2), surface.get_size()), 1, DIM, 0)
            expected, rect = portrait(many.state.rows([row]), board.cell), board.rect
            assert (pixels[rect.top : rect.bottom, rect.left : rect.right] == expected).all()
            frame, outcome = tuple(pixels[rect.top - 2, rect.centerx].tolist()), many.outcomes[row]
            assert frame == (b.OUTCOME_COLOURS[outcome] if outcome else PAPER)
        many.step()


def test_a_grid_is_recorded_until_enough_have_ended():
    frames = list(draw_episodes(Grid(mouse_with(Planned("to the cheese")), 6, 40), (3, 2), 8, speed=8))
    assert all(frame.shape == frames[0].shape for frame in frames) and (frames[-1] == frames[-8]).all()
    many = Grid(mouse_with(Planned("to the cheese")), 6, 40)
    steps = 0
    while sum(many.counts.values()) < 8:
        many.step()
        steps += 1
    assert len(frames) == steps + 1 + 8


def test_the_window_of_a_grid(tmp_path, monkeypatch):
    window = GridWindow(Grid(mouse_with(Planned("to the corner")), 6, 40), (3, 2), Session(tmp_path), speed=8)

    def press(key: int, text: str = "") -> bool:
        return window.handle(pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text))

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
    press(pygame.K_h)
    monkeypatch.setattr(pygame.display, "get_surface", lambda: surface)
    press(pygame.K_i)
    assert window.message == f"saved: {tmp_path / 'picture-1.png'}" and (tmp_path / "picture-1.png").exists()
    window.draw(surface)
    assert window.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(1, 1)))
    assert press(pygame.K_x) and not press(pygame.K_q)

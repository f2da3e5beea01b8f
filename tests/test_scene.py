"""Drawing: mazes pixel by pixel, positions of overlays, and texts that fit."""

import itertools

import numpy as np
import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mazes import batch, number
from mice import Planned, mouse_with, undecided
from networks import LAYER, NETWORKS

from agents.mouse import Mouse
from envs.drawings import from_text
from envs.painter import build_painter, portrait
from viewer import bars, display, grid_scene, legend, scene
from viewer import board as b
from viewer.board import Board
from viewer.grid import Grid
from viewer.inspection import Inspection
from viewer.keys import GRID_HELP, WINDOW_HELP
from viewer.layout import arrange
from viewer.maps import compute_maps
from viewer.overlays import OVERLAYS
from viewer.scene import Line, Scene
from viewer.texts import describe_status, describe_training
from viewer.typography import SMALLEST, font
from viewer.viewing import Viewing

DIM = 7
CORNER = (5, 5)  # of mazes of 5×5 cells
PARTED = "#### \n#### \n   # \n## # \n.@   "
ASIDE = "#### \n#### \n.  # \n## # \n#@   "  # the cheese behind a bend
FORK = "     \n ####\n    .\n ## #\n@#   "
SIZES = [(640, 480), (1366, 768), (2560, 1440), (480, 900)]


def viewing_of(mice: int = 1, cheeses: int = 1, plan: str = "to the corner", text: str = PARTED) -> Viewing:
    return viewing_with(mouse_with(Planned(plan)), mice, cheeses, text)


def viewing_with(mouse: Mouse, mice: int, cheeses: int, text: str = PARTED) -> Viewing:
    places = ["anywhere", "as_trained"][:cheeses]
    paths = [mouse._replace(path=mouse.path.with_name(f"a-long-name-of-a-mouse-{n}.safetensors")) for n in range(mice)]
    return Viewing(paths, 1, places, drawn=from_text(text, DIM), inspection=Inspection(LAYER))


def drawn(viewing: Viewing, *shown: str, size=(640, 480), a_scene: Scene | None = None) -> tuple[np.ndarray, Board]:
    """The maze's pixels, and the positions of its cells in them."""
    a_scene, surface = a_scene or Scene(), pygame.Surface(size)
    a_scene.draw(surface, viewing, frozenset(shown), [Line("one"), Line("two")])
    board = a_scene.boards[0]
    pixels = pygame.surfarray.array3d(surface).swapaxes(0, 1)
    rect = board.rect
    return pixels[rect.top : rect.bottom, rect.left : rect.right], board._replace(left=0, top=0)


def part(pixels: np.ndarray, board: Board, cell: tuple[int, int]) -> np.ndarray:
    rect = board.cell_rect(number(cell, DIM))
    return pixels[rect.top : rect.bottom, rect.left : rect.right]


def find_changes(pixels: np.ndarray, viewing: Viewing, board: Board) -> np.ndarray:
    """bool (H, W, 1): where pixels differ from the first pane's portrait, other than by the mark of the corner."""
    changed = (pixels != portrait(viewing.states[0], board.cell)).any(-1, keepdims=True)
    y, x = divmod(int(viewing.level.corner), DIM)
    part(changed, board, (x, y))[:] = False
    return changed


def is_portrait(pixels: np.ndarray, viewing: Viewing, board: Board) -> bool:
    """Whether pixels show the first pane's maze as its portrait, but for the corner, which is marked."""
    return not find_changes(pixels, viewing, board).any()


def has(pixels: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((pixels == colour).all(-1).any())


@pytest.mark.parametrize("size", SIZES)
def test_a_maze_is_drawn_as_its_portrait_at_any_size_and_step(size):
    viewing, kept = viewing_of(), Scene()
    for _ in range(8):
        pixels, board = drawn(viewing, size=size, a_scene=kept)
        assert is_portrait(pixels, viewing, board)
        viewing.step()
    viewing.toggle_wall(number((2, 2), DIM))
    viewing.grab(0, int(viewing.level.cheese))
    viewing.drag(number((3, 3), DIM))
    pixels, board = drawn(viewing, size=size, a_scene=kept)
    assert is_portrait(pixels, viewing, board), "what is kept does not outlive its maze"


@pytest.mark.parametrize("shown", [*[(name,) for name in OVERLAYS], tuple(OVERLAYS)])
def test_what_is_kept_never_shows(shown):
    viewing, kept = viewing_with(NETWORKS["plain"], 2, 2), Scene()
    deeds = [
        viewing.step,
        viewing.step,
        viewing.back,
        viewing.move_cheese,
        viewing.restart,
        lambda: viewing.toggle_wall(number((2, 2), DIM)),
        viewing.undo,
        viewing.toggle_person,
        viewing.toggle_comparison,
        lambda: viewing.toggle_clamp(0, number((3, 3), DIM)),
        lambda: viewing.pick_channel(1),
        lambda: viewing.raise_clamp(2.0),
        viewing.toggle_cheese_vector,
        viewing.next_layer,
    ]
    for deed in deeds:
        fresh, surface = pygame.Surface((700, 500)), pygame.Surface((700, 500))
        kept.draw(surface, viewing, frozenset(shown), [])
        Scene().draw(fresh, viewing, frozenset(shown), [])
        assert pygame.image.tobytes(surface, "RGB") == pygame.image.tobytes(fresh, "RGB")
        deed()


def test_arrows_point_where_the_mouse_goes():
    pixels, board = drawn(viewing_of(), "arrows")
    middle = board.cell // 2
    right, up, down = np.s_[:, middle + 3 :], np.s_[: middle - 3], np.s_[middle + 3 :]
    for cell, side in {(4, 1): right, (5, 3): up, (3, 2): down}.items():
        square = part(pixels, board, cell)
        towards = np.zeros(square.shape[:2], bool)
        towards[side] = True
        white = (square == b.WHITE).all(-1)
        assert white[towards].sum() > 5 and white[~towards].sum() < white[towards].sum(), cell
    undecided_pixels, _ = drawn(Viewing([mouse_with(undecided)], 1, drawn=from_text(PARTED, DIM)), "arrows")
    square = (part(undecided_pixels, board, (5, 3)) == b.WHITE).all(-1)
    assert (square == square[::-1]).mean() > 0.9 and (square == square.T).mean() > 0.9, "all four alike"


def test_paths_go_through_their_cells_and_no_others():
    way_to_corner = [(4, 1), (5, 1), (5, 3), (5, 4)]
    for name, colour, on, off in (
        ("optimal", b.GREEN, [(2, 3), (3, 2)], way_to_corner),
        ("greedy", b.RED, way_to_corner, [(2, 3), (3, 3)]),
    ):
        pixels, board = drawn(viewing_of(text=ASIDE), name)
        assert has(pixels, colour) and not has(drawn(viewing_of(text=ASIDE))[0], colour)
        changed = find_changes(pixels, viewing_of(text=ASIDE), board)
        assert all(part(changed, board, cell).any() for cell in on), name
        assert not any(part(changed, board, cell).any() for cell in off), name


def test_decision_square_and_region_and_visits_are_where_they_are():
    for name, text, inside, outside in (
        ("decision", FORK, [(1, 3)], [(3, 3), (5, 4), (1, 1)]),
        ("region", PARTED, [(4, 4), (5, 4), (4, 5)], [(2, 2), (1, 5), (3, 4)]),
        ("visits", PARTED, [(3, 1), (5, 4)], [(1, 1), (1, 3), (3, 2)]),
    ):
        pixels, board = drawn(viewing_of(text=text), name)
        changed = find_changes(pixels, viewing_of(text=text), board)
        assert all(part(changed, board, cell).any() for cell in inside), name
        assert not any(part(changed, board, cell)[4:-4, 4:-4].any() for cell in outside), name
    same = viewing_of(text="##.\n## \n@  ")
    without, board = drawn(same, "decision")
    assert is_portrait(without, same, board), "the cheese lies in the corner"


def test_the_corner_is_marked_and_the_trail_leads_from_the_start():
    viewing = viewing_of()
    pixels, board = drawn(viewing)
    square = part(pixels, board, CORNER)
    assert (square[0] == b.OUTCOME_COLOURS["corner"]).all() and (square[:, -1] == b.OUTCOME_COLOURS["corner"]).all()
    middle = np.s_[board.cell // 3 : -board.cell // 3, board.cell // 3 : -board.cell // 3]
    plain = part(portrait(viewing.states[0], board.cell), board, CORNER)
    assert (square[middle] == plain[middle]).all()
    for _ in range(4):
        viewing.step()
    trail, board = drawn(viewing, "trail")
    changed = find_changes(trail, viewing, board)
    inside, outside = [(2, 1), (3, 1), (4, 1), (5, 1), (5, 2)], [(1, 1), (5, 4), (3, 3), CORNER]
    assert all(part(changed, board, cell).any() for cell in inside if cell != (2, 1))
    assert not any(part(changed, board, cell).any() for cell in outside)


def test_values_of_all_panes_share_one_scale(monkeypatch):
    seen = []
    monkeypatch.setattr(scene.b, "draw_value", lambda surface, board, value, limits: seen.append((value, limits)))
    mice = [mouse_with(undecided), mouse_with(Planned("nowhere"))]
    monkeypatch.setattr(
        scene,
        "compute_maps",
        lambda mouse, level, inspection: (maps := compute_maps(mouse, level, inspection))._replace(
            value=maps.value + (5 if mouse is mice[0] else -3)
        ),
    )
    Scene().draw(pygame.Surface((700, 500)), Viewing(mice, 1, drawn=from_text(PARTED, DIM)), frozenset({"value"}), [])
    assert [limits for _, limits in seen] == [(-3, 5)] * 2
    assert [np.nanmax(value) for value, _ in seen] == [5, -3]


def test_value_goes_from_dark_to_bright_and_spares_walls():
    surface, value = pygame.Surface((70, 70)), np.full((DIM, DIM), np.nan)
    value[3, 1:6] = np.linspace(-2, 5, 5)
    surface.fill((80, 80, 80))
    board = Board(0, 0, 10, DIM)
    b.draw_value(surface, board, value, (-2, 5))
    pixels = pygame.surfarray.array3d(surface).swapaxes(0, 1)
    lightness = [part(pixels, board, (x, 3)).mean() for x in range(1, 6)]
    assert lightness == sorted(lightness) and lightness[-1] - lightness[0] > 80
    assert (part(pixels, board, (0, 3)) == 80).all() and (part(pixels, board, (3, 4)) == 80).all()


def test_what_the_network_sees_is_shown_as_it_is():
    viewing = viewing_of()
    surface = pygame.Surface((900, 480))
    a_scene = Scene()
    a_scene.draw(surface, viewing, frozenset({"sees"}), [])
    board = a_scene.boards[0]
    inset = a_scene.slots[0].inset
    assert inset and inset.width == board.rect.width // 5 and not inset.colliderect(board.rect)
    times, left, bottom = inset.width // DIM, inset.left, inset.bottom
    pixels = pygame.surfarray.array3d(surface).swapaxes(0, 1)[bottom - DIM * times : bottom, left : left + DIM * times]
    seen = build_painter("cells", DIM).paint(viewing.states[0])[0].numpy()
    assert (pixels == seen.repeat(times, 0).repeat(times, 1)).all()


@given(st.integers(20, 2000), st.integers(20, 2000), st.integers(1, 9), st.sampled_from([5, 11, 25]), st.booleans())
def test_panes_lie_beside_each_other_in_their_area(width, height, count, dim, has_inset):
    area = pygame.Rect(0, 0, width, height)
    slots = arrange(area, count, dim, title=10, odds=12, has_inset=has_inset)
    assert len(slots) == count
    if slots[0].board.cell > 1:
        rects = [rect for s in slots for rect in (s.title, s.board.rect, s.odds, s.inset) if rect]
        assert all(area.contains(rect) for rect in rects)
        assert not any(one.colliderect(other) for one, other in itertools.combinations(rects, 2))


def test_two_panes_fill_a_wide_window_and_an_inset_keeps_its_side():
    one, two = (arrange(pygame.Rect(0, 0, width, 700), n, 11)[0].board for width, n in ((700, 1), (1400, 2)))
    assert one.cell == two.cell == 62
    (beside,), (below,) = (
        arrange(pygame.Rect(0, 0, *size), 1, 11, has_inset=True) for size in ((900, 700), (700, 900))
    )
    assert beside.inset and below.inset and beside.board.cell == below.board.cell == 62
    assert beside.inset.left > beside.board.rect.right and below.inset.top > below.board.rect.bottom


@given(st.integers(0, 48), st.integers(1, 40), st.integers(0, 50), st.integers(0, 50))
def test_the_cell_under_a_pixel(cell, side, left, top):
    board = Board(left, top, side, DIM)
    rect = board.cell_rect(cell)
    for position in (rect.topleft, (rect.right - 1, rect.bottom - 1), rect.center):
        assert board.cell_at(position) == cell
    assert board.cell_at((left - 1, top)) is None and board.cell_at((left, top + side * DIM)) is None


@pytest.fixture
def written(monkeypatch):
    """The rectangles of the texts."""
    rects, write = [], scene.write

    def noting(surface, text, place, width, size, colour):
        wide = write(surface, text, place, width, size, colour)
        rects.append(pygame.Rect(place, (wide, size * 2 // 3)))
        return wide

    for module in (scene, bars, legend, grid_scene, display):
        monkeypatch.setattr(module, "write", noting)
    return rects


def assert_apart(rects: list[pygame.Rect], size: tuple[int, int], others: list[pygame.Rect]) -> None:
    for rect in rects:
        assert pygame.Rect((0, 0), size).contains(rect), rect
        assert rect.collidelist(others) == -1
    for one, other in itertools.combinations(rects, 2):
        assert not one.colliderect(other), (one, other)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("mice", "cheeses"), [(1, 1), (2, 1), (2, 2)])
def test_texts_do_not_overlap(written, size, mice, cheeses):
    viewing, a_scene = viewing_with(NETWORKS["plain"], mice, cheeses), Scene()
    viewing.toggle_wall(number((2, 2), DIM))
    viewing.toggle_cheese_vector()
    viewing.toggle_wall(number((5, 2), DIM))
    lines = [Line(describe_status(viewing, "full speed  ·  paused"), hint="h: help"), Line(describe_training(viewing))]
    a_scene.draw(pygame.Surface(size), viewing, frozenset(OVERLAYS), lines)
    panes = len(viewing.panes)
    assert len(written) == 1 + len(OVERLAYS) + len(lines) + 2 + 2 * panes + panes * (panes > 1)
    assert_apart(written, size, [board.rect for board in a_scene.boards])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("help_", [WINDOW_HELP, GRID_HELP])
def test_the_help_fits(written, size, help_):
    display.draw_help(pygame.Surface(size), help_)
    texts = [
        text for name, keys in help_.items() for text in (name, *itertools.chain(*((k.label, k.meaning) for k in keys)))
    ]
    assert len(written) >= len(texts)
    assert_apart([rect for rect in written if rect.width > 1], size, [])


def test_the_help_is_whole_in_the_window_of_a_small_desktop(monkeypatch):
    cut = []

    def write(surface, text, place, width, size, colour):
        if font(min(size, SMALLEST)).size(text)[0] > width:
            cut.append(text)

    monkeypatch.setattr(display, "write", write)
    display.draw_help(pygame.Surface((550, 413)), WINDOW_HELP)  # 86 % of 640×480
    assert cut == []


@pytest.mark.parametrize("size", SIZES)
def test_a_grid_fits(written, size):
    many = Grid(mouse_with(Planned("to the corner")), 24, 0)
    for _ in range(9):
        many.step()
    grid_scene.GridScene((6, 4)).draw(pygame.Surface(size), many, many.description)
    assert_apart(written, size, [])


def test_only_what_is_certain_is_called_so():
    shares = {0.0: "0%", 0.004: "<1%", 0.01: "1%", 0.5: "50%", 0.99: "99%", 0.996: ">99%", 1.0: "100%"}
    assert {share: bars.describe_share(share) for share in shares} == shares


@pytest.mark.parametrize("size", [(640, 20), (20, 480)])
def test_a_strip_without_room_is_left_out(size):
    viewing, a_scene = viewing_with(NETWORKS["plain"], 1, 1), Scene()
    a_scene.draw(pygame.Surface(size), viewing, frozenset({"channel"}), [])
    assert a_scene.strip is None


def test_the_status_says_what_is_so():
    viewing = viewing_of()
    viewing.step()
    parts = describe_status(viewing, "8/s").split("  ·  ")
    assert parts == ["level 1 of the file", "5×5", "step 1", "on its way", "value 0.00", "8/s"]
    assert describe_training(viewing) == "trained with the cheese in the top-right 2×2"
    viewing.toggle_wall(number((2, 2), DIM))
    assert "level 1 of the file (edited)" in describe_status(viewing, "")
    assert describe_training(viewing).startswith("the maze has loops")
    drawn_twice = batch([from_text(PARTED, DIM)] * 2)
    assert describe_status(Viewing([mouse_with(undecided)], 2, drawn=drawn_twice), "").startswith("level 2 of the file")

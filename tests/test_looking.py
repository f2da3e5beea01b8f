"""Looking inside: shown channels, clamps, the cheese vector and their settings, on networks made by hand."""

import numpy as np
import pygame
import pytest
import torch
from commands import check_refusal
from inspections import CHEESE_CELL, DIM, END, FORK, FORKED, LOW, PLAIN, START, WALL, clamp_at, odds_of, viewing_of
from networks import CHEESE, LAYER, NETWORKS, planted

from envs import world
from envs.drawings import from_text
from envs.levels import concatenate
from foundation.errors import InputError
from viewer import scene
from viewer.channels import NEGATIVE, POSITIVE, arrange_strip, paint_signed
from viewer.inspection import UNCHANGED, Clamp, Inspection, check_inspection, find_clamp, parse_inspection
from viewer.layout import split_strip
from viewer.scene import Scene
from viewer.search import search_passed_cheese
from viewer.texts import describe_inspection

# The network


@pytest.mark.parametrize("network", ["plain", "negative"])
def test_the_largest_activation_of_the_cheese_channel_is_at_the_cheese_and_follows_it(network):
    viewing, a_scene = viewing_of(network), Scene()
    for cell in (CHEESE_CELL, END, FORKED):
        viewing.grab(0, int(viewing.level.cheese))
        viewing.drag(cell)
        viewing.release()
        shown = a_scene.channels(viewing, 0)[CHEESE].flip(0).abs().flatten()  # rows count from the top
        assert int(shown.argmax()) == cell and shown.sum() == shown.max() == 1


def test_undo_leaves_what_is_only_shown():
    viewing = viewing_of()
    cheese = int(viewing.level.cheese)
    viewing.move_cheese()
    viewing.pick_channel(3)
    assert viewing.undo() and int(viewing.level.cheese) == cheese and viewing.inspection.channel == 3
    viewing.move_cheese()
    viewing.next_layer()
    layer = viewing.inspection.layer
    assert viewing.undo() and viewing.inspection.layer == layer != LAYER, "nothing was changed in either layer"
    viewing.toggle_clamp(0, START)
    viewing.pick_channel(1)
    assert viewing.undo() and not viewing.inspection.changes


def test_a_clamp_at_another_cell_sends_the_mouse_there():
    viewing = viewing_of()
    assert odds_of(viewing)[0] > 0.9
    viewing.toggle_clamp(0, START)
    (clamp,) = viewing.inspection.clamps
    assert clamp == clamp_at(START), "at the value that the channel has at the cheese"
    viewing.undo()
    viewing = viewing_of(inspection=Inspection(LAYER, clamps=(clamp_at(END), clamp_at(CHEESE_CELL, 0.0))))
    moves = Scene().maps(viewing, 0).moves
    assert moves[:, 3, 3].argmax() == 4 and moves[:, 1, 5].argmax() == 0, "right at (3, 3), left at (5, 1)"
    for _ in range(30):
        viewing.step()
        if int(viewing.states[0].mouse) == END:
            break
    assert int(viewing.states[0].mouse) == END, "sampled moves are those of the changed network, too"


def test_a_changed_network_changes_value_and_odds_and_its_release_restores_all_bit_for_bit():
    viewing, a_scene = viewing_of(), Scene()
    before, value, odds = a_scene.maps(viewing, 0), viewing.value(0), odds_of(viewing)
    viewing.toggle_clamp(0, FORKED)
    changed = a_scene.maps(viewing, 0)
    assert viewing.value(0) == pytest.approx(float(changed.value[1, 1])) != value
    assert odds_of(viewing) != odds and not np.array_equal(changed.moves, before.moves, equal_nan=True)
    for release in (lambda: viewing.toggle_clamp(0, FORKED), viewing.release_network, viewing.undo):
        viewing.episode = viewing_of(inspection=Inspection(LAYER, clamps=(clamp_at(FORKED),))).episode
        viewing._undo = [viewing_of().episode]
        release()
        after = a_scene.maps(viewing, 0)
        assert not viewing.inspection.changes and viewing.value(0) == value and odds_of(viewing) == odds
        assert np.array_equal(after.moves, before.moves, equal_nan=True)
        assert np.array_equal(after.chain.value, before.chain.value)


@pytest.mark.parametrize("network", ["plain", "rotated", "negative"])
def test_without_the_cheese_vector_the_mouse_goes_where_it_goes_without_cheese(network):
    viewing, bare = viewing_of(network), viewing_of(network, text=FORK.replace(".", " "))
    viewing.toggle_cheese_vector()
    changed, expected = (Scene().maps(each, 0).moves for each in (viewing, bare))
    np.testing.assert_allclose(changed, expected, atol=1e-4)
    assert odds_of(viewing)[1] > 0.9
    viewing.toggle_cheese_vector()
    assert odds_of(viewing)[0] > 0.9
    bare.toggle_cheese_vector()
    np.testing.assert_array_equal(Scene().maps(bare, 0).moves, expected)


def test_a_blind_network_has_no_cheese_vector_and_a_clamp_holds_against_the_vector():
    plain, without = (Scene().maps(viewing_of("blind", i), 0) for i in (PLAIN, Inspection(LAYER, without_cheese=True)))
    np.testing.assert_array_equal(plain.moves, without.moves)
    held = Inspection(LAYER, clamps=(clamp_at(CHEESE_CELL),), without_cheese=True)
    viewing = viewing_of(inspection=held)
    assert held.collect(viewing.panes[0].mouse, viewing.states[0])[CHEESE, 3, 5] == 1 and odds_of(viewing)[0] > 0.9


def test_every_level_of_a_batch_loses_its_own_vector():
    texts = (FORK, FORK.replace(".", " ").replace("#   ", "#  ."))
    levels = [from_text(text, DIM) for text in texts]
    both = concatenate(levels)
    inspection, mouse = Inspection(LAYER, without_cheese=True), NETWORKS["plain"]
    predict = inspection.build_predict(mouse, both)
    state = world.start(both)
    together = predict(state, torch.arange(2))[0]
    for row, level in enumerate(levels):
        alone = inspection.build_predict(mouse, level)(world.start(level), torch.zeros(1, dtype=torch.int64))[0]
        torch.testing.assert_close(together[row], alone[0])


def test_a_search_is_with_the_changed_network(monkeypatch):
    mouse = planted(cheese=3.0, corner=1.0)
    assert set(search_passed_cheese(mouse, 2**30)) == {None}, "it takes each near cheese"
    blind = Inspection(LAYER, without_cheese=True)
    assert next(seed for seed in search_passed_cheese(mouse, 2**30, blind) if seed is not None) >= 2**30


# Edits


def test_changes_are_edits_and_pictures_are_not():
    viewing = viewing_of()
    viewing.step()
    viewing.pick_channel(3)
    viewing.pick_channel(-1)
    viewing.next_layer()
    assert viewing.inspection.layer == "goals" and not viewing.changed and len(viewing.episode.moments) == 2
    viewing.next_layer(-1)
    viewing.pick_channel(17)
    assert (viewing.inspection.layer, viewing.inspection.channel) == (LAYER, 1), "16 channels, in a ring"
    viewing.pick_channel(CHEESE)
    viewing.toggle_clamp(0, END)
    assert viewing.changed and len(viewing.episode.moments) == 1, "the trail was that of another network"
    viewing.raise_clamp(0.5)
    assert viewing.inspection.clamps == (clamp_at(END, 1.5),)
    viewing.toggle_clamp(0, FORKED)
    viewing.raise_clamp(-2.0)
    assert viewing.inspection.clamps == (clamp_at(END, 1.5), clamp_at(FORKED, -1.0))
    viewing.toggle_clamp(0, END)
    assert viewing.inspection.clamps == (clamp_at(FORKED, -1.0),)
    viewing.next_layer()
    assert viewing.inspection == Inspection("goals"), "positions are those of one layer"
    viewing.undo()
    assert viewing.inspection == Inspection(LAYER, clamps=(clamp_at(FORKED, -1.0),))
    while viewing.undo():
        pass
    assert viewing.inspection == PLAIN and not viewing.changed
    edits = len(viewing._undo)
    viewing.raise_clamp(0.5)
    viewing.release_network()
    assert len(viewing._undo) == edits, "there is nothing to raise or to release"


def test_every_pane_has_the_changed_network_and_keeps_it():
    viewing = viewing_of(mice=2)
    viewing.toggle_clamp(1, END)
    viewing.toggle_comparison()
    viewing.toggle_person()
    assert len(viewing.panes) == 5 and {pane.inspection for pane in viewing.panes} == {viewing.inspection}
    assert viewing.inspection.clamps == (clamp_at(END),)
    viewing.go_to(1)
    assert viewing.inspection.clamps == (clamp_at(END),) and not viewing.changed


def test_a_mouse_that_has_arrived_starts_again_with_another_network():
    viewing = viewing_of()
    while not viewing.episode.finished:
        viewing.step()
    viewing.toggle_cheese_vector()
    assert int(viewing.states[0].mouse) == START and viewing.episode.steps == 0


def test_a_channel_that_is_zero_is_clamped_at_one():
    viewing = viewing_of("blind")
    assert find_clamp(viewing.panes[0].mouse, viewing.states[0], PLAIN, END) == clamp_at(END, 1.0)


def test_a_channel_is_clamped_at_its_largest_activation_of_either_sign():
    viewing = viewing_of("negative")
    mouse, state, values = viewing.panes[0].mouse, viewing.states[0], Scene().channels(viewing, 0)
    clamps = [find_clamp(mouse, state, Inspection(LAYER, channel), END) for channel in range(16)]
    found = torch.tensor([clamp.value for clamp in clamps])
    torch.testing.assert_close(found.abs(), values.abs().amax((1, 2)), rtol=0.06, atol=0)
    assert clamps[CHEESE] == clamp_at(END, -1.0) and found.max() > 0


# Drawing


def test_both_signs_are_told_apart():
    pixels = pygame.surfarray.array3d(paint_signed(np.array([[-2.0, 0.0, 1.0, 2.0]]), 2.0, (4, 1)))[:, 0]
    assert pixels[0].tolist() == list(NEGATIVE) and pixels[1].tolist() == [0, 0, 0]
    assert pixels[3].tolist() == list(POSITIVE) and abs(pixels[2] * 2.0 - pixels[3]).max() <= 2
    assert paint_signed(np.zeros((2, 2)), 0.0, (8, 8)).get_size() == (8, 8)


@pytest.mark.parametrize("network", ["plain", "negative"])
def test_the_brightest_cell_of_the_maze_and_of_the_strip_is_the_cheese(network):
    viewing, a_scene, surface = viewing_of(network, text=FORK), Scene(), pygame.Surface((640, 480))
    colour = (NEGATIVE if network == "negative" else POSITIVE)[0 if network == "plain" else 2]
    seen = {}
    for cell in (CHEESE_CELL, END):
        viewing.put_cheese(cell)
        a_scene.draw(surface, viewing, frozenset(["channel"]), [])
        pixels = pygame.surfarray.array3d(surface).swapaxes(0, 1).astype(int)
        assert a_scene.strip
        small = a_scene.strip.channel_rect(CHEESE)
        row, column = DIM - 1 - cell // DIM, cell % DIM
        place = (
            small.top + 2 + (2 * row + 1) * (small.height - 4) // 14,
            small.left + 2 + (2 * column + 1) * (small.width - 4) // 14,
        )
        assert pixels[place].max() == colour and (pixels[small.center[::-1]] == 0).all()
        seen[cell] = pixels[a_scene.boards[0].cell_rect(FORKED).topleft[::-1]].sum()
    assert seen[CHEESE_CELL] == seen[END] < 60, "0 is dark"
    viewing.toggle_clamp(0, LOW)
    a_scene.draw(surface, viewing, frozenset(["channel"]), [])
    pixels, board = pygame.surfarray.array3d(surface).astype(int), a_scene.boards[0]
    bright, dark = (pixels[board.cell_rect(cell).center] for cell in (LOW, WALL))
    assert (bright > dark + 60).any(), "where it was clicked"


@pytest.mark.parametrize("size", [(640, 480), (1366, 768), (480, 900)])
@pytest.mark.parametrize("mice", [1, 2])
def test_the_strip_is_beside_the_mazes_and_every_channel_can_be_clicked(size, mice):
    viewing, a_scene = viewing_of(mice=mice), Scene()
    a_scene.draw(pygame.Surface(size), viewing, frozenset(["channel", "odds"]), [])
    strip = a_scene.strip
    assert strip
    rects = [strip.channel_rect(channel) for channel in range(16)]
    assert [strip.channel_at(rect.center) for rect in rects] == list(range(16)) and strip.side >= 20
    mazes = [board.rect for board in a_scene.boards]
    assert all(pygame.Rect((0, 0), size).contains(rect) and rect.collidelist(mazes) < 0 for rect in rects)
    assert strip.channel_at((0, 0)) is None
    a_scene.draw(pygame.Surface(size), viewing, frozenset(["odds"]), [])
    assert a_scene.strip is None


def test_a_strip_uses_its_area():
    for number_of, size in ((16, (100, 400)), (128, (168, 510)), (1, (30, 30)), (7, (400, 50))):
        strip = arrange_strip(pygame.Rect((5, 7), size), number_of)
        last = strip.channel_rect(number_of - 1)
        assert strip.rect.contains(last) and number_of * strip.side**2 > 0.4 * size[0] * size[1]
    panes, strip = split_strip(pygame.Rect(0, 0, 500, 300), True)
    assert not panes.colliderect(strip) and strip.width < panes.width


def test_the_legend_has_the_limits_and_a_line_says_how_the_network_is_changed(monkeypatch):
    written = []
    monkeypatch.setattr(scene, "write", lambda *arguments: written.append(arguments[1]))
    monkeypatch.setattr("viewer.legend.write", lambda *arguments: written.append(arguments[1]))
    viewing, surface = viewing_of(), pygame.Surface((900, 600))
    Scene().draw(surface, viewing, frozenset(["channel"]), [])
    assert written == ["corner", "channel 0 of mixed, -1.00 to 1.00"]
    viewing.toggle_clamp(0, END)
    viewing.raise_clamp(1.5)
    viewing.toggle_cheese_vector()
    written.clear()
    Scene().draw(surface, viewing, frozenset(), [])
    assert written == [
        "network changed at mixed:  without the cheese vector;  channel 0 (row 5, column 3) clamped at 2.5"
    ]
    assert describe_inspection(PLAIN) == ""
    written.clear()
    Scene().draw(surface, viewing, frozenset(["channel"]), [])
    assert "channel 0 of mixed, -2.50 to 2.50" in written


def test_settings_are_read():
    assert parse_inspection("", None, None, "") == UNCHANGED
    read = parse_inspection("mixed", 2, [[7, 4, 3, 5.5], [7, 4, 2, -1]], "cheese")
    assert read == Inspection("mixed", 2, (Clamp(7, 4, 3, 5.5), Clamp(7, 4, 2, -1.0)), True) and read.channel == 2
    check_inspection(read, [NETWORKS["plain"]])


@pytest.mark.parametrize(
    ("clamp", "without", "named"),
    [
        (7, "", "clamp must be a list of"),
        ([7, 4, 3, 5.5], "", "clamp must be a list of"),
        ([[7, 4, 3]], "", "clamp must be a list of"),
        ([[7, 4, 3.5, 1]], "", "clamp must be a list of"),
        ([[7, 4, True, 1]], "", "clamp must be a list of"),
        ([[7, 4, 3, "high"]], "", "clamp must be a list of"),
        ([[7, 4, 3, float("inf")]], "", "clamp must be a list of"),
        ([[7, 4, 3, 10**400]], "", "clamp must be a list of"),
        ([[7, 4, 3, 3e38]], "", "clamp must be a list of"),
        ([[7, 4, 3, True]], "", "clamp must be a list of"),
        ([[7, 4, 3, 1], [7, 4, 3, 2]], "", "[7, 4, 3] more than once"),
        (None, "corner", "without must be cheese, not 'corner'"),
    ],
)
def test_damaged_settings_are_refused(clamp, without, named):
    with pytest.raises(InputError, match=named.replace("[", r"\[").replace("]", r"\]")):
        parse_inspection("", None, clamp, without)


@pytest.mark.parametrize(
    ("inspection", "named"),
    [
        (Inspection("nowhere"), "no layer 'nowhere'"),
        (Inspection(LAYER, 16), "channel must be from 0 to 15, not 16: mixed of planned has 16 channels of 7×7"),
        (Inspection(LAYER, -1), "not -1"),
        (Inspection(LAYER, 0, (Clamp(16, 0, 0, 1.0),)), r"clamp=\[\[16,0,0,…\]\] does not exist"),
        (Inspection(LAYER, 0, (Clamp(0, 7, 0, 1.0),)), "does not exist"),
        (Inspection(LAYER, 0, (Clamp(0, 0, -1, 1.0),)), "does not exist"),
    ],
)
def test_what_a_network_does_not_have_is_refused(inspection, named):
    with pytest.raises(InputError, match=named):
        check_inspection(inspection, [NETWORKS["plain"]])


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("layer=embedder", "embedder has no maps, only 256 numbers; expected a layer of a block"),
        ("layer=nowhere", "no layer 'nowhere'; it has embedder, "),
        ("channel=32", "channel must be from 0 to 31, not 32"),
        ("channel=-1", "not -1"),
        ("channel=many", "channel=many"),
        (
            "clamp=[[0,9,0,1]]",
            "clamp=[[0,9,0,…]] does not exist, counted from 0: embedder.block2.res1 of {mouse} has 32",
        ),
        ("clamp=[[0,0,0,.nan]]", "clamp must be a list of [channel,row,column,value]"),
        ("clamp=5.5", "clamp must be a list of [channel,row,column,value] with values within ±1,000,000, not 5.5"),
        ("without=corner", "without must be cheese, not 'corner'"),
        ("show=[maps]", "not 'maps'"),
        ("grid=2x2", "cannot be combined with figure, show, sweep, layer, channel, clamp, without"),
    ],
)
def test_bad_settings_are_told_in_one_line(call, tmp_path, given, argument, named):
    command = [
        "watch.py",
        "checkpoint={mouse}",
        "record=new/mouse.gif",
        *["channel=0"] * ("grid" in argument),
        argument,
    ]
    check_refusal(call, tmp_path, given, command, named)

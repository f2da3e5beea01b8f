"""Texts of the window."""

import pygame
import pytest
import torch
from mazes import batch
from mice import Planned, mouse_with

from envs.drawings import from_text
from envs.paths import LEVEL_TYPES, classify_levels
from envs.world import DOWN, LEFT, UP, step
from viewer.texts import describe_pane, describe_training, describe_verdict
from viewer.typography import write
from viewer.viewing import Viewing

NEAR = "#### \n#### \n   # \n## # \n.@   "  # the cheese beside the start
FAR = "#### \n#### \n.  # \n## # \n#@   ".replace("#@   ", "#  @ ")


def play(plan: str, text: str = NEAR, cheeses=("anywhere",), mice=1) -> Viewing:
    mouse = mouse_with(Planned(plan))
    named = [mouse._replace(path=mouse.path.with_name(f"{n}.safetensors")) for n in range(mice)]
    viewing = Viewing(named, 1, cheeses, drawn=from_text(text, 7))
    while not viewing.episode.decided:
        viewing.step()
    return viewing


@pytest.mark.parametrize(
    ("plan", "text", "expected"),
    [
        ("to the corner", NEAR, "Ran past the cheese to the empty corner."),
        ("to the corner", FAR, "Went away from the cheese to the empty corner."),
        ("to the cheese", NEAR, "Reached the cheese."),
        ("nowhere", NEAR, "Reached neither in 42 steps."),
        ("to the corner", NEAR.replace(".", " "), "Reached the corner."),
        ("nowhere", NEAR.replace(".", " "), "Reached neither in 42 steps."),
    ],
)
def test_a_verdict_says_what_happened_and_what_to_try(plan, text, expected):
    viewing = play(plan, text)
    said = describe_verdict(viewing)
    assert said.startswith(expected) and said != expected and describe_verdict(viewing, hints=False) == expected


def test_verdicts_of_several_panes_are_told_apart():
    viewing = play("to the corner", cheeses=("as_trained", "anywhere"))
    first, second = describe_verdict(viewing).split(";  ")
    assert first.startswith("cheese as trained: reached") and second == "cheese as drawn: reached the corner first"
    assert describe_verdict(play("to the cheese", mice=2)) == "0: reached the cheese;  1: reached the cheese"


def test_panes_are_titled_by_what_tells_them_apart():
    trained = "trained with the cheese in the top-right 2×2"
    one = play("to the cheese", cheeses=("as_trained", "anywhere"))
    assert describe_pane(one, 0) == "cheese as trained" and describe_training(one) == trained
    assert describe_pane(play("to the cheese", mice=2), 1) == "1"
    beside = play("to the cheese")
    beside.toggle_person()
    assert [describe_pane(beside, pane) for pane in (0, 1)] == [trained, "you"]
    mice = [mouse_with(Planned("nowhere"), cheese_region=region) for region in (0, "anywhere")]
    mice[1] = mice[1]._replace(path=mice[1].path.with_name("other"))
    viewing = Viewing(mice, 1, drawn=from_text(NEAR, 7))
    assert describe_pane(viewing, 0) == "trained with the cheese in the top-right corner"
    assert describe_pane(viewing, 1) == "trained with the cheese anywhere" and describe_training(viewing) == ""
    viewing.toggle_person()
    assert describe_pane(viewing, 2) == "you"


def test_a_cheese_is_as_trained_only_where_it_was_in_training():
    walled = NEAR[:3] + "##" + NEAR[5:]  # no open cell in the corner
    mouse = mouse_with(Planned("nowhere"), cheese_region=0)
    drawn = batch([from_text(text, 7) for text in (walled, NEAR)])
    viewing = Viewing([mouse], 1, ["as_trained", "anywhere"], drawn=drawn)
    assert [describe_pane(viewing, pane) for pane in (0, 1)] == ["cheese as drawn"] * 2
    viewing.next_level()
    assert [describe_pane(viewing, pane) for pane in (0, 1)] == ["cheese as trained", "cheese as drawn"]
    viewing.move_cheese("anywhere", 0)
    assert describe_pane(viewing, 0) == "cheese moved"


def test_no_cheese_is_called_moved_that_lies_as_trained():
    viewing = Viewing([mouse_with(Planned("nowhere"), cheese_region="anywhere")], 5)
    viewing.toggle_comparison()
    assert [describe_pane(viewing, pane) for pane in (0, 1)] == ["cheese as trained"] * 2
    assert viewing.move_cheese("as_trained") == "" and describe_pane(viewing, 1) == "cheese as trained"


def test_a_mouse_misses_the_cheese_only_where_the_paths_to_cheese_and_corner_part():
    beyond = "##.  \n#### \n   # \n## # \n#@   "
    level = from_text(beyond, 7)
    assert LEVEL_TYPES[int(classify_levels(level)[0])] == "beyond"
    assert describe_verdict(play("to the corner", beyond), hints=False) == "Reached the corner first."
    looped = NEAR.replace("\n## # \n", "\n     \n")
    assert describe_verdict(play("to the corner", looped), hints=False) == "Reached the corner first."


def test_a_walk_after_the_corner_does_not_pass_the_cheese():
    viewing = play("to the corner", FAR)
    for move in (DOWN, DOWN, DOWN, DOWN, LEFT, LEFT, UP, UP, LEFT):
        viewing.episode = viewing.episode.extend((step(viewing.states[0], torch.tensor([move]))[0],))
    assert describe_verdict(viewing, hints=False) == "Went away from the cheese to the empty corner."


def test_text_is_drawn_again_after_pygame_was_quit():
    """Another library may quit pygame (gymnasium.utils.play does); a font from before would crash the process."""
    widths = []
    for _ in range(2):
        widths.append(write(pygame.Surface((200, 30)), "mouse", (0, 0), 200, 20, (255, 255, 255)))
        pygame.init()
        pygame.quit()
    assert widths[0] == widths[1] > 10

"""The rules, against a plain-Python simulation of one mouse at a time."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mazes import batch, drawn_mazes, nearly_trees, number, read

from envs.drawings import from_text
from envs.levels import from_seeds
from envs.world import ACTION_SETS, DOWN, LEFT, MOVE_NAMES, RIGHT, STAY, UP, build_moves, start, step

MOVES = (LEFT, DOWN, STAY, UP, RIGHT)


def naive_game(text, world_dim, moves):
    """After each move: the mouse's cell, whether it faces right, reward, terminated."""
    open_cells, mouse, cheese = read(text, world_dim)
    facing_right = False
    for move in moves:
        x, y = mouse
        target = {LEFT: (x - 1, y), RIGHT: (x + 1, y), DOWN: (x, y - 1), UP: (x, y + 1), STAY: (x, y)}[move]
        mouse = target if target in open_cells else mouse
        facing_right = {LEFT: False, RIGHT: True}.get(move, facing_right)
        at_cheese = mouse == cheese
        yield number(mouse, world_dim), facing_right, 10.0 if at_cheese else 0.0, at_cheese


def same(one, other):
    """Whether two (nested) tuples of tensors are equal bit for bit."""
    if isinstance(one, tuple):
        return all(map(same, one, other))
    return one.dtype == other.dtype and torch.equal(one, other)


def copy(value):
    return type(value)(*map(copy, value)) if isinstance(value, tuple) else value.clone()


def trail(text, moves, world_dim=5):
    """The states of one mouse along its path."""
    state = start(from_text(text, world_dim))
    states = []
    for move in moves:
        state, _, _ = step(state, torch.tensor([move]))
        states.append(state)
    return states


@given(st.sampled_from([5, 7, 9]), st.data())
def test_step_is_the_naive_game(world_dim, data):
    texts = data.draw(st.lists(drawn_mazes(world_dim) | nearly_trees(world_dim), min_size=1, max_size=4))
    moves = data.draw(st.lists(st.tuples(*[st.sampled_from(MOVES)] * len(texts)), min_size=1, max_size=30))
    games = [naive_game(text, world_dim, own) for text, own in zip(texts, zip(*moves, strict=True), strict=True)]
    state = start(batch([from_text(text, world_dim) for text in texts]))
    for clock, move in enumerate(moves, start=1):
        state, reward, terminated = step(state, torch.tensor(move))
        played = zip(*(f.tolist() for f in (state.mouse, state.facing_right, reward, terminated)), strict=True)
        assert list(played) == [next(game) for game in games]
        assert state.clock.tolist() == [clock] * len(texts)


def test_start():
    levels = from_seeds(range(8), 15)
    state = start(levels)
    assert torch.equal(state.mouse, levels.start)
    assert not state.facing_right.any() and not state.clock.any()


def test_step_is_pure():
    """It does not change its arguments, and a second call gives equal results."""
    state, move = start(from_seeds(range(100), 15)), torch.arange(100) % 5
    before = copy(state), copy(move)
    first, second = step(state, move), step(state, move)
    assert same((state, move), before)
    assert same(first, second)


def test_dtypes():
    state, reward, terminated = step(start(from_seeds([0], 15)), torch.tensor([UP]))
    assert (state.mouse.dtype, state.clock.dtype) == (torch.int64, torch.int64)
    assert (state.facing_right.dtype, terminated.dtype, reward.dtype) == (torch.bool, torch.bool, torch.float32)


def test_a_batch_is_as_many_single_games():
    levels = from_seeds(range(64), 15)
    moves = torch.randint(5, (40, 64), generator=torch.Generator().manual_seed(0))
    together, alone = start(levels), [start(levels.rows([i])) for i in range(64)]
    for move in moves:
        together, *outcome = step(together, move)
        stepped = [step(state, move[[i]]) for i, state in enumerate(alone)]
        alone = [state for state, *_ in stepped]
        assert same(tuple(outcome), tuple(map(torch.cat, zip(*(rest for _, *rest in stepped), strict=True))))
    assert same(together[1:], tuple(map(torch.cat, zip(*(state[1:] for state in alone), strict=True))))


@pytest.mark.parametrize("text", ["###\n#@#\n###", "     \n ### \n #@# \n ### \n    ."])
def test_walls_block(text):
    assert all(state.mouse.item() == number((2, 2), 5) for state in trail(text, MOVES))


@pytest.mark.parametrize("move", [LEFT, RIGHT, UP, DOWN])
def test_the_edge_of_the_world_blocks(move):
    """No mouse leaves the world or wraps around."""
    mouse = trail("     \n     \n  @  \n     \n     ", [move] * 4)[-1].mouse.item()
    assert mouse == number({LEFT: (0, 2), RIGHT: (4, 2), UP: (2, 4), DOWN: (2, 0)}[move], 5)


def test_facing_is_the_last_sideways_action_even_into_a_wall():
    moves = (UP, RIGHT, UP, DOWN, STAY, LEFT, STAY, RIGHT)
    expected = [False, True, True, True, True, False, False, True]
    for text in ("###\n#@#\n###", "   \n @ \n   "):
        assert [state.facing_right.item() for state in trail(text, moves)] == expected


def test_rows_and_where():
    ours, theirs = (step(start(from_seeds(range(n, n + 4), 15)), torch.full((4,), RIGHT))[0] for n in (0, 10))
    theirs, _, _ = step(theirs, torch.full((4,), UP))
    mask = torch.tensor([True, False, False, True])
    mixed = ours.where(mask, theirs)
    for i, own in enumerate(mask.tolist()):
        assert same(mixed.rows([i]), (ours if own else theirs).rows([i]))


def test_no_cheese_no_reward():
    state = start(from_text("   \n   \n@  ", 5))
    for move in (UP, UP, RIGHT, RIGHT, DOWN, LEFT, DOWN):
        state, reward, terminated = step(state, torch.tensor([move]))
        assert reward == 0 and not terminated


def test_procgens_15_actions():
    published = dict.fromkeys((0, 1, 2), "left") | {3: "down", 5: "up"} | dict.fromkeys((6, 7, 8), "right")
    assert [MOVE_NAMES[move] for move in build_moves("procgen")] == [published.get(a, "stay") for a in range(15)]


def test_minimal_actions_are_the_four_moves():
    assert sorted(MOVE_NAMES[move] for move in build_moves("minimal")) == ["down", "left", "right", "up"]


def test_unknown_action_set():
    with pytest.raises(ValueError, match=f"one of {', '.join(ACTION_SETS)}, not 'joystick'"):
        build_moves("joystick")

"""Exact chains, against dense matrices built by stepping the world, walks by hand, and sampled episodes."""

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mazes import MAZES
from mice import PLANS, Planned, mouse_with

from analysis.chain import Chain, absorb, build_chain, compute_visits, make_greedy, reach
from analysis.play import sample_episodes
from envs import world
from envs.drawings import from_text
from envs.levels import Levels, from_seeds
from envs.painter import build_painter
from envs.world import State


class Whimsical:
    """A policy with random probabilities per observation; equal observations have equal probabilities."""

    fc_value = torch.nn.Linear(1, 1)

    def __init__(self, actions: int = 4, sharpness: float = 2.0):
        self.actions, self.sharpness = actions, sharpness

    def __call__(self, pictures):
        logits = []
        for picture in pictures:
            seed = int(picture.long().flatten().mul(torch.arange(picture.numel()) % 8191 + 1).sum())
            logits.append(torch.randn(self.actions, generator=torch.Generator().manual_seed(seed)) * self.sharpness)
        return torch.stack(logits), torch.zeros(len(pictures))


def dense(mouse, level: Levels) -> tuple[dict[tuple[int, bool], int], np.ndarray]:
    """The states of one level and their transition matrix, by stepping the world from the start."""
    painter = build_painter(mouse.spec.observation, level.world_dim)
    moves = mouse.spec.moves()
    found: dict[tuple[int, bool], int] = {}
    edges, waiting = [], [world.start(level)]
    while waiting:
        state = waiting.pop()
        key = int(state.mouse), mouse.spec.observation == "rgb" and bool(state.facing_right)
        if key in found:
            continue
        found[key] = len(found)
        shares = mouse.policy(painter.paint(state))[0].double().softmax(1)[0].tolist()
        for action, share in enumerate(shares):
            after, _, _ = world.step(state, moves[action, None])
            edges.append((key, (int(after.mouse), mouse.spec.observation == "rgb" and bool(after.facing_right)), share))
            waiting.append(after)
    matrix = np.zeros((len(found), len(found)))
    for before, after, share in edges:
        matrix[found[before], found[after]] += share
    return found, matrix


def arrival(matrix, keys, target: int, barrier: int, steps: int) -> list[float]:
    """P(in ``target`` at one of the steps 1..k, not in ``barrier`` before), by powers of the matrix, from state 0."""
    cells = np.array([cell for cell, _ in keys])
    stopped = matrix.copy()
    for state in np.flatnonzero((cells == target) | (cells == barrier)):
        stopped[state] = np.eye(len(cells))[state]
    # This holds even if the start is a target: arrivals count from the first step.
    now, chances = matrix[0], [0.0]
    for _ in range(steps):
        chances.append(now[cells == target].sum())
        now = now @ stopped
    return chances


OBSERVATIONS = [("cells", "minimal"), ("rgb", "minimal"), ("rgb", "procgen")]


@pytest.mark.parametrize(("observation", "action_set"), OBSERVATIONS)
@pytest.mark.parametrize("seed", [3, 5, 8, 14])
def test_arrivals_are_those_of_matrix_powers(observation, action_set, seed):
    mouse = mouse_with(Whimsical(15 if action_set == "procgen" else 4), observation=observation, action_set=action_set)
    levels = from_seeds([seed, seed + 100], 7)
    chain = build_chain(mouse, levels)
    cheese, corner = chain.at(levels.cheese), chain.at(levels.corner)
    first = reach(chain, cheese, 60, corner)
    for row in range(2):
        keys, matrix = dense(mouse, levels.rows([row]))
        target, barrier = int(levels.cheese[row]), int(levels.corner[row])
        expected = arrival(matrix, keys, target, barrier if barrier != target else -1, 60)
        assert first.by_step[row] == pytest.approx(expected, abs=1e-9)
        assert first.by_step[row, -1] == pytest.approx(first.value[chain.start[row]], abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(MAZES, st.integers(0, 50))
def test_any_maze_by_hand_has_a_chain(maze, steps):
    text, world_dim = maze
    level = from_text(text, world_dim)
    mouse = mouse_with(Whimsical(), world_dim=world_dim)
    chain = build_chain(mouse, level)
    assert len(chain.cell) == int((~level.walls).sum()) and (chain.probability.sum(1) == pytest.approx(1))
    keys, matrix = dense(mouse, level)
    found = reach(chain, chain.at(level.corner), steps).by_step[0]
    assert found == pytest.approx(arrival(matrix, keys, int(level.corner), -1, steps), abs=1e-9)


def test_discounted_payoffs_solve_the_linear_equations():
    mouse, gamma = mouse_with(Whimsical(sharpness=1.0)), 0.9
    levels = from_seeds([21, 22], 7)
    chain = build_chain(mouse, levels)
    cheese, states = chain.at(levels.cheese), len(chain.cell)
    places = np.repeat(np.arange(states), 5)
    step = scipy.sparse.csr_matrix((chain.probability.ravel(), (places, chain.successor.ravel())), (states, states))
    playing = scipy.sparse.diags((~cheese).astype(float))
    solution = scipy.sparse.linalg.spsolve(
        (scipy.sparse.eye(states) - gamma * playing @ step).tocsc(), cheese.astype(float)
    )
    found = absorb(chain, np.full(states, 1.0), cheese, 400, gamma).value
    assert found == pytest.approx(solution, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("observation", ["cells", "rgb"])
def test_play_samples_what_the_chain_says(observation):
    mouse, episodes, steps = mouse_with(Whimsical(sharpness=0.7), observation=observation, world_dim=5), 1000, 12
    level = from_text("#  \n# #\n@ .", 5)
    chain = build_chain(mouse, level)
    cheese, corner = chain.at(level.cheese), chain.at(level.corner)
    levels = level.rows(torch.zeros(episodes, dtype=torch.long))
    at_corner = torch.arange(25).view(1, 5, 5) == levels.corner[:, None, None]
    t_cheese, (t_corner,) = sample_episodes(mouse, levels, at_corner[None], steps, torch.Generator().manual_seed(0))
    corner_first = (t_corner > 0) & ((t_cheese < 0) | (t_corner < t_cheese))
    for seen, exact in (
        (t_cheese > 0, reach(chain, cheese, steps).by_step[0, steps]),
        (corner_first, reach(chain, corner & ~cheese, steps, cheese).by_step[0, steps]),
    ):
        share = seen.double().mean().item()
        assert 0.02 < exact < 0.98 and abs(share - exact) < 4 * (exact * (1 - exact) / episodes) ** 0.5


def test_visits_are_the_expected_steps_in_each_state():
    mouse, levels, steps = mouse_with(Whimsical()), from_seeds([31], 7), 40
    chain = build_chain(mouse, levels)
    cheese = chain.at(levels.cheese)
    found = compute_visits(chain, cheese, steps)
    survival = 1 - reach(chain, cheese, steps).by_step[0]
    assert found.sum() == pytest.approx(1 + survival[:-1].sum()), "one for the start, one for every step taken"
    assert found[cheese].sum() == pytest.approx(1 - survival[-1])


def test_procgens_actions_are_added_up_by_move_before_the_likeliest_is_taken():
    class Torn:
        """The most probable action is down (3), but the three actions to the left (0..2) have a higher sum."""

        fc_value = torch.nn.Linear(1, 1)

        def __call__(self, pictures):
            shares = torch.tensor([0.15, 0.15, 0.15, 0.3] + [0.25 / 11] * 11)
            return shares.log().expand(len(pictures), -1), torch.zeros(len(pictures))

    mouse = mouse_with(Torn(), action_set="procgen")
    chain = build_chain(mouse, from_seeds([1], 7))
    assert chain.probability[0] == pytest.approx([0.45, 0.3, 0.25 * 8 / 11, 0.25 / 11, 0.25 * 2 / 11][:2] + [
        0.25 / 11 * 7, 0.25 / 11, 0.25 / 11 * 3], abs=1e-6)  # fmt: skip
    assert (make_greedy(chain).probability == [1, 0, 0, 0, 0]).all()


@pytest.mark.parametrize("plan", PLANS)
def test_a_planned_mouse_arrives_surely_or_never(plan):
    levels = from_seeds(range(40), 7)
    chain = build_chain(mouse_with(Planned(plan)), levels)
    found = reach(chain, chain.at(levels.cheese), 500).by_step[:, -1]
    assert set(found.tolist()) <= {0.0, 1.0}
    if plan == "to the cheese":
        assert found.all()
    if plan == "nowhere":
        assert not found.any()


def test_maps_show_values_where_their_cells_are():
    level = from_text("##.\n###\n@ #", 5)
    chain = build_chain(mouse_with(Whimsical(), world_dim=5), level)
    shown = chain.to_maps(chain.cell.astype(float))[0]
    assert {(y, x): shown[y, x] for y, x in np.argwhere(~np.isnan(shown)).tolist()} == {
        (y, x): y * 5 + x for y, x in ((1, 1), (1, 2), (3, 3))
    }


def test_a_chain_does_not_depend_on_the_batch():
    mouse, levels = mouse_with(Whimsical()), from_seeds(range(6), 7)
    together = build_chain(mouse, levels)
    for row in range(6):
        alone: Chain = build_chain(mouse, levels.rows([row]))
        rows = slice(*together.offset[row : row + 2])
        assert (alone.probability == together.probability[rows]).all() and (alone.cell == together.cell[rows]).all()
        assert (alone.successor + together.offset[row] == together.successor[rows]).all()


def test_the_state_of_a_level_is_where_it_starts():
    state = world.start(from_seeds([9], 7))
    assert isinstance(state, State)
    chain = build_chain(mouse_with(Whimsical(), observation="rgb"), state.level)
    assert chain.cell[chain.start[0]] == int(state.mouse) and not chain.facing_right[chain.start[0]]

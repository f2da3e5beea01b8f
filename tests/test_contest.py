"""The contest must identify every planted mouse."""

import numpy as np
import pytest
from mice import mouse_with
from planted import PLANTED
from test_chain import Whimsical

from analysis.chain import build_chain, build_walk, compute_visits
from analysis.contest import ANY_REFLEX, GOAL_A_MAZE, MARGIN, NONE, UNTOLD, find_halves, hold_contest
from analysis.evidence import WEIGHTS, collect_evidence, find_left_or_down
from analysis.measures import FEWEST
from analysis.relocation import HELD_OUT
from envs import paths
from envs.levels import from_seeds

LEVELS = from_seeds(HELD_OUT + np.arange(200), 11)


@pytest.mark.parametrize("name", PLANTED)
def test_planted_mice_are_told_for_what_they_are(name):
    verdict = hold_contest(collect_evidence(PLANTED[name].build(LEVELS), 3, 500))
    assert verdict.algorithm == PLANTED[name].algorithm
    if verdict.algorithm != "uniform":
        assert verdict.scores[verdict.algorithm].explained > 0.85 and verdict.order > 0.5
        assert max(score.explained for score in verdict.scores.values()) <= 1 + 1e-9


@pytest.mark.parametrize("name", ["corner, slips", "cheese, slips", "nearer, slips"])
def test_slips_are_found_and_cells_without_visits_say_the_same(name):
    verdict = hold_contest(collect_evidence(PLANTED[name].build(LEVELS), 3, 500, "cells"))
    assert verdict.algorithm == PLANTED[name].algorithm
    assert verdict.scores[verdict.algorithm].weights[0]["uniform"] == pytest.approx(0.2, abs=0.01)


def test_a_runner_and_a_reflex_part_where_the_way_begins_left_or_down():
    chain = PLANTED["corner, slips"].build(LEVELS)
    where = find_left_or_down(chain)
    assert 0.1 < where.mean() < 0.5
    distance = paths.compute_distances(LEVELS, LEVELS.corner).flatten(1).numpy()
    for state in np.flatnonzero(where)[:50]:
        closer = [move for move in range(5) if distance[chain.level[state], chain.cell[chain.successor[state, move]]]
                  < distance[chain.level[state], chain.cell[state]]]  # fmt: skip
        assert set(closer) <= {0, 1} and closer
    verdict = hold_contest(collect_evidence(chain, 3, 500, where=where))
    assert verdict.algorithm == "corner" and verdict.scores["up-right reflex"].explained < 0.1


def test_whims_are_none_of_these():
    levels = from_seeds(HELD_OUT + np.arange(60), 7)
    chain = build_chain(mouse_with(Whimsical(sharpness=6.0)), levels)
    assert hold_contest(collect_evidence(chain, 2, 500)).algorithm == NONE


def test_evidence_is_the_expected_log_likelihood_of_episodes():
    """Compared with a sum over states and moves, written out."""
    chain = PLANTED["corner, slips"].build(LEVELS.rows(slice(0, 20)))
    evidence = collect_evidence(chain, 3, 60)
    ended = chain.at(chain.levels.cheese) | chain.at(chain.levels.corner)
    often = np.where(ended, 0, compute_visits(chain, ended, 60))
    told = np.where(chain.probability > 0, chain.probability * np.log(np.maximum(chain.probability, 1e-300)), 0).sum(1)
    assert evidence.own == pytest.approx(np.bincount(chain.level, often * told))
    assert evidence.counts.sum() == pytest.approx(often.sum())
    # The same algorithm with the same slips is as likely as the mouse itself.
    likely = np.log(0.8 * evidence.moves["corner"] + 0.2 * evidence.moves["uniform"])
    assert evidence.counts @ likely == pytest.approx(evidence.own)
    cells = collect_evidence(chain, 3, 60, WEIGHTS[1])
    assert cells.counts.sum() == pytest.approx((~ended).sum())


def test_one_maze_lies_in_one_half():
    halves = find_halves(np.array([7, 7, 8, 9, 9, 9, 7]))
    assert halves.tolist() == [True, True, False, True, True, True, True]


def test_rivals_that_cannot_be_told_apart_are_named():
    verdict = hold_contest(collect_evidence(PLANTED["either, a maze"].build(LEVELS), 3, 500))
    assert verdict.algorithm == GOAL_A_MAZE and "goals mixed by branch" in verdict.also
    assert ANY_REFLEX not in verdict.also and MARGIN < 0.05


def test_no_level_is_no_evidence():
    verdict = hold_contest(collect_evidence(PLANTED["corner"].build(LEVELS.rows(slice(0, 0))), 3, 500))
    assert verdict.moves == 0 and verdict.algorithm == UNTOLD


@pytest.mark.parametrize(("levels", "told"), [(FEWEST - 1, UNTOLD), (FEWEST, "corner")])
def test_there_is_no_verdict_from_few_levels(levels, told):
    evidence = collect_evidence(PLANTED["corner"].build(LEVELS.rows(slice(0, levels))), 3, 500)
    assert hold_contest(evidence).algorithm == told


def test_a_goal_with_slips_that_depend_on_a_context_is_judged_with_them():
    """A mouse that runs to the cheese and slips five times as often where the cheese is far away."""
    chain, walk = PLANTED["cheese"].build(LEVELS), build_walk(LEVELS)
    distance = paths.compute_distances(LEVELS, LEVELS.cheese).flatten(1).numpy()[chain.level, chain.cell]
    slip = np.where(distance > 8, 0.5, 0.1)[:, None]
    mixed = chain._replace(probability=(1 - slip) * chain.probability + slip * walk.probability)
    verdict = hold_contest(collect_evidence(mixed, 3, 500))
    assert (verdict.algorithm, verdict.slips) == ("cheese", "distance to the cheese")
    assert verdict.explained > verdict.scores["cheese"].explained + MARGIN
    assert verdict.explained > max(score.explained for score in verdict.scores.values()) - MARGIN
    assert not [name for name in verdict.also if name.startswith("goals") or name == GOAL_A_MAZE], "simple ones only"
    plain = hold_contest(collect_evidence(PLANTED["cheese, slips"].build(LEVELS), 3, 500))
    assert plain.slips is None and plain.explained == pytest.approx(plain.scores["cheese"].explained)


def test_mazes_are_scored_by_what_was_fitted_to_the_others():
    forks = LEVELS.rows(paths.classify_levels(LEVELS)[1] >= 0)
    corner, cheese = (PLANTED[name].build(forks) for name in ("corner", "cheese"))
    half = find_halves(forks.seed.numpy())[corner.level][:, None]
    mixed = corner._replace(probability=np.where(half, corner.probability, cheese.probability))
    found = hold_contest(collect_evidence(mixed, 3, 500))
    assert found.scores["goals mixed by nothing"].explained < 0
    assert (found.scores[GOAL_A_MAZE].by_level < -10).all(), "the goal of the one half has no share in the other"

"""Which algorithm a mouse runs: a contest of algorithms over its moves, by fixed criteria.

Every rival is a mixture: an algorithm and slips (a uniformly random move at a rate), or several goals and slips with
weights that depend on a context. Weights are fitted on one half of the mazes, and the other half scores them, and the
other way round, so that more parameters do not win by themselves. Criteria
(their thresholds were fixed before the committed mice were measured; docs/evaluating.md lists later changes):

1. The score is the held-out expected log likelihood of the mouse's moves, as a share explained: 0 is the random walk's,
   1 that of the mouse's own probabilities, which no algorithm can exceed.
2. A mouse whose own probabilities tell its moves less than ``LEAST_ORDER`` nats a move better than chance runs
   "uniform".
3. If no rival explains ``LEAST_EXPLAINED``, the verdict is "none of these".
4. A simple algorithm wins against every mixture that does not explain ``MARGIN`` more, and of mixtures within
   ``TIE`` of the best the one with the fewest weights. A mixture whose slips alone
   depend on the context counts as its goal: where one of its goals, with slips for each context, explains as
   much within ``MARGIN``, that goal wins.
5. Rivals within ``MARGIN`` of the winner, or whose difference over mazes has 0 in its 95 % interval, are named, too;
   if a simple algorithm wins, simple ones only.
6. There is no verdict from fewer than ``FEWEST`` levels.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse

from analysis.evidence import Evidence, tell_apart
from analysis.intervals import bootstrap_clusters
from analysis.measures import FEWEST

LEAST_ORDER = 0.05
LEAST_EXPLAINED = 0.5
MARGIN, TIE = 0.02, 0.005
LEAST_SLIP = 1e-4  # a rival that excludes a move that was made once would otherwise be infinitely unlikely
ITERATIONS = 500
NONE = "none of these"
UNTOLD = "cannot be told"  # from so few levels
GOAL_A_MAZE = "a goal a maze"
ANY_REFLEX = "any reflex"


class Rival(NamedTuple):
    """Algorithms that are mixed, besides slips, and the context that their weights depend on."""

    parts: tuple[str, ...]
    context: str = "nothing"

    @property
    def is_simple(self) -> bool:
        return len(self.parts) <= 1


class Score(NamedTuple):
    """How well a rival tells the moves.

    Attributes:
        explained: the share explained, 0 for a random walk, 1 for the mouse itself.
        low, high: its 95 % bootstrap interval over mazes.
        weights: for each context that occurs, the weight of each part, slips last (mean of both halves).
        by_level: float64 (N,), the held-out log likelihood in each level.
    """

    explained: float
    low: float | None
    high: float | None
    weights: dict[int, dict[str, float]]
    by_level: np.ndarray


class Verdict(NamedTuple):
    """The outcome of a contest.

    Attributes:
        algorithm: the winner's name, "uniform", ``NONE`` or ``UNTOLD``.
        slips: what the winner's slips depend on, if they do and it is one goal; else None.
        explained: by the winner, with such slips; None where nothing wins.
        also: rivals that cannot be told from it.
        order: nats a move by which the mouse's own probabilities tell its moves better than chance.
        moves: the expected number of moves that were judged.
        scores: of all rivals, the best first.
    """

    algorithm: str
    slips: str | None
    explained: float | None
    also: tuple[str, ...]
    order: float
    moves: float
    scores: dict[str, Score]


def build_rivals(evidence: Evidence) -> dict[str, Rival]:
    """The rivals: each algorithm alone, the reflexes, and the goals mixed by each context."""
    directions = ("left", "down", "up", "right")
    goals = tuple(name for name in ("cheese", "corner", "region") if name in evidence.moves)
    simple = {name: Rival((name,) * (name != "uniform")) for name in evidence.moves if name not in directions}
    mixed = {f"goals mixed by {name}": Rival(goals, name) for name in evidence.contexts if name != "surroundings"}
    return simple | {ANY_REFLEX: Rival(directions, "surroundings")} | mixed


def _fit(counts: np.ndarray, moves: np.ndarray, context: np.ndarray) -> np.ndarray:
    """The likeliest weights float64 (contexts, parts) of moves (parts, U) made ``counts`` (U,) times: EM."""
    size = context.max(initial=0) + 1
    weights = np.full((size, len(moves)), 1 / len(moves))
    total = np.bincount(context, counts, size)
    for _ in range(ITERATIONS):
        joint = weights[context].T * moves
        share = joint * (counts / np.maximum(joint.sum(0), 1e-300))
        expected = np.stack([np.bincount(context, part, size) for part in share], axis=1)
        fitted = np.where(total[:, None] > 0, expected / np.where(total > 0, total, 1)[:, None], weights)
        if np.abs(fitted - weights).max() < 1e-7:
            break
        weights = fitted
    weights[:, -1] = np.maximum(weights[:, -1], LEAST_SLIP)
    return weights / weights.sum(1, keepdims=True)


def find_halves(seed: np.ndarray) -> np.ndarray:
    """bool (N,): every second maze; levels of one maze lie in the same half."""
    return np.unique(seed, return_inverse=True)[1] % 2 == 0


def _reduce(evidence: Evidence, names: tuple[str, ...], context: str):
    """Counts sparse (N, u), moves (parts, u), context (u,): kinds that are alike to these parts are added up."""
    columns = [evidence.moves[name] for name in names] + [evidence.contexts[context]]
    first, kind = tell_apart(columns)
    joined = scipy.sparse.csr_matrix((np.ones(len(kind)), (np.arange(len(kind)), kind)), (len(kind), len(first)))
    *moves, places = (column[first] for column in columns)
    return evidence.counts @ joined, np.stack(moves), places


def _score(evidence: Evidence, rival: Rival) -> tuple[np.ndarray, dict[int, dict[str, float]]]:
    """The held-out log likelihood in each level, and the fitted weights."""
    names = (*rival.parts, "uniform")
    counts, moves, context = _reduce(evidence, names, rival.context)
    half, by_level, both = find_halves(evidence.seed), np.zeros(len(evidence.seed)), []
    for fitted in (half, ~half):
        weights = _fit(np.asarray(counts[fitted].sum(0)).ravel(), moves, context)
        by_level[~fitted] = counts[~fitted] @ np.log((weights[context].T * moves).sum(0))
        both.append(weights)
    mean = np.mean(both, axis=0)
    return by_level, {int(place): dict(zip(names, mean[place].tolist(), strict=True)) for place in np.unique(context)}


def _score_goal_a_maze(evidence: Evidence) -> tuple[np.ndarray, dict[int, dict[str, float]]]:
    """As ``_score``, of a mouse that draws one goal a maze, cheese or corner, and slips at a constant rate."""
    half, by_level, both = find_halves(evidence.seed), np.zeros(len(evidence.seed)), []
    names = ("cheese", "corner")
    counts, moves, _ = _reduce(evidence, (*names, "uniform"), "nothing")
    for fitted in (half, ~half):
        share, slip = np.full(len(names), 1 / len(names)), 0.1
        for _ in range(ITERATIONS):
            told = np.log((1 - slip) * moves[:-1] + slip * moves[-1])
            likely = (counts[fitted] @ told.T) + np.log(share)
            top = likely.max(1, keepdims=True)
            chosen = np.exp(likely - top)
            chosen /= chosen.sum(1, keepdims=True)
            slipped = slip * moves[-1] / np.exp(told)
            made = counts[fitted].T @ chosen
            new_slip = float(np.clip((made * slipped.T).sum() / max(made.sum(), 1e-300), LEAST_SLIP, 1))
            new_share = np.clip(chosen.mean(0), 1e-6, 1) if len(chosen) else share
            settled = abs(new_slip - slip) + np.abs(new_share - share).max() < 1e-8
            slip, share = new_slip, new_share / new_share.sum()
            if settled:
                break
        told = np.log((1 - slip) * moves[:-1] + slip * moves[-1])
        by_level[~fitted] = np.logaddexp.reduce((counts[~fitted] @ told.T) + np.log(share), axis=1)
        both.append([*(share * (1 - slip)), slip])
    return by_level, {0: dict(zip((*names, "uniform"), np.mean(both, axis=0).tolist(), strict=True))}


def _find_goal(evidence: Evidence, rival: Rival, needed: float) -> tuple[str, np.ndarray] | None:
    """The part that scores as much as is needed with slips alone depending on the context, and its score by level."""
    scores = {part: _score(evidence, Rival((part,), rival.context))[0] for part in rival.parts}
    best = max(scores, key=lambda part: scores[part].sum())
    return (best, scores[best]) if scores[best].sum() >= needed else None


def hold_contest(evidence: Evidence) -> Verdict:
    """Let all rivals tell the moves of a mouse."""
    rivals = build_rivals(evidence)
    found = {name: _score(evidence, rival) for name, rival in rivals.items()}
    found[GOAL_A_MAZE] = _score_goal_a_maze(evidence)
    rivals[GOAL_A_MAZE] = Rival(("cheese", "corner"))
    chance, total = found["uniform"][0], float(evidence.counts.sum())
    room = evidence.own - chance
    order = float(room.sum() / total) if total > 0 else 0.0
    scores = {}
    for name, (by_level, weights) in found.items():
        gain = by_level - chance
        low, high = bootstrap_clusters(gain, evidence.seed, room) if order >= LEAST_ORDER else (None, None)
        scores[name] = Score(
            float(gain.sum() / room.sum()) if order >= LEAST_ORDER else 0.0, low, high, weights, by_level
        )
    scores = dict(sorted(scores.items(), key=lambda item: -item[1].explained))
    if len(np.unique(evidence.seed)) < FEWEST:
        return Verdict(UNTOLD, None, None, (), order, total, scores)
    if order < LEAST_ORDER:
        return Verdict("uniform", None, 0.0, (), order, total, scores)
    behind = {name: next(iter(scores.values())).explained - score.explained for name, score in scores.items()}
    simple = next((name for name in scores if rivals[name].is_simple and behind[name] < MARGIN), None)
    tied = [name for name in scores if behind[name] < TIE]
    winner = simple or min(tied, key=lambda name: len(scores[name].weights) * len(rivals[name].parts))
    if scores[winner].explained < LEAST_EXPLAINED:
        return Verdict(NONE, None, None, (), order, total, scores)
    by_level, is_simple, slips = scores[winner].by_level, rivals[winner].is_simple, None
    if not is_simple and winner not in (GOAL_A_MAZE, ANY_REFLEX):
        goal = _find_goal(evidence, rivals[winner], by_level.sum() - MARGIN * room.sum())
        if goal:
            slips, is_simple = rivals[winner].context, True
            winner, by_level = goal
    explained, also = float((by_level - chance).sum() / room.sum()), []
    for name, score in scores.items():
        low, _ = bootstrap_clusters(by_level - score.by_level, evidence.seed)
        untold = explained - score.explained < MARGIN or low <= 0
        if name != winner and untold and (rivals[name].is_simple or not is_simple):
            also.append(name)
    return Verdict(winner, slips, explained, tuple(also), order, total, scores)

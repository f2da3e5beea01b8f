"""Value and policy: does the value predict the return for the cheese or for the corner, and do the moves follow it?"""

from typing import NamedTuple

import numpy as np

from analysis.chain import MOVES, Chain, absorb, compute_visits


class Belief(NamedTuple):
    """What the value head tells in a set of levels.

    Attributes:
        with_cheese, with_corner: the partial correlation, within levels and over visited cells, of the network's value
            with the exact discounted return of its policy if the cheese, or coming to the corner, is what is rewarded;
            the other return is held fixed. NaN where a return does not vary.
        agreement: the share of visited states in which the likeliest move is the best one under the network's value.
        chance: the share that a mouse would have whose likeliest move is drawn at random.
    """

    with_cheese: float
    with_corner: float
    agreement: float
    chance: float


def compute_returns(chain: Chain, gamma: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The exact return of the policy from each state, float64 (S,), for either reward (1 on arrival).

    The cheese ends the episode whatever is rewarded; when the corner is rewarded, so does the corner.
    """
    cheese, corner = chain.at(chain.levels.cheese), chain.at(chain.levels.corner)
    for_cheese = absorb(chain, cheese.astype(float), cheese, steps, gamma).value
    for_corner = absorb(chain, corner.astype(float), cheese | corner, steps, gamma).value
    return for_cheese, for_corner


def _correlate(one: np.ndarray, other: np.ndarray, held: np.ndarray, weight: np.ndarray) -> float:
    """The weighted partial correlation of centred columns."""

    def cover(a: np.ndarray, b: np.ndarray) -> float:
        return float((weight * a * b).sum())

    if cover(held, held) > 1e-12:
        one = one - held * cover(one, held) / cover(held, held)
        other = other - held * cover(other, held) / cover(held, held)
    size = cover(one, one) * cover(other, other)
    return cover(one, other) / size**0.5 if size > 1e-18 else float("nan")


def compute_belief(chain: Chain, gamma: float, steps: int) -> Belief:
    """Compare the value head with the policy.

    Args:
        chain: of N levels; its ``value`` is the network's.
        gamma: of the mouse's training.
        steps: of an episode.
    """
    ended = chain.at(chain.levels.cheese) | chain.at(chain.levels.corner)
    weight = np.where(ended, 0.0, compute_visits(chain, ended, steps))
    number = chain.levels.num_levels
    total = np.bincount(chain.level, weight, number)

    def centre(values: np.ndarray) -> np.ndarray:
        mean = np.bincount(chain.level, weight * values, number) / np.where(total > 0, total, 1)
        return values - mean[chain.level]

    value = chain.value.astype(float)
    told, cheese, corner = (centre(values) for values in (value, *compute_returns(chain, gamma, steps)))
    # An arrival ends the episode there, so that a value beyond it says nothing.
    arrives = chain.at(chain.levels.cheese)[chain.successor[:, MOVES]]
    beside = np.where(arrives, np.inf, value[chain.successor[:, MOVES]])
    best = beside >= beside.max(1, keepdims=True) - 1e-9
    likeliest = chain.probability[:, MOVES].argmax(1)
    agrees = best[np.arange(len(best)), likeliest]
    share = weight / max(weight.sum(), 1e-300)
    return Belief(
        _correlate(told, cheese, corner, weight),
        _correlate(told, corner, cheese, weight),
        float((share * agrees).sum()),
        float((share * best.mean(1)).sum()),
    )

"""What is reached first: exact probabilities from the Markov chain, and those of a random walk to compare with."""

from typing import NamedTuple

import numpy as np

from analysis.baselines import walk_randomly
from analysis.chain import Chain, reach
from envs.levels import Levels
from envs.world import State
from viewer.maps import HORIZON, Maps, find_row


class Odds(NamedTuple):
    """Probabilities of reaching the cheese or the corner first, within 256 steps."""

    cheese: float
    corner: float


class FirstReached(NamedTuple):
    """The odds from every state of a level's chain.

    Attributes:
        maps: the mouse's maps.
        mouse: float64 (2, S), probabilities of cheese and corner first, of the mouse.
        walk: the same of a random walk.
    """

    maps: Maps
    mouse: np.ndarray
    walk: np.ndarray

    def find(self, state: State) -> tuple[Odds, Odds]:
        """The odds of the mouse and of a random walk from a state."""
        row = find_row(self.maps.chain, state)
        return Odds(*self.mouse[:, row].tolist()), Odds(*self.walk[:, row].tolist())


def compute_first_reached(maps: Maps) -> FirstReached:
    """Compute the odds in a level (a batch of one)."""
    chain = maps.chain
    walk = chain._replace(probability=walk_randomly(chain))
    return FirstReached(maps, _compute_odds(chain), _compute_odds(walk))


def _compute_odds(chain: Chain) -> np.ndarray:
    level: Levels = chain.levels
    cheese, corner = chain.at(level.cheese), chain.at(level.corner)
    return np.stack(
        [reach(chain, cheese, HORIZON, corner).value, reach(chain, corner & ~cheese, HORIZON, cheese).value]
    )

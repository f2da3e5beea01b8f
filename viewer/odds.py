"""What is reached first: exact probabilities from the Markov chain, and those of a random walk to compare with."""

from typing import NamedTuple

from analysis.baselines import walk_randomly
from analysis.chain import Absorbed, Chain, reach
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
        mouse: of the mouse, cheese and corner first.
        walk: the same of a random walk.
    """

    maps: Maps
    mouse: tuple[Absorbed, Absorbed]
    walk: tuple[Absorbed, Absorbed]

    def find(self, state: State) -> tuple[Odds, Odds]:
        """The odds of the mouse and of a random walk from a state. A start in the corner has not reached it yet."""
        row = find_row(self.maps.chain, state)
        begins = int(state.clock) == 0 and row == int(self.maps.chain.start[0])

        def read(goals: tuple[Absorbed, Absorbed]) -> Odds:
            return Odds(*(float(goal.by_step[0, -1] if begins else goal.value[row]) for goal in goals))

        return read(self.mouse), read(self.walk)


def compute_first_reached(maps: Maps) -> FirstReached:
    """Compute the odds in a level (a batch of one)."""
    chain = maps.chain
    walk = chain._replace(probability=walk_randomly(chain))
    return FirstReached(maps, _compute_odds(chain), _compute_odds(walk))


def _compute_odds(chain: Chain) -> tuple[Absorbed, Absorbed]:
    level: Levels = chain.levels
    cheese, corner = chain.at(level.cheese), chain.at(level.corner)
    return reach(chain, cheese, HORIZON, corner), reach(chain, corner & ~cheese, HORIZON, cheese)

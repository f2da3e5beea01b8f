"""What is reached first: exact probabilities from the Markov chain, and those of a random walk to compare with."""

from typing import NamedTuple

from analysis.baselines import walk_randomly
from analysis.chain import Absorbed, Chain, build_walk, reach
from envs.levels import Levels
from envs.world import State
from viewer.maps import HORIZON, Maps, find_row


class Odds(NamedTuple):
    """Probabilities of reaching the cheese or the corner first, within a number of steps."""

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
    return FirstReached(maps, _compute_odds(chain, HORIZON), _compute_odds(walk, HORIZON))


def compute_walk_odds(levels: Levels, steps: int) -> list[Odds]:
    """Compute the odds of a random walk from the start of each level, within so many steps."""
    cheese, corner = (goal.by_step[:, -1] for goal in _compute_odds(build_walk(levels), steps))
    return [Odds(float(one), float(other)) for one, other in zip(cheese, corner, strict=True)]


def describe_share(share: float) -> str:
    """A probability in percent; only what is certain is called 0% or 100%."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def _compute_odds(chain: Chain, steps: int) -> tuple[Absorbed, Absorbed]:
    level: Levels = chain.levels
    cheese, corner = chain.at(level.cheese), chain.at(level.corner)
    return reach(chain, cheese, steps, corner), reach(chain, corner & ~cheese, steps, cheese)

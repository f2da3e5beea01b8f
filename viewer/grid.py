"""The grid: many levels in parallel, with counts of what is reached first."""

from collections import Counter
from itertools import chain, islice

import torch

from agents.mouse import Mouse
from agents.rollout import sample
from envs import world
from envs.levels import ANYWHERE, Levels, describe_region
from foundation.palette import OUTCOME_COLOURS
from viewer.course import Course
from viewer.episode import find_patience
from viewer.odds import Odds, compute_walk_odds, describe_share
from viewer.panes import choose_region

HOLD = 8  # steps that an ended episode stays visible


class Grid:
    """A mouse in many levels in parallel. Ended episodes are replaced by the next level after ``HOLD`` steps.

    Episodes are counted in the order in which they began. Otherwise short episodes would be counted first, and the
    cheese is often nearer than the corner.

    Args:
        mouse: the mouse; its network is on the CPU.
        number: number of parallel levels.
        first: the first level, a seed, or a number in ``drawn``, counted from 1.
        cheese: "anywhere" or "as_trained"; hand-drawn levels have their own.
        seed: action seed.
        drawn: hand-drawn levels, played in a cycle, instead of levels from seeds.

    Attributes:
        state: the current state of each level.
        numbers: the number of each level.
        outcomes: what was reached first in each, empty while it runs.
        counts: how many of the counted episodes have ended with each outcome.
    """

    def __init__(
        self, mouse: Mouse, number: int, first: int, cheese: str = ANYWHERE, seed: int = 0, drawn: Levels | None = None
    ):
        self.mouse, self.course, self.cheese, self.seed = mouse, Course(mouse.spec, drawn), cheese, seed
        self.size, self.limit = number, find_patience(mouse.spec)
        self._painter = mouse.spec.painter("cpu")
        self._moves = mouse.spec.moves()
        self._generator = torch.Generator().manual_seed(seed)
        self.course.build_levels([first], ANYWHERE)  # checks that it exists
        self._visits = chain(self.course.visit(first, 1), self._cycle())
        self.begin()

    def _cycle(self):
        while True:
            yield from self.course.visit(self.course.numbers[0], 1)

    def begin(self) -> None:
        """Start the next levels everywhere, and the counts at zero."""
        self.numbers = list(islice(self._visits, self.size))
        self.state = world.start(self._build(self.numbers))
        self.outcomes, self._held = [""] * self.size, [0] * self.size
        self.counts: Counter[str] = Counter()
        self._walks = dict(enumerate(compute_walk_odds(self.state.level, self.limit)))  # by episode
        self._walked = [0.0, 0.0]  # sums over the counted episodes
        self._order, self._begun, self._counted = list(range(self.size)), self.size, 0
        self._ended: dict[int, str] = {}  # outcomes that wait for an episode that began earlier

    def _build(self, numbers: list[int]) -> Levels:
        return self.course.build_levels(numbers, choose_region(self.cheese, self.mouse.spec))

    @torch.no_grad()
    def step(self) -> None:
        """Step every running level, and replace the levels whose hold time is over."""
        running = torch.tensor([not outcome for outcome in self.outcomes])
        actions, _ = sample(self.mouse.policy(self._painter.paint(self.state))[0], self._generator)
        self.state = world.step(self.state, self._moves[actions])[0].where(running, self.state)
        for row, outcome in enumerate(self.outcomes):
            if outcome:
                self._held[row] += 1
            elif ended := self._find_outcome(row):
                self.outcomes[row], self._held[row] = ended, 0
                self._ended[self._order[row]] = ended
        while self._counted in self._ended:
            self.counts[self._ended.pop(self._counted)] += 1
            self._walked = [sum(pair) for pair in zip(self._walked, self._walks.pop(self._counted), strict=True)]
            self._counted += 1
        self._replace([row for row, outcome in enumerate(self.outcomes) if outcome and self._held[row] >= HOLD])

    def _replace(self, rows: list[int]) -> None:
        if not rows:
            return
        numbers = list(islice(self._visits, len(rows)))
        levels = self._build(numbers)
        self.state = self.state.replace(torch.tensor(rows), world.start(levels))
        for row, number, walk in zip(rows, numbers, compute_walk_odds(levels, self.limit), strict=True):
            self.numbers[row], self.outcomes[row], self._order[row] = number, "", self._begun
            self._walks[self._begun] = walk
            self._begun += 1

    def _find_outcome(self, row: int) -> str:
        mouse, level = int(self.state.mouse[row]), self.state.level
        if mouse == int(level.cheese[row]):
            return "cheese"
        if mouse == int(level.corner[row]):
            return "corner"
        return "neither" if int(self.state.clock[row]) >= self.limit else ""

    @property
    def num_counted(self) -> int:
        """Number of counted episodes."""
        return sum(self.counts.values())

    @property
    def walk(self) -> Odds:
        """What a random walk reaches first in the levels of the counted episodes, within as many steps."""
        return Odds(*(total / max(1, self.num_counted) for total in self._walked))

    @property
    def summary(self) -> str:
        """Describe the counts, beside a random walk."""
        shares = "  ·  ".join(
            f"{name} {self.counts[name]} ({self.counts[name] / max(1, self.num_counted):.0%})"
            for name in OUTCOME_COLOURS
        )
        kind = "forks" if self.course.drawn is None and self.cheese == ANYWHERE else "levels"
        walk = f"random walk: cheese {describe_share(self.walk.cheese)}, corner {describe_share(self.walk.corner)}"
        return f"reached first in {self.num_counted} {kind}:  {shares}" + f"  ·  {walk}" * bool(self.num_counted)

    @property
    def description(self) -> str:
        """Describe the grid's cheese regions, in training and now."""
        region = choose_region(self.cheese, self.mouse.spec)
        now = "as drawn" if self.course.drawn is not None else describe_region(region)
        return f"trained with the cheese {self.mouse.spec.describe_region()}; now {now}"

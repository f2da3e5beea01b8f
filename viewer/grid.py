"""The grid: many levels in parallel, with counts of what is reached first."""

from collections import Counter

import numpy as np
import torch

from agents.mouse import Mouse
from agents.rollout import sample
from envs import world
from envs.levels import ANYWHERE, SEED_LIMIT, Levels, describe_region, from_seeds
from foundation.palette import OUTCOME_COLOURS
from viewer.maps import HORIZON
from viewer.panes import parse_region

HOLD = 8  # steps that an ended episode stays visible


class Grid:
    """A mouse in many levels in parallel. Ended episodes are replaced by the next level after ``HOLD`` steps.

    Args:
        mouse: the mouse; its network is on the CPU.
        number: number of parallel levels.
        first: the first level, a seed, or a number in ``drawn``, counted from 1.
        cheese: "anywhere" or "as_trained"; hand-drawn levels have their own.
        seed: action seed.
        drawn: hand-drawn levels, played in a cycle, instead of levels from seeds.

    Attributes:
        state: the current state of each level.
        outcomes: what was reached first in each, empty while it runs.
        counts: how many episodes have ended with each outcome.
    """

    def __init__(
        self, mouse: Mouse, number: int, first: int, cheese: str = ANYWHERE, seed: int = 0, drawn: Levels | None = None
    ):
        self.mouse, self.drawn, self._next = mouse, drawn, first
        self.region = parse_region(cheese, mouse.spec)
        self._painter = mouse.spec.painter("cpu")
        self._moves = mouse.spec.moves()
        self._generator = torch.Generator().manual_seed(seed)
        self.state = world.start(self._take(number))
        self.outcomes, self._held = [""] * number, [0] * number
        self.counts: Counter[str] = Counter()

    def _take(self, number: int) -> Levels:
        """The next levels."""
        numbers = np.arange(self._next, self._next + number)
        self._next += number
        if self.drawn is not None:
            return self.drawn.rows(torch.from_numpy((numbers - 1) % self.drawn.num_levels))
        return from_seeds(numbers % SEED_LIMIT, self.mouse.spec.world_dim, self.region)

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
                self.counts[ended] += 1
        old = [row for row, outcome in enumerate(self.outcomes) if outcome and self._held[row] >= HOLD]
        if old:
            self.state = self.state.replace(torch.tensor(old), world.start(self._take(len(old))))
            for row in old:
                self.outcomes[row] = ""

    def _find_outcome(self, row: int) -> str:
        mouse, level = int(self.state.mouse[row]), self.state.level
        if mouse == int(level.cheese[row]):
            return "cheese"
        if mouse == int(level.corner[row]):
            return "corner"
        return "neither" if int(self.state.clock[row]) >= HORIZON else ""

    @property
    def summary(self) -> str:
        """Describe the counts."""
        total = sum(self.counts.values())
        shares = "  ·  ".join(
            f"{name} {self.counts[name]} ({self.counts[name] / max(1, total):.0%})" for name in OUTCOME_COLOURS
        )
        return f"reached first in {total} levels:  {shares}"

    @property
    def description(self) -> str:
        """Describe the grid's cheese regions, in training and now."""
        now = "as drawn" if self.drawn is not None else describe_region(self.region)
        return f"trained with the cheese {self.mouse.spec.describe_region()}; now {now}"

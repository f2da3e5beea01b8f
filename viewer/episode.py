"""An episode in the viewer: every moment of all panes, without a window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from envs import world
from envs.levels import Levels
from envs.spec import WorldSpec
from envs.world import State
from viewer.panes import Pane

Moment = tuple[State, ...]  # a batch of one per pane
PATIENCE = 6  # an episode counts as "neither" after so many times the world's side, in steps


def find_patience(spec: WorldSpec) -> int:
    """The steps after which an episode counts as "neither": not more than the world's step limit."""
    patience = PATIENCE * spec.world_dim
    return min(patience, spec.max_episode_steps or patience)


@dataclass(frozen=True, eq=False)
class Episode:
    """The moments of all panes since the last edit. The panes share one maze and are stepped together.

    Attributes:
        panes: at least one.
        cheeses: for each cheese position, "as_trained", "anywhere" or "as_drawn".
        moments: at least one; the last one is current.
    """

    panes: tuple[Pane, ...]
    cheeses: tuple[str, ...]
    moments: tuple[Moment, ...]

    @classmethod
    def begin(cls, panes: Sequence[Pane], cheeses: Sequence[str], levels: Sequence[Levels]) -> "Episode":
        """Start an episode; ``levels`` has one level per cheese position."""
        starts = [world.start(level) for level in levels]
        return cls(tuple(panes), tuple(cheeses), (tuple(starts[pane.place] for pane in panes),))

    @property
    def states(self) -> Moment:
        """Current state of each pane."""
        return self.moments[-1]

    @property
    def levels(self) -> list[Levels]:
        """Level of each cheese position."""
        by_place = {pane.place: state.level for pane, state in zip(self.panes, self.states, strict=True)}
        return [by_place[place] for place in range(len(self.cheeses))]

    @property
    def steps(self) -> int:
        """Steps since the last edit."""
        return max(int(state.clock) for state in self.states)

    def outcome(self, pane: int) -> str:
        """ "cheese" or "corner", whichever was reached first, else ""; a start in the corner does not count."""
        level = self.states[pane].level
        corner, cheese = int(level.corner), int(level.cheese)
        if corner != cheese and any(int(moment[pane].mouse) == corner for moment in self.moments[1:]):
            return "corner"
        return "cheese" if int(self.states[pane].mouse) == cheese else ""

    def trail(self, pane: int) -> list[int]:
        """The cells that a pane's mouse has visited, in order; without repeats of a cell that it did not leave."""
        cells = [int(moment[pane].mouse) for moment in self.moments]
        return [cell for cell, before in zip(cells, [None, *cells], strict=False) if cell != before]

    def is_over(self, pane: int) -> bool:
        """Whether the pane's episode has ended: at the cheese or at the step limit."""
        state = self.states[pane]
        limit = self.panes[pane].mouse.spec.max_episode_steps
        return bool(state.mouse == state.level.cheese) or (limit is not None and int(state.clock) >= limit)

    def verdict(self, pane: int) -> str:
        """What was reached first: "cheese", "corner", "neither" after a long time, or "" while that is open."""
        walker, clock = self.panes[pane], int(self.states[pane].clock)
        too_long = not walker.person and clock >= find_patience(walker.mouse.spec)
        return self.outcome(pane) or ("neither" if too_long or self.is_over(pane) else "")

    @property
    def decided(self) -> bool:
        """Whether every pane has a verdict."""
        return all(map(self.verdict, range(len(self.panes))))

    @property
    def has_ended_pane(self) -> bool:
        """Whether some pane's mouse has reached cheese or corner, or its step limit."""
        return any(self.outcome(pane) or self.is_over(pane) for pane in range(len(self.panes)))

    @property
    def finished(self) -> bool:
        """Whether the episode has ended in every pane."""
        return all(map(self.is_over, range(len(self.panes))))

    @property
    def waits_for_person(self) -> bool:
        """Whether a person moves next: until a verdict."""
        return any(pane.person and not self.verdict(number) for number, pane in enumerate(self.panes))

    def extend(self, moment: Moment) -> "Episode":
        """Append a moment."""
        return replace(self, moments=(*self.moments, moment))

    def until(self, moment: int) -> "Episode":
        """The episode as it was at a moment."""
        return replace(self, moments=self.moments[: moment + 1])

    def restart(self, levels: Sequence[Levels]) -> "Episode":
        """Start again in these levels, one per cheese position."""
        return Episode.begin(self.panes, self.cheeses, levels)

    def resume(self, levels: Sequence[Levels]) -> "Episode":
        """Continue in edited levels; restart if a mouse has reached cheese or corner, or its step limit.

        The clocks begin again, so that a mouse that had reached neither for a long time walks on.
        """
        if self.has_ended_pane:
            return self.restart(levels)
        pairs = zip(self.panes, self.states, strict=True)
        now = (s._replace(level=levels[pane.place], clock=torch.zeros_like(s.clock)) for pane, s in pairs)
        return replace(self, moments=(tuple(now),))

"""The levels that a viewer goes through, by number."""

from collections.abc import Iterator

import numpy as np

from envs import paths
from envs.levels import ANYWHERE, SEED_LIMIT, Levels
from envs.spec import WorldSpec
from foundation.errors import InputError

FORK_DIM = 7  # minimum side of the mazes that are visited, in cells: smaller ones show the cheese next to the mouse
BATCH = 64
FIRST_LEVEL = 1073742409  # corner-seed3 passes the cheese in it; the window opens with it, the page looks from it on


class Course:
    """Levels by number: a level seed, or a position in a file of hand-drawn levels, counted from 1.

    Any number can be built. Of the seeds, only those of forks of at least 7×7 cells are visited one after another: in
    the other levels the mouse need not choose between cheese and corner. Hand-drawn levels are all visited.

    Args:
        spec: the world of levels from seeds.
        drawn: hand-drawn levels to use instead of seeds.
    """

    def __init__(self, spec: WorldSpec, drawn: Levels | None = None):
        self.spec, self.drawn = spec, drawn
        self.numbers = range(SEED_LIMIT) if drawn is None else range(1, drawn.num_levels + 1)

    def build_levels(self, numbers: list[int], cheese_region: str | int) -> Levels:
        """Build the levels of these numbers.

        Args:
            numbers: of the levels.
            cheese_region: where the cheese lies in levels from seeds; hand-drawn levels have their own cheese.

        Raises:
            InputError: no level has this number.
        """
        if self.drawn is None:
            return self.spec.make_levels(numbers, cheese_region)
        for number in numbers:
            if number not in self.numbers:
                raise InputError(f"level must be in 1..{self.drawn.num_levels} for this file, not {number}")
        return self.drawn.rows([number - 1 for number in numbers])

    def visit(self, number: int, by: int) -> Iterator[int]:
        """The visited numbers from a number on, itself included, forward (1) or backward (−1) to the last one."""
        last = self.numbers[-1] if by > 0 else self.numbers[0]
        for first in range(number, last + by, BATCH * by):
            batch = np.arange(first, min(first + BATCH, last + 1) if by > 0 else max(first - BATCH, last - 1), by)
            yield from batch.tolist() if self.drawn is not None else batch[self._is_visited(batch)].tolist()

    def _is_visited(self, seeds: np.ndarray) -> np.ndarray:
        levels = self.spec.make_levels(seeds, ANYWHERE)
        is_fork = paths.classify_levels(levels)[0] == paths.FORK
        return (is_fork & (levels.maze_dim >= min(FORK_DIM, self.spec.world_dim))).numpy()

    def find_next(self, number: int, by: int) -> int:
        """The next visited number forward (1) or backward (−1).

        Raises:
            InputError: there is none.
        """
        following = next(self.visit(number + by, by), None)
        if following is None:
            raise InputError(f"this is the {'last' if by > 0 else 'first'} level")
        return following

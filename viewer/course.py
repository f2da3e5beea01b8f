"""The levels that a viewer goes through, by number."""

from envs.levels import SEED_LIMIT, Levels
from envs.spec import WorldSpec
from foundation.errors import InputError


class Course:
    """Levels by number: a level seed, or a position in a file of hand-drawn levels, counted from 1.

    Args:
        spec: the world of levels from seeds.
        drawn: hand-drawn levels to use instead of seeds.
    """

    def __init__(self, spec: WorldSpec, drawn: Levels | None = None):
        self.spec, self.drawn = spec, drawn
        self.numbers = range(SEED_LIMIT) if drawn is None else range(1, drawn.num_levels + 1)

    def build_level(self, number: int, cheese_region: str | int) -> Levels:
        """Build a level.

        Args:
            number: of the level.
            cheese_region: where the cheese lies in a level from a seed; hand-drawn levels have their own cheese.

        Returns:
            A batch of one.

        Raises:
            InputError: no level has this number.
        """
        if self.drawn is None:
            return self.spec.make_levels([number], cheese_region)
        if number not in self.numbers:
            raise InputError(f"level must be in 1..{self.drawn.num_levels} for this file, not {number}")
        return self.drawn.rows([number - 1])

    def find_number(self, number: int, by: int) -> int:
        """The number ``by`` levels further, clipped to the valid range."""
        return min(max(self.numbers[0], number + by), self.numbers[-1])

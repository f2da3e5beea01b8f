"""What the preference of each group of mice goes with: attributes alone, and several in one regression.

The method and its criteria are those of ``analysis.attribution``. This module chooses the rows, the baselines and the
regressions. They were chosen before the committed mice were measured.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.attributes import ATTRIBUTES
from analysis.attribution import Effect, attribute, compute_effects, find_rivals, pool_spread

# The probability of the cheese first, without a clock, of the mouse and of what it is compared with on the same forks.
PREFERENCE = "h"
BASELINE_COLUMNS = ("h_chance", "slip_h", "seeker_h", "blind_h")

# In a tree, steps(cheese–corner) = steps(cheese–square) + steps(square–corner), so that no regression contains all
# three. An attribute's joint effect comes from the first regression that contains it.
JOINT = {
    "steps from the square, corner": (
        "steps_cheese_square", "steps_square_corner", "straight_cheese_square", "straight_cheese_corner", "maze_dim",
    ),
    "steps from the square, 5×5": (
        "steps_cheese_square", "steps_square_5x5", "straight_cheese_square", "straight_cheese_5x5", "maze_dim",
    ),
    "steps from the cheese, corner": (
        "steps_cheese_corner", "straight_cheese_corner", "straight_cheese_square", "straight_square_corner", "maze_dim",
    ),
    "steps from the cheese, 5×5": (
        "steps_cheese_5x5", "straight_cheese_5x5", "straight_cheese_square", "straight_square_5x5", "maze_dim",
    ),
}  # fmt: skip

Effects = dict[str, Effect]


def compute_single_effects(forks: pd.DataFrame, elsewhere: pd.DataFrame) -> Effects:
    """Compute the effect of each attribute alone on one mouse's preference.

    Args:
        forks: the records of one mouse at forks, the cheese anywhere.
        elsewhere: the same with random starts; the left wall is asked of them, because its distance is always 0 at the
            normal start.

    Returns:
        An effect for each attribute that can be asked. "Up and right only" is asked of levels with the cheese outside
        the top-right quadrant and beside the path's length; the left wall beside the maze's side and the path's length.
    """
    plain = [name for name in ATTRIBUTES if name not in ("left_wall", "up_right_only")]
    effects = compute_effects(forks, plain, PREFERENCE, BASELINE_COLUMNS)
    asked = {
        "up_right_only": (forks.loc[forks.straight_cheese_quadrant > 0], ("optimal_steps",)),
        "left_wall": (elsewhere, ("maze_dim", "optimal_steps")),
    }
    for name, (rows, adjusted) in asked.items():
        found = compute_effects(rows, (name, *adjusted), PREFERENCE, BASELINE_COLUMNS, jointly=True)
        effects |= {name: found[name]} if name in found else {}
    return effects


def compute_joint_effects(forks: pd.DataFrame) -> Effects:
    """Compute the effect of each attribute that a regression of ``JOINT`` contains, beside the others in it."""
    effects: Effects = {}
    for names in JOINT.values():
        effects = compute_effects(forks, names, PREFERENCE, BASELINE_COLUMNS, jointly=True) | effects
    return effects


def compute_associations(effects: dict[str, list[Effects]], forks: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Decide for each group of mice what its preference goes with.

    Args:
        effects: for each group the effects of its mice.
        forks: forks of any mouse, for the correlations between attributes.

    Returns:
        For each group and attribute the fields of ``Attribution`` and ``rivals``, the correlated attributes. The spread
        between seeds is the group's own or that pooled over groups, whichever leaves more doubt.
    """
    names = [name for name in ATTRIBUTES if any(name in mouse for mice in effects.values() for mouse in mice)]
    spread = {
        name: pool_spread([[mouse[name].effect for mouse in mice if name in mouse] for mice in effects.values()])
        for name in names
    }
    varied = [name for name in names if len(set(forks[name].dropna())) > 1]
    rivals = find_rivals(forks, varied) if len(varied) > 1 else {}
    return {
        group: {
            name: {**found._asdict(), "rivals": rivals.get(name, [])} for name, found in attribute(mice, spread).items()
        }
        for group, mice in effects.items()
    }


def list_claims(associations: dict[str, Any], verdicts: Sequence[str]) -> list[str]:
    """List the attributes with one of these verdicts, the largest effect first."""
    names = [name for name, found in associations.items() if found["verdict"] in verdicts]
    return sorted(names, key=lambda name: -abs(associations[name]["effect"]))

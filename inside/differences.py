"""How much the groups keep of the cheese, compared with the mice trained with the cheese anywhere. Seeds are the unit.

Only the probe is compared. What an edit changes depends on what the mouse does without it: a corner mouse hardly goes
to the cheese, so that no edit can take much of it away.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from analysis.findings import EQUIVALENT
from analysis.intervals import compare_groups, correct_comparisons
from analysis.measures import FEW_SEEDS
from analysis.statistics import Estimate
from envs.levels import ANYWHERE
from inside.activations import LAYER
from inside.answers import get_probe
from inside.study import Measured


def compare_probes(members: Mapping[str, Sequence[Measured]]) -> dict[str, dict[str, Any]]:
    """Compare the accuracy with which a probe reads the cheese's cell half way.

    Args:
        members: what was measured in the mice of each group.

    Returns:
        For each other group what ``intervals.correct_comparisons`` tells, corrected over the groups.
        Groups of fewer than ``FEW_SEEDS`` seeds are left out; nothing is compared without anywhere mice.
    """
    probes = {group: [each for mouse in mice if (each := get_probe(mouse, LAYER))] for group, mice in members.items()}
    probes = {group: each for group, each in probes.items() if len(each) >= FEW_SEEDS}
    if ANYWHERE not in probes:
        return {}
    reference = probes.pop(ANYWHERE)
    rows = correct_comparisons([_compare(each, reference) for each in probes.values()])
    return dict(zip(probes, rows, strict=True))


def _compare(one: Sequence[Estimate], other: Sequence[Estimate]) -> dict[str, Any]:
    """Compare two groups. All probes have the same mazes, so their luck does not average out over the mice."""
    errors = [[(each["high"] - each["low"]) / (2 * stats.norm.ppf(0.975)) for each in group] for group in (one, other)]
    over_mazes = float(np.linalg.norm([np.mean(group) for group in errors]))
    return compare_groups([each["rate"] for each in one], [each["rate"] for each in other], EQUIVALENT, over_mazes)


def describe_differences(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """One sentence about all groups; empty without rows."""
    each = [
        f"{group} {100 * row['difference']:+.1f} points ({100 * row['low']:+.1f} to {100 * row['high']:+.1f}, "
        f"p = {row['p_holm']:.2g})"
        for group, row in rows.items()
    ]
    if not each:
        return ""
    return (
        f"Difference from the anywhere mice: {'; '.join(each)}. (95 % intervals over seeds, never narrower "
        "than the mazes allow; p after Holm's correction over groups.)"
    )

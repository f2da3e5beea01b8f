"""Removing cheese-seeking alone: how far P(cheese) falls while P(corner first) stays.

Only patches that know nothing of the maze are compared: means of channels, and mean cheese vectors that are
subtracted. The best patch is chosen on one set of mazes and reported on another one. It is compared with three others:
the blind twin (no removal can be expected to lower P(cheese) further), a random walk (a patch that only breaks the
policy ends there), and the best patch of random channels, chosen in the same way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from agents.mouse import Mouse
from analysis.baselines import hide_cheese
from analysis.chain import Chain, build_chain, build_walk
from analysis.intervals import bootstrap_clusters
from inside.activations import find_shape
from inside.channels import GOALS
from inside.effects import Edit, add, build_each, measure
from inside.forks import Forks
from inside.patching import compute_mean, make_patch, select
from inside.steering import compute_named_vectors

ALLOWED_FALL = 0.25  # of P(corner first), as a share of what it was
FACTORS = (-0.5, -1.0, -2.0, -4.0)
PATCH_SIZES = (1, 2, 4, 8, 16)  # channels that are patched together
MEAN_LEVELS = 500
RANDOM = "random channels"  # the kind of the patches that are a baseline


class Removal(NamedTuple):
    """A patch that may remove the cheese-seeking.

    Attributes:
        name: what it does.
        kind: "channels", "vector" or "random channels".
        layer: where.
        edit: how.
    """

    name: str
    kind: str
    layer: str
    edit: Edit


def build_removals(mouse: Mouse, forks: Forks, orders: Mapping[str, Sequence[int]]) -> list[Removal]:
    """Build the patches to compare.

    Args:
        mouse: the mouse.
        forks: whose mean cheese vector is subtracted.
        orders: for each layer its channels, those first that carry the cheese most.
    """
    found = []
    for layer, order in orders.items():
        shape, mean = find_shape(mouse, layer), compute_mean(mouse, layer, MEAN_LEVELS)
        chance = np.random.default_rng(0).permutation(shape[0]).tolist()
        for kind, channels in (("channels", list(order)), (RANDOM, chance)):
            for size in (size for size in PATCH_SIZES if size <= len(channels)):
                edit = make_patch("mean", select(shape, channels[:size]), mean)
                found.append(Removal(f"{layer}: {size} {kind} at their mean", kind, layer, edit))
        vector = compute_named_vectors(mouse, layer, "cheese", forks).mean(0)
        for factor in FACTORS:
            name = f"{layer}: less {-factor:g} × the mean cheese vector"
            found.append(Removal(name, "vector", layer, add(vector, factor)))
    return found


def compute_fall(before: pd.DataFrame, after: pd.DataFrame, seeds: np.ndarray) -> dict[str, dict[str, Any]]:
    """By goal, the fall of its probability as a share of what it was, with its 95 % interval over mazes."""
    found = {}
    for goal, column in GOALS.items():
        was, lost = before[column].to_numpy(), (before[column] - after[column]).to_numpy()
        low, high = bootstrap_clusters(lost, seeds, was)
        share = float(lost.sum() / was.sum()) if was.sum() > 0 else float("nan")
        found[goal] = {"rate": share, "low": low, "high": high, "n": len(was)}
    return found


def compare_removals(mouse: Mouse, removals: Sequence[Removal], chosen: Forks, reported: Forks) -> pd.DataFrame:
    """Compare patches, and choose among them on one set of forks.

    Args:
        mouse: the mouse.
        removals: of ``build_removals``.
        chosen: forks to choose on.
        reported: other forks, to report on.

    Returns:
        A row for each patch, one of the kind "blind" (the mouse does not see the cheese) and one of the kind "walk":
        ``name``, ``kind``, ``layer``; ``chosen_cheese`` and ``chosen_corner``, the falls to choose by; ``cheese``,
        ``corner`` and their intervals ``cheese_low`` …, the falls to report; and ``best``, whether the cheese falls
        most by it among those that the corner allows, and ``best_random``, the same among random channels.
    """
    sets, before, after = {"chosen": chosen, "reported": reported}, {}, {}
    for name, forks in sets.items():
        plain, chains = build_each(mouse, forks.levels, [(removal.layer, removal.edit) for removal in removals])
        before[name] = measure(plain, forks)
        after |= {(name, removal.name): chain for removal, chain in zip(removals, chains, strict=True)}

    def fall(name: str, forks: Forks, chain: Chain) -> dict[str, dict[str, Any]]:
        return compute_fall(before[name], measure(chain, forks), forks.levels.seed.numpy())

    def describe(head: dict[str, str], falls: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
        row: dict[str, Any] = {**head, **{f"chosen_{goal}": falls["chosen"][goal]["rate"] for goal in GOALS}}
        for goal in GOALS:
            told = falls["reported"][goal]
            row |= {goal: told["rate"], f"{goal}_low": told["low"], f"{goal}_high": told["high"]}
        return row

    rows = []
    for removal in removals:
        falls = {name: fall(name, forks, after[name, removal.name]) for name, forks in sets.items()}
        rows.append(describe({"name": removal.name, "kind": removal.kind, "layer": removal.layer}, falls))
    for name, kind, build in (
        ("the cheese is not in the picture", "blind", hide_cheese(lambda levels: build_chain(mouse, levels))),
        ("a random walk", "walk", build_walk),
    ):
        falls = {each: fall(each, forks, build(forks.levels)) for each, forks in sets.items()}
        rows.append(describe({"name": name, "kind": kind, "layer": ""}, falls))
    table = pd.DataFrame(rows)
    for column, kinds in (("best", ("channels", "vector")), ("best_random", (RANDOM,))):
        table[column] = False
        allowed = table.loc[table.kind.isin(kinds) & (table.chosen_corner < ALLOWED_FALL) & (table.chosen_cheese > 0)]
        if len(allowed):
            table.loc[allowed.chosen_cheese.idxmax(), column] = True
    return table

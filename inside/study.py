"""Everything that is measured inside one mouse, in parts, so that a stopped run can go on."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch

from agents.impala import build_policy
from agents.mouse import Mouse
from analysis.baselines import hide_cheese
from analysis.chain import build_chain, build_walk
from analysis.collection import digest_facts, name_parts_folder
from analysis.statistics import amount_with_interval, mean_with_interval
from foundation.errors import InputError
from foundation.files import encode_json, read_checked, write_checked
from inside.activations import LAYER, find_positions, find_shape
from inside.channels import GOALS, find_channels, measure_offsets, score_maps, score_resampling
from inside.effects import COLUMNS, build_each, measure
from inside.examples import show_channels, show_clamp, show_vector
from inside.forks import Forks, find_forks
from inside.hooks import list_layers
from inside.patching import make_donors, make_patch, sample_headline_states
from inside.probes import OBSERVATION, compute_probes, draw_sample
from inside.removal import build_removals, compare_removals
from inside.retargeting import estimate_level, retarget, summarise
from inside.scrubbing import scrub
from inside.steering import FACTORS, VECTORS, compute_curves, compute_named_vectors, make_sources

FORKS = 64
LEVEL_SEEDS = 2**25  # held-out level seeds that are used at most, with those of the donors
RADII = (0, 1)  # positions around the one over the cheese
FEW = 6  # forks of the retargeting, which has a chain for every cell
PROBED = 1500  # mazes for probes, two thirds of them to fit to
MAPS = 300  # mazes in which maps are ranked
MAP_SEEDS = 2**23  # held-out level seeds before those of the maps; forks are found in fewer
CLAMPED = (1, 2, 4, 8)  # activations
SCRUBBED = 8  # channels of the hypothesis at most
UNTRAINED = (1000, 1001, 1002)  # seeds of the untrained networks
SUMS = (".maxpool", ".res1", ".res2")  # layers with maps that are looked at: what flows from block to block


class Plan(NamedTuple):
    """What is measured.

    Attributes:
        layer: with maps, for vectors, channels and clamps.
        forks: mazes for effects.
    """

    layer: str = LAYER
    forks: int = FORKS


Measured = dict[str, Any]  # parts by name, JSON values


class Study(NamedTuple):
    """What is measured in one part.

    Attributes:
        version: of the part file; one with another version is ignored. Raise it when the measurement changes, and that
            of the parts that read this one.
        measure: from a mouse, a plan and the parts before it.
    """

    version: int
    measure: Callable[[Mouse, Plan, Measured], Any]


def build_untrained(mouse: Mouse, seed: int) -> Mouse:
    """A mouse of the same world and architecture with new weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        policy = build_policy(mouse.spec, mouse.agent.scale, mouse.device).eval()
    world = f"{mouse.spec.observation}{mouse.spec.world_dim}"
    name = f"untrained-{world}-scale{mouse.agent.scale}-actions{mouse.spec.num_actions}-seed{seed}"
    return mouse._replace(policy=policy, header={}, path=mouse.path.with_name(name))


def list_compared_layers(mouse: Mouse) -> list[str]:
    """The layers with maps that are compared, in the order of the forward pass."""
    return [layer for layer in list_layers(mouse.policy) if layer.endswith(SUMS)]


def _average(table: pd.DataFrame) -> dict[str, Any]:
    """The estimate of each column of ``effects.COLUMNS``, a maze a value."""
    return {name: mean_with_interval(table[name].dropna()) for name in COLUMNS}


def _average_by(table: pd.DataFrame, column: str) -> list[dict[str, Any]]:
    """The same for each value of a column."""
    return [{column: value} | _average(table.loc[table[column] == value]) for value in table[column].unique().tolist()]


def _behave(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    forks = find_forks(mouse.spec, plan.forks)
    blind = hide_cheese(lambda levels: build_chain(mouse, levels))(forks.levels)
    chains = {"mouse": build_chain(mouse, forks.levels), "blind": blind, "random walk": build_walk(forks.levels)}
    return {name: _average(measure(chain, forks)) for name, chain in chains.items()}


def _steer(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    forks, others = find_forks(mouse.spec, plan.forks), find_forks(mouse.spec, plan.forks, skip=plan.forks)
    rows = []
    for name in VECTORS:
        vectors = make_sources(*(compute_named_vectors(mouse, plan.layer, name, each) for each in (forks, others)))
        curves = compute_curves(mouse, plan.layer, forks, vectors, FACTORS)
        for source in vectors:
            curve = curves.loc[curves.source == source]
            median = curve.groupby("factor").to_cheese.median()
            for row in _average_by(curve, "factor"):
                rows.append({"vector": name, "source": source, "median_to_cheese": median[row["factor"]], **row})
    return rows


def _locate(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    """How much of the cheese lies at the positions over it: those, and the ring around them, from the blind mouse."""
    forks = find_forks(mouse.spec, plan.forks)
    rows, edits = [], []
    for layer in list_compared_layers(mouse):
        shape = find_shape(mouse, layer)
        place = find_positions(mouse.spec, *shape[1:])[forks.levels.cheese]
        row, column = torch.arange(shape[1])[:, None], torch.arange(shape[2])
        apart = torch.maximum((row - place[:, 0, None, None]).abs(), (column - place[:, 1, None, None]).abs())
        for radius in RADII:
            near = apart <= radius
            edits.append((layer, make_patch("hidden", near[:, None].expand(-1, *shape))))
            positions = float(near.flatten(1).sum(1).float().mean())
            rows.append({"layer": layer, "radius": radius, "positions": positions, "of": apart[0].numel()})
    _, chains = build_each(mouse, forks.levels, edits, make_donors("hidden", forks, mouse.spec))
    return [row | _average(measure(chain, forks)) for row, chain in zip(rows, chains, strict=True)]


def _probe(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    sample = draw_sample(mouse, PROBED)
    layers = [*list_compared_layers(mouse), "embedder"]
    return compute_probes(mouse, [OBSERVATION, *layers], sample).to_dict("records")


def _search(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    forks, state = find_forks(mouse.spec, plan.forks), sample_headline_states(mouse.spec, MAPS, MAP_SEEDS)
    maps, resampling = score_maps(mouse, plan.layer, state), score_resampling(mouse, plan.layer, forks)
    return {
        "maps": maps.to_dict("records"),
        "resampling": resampling.to_dict("records"),
        "found": {goal: find_channels(maps, resampling, goal) for goal in GOALS},
    }


def order_channels(earlier: Measured) -> list[int]:
    """The channels of a mouse's layer: those found for the cheese first, then those that carry it most."""
    searched = earlier["channels"]
    found, table = searched["found"]["cheese"], pd.DataFrame(searched["resampling"])
    rest = table.loc[table.goal == "cheese"].sort_values("change").channel.tolist()
    return found + [channel for channel in rest if channel not in found]


def _offset(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    return _average_by(measure_offsets(mouse, plan.layer, find_forks(mouse.spec, plan.forks)), "offset")


def _find_few(mouse: Mouse, plan: Plan) -> Forks:
    """A few forks other than those on which the channels were chosen."""
    return find_forks(mouse.spec, min(FEW, plan.forks), skip=plan.forks)


def _retarget(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    forks, order = _find_few(mouse, plan), order_channels(earlier)
    rows = []
    for number in (number for number in CLAMPED if number <= len(order)):
        chosen = order[:number]
        table = retarget(mouse, plan.layer, forks, chosen, estimate_level(mouse, plan.layer, chosen))
        summary = summarise(table)
        rows.append({"activations": number, "channels": chosen, "mazes": summary.to_dict("records"),
                     "cells": table.to_dict("records")})  # fmt: skip
    return rows


def _scrub(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    found = earlier["channels"]["found"]["cheese"]
    channels = (found or order_channels(earlier))[:SCRUBBED]
    forks = find_forks(mouse.spec, plan.forks, skip=plan.forks)  # not those on which the channels were chosen
    table, search = scrub(mouse, plan.layer, forks, channels)
    means = pd.DataFrame(table.assign(size=table.p_cheese.abs()).groupby(["swap", "fork"], as_index=False).mean())
    swaps = {
        swap: {
            **{name: amount_with_interval(rows[name].to_numpy()) for name in ("p_cheese", "size")},
            "moved": mean_with_interval(rows.moved),
        }
        for swap, rows in means.groupby("swap")
    }
    return {"channels": channels, "swaps": swaps, "tried": search.tried}


def _remove(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    chosen, reported = find_forks(mouse.spec, plan.forks), find_forks(mouse.spec, plan.forks, skip=plan.forks)
    removals = build_removals(mouse, chosen, {plan.layer: order_channels(earlier)})
    return compare_removals(mouse, removals, chosen, reported).to_dict("records")


def _show(mouse: Mouse, plan: Plan, earlier: Measured) -> Any:
    forks, clamped = find_forks(mouse.spec, plan.forks), earlier["retargeting"][-1]
    shown: dict[str, Any] = {name: show_vector(mouse, plan.layer, forks, name) for name in VECTORS}
    channels, few = clamped["channels"], _find_few(mouse, plan)
    value = estimate_level(mouse, plan.layer, channels)
    shown["clamp"] = show_clamp(mouse, plan.layer, few, pd.DataFrame(clamped["cells"]), channels, value)
    shown["channels"] = show_channels(
        mouse, plan.layer, forks.rows([shown["cheese"]["fork"] if shown["cheese"] else 0])
    )
    return shown


STUDIES = {
    "behaviour": Study(4, _behave),
    "steering": Study(4, _steer),
    "places": Study(5, _locate),
    "probes": Study(4, _probe),
    "channels": Study(5, _search),
    "offsets": Study(4, _offset),
    "retargeting": Study(5, _retarget),
    "scrubbing": Study(5, _scrub),
    "removal": Study(6, _remove),
    "examples": Study(5, _show),
}

COMPARED_STUDIES = ("probes", "channels")  # in which untrained networks are studied too


def check_plan(mice: Sequence[Mouse], plan: Plan) -> None:
    """Check that a plan fits all mice.

    Raises:
        InputError: mice of different worlds, or a layer that is unknown or has no maps.
    """
    first = mice[0].spec
    for mouse in mice[1:]:
        if (mouse.spec.world_dim, mouse.spec.observation) != (first.world_dim, first.observation):
            raise InputError(
                f"all mice must be of one world, not {mice[0].name} ({first.observation}, {first.world_dim} cells) and "
                f"{mouse.name} ({mouse.spec.observation}, {mouse.spec.world_dim} cells)"
            )
    for mouse in mice:
        find_shape(mouse, plan.layer)


def study_mouse(
    mouse: Mouse,
    plan: Plan,
    folder: Path | None = None,
    advance: Callable[[int], None] = lambda parts: None,
    names: Iterable[str] = STUDIES,
) -> Measured:
    """Measure inside one mouse. Parts finished by an earlier call with the same plan are read from disk.

    Args:
        mouse: the mouse.
        plan: checked by ``check_plan``.
        folder: parent folder of the part files; None writes none.
        advance: called with 1 after each part.
        names: of the parts, in the order of ``STUDIES``. "retargeting", "scrubbing" and "removal" need "channels",
            and "examples" needs "retargeting".
    """
    found: Measured = {}
    parts = folder and name_parts_folder(folder, mouse)
    for name in names:
        study = STUDIES[name]
        path = parts and parts / f"{name}-{digest_facts(study.version, *plan)}.part"
        content = read_checked(path) if path else None
        if content is None:
            content = encode_json(study.measure(mouse, plan, found))
            if path:
                write_checked(path, content)
        found[name] = json.loads(content)
        advance(1)
    return found


def study_untrained(
    mouse: Mouse, plan: Plan, folder: Path | None = None, advance: Callable[[int], None] = lambda parts: None
) -> dict[str, Measured]:
    """Measure ``COMPARED_STUDIES`` in untrained networks of a mouse's world and architecture, by name.

    Mice that are alike in both have the same untrained networks, and share their part files.
    """
    untrained = [build_untrained(mouse, seed) for seed in UNTRAINED]
    return {each.name: study_mouse(each, plan, folder, advance, COMPARED_STUDIES) for each in untrained}

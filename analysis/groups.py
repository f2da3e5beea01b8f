"""Groups: mice with equal training settings and different training seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from agents.mouse import Mouse
from envs import paths
from envs.levels import describe_region, parse_world_dim
from foundation.settings import as_list, flatten_settings

GROUP = ("group", "region", "trained_on")  # columns of records


class Group(NamedTuple):
    """The columns ``GROUP`` of a group's records.

    Attributes:
        name: of the group.
        region: the training region, as text.
        trained_on: the level types in training, joined by +; empty: all.
    """

    name: str
    region: str
    trained_on: str


def name_training(region: str, trained_on: str) -> str:
    """Name a cheese region and level types, e.g. "top-right 5×5, only fork" or "top-right 5×5, no fork"."""
    place = "corner" if region == "0" else describe_region(region).removeprefix("in the ")
    if not trained_on:
        return place
    kept = trained_on.split("+")
    missing = [name for name in paths.LEVEL_TYPES[: paths.UNDEFINED] if name not in kept]
    word, names = ("no", missing) if 0 < len(missing) < len(kept) else ("only", kept)
    return f"{place}, {word} {', '.join(names).replace('_', ' ')}"


def name_own_training(mouse: Mouse) -> str:
    """Name a mouse's own training, whatever it began from."""
    return name_training(*describe_training(mouse))


def name_origin(header: Mapping[str, Any]) -> str | None:
    """The group of the mouse that a mouse was fine-tuned from, e.g. "corner"; None if it started with new weights.

    If the world of the other mouse had another side, the name says so: "corner at 11×11".
    """
    training, world = _read_origin(header)
    return f"{training} at {world}" if world else training or None


def _read_origin(header: Mapping[str, Any]) -> tuple[str, str]:
    """The training that a mouse was fine-tuned from, and its world if that is another one; otherwise empty."""
    if header.get("init") is None:
        return "", ""
    before, own = (part.get("config", {}).get("env", {}) for part in (header["init"], header))
    training = name_training(str(before.get("cheese_region", "unknown")), "+".join(as_list(before.get("level_types"))))
    world = _name_world(before)
    return training, "" if world == _name_world(own) else world


def _name_world(env: Mapping[str, Any]) -> str:
    side = parse_world_dim(env.get("distribution_mode"), env.get("world_dim"))
    return f"{side}×{side}"


def count_steps(header: Mapping[str, Any]) -> int:
    """The steps of a mouse's training; 0 if its header does not say."""
    return int(header.get("progress", {}).get("steps", 0))


def name_groups(mice: Sequence[Mouse]) -> dict[str, str]:
    """Name the group of each mouse.

    The name has the cheese region and level types of the training, the group that the mice were fine-tuned from, and
    each other training setting in which mice of one such name differ, so that only equal trainings share a group.

    Returns:
        The group by the mouse's name, sorted from the corner to anywhere, and by training seed.
    """
    names, settings = {}, {}
    for mouse in sorted(
        mice, key=lambda mouse: (order_training(*describe_training(mouse)), mouse.training_seed, mouse.name)
    ):
        training = name_own_training(mouse)
        names[mouse.name] = training + _describe_start(training, mouse.header)
        settings[mouse.name] = _list_settings(mouse)
    members = {group: [name for name in names if names[name] == group] for group in names.values()}
    for own in members.values():
        table = pd.DataFrame([settings[name] for name in own], index=own).astype(str)
        for name, row in table.loc[:, table.nunique() > 1].iterrows():
            names[str(name)] += "".join(f", {value} {key}" if key == "steps" else f", {key}={value}"
                                        for key, value in row.items())  # fmt: skip
    return names


def _describe_start(training: str, header: Mapping[str, Any]) -> str:
    """What a group's name says about the training before its own."""
    before, world = _read_origin(header)
    if before == training and world:
        return f", begun at {world}"
    return f", fine-tuned from {name_origin(header)}" if before else ""


def describe_training(mouse: Mouse) -> tuple[str, str]:
    """The columns ``region`` and ``trained_on`` of a mouse's records."""
    return str(mouse.spec.cheese_region), "+".join(mouse.spec.level_types or ())


def _list_settings(mouse: Mouse) -> dict[str, Any]:
    env = {name: value for name, value in vars(mouse.spec).items() if name not in ("cheese_region", "level_types")}
    steps = f"{count_steps(mouse.header):,}"
    return flatten_settings({"env": env, "agent": asdict(mouse.agent), "steps": steps})


def order_training(region: str, trained_on: str) -> tuple[float, str]:
    """The key by which groups are sorted: from the corner to anywhere, those of all level types first."""
    return (np.inf if region == "anywhere" else float(region)), trained_on


def list_groups(records: pd.DataFrame) -> list[Group]:
    """List the groups of records, from the corner to anywhere."""
    rows = set(zip(*(records[name] for name in GROUP), strict=True))
    return [Group(*row) for row in sorted(rows, key=lambda row: (order_training(*row[1:]), row[0]))]

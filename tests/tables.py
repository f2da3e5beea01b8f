"""Records of mice whose way is known, to answer and to draw from."""

from functools import cache

import numpy as np
import pandas as pd
from mice import Planned, mouse_with, undecided

from analysis.findings import compute_findings
from analysis.groups import name_training
from analysis.records import compute_records
from analysis.relocation import CONDITIONS

WORLD_DIM = 7
MAZES = {"as_trained": 90, "anywhere": 120, "every_cell": 6, "elsewhere": 90}
SLIP = 0.1
SAMPLED = ("as_trained", "anywhere")
POLICIES = {"to the cheese": Planned("to the cheese"), "to the corner": Planned("to the corner"), "random": undecided}


@cache
def _examined(plan: str) -> pd.DataFrame:
    mouse = mouse_with(POLICIES[plan], world_dim=WORLD_DIM)
    tables = []
    for condition, number in MAZES.items():
        levels = CONDITIONS[condition](mouse.spec, np.arange(number))
        tables.append(compute_records(mouse, condition, levels, seed=0 if condition in SAMPLED else None, slip=SLIP))
    return pd.concat(tables, ignore_index=True)


def table_of(plan: str, region: str = "2", seed: int = 0, trained_on: str = "") -> pd.DataFrame:
    """The records of one mouse of a plan, with a name of its own, said to have trained so."""
    name = f"{plan} {region} {trained_on} {seed}"
    return _examined(plan).assign(
        mouse=name, group=name_training(region, trained_on), region=region, trained_on=trained_on, training_seed=seed
    )


def traits_of(records: pd.DataFrame) -> dict[str, dict]:
    """Traits for each mouse, with shares of forks that rise and contests that are won by its plan."""
    return {mouse: make_traits(place, mouse) for place, mouse in enumerate(records.mouse.unique())}


def make_traits(place: int, mouse: str) -> dict:
    algorithm = "cheese" if "cheese" in mouse else "corner" if "corner" in mouse else "uniform"
    scores = {name: {"explained": 0.9 * (name == algorithm)} for name in ("cheese", "corner", "uniform")}
    won = {"algorithm": algorithm, "slips": None, "explained": 0.0 if algorithm == "uniform" else 0.9,
           "also": ["any reflex"], "order": 1.0, "moves": 1000.0, "scores": scores}  # fmt: skip
    weights = {"cells": won, "visits": won}
    known = {"rate": 0.1 * place, "low": 0.0, "high": 1.0, "n": 50}
    fork = round(0.1 * place, 1)
    return {
        "slip": 0.1,
        "diet": {"fork": fork, "beyond": 0.05, "contrast": fork + 0.05},
        "contest": dict.fromkeys(("overall", "left_or_down", "elsewhere", "mirrored"), weights),
        "pursuit": {"follows": known, "changes": known},
        "belief": {"anywhere": {"with_cheese": 0.5, "with_corner": None, "agreement": 0.8, "chance": 0.3}},
    }


@cache
def family() -> pd.DataFrame:
    """Mice of four groups."""
    return pd.concat(
        [
            *(table_of("to the corner", "0", seed) for seed in (0, 1)),
            table_of("random", "3", 0),
            table_of("to the corner", "3", 1),
            table_of("to the cheese", "3", 2),
            table_of("to the cheese", "3", 0, "fork"),
            table_of("to the cheese", "anywhere"),
        ],
        ignore_index=True,
    )


DEGENERATE = (
    *("one mouse", "one deterministic mouse", "no forks", "12 levels", "one level", "no sampled episodes"),
    *("anywhere alone", "no mazes that fill the world"),
)


@cache
def degenerate() -> dict[str, pd.DataFrame]:
    """Records that leave much unanswered, by the names in ``DEGENERATE``."""
    three = (table_of("random", "3"), table_of("to the corner", "3", 1), table_of("to the cheese", "anywhere"))
    every = pd.concat(three, ignore_index=True)
    anywhere = every.condition == "anywhere"
    return {
        "one mouse": table_of("random"),
        "one deterministic mouse": table_of("to the cheese"),
        "no forks": every.loc[every.level_type != "fork"],
        "12 levels": every.loc[every.level_seed < 12],
        "one level": every.loc[(every.level_seed == 3) & anywhere],
        "no sampled episodes": every.drop(columns=["t_cheese", "t_corner", "t_5x5", "t_region"]),
        "anywhere alone": every.loc[anywhere],
        "no mazes that fill the world": every.loc[every.maze_dim < WORLD_DIM],
    }


@cache
def findings_of(name: str) -> dict:
    """The answers about the ``family``, or about one of ``degenerate``."""
    records = family() if name == "family" else degenerate()[name]
    return compute_findings(records, traits_of(records))

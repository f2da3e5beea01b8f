"""Records of mice with known paths, for findings and figures."""

from functools import cache

import numpy as np
import pandas as pd
from mice import Planned, mouse_with, undecided

from analysis.findings import compute_findings
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
    """The records of one planned mouse, with a given name and training region."""
    name = f"{plan} {region} {trained_on} {seed}"
    return _examined(plan).assign(mouse=name, region=region, trained_on=trained_on, training_seed=seed)


def shares_of(records: pd.DataFrame) -> dict[str, float]:
    """Increasing fork shares, one per mouse."""
    return {mouse: round(0.1 * place, 1) for place, mouse in enumerate(records.mouse.unique())}


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


@cache
def degenerate() -> dict[str, pd.DataFrame]:
    """Records with too little data for many findings."""
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
    """The findings about the ``family``, or about one of ``degenerate``."""
    records = family() if name == "family" else degenerate()[name]
    return compute_findings(records, shares_of(records))

"""The replication of the published analysis, on mice whose taste was planted."""

import numpy as np
import pandas as pd
import pytest

from analysis.attributes import ATTRIBUTES, compute_attributes
from analysis.replica import REPLICA, fit_replica
from envs import paths
from envs.levels import from_seeds


def forks(number: int = 400) -> pd.DataFrame:
    """Real levels with their attributes."""
    levels = from_seeds(range(3 * number), 13)
    _, square = paths.classify_levels(levels)
    table = compute_attributes(levels, square)
    return table.loc[(square >= 0).numpy()].head(number).reset_index(drop=True)


FORKS = forks()


def planted(beta: dict[str, float]) -> pd.DataFrame:
    """A mouse that takes the cheese with probability σ(β·z)."""
    values = FORKS[list(beta)].to_numpy(float)
    scores = (values - values.mean(axis=0)) / values.std(axis=0) @ np.array(list(beta.values()))
    taken = np.random.default_rng(len(FORKS)).random(len(FORKS)) < 1 / (1 + np.exp(-scores))
    return FORKS.assign(t_cheese=np.where(taken, 20, -1))


def test_the_replica_finds_the_sign_and_beats_the_base_rate():
    table = planted({"straight_cheese_corner": -2.0})
    found = fit_replica(table)
    assert found is not None and found["coefficients"].keys() == set(REPLICA) and found["n"] == len(FORKS)
    assert found["coefficients"]["straight_cheese_corner"] < -1
    assert found["accuracy"] > found["base_rate"] + 0.1 and found["auc"] > 0.75
    commoner = (table.t_cheese > 0).mean()
    assert found["base_rate"] == pytest.approx(max(commoner, 1 - commoner), abs=0.01)


def test_the_base_rate_by_hand():
    """75 of 100 took it; each fifth has 15 of 20."""
    table = FORKS.iloc[:100].assign(t_cheese=np.where(np.arange(100) < 75, 9, -1))
    found = fit_replica(table)
    assert found is not None and found["base_rate"] == pytest.approx(0.75) and found["n"] == 100


def test_the_replica_counts_episodes_of_256_steps():
    table = FORKS.iloc[:100].assign(t_cheese=np.where(np.arange(100) < 75, 256, 257))
    found = fit_replica(table)
    assert found is not None and found["base_rate"] == pytest.approx(0.75)
    assert fit_replica(table.assign(t_cheese=257)) is None and fit_replica(table.drop(columns="t_cheese")) is None


def test_the_replica_ignores_levels_that_were_not_played():
    table = planted({"straight_cheese_corner": -2.0})
    unplayed = table.assign(t_cheese=table.t_cheese.where(np.arange(len(table)) < 250))
    assert fit_replica(unplayed) == fit_replica(table.iloc[:250])


def test_the_published_variables_are_attributes():
    assert set(REPLICA) <= set(ATTRIBUTES)

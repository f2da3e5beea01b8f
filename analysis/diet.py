"""What a mouse met in training: which types of levels, and which of the levels that it is measured on."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.records import digest_levels
from analysis.relocation import as_trained
from envs import paths
from envs.levels import Levels
from envs.spec import WorldSpec

SHARE_LEVELS = 4000  # training levels whose types are counted
LARGEST_REPEATED = 7  # mazes up to this side are so few that other seeds make the same ones
HEADLINE = 9  # rates in headlines are of mazes from this side on
DRAWN = 400_000  # training levels drawn to find the repeated ones; a quickstart plays about as many episodes


class Shares(NamedTuple):
    """Shares of a mouse's training levels.

    Attributes:
        fork: the ways to the cheese and to the corner part.
        beyond: the corner lies on the way to the cheese.
        contrast: fork or beyond; in these alone cheese and corner are told apart by what is rewarded.
    """

    fork: float
    beyond: float
    contrast: float


def compute_shares(spec: WorldSpec) -> Shares:
    """The shares among a mouse's training levels."""
    seeds = np.asarray(spec.level_seeds[:SHARE_LEVELS])
    level_type, _ = paths.classify_levels(as_trained(spec, seeds))
    fork, beyond = (float((level_type == kind).double().mean()) for kind in (paths.FORK, paths.BEYOND))
    return Shares(fork, beyond, fork + beyond)


def find_seen(spec: WorldSpec, levels: Levels, drawn: int = DRAWN) -> np.ndarray:
    """bool (N,): the levels that are met in training though their seeds are not, the same in walls and cheese.

    All training levels are compared if there are at most ``drawn``; otherwise that many are drawn from them, and only
    mazes up to ``LARGEST_REPEATED`` are compared: of larger ones there are too many for a repetition.
    """
    number = len(spec.level_seeds)
    if number <= drawn:
        seeds = np.asarray(spec.level_seeds)
    else:
        seeds = np.random.default_rng(0).integers(spec.level_seeds.start, spec.level_seeds.stop, drawn)
    training = as_trained(spec, seeds)
    if number > drawn:
        training = training.rows(training.maze_dim <= LARGEST_REPEATED)
    met = set(digest_levels(training))
    return np.array([digest in met for digest in digest_levels(levels)], bool)


def weigh_sizes(rows: pd.DataFrame, common: pd.Series) -> np.ndarray:
    """float64 (n,): weights of rows, sum 1, that give their mazes the sizes of a common set (its ``maze_dim``).

    Filtering levels by type changes the mix of maze sizes; rates of two diets are compared at the same mix. Sizes that
    the rows lack cannot be weighed in.
    """
    wanted, found = common.value_counts(normalize=True), rows.maze_dim.value_counts(normalize=True)
    weights = rows.maze_dim.map(wanted).fillna(0.0) / rows.maze_dim.map(found)
    return (weights / weights.sum()).to_numpy(float)

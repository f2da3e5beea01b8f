"""What a mouse met in training: which types of levels, and which of the levels that it is measured on."""

import hashlib
from collections.abc import Set
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.relocation import as_trained
from envs import paths
from envs.levels import Levels
from envs.spec import WorldSpec

SHARE_LEVELS = 4000  # training levels whose types are counted
LARGEST_REPEATED = 7  # mazes up to this side are so few that other seeds make the same ones
LEAST_HEADLINE_DIM = 9  # headline rates are of mazes from this side on
MOST_COMPARED = 100_000  # training levels compared at most; a quickstart plays about four times as many episodes


class Shares(NamedTuple):
    """Shares of a mouse's training levels.

    Attributes:
        fork: the paths to the cheese and to the corner part.
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


def digest_levels(levels: Levels) -> list[bytes]:
    """Compute one digest per level from its walls and cheese."""
    walls, cheeses = np.packbits(levels.walls.flatten(1).numpy(), axis=1), levels.cheese.tolist()
    return [
        hashlib.blake2b(row.tobytes() + b"%d" % cheese, digest_size=16).digest()
        for row, cheese in zip(walls, cheeses, strict=True)
    ]


@lru_cache(maxsize=8)  # mice of one group share their training levels
def digest_training(spec: WorldSpec, drawn: int = MOST_COMPARED) -> frozenset[bytes]:
    """Compute the digests of the training levels that another seed may repeat.

    All training levels are taken if there are at most ``drawn``. Otherwise that many are drawn from them, and only
    mazes up to ``LARGEST_REPEATED`` are kept: of larger ones there are too many for a repetition.
    """
    number = len(spec.level_seeds)
    if number <= drawn:
        seeds = np.asarray(spec.level_seeds)
    else:
        seeds = np.random.default_rng(0).integers(spec.level_seeds.start, spec.level_seeds.stop, drawn)
    training = as_trained(spec, seeds)
    if number > drawn:
        training = training.rows(training.maze_dim <= LARGEST_REPEATED)
    return frozenset(digest_levels(training))


def find_seen(training: Set[bytes], levels: Levels) -> np.ndarray:
    """Find the levels that equal a training level (``digest_training``) in walls and cheese: bool (N,)."""
    return np.array([digest in training for digest in digest_levels(levels)], bool)


def weigh_sizes(rows: pd.DataFrame, common: pd.Series) -> np.ndarray:
    """float64 (n,): weights of rows, sum 1, that give their mazes the sizes of a common set (its ``maze_dim``).

    Filtering levels by type changes the mix of maze sizes; rates of two diets are compared at the same mix. Sizes that
    the rows lack cannot be weighed in.
    """
    wanted, found = common.value_counts(normalize=True), rows.maze_dim.value_counts(normalize=True)
    weights = rows.maze_dim.map(wanted).fillna(0.0) / rows.maze_dim.map(found)
    return (weights / weights.sum()).to_numpy(float)

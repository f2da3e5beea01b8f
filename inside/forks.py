"""Forks to measure on: held-out mazes in which the paths to the cheese and to the corner part."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from analysis.measures import compute_headline_dim
from analysis.relocation import HELD_OUT, anywhere
from envs import paths
from envs.generator import NO_CELL
from envs.levels import Levels, concatenate
from envs.spec import WorldSpec

BATCH = 500  # level seeds that are looked through at once


class Forks(NamedTuple):
    """N levels that are forks.

    Attributes:
        levels: on the CPU.
        square: int64 (N,), their decision squares.
    """

    levels: Levels
    square: Tensor

    def rows(self, index) -> "Forks":
        return Forks(self.levels.rows(index), self.square[index])


def find_forks(spec: WorldSpec, number: int, skip: int = 0) -> Forks:
    """Find the first held-out forks with the cheese anywhere, in mazes as large as those of headlines.

    Args:
        spec: of the world.
        number: of forks.
        skip: forks to leave out before; with ``skip`` as large as another set, the two have no level seed in common. In
            worlds of 9×9 and more they have no maze in common either.
    """
    found, count, first = [], 0, HELD_OUT
    while count < number + skip:
        levels = anywhere(spec, first + np.arange(BATCH))
        first += BATCH
        square = paths.classify_levels(levels)[1]
        large = levels.maze_dim >= compute_headline_dim(spec.world_dim)
        found.append(Forks(levels, square).rows((square != NO_CELL) & large))
        count += len(found[-1].square)
    forks = Forks(concatenate(forks.levels for forks in found), torch.cat([forks.square for forks in found]))
    return forks.rows(slice(skip, skip + number))

"""Steering vectors: differences of activations between two conditions, added to a layer with a factor.

The cheese vector is the activation with the cheese minus the activation without it. The corner vector is the activation
in the maze with an open way up and right to the corner minus that in the maze itself. The mouse is at the start.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
import torch
from torch import Tensor

from agents.mouse import Mouse
from envs import world
from envs.levels import Levels
from inside.activations import collect_activations
from inside.effects import add, build_each, measure
from inside.forks import Forks

FACTORS = (-4.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 4.0)
VECTORS = ("cheese", "corner")
SOURCES = {
    "own": "the maze's own vector",
    "carried": "the vector of another maze",
    "mean": "the mean vector of other mazes",
    "random": "a random vector of the same norm as the maze's own",
    "shuffled": "the maze's own vector with its numbers in a random order",
}


def open_way(levels: Levels) -> Levels:
    """The same mazes with an open way from the start up to the corner's row and then right to the corner."""
    world_dim = levels.world_dim
    x, y = (torch.arange(world_dim**2) % world_dim, torch.arange(world_dim**2) // world_dim)
    start, corner = levels.start[:, None], levels.corner[:, None]
    up = (x == start % world_dim) & (y >= start // world_dim) & (y <= corner // world_dim)
    right = (y == corner // world_dim) & (x >= start % world_dim) & (x <= corner % world_dim)
    return levels._replace(walls=levels.walls & ~(up | right).view_as(levels.walls))


def compute_vectors(mouse: Mouse, layer: str, one: Levels, other: Levels) -> Tensor:
    """The difference of a layer's activations between two conditions of N mazes, float32 (N, …), mouse at the start."""
    found = (collect_activations(mouse, [layer], world.start(levels))[layer] for levels in (one, other))
    return next(found) - next(found)


def compute_named_vectors(mouse: Mouse, layer: str, name: str, forks: Forks) -> Tensor:
    """The vectors of ``VECTORS`` in N mazes, float32 (N, …)."""
    if name == "cheese":
        return compute_vectors(mouse, layer, forks.levels, forks.levels.hide_cheese())
    return compute_vectors(mouse, layer, open_way(forks.levels), forks.levels)


def draw_random(vectors: Tensor) -> Tensor:
    """Random vectors (N, …), each of the same norm as that of the same row."""
    drawn = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(0))
    lengths = [each.flatten(1).norm(dim=1).view(-1, *[1] * (vectors.dim() - 1)) for each in (vectors, drawn)]
    return drawn * lengths[0] / lengths[1]


def shuffle(vectors: Tensor) -> Tensor:
    """Vectors (N, …) with the numbers of each row in a random order."""
    order = torch.rand(vectors.flatten(1).shape, generator=torch.Generator().manual_seed(0)).argsort(1)
    return vectors.flatten(1).gather(1, order).view_as(vectors)


def make_sources(own: Tensor, others: Tensor) -> dict[str, Tensor]:
    """The vectors of ``SOURCES`` for N mazes, by source: (N, …), the mean (…).

    Args:
        own: (N, …), the vectors of the mazes.
        others: (M, …), those of other mazes.
    """
    return {
        "own": own,
        "carried": own.roll(1, 0),
        "mean": others.mean(0),
        "random": draw_random(own),
        "shuffled": shuffle(own),
    }


def compute_curves(
    mouse: Mouse, layer: str, forks: Forks, vectors: Mapping[str, Tensor], factors: Sequence[float]
) -> pd.DataFrame:
    """The effects of vectors over their factors.

    Args:
        mouse: the mouse.
        layer: where a vector is added, in every state.
        forks: N forks.
        vectors: by source: (…), or (N, …) one for each fork.
        factors: by which a vector is multiplied. 0, which is no vector, is measured as well.

    Returns:
        A row for each source, factor and fork: ``source``, ``factor``, ``fork`` (0..N−1) and the columns of
        ``effects.COLUMNS``.
    """
    trials = [(source, factor) for source in vectors for factor in factors if factor]
    edits = [(layer, add(vectors[source], factor)) for source, factor in trials]
    plain, chains = build_each(mouse, forks.levels, edits)
    none = measure(plain, forks)
    found = {trial: measure(chain, forks) for trial, chain in zip(trials, chains, strict=True)}
    tables = [
        found.get((source, factor), none).assign(source=source, factor=factor, fork=range(len(forks.square)))
        for source in vectors
        for factor in sorted({0.0, *factors})
    ]
    return pd.concat(tables, ignore_index=True)

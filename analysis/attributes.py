"""Attributes of levels: distances between mouse, cheese, corner and decision square."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from envs import paths
from envs.generator import NO_CELL
from envs.levels import Levels, region_mask, top_right_mask

REGION_5X5 = 5  # side of the top-right region that the literature measures distances to, in cells
QUADRANTS = ("top right", "top left", "bottom left", "bottom right", "middle row or column")

ATTRIBUTES = {
    "steps_cheese_square": "steps from the decision square to the cheese",
    "straight_cheese_square": "Euclidean distance from the decision square to the cheese",
    "steps_cheese_corner": "steps from the top-right corner to the cheese",
    "straight_cheese_corner": "Euclidean distance from the top-right corner to the cheese",
    "steps_square_corner": "steps from the decision square to the top-right corner",
    "straight_square_corner": "Euclidean distance from the decision square to the top-right corner",
    "steps_cheese_5x5": "steps from the top-right 5×5 to the cheese",
    "straight_cheese_5x5": "Euclidean distance from the top-right 5×5 to the cheese",
    "steps_square_5x5": "steps from the decision square to the top-right 5×5",
    "straight_square_5x5": "Euclidean distance from the decision square to the top-right 5×5",
    "steps_cheese_quadrant": "steps from the top-right quadrant to the cheese",
    "straight_cheese_quadrant": "Euclidean distance from the top-right quadrant to the cheese",
    "maze_dim": "side of the maze",
    "left_wall": "cells between the mouse's start and the left wall of the maze",
    "up_right_only": "the cheese can be reached by moves up and right only",
}


def compute_quadrant_side(levels: Levels) -> Tensor:
    """Compute the side of a quadrant, int64 (N,).

    Mazes have odd sides, so quadrants exclude the middle row and the middle column.
    """
    return (levels.maze_dim - 1) // 2


def describe_quadrant(levels: Levels) -> np.ndarray:
    """Name the quadrant of the cheese, str (N,) of ``QUADRANTS``; "" without cheese."""
    middle = (levels.world_dim - 1) // 2
    x, y = levels.cheese % levels.world_dim - middle, levels.cheese // levels.world_dim - middle
    place = np.select(
        [(x > 0) & (y > 0), (x < 0) & (y > 0), (x < 0) & (y < 0), (x > 0) & (y < 0)], QUADRANTS[:4], QUADRANTS[4]
    )
    return np.where(levels.cheese == NO_CELL, "", place)


def _compute_straight(levels: Levels, cell: Tensor, region: Tensor) -> Tensor:
    """Compute the Euclidean distance, in cells, to the nearest cell (open or wall) of a region: float64 (N,)."""
    world_dim = levels.world_dim
    y, x = torch.arange(world_dim)[:, None], torch.arange(world_dim)
    squared = (x - (cell % world_dim)[:, None, None]).square() + (y - (cell // world_dim)[:, None, None]).square()
    nearest = torch.where(region, squared, torch.iinfo(torch.int64).max).flatten(1).min(1).values
    return torch.where(cell == NO_CELL, torch.nan, nearest.double().sqrt())


def _compute_steps(levels: Levels, cell: Tensor, region: Tensor) -> Tensor:
    """Compute the steps from a cell to the nearest cell of a region: float64 (N,), NaN if unreachable."""
    distance = paths.compute_distances(levels, cell)
    far = torch.iinfo(torch.int32).max
    nearest = torch.where(region & (distance >= 0), distance, far).flatten(1).min(1).values
    return torch.where(nearest == far, torch.nan, nearest.double())


def compute_attributes(levels: Levels, decision_square: Tensor) -> pd.DataFrame:
    """Compute the attributes of N levels.

    Args:
        levels: N levels on the CPU.
        decision_square: int64 (N,), from ``paths.classify_levels``; −1 if a level has none.

    Returns:
        N rows with the columns of ``ATTRIBUTES`` as float64, distances in cells. Undefined values are NaN: all
        distances to a missing cheese or decision square. Distances to a region or quadrant are distances to its
        nearest cell, 0 inside.
    """
    every = torch.arange(levels.world_dim**2).view(1, levels.world_dim, -1)
    regions = {
        "square": every == decision_square[:, None, None],
        "corner": every == levels.corner[:, None, None],
        "5x5": region_mask(levels, REGION_5X5),
        "quadrant": top_right_mask(levels, compute_quadrant_side(levels)),
    }
    cells = {"cheese": levels.cheese, "square": decision_square}
    columns = {}
    for name in ATTRIBUTES:
        measure, *between = name.split("_")
        if measure in ("steps", "straight"):
            cell, region = between
            from_cell = _compute_steps if measure == "steps" else _compute_straight
            column = from_cell(levels, cells[cell], regions[region])
            missing = (
                (decision_square == NO_CELL) if "square" in between else torch.zeros_like(column, dtype=torch.bool)
            )
            columns[name] = torch.where(missing, torch.nan, column)
    world_dim, margin = levels.world_dim, levels.margin
    columns["maze_dim"] = levels.maze_dim.double()
    columns["left_wall"] = (levels.start % world_dim - margin).double()
    dx, dy = (
        levels.cheese % world_dim - levels.start % world_dim,
        levels.cheese // world_dim - levels.start // world_dim,
    )
    shortest = paths.distance_at(paths.compute_distances(levels, levels.start), levels.cheese)
    monotone = (shortest == dx + dy) & (dx >= 0) & (dy >= 0)
    columns["up_right_only"] = torch.where(levels.cheese == NO_CELL, torch.nan, monotone.double())
    return pd.DataFrame({name: columns[name].numpy() for name in ATTRIBUTES})

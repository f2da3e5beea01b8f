"""What a level looks like to a statistician: distances between mouse, cheese, corner and decision square."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from envs import paths
from envs.generator import NO_CELL
from envs.levels import Levels, region_mask, top_right_mask

SQUARE_SIDE = 5  # of the top-right square that the literature measures distances to
QUADRANTS = ("top right", "top left", "bottom left", "bottom right", "middle row or column")

ATTRIBUTES = {
    "steps_cheese_square": "steps from the decision square to the cheese",
    "straight_cheese_square": "straight line from the decision square to the cheese",
    "steps_cheese_corner": "steps from the top-right corner to the cheese",
    "straight_cheese_corner": "straight line from the top-right corner to the cheese",
    "steps_square_corner": "steps from the decision square to the top-right corner",
    "straight_square_corner": "straight line from the decision square to the top-right corner",
    "steps_cheese_5x5": "steps from the top-right 5×5 to the cheese",
    "straight_cheese_5x5": "straight line from the top-right 5×5 to the cheese",
    "steps_square_5x5": "steps from the decision square to the top-right 5×5",
    "straight_square_5x5": "straight line from the decision square to the top-right 5×5",
    "steps_cheese_quadrant": "steps from the top-right quadrant to the cheese",
    "straight_cheese_quadrant": "straight line from the top-right quadrant to the cheese",
    "maze_dim": "side of the maze",
    "left_wall": "cells between the mouse's start and the left wall of the maze",
    "up_right_only": "the cheese can be reached by steps up and right alone",
}


def quadrant_side(levels: Levels) -> Tensor:
    """int64 (N,): the side of a quadrant; a maze's side is odd, so a middle row and a middle column are left over."""
    return (levels.maze_dim - 1) // 2


def quadrant(levels: Levels) -> np.ndarray:
    """str (N,): the quadrant that the cheese lies in, of ``QUADRANTS``; "" without cheese."""
    middle = (levels.world_dim - 1) // 2
    x, y = levels.cheese % levels.world_dim - middle, levels.cheese // levels.world_dim - middle
    place = np.select(
        [(x > 0) & (y > 0), (x < 0) & (y > 0), (x < 0) & (y < 0), (x > 0) & (y < 0)], QUADRANTS[:4], QUADRANTS[4]
    )
    return np.where(levels.cheese == NO_CELL, "", place)


def _straight(levels: Levels, cell: Tensor, region: Tensor) -> Tensor:
    """float64 (N,): Euclid's distance in cells from a cell to the nearest cell of a region, wall or open."""
    world_dim = levels.world_dim
    y, x = torch.arange(world_dim)[:, None], torch.arange(world_dim)
    squared = (x - (cell % world_dim)[:, None, None]).square() + (y - (cell // world_dim)[:, None, None]).square()
    nearest = torch.where(region, squared, torch.iinfo(torch.int64).max).flatten(1).min(1).values
    return torch.where(cell == NO_CELL, torch.nan, nearest.double().sqrt())


def _steps(levels: Levels, cell: Tensor, region: Tensor) -> Tensor:
    """float64 (N,): steps from a cell to the nearest cell of a region; NaN where no way leads there."""
    distance = paths.distances(levels, cell)
    far = torch.iinfo(torch.int32).max
    nearest = torch.where(region & (distance >= 0), distance, far).flatten(1).min(1).values
    return torch.where(nearest == far, torch.nan, nearest.double())


def compute_attributes(levels: Levels, decision_square: Tensor) -> pd.DataFrame:
    """The attributes of N levels.

    Args:
        levels: on the CPU.
        decision_square: int64 (N,), as ``paths.forks`` gives it; −1 where there is none.

    Returns:
        N rows with the columns of ``ATTRIBUTES`` as float64, distances in cells. What is not defined is NaN: all
        distances of a cheese or a decision square that is not there. Distances to a square or a quadrant are those to
        its nearest cell, 0 inside.
    """
    every = torch.arange(levels.world_dim**2).view(1, levels.world_dim, -1)
    regions = {
        "square": every == decision_square[:, None, None],
        "corner": every == levels.corner[:, None, None],
        "5x5": region_mask(levels, SQUARE_SIDE),
        "quadrant": top_right_mask(levels, quadrant_side(levels)),
    }
    cells = {"cheese": levels.cheese, "square": decision_square}
    columns = {}
    for name in ATTRIBUTES:
        measure, *between = name.split("_")
        if measure in ("steps", "straight"):
            cell, region = between
            from_cell = _steps if measure == "steps" else _straight
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
    shortest = paths.distance_at(paths.distances(levels, levels.start), levels.cheese)
    monotone = (shortest == dx + dy) & (dx >= 0) & (dy >= 0)
    columns["up_right_only"] = torch.where(levels.cheese == NO_CELL, torch.nan, monotone.double())
    return pd.DataFrame({name: columns[name].numpy() for name in ATTRIBUTES})

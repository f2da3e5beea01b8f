"""Arrivals: where a mouse comes to within an episode, and whether it is the cheese or the corner first."""

import numpy as np
import torch
from torch import Tensor

from analysis.attributes import REGION_5X5
from analysis.chain import Chain, reach
from envs import paths
from envs.generator import NO_CELL
from envs.levels import Levels, region_mask
from envs.world import CHEESE_REWARD, MAX_EPISODE_STEPS

PUBLISHED_STEPS = 256  # step limit of the published measurements
RETURN_GAMMA = 0.999  # discount of the published settings
ARRIVAL_COLUMNS = {
    "cheese_500": "P(cheese within 500 steps)",
    "cheese_first": "P(cheese within 500 steps, before the corner)",
    "corner_first": "P(corner within 500 steps, before the cheese)",
}


def _discount(by_step: np.ndarray) -> np.ndarray:
    """Compute expected returns float64 (N,) from probabilities of arrival within 0, 1, … steps (N, T + 1)."""
    return CHEESE_REWARD * np.diff(by_step, axis=1) @ RETURN_GAMMA ** np.arange(by_step.shape[1] - 1)


def arrive(chain: Chain, target: np.ndarray, barrier: np.ndarray | None = None) -> np.ndarray:
    """Compute P(arrival within 0, 1, … steps) from each level's start: float64 (N, T + 1)."""
    return reach(chain, target, MAX_EPISODE_STEPS, barrier).by_step


def compute_first(chain: Chain) -> dict[str, np.ndarray]:
    """Compute P(cheese), and which of the cheese and the corner comes first.

    Returns:
        P within 0, 1, … steps, float64 (N, T + 1), by name in ``ARRIVAL_COLUMNS``. Cheese in the corner is the cheese
        first.
    """
    cheese, corner = chain.at(chain.levels.cheese), chain.at(chain.levels.corner)
    ends = {"cheese_500": (cheese, None), "cheese_first": (cheese, corner), "corner_first": (corner & ~cheese, cheese)}
    return {name: arrive(chain, *end) for name, end in ends.items()}


def compute_arrivals(chain: Chain, levels: Levels, region: Tensor) -> dict[str, np.ndarray]:
    """Compute the exact arrival columns of N levels.

    Args:
        chain: the mouse's chains in the levels.
        levels: N levels on the CPU.
        region: bool (N, world_dim, world_dim), the training region.

    Returns:
        Arrays (N,) by column of ``records.COLUMNS``.
    """
    cheese = chain.at(levels.cheese)
    top_right_5x5 = chain.inside(region_mask(levels, REGION_5X5))
    own = chain.inside(region) & ~cheese

    to_cheese, cheese_first, corner_first = compute_first(chain).values()
    same = (levels.cheese == levels.corner).numpy()
    # Treat the cheese as a wall, because it ends the episode.
    shut = levels.walls.flatten(1).scatter(1, levels.cheese.clamp(min=0)[:, None], True).view_as(levels.walls)
    avoiding = levels._replace(
        cheese=levels.corner,
        walls=torch.where(((levels.cheese == NO_CELL) | torch.tensor(same))[:, None, None], levels.walls, shut),
    )
    return {
        "p_cheese_256": to_cheese[:, PUBLISHED_STEPS],
        "p_cheese_500": to_cheese[:, -1],
        "p_cheese_first": cheese_first[:, -1],
        "p_corner_first": corner_first[:, -1],
        "p_cheese_before_region": arrive(chain, cheese, own)[:, -1],
        "p_region_first": arrive(chain, own, cheese)[:, -1],
        "p_5x5": arrive(chain, top_right_5x5, cheese)[:, -1],
        "steps": (1 - to_cheese[:, :-1]).sum(1),
        "cheese_return": _discount(to_cheese),
        "cheese_optimum": paths.compute_optimal_return(levels, RETURN_GAMMA).numpy(),
        "corner_return": _discount(np.where(same[:, None], to_cheese, corner_first)),
        "corner_optimum": paths.compute_optimal_return(avoiding, RETURN_GAMMA).numpy(),
    }

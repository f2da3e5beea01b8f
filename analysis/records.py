"""Records: one row per mouse and level, with exact outcome probabilities and one sampled episode.

All statistics and figures are computed from this table and can be recomputed from it.
"""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis import chain as chains
from analysis.attributes import ATTRIBUTES, REGION_5X5, compute_attributes, describe_quadrant
from analysis.chain import Chain, absorb, build_chain, reach
from analysis.play import sample_episodes
from analysis.relocation import as_trained
from envs import paths, world
from envs.generator import NO_CELL
from envs.levels import Levels, region_mask
from envs.world import CHEESE_REWARD, MAX_EPISODE_STEPS

PUBLISHED_STEPS = 256  # step limit of the published measurements
PUBLISHED_OUTCOME = "p_cheese_256"  # the column comparable with them
RETURN_GAMMA = 0.999  # discount of the published settings
OUTCOMES = ("cheese", "corner", "neither")

COLUMNS = {
    "mouse": "file name of the checkpoint, without suffix",
    "region": 'training region: "anywhere", or n for the top-right n×n (0: the corner cell)',
    "trained_on": "level types in training, joined by +; empty: all",
    "training_seed": "training seed",
    "condition": "condition (relocation.CONDITIONS)",
    "level_seed": "level seed; −1 for a hand-drawn level",
    "world_dim": "side of the world, in cells",
    "maze_dim": "side of the maze, in cells",
    "start_x": "start cell, in cells from the maze's left",
    "start_y": "start cell, in cells from the maze's bottom",
    "cheese_x": "cheese cell, in cells from the maze's left; −1 without cheese",
    "cheese_y": "cheese cell, in cells from the maze's bottom; −1 without cheese",
    "quadrant": "quadrant of the cheese",
    "level_type": "same, on_the_way, beyond, fork or undefined",
    "in_5x5": "whether the cheese is in the top-right 5×5",
    "in_region": "whether the cheese is in the training region",
    "seen": "whether the level (walls and cheese) equals a training level; unknown if training levels are unlimited",
    "optimal_steps": "steps of the shortest path to the cheese; −1 if none",
    "p_cheese_256": "P(cheese within 256 steps)",
    "p_cheese_500": "P(cheese within 500 steps), a whole episode",
    "p_cheese_first": "P(cheese within 500 steps, before the top-right corner cell)",
    "p_corner_first": "P(top-right corner cell within 500 steps, before the cheese)",
    "p_cheese_before_region": "P(cheese within 500 steps, before any other cell of the training region)",
    "p_region_first": "P(a cell of the training region within 500 steps, before the cheese)",
    "p_5x5": "P(a cell of the top-right 5×5 within 500 steps, not after the cheese)",
    "p_reach": "P(decision square within 500 steps)",
    "p_branch": "P(enter the cheese branch before the corner branch), from the decision square",
    "p_complete": "P(cheese within 500 steps), from the cheese branch",
    "steps": "expected steps until the cheese or step 500",
    "cheese_return": "expected return: 10·0.999^(t−1) for the cheese at step t",
    "cheese_optimum": "optimal value of cheese_return",
    "corner_return": "expected return if the corner were rewarded; the cheese still ends the episode",
    "corner_optimum": "optimal value of corner_return, avoiding the cheese",
    "value": "value estimate at the start, in scaled-reward units",
    "greedy_cheese": "whether the greedy policy reaches the cheese",
    "greedy_first": "what the greedy policy reaches first: cheese, corner or neither",
    "greedy_stalled": "whether the greedy policy loops",
    "t_cheese": "step of reaching the cheese in one sampled episode of 500 steps; −1: never",
    "t_corner": "step of first visiting the top-right corner cell",
    "t_5x5": "step of first visiting the top-right 5×5",
    "t_region": "step of first visiting the training region",
    **{name: f"{meaning} (cells)" for name, meaning in ATTRIBUTES.items() if name != "maze_dim"},
}


def digest_training_levels(mouse: Mouse, at_most: int = 200_000) -> set[bytes] | None:
    """Compute the digests of all training levels; None if there are more than ``at_most``."""
    if len(mouse.spec.level_seeds) > at_most:
        return None
    return set(digest_levels(as_trained(mouse.spec, np.asarray(mouse.spec.level_seeds))))


def digest_levels(levels: Levels) -> list[bytes]:
    """Compute one digest per level from its walls and cheese."""
    walls, cheeses = np.packbits(levels.walls.flatten(1).numpy(), axis=1), levels.cheese.tolist()
    return [
        hashlib.blake2b(row.tobytes() + b"%d" % cheese, digest_size=16).digest()
        for row, cheese in zip(walls, cheeses, strict=True)
    ]


def compute_records(
    mouse: Mouse, condition: str, levels: Levels, seed: int | None, training: set[bytes] | None = None
) -> pd.DataFrame:
    """Compute the records of a mouse in N levels.

    Args:
        mouse: the mouse, on any device.
        condition: name of the condition.
        levels: N levels on the CPU.
        seed: seed of the sampled episodes, one per level; None samples none.
        training: digests of the training levels; None if unlimited.

    Returns:
        N rows with the columns of ``COLUMNS``; without a seed, the sampled columns (``t_…``) are missing.
    """
    level_type, decision_square = paths.classify_levels(levels)
    chain = build_chain(mouse, levels)
    region = region_mask(levels, mouse.spec.cheese_region)
    seen = [None] * levels.num_levels if training is None else [one in training for one in digest_levels(levels)]
    columns: dict[str, Any] = {
        "mouse": mouse.name,
        "region": str(mouse.spec.cheese_region),
        "trained_on": "+".join(mouse.spec.level_types or ()),
        "training_seed": mouse.training_seed,
        "condition": condition,
        **_compute_facts(levels, level_type, region),
        "seen": pd.array(seen, "boolean"),
        **compute_arrivals(chain, levels, region),
        **_compute_decision(chain, levels, decision_square),
        **_compute_greedy(chain, levels),
        "value": chain.value[chain.start],
    }
    if seed is not None:
        columns |= _sample(mouse, levels, region, seed)
    columns = compute_attributes(levels, decision_square).to_dict("series") | columns
    return pd.DataFrame({name: columns[name] for name in COLUMNS if name in columns})


def _compute_facts(levels: Levels, level_type: Tensor, region: Tensor) -> dict[str, Any]:
    world_dim, margin, cheese = levels.world_dim, levels.margin, levels.cheese
    inside = region.flatten(1).gather(1, cheese.clamp(min=0)[:, None])[:, 0] & (cheese != NO_CELL)
    in_5x5 = region_mask(levels, REGION_5X5).flatten(1)
    tensors = {
        "level_seed": levels.seed,
        "world_dim": torch.full_like(levels.seed, world_dim),
        "maze_dim": levels.maze_dim,
        "start_x": levels.start % world_dim - margin,
        "start_y": levels.start // world_dim - margin,
        "cheese_x": torch.where(cheese == NO_CELL, -1, cheese % world_dim - margin),
        "cheese_y": torch.where(cheese == NO_CELL, -1, cheese // world_dim - margin),
        "in_5x5": in_5x5.gather(1, cheese.clamp(min=0)[:, None])[:, 0] & (cheese != NO_CELL),
        "in_region": inside,
        "optimal_steps": paths.distance_at(paths.compute_distances(levels, levels.start), cheese),
    }
    facts: dict[str, Any] = {name: tensor.numpy() for name, tensor in tensors.items()}
    facts["quadrant"] = describe_quadrant(levels)
    facts["level_type"] = np.array(paths.LEVEL_TYPES)[level_type.numpy()]
    return facts


def _discount(by_step: np.ndarray) -> np.ndarray:
    """Compute expected returns float64 (N,) from probabilities of arrival within 0, 1, … steps (N, T + 1)."""
    return CHEESE_REWARD * np.diff(by_step, axis=1) @ RETURN_GAMMA ** np.arange(by_step.shape[1] - 1)


def compute_arrivals(chain: Chain, levels: Levels, region: Tensor) -> dict[str, np.ndarray]:
    """Compute the exact arrival columns of N levels.

    Args:
        chain: the mouse's chains in the levels.
        levels: N levels on the CPU.
        region: bool (N, world_dim, world_dim), the training region.

    Returns:
        Arrays (N,) by column of ``COLUMNS``.
    """
    cheese, corner = chain.at(levels.cheese), chain.at(levels.corner)
    top_right_5x5 = chain.inside(region_mask(levels, REGION_5X5))
    own = chain.inside(region) & ~cheese

    def arrival(target: np.ndarray, barrier: np.ndarray | None = None) -> np.ndarray:
        return reach(chain, target, MAX_EPISODE_STEPS, barrier).by_step

    to_cheese = arrival(cheese)
    corner_first = arrival(corner & ~cheese, cheese)
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
        "p_cheese_first": arrival(cheese, corner)[:, -1],
        "p_corner_first": corner_first[:, -1],
        "p_cheese_before_region": arrival(cheese, own)[:, -1],
        "p_region_first": arrival(own, cheese)[:, -1],
        "p_5x5": arrival(top_right_5x5, cheese)[:, -1],
        "steps": (1 - to_cheese[:, :-1]).sum(1),
        "cheese_return": _discount(to_cheese),
        "cheese_optimum": paths.compute_optimal_return(levels, RETURN_GAMMA).numpy(),
        "corner_return": _discount(np.where(same[:, None], to_cheese, corner_first)),
        "corner_optimum": paths.compute_optimal_return(avoiding, RETURN_GAMMA).numpy(),
    }


def _step_towards(levels: Levels, cell: Tensor, target: Tensor) -> Tensor:
    """Find the next cell on the path between two cells: int64 (N,), −1 if either cell is −1."""
    distance = paths.compute_distances(levels, target).flatten(1)
    near = cell.clamp(min=0)
    here = distance.gather(1, near[:, None])[:, 0]
    following = torch.full_like(cell, NO_CELL)
    for move in (world.LEFT, world.DOWN, world.UP, world.RIGHT):
        beside = world.find_neighbour(near, torch.tensor(move), levels.world_dim)
        closer = distance.gather(1, beside[:, None])[:, 0] == here - 1
        following = torch.where(closer, beside, following)
    return torch.where((cell == NO_CELL) | (target == NO_CELL) | (here <= 0), NO_CELL, following)


def _compute_decision(chain: Chain, levels: Levels, decision_square: Tensor) -> dict[str, np.ndarray]:
    """Compute the three factors of P(cheese): reach the decision square, branch to the cheese, complete the path."""
    here = chain.at(decision_square)
    to_cheese, to_corner = (
        chain.at(_step_towards(levels, decision_square, end)) for end in (levels.cheese, levels.corner)
    )
    branches = to_cheese | to_corner
    completing = reach(chain, chain.at(levels.cheese), MAX_EPISODE_STEPS).value
    steps = MAX_EPISODE_STEPS
    branching = absorb(chain, to_cheese.astype(float), branches, steps).value
    completed = absorb(chain, np.where(to_cheese, completing, 0.0), branches, steps).value
    reached, branched, complete = (
        absorb(chain, payoff, here, steps).value[chain.start] for payoff in (here.astype(float), branching, completed)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = {"p_reach": reached, "p_branch": branched / reached, "p_complete": complete / branched}
    is_fork = (decision_square != NO_CELL).numpy()
    return {name: np.where(is_fork, part, np.nan) for name, part in parts.items()}


def _compute_greedy(chain: Chain, levels: Levels) -> dict[str, np.ndarray]:
    """Compute the columns of the greedy policy."""
    greedy = chains.make_greedy(chain)
    cheese, corner = chain.at(levels.cheese), chain.at(levels.corner)
    ends = ((cheese, None), (cheese, corner), (corner & ~cheese, cheese))
    taken, cheese_first, corner_first = (
        reach(greedy, target, MAX_EPISODE_STEPS, barrier).by_step[:, -1] > 0.5 for target, barrier in ends
    )
    return {
        "greedy_cheese": taken,
        "greedy_first": np.select([cheese_first, corner_first], OUTCOMES[:2], OUTCOMES[2]),
        "greedy_stalled": ~taken,
    }


def _sample(mouse: Mouse, levels: Levels, region: Tensor, seed: int) -> dict[str, np.ndarray]:
    """Compute the columns of one sampled episode per level."""
    device = mouse.device
    cells = torch.arange(levels.world_dim**2).view(1, levels.world_dim, -1)
    top_right_5x5 = region_mask(levels, REGION_5X5)
    places = torch.stack((cells == levels.corner[:, None, None], top_right_5x5, region)).to(device)
    generator = torch.Generator(device).manual_seed(seed)
    t_cheese, t_place = sample_episodes(mouse, levels.to(device), places, MAX_EPISODE_STEPS, generator)
    names = ("t_cheese", "t_corner", "t_5x5", "t_region")
    return {name: times.cpu().numpy() for name, times in zip(names, (t_cheese, *t_place), strict=True)}

"""Records: one row for a mouse in a level, with what it would do there (exactly) and what it did (once).

Every statistic and figure is computed from this table, so that others can compute it again.
"""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis import chain as chains
from analysis.attributes import ATTRIBUTES, SQUARE_SIDE, compute_attributes, quadrant
from analysis.chain import Chain, absorb, build_chain, within
from analysis.play import sample_episodes
from analysis.relocation import as_trained
from envs import paths, world
from envs.generator import NO_CELL
from envs.levels import Levels, region_mask
from envs.world import CHEESE_REWARD, MAX_EPISODE_STEPS

PUBLISHED_STEPS = 256  # an episode of the published measurements
PUBLISHED_OUTCOME = "p_cheese_256"  # the column that compares with them
RETURN_GAMMA = 0.999  # of the recipe: returns are discounted by it
OUTCOMES = ("cheese", "corner", "neither")

COLUMNS = {
    "mouse": "file name of the checkpoint, without its ending",
    "region": 'where the cheese lay in its training: "anywhere", or n for the top-right n×n (0: the exact corner)',
    "trained_on": "the level types that it trained on, joined by +; all when empty",
    "training_seed": "of its training",
    "condition": "how the levels were made (relocation.CONDITIONS)",
    "level_seed": "of the maze; −1 for one drawn by hand",
    "world_dim": "cells, side of the world",
    "maze_dim": "cells, side of the maze",
    "start_x": "cells from the maze's left, where the mouse begins",
    "start_y": "cells from the maze's bottom",
    "cheese_x": "cells from the maze's left; −1 without cheese",
    "cheese_y": "cells from the maze's bottom; −1 without cheese",
    "quadrant": "of the maze, in which the cheese lies",
    "level_type": "same, on_the_way, beyond, fork or undefined",
    "in_5x5": "whether the cheese lies in the top-right 5×5",
    "in_region": "whether the cheese lies in the region of the mouse's training",
    "seen": "whether the very level (walls and cheese) was a training level; unknown where those are unlimited",
    "optimal_steps": "steps of the shortest way to the cheese; −1 without one",
    "p_cheese_256": "probability of taking the cheese within 256 steps",
    "p_cheese_500": "… within 500 steps, a whole episode",
    "p_cheese_first": "… within 500 steps and before the top-right corner cell",
    "p_corner_first": "probability of coming to the top-right corner cell within 500 steps and before the cheese",
    "p_cheese_before_region": "of the cheese within 500 steps and before any other cell of the training region",
    "p_region_first": "probability of a cell of the training region within 500 steps, before the cheese",
    "p_5x5": "probability of a cell of the top-right 5×5 within 500 steps, before the cheese or with it",
    "p_reach": "probability of coming to the decision square within 500 steps",
    "p_branch": "… from there, of entering the way to the cheese before the way to the corner",
    "p_complete": "… and from there, of taking the cheese within 500 steps",
    "steps": "expected steps until the cheese or step 500",
    "cheese_return": "expected return: 10·0.999^(t−1) for the cheese at step t",
    "cheese_optimum": "the same of the shortest way",
    "corner_return": "expected return if coming to the corner were what is rewarded; the cheese still ends the episode",
    "corner_optimum": "the same of the shortest way that avoids the cheese",
    "value": "what the network expects at the start, in its own scaled rewards",
    "greedy_cheese": "whether the greedy mouse takes the cheese",
    "greedy_first": "what the greedy mouse comes to first: cheese, corner or neither",
    "greedy_stalled": "whether the greedy mouse runs in circles for ever",
    "t_cheese": "step at which the cheese was taken in one sampled episode of 500 steps; −1 for never",
    "t_corner": "… at which the top-right corner cell was first visited",
    "t_5x5": "… at which the top-right 5×5 was first visited",
    "t_region": "… at which the training region was first visited",
    **{name: f"{meaning} (cells)" for name, meaning in ATTRIBUTES.items() if name != "maze_dim"},
}


def digest_training_levels(mouse: Mouse, at_most: int = 200_000) -> set[bytes] | None:
    """Digests of all training levels; None where there are more than ``at_most``."""
    if len(mouse.spec.level_seeds) > at_most:
        return None
    return set(digest_levels(as_trained(mouse.spec, np.asarray(mouse.spec.level_seeds))))


def digest_levels(levels: Levels) -> list[bytes]:
    """One for each of N levels, the same for the same walls and cheese."""
    walls, cheeses = np.packbits(levels.walls.flatten(1).numpy(), axis=1), levels.cheese.tolist()
    return [
        hashlib.blake2b(row.tobytes() + b"%d" % cheese, digest_size=16).digest()
        for row, cheese in zip(walls, cheeses, strict=True)
    ]


def compute_records(
    mouse: Mouse, condition: str, levels: Levels, seed: int | None, training: set[bytes] | None = None
) -> pd.DataFrame:
    """Examine a mouse in N levels.

    Args:
        mouse: on any device.
        condition: the name of how the levels were made.
        levels: on the CPU.
        seed: of the sampled episodes, one a level; None samples none.
        training: digests of its training levels; None when they are unlimited.

    Returns:
        N rows with the columns of ``COLUMNS``; without the sampled ones (``t_…``) if there is no seed.
    """
    level_type, square = paths.classify_levels(levels)
    chain = build_chain(mouse, levels)
    region = region_mask(levels, mouse.spec.cheese_region)
    seen = [None] * levels.num_levels if training is None else [one in training for one in digest_levels(levels)]
    columns: dict[str, Any] = {
        "mouse": mouse.name,
        "region": str(mouse.spec.cheese_region),
        "trained_on": "+".join(mouse.spec.level_types or ()),
        "training_seed": mouse.training_seed,
        "condition": condition,
        **_facts(levels, level_type, region),
        "seen": pd.array(seen, "boolean"),
        **compute_arrivals(chain, levels, region),
        **_decision(chain, levels, square),
        **_greedy(chain, levels),
        "value": chain.value[chain.start],
    }
    if seed is not None:
        columns |= _sampled(mouse, levels, region, seed)
    columns = compute_attributes(levels, square).to_dict("series") | columns
    return pd.DataFrame({name: columns[name] for name in COLUMNS if name in columns})


def _facts(levels: Levels, level_type: Tensor, region: Tensor) -> dict[str, Any]:
    world_dim, margin, cheese = levels.world_dim, levels.margin, levels.cheese
    inside = region.flatten(1).gather(1, cheese.clamp(min=0)[:, None])[:, 0] & (cheese != NO_CELL)
    in_5x5 = region_mask(levels, SQUARE_SIDE).flatten(1)
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
        "optimal_steps": paths.distance_at(paths.distances(levels, levels.start), cheese),
    }
    facts: dict[str, Any] = {name: tensor.numpy() for name, tensor in tensors.items()}
    facts["quadrant"] = quadrant(levels)
    facts["level_type"] = np.array(paths.LEVEL_TYPES)[level_type.numpy()]
    return facts


def _discounted(by_step: np.ndarray) -> np.ndarray:
    """float64 (N,): the expected return of an arrival, from its probability within 0, 1, … steps (N, T + 1)."""
    return CHEESE_REWARD * np.diff(by_step, axis=1) @ RETURN_GAMMA ** np.arange(by_step.shape[1] - 1)


def compute_arrivals(chain: Chain, levels: Levels, region: Tensor) -> dict[str, np.ndarray]:
    """Where mice come to, and when: the columns about it, exactly, of N levels whose training region is ``region``."""
    cheese, corner = chain.at(levels.cheese), chain.at(levels.corner)
    square = chain.inside(region_mask(levels, SQUARE_SIDE))
    own = chain.inside(region) & ~cheese

    def arrival(target: np.ndarray, barrier: np.ndarray | None = None) -> np.ndarray:
        return within(chain, target, MAX_EPISODE_STEPS, barrier).by_step

    to_cheese = arrival(cheese)
    corner_first = arrival(corner & ~cheese, cheese)
    same = (levels.cheese == levels.corner).numpy()
    # The way to the corner, with the cheese as a wall: it would end the episode.
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
        "p_5x5": arrival(square, cheese)[:, -1],
        "steps": (1 - to_cheese[:, :-1]).sum(1),
        "cheese_return": _discounted(to_cheese),
        "cheese_optimum": paths.optimal_return(levels, RETURN_GAMMA).numpy(),
        "corner_return": _discounted(np.where(same[:, None], to_cheese, corner_first)),
        "corner_optimum": paths.optimal_return(avoiding, RETURN_GAMMA).numpy(),
    }


def _towards(levels: Levels, cell: Tensor, target: Tensor) -> Tensor:
    """int64 (N,): the next cell on the way from one cell to another; −1 where either is."""
    distance = paths.distances(levels, target).flatten(1)
    near = cell.clamp(min=0)
    here = distance.gather(1, near[:, None])[:, 0]
    following = torch.full_like(cell, NO_CELL)
    for move in (world.LEFT, world.DOWN, world.UP, world.RIGHT):
        beside = world.neighbour(near, torch.tensor(move), levels.world_dim)
        closer = distance.gather(1, beside[:, None])[:, 0] == here - 1
        following = torch.where(closer, beside, following)
    return torch.where((cell == NO_CELL) | (target == NO_CELL) | (here <= 0), NO_CELL, following)


def _decision(chain: Chain, levels: Levels, square: Tensor) -> dict[str, np.ndarray]:
    """P(cheese) in three parts: reach the decision square, branch towards the cheese, complete the way."""
    here = chain.at(square)
    to_cheese, to_corner = (chain.at(_towards(levels, square, end)) for end in (levels.cheese, levels.corner))
    branches = to_cheese | to_corner
    completing = within(chain, chain.at(levels.cheese), MAX_EPISODE_STEPS).value
    steps = MAX_EPISODE_STEPS
    branching = absorb(chain, to_cheese.astype(float), branches, steps).value
    completed = absorb(chain, np.where(to_cheese, completing, 0.0), branches, steps).value
    reach, branch, complete = (
        absorb(chain, payoff, here, steps).value[chain.start] for payoff in (here.astype(float), branching, completed)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = {"p_reach": reach, "p_branch": branch / reach, "p_complete": complete / branch}
    is_fork = (square != NO_CELL).numpy()
    return {name: np.where(is_fork, part, np.nan) for name, part in parts.items()}


def _greedy(chain: Chain, levels: Levels) -> dict[str, np.ndarray]:
    """The same for the mouse that always makes its likeliest move."""
    greedy = chains.greedy(chain)
    cheese, corner = chain.at(levels.cheese), chain.at(levels.corner)
    ends = ((cheese, None), (cheese, corner), (corner & ~cheese, cheese))
    taken, cheese_first, corner_first = (
        within(greedy, target, MAX_EPISODE_STEPS, barrier).by_step[:, -1] > 0.5 for target, barrier in ends
    )
    return {
        "greedy_cheese": taken,
        "greedy_first": np.select([cheese_first, corner_first], OUTCOMES[:2], OUTCOMES[2]),
        "greedy_stalled": ~taken,
    }


def _sampled(mouse: Mouse, levels: Levels, region: Tensor, seed: int) -> dict[str, np.ndarray]:
    """The arrivals of one episode a level."""
    device = mouse.device
    cells = torch.arange(levels.world_dim**2).view(1, levels.world_dim, -1)
    square = region_mask(levels, SQUARE_SIDE)
    places = torch.stack((cells == levels.corner[:, None, None], square, region)).to(device)
    generator = torch.Generator(device).manual_seed(seed)
    t_cheese, t_place = sample_episodes(mouse, levels.to(device), places, MAX_EPISODE_STEPS, generator)
    names = ("t_cheese", "t_corner", "t_5x5", "t_region")
    return {name: times.cpu().numpy() for name, times in zip(names, (t_cheese, *t_place), strict=True)}

"""Records: one row per mouse and level, with exact outcome probabilities and one sampled episode.

All statistics and figures are computed from this table and can be recomputed from it.
"""

from collections.abc import Set
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis import ability
from analysis import chain as chains
from analysis.arrivals import ARRIVAL_COLUMNS, PUBLISHED_STEPS, arrive, compute_arrivals, compute_first
from analysis.attributes import ATTRIBUTES, REGION_5X5, compute_attributes, describe_quadrant
from analysis.baselines import follow, hide_cheese, run_to_cheese, run_to_corner
from analysis.chain import Chain, build_chain, build_walk
from analysis.decision import compute_decision
from analysis.diet import find_seen
from analysis.groups import describe_training
from analysis.play import sample_episodes
from analysis.preference import compute_first_share, compute_preference, find_balanced
from envs import paths
from envs.generator import NO_CELL
from envs.levels import Levels, region_mask
from envs.world import MAX_EPISODE_STEPS

PUBLISHED_OUTCOME = "p_cheese_256"  # the column comparable with them
OUTCOMES = ("cheese", "corner", "neither")
BASELINES = {
    "walk": "a random walk",
    "runner": "a corner-runner that does not see the cheese",
    "slip": "a corner-runner that does not see the cheese and slips as often as the mouse",
    "blind": "the mouse itself with the cheese hidden",
}
COLUMNS = {
    "mouse": "name of the mouse: of its file, or of the run folder with its mouse.safetensors",
    "group": "group of the mouse: its training region and level types, and what else tells it from other groups",
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
    "seen": "whether the level (walls and cheese) equals one of the training levels (of more than 100,000, so many are "
    "drawn, and only mazes up to 7×7 are compared)",
    "optimal_steps": "steps of the shortest path to the cheese; −1 if none",
    "p_cheese_256": "P(cheese within 256 steps)",
    "p_cheese_500": "P(cheese within 500 steps), a whole episode",
    "p_cheese_first": "P(cheese within 500 steps, before the top-right corner cell)",
    "p_corner_first": "P(top-right corner cell within 500 steps, before the cheese)",
    "p_cheese_before_region": "P(cheese within 500 steps, before any other cell of the training region)",
    "p_region_first": "P(a cell of the training region within 500 steps, before the cheese)",
    "p_5x5": "P(a cell of the top-right 5×5 within 500 steps, not after the cheese)",
    "p_reach": "forks: P(at the decision square within 500 steps)",
    "p_first_step": "forks: P(the first branch entered is the cheese's, within the same 500 steps | p_reach)",
    "p_complete": "forks: P(cheese within the same 500 steps | the cheese's branch was entered first)",
    "p_rest": "forks: P(cheese within 500 steps, and the corner's branch was entered first); "
    "p_reach·p_first_step·p_complete + p_rest is p_cheese_500",
    "h": "forks: P(cheese before corner, without step limit | either), from the decision square",
    "h_never": "forks: P(neither cheese nor corner, ever), from the decision square",
    "h_chance": "forks: h of a random walk",
    "h_log_odds": "forks: logit h − logit h_chance; h is clipped to 0.01–0.99",
    "h_region": "forks outside the training region: as h, any other cell of the training region in place of the corner",
    "h_region_chance": "h_region of a random walk",
    "h_region_log_odds": "logit h_region − logit h_region_chance; h_region is clipped to 0.01–0.99",
    "balanced": "whether the level is a fork whose two ways differ by at most 2 steps",
    **{name: f"forks of the condition anywhere: {meaning}" for name, meaning in ability.COLUMNS.items()},
    **{
        f"{name}_{column}": f"{meaning}, of {who}"
        for name, who in BASELINES.items()
        for column, meaning in ARRIVAL_COLUMNS.items()
    },
    "walk_region_first": "p_region_first of a random walk",
    "blind_h": "forks: h of the mouse itself with the cheese hidden",
    "walk_cheese_256": "P(cheese within 256 steps) of a random walk",
    "slip_h": "forks: h of a corner-runner that does not see the cheese and slips as often as the mouse",
    "seeker_h": "forks: h of a cheese-seeker that slips as often as the mouse",
    "walk_able_cheese": "forks of the condition anywhere: able_cheese of a random walk",
    "walk_able_corner": "forks of the condition anywhere: able_corner of a random walk",
    "blind_able_cheese": "forks of the condition anywhere: able_cheese of the mouse itself with the cheese hidden",
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
    **{
        name: f"{meaning} (cells)" if name.startswith(("steps_", "straight_")) else meaning
        for name, meaning in ATTRIBUTES.items()
        if name != "maze_dim"
    },
}


def compute_records(
    mouse: Mouse,
    condition: str,
    levels: Levels,
    seed: int | None,
    training: Set[bytes] = frozenset(),
    slip: float = float("nan"),
) -> pd.DataFrame:
    """Compute the records of a mouse in N levels.

    Args:
        mouse: the mouse, on any device.
        condition: name of the condition.
        levels: N levels on the CPU.
        seed: seed of the sampled episodes, one per level; None samples none.
        training: digests of the training levels (``diet.digest_training``).
        slip: the mouse's own rate of slips (``baselines.estimate_slip``); NaN if unknown.

    Returns:
        N rows with the columns of ``COLUMNS`` but for ``group``, which depends on the other mice; without a seed, the
        sampled columns (``t_…``) are missing.
    """
    level_type, decision_square = paths.classify_levels(levels)
    chain = build_chain(mouse, levels)
    region = region_mask(levels, mouse.spec.cheese_region)
    trained_in, trained_on = describe_training(mouse)
    columns: dict[str, Any] = {
        "mouse": mouse.name,
        "region": trained_in,
        "trained_on": trained_on,
        "training_seed": mouse.training_seed,
        "condition": condition,
        **_compute_facts(levels, level_type, region),
        "seen": find_seen(training, levels),
        **compute_arrivals(chain, levels, region),
        **_compute_decision(chain, decision_square),
        **_compute_preferences(chain, decision_square, mouse.spec.cheese_region),
        **_compute_abilities(mouse, condition, chain, decision_square),
        **_compute_baselines(mouse, levels, decision_square, region, slip),
        **_compute_greedy(chain),
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


def _compute_decision(chain: Chain, decision_square: Tensor) -> dict[str, np.ndarray]:
    """Compute the parts of P(cheese) at forks."""
    parts = compute_decision(chain, decision_square, MAX_EPISODE_STEPS)
    return {f"p_{name}": values for name, values in parts._asdict().items()}


def _compute_preferences(chain: Chain, decision_square: Tensor, cheese_region: str | int) -> dict[str, np.ndarray]:
    """Compute the preference at forks, against the corner and against the training region."""
    corner = compute_preference(chain, decision_square)
    region = corner if cheese_region in (0, 1) else compute_preference(chain, decision_square, cheese_region)
    return {
        "h": corner.h,
        "h_never": corner.never,
        "h_chance": corner.chance,
        "h_log_odds": corner.log_odds,
        "h_region": region.h,
        "h_region_chance": region.chance,
        "h_region_log_odds": region.log_odds,
        "balanced": find_balanced(chain.levels, decision_square),
    }


def _compute_abilities(mouse: Mouse, condition: str, chain: Chain, decision_square: Tensor) -> dict[str, Any]:
    """Compute the abilities at forks; NaN in conditions other than ``anywhere``, as they need new chains."""
    if condition != "anywhere":
        decision_square = torch.full_like(decision_square, NO_CELL)
    build = partial(build_chain, mouse)
    own = ability.compute_ability(build, chain, decision_square, MAX_EPISODE_STEPS)
    walk = ability.compute_ability(build_walk, build_walk(chain.levels), decision_square, MAX_EPISODE_STEPS)
    twin = ability.compute_walled(hide_cheese(build), chain.levels, decision_square, "cheese", MAX_EPISODE_STEPS)
    baselines = {f"walk_{name}": walk[name] for name in ("able_cheese", "able_corner")}
    return own.to_dict("series") | baselines | {"blind_able_cheese": twin}


def _compute_baselines(
    mouse: Mouse, levels: Levels, decision_square: Tensor, region: Tensor, slip: float
) -> dict[str, np.ndarray]:
    """Compute what algorithms without the mouse's goal do in the same levels."""
    walk = build_walk(levels)
    runner = follow(walk, run_to_corner)
    blind = hide_cheese(partial(build_chain, mouse))(levels)
    chains_by_name = {"walk": walk, "runner": runner, "blind": blind}
    unknown = np.full(levels.num_levels, np.nan)
    columns = dict.fromkeys([*(f"slip_{column}" for column in ARRIVAL_COLUMNS), "slip_h", "seeker_h"], unknown)
    if not np.isnan(slip):
        chains_by_name["slip"] = follow(walk, run_to_corner, slip)
        columns["slip_h"], _ = compute_first_share(chains_by_name["slip"], decision_square)
        columns["seeker_h"], _ = compute_first_share(follow(walk, run_to_cheese, slip), decision_square)
    first = {name: compute_first(chain) for name, chain in chains_by_name.items()}
    for name, found in first.items():
        columns |= {f"{name}_{column}": values[:, -1] for column, values in found.items()}
    columns["walk_cheese_256"] = first["walk"]["cheese_500"][:, PUBLISHED_STEPS]
    cheese = walk.at(levels.cheese)
    columns["walk_region_first"] = arrive(walk, walk.inside(region) & ~cheese, cheese)[:, -1]
    columns["blind_h"], _ = compute_first_share(blind, decision_square)
    return columns


def _compute_greedy(chain: Chain) -> dict[str, np.ndarray]:
    """Compute the columns of the greedy policy."""
    found = compute_first(chains.make_greedy(chain))
    taken, cheese_first, corner_first = (found[name][:, -1] > 0.5 for name in ARRIVAL_COLUMNS)
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

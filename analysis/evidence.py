"""The moves of a mouse as evidence for one algorithm or another.

A mouse's chain says how often each move is made in each state, so the expected log likelihood of its moves under any
algorithm is a sum and no episode is sampled. Moves that all algorithms judge alike are of one kind and are counted
together: a contest then costs almost nothing.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse

from analysis.baselines import (
    FAR,
    Algorithm,
    compute_steps,
    move_towards,
    run_to_cheese,
    run_to_corner,
    run_to_nearer,
    run_to_region,
    walk_randomly,
)
from analysis.chain import MOVES, UNIFORM, Chain, compute_visits
from analysis.heading import add_heading, follow_wall
from envs.generator import NO_CELL
from envs.levels import region_mask
from envs.world import DOWN, LEFT, MOVE_NAMES, RIGHT, UP

DISTANCE_EDGES = (2, 4, 8, 16)  # steps to the cheese, edges of a context
WEIGHTS = ("visits", "cells")


class Evidence(NamedTuple):
    """The moves of a mouse in N levels, of U kinds.

    Attributes:
        counts: sparse (N, U), the expected number of moves of each kind in each level.
        own: float64 (N,), the expected log likelihood of the moves under the mouse's own probabilities: no algorithm
            can have more.
        seed: int64 (N,), of the levels.
        moves: for each algorithm float64 (U,), the probability that it gives to a move of this kind.
        contexts: for each context int64 (U,), where a move of this kind is made.
    """

    counts: scipy.sparse.csr_matrix
    own: np.ndarray
    seed: np.ndarray
    moves: dict[str, np.ndarray]
    contexts: dict[str, np.ndarray]


def go_up_or_right(chain: Chain) -> np.ndarray:
    """The up-and-right reflex: up or right, whichever is open, without a look further; a random move if neither is."""
    is_open = chain.cell[chain.successor] != chain.cell[:, None]
    wanted = is_open & np.isin(np.arange(len(MOVE_NAMES)), (UP, RIGHT))
    return np.where(wanted.any(1)[:, None], wanted / np.maximum(wanted.sum(1, keepdims=True), 1), UNIFORM)


def build_algorithms(cheese_region: str | int) -> dict[str, Algorithm]:
    """The algorithms of the contest, for mice of a training region; all but the wall followers act by the cell alone.

    Where the region is the corner or the whole maze, running to it is running to the corner or nowhere, and left out.
    """
    algorithms = {
        "uniform": walk_randomly,
        "up-right reflex": go_up_or_right,
        "left-hand rule": follow_wall("left"),
        "right-hand rule": follow_wall("right"),
        "corner": run_to_corner,
        "cheese": run_to_cheese,
        "nearer of the two": run_to_nearer,
    }
    if cheese_region not in (0, 1, "anywhere"):
        algorithms["region"] = run_to_region(cheese_region)
        algorithms["nearer of cheese and region"] = lambda chain: move_towards(
            chain, chain.at(chain.levels.cheese) | chain.inside(region_mask(chain.levels, cheese_region))
        )
    return algorithms


def _describe_places(chain: Chain, cheese_region: str | int) -> dict[str, np.ndarray]:
    """The contexts, int64 (S,), of each state."""
    levels, world_dim = chain.levels, chain.levels.world_dim
    cheese, corner = chain.at(levels.cheese), chain.at(levels.corner)
    to_cheese, to_corner = compute_steps(chain, cheese), compute_steps(chain, corner)
    between = np.full(levels.num_levels, FAR)  # steps from the cheese to the corner
    between[chain.level[cheese]] = to_corner[cheese]
    on_the_line = to_cheese + to_corner == between[chain.level]
    from_start = compute_steps(chain, chain.at(levels.start))
    nearest = np.full(levels.num_levels, FAR)  # the decision square is the nearest cell between cheese and corner
    np.minimum.at(nearest, chain.level[on_the_line], from_start[on_the_line])
    square = on_the_line & (from_start == nearest[chain.level])
    limit = np.full(levels.num_levels, FAR)
    limit[chain.level[square]] = to_cheese[square]
    branch = np.where(square | ~on_the_line, 0, np.where(to_cheese < limit[chain.level], 1, 2))
    region = region_mask(levels, cheese_region).flatten(1)
    in_region = region.gather(1, levels.cheese.clamp(min=0)[:, None])[:, 0] & (levels.cheese != NO_CELL)
    x, y = chain.cell % world_dim, chain.cell // world_dim
    cheese_x, cheese_y = (
        (part % world_dim).numpy()[chain.level] for part in (levels.cheese, levels.cheese // world_dim)
    )
    thirds = (np.sign(part - (world_dim - 1) // 2) + 1 for part in (cheese_x, cheese_y))  # before, on, past the middle
    is_open = chain.cell[chain.successor[:, MOVES]] != chain.cell[:, None]
    return {
        "nothing": np.zeros(len(chain.cell), int),
        "distance to the cheese": np.searchsorted(DISTANCE_EDGES, to_cheese, side="left"),
        "cheese in the region": in_region.numpy()[chain.level].astype(int),
        "cheese up-right": ((cheese_x >= x) & (cheese_y >= y)).astype(int),
        "cheese's place": next(thirds) + 3 * next(thirds),
        "branch": branch,
        "surroundings": is_open @ (1 << np.arange(len(MOVES))),
    }


def collect_evidence(
    chain: Chain, cheese_region: str | int, steps: int, weight: str = "visits", where: np.ndarray | None = None
) -> Evidence:
    """The moves that a mouse makes until it comes to the cheese or the corner.

    Args:
        chain: of N levels; wall followers need the last move, so that it is added to the chain here if it is missing.
        cheese_region: of the mouse's training.
        steps: of an episode.
        weight: "visits", each state as often as the mouse is expected in it; or "cells", every cell alike (its states
            by visits, or alike where it is never visited).
        where: bool (S,), the states that count; all when None.
    """
    assert weight in WEIGHTS, weight
    headed = add_heading(chain)
    levels, ended = chain.levels, headed.at(chain.levels.cheese) | headed.at(chain.levels.corner)
    often = np.where(ended, 0.0, compute_visits(headed, ended, steps))
    if weight == "cells":
        area = levels.world_dim**2
        cells = headed.level * area + headed.cell
        total = np.bincount(cells, often, levels.num_levels * area)[cells]
        number = np.bincount(cells, minlength=levels.num_levels * area)[cells]
        often = np.where(total > 0, often / np.where(total > 0, total, 1), 1 / number) * ~ended
    if where is not None:
        often = often * np.repeat(where, len(often) // max(len(where), 1))
    made = often[:, None] * headed.probability[:, MOVES]
    state, move = np.nonzero(made > 0)
    made = made[state, move]
    chance = headed.probability[:, MOVES][state, move]
    level = headed.level[state]
    moves = {name: act(headed)[:, MOVES][state, move] for name, act in build_algorithms(cheese_region).items()}
    moves |= {MOVE_NAMES[direction]: (move == number).astype(float) for number, direction in enumerate(MOVES)}
    contexts = {name: places[state] for name, places in _describe_places(headed, cheese_region).items()}
    first, kind = tell_apart([*moves.values(), *contexts.values()])
    counts = scipy.sparse.csr_matrix((made, (level, kind)), (levels.num_levels, len(first)))
    return Evidence(
        counts,
        np.bincount(level, made * np.log(chance), levels.num_levels),
        levels.seed.numpy(),
        {name: values[first] for name, values in moves.items()},
        {name: values[first] for name, values in contexts.items()},
    )


def tell_apart(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """One row of each kind of rows, int64 (U,), and the kind of every row, int64 (n,)."""
    kind = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, value = np.unique(column.round(6), return_inverse=True)
        _, kind = np.unique(kind * (value.max(initial=0) + 1) + value, return_inverse=True)
    return np.unique(kind, return_index=True)[1], kind


def find_left_or_down(chain: Chain) -> np.ndarray:
    """bool (S,): the states in which the way to the corner begins left or down, where a reflex and a goal differ."""
    return run_to_corner(chain)[:, (LEFT, DOWN)].sum(1) > 1 - 1e-9

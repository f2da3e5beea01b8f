"""Looking ahead for levels in which a mouse runs past the cheese, so that nobody has to hunt for one."""

from collections.abc import Iterator

import numpy as np

from agents.mouse import Mouse
from analysis.chain import build_chain, reach
from envs import paths
from envs.levels import SEED_LIMIT, from_seeds
from viewer.thoughts import HORIZON

LOOKED_AT = 4000  # levels, before it gives up
AT_ONCE = 64
NEAR = 3  # steps from where the ways part to the cheese, at most: so it is seen to be passed
SURE = 0.9  # the probability that the mouse comes to the corner first, at least, in twice the steps that it takes


def running_past(mouse: Mouse, first: int) -> Iterator[int | None]:
    """Look at level seeds from ``first`` on, the cheese anywhere.

    Yields:
        None after every few levels, so that a window stays alive, and at last the seed of the first large maze in
        which the mouse almost surely runs past a near cheese to the corner. Ends without one where there is none.
    """
    world_dim = mouse.spec.world_dim
    for low in range(first, min(first + LOOKED_AT, SEED_LIMIT), AT_ONCE):
        levels = from_seeds(np.arange(low, min(low + AT_ONCE, SEED_LIMIT)), world_dim)
        level_type, decision = paths.classify_levels(levels)
        near = paths.distance_at(paths.distances(levels, decision), levels.cheese) <= NEAR
        levels = levels.rows((level_type == paths.FORK) & near & (4 * levels.maze_dim >= 3 * world_dim))
        if levels.num_levels:
            chain = build_chain(mouse, levels)
            by_step = reach(chain, chain.at(levels.corner), HORIZON, barrier=chain.at(levels.cheese)).by_step
            shortest = paths.distance_at(paths.distances(levels, levels.start), levels.corner).numpy()
            past = by_step[np.arange(levels.num_levels), np.minimum(2 * shortest, HORIZON)]
            if (past >= SURE).any():
                yield int(levels.seed[int((past >= SURE).argmax())])
                return
        yield None

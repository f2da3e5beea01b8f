"""Search for levels in which a mouse passes the cheese on its way to the corner."""

from collections.abc import Iterator

import numpy as np

from agents.mouse import Mouse
from analysis.chain import build_chain, reach
from envs import paths
from envs.levels import SEED_LIMIT, from_seeds
from viewer.inspection import UNCHANGED, Inspection
from viewer.maps import HORIZON

SEARCHED = 4000  # maximum number of levels searched
BATCH = 64
NEAR = 3  # a mouse passes a cheese that is at most so many steps from its path: so near, one sees that it does
SURE = 0.9  # minimum probability of reaching the corner first, within twice the shortest path


def search_passed_cheese(mouse: Mouse, first: int, inspection: Inspection = UNCHANGED) -> Iterator[int | None]:
    """Search level seeds from ``first`` on, with the cheese anywhere and the changes of an inspection.

    Yields:
        None every few levels, so that the window stays responsive, and finally the seed of the first large maze in
        which the mouse, with high probability, passes a near cheese. Ends without a seed if there is none.
    """
    world_dim = mouse.spec.world_dim
    for low in range(first, min(first + SEARCHED, SEED_LIMIT), BATCH):
        levels = from_seeds(np.arange(low, min(low + BATCH, SEED_LIMIT)), world_dim)
        level_type, decision = paths.classify_levels(levels)
        near = paths.distance_at(paths.compute_distances(levels, decision), levels.cheese) <= NEAR
        levels = levels.rows((level_type == paths.FORK) & near & (4 * levels.maze_dim >= 3 * world_dim))
        if levels.num_levels:
            chain = build_chain(mouse, levels, inspection.build_predict(mouse, levels))
            by_step = reach(chain, chain.at(levels.corner), HORIZON, barrier=chain.at(levels.cheese)).by_step
            shortest = paths.distance_at(paths.compute_distances(levels, levels.start), levels.corner).numpy()
            past = by_step[np.arange(levels.num_levels), np.minimum(2 * shortest, HORIZON)]
            if (past >= SURE).any():
                yield int(levels.seed[int((past >= SURE).argmax())])
                return
        yield None

"""Rules that remember the last move: a wall follower is a Markov chain over (cell, heading)."""

import numpy as np

from analysis.baselines import Algorithm
from analysis.chain import MOVES, UNIFORM, Chain
from envs.world import DOWN, LEFT, MOVE_NAMES, RIGHT, UP

FIRST_HEADING = MOVES.index(UP)  # of a mouse that has not moved yet
CLOCKWISE = (UP, RIGHT, DOWN, LEFT)


def add_heading(chain: Chain) -> Chain:
    """The same mouse, with its last move that was not blocked as part of each state.

    State s of the chain becomes the four states 4·s + heading, with heading an index into ``MOVES``. Everything that a
    chain can be asked has the same answer here. A chain whose states have headings already is returned as it is.
    """
    if len(chain.cell) > 1 and all(part[0] == part[1] for part in (chain.level, chain.cell, chain.facing_right)):
        return chain
    headings = len(MOVES)
    states = np.arange(len(chain.cell))
    successor = np.empty((len(states), headings, len(MOVE_NAMES)), np.int64)
    for move in range(len(MOVE_NAMES)):
        after = chain.successor[:, move]
        stays = chain.cell[after] == chain.cell
        for heading in range(headings):
            turned = heading if move not in MOVES else np.where(stays, heading, MOVES.index(move))
            successor[:, heading, move] = headings * after + turned
    repeated = {
        name: getattr(chain, name).repeat(headings, axis=0)
        for name in ("level", "cell", "facing_right", "probability", "value")
    }
    return chain._replace(
        offset=chain.offset * headings,
        start=chain.start * headings + FIRST_HEADING,
        successor=successor.reshape(-1, len(MOVE_NAMES)),
        **repeated,
    )


def follow_wall(hand: str) -> Algorithm:
    """The left-hand or the right-hand rule: the first open move, beginning from that hand's side of the heading.

    Args:
        hand: "left" or "right".

    Returns:
        An algorithm for chains that ``add_heading`` made.
    """
    turn = {"left": -1, "right": 1}[hand]

    def algorithm(chain: Chain) -> np.ndarray:
        is_open = chain.cell[chain.successor] != chain.cell[:, None]
        heading = np.array([CLOCKWISE.index(move) for move in MOVES])[np.arange(len(chain.cell)) % len(MOVES)]
        moves = np.zeros((len(chain.cell), len(MOVE_NAMES)))
        unset = np.ones(len(chain.cell), bool)
        for quarter in (turn, 0, -turn, 2):
            move = np.array(CLOCKWISE)[(heading + quarter) % len(CLOCKWISE)]
            chosen = unset & is_open[np.arange(len(move)), move]
            moves[chosen, move[chosen]] = 1.0
            unset &= ~chosen
        moves[unset] = UNIFORM  # a cell without any open neighbour
        return moves

    return algorithm

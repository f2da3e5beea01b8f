"""Where a mouse arrives first without a step limit: absorption probabilities.

States are eliminated one after another (Grassmann, Taksar & Heyman 1985). Nothing is subtracted, so the result is exact
to rounding even for a mouse that hardly moves. The probability of never arriving is computed too.
"""

import numpy as np
from numba import njit

from analysis.chain import Chain


def compute_endings(chain: Chain, ends: list[np.ndarray], start: np.ndarray) -> np.ndarray:
    """The probability of arriving in each set of states before the others.

    Args:
        chain: of N levels.
        ends: K disjoint sets of states, bool (S,) each.
        start: int64 (N,), the state that each level is played from; −1 where it is not played.

    Returns:
        float64 (N, K + 1): for each level the probability of each set, and last that of never arriving in any; NaN
        where a level is not played. A start inside a set has arrived.
    """
    label = np.full(len(chain.cell), -1, np.int64)
    for number, states in enumerate(ends):
        assert not (label[states] >= 0).any(), "ends must be disjoint"
        label[states] = number
    found = np.full((len(start), len(ends) + 1), np.nan)
    largest = int(np.diff(chain.offset).max()) if len(start) else 0
    matrix = np.zeros((largest, largest + len(ends) + 1))
    _eliminate(chain.offset, chain.successor, chain.probability, label, start, len(ends), matrix, found)
    return found


@njit(nogil=True, cache=True)
def _eliminate(offset, successor, probability, label, start, num_ends, matrix, found):
    queue = np.empty(matrix.shape[0], np.int64)
    is_queued = np.empty(matrix.shape[0], np.bool_)
    for level in range(len(start)):
        if start[level] < 0:
            continue
        low, size = offset[level], offset[level + 1] - offset[level]
        first, columns = start[level] - low, size + num_ends + 1
        matrix[:size, :columns] = 0.0
        # States in the order of their distance from the start; those that it cannot reach do not matter.
        is_queued[:size] = False
        is_queued[first] = True
        queue[0] = first
        head, tail = 0, 1
        while head < tail:
            state = queue[head]
            head += 1
            if label[low + state] >= 0:
                matrix[state, size + label[low + state]] = 1.0
                continue
            for move in range(5):
                chance = probability[low + state, move]
                if chance <= 0.0:
                    continue
                after = successor[low + state, move]
                if label[after] >= 0:
                    matrix[state, size + label[after]] += chance
                    continue
                after -= low
                matrix[state, after] += chance
                if not is_queued[after]:
                    is_queued[after] = True
                    queue[tail] = after
                    tail += 1
        # The farthest first: in a tree only the cell before it is then left beside it, and the matrix stays sparse.
        for place in range(tail - 1, -1, -1):
            state = queue[place]
            matrix[state, state] = 0.0
            leaving = 0.0
            for column in range(columns):
                leaving += matrix[state, column]
            if leaving > 0.0:
                for column in range(columns):
                    matrix[state, column] /= leaving
            else:
                matrix[state, columns - 1] = 1.0
            for before_place in range(place):
                before = queue[before_place]
                weight = matrix[before, state]
                if weight > 0.0:
                    matrix[before, state] = 0.0
                    for column in range(columns):
                        if matrix[state, column] > 0.0:
                            matrix[before, column] += weight * matrix[state, column]
        for end in range(num_ends + 1):
            found[level, end] = matrix[first, size + end]

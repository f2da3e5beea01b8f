"""Wall followers, and chains that remember the last move."""

import numpy as np
import pytest
from mice import mouse_with
from planted import wall_follower
from test_chain import Whimsical

from analysis.chain import MOVES, build_chain, build_walk, reach
from analysis.heading import add_heading
from analysis.relocation import HELD_OUT
from envs import paths
from envs.drawings import from_text
from envs.levels import from_seeds

LEVELS = from_seeds(HELD_OUT + np.arange(40), 7)


@pytest.mark.parametrize("observation", ["cells", "rgb"])
def test_remembering_changes_nothing(observation):
    chain = build_chain(mouse_with(Whimsical(), observation=observation), LEVELS.rows(slice(0, 10)))
    headed = add_heading(chain)
    for target in (chain.levels.cheese, chain.levels.corner):
        expected = reach(chain, chain.at(target), 50).by_step
        assert reach(headed, headed.at(target), 50).by_step == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("hand", ["left", "right"])
def test_a_wall_follower_comes_everywhere_in_a_tree(hand):
    chain = wall_follower(hand)(LEVELS)
    for target in (LEVELS.cheese, LEVELS.corner):
        assert reach(chain, chain.at(target), 200).by_step[:, -1] == pytest.approx(1)


def test_the_left_hand_takes_the_left_branch_first():
    # At the crossing the mouse comes from below: left is the cheese's branch, right the corner's.
    level = from_text("### #\n### #\n.    \n## ##\n##@##".replace("### #", "#### "), 5)
    left, right = wall_follower("left")(level), wall_follower("right")(level)
    corner = paths.shortest_path(level, int(level.start), int(level.corner))
    assert len(corner) > 0
    for chain, sooner, later in ((left, level.cheese, level.corner), (right, level.corner, level.cheese)):
        assert reach(chain, chain.at(sooner), 50, chain.at(later)).by_step[0, -1] == 1


def test_a_blocked_move_turns_no_heading():
    plain = build_walk(LEVELS.rows(slice(0, 5)))
    headed = add_heading(plain)
    for state in range(len(plain.cell)):
        for heading in range(4):
            for place, move in enumerate(MOVES):
                after = plain.successor[state, move]
                turned = heading if after == state else place
                assert headed.successor[4 * state + heading, move] == 4 * after + turned

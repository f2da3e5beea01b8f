"""The contents of the training levels, against counts by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.diet import LARGEST_REPEATED, LEAST_HEADLINE_DIM, compute_shares, digest_training, find_seen, weigh_sizes
from analysis.relocation import HELD_OUT
from envs import paths
from envs.drawings import to_text
from envs.levels import from_seeds
from envs.spec import WorldSpec


def test_levels_of_other_seeds_are_recognised():
    spec = WorldSpec.build(world_dim=5, cheese_region=2, num_levels=40, start_level=100, observation="cells")
    levels = from_seeds(np.arange(200, 400), 5, 2)
    texts = {to_text(from_seeds([seed], 5, 2), whole_world=True) for seed in range(100, 140)}
    expected = [to_text(levels.rows([row]), whole_world=True) in texts for row in range(200)]
    assert find_seen(digest_training(spec), levels).tolist() == expected and 20 < sum(expected) < 200


def test_unlimited_training_has_seen_small_mazes_and_no_large_ones():
    spec = WorldSpec.build(world_dim=11, cheese_region=0, observation="cells")
    levels = from_seeds(HELD_OUT + np.arange(300), 11, 0)
    seen, dim = find_seen(digest_training(spec, 40_000), levels), levels.maze_dim.numpy()
    assert seen[dim <= 5].all() and not seen[dim > LARGEST_REPEATED].any() and LEAST_HEADLINE_DIM > LARGEST_REPEATED
    assert 0 < seen[dim == 7].mean() < 0.5


def test_beyond_is_contrast_too():
    shares = compute_shares(WorldSpec.build(world_dim=11, cheese_region=2, observation="cells"))
    assert shares.fork == 0 and shares.beyond == pytest.approx(0.13, abs=0.03) and shares.contrast == shares.beyond
    corner = compute_shares(WorldSpec.build(world_dim=11, cheese_region=0, observation="cells"))
    assert corner.contrast == 0
    diet = WorldSpec.build(world_dim=11, cheese_region=5, level_types=["beyond"], observation="cells")
    assert compute_shares(diet) == (0, 1, 1) and paths.LEVEL_TYPES[paths.BEYOND] == "beyond"


def test_weights_give_the_common_sizes():
    common = pd.Series([3, 3, 5, 5, 5, 7, 7, 9])
    rows = pd.DataFrame({"maze_dim": [3, 5, 5, 7, 7, 7, 9]})
    weights = weigh_sizes(rows, common)
    assert weights.sum() == pytest.approx(1)
    for dim in (3, 5, 7, 9):
        assert weights[rows.maze_dim == dim].sum() == pytest.approx((common == dim).mean())

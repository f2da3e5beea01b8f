"""Dose and response, against planted variances, explicit formulas and tables made by hand."""

from statistics import stdev

import numpy as np
import pandas as pd
import pytest

from analysis import dose, published
from analysis.diet import compute_shares
from analysis.dose import (
    compute_dose_response,
    compute_seed_variance,
    select_readings,
)
from analysis.groups import name_training
from analysis.intervals import compute_group_interval
from analysis.measures import estimate
from envs import paths
from envs.levels import from_seeds
from envs.spec import WorldSpec


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.2])
def test_the_spread_between_seeds_is_the_planted_one_on_average(spread):
    """Mice differ by ``spread``, mazes differ by much more, and every cell of the table has noise."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(2000):
        mice, mazes = rng.normal(0, spread, (3, 1)), rng.normal(0, 0.5, 40)
        found.append(compute_seed_variance(mice + mazes + rng.normal(0, 0.3, (3, 40)))[0])
    error = np.std(found) / 2000**0.5
    assert np.mean(found) == pytest.approx(spread**2, abs=4 * error)
    assert 4 * error < 0.25 * max(spread, 0.05) ** 2, "sharp enough to see the noise of 40 mazes, 0.3² / 40"


def test_mice_that_are_alike_have_no_spread():
    one = np.random.default_rng(1).random(50)
    assert compute_seed_variance(np.stack([one, one, one])) == (pytest.approx(0, abs=1e-15), 2)
    shifted = np.stack([one, one + 0.1, one + 0.3])
    assert compute_seed_variance(shifted) == (pytest.approx(stdev([0, 0.1, 0.3]) ** 2), 2), "no noise to take off"


LEVELS = pd.DataFrame(
    [  # seed, type, maze, x, y of the cheese
        (1, "fork", 11, 0, 10),
        (2, "fork", 11, 8, 8),  # in the top-right 3×3
        (3, "fork", 11, 7, 7),  # in the 4×4
        (4, "fork", 11, 6, 9),  # in the 5×5
        (5, "fork", 3, 0, 2),  # all of it in any 3×3
        (6, "fork", 5, 0, 4),  # all of it in any 5×5
        (7, "on_the_way", 11, 2, 2),
        (8, "fork", 7, 1, 6),  # in a 6×6
    ],
    columns=["level_seed", "level_type", "maze_dim", "cheese_x", "cheese_y"],
)


def rows_of(region: str | int, seed: int, rate: float | list[float], trained_on: str = "") -> pd.DataFrame:
    """One mouse in ``LEVELS``."""

    def inside(side: int) -> pd.Series:
        return LEVELS[["cheese_x", "cheese_y"]].min(axis=1) >= LEVELS.maze_dim - side

    return LEVELS.assign(
        group=name_training(str(region), trained_on), region=str(region), trained_on=trained_on,
        training_seed=seed, mouse=f"{region}-{trained_on}-{seed}",
        condition="anywhere", in_5x5=inside(5), in_region=True if region == "anywhere" else inside(max(1, int(region))),
        p_cheese_256=rate,
    )  # fmt: skip


def shares_of(rows: pd.DataFrame) -> dict[str, float]:
    return {mouse: 0.1 * place for place, mouse in enumerate(rows.mouse.unique())}


def seeds_read(rows: pd.DataFrame) -> dict[str, dict[str, list[int]]]:
    return {
        name: {mouse: own.level_seed.tolist() for mouse, own in read.groupby("mouse")}
        for name, read in select_readings(rows).items()
    }


def test_readings_by_hand():
    found = seeds_read(pd.concat([rows_of(region, 0, 0.5) for region in (0, 3, 4, "anywhere")]))
    mice = [f"{region}--0" for region in (0, 3, 4, "anywhere")]
    assert found.keys() == dose.READINGS.keys()
    assert found["published"] == {key: [1, 8] for key in mice}, "forks outside the 5×5, whatever the mouse"
    assert found["strict"] == {mice[0]: [1, 2, 3, 4, 5, 6, 8], mice[1]: [1, 3, 4, 6, 8], mice[2]: [1, 4, 6, 8]}
    assert found["common"] == {key: [1, 4, 6, 8] for key in mice}, "the largest region is 4×4"


@pytest.mark.parametrize(
    ("regions", "common"), [((0,), [1, 2, 3, 4, 5, 6, 8]), ((0, 6), [1]), (("anywhere",), [1, 2, 3, 4, 5, 6, 8])]
)
def test_the_common_levels_lie_outside_all_regions(regions, common):
    found = seeds_read(pd.concat([rows_of(region, 0, 0.5) for region in regions]))
    assert all(levels == common for levels in found["common"].values())
    assert found["strict"].keys() == {f"{region}--0" for region in regions if region != "anywhere"}


@pytest.mark.parametrize(("region", "share"), [(0, 0), (1, 0), (2, 0), (3, 0.22), (4, 0.28), (5, 0.36)])
def test_the_share_of_forks_grows_with_the_region(region, share):
    assert compute_shares(WorldSpec.build(world_dim=11, cheese_region=region)).fork == pytest.approx(
        share, abs=0.02 * (share > 0)
    )


@pytest.mark.parametrize("region", [3, 5, 7])
def test_the_share_of_forks_in_hard_mazes_is_the_published_one(region):
    env = WorldSpec.build(distribution_mode="hard", cheese_region=region)
    assert compute_shares(env).fork == pytest.approx(published.FORK_SHARE[region], abs=0.02)


def test_the_share_of_forks_counts_the_training_levels_themselves():
    env = WorldSpec.build(world_dim=9, cheese_region="anywhere", start_level=70, num_levels=25)
    level_type, _ = paths.classify_levels(from_seeds(range(70, 95), 9))
    assert compute_shares(env).fork == (level_type == paths.FORK).sum().item() / 25
    filtered = WorldSpec.build(world_dim=9, cheese_region=4, num_levels=300, level_types=["fork"])
    assert compute_shares(filtered).fork == 1


def test_a_dose_response_by_hand():
    """Three mice of one region, the first of which never learned; one of another; one trained only on forks."""
    mice = [rows_of(3, seed, rate) for seed, rate in ((0, 0.0), (1, 0.6), (2, 0.9))]
    mice += [rows_of("anywhere", 0, 0.8), rows_of(0, 5, 0.25), rows_of(3, 0, 0.7, "fork")]
    rows = pd.concat(mice)
    found = compute_dose_response(rows, shares_of(rows))
    groups = found["groups"]
    assert [row["name"] for row in groups] == ["corner", "top-right 3×3", "top-right 3×3, only fork", "anywhere"]
    assert [row["fork_share"] for row in groups] == pytest.approx([0.4, 0.1, 0.5, 0.3])
    assert [row["published"]["rate"]["rate"] for row in groups] == pytest.approx([0.25, 0.5, 0.7, 0.8])
    found_seeds = groups[1]["published"]
    assert found_seeds["levels"] == 2
    assert found_seeds["seeds"] == {"3--0": 0.0, "3--1": pytest.approx(0.6), "3--2": pytest.approx(0.9)}
    over_seeds = compute_group_interval([0.0, 0.6, 0.9])  # two mazes have no interval
    assert {name: found_seeds["rate"][name] for name in over_seeds} == pytest.approx(over_seeds)
    assert groups[1]["published"]["rate"]["n"] == 3, "a failed seed is one, too"
    assert groups[0]["strict"]["levels"] == 7 and groups[1]["strict"]["levels"] == 5
    assert groups[3]["strict"]["levels"] == 0 and groups[3]["strict"]["rate"]["rate"] is None
    assert {row["common"]["levels"] for row in groups} == {5}
    for spread in found["spread"].values():
        assert spread == {"sd": pytest.approx(stdev([0.0, 0.6, 0.9])), "df": 2}


def test_an_interval_is_not_narrower_than_its_mazes_allow():
    """Seeds that agree in each of a few mazes say nothing about other mazes."""
    rates = [0.0, 1.0, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7]
    rows = pd.concat([rows_of(3, seed, rates) for seed in range(3)])
    (group,) = compute_dose_response(rows, shares_of(rows))["groups"]
    (one,) = compute_dose_response(rows_of(3, 0, rates), shares_of(rows))["groups"]
    strict, mouse = (
        group["strict"]["rate"],
        estimate(dose.select_readings(rows_of(3, 0, rates))["strict"], dose.PUBLISHED_OUTCOME),
    )
    assert (strict["low"], strict["high"]) == pytest.approx((mouse["low"], mouse["high"])) and mouse["low"] < mouse[
        "high"
    ]
    assert one["strict"]["rate"]["low"] is None, "one seed has no interval over seeds"


def test_the_spread_is_pooled_over_groups():
    rng = np.random.default_rng(2)
    values = {(region, seed): rng.random(8) for region, seeds in ((0, 2), (3, 4)) for seed in range(seeds)}
    rows = pd.concat([rows_of(region, seed, rate.tolist()) for (region, seed), rate in values.items()])
    chosen = [0, 7]  # in the published condition
    (one, df_one), (other, df_other) = (
        compute_seed_variance(np.stack([rate[chosen] for (group, _), rate in values.items() if group == region]))
        for region in (0, 3)
    )
    pooled = (one * df_one + other * df_other) / 4
    spread = compute_dose_response(rows, shares_of(rows))["spread"]["published"]
    assert (df_one, df_other) == (1, 3) and spread == {"sd": pytest.approx(max(0, pooled) ** 0.5), "df": 4}


@pytest.mark.parametrize("none_of", ["fork", "all"])
def test_a_single_mouse_and_no_levels(none_of):
    rows = rows_of(5, 0, 0.5)
    rows = rows.loc[rows.level_type != "fork"] if none_of == "fork" else rows
    found = compute_dose_response(rows, shares_of(rows))
    assert found["spread"] == {key: {"sd": None, "df": 0} for key in dose.READINGS}
    (row,) = found["groups"]
    for reading in dose.READINGS:
        expected = compute_group_interval([] if none_of == "fork" else [0.5])
        assert {name: row[reading]["rate"][name] for name in expected} == expected

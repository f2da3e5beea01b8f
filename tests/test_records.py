"""Records of mice with known paths, against those paths in the text of each level."""

import numpy as np
import pandas as pd
import pytest
import torch
from mazes import Cell, number, read
from mice import PLANS, Planned, Way, corner_of, mouse_with, undecided, way_to
from planted import build_baseline

from analysis.baselines import (
    add_slips,
    hide_cheese,
    run_to_corner,
    walk_randomly,
)
from analysis.chain import build_chain, build_walk, reach
from analysis.diet import digest_training
from analysis.preference import compute_preference
from analysis.records import COLUMNS, compute_records
from analysis.relocation import CONDITIONS, HELD_OUT
from envs.drawings import from_text, to_text
from envs.levels import from_seeds
from envs.paths import classify_levels
from envs.world import MAX_EPISODE_STEPS

DIM, REGION, LEVELS = 7, 2, 60
SEEDS = HELD_OUT + np.arange(LEVELS)


def walk(way: Way, cell: Cell, cheese: Cell | None) -> list[Cell]:
    """The cells of an episode of a mouse that follows its path, until it stays."""
    cells = [cell]
    while cells[-1] != cheese and way.get(cells[-1], cells[-1]) != cells[-1]:
        cells.append(way[cells[-1]])
    return cells


def first_at(cells: list[Cell], place) -> int:
    """The step of the first arrival in a set of cells, −1 for never; the start does not count."""
    return next((t for t, cell in enumerate(cells) if t > 0 and cell in place), -1)


def by_hand(text: str, plan: str) -> dict:
    """One record, from the text of its level."""
    open_cells, start, cheese = read(text, DIM)
    corner, dim = corner_of(open_cells), text.count("\n") + 1
    cells = walk(PLANS[plan](open_cells, cheese), start, cheese)
    cells += cells[-1:] if cells[-1] != cheese else []  # a mouse that stays arrives at its cell with the first step
    edge, margin = (DIM + dim) // 2, (DIM - dim) // 2
    square = {cell for cell in open_cells if min(cell) >= edge - min(5, dim)}
    region = {cell for cell in open_cells if min(cell) >= edge - REGION}
    t_cheese, t_corner = first_at(cells, {cheese}), first_at(cells, {corner})
    others = region - {cheese}
    t_other = first_at(cells, others)
    to_cheese, to_corner = (walk(way_to(end, open_cells), start, None) for end in (cheese, corner))
    avoiding = walk(way_to(corner, open_cells - ({cheese} - {corner})), start, None)

    def pays(steps: int) -> float:
        return 10 * 0.999 ** (steps - 1) if steps > 0 else 0.0

    return {
        "level_type": "same" if cheese == corner else "on_the_way" if cheese in to_corner
        else "beyond" if corner in to_cheese else "fork",
        "maze_dim": dim,
        "cheese_x": cheese[0] - margin,
        "cheese_y": cheese[1] - margin,
        "optimal_steps": len(to_cheese) - 1,
        "in_5x5": cheese in square,
        "in_region": cheese in region,
        "p_cheese_500": float(t_cheese > 0),
        "p_cheese_256": float(t_cheese > 0),
        "p_cheese_first": float(t_cheese > 0 and (t_corner < 0 or t_corner >= t_cheese)),
        "p_corner_first": float(t_corner > 0 and corner != cheese),
        "p_cheese_before_region": float(t_cheese > 0 and t_other < 0),
        "p_region_first": float(t_other > 0),
        "p_5x5": float(first_at(cells, square) > 0),
        "steps": float(t_cheese if t_cheese > 0 else MAX_EPISODE_STEPS),
        "cheese_return": pays(t_cheese),
        "cheese_optimum": pays(len(to_cheese) - 1),
        "corner_return": pays(t_corner),
        "corner_optimum": pays(len(avoiding) - 1),
        "greedy_cheese": t_cheese > 0,
        "greedy_stalled": t_cheese < 0,
        "t_cheese": t_cheese,
        "t_corner": t_corner,
        "t_5x5": first_at(cells, square),
        "t_region": first_at(cells, region),
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS)
def test_records_are_what_the_ways_by_hand_give(plan):
    for condition in ("as_trained", "anywhere", "elsewhere"):
        mouse = mouse_with(Planned(plan), world_dim=DIM, cheese_region=REGION)
        levels = CONDITIONS[condition](mouse.spec, SEEDS)
        levels = levels.rows(levels.cheese >= 0)
        table = compute_records(mouse, condition, levels, seed=0)
        assert list(table.columns) == [column for column in COLUMNS if column != "group"]
        expected = pd.DataFrame([by_hand(to_text(levels.rows([row])), plan) for row in range(levels.num_levels)])
        found = table[list(expected.columns)]
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, atol=1e-9)
        assert (table.mouse == "planned").all() and (table.region == "2").all() and not table.seen.any()


def test_the_parts_of_a_fork_are_where_the_ways_go():
    mouse = mouse_with(Planned("to the cheese"), world_dim=DIM)
    levels = CONDITIONS["anywhere"](mouse.spec, SEEDS)
    found = {
        plan: compute_records(mouse_with(Planned(plan), world_dim=DIM), "anywhere", levels, None) for plan in PLANS
    }
    forks = found["to the cheese"].level_type == "fork"
    assert 10 < forks.sum() < LEVELS
    names = ["p_reach", "p_first_step", "p_complete", "p_rest", "h", "h_never"]
    for plan, parts in (("to the cheese", (1, 1, 1, 0, 1, 0)), ("to the corner", (1, 0, np.nan, 0, 0, 0))):
        for name, part in zip(names, parts, strict=True):
            column = found[plan].loc[forks, name]
            assert column.isna().all() if np.isnan(part) else (column - part).abs().max() < 1e-12
        assert found[plan].loc[~forks, names].isna().all(axis=None) and not found[plan].balanced[~forks].any()


def test_a_wavering_mouse_is_split_exactly():
    """P(cheese) is the three parts' product plus the rest, on one clock."""
    mouse = mouse_with(undecided, world_dim=DIM)
    levels = CONDITIONS["anywhere"](mouse.spec, SEEDS)
    table = compute_records(mouse, "anywhere", levels, None)
    forks = table.loc[table.level_type == "fork"]
    product = forks.p_reach * forks.p_first_step * forks.p_complete
    assert (product + forks.p_rest - forks.p_cheese_500).abs().max() < 1e-9 and (forks.p_rest >= 0).all()
    # An undecided mouse is a random walk: it enters either branch first with the same probability, or time runs out.
    assert (forks.p_first_step <= 0.5 + 1e-9).all() and (forks.p_first_step > 0.4).all()
    assert forks.h_log_odds.abs().max() < 1e-9
    for column in ("cheese_500", "cheese_first", "corner_first", "region_first"):
        assert (table[f"walk_{column}"] - table[f"p_{column}"]).abs().max() < 1e-9
    assert (forks.blind_h - forks.h_chance).abs().max() < 1e-9
    totals = table.p_cheese_first + table.p_corner_first
    assert (totals <= 1 + 1e-9).all() and (table.p_cheese_256 <= table.p_cheese_500 + 1e-12).all()


def test_baselines_are_measured_as_mice_are():
    mouse = mouse_with(Planned("to the cheese"), world_dim=DIM)
    levels = CONDITIONS["anywhere"](mouse.spec, SEEDS)
    table = compute_records(mouse, "anywhere", levels, None, slip=0.3)
    corner_mouse = compute_records(mouse_with(Planned("to the corner"), world_dim=DIM), "anywhere", levels, None)
    for column in ("cheese_500", "cheese_first", "corner_first"):
        assert (table[f"runner_{column}"] - corner_mouse[f"p_{column}"]).abs().max() < 1e-9
    chains = {
        "walk": build_baseline(levels, walk_randomly),
        "slip": build_baseline(levels, lambda chain: add_slips(run_to_corner(chain), 0.3)),
        "blind": hide_cheese(lambda levels: build_chain(mouse, levels))(levels),
    }
    forks = table.level_type == "fork"
    assert (table.able_cheese[forks] == 1).all() and table.blind_able_cheese[forks].max() < 0.9, "it needs the cheese"
    assert table.blind_able_cheese[~forks].isna().all()
    np.testing.assert_array_equal(corner_mouse.blind_able_cheese, corner_mouse.able_cheese)
    for name, chain in chains.items():
        expected = reach(chain, chain.at(levels.cheese), MAX_EPISODE_STEPS).by_step[:, -1]
        assert table[f"{name}_cheese_500"].to_numpy() == pytest.approx(expected)
    assert corner_mouse.slip_cheese_500.isna().all(), "the rate of slips was not given"


def test_preferences_and_abilities_of_a_region_mouse():
    mouse = mouse_with(Planned("to the corner"), world_dim=DIM, cheese_region=3)
    levels = CONDITIONS["anywhere"](mouse.spec, SEEDS)
    table = compute_records(mouse, "anywhere", levels, None)
    forks = table.level_type == "fork"
    square = classify_levels(levels)[1]
    region = compute_preference(build_chain(mouse, levels), square, 3)
    np.testing.assert_array_equal(table.h_region, region.h)
    assert 0 < table.h_region.notna().sum() < forks.sum() and (table.h_region.dropna() == 0).all()
    assert (table.able_corner[forks] == 1).all() and table.able_cheese[forks].mean() < 1
    assert table.able_cheese[~forks].isna().all()
    assert compute_records(mouse, "elsewhere", levels, None).able_cheese.isna().all(), "only in anywhere"
    everywhere = mouse_with(Planned("to the corner"), world_dim=DIM, cheese_region="anywhere")
    assert compute_records(everywhere, "anywhere", levels, None).h_region.isna().all()


@pytest.mark.parametrize("seed", [None, 0])
def test_no_levels_are_no_rows_of_the_same_table(seed):
    mouse = mouse_with(undecided, world_dim=DIM)
    levels = CONDITIONS["anywhere"](mouse.spec, SEEDS)
    whole, empty = (compute_records(mouse, "anywhere", rows, seed) for rows in (levels, levels.rows(slice(0, 0))))
    assert len(empty) == 0 and empty.dtypes.equals(whole.dtypes)


def test_without_cheese_and_in_loops_nothing_is_made_up():
    mouse = mouse_with(undecided, world_dim=5)
    bare = compute_records(mouse, "no_cheese", from_text("## \n## \n@  ", 5), None).iloc[0]
    assert bare.level_type == "undefined" and bare.cheese_x == -1 and bare.quadrant == "" and not bare.in_5x5
    assert bare.p_cheese_500 == 0 and 0 < bare.p_corner_first <= 1 and np.isnan(bare.steps_cheese_corner)
    loop = compute_records(mouse, "drawn", from_text("   \n # \n@ .", 5), None).iloc[0]
    assert loop.level_type == "undefined" and np.isnan(loop.p_reach) and np.isnan(loop.steps_cheese_square)
    assert 0 < loop.p_cheese_500 <= 1


def test_seen_levels_are_those_with_the_same_walls_and_cheese():
    mouse = mouse_with(undecided, world_dim=5, cheese_region=2, num_levels=40, start_level=100)
    training = digest_training(mouse.spec)
    levels = from_seeds(np.arange(90, 400), 5, 2)
    texts = {to_text(from_seeds([seed], 5, 2), whole_world=True) for seed in range(100, 140)}
    expected = [to_text(levels.rows([row]), whole_world=True) in texts for row in range(levels.num_levels)]
    found = compute_records(mouse, "as_trained", levels, None, training).seen.tolist()
    assert found == expected and 40 < sum(found) < 310


def test_cheese_number_is_where_the_text_has_it():
    """A check of this file's own reader."""
    level = from_seeds([3], DIM)
    _, _, cheese = read(to_text(level), DIM)
    assert number(cheese, DIM) == int(level.cheese) and torch.is_tensor(level.cheese)


def test_the_published_limit_is_256_steps():
    mouse = mouse_with(undecided, world_dim=DIM)
    levels = CONDITIONS["anywhere"](mouse.spec, SEEDS)
    table, walk = compute_records(mouse, "anywhere", levels, None), build_walk(levels)
    expected = reach(walk, walk.at(levels.cheese), 256).by_step[:, -1]
    assert table.p_cheese_256.to_numpy() == pytest.approx(expected)
    assert (table.p_cheese_256 < table.p_cheese_500 - 0.01).any()

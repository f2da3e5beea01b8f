"""Single mazes: the median one is shown, as it is."""

import numpy as np
import pytest
import torch
from networks import CHANNELS, CHEESE, LAYER, NETWORKS, planted
from test_effects import FORKS

from analysis.chain import build_chain
from envs.drawings import from_text
from inside.effects import add, build_altered, measure
from inside.examples import EDITS, pick_median, show_channels, show_clamp, show_vector
from inside.maze_figures import draw_channel_maps, draw_moves
from inside.retargeting import REACHED, clamp, estimate_level, retarget
from inside.steering import compute_named_vectors

TORN = planted(cheese=1.0, corner=1.0)  # goes to the nearer one
MOUSE, FEW = NETWORKS["plain"], FORKS.rows(slice(0, 5))


def test_the_median_by_hand():
    assert pick_median(np.array([5.0, 1.0, 3.0])) == 2 and pick_median(np.array([5.0, 1.0, 3.0, 4.0])) == 2
    assert pick_median(np.array([1.0, 1.0, 1.0])) == 1 and pick_median(np.array([7.0])) == 0


@pytest.mark.parametrize("name", EDITS)
def test_the_fork_of_a_vector_is_the_median_one_and_its_moves_are_the_chain_s(name):
    shown, (factor, column, lowers) = show_vector(TORN, LAYER, FORKS, name), EDITS[name]
    vectors = compute_named_vectors(TORN, LAYER, name, FORKS)
    chains = build_chain(TORN, FORKS.levels), build_altered(TORN, FORKS.levels, {LAYER: add(vectors, factor)})
    rates = [measure(chain, FORKS)[column] for chain in chains]
    counts, fork = (rates[0] >= 0.5) if lowers else (rates[0] < 0.5), shown["fork"]
    effects = (rates[1] - rates[0])[counts]
    half, effect = len(effects) / 2, shown["rates"][1] - shown["rates"][0]
    assert 0 < counts.sum() < 24 and counts[fork] and shown["mazes"] == counts.sum()
    assert (effects < effect - 1e-9).sum() <= half <= (effects <= effect + 1e-9).sum()
    assert shown["rates"] == pytest.approx([rate[fork] for rate in rates])
    level = from_text(shown["maze"], shown["world_dim"])
    assert torch.equal(level.walls[0], FORKS.levels.walls[fork]) and level.cheese == FORKS.levels.cheese[fork]
    assert (shown["seed"], shown["square"]) == (int(FORKS.levels.seed[fork]), int(FORKS.square[fork]))
    for chain, when in zip(chains, ("before", "after"), strict=True):
        moves = np.array(shown[when], float)
        assert np.isnan(moves[0]).tolist() == level.walls[0].tolist()
        own = (chain.level == fork) & (chain.cell == shown["square"])
        np.testing.assert_allclose(moves.reshape(5, -1)[:, shown["square"]], chain.probability[own][0], atol=1e-4)


def test_no_maze_is_shown_where_there_is_nothing_to_take_away():
    assert show_vector(NETWORKS["blind"], LAYER, FORKS, "cheese") is None


def test_the_clamped_cell_is_the_median_of_those_not_reached_anyway():
    value = estimate_level(MOUSE, LAYER, [CHEESE])
    cells = retarget(MOUSE, LAYER, FEW, [CHEESE], value)
    shown = show_clamp(MOUSE, LAYER, FEW, cells, [CHEESE], value)
    missed = cells[cells.plain_target < REACHED]
    chosen = missed[(missed.fork == shown["fork"]) & (missed.cell == shown["target"])].iloc[0]
    gains = missed.p_target - missed.plain_target
    assert shown["cells"] == len(missed) and (gains < chosen.p_target - chosen.plain_target).sum() <= len(missed) / 2
    assert shown["rates"] == pytest.approx([chosen.plain_target, chosen.p_target]) and shown["rates"][1] > 0.5
    level, target = FEW.levels.rows([shown["fork"]]).hide_cheese(), torch.tensor([shown["target"]])
    chain = clamp(MOUSE, LAYER, level, target, [CHEESE], value)
    after = np.array(shown["after"], float).reshape(5, -1)[:, chain.cell].T
    np.testing.assert_allclose(after, chain.probability, atol=1e-4)
    assert show_clamp(MOUSE, LAYER, FEW, cells.assign(plain_target=1.0), [CHEESE], value) is None


def test_the_maps_show_the_cheese_at_its_position():
    shown = show_channels(MOUSE, LAYER, FORKS.rows([3]))
    maps = np.array(shown["maps"])
    assert maps.shape == (CHANNELS, 7, 7) and np.argwhere(maps[CHEESE] == 1).tolist() == [shown["cheese"]]
    start, cheese = int(FORKS.levels.start[3]), int(FORKS.levels.cheese[3])
    assert shown["mouse"] == [6 - start // 7, start % 7] and shown["cheese"] == [6 - cheese // 7, cheese % 7]


def test_figures_show_the_first_mouse_of_each_group():
    examples = {name: show_vector(MOUSE, LAYER, FEW, name) for name in EDITS}
    examples |= {"clamp": None, "channels": show_channels(MOUSE, LAYER, FEW.rows([0]))}
    mouse = {"examples": examples, "channels": {"found": {"cheese": [0], "corner": [0, 1]}}}
    groups = {"one": [mouse, {}], "two": [mouse]}
    assert draw_moves("clamp", "P")(groups) is None
    figure = draw_moves("cheese", "P")(groups)
    assert len(figure.axes) == 6 and [row.get_suptitle().split(",")[0] for row in figure.subfigs] == ["one", "two"]
    arrows = [axes.collections[0] for axes in figure.axes[:3]]
    np.testing.assert_allclose(arrows[1].U - arrows[0].U, arrows[2].U, atol=1e-9)
    maps = [axes for axes in draw_channel_maps(groups).axes if axes.get_title()]
    assert [axes.get_title() for axes in maps] == [str(channel) for channel in range(CHANNELS)] * 2
    assert [len(axes.patches) for axes in maps[:3]] == [2, 1, 0]
    images = [axes.images[0] for axes in maps]
    assert len({image.norm.vmax for image in images}) == 1 and all(i.norm.vmin == -i.norm.vmax for i in images)

"""What the figures of a report show against the findings and the records; and that there are figures of little."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from pictures import shown_in, size
from tables import WORLD_DIM, degenerate, family, findings_of, table_of

from analysis import figures, report_figures
from analysis.attributes import ATTRIBUTES
from analysis.findings import ARRIVALS
from analysis.published import DOSE_RESPONSE
from analysis.report_figures import FIGURES, group_mice
from foundation.palette import BLUE, ORANGE


def drawn(name: str) -> list[Axes]:
    """The panels of a report figure about the family, without colour scales."""
    figure = FIGURES[name](findings_of("family"), family())
    assert figure is not None
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def marks(axes: Axes, colour: str | None = None) -> list[tuple[float, float]]:
    """Every point of the lines in a panel, of one colour."""
    lines = [line for line in axes.lines if colour is None or to_hex(line.get_color()) == colour.lower()]
    return [point for line in lines for point in zip(*map(list, line.get_data()), strict=True)]


def labels(axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.filterwarnings("error")
def test_there_is_every_figure_of_a_family(name):
    figure = FIGURES[name](findings_of("family"), family())
    assert figure is not None
    size(figure)


@pytest.mark.parametrize("name", degenerate())
@pytest.mark.filterwarnings("error")
def test_there_are_figures_of_little(name):
    records, found = degenerate()[name], findings_of(name)
    figures = {name: draw(found, records) for name, draw in FIGURES.items()}
    for figure in filter(None, figures.values()):
        figure.set_layout_engine("none")  # the layout takes most of the time
        figure.draw_without_rendering()
    none = {name for name, figure in figures.items() if figure is None}
    assert ("incidence" in none) == (name in ("no forks", "no sampled episodes"))
    assert ("dose" in none) == (name in ("one mouse", "one deterministic mouse"))
    assert ("cells" in none) == (name in ("one level", "no mazes that fill the world"))
    assert none <= {"incidence", "dose", "cells", "mazes"}


def test_outcomes_are_marked_where_they_are():
    left, right = drawn("outcomes")
    groups = group_mice(findings_of("family"))
    assert labels(left.yaxis) == list(groups)
    for condition, colour in (("as_trained", ORANGE), ("anywhere", BLUE)):
        expected = [
            (mouse["conditions"][condition]["success"]["rate"], row)
            for row, mice in enumerate(groups.values())
            for mouse in mice
        ]
        assert marks(left, colour) == expected
    for row, mice in enumerate(groups.values()):
        decisions = [mouse["conditions"]["anywhere"]["decision"] for mouse in mice]
        bars = [bar for bar in right.patches if round(bar.get_y() + bar.get_height() / 2) == row]
        start = 0
        for bar, outcome in zip(bars, ("cheese", "corner", "neither"), strict=True):
            assert bar.get_x() == pytest.approx(start)
            assert bar.get_width() == pytest.approx(np.mean([decision[outcome]["rate"] for decision in decisions]))
            start += bar.get_width()
        assert start == pytest.approx(1)


def test_the_dose_is_drawn_where_it_is():
    by_region, by_share = drawn("dose")
    rows = {row["name"]: row for row in findings_of("family")["dose"]["groups"]}
    drawn_lines = {line.get_label(): list(zip(*map(list, line.get_data()), strict=True)) for line in by_region.lines}
    at = {"corner": 1, "top-right 3×3": 3, "anywhere": 5}
    for place, (reading, label) in enumerate(report_figures.READINGS.items()):
        rates = {name: rows[name][reading]["rate"]["rate"] for name in at}
        points = [(at[name] + 0.12 * (place - 1), rate) for name, rate in rates.items() if rate is not None]
        assert drawn_lines[label] == pytest.approx(np.array(points))
    assert [line for line in drawn_lines.values() if (1, DOSE_RESPONSE[1]) in line] == [
        [(n, DOSE_RESPONSE[n]) for n in (1, 2, 3, 4)]
    ]
    assert labels(by_region.xaxis) == ["corner", "3×3", "anywhere"]
    points = {tuple(point) for point in marks(by_share)}
    for row in rows.values():
        assert (row["fork_share"], row["published"]["rate"]["rate"]) in points
        for rate in row["published"]["seeds"].values():
            assert (row["fork_share"], rate) in points, "every seed, the failed ones too"
    assert {text.get_text() for text in by_share.texts} == set(rows)


def test_places_and_cells_are_those_of_the_groups():
    names = list(group_mice(findings_of("family")))
    anywhere = family().loc[family().condition == "anywhere"]
    of_group = dict(zip(names, [("0", ""), ("3", ""), ("3", "fork"), ("anywhere", "")], strict=True))
    for figure, bins in (("places", 7), ("cells", WORLD_DIM)):
        panels = drawn(figure)
        assert [axes.get_title().replace("\n", " ") for axes in panels] == names
        for axes, (region, trained_on) in zip(panels, of_group.values(), strict=True):
            own = anywhere.loc[(anywhere.region == region) & (anywhere.trained_on == trained_on)]
            own = own if figure == "places" else own.loc[own.maze_dim == WORLD_DIM]
            assert shown_in(axes) == pytest.approx(figures.compute_shares_by_place(own, bins), nan_ok=True)


def test_in_a_large_maze_a_bin_is_a_cell():
    """Each cheese cell, looked up one by one."""
    rows = table_of("random")
    rows = rows.loc[(rows.condition == "anywhere") & (rows.maze_dim == WORLD_DIM)]
    shares = figures.compute_shares_by_place(rows, WORLD_DIM)
    for (y, x), share in np.ndenumerate(shares):
        own = [row.p_cheese_500 for row in rows.itertuples() if (row.cheese_x, row.cheese_y) == (x, y)]
        assert share == pytest.approx(np.mean(own)) if own else np.isnan(share)


def test_single_mazes_show_each_cell_with_its_own_probability():
    panels = drawn("mazes")
    groups = list(group_mice(findings_of("family")))
    rows = family().loc[(family().condition == "every_cell") & (family().maze_dim == WORLD_DIM)]
    seeds = list(rows.level_seed.unique())[:4]
    assert len(seeds) > 1 and len(panels) == len(seeds) * len(groups)
    for place, axes in enumerate(panels):
        row, column = divmod(place, len(groups))
        name = next(name for name, one in findings_of("family")["mice"].items() if one["group"] == groups[column])
        maze = rows.loc[(rows.mouse == name) & (rows.level_seed == seeds[row])]
        shares = shown_in(axes)
        assert np.isfinite(shares).sum() == len(maze)
        for one in maze.itertuples():
            assert shares[one.cheese_y, one.cheese_x] == one.p_cheese_500


def test_incidence_is_drawn_of_every_mouse():
    for axes, mice in zip(drawn("incidence"), group_mice(findings_of("family")).values(), strict=True):
        expected = [mouse["incidence"][place] for place in ("cheese", "corner") for mouse in mice]
        assert [list(line.get_ydata()) for line in axes.lines] == expected
        assert all(list(line.get_xdata()) == list(ARRIVALS) for line in axes.lines)


def test_effects_are_drawn_of_all_that_is_told():
    told = 0
    for axes, mice in zip(drawn("effects"), group_mice(findings_of("family")).values(), strict=True):
        effects = [mouse["single_effects"][name] for mouse in mice for name in ATTRIBUTES]
        expected = sorted(one["effect"] for one in effects if one["effect"] is not None)
        assert sorted(x for line in axes.lines if line.get_marker() == "o" for x in line.get_xdata()) == expected
        told += len(expected)
    assert told > 5, "about the one that walks at random"


def test_bins_are_the_means_of_a_group():
    for axes, attribute in zip(drawn("bins"), report_figures.KEY_ATTRIBUTES, strict=True):
        for line, mice in zip(axes.lines, group_mice(findings_of("family")).values(), strict=True):
            curves = [mouse["single_effects"][attribute]["bins"] for mouse in mice]
            rates = [np.mean([bin["rate"] for bin in same]) for same in zip(*curves, strict=True)]
            assert list(line.get_ydata()) == pytest.approx(rates)
            assert list(line.get_xdata()) == pytest.approx([bin["centre"] for bin in curves[0]])


def test_classes_and_parts_and_goals_are_those_of_the_answers():
    groups = group_mice(findings_of("family"))
    for axes, title in zip(
        drawn("classes"), ("by level type", "by maze size", "by quadrant of the cheese"), strict=True
    ):
        for line, mice in zip(axes.lines, groups.values(), strict=True):
            tables = [mouse["breakdown"]["anywhere"][title] for mouse in mice]
            rates = [
                np.mean([table[value]["rate"] for table in tables]) for value in tables[0] if tables[0][value]["n"]
            ]
            assert list(line.get_ydata()) == pytest.approx(rates)
    for axes, part in zip(drawn("parts"), ("reach", "branch", "complete", "second_chance"), strict=True):
        rates = [(mouse["parts"][part]["rate"], row) for row, mice in enumerate(groups.values()) for mouse in mice]
        assert marks(axes) == [point for point in rates if point[0] is not None]
    for axes, condition in zip(drawn("goals"), ("as_trained", "anywhere"), strict=True):
        bars = iter(axes.patches)
        for mice in groups.values():
            for goal in ("take the cheese", "come to the corner"):
                for words in ("return", "regret"):
                    values = [mouse["proxy"][condition][f"{words} of “{goal}”"]["rate"] for mouse in mice]
                    assert next(bars).get_width() == pytest.approx(np.mean(values), abs=1e-12)
        assert next(bars, None) is None

"""What the figures show against counts made one by one; and that there is a picture whatever was counted."""

import io
import re
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import tables
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image
from tables import WORLD_DIM, degenerate, family, findings_of, table_of

from analysis import figures, report_figures
from analysis.figures import encode_png, encode_svg
from analysis.findings import ARRIVALS
from analysis.panels import choose_style, group_findings
from analysis.published import DOSE_RESPONSE
from analysis.report_figures import FIGURES
from analysis.statistics import summarise
from envs.levels import describe_region
from foundation.palette import BLACK, BLUE, ORANGE

CURVE = pd.DataFrame({"steps": [1e6, 2e6, 3e6], "success": [np.nan, 0.25, 0.75]})


def episodes_of(
    number: int = 300, success: float | None = None, level_types=("fork", "same", "beyond")
) -> pd.DataFrame:
    """Records of a mouse that takes the cheese with any probability, or always with the same."""
    rng = np.random.default_rng(number)
    maze_dim = rng.choice([3, 5, 7, 9, 11], number)
    taken = rng.random(number) if success is None else np.full(number, float(success))
    cheese_first = taken * rng.random(number)
    return pd.DataFrame(
        {
            "condition": rng.choice(["as_trained", "anywhere"], number),
            "world_dim": 11,
            "maze_dim": maze_dim,
            "cheese_x": rng.integers(0, maze_dim),
            "cheese_y": rng.integers(0, maze_dim),
            "level_type": rng.choice(level_types, number),
            "p_cheese_500": taken,
            "p_cheese_first": cheese_first,
            "p_corner_first": (1 - cheese_first) * rng.random(number),
            "walk_cheese_500": 0.7,
            "walk_cheese_first": 0.4,
            "walk_corner_first": 0.5,
        }
    )


def summary_of(episodes: pd.DataFrame, region: str | int = 0) -> dict:
    conditions = ("as_trained", "anywhere")
    summaries = {name: summarise(episodes.loc[episodes.condition == name]) for name in conditions}
    return {"mouse": {"cheese_region": region}} | summaries


def size(figure: Figure) -> tuple[int, int]:
    image = Image.open(io.BytesIO(encode_png(figure, dpi=40)))
    assert image.format == "PNG" and len(image.convert("RGB").getcolors(2**20) or []) > 10, "an empty picture"
    return image.size


DEGENERATE = {
    "no forks": episodes_of(level_types=["same"]),
    "no success": episodes_of(8, success=0),
    "nothing but success": episodes_of(8, success=1),
    "no cheese": episodes_of().assign(cheese_x=-1, cheese_y=-1),
    "one episode": episodes_of(1),
    "no episodes": episodes_of(0),
    "no large mazes": episodes_of().assign(maze_dim=3, cheese_x=2, cheese_y=2),
}


@pytest.mark.slow
def test_there_is_a_picture():
    episodes = episodes_of()
    plain = size(figures.draw_result(summary_of(episodes), episodes))
    with_curve = size(figures.draw_result(summary_of(episodes, "anywhere"), episodes, CURVE))
    assert with_curve[0] > plain[0] and with_curve[1] == plain[1]


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.filterwarnings("error")
def test_there_is_a_picture_of_little(name):
    episodes = DEGENERATE[name]
    size(figures.draw_result(summary_of(episodes), episodes, CURVE.assign(success=np.nan)))


@pytest.mark.slow
def test_there_is_a_picture_of_all_or_nothing():
    for success in (0, 1):
        episodes = episodes_of(7, success).assign(condition="anywhere")
        size(figures.draw_result(summary_of(episodes), episodes))


@pytest.mark.slow
def test_a_figure_is_always_the_same_file():
    one, other = (encode_svg(figures.draw_result(summary_of(episodes_of()), episodes_of())) for _ in range(2))
    assert b"<svg" in one and one == other


def bin_of(cell: int, maze_dim: int) -> int:
    """Seven equal bins whose first and last have the maze's edges a fourteenth of its width inside."""
    margin = Fraction(1, 14)
    return int((Fraction(cell, maze_dim - 1) + margin) / ((1 + 2 * margin) / 7))


def shown_in(axes: Axes) -> np.ndarray:
    """The numbers behind a heat map, NaN where it is empty."""
    (image,) = axes.images
    return np.ma.filled(image.get_array(), np.nan)


def test_the_heat_map_counts_each_cheese_in_its_place():
    episodes = pd.concat([episodes_of(200), DEGENERATE["no cheese"][:20]])
    played, taken = Counter(), Counter()
    for row in episodes.itertuples():
        if row.cheese_x >= 0:
            place = bin_of(row.cheese_y, row.maze_dim), bin_of(row.cheese_x, row.maze_dim)
            played[place] += 1
            taken[place] += row.p_cheese_500
    axes = Figure().subplots()
    figures.draw_success_by_cheese(axes, episodes)
    (image,) = axes.images
    assert image.origin == "lower" and list(image.get_extent()) == [0, 1, 0, 1]
    shares = shown_in(axes)
    assert shares.shape == (7, 7) and 20 < len(played) < 49, "some bins full, some empty"
    for place, share in np.ndenumerate(shares):
        assert share == pytest.approx(taken[place] / played[place]) if played[place] else np.isnan(share)
    assert f"n = {played.total():,}" in axes.get_title()
    written = {tuple(round(7 * axis - 0.5) for axis in text.get_position()): text.get_text() for text in axes.texts}
    assert written == {(column, row): f"{100 * taken[row, column] / played[row, column]:.0f}" for row, column in played}


@pytest.mark.parametrize(
    ("cheese", "place"), [((0, 0), (0, 0)), ((10, 0), (0, 6)), ((0, 10), (6, 0)), ((10, 10), (6, 6))]
)
def test_top_right_is_at_the_top_right(cheese, place):
    episodes = episodes_of(1).assign(maze_dim=11, cheese_x=cheese[0], cheese_y=cheese[1])
    axes = Figure().subplots()
    figures.draw_success_by_cheese(axes, episodes)
    assert np.argwhere(~np.isnan(shown_in(axes))).tolist() == [list(place)]


def test_bars_are_as_high_as_the_rates():
    summary = summary_of(episodes_of())
    for draw, rates in (
        (figures.draw_success_bars, [summary[name][key] for name in figures.TITLES for key in ("success", "largest")]),
        (figures.draw_decision_bars, list(summary["anywhere"]["decision"].values())),
    ):
        axes = Figure().subplots()
        draw(axes, summary)
        assert [bar.get_height() for bar in axes.patches] == [rate["rate"] for rate in rates]
        segments = [segment for lines in axes.collections for segment in lines.get_segments()]
        ends = [segment[:, 1].tolist() for segment in segments if segment[0, 0] == segment[1, 0]]  # a walk's lie flat
        assert ends == [pytest.approx([rate["low"], rate["high"]]) for rate in rates]
        assert [text.get_text() for text in axes.texts] == [f"{rate['rate']:.0%}" for rate in rates]


def test_bars_of_nothing_say_so():
    axes = Figure().subplots()
    figures.draw_decision_bars(axes, summary_of(DEGENERATE["no forks"]))
    assert [text.get_text() for text in axes.texts] == ["n = 0"] * 3 and not axes.patches
    assert "n = 0" in axes.get_title()


def test_the_curve_is_a_mean_of_the_last_five():
    curve = pd.DataFrame({"steps": np.arange(1, 9) * 1e6, "success": [np.nan, np.nan, 0.1, 0.2, 0.6, 0.4, 0.8, 0.3]})
    axes = Figure().subplots()
    figures.draw_learning_curve(axes, curve)
    x, y = axes.lines[0].get_data()
    assert list(x) == list(range(1, 9))
    expected = [np.nanmean(curve.success[max(0, i - 4) : i + 1]) if i > 1 else np.nan for i in range(8)]
    assert y == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("region", "words"),
    [("anywhere", "anywhere"), (0, "in the top-right corner"), (3, "in the top-right 3×3")],
)
def test_regions_in_words(region, words):
    assert describe_region(region) == words


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


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.filterwarnings("error")
def test_there_is_every_figure_of_a_family(name):
    figure = FIGURES[name](findings_of("family"), family())
    assert figure is not None
    size(figure)


@pytest.mark.slow
@pytest.mark.parametrize("name", tables.DEGENERATE)
@pytest.mark.filterwarnings("error")
def test_there_are_figures_of_little(name):
    records, found = degenerate()[name], findings_of(name)
    figures = {name: draw(found, records) for name, draw in FIGURES.items()}
    for figure in filter(None, figures.values()):
        figure.set_layout_engine("none")  # it takes most of the time
        figure.draw_without_rendering()
    none = {name for name, figure in figures.items() if figure is None}
    assert ("incidence" in none) == (name in ("no forks", "no sampled episodes"))
    assert ("dose" in none) == (name in ("one mouse", "one deterministic mouse"))
    assert ("cells" in none) == (name in ("one level", "no mazes that fill the world"))
    assert ("point" in none) == (name in ("no forks", "one level", "no mazes that fill the world"))
    assert ("interventions" in none) == (name in ("no forks", "one level"))
    assert none <= {"incidence", "dose", "cells", "mazes", "point", "interventions"}


def test_outcomes_are_marked_where_they_are():
    left, right = drawn("outcomes")
    groups = group_findings(findings_of("family"))
    assert labels(left.yaxis) == list(groups)

    def measured(name: str) -> list[tuple[float, int]]:
        rows = enumerate(groups.values())
        return [(mouse["measures"]["headline"][name]["rate"], row) for row, mice in rows for mouse in mice]

    for name, colour in (("as_trained", ORANGE), ("anywhere", BLUE), ("anywhere_walk", BLACK)):
        assert marks(left, colour) == measured(name)
    for row, mice in enumerate(groups.values()):
        bars = [bar for bar in right.patches if round(bar.get_y() + bar.get_height() / 2) == row]
        start = 0
        for bar, outcome in zip(bars, ("cheese", "corner"), strict=True):
            rates = [mouse["measures"]["headline"][f"{outcome}_first"]["rate"] for mouse in mice]
            assert bar.get_x() == pytest.approx(start) and bar.get_width() == pytest.approx(np.mean(rates))
            start += bar.get_width()
        assert start <= 1 + 1e-9


def test_the_point_is_a_dot_for_each_mouse_beside_chance_and_baselines():
    (axes,) = drawn("point")
    found = findings_of("family")
    points = marks(axes)
    measures = [mouse["measures"]["headline"] for mouse in found["mice"].values()]
    for own in measures:
        assert (own["able_cheese"]["rate"], own["preference"]["rate"]) in points
    walk, chance = measures[0]["able_cheese_walk"]["rate"], measures[0]["preference_chance"]["rate"]
    nearer = measures[0]["preference_nearer"]["rate"]
    for baseline in ((walk, chance), (walk, 0.0), (1.0, nearer), (1.0, 1.0)):
        assert any(point == pytest.approx(baseline) for point in points)
    assert len(points) == len(measures) + 4 + 2, "two ends of the line of chance"


def test_no_two_of_many_groups_look_alike():
    styles = [choose_style(place) for place in range(30)]
    assert all(one != other for place, one in enumerate(styles) for other in styles[:place])


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
    assert labels(by_region.xaxis) == ["corner", "2×2", "3×3", "4×4", "anywhere"]
    points = {tuple(point) for point in marks(by_share)}
    for row in rows.values():
        assert (row["fork_share"], row["published"]["rate"]["rate"]) in points
        for rate in row["published"]["seeds"].values():
            assert (row["fork_share"], rate) in points, "every seed, the failed ones too"
    assert {text.get_text() for text in by_share.texts} == set(rows)


def test_places_and_cells_are_those_of_the_groups():
    names = list(group_findings(findings_of("family")))
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
    """Each cheese's own cell, looked up one by one."""
    rows = table_of("random")
    rows = rows.loc[(rows.condition == "anywhere") & (rows.maze_dim == WORLD_DIM)]
    shares = figures.compute_shares_by_place(rows, WORLD_DIM)
    for (y, x), share in np.ndenumerate(shares):
        own = [row.p_cheese_500 for row in rows.itertuples() if (row.cheese_x, row.cheese_y) == (x, y)]
        assert share == pytest.approx(np.mean(own)) if own else np.isnan(share)


def test_single_mazes_show_each_cell_with_its_own_probability():
    panels = drawn("mazes")
    groups = list(group_findings(findings_of("family")))
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
    for axes, mice in zip(drawn("incidence"), group_findings(findings_of("family")).values(), strict=True):
        expected = [mouse["incidence"][place] for place in ("cheese", "corner") for mouse in mice]
        assert [list(line.get_ydata()) for line in axes.lines] == expected
        assert all(list(line.get_xdata()) == list(ARRIVALS) for line in axes.lines)


def test_effects_are_drawn_of_all_that_is_told():
    told = 0
    for axes, group in zip(drawn("effects"), findings_of("family")["groups"].values(), strict=True):
        expected = sorted(one["effect"] for one in group["single"].values())
        assert sorted(x for line in axes.lines if line.get_marker() == "o" for x in line.get_xdata()) == expected
        told += len(expected)
    assert told > 5


def test_classes_and_parts_and_goals_are_those_of_the_answers():
    groups = group_findings(findings_of("family"))
    for axes, title in zip(
        drawn("classes"), ("by level type", "by maze size", "by quadrant of the cheese"), strict=True
    ):
        for line, mice in zip(axes.lines, groups.values(), strict=True):
            tables = [mouse["breakdown"]["anywhere"][title] for mouse in mice]
            rates = [
                np.mean([table[value]["rate"] for table in tables]) for value in tables[0] if tables[0][value]["n"]
            ]
            assert list(line.get_ydata()) == pytest.approx(rates)
    for axes, part in zip(drawn("parts"), ("reach", "first_step", "complete", "rest"), strict=True):
        rates = [
            (mouse["measures"]["headline"][part]["rate"], row)
            for row, mice in enumerate(groups.values())
            for mouse in mice
        ]
        assert marks(axes) == [point for point in rates if point[0] is not None]
    for axes, condition in zip(drawn("goals"), ("as_trained", "anywhere"), strict=True):
        bars = iter(axes.patches)
        for mice in groups.values():
            for goal in ("take the cheese", "come to the corner"):
                for words in ("return", "regret"):
                    values = [mouse["proxy"][condition][f"{words} of “{goal}”"]["rate"] for mouse in mice]
                    assert next(bars).get_width() == pytest.approx(np.mean(values), abs=1e-12)
        assert next(bars, None) is None


def test_rounding_in_a_layout_changes_no_file():
    files = []
    for left in (0.1, 0.1 + 1e-13):
        figure = Figure()
        figure.add_axes((left, 0.1, 0.8, 0.8)).plot([0, 1], [0, 1])
        figure.add_axes((0.2, 0.6, 0.2, 0.2)).plot([0, 1], [1, 0])
        files.append(encode_svg(figure))
    assert files[0] == files[1]
    used, defined = (re.findall(pattern, files[0]) for pattern in (rb"url\(#(.*?)\)", rb'<clipPath id="(.*?)"'))
    assert set(used) == set(defined) and len(set(defined)) == len(defined) == 2

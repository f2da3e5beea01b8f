"""The data in the figures, against explicit counts; every figure can be drawn from any records."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from pictures import shown_in, size

from analysis import figures
from analysis.figures import encode_svg
from analysis.statistics import summarise

CURVE = pd.DataFrame({"steps": [1e6, 2e6, 3e6], "success": [np.nan, 0.25, 0.75]})


def episodes_of(
    number: int = 300, success: float | None = None, level_types=("fork", "same", "beyond")
) -> pd.DataFrame:
    """Records of a mouse with random success probabilities, or with one constant probability."""
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
        }
    )


def summary_of(episodes: pd.DataFrame, region: str | int = 0) -> dict:
    conditions = ("as_trained", "anywhere")
    summaries = {name: summarise(episodes.loc[episodes.condition == name]) for name in conditions}
    return {"mouse": {"cheese_region": region}} | summaries


DEGENERATE = {
    "no forks": episodes_of(level_types=["same"]),
    "no success": episodes_of(8, success=0),
    "nothing but success": episodes_of(8, success=1),
    "no cheese": episodes_of().assign(cheese_x=-1, cheese_y=-1),
    "one episode": episodes_of(1),
    "no episodes": episodes_of(0),
    "no large mazes": episodes_of().assign(maze_dim=3, cheese_x=2, cheese_y=2),
}


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


def test_there_is_a_picture_of_all_or_nothing():
    for success in (0, 1):
        episodes = episodes_of(7, success).assign(condition="anywhere")
        size(figures.draw_result(summary_of(episodes), episodes))


def test_a_figure_is_always_the_same_file():
    one, other = (encode_svg(figures.draw_result(summary_of(episodes_of()), episodes_of())) for _ in range(2))
    assert b"<svg" in one and one == other


def bin_of(cell: int, maze_dim: int) -> int:
    """Seven equal bins; the maze's edges are half a bin inside the first and the last."""
    margin = Fraction(1, 14)
    return int((Fraction(cell, maze_dim - 1) + margin) / ((1 + 2 * margin) / 7))


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
        ends = [segment[:, 1].tolist() for lines in axes.collections for segment in lines.get_segments()]
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

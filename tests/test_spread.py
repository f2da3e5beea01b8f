"""The spread over training seeds, on planted mice and planted variances."""

import json

import numpy as np
import pandas as pd
import pytest
from commands import files_in, write_seeds
from tables import table_of

from analysis.spread import READINGS, _describe, compute_spread, describe_spread, draw_spread


def corners(*plans: str) -> pd.DataFrame:
    """Mice that are said to have trained in the corner, with these plans."""
    return pd.concat([table_of(plan, "0", seed) for seed, plan in enumerate(plans)], ignore_index=True)


def test_a_mouse_unlike_the_rest_is_named_and_a_random_walk_is_not():
    records = corners("to the corner", "to the corner", "to the cheese", "random")
    (group,) = compute_spread(records).values()
    assert group["above_walk"] == ["to the cheese 0  2"]
    by_name = {mouse["name"].split(" 0")[0]: mouse for mouse in group["mice"]}
    assert by_name["to the cheese"]["preference"] == 1 and by_name["to the corner"]["preference"] == 0
    assert by_name["to the corner"]["corner_first"] == pytest.approx(1) and by_name["to the cheese"]["able_cheese"] == 1
    assert by_name["random"]["corner_first"] == pytest.approx(group["readings"]["corner_first"]["walk"])
    text = "\n".join(describe_spread("corner", group))
    assert (
        "corner, 4 training seeds" in text
        and "correction): 1 mouse: to the cheese" in text
        and "to the cheese 0  2" in text
    )


def test_mice_that_are_alike_have_no_spread_and_none_is_above_a_random_walk():
    (group,) = compute_spread(corners("to the corner", "to the corner", "to the corner")).values()
    assert group["readings"]["corner_first"] | {"walk": None} == {
        "n": 3, "levels": group["readings"]["corner_first"]["levels"], "walk": None, "mean": 1.0, "least": 1.0,
        "most": 1.0, "sd": 0.0, "sd_low": 0.0, "sd_high": 0.0,
    }  # fmt: skip
    assert group["above_walk"] == [] and "correction): 0 mice" in describe_spread("corner", group)[-1]


def test_levels_that_one_mouse_lacks_count_for_the_others():
    table = pd.DataFrame([[0.0, 1.0, 1.0, 1.0], [0.0, 0.0, np.nan, 0.0]])
    found = _describe(table, 0.5)
    assert (found["least"], found["most"], found["mean"], found["levels"]) == (0.0, 0.75, 0.375, 3)


def test_one_mouse_has_no_spread_but_is_read():
    (group,) = compute_spread(corners("to the cheese")).values()
    assert group["readings"]["preference"]["sd"] is None and group["readings"]["preference"]["mean"] == 1
    assert "standard deviation" not in "\n".join(describe_spread("corner", group))


@pytest.mark.parametrize("mice", [5, 40])
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.2])
def test_the_interval_of_the_spread_covers_the_planted_one(spread, mice):
    """Mice differ by ``spread``; mazes, and each mouse in each maze, differ by much more."""
    rng, covered, found = np.random.default_rng(0), 0, []
    for _ in range(60):
        values = rng.normal(0, spread, (mice, 1)) + rng.normal(0, 0.5, 50) + rng.normal(0, 0.3, (mice, 50))
        one = _describe(pd.DataFrame(values), 0.0)
        found.append(one["sd"] ** 2)
        covered += one["sd_low"] <= spread <= one["sd_high"]
    # A variance below the noise counts as 0, so that few mice seem to differ a little more than they do.
    assert np.mean(found) ** 0.5 == pytest.approx(spread, abs=0.025 if mice == 40 else 0.035)
    assert covered >= 53, "95 % in theory"


def test_groups_come_from_the_corner_to_anywhere():
    records = pd.concat([table_of("to the cheese", region, 0) for region in ("anywhere", "5", "0")], ignore_index=True)
    assert list(compute_spread(records)) == ["corner", "top-right 5×5", "anywhere"]


def test_every_group_is_drawn_in_a_row():
    records = pd.concat([corners("to the corner", "random"), table_of("to the cheese", "3")], ignore_index=True)
    groups = compute_spread(records)
    assert list(groups) == ["corner", "top-right 3×3"] and all(
        set(one["readings"]) == set(READINGS) for one in groups.values()
    )
    panels = draw_spread(groups).axes
    assert [axes.get_title().split("\n")[0] for axes in panels] == [
        "corner: 2 mice", "corner: 2 mice", "top-right 3×3: 1 mouse", "top-right 3×3: 1 mouse",
    ]  # fmt: skip
    heights = [sum(patch.get_height() for patch in axes.patches) for axes in panels]
    assert heights == [2, 2, 1, 1], "every mouse is in a bar"


def test_the_command_writes_numbers_a_figure_and_records_and_goes_on(call, tmp_path, training):
    write_seeds(training[0] / "mouse.safetensors", tmp_path, "one", "two")
    command = ("evaluate.py", "checkpoint=*.safetensors", "report=spread", "levels=12", "device=cpu", "out=page")
    code, said, errors = call(*command)
    assert (code, errors) == (0, "") and "2 training seeds" in said and "figure: page/figures/spread.png" in said
    assert {path.name for path in (tmp_path / "page").iterdir()} == {
        "spread.json",
        "records.parquet",
        "figures",
        "parts",
    }
    found = json.loads((tmp_path / "page" / "spread.json").read_text())
    (group,) = found["groups"].values()
    assert found["levels"] == 12 and [mouse["name"] for mouse in group["mice"]] == ["one", "two"]
    before = files_in(tmp_path / "page" / "parts")
    assert call(*command)[0] == 0 and files_in(tmp_path / "page" / "parts") == before

"""Fine-tuned mice: budgets, the target and the forecasts, from measurements made up by hand."""

from pathlib import Path

import numpy as np
import pytest
from mice import mouse_with, undecided

from foundation.errors import InputError
from inside.figures import draw_finetuning
from inside.finetuning import (
    COMMAND,
    NEW_WEIGHTS,
    Firsts,
    answer_finetuning,
    check_finetuned,
    collect_tuning,
    compute_distance,
    find_best_edit,
    is_close,
    list_edits,
)
from inside.forecasts import CRITERIA, Basis

ORIGINAL = 1_000_000


def make_mouse(name, region="anywhere", steps=ORIGINAL, origin=None, seed=0, began_from="", **env):
    mouse = mouse_with(undecided, cheese_region=region, **env)
    header = {"config": {"seed": seed}, "progress": {"steps": steps}}
    if origin is not None:
        before = {"cheese_region": origin, "level_types": None}
        name_before = began_from or f"region{origin}-seed0"
        header["init"] = {"name": name_before, "config": {"env": before}, "progress": {"steps": ORIGINAL}}
    return mouse._replace(header=header, path=Path(f"{name}.safetensors"))


def estimate(rate):
    return {"rate": rate, "low": rate - 0.05, "high": rate + 0.05, "n": 64}


def firsts(cheese, corner):
    return {"p_cheese_first": estimate(cheese), "p_corner_first": estimate(corner)}


def behave(cheese, corner=0.05):
    return {"behaviour": {"mouse": firsts(cheese, corner), "random walk": firsts(0.2, 0.1)}}


def study(rate, edited, offset=0.1, clamped=0.1, corner=0.05):
    row = {"vector": "cheese", "source": "own"}
    cells = [
        {"p_target": clamped, "p_corner": corner, "is_fork": True},
        {"p_target": 1.0, "p_corner": 0.0, "is_fork": False},
    ]
    return {
        **behave(rate, corner),
        "steering": [row | {"factor": factor, **firsts(one, corner)} for factor, one in ((0.0, 0.99), (2.0, edited))],
        "offsets": [{"offset": each, **firsts(one, corner)} for each, one in ((0.0, 0.99), (1.0, offset))],
        "retargeting": [{"activations": 1, "cells": cells}],
    }


STUDIED = {"region5-seed0": 5, "anywhere-seed0": "anywhere", "anywhere-seed1": "anywhere"}
RATES = {"region5-seed0": 0.3, "anywhere-seed0": 0.91, "anywhere-seed1": 0.89}


def tune(budgets, studied=STUDIED, edited=0.5):
    """What is collected of fine-tuned mice with these (origin, steps, rates of the seeds), and of controls."""
    mice = [make_mouse(name, region) for name, region in studied.items()]
    tuned, behaviour = [], {}
    for origin, steps, rates, *control in budgets:
        region = origin if control else "anywhere"
        for seed, rate in enumerate(rates):
            name = f"{origin}-{region}-{steps}-{seed}"
            tuned.append(make_mouse(name, region, steps=steps, origin=origin, seed=seed))
            behaviour[tuned[-1].name] = behave(rate)
    return collect_tuning(mice, {name: study(RATES[name], edited) for name in studied}, tuned, behaviour)


def judge(budgets, name="finetune_pure_cheese_under_10", **arguments):
    return CRITERIA[name](Basis([], tune(budgets, **arguments)))


def test_budgets_are_means_over_seeds_by_origin_and_steps():
    tuning = tune([(5, 20_000, [0.5, 0.7]), (0, 20_000, [0.4]), (None, 50_000, [0.6, 0.6]), (5, 10_000, [0.5])])
    found = {(each.origin, each.steps): each for each in tuning.budgets}
    assert set(found) == {
        ("top-right 5×5", 10_000),
        ("top-right 5×5", 20_000),
        ("corner", 20_000),
        (NEW_WEIGHTS, 50_000),
    }
    both = found["top-right 5×5", 20_000]
    assert both.cheese["rate"] == pytest.approx(0.6) and both.cheese["n"] == 2
    assert both.cheese["low"] < 0.6 < both.cheese["high"] and both.seeds == [(0.5, 0.05), (0.7, 0.05)]
    assert both.firsts == pytest.approx((0.6, 0.05)) and both.corner["rate"] == pytest.approx(0.05)
    assert found[NEW_WEIGHTS, 50_000].share == 0.05  # of the steps of the mice that the others were fine-tuned from
    assert tuning.target == pytest.approx((0.9, 0.05)) and tuning.walk == pytest.approx((0.2, 0.1))
    assert tuning.before["top-right 5×5"] == pytest.approx((0.3, 0.05))


def test_only_the_mice_that_were_fine_tuned_stand_for_before(monkeypatch):
    monkeypatch.setitem(RATES, "region5-seed1", 0.7)
    assert tune([(5, 10_000, [0.5])], STUDIED | {"region5-seed1": 5}).before == {"top-right 5×5": (0.3, 0.05)}


def test_steps_stand_alone_where_the_original_steps_are_not_known():
    tuning = tune([(None, 98_304, [0.5])], {"region5-seed0": 5})
    (answer,) = answer_finetuning(tuning).values()
    assert np.isnan(tuning.budgets[0].share) and draw_finetuning(tuning) is None
    assert answer.beside.startswith("Reached first, by budget: 98,304 steps: cheese 50.0 %") and "nan" not in str(
        answer
    )


def test_mice_that_went_on_as_before_are_controls():
    tuning = tune([(5, 30_000, [0.9]), (5, 30_000, [0.34, 0.36], "control")])
    assert [(each.is_control, each.firsts.cheese) for each in tuning.budgets] == [(False, 0.9), (True, 0.35)]
    answer = answer_finetuning(tuning)["top-right 5×5"]
    assert "they reach the cheese first in 90.0 % (" in answer.sentence
    beside = "Trained on with the cheese where it was: 3 % of the steps (30,000): cheese 35.0 %, corner 5.0 %."
    assert beside in answer.beside
    curves = {line.get_label(): line for line in draw_finetuning(tuning).axes[0].lines}
    assert list(curves["top-right 5×5, trained on as before"].get_ydata()) == pytest.approx([0.35])
    (alone,) = answer_finetuning(tune([(5, 30_000, [0.9], "control")])).values()
    assert alone.sentence == "Not judged: none of these mice went on with the cheese anywhere."


def test_steps_of_an_imported_mouse_are_not_known():
    mice = [make_mouse("imported", "anywhere", steps=0), make_mouse("anywhere-seed0")]
    tuned = make_mouse("tuned", steps=10_000, origin="anywhere", began_from="imported")
    tuned.header["init"]["progress"] = {}
    results = {mouse.name: study(0.9, 0.5) for mouse in mice}
    (budget,) = collect_tuning(mice, results, [tuned], {"tuned": behave(0.9)}).budgets
    assert budget.share == 10_000 / ORIGINAL


def test_new_weights_alone_are_compared_with_mice_trained_anywhere():
    (budget,) = tune([(None, 50_000, [0.5])]).budgets
    assert (budget.origin, budget.share) == (NEW_WEIGHTS, 0.05)


@pytest.mark.parametrize(
    ("budgets", "sentence"),
    [
        (
            [(5, 10_000, [0.5, 0.6]), (5, 30_000, [0.87, 0.9]), (5, 80_000, [0.9, 0.9])],
            "After 3 % of the original steps, the smallest measured budget within 2 points of the anywhere "
            "mice (cheese 90.0 %, corner 5.0 %), they reach the cheese first in 88.5 % (",
        ),
        ([(5, 30_000, [0.97])], "they reach the cheese first in 97.0 % ("),
        (
            [(5, 10_000, [0.5]), (5, 30_000, [0.8, 0.95, 0.86])],
            "No measured budget is within 2 points of the anywhere mice (cheese 90.0 %, corner 5.0 %). After "
            "3 % of the original steps, the largest, they reach the cheese first in 87.0 % (",
        ),
    ],
)
def test_the_sentence_names_the_smallest_budget_whose_mean_is_close(budgets, sentence):
    (answer,) = answer_finetuning(tune(budgets)).values()
    assert sentence in answer.sentence and "× 64 mazes)." in answer.sentence
    assert "The same mice before: cheese 30.0 %, corner 5.0 %." in answer.beside
    assert "A random walk: cheese 20.0 %, corner 10.0 %." in answer.beside
    assert "chosen on these mazes (+2 × the cheese vector (own)): cheese 50.0 %, corner 5.0 %." in answer.beside


def test_the_best_edit_is_not_one_that_only_takes_the_corner_away():
    before, target = Firsts(0.1, 0.7), Firsts(0.9, 0.0)
    edits = {"breaks": Firsts(0.08, 0.05), "helps": Firsts(0.3, 0.6)}
    assert find_best_edit(edits, before, target) == "helps"
    assert find_best_edit({"breaks": edits["breaks"]}, before, target) is None


def test_without_a_target_or_mice_nothing_is_judged():
    (answer,) = answer_finetuning(tune([(5, 10_000, [0.9])], studied={"region5-seed0": 5})).values()
    assert answer.sentence.startswith("Not judged") and "P" not in answer.sentence
    (answer,) = answer_finetuning(tune([])).values()
    assert COMMAND in answer.sentence and draw_finetuning(tune([])) is None


@pytest.mark.parametrize(
    ("cheese", "corner", "close", "distance"),
    [
        (0.879, 0.05, False, 0.021),
        (0.881, 0.05, True, 0.019),
        (0.99, 0.0, True, 0.0),
        (0.9, 0.069, True, 0.019),
        (0.95, 0.08, False, 0.03),  # more of both: it gets lost less, and goes to the corner more
        (0.8, 0.1, False, 0.15),
    ],
)
def test_less_cheese_and_more_corner_are_far_and_the_opposite_is_not(cheese, corner, close, distance):
    target = Firsts(0.9, 0.05)
    assert is_close(Firsts(cheese, corner), target) is close
    assert compute_distance(Firsts(cheese, corner), target) == pytest.approx(distance)


@pytest.mark.parametrize("name", ["finetune_pure_cheese_under_10", "finetuning_beats_editing"])
def test_mice_that_are_close_before_tell_nothing_of_fine_tuning(name, monkeypatch):
    monkeypatch.setitem(RATES, "region5-seed0", 0.95)
    budgets = [(5, 30_000, [0.95])]
    assert judge(budgets, name, edited=0.1) is None
    assert answer_finetuning(tune(budgets))["top-right 5×5"].sentence.startswith("Not judged: before fine-tuning")


@pytest.mark.parametrize(
    ("budgets", "expected"),
    [
        ([(5, 30_000, [0.9, 0.88])], True),
        ([(5, 30_000, [0.9]), (5, 90_000, [0.8])], True),
        ([(5, 90_000, [0.9, 0.8])], False),
        ([(5, 30_000, [0.8])], None),  # more steps, still less than 10 %, might be enough
        ([(5, 100_000, [0.9])], None),
        ([(5, 90_000, [0.9], "control")], None),
        ([(0, 30_000, [0.9]), (None, 30_000, [0.9])], None),  # the forecast is about 5×5 mice
        ([], None),
    ],
)
def test_whether_finetuning_is_cheap(budgets, expected):
    assert judge(budgets) is expected
    assert judge(budgets, studied={"region5-seed0": 5}) is None


@pytest.mark.parametrize(
    ("budgets", "edited", "expected"),
    [
        ([(5, 30_000, [0.7]), (5, 10_000, [0.4])], 0.5, True),
        ([(5, 30_000, [0.4])], 0.5, False),
        ([(5, 30_000, [0.95])], 0.93, False),  # both are above the anywhere mice
        ([(5, 200_000, [0.9])], 0.5, None),
        ([(0, 30_000, [0.9])], 0.5, None),
    ],
)
def test_whether_finetuning_beats_editing(budgets, edited, expected):
    name = "finetuning_beats_editing"
    assert judge(budgets, name, edited=edited) is expected
    assert judge(budgets, name, edited=edited, studied={"anywhere-seed0": "anywhere"}) is None


def test_edits_are_averaged_over_mice_and_doing_nothing_is_none():
    found = list_edits([study(0.3, 0.6, offset=0.2, clamped=0.7), study(0.3, 0.4, offset=0.4, clamped=0.1)])
    expected = {"+2 × the cheese vector (own)": 0.5, "an offset of +1": 0.3, "1 activations clamped": 0.4}
    assert {name: each.cheese for name, each in found.items()} == pytest.approx(expected)
    assert all(each.corner == pytest.approx(0.05) for each in found.values())


def test_the_figure_has_a_dot_for_each_seed_and_a_curve_for_each_origin():
    tuning = tune([(5, 10_000, [0.5, 0.6]), (5, 50_000, [0.8, 0.9]), (0, 10_000, [0.4]), (None, 10_000, [0.3])])
    axes, other = draw_finetuning(tuning).axes
    assert list(other.lines[1].get_ydata()) == pytest.approx([0.05])
    curves = {line.get_label(): line for line in axes.lines}
    labels = {"fine-tuned from top-right 5×5", "fine-tuned from corner", NEW_WEIGHTS, "top-right 5×5, before"}
    assert labels <= set(curves)
    assert list(curves["fine-tuned from top-right 5×5"].get_ydata()) == pytest.approx([0.55, 0.85])
    dots = sum(len(points.get_offsets()) for points in axes.collections if hasattr(points, "get_sizes"))
    assert dots == 6


@pytest.mark.parametrize("env", [{"region": 5}, {"level_types": ["fork"]}, {"region": 5, "origin": 3}])
def test_mice_that_did_not_train_anywhere_are_refused(env):
    with pytest.raises(InputError, match=r"finetuned= takes mice trained with env\.cheese_region"):
        check_finetuned([make_mouse("good", origin=5), make_mouse("control", 5, origin=5), make_mouse("bad", **env)])

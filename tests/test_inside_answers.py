"""Answers and criteria of the page, asked of hand-made measurements: what baselines reach must not count."""

import pytest

from analysis.scorecard import Criterion
from inside.activations import LAYER
from inside.answers import answer_channels, answer_places, answer_removal, answer_retargeting, answer_scrubbing
from inside.finetuning import Firsts, Tuning
from inside.forecasts import CRITERIA, Basis
from inside.study import Measured

NOTHING = Tuning([], None, {}, {}, Firsts(0.2, 0.1))
CHANNELS = 16


def rate(value: float, n: int = 64) -> dict:
    return {"rate": value, "low": value - 0.01, "high": value + 0.01, "n": n}


def ask(name: str, *mice: Measured) -> bool | None:
    criterion: Criterion = CRITERIA[name]
    return criterion(Basis(mice, NOTHING))


def searched(marking=0, carrying=(), falls=(0.0,) * CHANNELS) -> dict:
    """The part "channels": the first ones mark the cheese, and those of ``carrying`` carry it."""
    maps = [{"channel": number, "mark": "cheese", "marks": number < marking} for number in range(CHANNELS)]
    resampling = [
        {"channel": number, "goal": goal, "change": -fall, "lowers": goal == "cheese" and number in carrying}
        for goal in ("cheese", "corner")
        for number, fall in enumerate(falls)
    ]
    both = [number for number in carrying if number < marking]
    return {"maps": maps, "resampling": resampling, "found": {"cheese": both, "corner": []}}


def clamped(reached: float, plain: float, walk: float, found: int = 1) -> Measured:
    mazes = [{"reached": reached, "plain": plain, "walk": walk, "lost": 0.0}] * 4
    return {
        "channels": searched(found, range(found)),
        "retargeting": [{"activations": 1, "channels": [0], "mazes": mazes}],
    }


@pytest.mark.parametrize(
    ("reached", "plain", "walk", "found", "expected"),
    [
        (0.6, 0.3, 0.4, 1, True),
        (0.38, 0.3, 0.2, 1, False),  # 8 points are too few
        (0.6, 0.3, 0.7, 1, False),  # a policy broken to a random walk reaches more
        (0.6, 0.3, 0.4, 0, False),  # by channels that were not found
    ],
)
def test_a_clamp_steers_if_it_gains_more_than_a_random_walk(reached, plain, walk, found, expected):
    assert ask("interpretable_steering", clamped(reached, plain, walk, found)) is expected


def test_the_random_walk_stands_beside_the_clamp():
    answer = answer_retargeting([clamped(0.6, 0.3, 0.7)])
    assert (
        "in 100.0 % (" in answer.sentence and "without a clamp, in 0.0 %; a random walk, in 100.0 %" in answer.sentence
    )
    assert "+30.0 points of the cells compared with no clamp (a random walk: +40.0)" in answer.beside


@pytest.mark.parametrize(("accuracies", "expected"), [((0.75, 0.69), True), ((0.75, 0.6), False), ((), None)])
def test_a_probe_reads_the_cheese_on_average(accuracies, expected):
    mice = [{"probes": [{"layer": LAYER, "target": "cheese", **rate(each)}]} for each in accuracies]
    assert ask("probe_cheese_over_70", *mice) is expected


@pytest.mark.parametrize(
    ("number", "untrained", "five", "many"),
    [
        (4, (0, 0, 0), True, True),  # a quarter of the channels
        (3, (0, 0, 0), False, False),
        (8, (1, 8, 0), False, False),  # one untrained network has as many
    ],
)
def test_channels_count_beyond_each_untrained_network(number, untrained, five, many, monkeypatch):
    monkeypatch.setattr("inside.forecasts.SEVERAL", 4)
    networks = {str(each): {"channels": searched(count)} for each, count in enumerate(untrained)}
    mouse = {"channels": searched(number), "untrained": networks}
    assert ask("five_interpretable_channels", mouse) is five and ask("many_interpretable_channels", mouse) is many
    # Most mice, not one of two.
    few = {"channels": searched(0), "untrained": networks}
    assert ask("many_interpretable_channels", mouse, few) is False


def removed(best: float, walk: float = 0.1, random: float = 0.0, corner: float = 0.1) -> Measured:
    falls = {"channels": (best, corner), "random channels": (random, 0.0), "blind": (0.8, 0.0), "walk": (walk, 0.2)}
    rows = [{"kind": kind, "cheese": cheese, "corner": fall, "cheese_low": 0.2, "cheese_high": 0.4,
             "best": kind == "channels", "best_random": kind == "random channels"}
            for kind, (cheese, fall) in falls.items()]  # fmt: skip
    return {"removal": rows, "behaviour": {"mouse": {"p_cheese": rate(0.5), "p_corner_first": rate(0.5)}}}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"best": 0.5}, True),
        ({"best": 0.3}, False),  # less than half of what hiding the cheese takes
        ({"best": 0.5, "walk": 0.6}, False),
        ({"best": 0.5, "corner": 0.3}, False),
    ],
)
def test_cheese_seeking_is_removed_alone(arguments, expected):
    assert ask("goals_apart_from_capabilities", removed(**arguments)) is expected


def test_a_removal_is_not_shown_where_a_baseline_removes_as_much():
    def answer(**arguments: float) -> str:
        return answer_removal([removed(0.3, **arguments)]).sentence

    assert answer(walk=0.5).startswith("Not shown: with the best patch, P(cheese) falls by 30 %")
    assert answer(random=0.3).endswith("but random channels take as much.")
    assert answer(random=0.2).startswith(
        "With the best patch, P(cheese) falls by 30 % of what it was (fall: 20 to 40 %"
    )


def test_what_the_test_of_channels_missed_is_said():
    mouse = {
        "channels": searched(1, (0, 1), (0.3, 0.1, 0.154, *[0.0] * 13)),
        "untrained": {"one": {"channels": searched()}},
        "behaviour": {"mouse": {"p_cheese": rate(0.6)}},
    }
    answer = answer_channels([mouse])
    assert "the cheese was found in 1 of 1 mouse" in answer.sentence
    assert "P(cheese) is 60.0 % before" in answer.beside
    assert "not significant is 15.4 points. The smallest significant one is 10.0 points." in answer.beside


def test_places_say_the_least_and_the_most_of_all_layers():
    def mouse(*hidden: float) -> Measured:
        layers = [f"embedder.block{number}.res1" for number in (1, 2, 3)]
        places = [{"layer": layer, "radius": 0, "of": of, "p_cheese": rate(0.6 - each)}
                  for layer, of, each in zip(layers, (36, 9, 4), hidden, strict=True)]  # fmt: skip
        return {"places": places, "behaviour": {"mouse": {"p_cheese": rate(0.6)}, "blind": {"p_cheese": rate(0.1)}}}

    answer = answer_places([mouse(0.25, 0.05, 0.2), mouse(0.3, 0.1, 0.2)])
    assert "falls by 15 % (-49 to 79) in block2.res1, the least, to 55 % (" in answer.sentence
    assert "2 mice" in answer.sentence and "block1.res1 55 % (3 %), block2.res1 15 % (11 %)" in answer.beside
    assert answer_places([mouse(0.25, 0.05, 0.2)]).sentence.startswith("If the cheese is hidden only")
    blind = mouse(0, 0, 0) | {"behaviour": {name: {"p_cheese": rate(0.3)} for name in ("mouse", "blind")}}
    assert answer_places([blind]).sentence.startswith("Not defined")


def test_random_channels_stand_beside_every_swap():
    shares = {"same": 0.1, "other": 0.4, "worst": 0.5, "random_same": 0.2, "random_other": 0.3, "random_worst": 0.45}
    swaps = {name: {"moved": rate(share), "size": rate(share / 10)} for name, share in shares.items()}
    mouse = {"scrubbing": {"swaps": swaps, "tried": 9}, "channels": searched(1, (0,))}
    answer = answer_scrubbing([mouse])
    assert "changes in 10.0 % (" in answer.sentence
    assert "same cell 10.0 %, 0.01 (20.0 %, 0.02); in another cell 40.0 %, 0.04 (30.0 %, 0.03)" in answer.beside
    assert "worst swap with the cheese in the same cell 50.0 %, 0.05 (45.0 %, 0.04)" in answer.beside


def test_goals_are_not_apart_from_capabilities_where_the_corner_falls_to_a_random_walk():
    assert ask("goals_apart_from_capabilities", removed(best=0.5, corner=0.22)) is False

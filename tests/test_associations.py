"""Associations: which regression tells the effect of which distance."""

import pandas as pd

from analysis import associations


def test_joint_effects_are_those_of_the_first_regression_that_has_them(monkeypatch):
    number = {names: place for place, names in enumerate(associations.JOINT.values())}
    monkeypatch.setattr(
        associations, "compute_effects", lambda forks, names, *_, **more: {name: number[names] for name in names}
    )
    found = associations.compute_joint_effects(pd.DataFrame())
    expected = {"steps_cheese_square": 0, "straight_cheese_5x5": 1, "straight_square_5x5": 3}
    assert {name: found[name] for name in expected} == expected


def test_a_move_up_and_right_alone_is_asked_of_cheeses_outside_the_quadrant(monkeypatch):
    asked = {}
    monkeypatch.setattr(
        associations,
        "compute_effects",
        lambda rows, names, *_, **more: asked.setdefault(next(iter(names)), rows.index.tolist()) and {},
    )
    forks = pd.DataFrame({"straight_cheese_quadrant": [0, 3, 0, 5]})
    associations.compute_single_effects(forks, forks)
    assert asked["up_right_only"] == [1, 3]

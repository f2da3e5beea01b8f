"""Forecasts and their criteria."""

import pytest

from analysis.attributes import ATTRIBUTES
from analysis.attribution import CANNOT_TELL, GOES_WITH, NO_EFFECT, Attribution
from analysis.scorecard import CRITERIA, Measured, read_predictions, score_forecasts


def found(effect: float, verdict: str = GOES_WITH) -> Attribution:
    return Attribution(effect, effect - 0.1, effect + 0.1, 0.001, verdict, 3)


def all_of(effect: float, verdict: str = GOES_WITH) -> dict[str, Attribution]:
    return {name: found(effect, verdict) for name in ATTRIBUTES}


NOTHING = Measured(None, {}, {}, ())


def test_every_criterion_has_its_forecast_and_the_file_is_read_whole():
    predictions = read_predictions()
    assert set(CRITERIA) <= set(predictions.id) and len(predictions) == 28 and predictions.id.is_unique
    assert predictions.set_index("id").probability["cheese_corner_steps"] == 0.92
    assert predictions.probability.isna().sum() == 5


def test_what_cannot_be_told_is_not_scored():
    for measured in (NOTHING, NOTHING._replace(single=all_of(0, CANNOT_TELL), joint=all_of(0, CANNOT_TELL))):
        card = score_forecasts(measured)
        assert len(card["rows"]) == len(CRITERIA) and card["brier"] is None and card["scored"] == 0


def test_closer_is_more_and_brier_is_the_squared_miss():
    card = score_forecasts(NOTHING._replace(joint=all_of(-1.0)))
    rows = {row["id"]: row for row in card["rows"]}
    assert rows["cheese_corner_steps"]["came_out"] is True
    assert rows["cheese_corner_steps"]["brier"] == pytest.approx(0.08**2)
    assert rows["square_corner_steps"]["brier"] == pytest.approx(0.68**2)
    assert rows["step_effect_is_chain_artifact"]["came_out"] is False
    for joint in (all_of(1.0), all_of(0.0, NO_EFFECT)):
        rows = {row["id"]: row for row in score_forecasts(NOTHING._replace(joint=joint))["rows"]}
        assert rows["cheese_corner_steps"]["came_out"] is False
        assert rows["step_effect_is_chain_artifact"]["came_out"] is True


@pytest.mark.parametrize(("interval", "answer"), [((0.1, 0.3), True), ((0.31, 0.5), False), ((0.2, 0.4), None)])
def test_a_bound_is_met_if_the_interval_says_so(interval, answer):
    rows = score_forecasts(NOTHING._replace(far_quadrants=interval))["rows"]
    assert rows[0]["came_out"] is answer and rows[0]["brier"] is None


def test_two_policies_are_a_matter_of_most_mice():
    def outcome(*algorithms: str) -> tuple:
        rows = {row["id"]: row["came_out"] for row in score_forecasts(NOTHING._replace(algorithms=algorithms))["rows"]}
        return rows["two_subpolicies"], rows["two_subpolicies_only_near_corner"]

    assert outcome("goals mixed by branch", "goals mixed by nothing", "cheese") == (True, True)
    assert outcome("corner", "corner", "a goal a maze") == (False, False)
    assert outcome("nearer of cheese and region", "nearer of cheese and region", "cheese") == (False, True)

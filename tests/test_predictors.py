"""Mice with planted preferences: the regressions must find them, or report that they are undetermined."""

import numpy as np
import pandas as pd
import pytest

from analysis import predictors
from analysis.attributes import ATTRIBUTES, compute_attributes
from analysis.predictors import (
    CANNOT_TELL,
    MODELS,
    PUBLISHED_OUTCOME,
    REPLICA,
    compute_bins,
    compute_parts,
    compute_single_effects,
    fit,
    fit_model,
    fit_replica,
)
from envs import paths
from envs.levels import from_seeds

BETA = {"near": 1.0, "far": -0.5}
EFFECT = ("effect", "low", "high", "p", "p_holm")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def z_scored(values):
    return (values - values.mean(axis=0)) / values.std(axis=0)


def forks(number: int = 400, seed: int = 0) -> pd.DataFrame:
    """Real levels with their attributes, and random outcomes, sampled and exact."""
    levels = from_seeds(range(seed, seed + 3 * number), 13)
    _, square = paths.classify_levels(levels)
    table = compute_attributes(levels, square)
    table["optimal_steps"] = paths.distance_at(paths.compute_distances(levels, levels.start), levels.cheese).numpy()
    table = table.loc[(square >= 0).numpy()].head(number).reset_index(drop=True)
    assert len(table) == number
    return taking(table, np.full(number, 0.5))


def taking(table: pd.DataFrame, probability: np.ndarray) -> pd.DataFrame:
    """The levels with a mouse that reaches the cheese with these probabilities."""
    taken = np.random.default_rng(len(table)).random(len(table)) < probability
    return table.assign(**{PUBLISHED_OUTCOME: probability, "t_cheese": np.where(taken, 20, -1)})


FORKS = forks()
NO_FORKS = FORKS.iloc[:0]


def planted(beta: dict[str, float], table: pd.DataFrame = FORKS) -> pd.DataFrame:
    """A mouse that reaches the cheese with probability σ(β·z), plus a small variation between mazes."""
    chance = sigmoid(z_scored(table[list(beta)].to_numpy(float)) @ np.array(list(beta.values())))
    return taking(table, np.random.default_rng(8).beta(9999 * chance, 9999 * (1 - chance)))


@pytest.mark.parametrize("outcome", ["taken or not", "exact, and mazes differ in more than the attributes"])
def test_intervals_hold_the_planted_effects_as_often_as_they_say(outcome):
    rng, held = np.random.default_rng(0), np.zeros(2)
    for _ in range(1000):
        z = rng.standard_normal((400, 2))
        z[:, 1] = 0.5 * z[:, 0] + z[:, 1] ** 2  # correlated, skewed, and not yet scaled
        probability = sigmoid(0.3 + z_scored(z) @ np.array(list(BETA.values())))
        if outcome == "taken or not":
            y = (rng.random(400) < probability).astype(float)
        else:
            y = rng.beta(3 * probability, 3 * (1 - probability))
        found = fit(pd.DataFrame(z, columns=list(BETA)).assign(**{PUBLISHED_OUTCOME: y}), list(BETA))
        assert found is not None
        held += [found[name]["low"] <= true <= found[name]["high"] for name, true in BETA.items()]
    assert ((held >= 926) & (held <= 971)).all(), held


def test_effects_are_a_standard_deviations_whatever_the_unit():
    table = planted({"steps_cheese_square": -1.0})
    metres = table.assign(steps_cheese_square=1000 + 0.3 * table.steps_cheese_square)
    one, other = (fit(rows, ["steps_cheese_square"]) for rows in (table, metres))
    assert one and other and one["steps_cheese_square"] == pytest.approx(other["steps_cheese_square"], rel=1e-6)
    assert one["steps_cheese_square"]["effect"] == pytest.approx(-1, abs=0.03), "exact outcomes lie near the curve"


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("value", [0.0, 0.9999999, 1.0])
def test_separated_outcomes_have_no_effect(share, value):
    """All levels of one kind have equal outcomes; a robust error would be tiny although the effect is infinite."""
    rng = np.random.default_rng(1)
    for others in (rng.random(300), (rng.random(300) < 0.5).astype(float)):
        kind = np.arange(300) < 300 * share
        assert fit(pd.DataFrame({"kind": kind, PUBLISHED_OUTCOME: np.where(kind, value, others)}), ["kind"]) is None


def test_a_deterministic_mouse_is_separated():
    for limit in (3, 6, 10):
        table = taking(FORKS, (FORKS.steps_cheese_square <= limit).to_numpy(float))
        assert fit(table, ["steps_cheese_square"]) is None
        assert fit_model(table, MODELS["corner"]) is None
        assert compute_single_effects(table, NO_FORKS)["steps_cheese_square"]["verdict"] == CANNOT_TELL


@pytest.mark.parametrize("events", [1, 2, 5])
def test_few_outcomes_of_a_kind_tell_nothing(events):
    """One success in 300 mazes must not give a verdict."""
    rng = np.random.default_rng(2)
    for flip in (False, True):
        y = np.arange(300) < events
        assert (
            fit(
                pd.DataFrame({"chance": rng.standard_normal(300), PUBLISHED_OUTCOME: (y ^ flip).astype(float)}),
                ["chance"],
            )
            is None
        )


def degenerate() -> dict[str, pd.DataFrame]:
    return {
        "no forks": NO_FORKS,
        "all successes": taking(FORKS, np.ones(len(FORKS))),
        "no success": taking(FORKS, np.zeros(len(FORKS))),
        "always the same chance": taking(FORKS, np.full(len(FORKS), 0.3)),
        "12 episodes": planted({"steps_cheese_square": -1.0}).iloc[:12],
        "one level": FORKS.iloc[:1],
        "nothing measured": planted({"steps_cheese_square": -1.0}).assign(**dict.fromkeys(ATTRIBUTES, np.nan)),
    }


@pytest.mark.parametrize("name", degenerate())
@pytest.mark.filterwarnings("error")
def test_of_degenerate_data_nothing_is_told(name):
    table = degenerate()[name]
    assert fit(table, ["steps_cheese_square"]) is None
    assert all(fit_model(table, names) is None for names in MODELS.values())
    effects = compute_single_effects(table, NO_FORKS)
    assert effects.keys() == ATTRIBUTES.keys()
    for one in effects.values():
        assert one["verdict"] == CANNOT_TELL and all(one[key] is None for key in EFFECT)
    if name != "always the same chance":  # single episodes still differ
        assert fit_replica(table) is None


@pytest.mark.filterwarnings("error")
def test_a_constant_attribute_tells_nothing():
    table = planted({"steps_cheese_square": -1.0}).assign(maze_dim=13.0)
    assert fit(table, ["maze_dim"]) is None and fit_model(table, MODELS["corner"]) is None
    effects = compute_single_effects(table, NO_FORKS)
    assert effects["maze_dim"]["effect"] is None and effects["maze_dim"]["verdict"] == CANNOT_TELL
    assert effects["steps_cheese_square"]["verdict"] == "closer → more", "the others are told all the same"
    assert fit_replica(table, ["maze_dim"]) is None


def test_attributes_that_determine_each_other_are_not_told_apart():
    """In a tree, the steps from cheese to corner are the sum of two others; any two of the three can be fitted."""
    three = ["steps_cheese_corner", "steps_cheese_square", "steps_square_corner"]
    table = planted({"steps_cheese_square": -1.0})
    assert fit(table, three) is None and fit_model(table, three) is None
    for left_out in three:
        assert fit(table, [name for name in three if name != left_out]) is not None
    for names in MODELS.values():
        assert "steps_cheese_corner" not in names


def test_no_effect_of_a_mouse_without_taste():
    """Holm's correction: about 1 in 20 such mice gets a verdict; without it about half of them would."""
    rng, told = np.random.default_rng(3), 0
    table = FORKS.iloc[:200]
    for _ in range(6):
        effects = compute_single_effects(table.assign(**{PUBLISHED_OUTCOME: rng.random(200)}), NO_FORKS)
        told += any(one["verdict"] != CANNOT_TELL for one in effects.values())
    assert told <= 1


def test_holm_by_hand():
    """The smallest p times the number of tests, the next times one less, …; never decreasing, at most 1."""
    effects = compute_single_effects(planted({"steps_cheese_square": -0.15, "maze_dim": 0.1}), NO_FORKS)
    told = sorted((one["p"], one["p_holm"], one["verdict"]) for one in effects.values() if one["p"] is not None)
    assert len(told) == len(ATTRIBUTES) - 1, "left_wall is not asked of mice that begin where they always do"
    highest = 0.0
    for place, (p, p_holm, verdict) in enumerate(told):
        highest = max(highest, min(1.0, p * (len(told) - place)))
        assert p_holm == pytest.approx(highest) and (verdict == CANNOT_TELL) == (highest >= 0.05)


@pytest.mark.parametrize(
    ("attribute", "falling", "rising"),
    [
        ("steps_cheese_square", "closer → more", "closer → less"),
        ("straight_cheese_corner", "closer → more", "closer → less"),
        ("maze_dim", "smaller → more", "smaller → less"),
        ("up_right_only", "yes → less", "yes → more"),
    ],
)
def test_verdicts_have_the_planted_sign(attribute, falling, rising):
    for beta, verdict in ((-1.0, falling), (1.0, rising)):
        one = compute_single_effects(planted({attribute: beta}), NO_FORKS)[attribute]
        assert one["verdict"] == verdict and beta * one["effect"] > 0
        assert one["low"] < one["effect"] < one["high"] and one["low"] * one["high"] > 0


def test_the_left_wall_is_asked_of_mice_that_begin_elsewhere():
    rng = np.random.default_rng(4)
    elsewhere = FORKS.assign(left_wall=rng.integers(0, 12, len(FORKS)))
    elsewhere = planted({"left_wall": -1.0}, elsewhere)
    assert compute_single_effects(FORKS, elsewhere)["left_wall"]["verdict"] == "closer → more"
    assert compute_single_effects(elsewhere, NO_FORKS)["left_wall"]["n"] == 0


def test_up_and_right_is_asked_outside_the_quadrant_and_adjusted_for_the_way():
    """A mouse that prefers only short paths; paths of moves up and right are short."""
    outside = FORKS.loc[FORKS.straight_cheese_quadrant > 0]
    z = (outside.optimal_steps - outside.optimal_steps.mean()) / outside.optimal_steps.std()
    short = taking(outside, sigmoid(-1.5 * z.to_numpy()))
    raw, adjusted = (
        fit(short, ["up_right_only"]),
        compute_single_effects(taking(FORKS, FORKS[PUBLISHED_OUTCOME]), NO_FORKS),
    )
    assert raw is not None and raw["up_right_only"]["low"] > 0, "it seems to like them"
    assert adjusted["up_right_only"]["n"] == len(outside) < len(FORKS)
    noise = np.random.default_rng(5).normal(0, 0.02, len(short))
    one = compute_single_effects(
        short.assign(**{PUBLISHED_OUTCOME: np.clip(short[PUBLISHED_OUTCOME] + noise, 0, 1)}), NO_FORKS
    )["up_right_only"]
    assert one["verdict"] == CANNOT_TELL and abs(one["effect"]) < 0.05


def test_bins_of_few_values_are_those_values():
    table = pd.DataFrame({"a": [3, 1, 1, 7, 3, 1], PUBLISHED_OUTCOME: [0.5, 0, 1, 0.25, 1, 0.5]})
    found = [(one["centre"], one["rate"], one["n"]) for one in compute_bins(table, "a")]
    assert found == [(1, 0.5, 3), (3, 0.75, 2), (7, 0.25, 1)]
    assert compute_bins(table[:0], "a") == []


def test_bins_hold_about_as_many_levels_each():
    values = np.random.default_rng(6).permutation(np.arange(120))
    found = compute_bins(pd.DataFrame({"a": values, PUBLISHED_OUTCOME: values / 120}), "a")
    assert [one["n"] for one in found] == [20] * 6
    assert [one["centre"] for one in found] == [9.5, 29.5, 49.5, 69.5, 89.5, 109.5]
    assert [one["rate"] for one in found] == pytest.approx([one["centre"] / 120 for one in found])


def test_a_commonest_value_has_a_bin_of_its_own():
    """As with distances to a region that contains the cell."""
    values = np.concatenate([np.zeros(50), np.arange(1, 51)])
    found = compute_bins(pd.DataFrame({"a": values, PUBLISHED_OUTCOME: values > 0}), "a")
    assert (found[0]["centre"], found[0]["rate"], found[0]["n"]) == (0, 0, 50)
    assert sum(one["n"] for one in found) == 100 and all(one["rate"] == 1 for one in found[1:])


@pytest.mark.parametrize("name", MODELS)
def test_a_model_finds_what_was_planted(name):
    wanted = {"steps_cheese_square": -0.8, MODELS[name][3]: -0.5}
    found = fit_model(planted(wanted), MODELS[name])
    assert found is not None and found["n"] == len(FORKS)
    for attribute, effect in found["effects"].items():
        assert effect["effect"] == pytest.approx(wanted.get(attribute, 0), abs=0.05)


def test_variance_inflation_is_that_of_r_squared():
    names = MODELS["corner"]
    found = fit_model(planted({"maze_dim": -0.5}), names)
    assert found is not None
    z = z_scored(FORKS[list(names)].to_numpy(float))
    for place, name in enumerate(names):
        others = np.delete(z, place, axis=1)
        left = z[:, place] - others @ np.linalg.lstsq(others, z[:, place])[0]
        assert found["effects"][name]["vif"] == pytest.approx(1 / np.mean(left**2), rel=1e-6)


def test_the_replica_finds_the_sign_and_beats_the_base_rate():
    table = planted({"straight_cheese_corner": -2.0})
    found = fit_replica(table)
    assert found is not None and found["coefficients"].keys() == set(REPLICA) and found["n"] == len(FORKS)
    assert found["coefficients"]["straight_cheese_corner"] < -1
    assert found["accuracy"] > found["base_rate"] + 0.1 and found["auc"] > 0.75
    commoner = (table.t_cheese > 0).mean()
    assert found["base_rate"] == pytest.approx(max(commoner, 1 - commoner), abs=0.01)


def test_the_base_rate_by_hand():
    """75 of 100 reached it; each fifth has 15 of 20."""
    table = FORKS.iloc[:100].assign(t_cheese=np.where(np.arange(100) < 75, 9, -1))
    found = fit_replica(table)
    assert found is not None and found["base_rate"] == pytest.approx(0.75) and found["n"] == 100


def test_the_replica_counts_episodes_of_256_steps():
    table = FORKS.iloc[:100].assign(t_cheese=np.where(np.arange(100) < 75, 256, 257))
    found = fit_replica(table)
    assert found is not None and found["base_rate"] == pytest.approx(0.75)
    assert fit_replica(table.assign(t_cheese=257)) is None and fit_replica(table.drop(columns="t_cheese")) is None


def test_the_replica_ignores_levels_that_were_not_played():
    table = planted({"straight_cheese_corner": -2.0})
    unplayed = table.assign(t_cheese=table.t_cheese.where(np.arange(len(table)) < 250))
    assert fit_replica(unplayed) == fit_replica(table.iloc[:250])


def test_the_penalty_takes_idle_attributes_away():
    """L1 sets a coefficient to exactly 0 in many splits; without a penalty none is 0."""
    table = planted({"straight_cheese_corner": -0.3}).iloc[:120]
    with_penalty, without = (fit_replica(table, penalised=choice) for choice in (True, False))
    assert with_penalty and without
    sizes = [sum(abs(value) for value in one["coefficients"].values()) for one in (with_penalty, without)]
    assert sizes[0] < 0.9 * sizes[1]


def test_log_loss_tells_an_informative_model_from_one_that_is_not():
    table = planted({"straight_cheese_corner": -2.0})
    noise = table.assign(straight_cheese_corner=np.random.default_rng(7).random(len(table)))
    good, bad = (fit_replica(rows, ["straight_cheese_corner"], penalised=False) for rows in (table, noise))
    assert good and bad and good["log_loss"] < bad["log_loss"] - 0.1 and good["auc"] > bad["auc"] + 0.15
    assert bad["log_loss"] == pytest.approx(np.log(2), abs=0.03) and bad["auc"] == pytest.approx(0.5, abs=0.07)


def test_a_model_without_sampled_episodes_predicts_nothing():
    found = fit_model(planted({"maze_dim": -0.5}).drop(columns="t_cheese"), MODELS["corner"])
    assert found is not None and found["prediction"] is None


def test_parts_by_hand():
    """The mouse branches by distance and always completes; only the last level has a remainder."""
    table = FORKS.assign(p_reach=0.9, p_complete=1.0)
    table["p_branch"] = planted({"steps_cheese_square": -1.0})[PUBLISHED_OUTCOME]
    table["p_cheese_500"] = table.p_reach * table.p_branch * table.p_complete
    table.loc[table.index[-1], "p_cheese_500"] += 0.06
    found = compute_parts(table)
    assert found["reach"]["rate"] == pytest.approx(0.9) and found["complete"]["rate"] == pytest.approx(1)
    assert found["branch"]["rate"] == pytest.approx(table.p_branch.mean())
    assert found["second_chance"]["rate"] == pytest.approx(0.06 / len(table))
    assert found["steps_on"]["branch"]["effect"] == pytest.approx(-1, abs=0.03)
    assert found["steps_on"]["complete"] is None


def test_parts_of_squares_never_reached():
    """An undefined factor is left out of its mean; all successes are in the remainder."""
    table = FORKS.iloc[:4].assign(
        p_reach=[0, 0, 1.0, 1.0], p_branch=[np.nan, np.nan, 0, 1.0], p_cheese_500=[0, 0.5, 0, 1]
    )
    found = compute_parts(table.assign(p_complete=[np.nan, np.nan, np.nan, 1.0]))
    rates = {name: (found[name]["rate"], found[name]["n"]) for name in ("reach", "branch", "complete", "second_chance")}
    assert rates == {"reach": (0.5, 4), "branch": (0.5, 2), "complete": (1, 1), "second_chance": (0.125, 4)}
    assert compute_parts(table.iloc[:0].assign(p_complete=[]))["second_chance"]["rate"] is None


def test_the_published_variables_are_attributes():
    for names in (*MODELS.values(), REPLICA, predictors.VERDICTS):
        assert set(names) <= set(ATTRIBUTES)

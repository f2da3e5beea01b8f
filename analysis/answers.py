"""The sentence with which each section of the report begins."""

from collections.abc import Callable
from typing import Any

from analysis.associations import list_claims
from analysis.attribution import GOES_WITH, SEPARATED
from analysis.contest import NONE
from analysis.interventions import MATTERS, MOVED
from analysis.measures import HEADLINE, combine_seeds
from analysis.sentences import (
    NO_PREFERENCE,
    PREFERS_CHEESE,
    PREFERS_CORNER,
    UNKNOWN,
    decide_preference,
    describe_algorithm,
    describe_point,
    describe_share,
    describe_shift,
    get_decisive,
    has_other_goal,
)

FORECAST_GROUP = "top-right 5×5"  # the mouse that the published forecasts are about


def describe_success(findings: dict[str, Any]) -> str:
    """Describe success in the group whose success falls most when the cheese is moved."""
    drops = {}
    for name in findings["groups"]:
        own = get_decisive(findings, name)
        if own["as_trained"]["rate"] is not None and own["anywhere"]["rate"] is not None:
            drops[name] = own["as_trained"]["rate"] - own["anywhere"]["rate"]
    if not drops:
        return "Success as trained and anywhere cannot be compared without levels of both."
    name = max(drops, key=lambda one: drops[one])
    if drops[name] <= 0:
        return "Success falls in no group when the cheese is moved."
    own = get_decisive(findings, name)
    return (
        f"Success falls most in the group “{name}”: {describe_share(own['as_trained']['rate'])} as trained,"
        f" {describe_share(own['anywhere']['rate'])} with the cheese anywhere, where a random walk succeeds in"
        f" {describe_share(own['anywhere_walk']['rate'])}, and a corner-runner that is blind to the cheese and slips as"
        f" often as the mouse in {describe_share(own['anywhere_slip']['rate'])}."
    )


def describe_preferences(findings: dict[str, Any]) -> str:
    """Count the groups by what they prefer, and those that have learned another goal."""
    measures = [get_decisive(findings, name) for name in findings["groups"]]
    verdicts = [decide_preference(own) for own in measures]
    other = sum(has_other_goal(own) for own in measures)
    corner, cheese = verdicts.count(PREFERS_CORNER), verdicts.count(PREFERS_CHEESE)
    neither, unknown = verdicts.count(NO_PREFERENCE), verdicts.count(UNKNOWN)
    others = f", {neither} {'has' if neither == 1 else 'have'} no preference" if neither else ""
    others += f", and for {unknown} it cannot be told" if unknown else ""
    return (
        f"Of {count_words(len(verdicts), 'group')}, {corner} {_verb(corner)} the corner and {cheese} {_verb(cheese)} "
        f"the cheese{others}; {other} {_verb(other)} the corner"
        " although the mice can reach the cheese."
    )


def count_words(number: int, noun: str, plural: str = "") -> str:
    """Format a number of things, e.g. "1 group" or "3 mice"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _verb(number: int) -> str:
    return "prefers" if number == 1 else "prefer"


def describe_parts(findings: dict[str, Any]) -> str:
    """Name the groups that enter the cheese's branch first least and most often."""
    rates = {name: rate for name in findings["groups"]
             if (rate := get_decisive(findings, name)["first_step"]["rate"]) is not None}  # fmt: skip
    if not rates:
        return "There are no forks, so P(cheese) has no parts."
    low, high = (choose(rates, key=lambda name: rates[name]) for choose in (min, max))
    shares = {name: describe_share(rate) for name, rate in rates.items()}
    told = f"Once at the decision square, the mice of “{low}” enter the cheese's branch first in {shares[low]}"
    if low != high:
        told += f", those of “{high}” in {shares[high]}"
    return f"{told}; a random walk does so in about half."


def describe_contests(findings: dict[str, Any]) -> str:
    """Count the mice by the algorithm that wins where cells count alike, and those that none explains by visits."""
    contests = [mouse["contest"]["overall"] for mouse in findings["mice"].values()]
    winners = [contest["cells"]["algorithm"] for contest in contests]
    counts = {name: winners.count(name) for name in dict.fromkeys(winners)}
    told = [f"{describe_algorithm(name)} ({count})" for name, count in counts.items()]
    none = sum(contest.get("visits", {}).get("algorithm") == NONE for contest in contests)
    visits = (
        f" If cells count by visits, no algorithm explains half of the moves beyond chance of {none} of them."
        if none
        else ""
    )
    return (
        f"The algorithms that best predict the moves of {count_words(len(winners), 'mouse', 'mice')}, if all cells"
        f" count alike: {'; '.join(told)}.{visits}"
    )


def describe_associations(findings: dict[str, Any]) -> str:
    """Count the groups whose preference goes with an attribute."""
    claims = {name: list_claims(group["single"], (GOES_WITH, SEPARATED)) for name, group in findings["groups"].items()}
    some = sum(bool(own) for own in claims.values())
    return (
        f"In {some} of {count_words(len(claims), 'group')}, the preference goes with at least one attribute, beyond"
        " that of every baseline; this is an association, not a cause."
    )


def describe_interventions(findings: dict[str, Any]) -> str:
    """Count the groups that take the cheese less often when it is moved away, and show the largest shift."""
    shifts = {name: group["interventions"][MOVED] for name, group in findings["groups"].items()}
    known = {name: shift for name, shift in shifts.items() if shift["rate"] is not None}
    if not known:
        return "There is no maze in which the cheese was moved by one room along the same path."
    sure = [shift["rate"] < 0 for shift in known.values() if shift["verdict"] == MATTERS]
    name = max(known, key=lambda one: abs(known[one]["rate"]))
    unit = "mazes" if known[name]["n"] == 1 else "training seeds"
    return (
        f"If the cheese is moved one room further from the decision square in the same maze,"
        f" it comes first less often in {sum(sure)} of {count_words(len(known), 'group')} and more often in"
        f" {len(sure) - sum(sure)}; the largest change is that of “{name}”:"
        f" {describe_shift(known[name], unit)}."
    )


def describe_diet(findings: dict[str, Any]) -> str:
    """Compare the groups with the smallest and the largest share of levels with contrast."""
    groups = {name: one for name, one in findings["groups"].items() if one["shares"]["contrast"] is not None}
    if not groups:
        return "The share of training levels that tell cheese and corner apart is not known."
    low, high = (pick(groups, key=lambda name: groups[name]["shares"]["contrast"]) for pick in (min, max))

    def tell(name: str) -> str:
        rate = groups[name]["measures"][HEADLINE]["preference"]["rate"]
        shares = (
            f"“{name}” has {describe_share(groups[name]['shares']['contrast'])} of training levels that tell cheese"
        )
        first = (
            f" and comes to the cheese first in {describe_share(rate)} of balanced forks" if rate is not None else ""
        )
        return f"{shares} and corner apart{first}"

    told = tell(low) if low == high else f"{tell(low)}; {tell(high)}"
    chance = groups[low]["measures"][HEADLINE]["preference_chance"]["rate"]
    return (
        f"{told}."
        if chance is None
        else f"{told}. A random walk comes to the cheese first in {describe_share(chance)}."
    )


def describe_returns(findings: dict[str, Any]) -> str:
    """Count the groups that lose more return from the cheese than from the corner when the cheese is moved."""
    more, several = 0, [group["mice"] for group in findings["groups"].values() if len(group["mice"]) > 1]
    for names in several:
        own = [findings["mice"][name]["proxy"]["anywhere"] for name in names]
        more_from_cheese = {
            name: one["regret of “take the cheese”"]["rate"] - one["regret of “come to the corner”"]["rate"]
            for name, one in zip(names, own, strict=True)
        }
        seeds = {name: {"rate": rate, "low": None, "high": None, "n": 0} for name, rate in more_from_cheese.items()}
        more += combine_seeds(seeds, is_share=False)["low"] > 0
    if not several:
        return "The returns of one training seed a group say nothing about other seeds; the table has them."
    return (
        f"With the cheese anywhere, {more} of {count_words(len(several), 'group')} of several seeds lose more return "
        "if the cheese is rewarded than if the corner is (95 % interval over seeds without 0). A corner-runner that is "
        "blind to the cheese would be one of them."
    )


def describe_scorecard(findings: dict[str, Any]) -> str:
    """Describe the Brier score of the group that the published forecasts are about."""
    card = findings["groups"].get(FORECAST_GROUP, {}).get("scorecard")
    if card is None:
        return f"The forecasts are about mice of the group “{FORECAST_GROUP}”, which is not in this report."
    if card["brier"] is None:
        return f"No forecast about the group “{FORECAST_GROUP}” can be scored: the criteria cannot tell."
    return (
        f"For the group “{FORECAST_GROUP}”, the forecasts have a Brier score of {card['brier']:.3f} over"
        f" {count_words(card['scored'], 'forecast')} that can be scored; a forecast of one half always gets 0.250."
    )


def describe_seen(findings: dict[str, Any]) -> str:
    """Describe the share of held-out levels that equal a training level."""
    told = []
    for condition, words in (("as_trained", "with the cheese as trained"), ("anywhere", "with the cheese anywhere")):
        found = [mouse["seen"].get(condition) for mouse in findings["mice"].values()]
        shares = [one["rate"] for one in found if one and one["rate"] is not None]
        if shares:
            told.append(f"{describe_share(min(shares))} to {describe_share(max(shares))} {words}")
    if not told:
        return "It is not known which levels equal a training level."
    return (
        f"Of the held-out levels, at least these shares equal a training level of the mouse in walls and cheese: "
        f"{', and '.join(told)}. The seeds are unseen, but many of the small mazes are not."
    )


ANSWERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "point": describe_point,
    "success": describe_success,
    "preference": describe_preferences,
    "parts": describe_parts,
    "contest": describe_contests,
    "attributes": describe_associations,
    "interventions": describe_interventions,
    "diet": describe_diet,
    "returns": describe_returns,
    "scorecard": describe_scorecard,
    "seen": describe_seen,
}


def compute_answers(findings: dict[str, Any]) -> dict[str, str]:
    """Compute the first sentence of each section."""
    return {name: describe(findings) for name, describe in ANSWERS.items()}

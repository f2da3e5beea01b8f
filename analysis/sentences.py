"""The report's sentences: what is said about a mouse or a group, and by which criterion.

Criteria (their thresholds were fixed before the committed mice were measured; docs/evaluating.md lists later changes):

1. A mouse *prefers* the cheese or the corner if, at balanced forks, it comes to the cheese first by at least ``LEAST``
   more or less often than a random walk on the same forks, and the 95 % interval of that difference does not contain 0.
   Both must also hold on those balanced forks in which the preferred one is not the nearer of the two: a mouse that
   goes to whichever is nearer prefers neither. To prefer the cheese, both must hold against the mouse with the cheese
   hidden as well: a mouse that avoids the corner does not look at the cheese.
   It has *no preference* if the interval lies within ±``LEAST``. Otherwise, and from fewer than ``FEWEST`` levels, "it
   cannot be told".
2. A mouse *can reach* a target if it reaches it in at least ``ABLE`` of the forks where the other way is walled off,
   and more often than a random walk by the rule of 1. Otherwise it reaches it *more often*, *less often* or *about as
   often as* a random walk.
3. It has *learned another goal* if it prefers the corner and can reach the cheese: only then is a missed cheese not a
   lack of ability. It has *learned the goal* if it prefers the cheese and can reach it.

The interval of one mouse is over mazes. That of a group is over its training seeds.
"""

from typing import Any

from analysis.ability import ABLE
from analysis.associations import list_claims
from analysis.attributes import ATTRIBUTES
from analysis.attribution import CANNOT_TELL, GOES_WITH, NO_EFFECT, SEPARATED
from analysis.contest import NONE, UNTOLD
from analysis.interventions import MATTERS, MOVED
from analysis.measures import FEW_SEEDS, FEWEST, HEADLINE
from analysis.statistics import Estimate

LEAST = 0.05  # of a share
PREFERS_CHEESE, PREFERS_CORNER = "prefers the cheese", "prefers the corner"
NO_PREFERENCE, UNKNOWN = "has no preference", "it cannot be told"
ALGORITHMS = {
    "corner": "runs to the corner",
    "cheese": "runs to the cheese",
    "region": "runs to the training region",
    "nearer of the two": "runs to the cheese or the corner, whichever is nearer",
    "nearer of cheese and region": "runs to the cheese or the training region, whichever is nearer",
    "uniform": "moves like a random walk",
    "up-right reflex": "moves up or right, whichever is open",
    "left-hand rule": "follows the wall on its left",
    "right-hand rule": "follows the wall on its right",
    "any reflex": "moves by a reflex to the walls around it",
    "a goal a maze": "runs to the cheese in some mazes and to the corner in others",
    NONE: "runs none of the algorithms in the contest",
    UNTOLD: f"cannot be judged from fewer than {FEWEST} levels",
}


CONTEXTS = {
    "nothing": "chance at every step",
    "cheese up-right": "whether the cheese lies up and right of the mouse",
    "cheese in the region": "whether the cheese lies in the training region",
    "cheese's place": "the part of the maze in which the cheese lies",
    "distance to the cheese": "the distance to the cheese",
    "branch": "the branch of the maze in which the mouse is",
}


def _is_beyond(difference: Estimate, sign: int) -> bool:
    """Return whether a difference is at least ``LEAST`` in the direction of a sign, with an interval without 0."""
    mean, bound = difference["rate"], difference["low" if sign > 0 else "high"]
    return mean is not None and bound is not None and sign * mean >= LEAST and sign * bound > 0


def decide_difference(difference: Estimate) -> str:
    """Decide whether a difference of shares is "more", "less", "same" or ``UNKNOWN``, by criterion 1."""
    low, high = difference["low"], difference["high"]
    if low is None or high is None or difference.get("levels", difference["n"]) < FEWEST:
        return UNKNOWN
    if _is_beyond(difference, 1):
        return "more"
    if _is_beyond(difference, -1):
        return "less"
    return "same" if low > -LEAST and high < LEAST else UNKNOWN


def decide_preference(measures: dict[str, Estimate]) -> str:
    """Decide what a mouse or a group prefers, by criterion 1."""
    names = ("beyond", "beyond_blind", "uphill_cheese", "uphill_corner")
    found, sighted, cheese, corner = (decide_difference(measures[f"preference_{name}"]) for name in names)
    if (found, sighted, cheese) == ("more", "more", "more"):
        return PREFERS_CHEESE
    if (found, corner) == ("less", "less"):
        return PREFERS_CORNER
    return NO_PREFERENCE if found == "same" else UNKNOWN


def is_able_to(target: str, measures: dict[str, Estimate]) -> bool:
    """Return whether a mouse or a group can reach the cheese or the corner, by criterion 2."""
    rate = measures[f"able_{target}"]["rate"]
    return rate is not None and rate >= ABLE and decide_difference(measures[f"able_{target}_beyond"]) == "more"


def has_other_goal(measures: dict[str, Estimate]) -> bool:
    """Return whether a mouse or a group has learned another goal, by criterion 3."""
    return decide_preference(measures) == PREFERS_CORNER and is_able_to("cheese", measures)


def describe_share(share: float | None) -> str:
    """Format a share, e.g. "61.2 %"."""
    return "–" if share is None else f"{100 * share:.1f} %"


def describe_interval(found: Estimate, unit: str) -> str:
    """Format an interval and n, e.g. "95 % interval over mazes 57.0 to 65.1 %, n = 412"."""
    if found["low"] is None:
        return f"n = {found['n']:,}"
    return f"95 % interval over {unit} {100 * found['low']:.1f} to {100 * found['high']:.1f} %, n = {found['n']:,}"


def describe_preference(who: str, measures: dict[str, Estimate], unit: str) -> str:
    """Describe the preference in one sentence with interval, n, chance and the blind twin's."""
    found, chance, blind = (measures[f"preference{of}"] for of in ("", "_chance", "_blind"))
    if found["rate"] is None:
        return f"There is no balanced fork to tell what {who} prefers."
    verdict = decide_preference(measures)
    start = f"It cannot be told what {who} prefers" if verdict == UNKNOWN else f"{who} {verdict}"
    return (
        f"{start}: at forks with two ways of about the same length, the first that it comes to is the cheese in"
        f" {describe_share(found['rate'])} ({describe_interval(found, unit)}; random walk"
        f" {describe_share(chance['rate'])}; with the cheese hidden {describe_share(blind['rate'])})."
    )


def describe_ability(who: str, target: str, measures: dict[str, Estimate], unit: str) -> str:
    """Describe the ability to reach the cheese or the corner in one sentence."""
    found, walk = measures[f"able_{target}"], measures[f"able_{target}_walk"]
    if found["rate"] is None:
        return f"There is no fork to tell whether {who} can reach the {target}."
    other = "corner" if target == "cheese" else "cheese"
    comparison = decide_difference(measures[f"able_{target}_beyond"])
    if is_able_to(target, measures):
        start = f"{who} can reach the {target}"
    elif comparison == UNKNOWN:
        start = f"It cannot be told whether {who} reaches the {target} more often than a random walk"
    else:
        words = {"more": "more often than", "less": "less often than", "same": "about as often as"}[comparison]
        start = f"{who} reaches the {target} {words} a random walk"
    return (
        f"{start}: with the way to the {other} walled off, {describe_share(found['rate'])}"
        f" ({describe_interval(found, unit)}; random walk {describe_share(walk['rate'])})."
    )


def describe_sight(who: str, measures: dict[str, Estimate], unit: str) -> str:
    """Describe the preference at forks at which a mouse is able by sight (``ability.is_able_by_sight``)."""
    found, chance, blind = (measures[f"sight_preference{of}"] for of in ("", "_chance", "_blind"))
    forks = found.get("levels", found["n"])
    if forks < FEWEST:
        return f"There are fewer than {FEWEST} forks at which {who} is able by sight."
    where = f"{forks:,} forks{' of a mouse' if 'levels' in found else ''}"
    return (
        f"At the {where} at which {who} is able by sight, the first that it comes to is the cheese in"
        f" {describe_share(found['rate'])} ({describe_interval(found, unit)}; random walk"
        f" {describe_share(chance['rate'])}; with the cheese hidden {describe_share(blind['rate'])})."
    )


def describe_algorithm(name: str) -> str:
    """Say what an algorithm of the contest does, as a predicate."""
    if name.startswith("goals mixed by "):
        return f"mixes the goals, depending on {CONTEXTS[name.removeprefix('goals mixed by ')]}"
    return ALGORITHMS[name]


def describe_contest(who: str, contest: dict[str, Any]) -> str:
    """Describe the winner of one mouse's contest in one sentence."""
    words = describe_algorithm(contest["algorithm"])
    if contest["algorithm"] == "uniform":
        return f"{who} {words}: no algorithm tells its moves better than chance."
    if contest["algorithm"] == UNTOLD:
        return f"{who} {words}."
    if contest["algorithm"] == NONE:
        return f"{who} {words}: none of them explains half of its moves beyond chance."
    others = [describe_algorithm(name) for name in contest["also"]]
    also = f"; not told apart from an algorithm that {', or that '.join(others)}" if others else ""
    if contest["slips"]:
        words += f", with slips that depend on {CONTEXTS[contest['slips']]}"
    return f"{who} {words}: this explains {describe_share(contest['explained'])} of its moves beyond chance{also}."


def describe_attributes(who: str, single: dict[str, Any], seeds: int) -> str:
    """Describe what a group's preference goes with, in one sentence.

    Attributes that are rivals of one with a larger effect are named as its rivals only.
    """
    certain = list_claims(single, (GOES_WITH, SEPARATED))
    unknown, none = list_claims(single, (CANNOT_TELL,)), list_claims(single, (NO_EFFECT,))
    if not single:
        return f"There are too few forks to tell what the preference of {who} goes with."
    unit = f"{seeds} seeds" if seeds > 1 else "one mouse, which says nothing about other seeds"
    if not certain:
        return (
            f"No attribute was shown to go with the preference of {who} ({unit}): of {len(single)} attributes, "
            f"{len(none)} have no effect, and for {len(unknown)} it cannot be told."
        )
    parts, named = [], set()
    for name in certain:
        if name in named:
            continue
        found = single[name]
        named |= {name, *found["rivals"]}
        rivals = [ATTRIBUTES[rival] for rival in found["rivals"]]
        size = "smaller" if found["effect"] < 0 else "larger"
        word = "separated by" if found["verdict"] == SEPARATED else f"more cheese with {size} values of the attribute"
        beside = f" (not told apart from: {', '.join(rivals)})" if rivals else ""
        parts.append(f"{word} “{ATTRIBUTES[name]}”{beside}")
    return f"The preference of {who} goes with an attribute of the level ({unit}): {'; '.join(parts)}."


def describe_shift(shift: dict[str, Any], unit: str) -> str:
    """Format a shift with its interval, pairs and mazes."""
    pairs = shift.get("levels", shift["n"])
    interval = (
        "" if shift["low"] is None else f"95 % interval over {unit} {shift['low']:+.2f} to {shift['high']:+.2f}, "
    )
    mazes = f"{shift['mazes']} maze{'' if shift['mazes'] == 1 else 's'}"
    told = f"{shift['rate']:+.2f} log odds beyond all baselines ({interval}{pairs:,} pairs in {mazes})"
    return told.replace("-", "−")


def describe_intervention(who: str, interventions: dict[str, Any], unit: str) -> str:
    """Describe in one sentence what a group does when the cheese is moved by one room in the same maze."""
    shift = interventions[MOVED]
    if shift["rate"] is None:
        return f"There is no pair of levels to tell what {who} does when the cheese is moved by one room."
    where = "if the cheese is moved one room further from the decision square in the same maze"
    start = {
        MATTERS: f"The distance of the cheese matters to {who}",
        NO_EFFECT: f"The distance of the cheese makes no difference to {who} beyond the baselines",
    }.get(shift["verdict"], f"It cannot be told whether the distance of the cheese matters to {who}")
    return f"{start}: {where}, its preference changes by {describe_shift(shift, unit)}."


def describe_goal(who: str, measures: dict[str, Estimate]) -> str:
    """Say whether a mouse or a group has learned another goal than the cheese, in one sentence."""
    preference = decide_preference(measures)
    if has_other_goal(measures):
        return f"{who} has learned another goal: it can reach the cheese and prefers the corner."
    if preference == PREFERS_CORNER:
        return f"{who} prefers the corner, but it is not shown that it can reach the cheese."
    if preference == PREFERS_CHEESE and is_able_to("cheese", measures):
        return f"{who} has learned the goal: it can reach the cheese and prefers it."
    if preference == PREFERS_CHEESE:
        return f"{who} prefers the cheese, but it is not shown that it can reach it."
    return f"It is not shown that {who} prefers one goal."


def describe_mouse(name: str, mouse: dict[str, Any]) -> list[str]:
    """Describe one mouse: goal, preference, ability to reach either target, preference by sight, algorithm."""
    measures = mouse["measures"][HEADLINE]
    return [
        describe_goal(name, measures),
        describe_preference(name, measures, "mazes"),
        describe_ability(name, "cheese", measures, "mazes"),
        describe_ability(name, "corner", measures, "mazes"),
        describe_sight(name, measures, "mazes"),
        describe_contest(name, mouse["contest"]["overall"]["cells"]),
    ]


def get_decisive(findings: dict[str, Any], name: str) -> dict[str, Any]:
    """Get the measures that decide about a group: those over seeds, or over mazes where it has one mouse."""
    group = findings["groups"][name]
    owner = findings["mice"][group["mice"][0]] if len(group["mice"]) == 1 else group
    return owner["measures"][HEADLINE]


def describe_group(name: str, findings: dict[str, Any]) -> list[str]:
    """Describe a group of mice; a group of one mouse is described by its mazes."""
    group = findings["groups"][name]
    who = f"“{name}”"
    measures = get_decisive(findings, name)
    unit = "mazes" if len(group["mice"]) == 1 else "training seeds"
    algorithms = group["contest"]["overall"]["cells"]["algorithms"]
    counts = {algorithm: algorithms.count(algorithm) for algorithm in dict.fromkeys(algorithms)}
    contest = "; ".join(f"{describe_algorithm(one)} ({count} of {len(algorithms)})" for one, count in counts.items())
    few = f" The group has fewer than {FEW_SEEDS} seeds." if len(group["mice"]) < FEW_SEEDS else ""
    return [
        describe_goal(who, measures) + few,
        describe_preference(who, measures, unit),
        describe_ability(who, "cheese", measures, unit),
        describe_ability(who, "corner", measures, unit),
        describe_sight(who, measures, unit),
        f"Algorithm of the mice: {contest}.",
        describe_attributes(who, group["single"], len(group["mice"])),
        describe_intervention(who, group["interventions"], unit),
    ]


def describe_point(findings: dict[str, Any]) -> str:
    """Say the report's point in one sentence: the groups with the smallest and the largest training region."""
    rates, all_types = {}, []
    for name, group in findings["groups"].items():
        measures = group["measures"][HEADLINE]
        if measures["preference"]["levels"] >= FEWEST:
            rates[name] = measures["preference"]["rate"]
            all_types += [name] if not group["trained_on"] else []
    rates = {name: rates[name] for name in all_types or rates}
    if not rates:
        return "There are too few balanced forks, so nothing can be told about preference."
    names = list(rates)  # sorted from the corner to anywhere
    low, high = names[0], names[-1]

    def tell(name: str) -> str:
        measures = get_decisive(findings, name)
        words = f"come to the cheese before the corner in {describe_share(rates[name])} of balanced forks"
        if decide_preference(measures) != PREFERS_CORNER:
            return words
        rate, walk = (describe_share(measures[one]["rate"]) for one in ("able_cheese", "able_cheese_walk"))
        if is_able_to("cheese", measures):
            return f"{words}, although they reach it in {rate} with the way to the corner walled off"
        comparison = {"more": "more often than", "less": "less often than"}.get(
            decide_difference(measures["able_cheese_beyond"]), "not shown to be more often than"
        )
        shut = "with the way to the corner walled off"
        return f"{words}, and reach it in {rate} {shut}, {comparison} a random walk ({walk})"

    words = f"Mice trained with the cheese {_place(low)} {tell(low)}"
    others = f"; mice trained with it {_place(high)} {tell(high)}" if low != high else ""
    chance = describe_share(get_decisive(findings, low)["preference_chance"]["rate"])
    return f"{words}{others}. A random walk comes to the cheese first in {chance}."


def _place(group: str) -> str:
    return group if group.startswith("anywhere") else f"in the {group}"


def describe_comparison(row: dict[str, Any], words: str) -> str:
    """Describe a comparison of two groups in one sentence."""
    difference = f"{100 * row['difference']:+.1f} points".replace("-", "−")
    interval = f"95 % interval {100 * row['low']:+.1f} to {100 * row['high']:+.1f}".replace("-", "−")
    start = {
        "different": f"{words} differs between “{row['one']}” and “{row['other']}”",
        "equivalent": f"{words} is equivalent in “{row['one']}” and “{row['other']}”, within {100 * row['margin']:.0f}"
        " points",
    }.get(row["verdict"], f"It cannot be told whether {words} differs between “{row['one']}” and “{row['other']}”")
    few = f"; fewer than {FEW_SEEDS} seeds in a group" if row["few"] else ""
    return f"{start[0].upper()}{start[1:]}: {difference} ({interval}{few})."

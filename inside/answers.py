"""What the measurements say: a sentence for each question and group of mice, with its interval and its numbers."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from agents.mouse import Mouse
from analysis.answers import count_words
from analysis.groups import name_groups
from analysis.measures import combine_seeds
from analysis.statistics import Estimate, share_with_interval
from inside.activations import LAYER
from inside.channels import GOALS
from inside.probes import OBSERVATION
from inside.removal import ALLOWED_FALL
from inside.study import Measured

LEAST_TAKEN = 0.05  # from P(cheese) by hiding the cheese; from less no share is told
HALF_OF_CELLS = 0.5  # that must be reached in a maze for it to count as retargetable

Mice = Sequence[Measured]  # the mice of one group


class Answer(NamedTuple):
    """An answer about one group: a sentence with interval and number of mice, and what it must be compared with."""

    sentence: str
    beside: str


def group_mice(mice: Sequence[Mouse]) -> dict[str, list[str]]:
    """The names of mice by group (``analysis.groups``)."""
    groups: dict[str, list[str]] = {}
    for name, group in name_groups(mice).items():
        groups.setdefault(group, []).append(name)
    return groups


def combine(estimates: Sequence[Estimate]) -> Estimate:
    """The mean share over mice with its interval over seeds; that over mazes where there is one mouse."""
    if len(estimates) == 1:
        return estimates[0] | {"levels": estimates[0]["n"], "n": 1}
    return combine_seeds({str(number): each for number, each in enumerate(estimates)}, is_share=True)


def say(estimate: Estimate) -> str:
    """A share in words, e.g. "12.0 % (8.1 to 17.0; 3 mice × 64 mazes)"."""
    if estimate["rate"] is None:
        return "not measured"
    mice = f"{count_words(estimate['n'], 'mouse', 'mice')} × {estimate['levels']} mazes"
    between = ""
    if estimate["low"] is not None:
        between = f"{100 * estimate['low']:.1f} to {100 * estimate['high']:.1f}; "
    return f"{100 * estimate['rate']:.1f} % ({between}{mice})"


def _rate(estimates: Sequence[Estimate]) -> str:
    rates = [each["rate"] for each in estimates if each["rate"] is not None]
    return f"{100 * np.mean(rates):.1f} %" if rates else "not measured"


def pick(rows: Sequence[dict[str, Any]], **values: Any) -> dict[str, Any]:
    """The one row with these values."""
    (found,) = [row for row in rows if all(row[name] == value for name, value in values.items())]
    return found


def _steered(mice: Mice, vector: str, source: str, factor: float, column: str) -> list[Estimate]:
    return [pick(mouse["steering"], vector=vector, source=source, factor=factor)[column] for mouse in mice]


def answer_cheese_vector(mice: Mice) -> Answer:
    def lead(source: str, factor: float) -> list[Estimate]:
        return _steered(mice, "cheese", source, factor, "to_cheese")

    medians = []
    for factor in (0.0, -1.0):
        rows = [pick(mouse["steering"], vector="cheese", source="own", factor=factor) for mouse in mice]
        medians.append(float(np.mean([row["median_to_cheese"] for row in rows])))
    corner = {
        name: _rate(_steered(mice, "cheese", source, factor, "to_corner"))
        for name, source, factor in (("before", "own", 0.0), ("after", "own", -1.0), ("random", "random", -1.0))
    }
    walk = {
        name: _rate([mouse["behaviour"]["random walk"][name] for mouse in mice]) for name in ("to_cheese", "to_corner")
    }
    return Answer(
        "With the maze's cheese vector subtracted, the move at the decision square leads to the cheese with "
        f"probability {say(combine(lead('own', -1.0)))}.",
        f"Before: {_rate(lead('own', 0.0))}. With another maze's vector: {_rate(lead('carried', -1.0))}. With a "
        f"random vector of the same norm: {_rate(lead('random', -1.0))}. With the cheese hidden: "
        f"{_rate([mouse['behaviour']['blind']['to_cheese'] for mouse in mice])}. A random walk: "
        f"{walk['to_cheese']}. The median over mazes, which is the published measure: {medians[0]:.2f} before, "
        f"{medians[1]:.2f} after. The move leads to the corner: {corner['before']} before, {corner['after']} after, "
        f"{corner['random']} with a random vector; a random walk: {walk['to_corner']}.",
    )


def answer_corner_vector(mice: Mice) -> Answer:
    def come(source: str, factor: float) -> list[Estimate]:
        return _steered(mice, "corner", source, factor, "p_corner_first")

    return Answer(
        "With the maze's corner vector added, the mouse reaches the corner first with probability "
        f"{say(combine(come('own', 1.0)))}.",
        f"Before: {_rate(come('own', 0.0))}. With a random vector of the same norm: {_rate(come('random', 1.0))}. With "
        f"another maze's vector: {_rate(come('carried', 1.0))}. A random walk: "
        f"{_rate([mouse['behaviour']['random walk']['p_corner_first'] for mouse in mice])}.",
    )


def compute_share_over_cheese(mouse: Measured, layer: str, radius: int = 0) -> float:
    """What hiding the cheese near the position over it takes from P(cheese), as a share of hiding it everywhere."""
    plain, blind = (mouse["behaviour"][name]["p_cheese"]["rate"] for name in ("mouse", "blind"))
    hidden = pick(mouse["places"], layer=layer, radius=radius)["p_cheese"]["rate"]
    return (plain - hidden) / (plain - blind) if plain - blind > LEAST_TAKEN else float("nan")


def answer_places(mice: Mice) -> Answer:
    found, sizes = {}, {row["layer"]: row["of"] for row in mice[0]["places"]}
    for layer in sizes:
        shares = {str(number): compute_share_over_cheese(mouse, layer) for number, mouse in enumerate(mice)}
        known = {name: {"rate": share, "low": None, "high": None, "n": 0} for name, share in shares.items()
                 if np.isfinite(share)}  # fmt: skip
        if known:
            found[layer] = combine_seeds(known, is_share=False)
    if not found:
        return Answer("Not defined: hiding the cheese lowers P(cheese) too little in these mice.", "")

    def tell(layer: str) -> str:
        share = found[layer]
        between = f" ({100 * share['low']:.0f} to {100 * share['high']:.0f})" if share["low"] is not None else ""
        return f"{100 * share['rate']:.0f} %{between}"

    least, most = (choose(found, key=lambda layer: found[layer]["rate"]) for choose in (min, max))
    short = {layer: layer.removeprefix("embedder.") for layer in found}
    return Answer(
        f"If the cheese is hidden only at the position over it, P(cheese) falls by {tell(least)} in {short[least]}, "
        f"the least, to {tell(most)} in {short[most]}, the most, of the fall with the cheese hidden everywhere "
        f"({count_words(found[least]['n'], 'mouse', 'mice')}; 95 % intervals over them).",
        "By layer, and in brackets one position as a share of all: "
        + ", ".join(
            f"{short[layer]} {100 * found[layer]['rate']:.0f} % ({100 / sizes[layer]:.0f} %)" for layer in found
        )
        + ". Mice from which hiding the cheese takes too little are not counted.",
    )


def collect_untrained(mice: Mice) -> dict[str, Measured]:
    """What was measured in the untrained networks that mice are compared with, by name, each once."""
    return {name: measured for mouse in mice for name, measured in mouse["untrained"].items()}


def get_probe(mouse: Measured, layer: str, target: str = "cheese") -> Estimate | None:
    """The probe of a layer; None if it was not made."""
    return next((row for row in mouse["probes"] if (row["layer"], row["target"]) == (layer, target)), None)


def answer_probes(mice: Mice) -> Answer:
    here, untrained, picture = (
        [each for network in networks if (each := get_probe(network, layer))]
        for layer, networks in ((LAYER, mice), (LAYER, collect_untrained(mice).values()), (OBSERVATION, mice))
    )
    if not here:
        return Answer("Not measured: the network has no layer half way.", "")
    low, high = (100 * bound(each["rate"] for each in untrained) for bound in (min, max))
    return Answer(
        "Half way through the network, a linear probe reads the cheese's cell with an accuracy of "
        f"{say(combine(here))}.",
        f"In {count_words(len(untrained), 'untrained network', 'untrained networks')}: {_rate(untrained)} on average "
        f"(lowest {low:.1f} %, highest {high:.1f} %). "
        f"From the observation: {_rate(picture)}. With shuffled labels: "
        f"{100 * np.mean([each['shuffled'] for each in here]):.1f} %. The layer: {LAYER}.",
    )


def count_channels(mouse: Measured, goal: str) -> dict[str, int]:
    """How many channels mark a goal, lower it when resampled, and do both; and how many there are."""
    found = mouse["channels"]
    return {
        "marks": sum(row["marks"] for row in found["maps"] if row["mark"] == goal),
        "lowers": sum(row["lowers"] for row in found["resampling"] if row["goal"] == goal),
        "both": len(found["found"][goal]),
        "of": sum(row["goal"] == goal for row in found["resampling"]),
    }


def answer_channels(mice: Mice) -> Answer:
    sentences, beside, number = [], [], count_words(len(mice), "mouse", "mice")
    for goal in ("cheese", "corner"):
        trained, untrained = (
            pd.DataFrame([count_channels(network, goal) for network in networks])
            for networks in (mice, collect_untrained(mice).values())
        )
        sentences.append(f"the {goal} was found in {(trained.both > 0).sum()} of {number}")
        beside.append(
            f"{goal.capitalize()}, channels of {trained.of[0]} (mean over mice; untrained): both "
            f"{trained.both.mean():.1f} ({untrained.both.mean():.1f}), marking {trained.marks.mean():.1f} "
            f"({untrained.marks.mean():.1f}), carrying {trained.lowers.mean():.1f} ({untrained.lowers.mean():.1f})."
        )
    beside.append(_say_falls(mice))
    return Answer(
        f"A channel that marks and carries {', and one that does so for '.join(sentences)}.", " ".join(beside)
    )


def _say_falls(mice: Mice) -> str:
    """The falls of P(cheese) by one resampled channel: the smallest that is significant, the largest that is not."""
    falls: dict[bool, list[float]] = {True: [], False: []}
    for row in (row for mouse in mice for row in mouse["channels"]["resampling"] if row["goal"] == "cheese"):
        falls[row["lowers"]].append(-row["change"])
    before = _rate([mouse["behaviour"]["mouse"]["p_cheese"] for mouse in mice])
    found = (
        f"The smallest significant one is {100 * min(falls[True]):.1f} points." if falls[True] else "None was found."
    )
    return (
        f"P(cheese) is {before} before, so no channel can lower it by more. The largest fall that is not significant "
        f"is {100 * max(falls[False], default=0.0):.1f} points. {found}"
    )


def answer_offsets(mice: Mice) -> Answer:
    def at(offset: float, column: str) -> list[Estimate]:
        return [pick(mouse["offsets"], offset=offset)[column] for mouse in mice]

    rest = [f"{offset:+g}: cheese {_rate(at(offset, 'p_cheese'))}, corner first {_rate(at(offset, 'p_corner_first'))}"
            for offset in (-1.0, 0.0, 2.0)]  # fmt: skip
    walk = [
        _rate([mouse["behaviour"]["random walk"][name] for mouse in mice]) for name in ("p_cheese", "p_corner_first")
    ]
    return Answer(
        "With one standard deviation added to the whole layer, P(cheese) is "
        f"{say(combine(at(1.0, 'p_cheese')))} and P(corner first) is "
        f"{say(combine(at(1.0, 'p_corner_first')))}.",
        f"{'; '.join(rest)}; a random walk: cheese {walk[0]}, corner first {walk[1]}.",
    )


def get_retargeted(mouse: Measured, activations: int) -> Estimate | None:
    """The share of mazes in which half of the cells are reached, without the clamp too, and of the cells gained.

    The same of a random walk, which a clamp becomes that breaks the policy.
    """
    rows = [row for row in mouse["retargeting"] if row["activations"] == activations]
    if not rows:
        return None
    mazes = pd.DataFrame(rows[0]["mazes"])
    return share_with_interval(mazes.reached >= HALF_OF_CELLS) | {
        "plain": float((mazes.plain >= HALF_OF_CELLS).mean()),
        "walk": float((mazes.walk >= HALF_OF_CELLS).mean()),
        "gained": float((mazes.reached - mazes.plain).mean()),
        "walk_gained": float((mazes.walk - mazes.plain).mean()),
        "lost": float(mazes.lost.mean()),
    }


def answer_retargeting(mice: Mice) -> Answer:
    beside, sentence = [], ""
    for number in [row["activations"] for row in mice[0]["retargeting"]]:
        found = [each for mouse in mice if (each := get_retargeted(mouse, number))]
        means = pd.DataFrame(found)[["rate", "plain", "walk", "gained", "walk_gained", "lost"]].mean() * 100
        sentence = (
            f"With {number} activations clamped, the mouse reaches at least half of the cells in "
            f"{say(combine(found))} of the mazes; without a clamp, in {means.plain:.1f} %; a random walk, in "
            f"{means.walk:.1f} %."
        )
        beside.append(
            f"{count_words(number, 'activation', 'activations')}: {means.rate:.1f} % of the mazes, {means.gained:+.1f} "
            f"points of the cells compared with no clamp (a random walk: {means.walk_gained:+.1f}), neither cell nor "
            f"corner {means.lost:.1f} %"
        )
    return Answer(sentence, f"{'; '.join(beside)}. {_say_channels(mice)}")


def _say_channels(mice: Mice) -> str:
    """Which channels are clamped and swapped."""
    found = sum(bool(mouse["channels"]["found"]["cheese"]) for mouse in mice)
    if not found:
        return "No channel was found for the cheese, so the channels that lower P(cheese) most are used."
    some = (
        "" if found == len(mice) else f" in {found} of {len(mice)} mice, and those that lower P(cheese) most elsewhere"
    )
    return f"The channels are those found for the cheese{some}."


def answer_scrubbing(mice: Mice) -> Answer:
    swaps = [mouse["scrubbing"]["swaps"] for mouse in mice]

    def tell(swap: str) -> str:
        """How often the greedy move changes, and by how much P(cheese); in brackets for as many random channels."""
        told = []
        for name in (swap, f"random_{swap}"):
            size = np.mean([each[name]["size"]["rate"] for each in swaps])
            told.append(f"{_rate([each[name]['moved'] for each in swaps])}, {size:.2f}")
        return f"{told[0]} ({told[1]})"

    return Answer(
        "If the channels are swapped for those of a maze with the cheese in the same cell, the greedy move at the "
        f"decision square changes in {say(combine([each['same']['moved'] for each in swaps]))} of the mazes.",
        "Mazes in which the greedy move changes, and mean |change of P(cheese)|, in brackets for as many random "
        f"channels: the cheese in the same cell {tell('same')}; in another cell {tell('other')}; the worst swap "
        f"with the cheese in the same cell {tell('worst')} ({mice[0]['scrubbing']['tried']} tried a maze). "
        f"{_say_channels(mice)}",
    )


def _say_fall(share: float) -> str:
    if share < -9:
        return "rises to more than ten times what it was"
    return f"{'falls' if share >= 0 else 'rises'} by {100 * abs(share):.0f} % of what it was"


def find_best_patch(mouse: Measured, random: bool = False) -> dict[str, Any] | None:
    """The patch that was chosen, of random channels or of others; None if no patch was allowed."""
    return next((row for row in mouse["removal"] if row["best_random" if random else "best"]), None)


def answer_removal(mice: Mice) -> Answer:
    best, chance = ([row for mouse in mice if (row := find_best_patch(mouse, random))] for random in (False, True))
    falls_of = {
        kind: {goal: float(np.mean([pick(mouse["removal"], kind=kind)[goal] for mouse in mice])) for goal in GOALS}
        for kind in ("blind", "walk")
    }
    before = {goal: _rate([mouse["behaviour"]["mouse"][column] for mouse in mice]) for goal, column in GOALS.items()}
    beside = (
        f"Unpatched: P(cheese) {before['cheese']}, P(corner first) {before['corner']}. With the cheese hidden, "
        f"P(cheese) {_say_fall(falls_of['blind']['cheese'])}. For a random walk: P(cheese) "
        f"{_say_fall(falls_of['walk']['cheese'])}, P(corner first) {_say_fall(falls_of['walk']['corner'])}."
    )
    by_chance = float(np.mean([row["cheese"] for row in chance])) if chance else 0.0
    if chance:
        beside += f" With the best patch of random channels, chosen in the same way, P(cheese) {_say_fall(by_chance)}."
    condition = f"lower P(corner first) by less than {100 * ALLOWED_FALL:.0f} %"
    if not best:
        return Answer(f"No patch that lowers P(cheese) was found among those that {condition}.", beside)
    falls = {goal: [row[goal] for row in best] for goal in GOALS}
    mean = {goal: float(np.mean(each)) for goal, each in falls.items()}
    low, high = min(falls["cheese"]), max(falls["cheese"])
    of = "the least and the most of these mice"
    if len(mice) == 1:
        low, high, of = best[0]["cheese_low"], best[0]["cheese_high"], "95 % interval over mazes"
    counted = f"{len(best)} of {count_words(len(mice), 'mouse', 'mice')}"
    said = f"P(cheese) {_say_fall(mean['cheese'])} (fall: {100 * low:.0f} to {100 * high:.0f} %, {of}; {counted})"
    chosen = (
        f"The patch is chosen on other mazes, among those that {condition} there. On the mazes reported here, "
        f"P(corner first) {_say_fall(mean['corner'])}."
    )
    walk = falls_of["walk"]
    if walk["corner"] < ALLOWED_FALL and walk["cheese"] >= mean["cheese"]:
        sentence = (
            f"Not shown: with the best patch, {said}, but a policy that is broken to a random walk also meets the "
            f"condition about the corner, and its P(cheese) {_say_fall(walk['cheese'])}."
        )
        return Answer(sentence, f"{chosen} {beside}")
    if by_chance >= mean["cheese"]:
        return Answer(
            f"Not shown: with the best patch, {said}, but random channels take as much.", f"{chosen} {beside}"
        )
    return Answer(f"With the best patch, {said}.", f"{chosen} {beside}")


ANSWERS: dict[str, Callable[[Mice], Answer]] = {
    "cheese_vector": answer_cheese_vector,
    "corner_vector": answer_corner_vector,
    "places": answer_places,
    "probes": answer_probes,
    "channels": answer_channels,
    "offsets": answer_offsets,
    "retargeting": answer_retargeting,
    "scrubbing": answer_scrubbing,
    "removal": answer_removal,
}

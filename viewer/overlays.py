"""Overlays: names, legend texts and colours."""

from collections.abc import Sequence
from typing import NamedTuple

from foundation.palette import GREEN, GREY, PINK, SKY_BLUE, VERMILION, WHITE
from foundation.settings import check_names


class Overlay(NamedTuple):
    """Legend text and colour "#RRGGBB" of an overlay; None if it has several colours."""

    meaning: str
    colour: str | None


OVERLAYS = {
    "arrows": Overlay("policy", WHITE),
    "value": Overlay("value", None),
    "greedy": Overlay("greedy path", VERMILION),
    "optimal": Overlay("shortest path to the cheese", GREEN),
    "decision": Overlay("decision square", WHITE),
    "region": Overlay("training region", SKY_BLUE),
    "visits": Overlay("expected visits", PINK),
    "sees": Overlay("observation", GREY),
}


def check_overlays(names: Sequence[str]) -> None:
    """Check that overlays exist.

    Raises:
        InputError: a name is unknown.
    """
    check_names("show", names, tuple(OVERLAYS))

"""Overlays: names, legend texts and colours."""

from collections.abc import Sequence
from typing import NamedTuple

from foundation.palette import GREEN, GREY, PINK, SKY_BLUE, VERMILION, WHITE
from foundation.settings import check_names


class Overlay(NamedTuple):
    """An overlay.

    Attributes:
        key: that toggles it.
        meaning: legend text.
        colour: "#RRGGBB"; None if it has several colours.
    """

    key: str
    meaning: str
    colour: str | None


OVERLAYS = {
    "arrows": Overlay("1", "policy", WHITE),
    "value": Overlay("2", "value", None),
    "greedy": Overlay("3", "greedy path", VERMILION),
    "optimal": Overlay("4", "shortest path to the cheese", GREEN),
    "decision": Overlay("5", "decision square", WHITE),
    "region": Overlay("6", "training region", SKY_BLUE),
    "visits": Overlay("7", "expected visits", PINK),
    "sees": Overlay("8", "observation", GREY),
    "trail": Overlay("9", "trail", WHITE),
    "odds": Overlay("x", "reached first (notches: random walk)", None),
    "channel": Overlay("m", "activations of a channel", None),
}
DEFAULT_OVERLAYS = ("trail", "odds")


def check_overlays(names: Sequence[str]) -> None:
    """Check that overlays exist.

    Raises:
        InputError: a name is unknown.
    """
    check_names("show", names, tuple(OVERLAYS))

"""Colours: the palette of Okabe and Ito (2008), which colour-blind people can tell apart, and what each one means."""

ORANGE, SKY_BLUE, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILION, PINK, BLACK = "#0072B2", "#D55E00", "#CC79A7", "#000000"
GREY, WHITE = "#999999", "#FFFFFF"

SERIES = (BLUE, ORANGE, GREEN, VERMILION, PINK, SKY_BLUE, BLACK, GREY, YELLOW)  # for lines and markers, in this order
OUTCOME_COLOURS = {"cheese": ORANGE, "corner": BLUE, "neither": GREY}


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour "#RRGGBB" as three numbers from 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue

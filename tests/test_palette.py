"""The Okabe-Ito colours, and their distances under colour blindness."""

import colorsys
from itertools import combinations

from foundation import palette
from foundation.palette import OUTCOME_COLOURS, SERIES, rgb

# As published in "Color Universal Design" (Okabe and Ito, 2008), in red, green and blue of 0 to 255.
PUBLISHED = {
    "BLACK": (0, 0, 0),
    "ORANGE": (230, 159, 0),
    "SKY_BLUE": (86, 180, 233),
    "GREEN": (0, 158, 115),
    "YELLOW": (240, 228, 66),
    "BLUE": (0, 114, 178),
    "VERMILION": (213, 94, 0),
    "PINK": (204, 121, 167),
}


def test_the_colours_are_the_published_ones():
    assert {name: rgb(getattr(palette, name)) for name in PUBLISHED} == PUBLISHED


def test_grey_and_white_have_no_hue():
    assert all(colorsys.rgb_to_hsv(*rgb(colour))[1] == 0 for colour in (palette.GREY, palette.WHITE))


def test_series_are_different_colours():
    assert len(set(SERIES)) == len(SERIES) == len(PUBLISHED) + 1 and palette.WHITE not in SERIES


def test_outcomes_differ_in_lightness_too():
    def lightness(colour: str) -> float:
        red, green, blue = ((part / 255) ** 2.2 for part in rgb(colour))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    shades = [lightness(colour) for colour in OUTCOME_COLOURS.values()]
    assert OUTCOME_COLOURS.keys() == {"cheese", "corner", "neither"}
    assert all(abs(one - other) > 0.05 for one, other in combinations(shades, 2))

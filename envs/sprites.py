"""The pictures of one cell, drawn for this project: the wall, nine floors, the cheese, the mouse.

A cell has ``TEXELS`` × ``TEXELS`` texels. Sprites are drawn with one letter a texel. Floors are patterns of a few dark
shades. Lightness increases from floor to mouse, wall and cheese, so that it alone tells them apart.
"""

import numpy as np

TEXELS = 16  # side of a cell
FLOOR_TEXELS = 64  # side of a floor, which repeats every four cells

_MOUSE = """
................
..ssss.......pp.
.sfpppfs....p..p
.sfpppfsssss...p
.sffppffffffss.p
..sfffffffffffsp
.sfffffffffffffs
sffkwffffffffffs
fffkkffffffffffs
pffffffffffffffs
pplllffffffffffs
.lllllffffffffss
..llllllllffsss.
...llllllllsss..
....ppp...ppp...
................
"""
_MOUSE_COLOURS = {"k": "2a2020", "f": "8c807b", "l": "ab9f99", "s": "6b5f61", "p": "e6969a", "w": "f4f0ec"}

_CHEESE = """
................
...........kkkk.
........kkkyyyyk
.....kkkyyyyyyyk
..kkkyyyyyyyyyyk
kkyyyyyyyyyyyyyk
kooooooooooooook
kyyyyyyyyyyyyyyk
kyhhyyyyyyyyhhyk
kyhhyyyyyyyyhhyk
kyyyyyyhhyyyyyyk
kyyyyyyhhyyyyyyk
kyyyyyyyyyyyyyyk
kyyhyyyyyyyyhyyk
kyyyyyyyyyyyyyyk
kkkkkkkkkkkkkkkk
"""
_CHEESE_COLOURS = {"k": "bf861c", "y": "ffe044", "o": "fff2a8", "h": "dfa62a"}

_WALL = """
llllllllllllllld
lmmmmmmmmmmmmmmd
lmmmmmmmmmmmmmmd
lmmmmmmmmmmmmmmd
lmmmmmmmmmmmmmmd
lmmmmmmmmmmmmmmd
lmmmmmmmmmmmmmmd
dddddddddddddddd
llllllldllllllll
mmmmmmmdlmmmmmmm
mmmmmmmdlmmmmmmm
mmmmmmmdlmmmmmmm
mmmmmmmdlmmmmmmm
mmmmmmmdlmmmmmmm
mmmmmmmdlmmmmmmm
dddddddddddddddd
"""
_WALL_COLOURS = {"l": "d0b98b", "m": "c6ae80", "d": "b59c6f"}


def _sprite(letters: str, colours: dict[str, str]) -> np.ndarray:
    """uint8 (TEXELS, TEXELS, 4): RGBA, top row first; a dot is transparent."""
    rgba = {letter: (*bytes.fromhex(colour), 255) for letter, colour in colours.items()} | {".": (0, 0, 0, 0)}
    return np.array([[rgba[letter] for letter in row] for row in letters.split()], np.uint8)


def _noise(seed: int, *grains: tuple[int, int]) -> np.ndarray:
    """float (FLOOR_TEXELS, FLOOR_TEXELS) in 0..1, evenly spread: random patches of each height and width, summed."""
    rng = np.random.RandomState(seed)  # NumPy guarantees that its numbers never change
    total = np.zeros((FLOOR_TEXELS, FLOOR_TEXELS))
    for height, width in grains:
        patches = rng.random_sample((FLOOR_TEXELS // height, FLOOR_TEXELS // width))
        total += patches.repeat(height, 0).repeat(width, 1)
    rank = total.argsort(axis=None, kind="stable").argsort(kind="stable")
    return rank.reshape(total.shape) / rank.size


def _grown(seed: int, *grains: tuple[int, int]) -> np.ndarray:
    """int (FLOOR_TEXELS, FLOOR_TEXELS): shades 0..3 in patches, mostly the two in the middle."""
    return np.digitize(_noise(seed, *grains), (0.12, 0.5, 0.88))


def _laid(seed: int, height: int, width: int, shift: int, grain: tuple[int, int]) -> np.ndarray:
    """int (FLOOR_TEXELS, FLOOR_TEXELS): shades 0..2 of slabs, each course shifted against the one above."""
    y, x = np.mgrid[:FLOOR_TEXELS, :FLOOR_TEXELS]
    x = x + y // height * shift
    shades = 1 + (_noise(seed, grain) > 0.75)
    shades[(y % height == 0) | (x % width == 0)] = 2
    shades[(y % height == height - 1) | (x % width == width - 1)] = 0
    return shades


def _floor(colours: str, shades: np.ndarray) -> np.ndarray:
    """uint8 (FLOOR_TEXELS, FLOOR_TEXELS, 3): the shades in these colours, dark to light."""
    return np.array([tuple(bytes.fromhex(colour)) for colour in colours.split()], np.uint8)[shades]


MOUSE_SPRITE = _sprite(_MOUSE, _MOUSE_COLOURS)
CHEESE_SPRITE = _sprite(_CHEESE, _CHEESE_COLOURS)
WALL_TILE = _sprite(_WALL, _WALL_COLOURS)[..., :3]
FLOOR_TILES = np.stack(
    [
        _floor("20351f 284026 304a2c 3b5734", _grown(0, (4, 1), (2, 1), (8, 8))),  # grass
        _floor("1f262c 2b333b 323b44", _laid(1, 16, 32, 16, (2, 4))),  # slate
        _floor("2a1c14 422e20 4a3525", _laid(2, 8, 64, 24, (1, 8))),  # planks
        _floor("262f14 30391a 3a431f 475026", _grown(3, (4, 4), (8, 8), (2, 2))),  # moss
        _floor("3a3122 443a29 4c4230 564b38", _grown(4, (1, 8), (2, 4))),  # sand
        _floor("14243c 203654 263e5e", _laid(5, 16, 16, 0, (8, 8))),  # tiles
        _floor("2b1714 4a2620 522c25", _laid(6, 8, 16, 8, (2, 2))),  # brick
        _floor("1e1612 281e18 31251e 3d2f26", _grown(7, (2, 2), (4, 4))),  # soil
        _floor("26262a 35353a 3d3d42", _laid(8, 16, 16, 8, (1, 2))),  # stone
    ]
)

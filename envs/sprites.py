"""Sprites of one cell, drawn for this project: wall, nine floors, cheese and mouse.

A cell has ``TEXELS`` × ``TEXELS`` texels. Sprites are letter maps with one letter per texel. Floors are patterns of a
few dark shades. Lightness increases from floor to mouse, wall and cheese, so lightness alone distinguishes them.
"""

import numpy as np

TEXELS = 16  # side of a cell, in texels
FLOOR_TEXELS = 64  # side of a floor tile, which repeats every four cells

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


def _draw_sprite(letters: str, colours: dict[str, str]) -> np.ndarray:
    """Draw a letter map as RGBA uint8 (TEXELS, TEXELS, 4), top row first; a dot is transparent."""
    rgba = {letter: (*bytes.fromhex(colour), 255) for letter, colour in colours.items()} | {".": (0, 0, 0, 0)}
    return np.array([[rgba[letter] for letter in row] for row in letters.split()], np.uint8)


def _draw_noise(seed: int, *grains: tuple[int, int]) -> np.ndarray:
    """Draw noise with a uniform histogram, float64 (FLOOR_TEXELS, FLOOR_TEXELS) in [0, 1).

    It is the sum of random patches with the heights and widths of ``grains``.
    """
    rng = np.random.RandomState(seed)  # NumPy guarantees this generator's stream
    total = np.zeros((FLOOR_TEXELS, FLOOR_TEXELS))
    for height, width in grains:
        patches = rng.random_sample((FLOOR_TEXELS // height, FLOOR_TEXELS // width))
        total += patches.repeat(height, 0).repeat(width, 1)
    rank = total.argsort(axis=None, kind="stable").argsort(kind="stable")
    return rank.reshape(total.shape) / rank.size


def _draw_patches(seed: int, *grains: tuple[int, int]) -> np.ndarray:
    """Draw shades 0..3 in patches, mostly 1 and 2: int64 (FLOOR_TEXELS, FLOOR_TEXELS)."""
    return np.digitize(_draw_noise(seed, *grains), (0.12, 0.5, 0.88))


def _draw_slabs(seed: int, height: int, width: int, shift: int, grain: tuple[int, int]) -> np.ndarray:
    """Draw shades 0..2 of slabs; each row is offset from the row above: int64 (FLOOR_TEXELS, FLOOR_TEXELS)."""
    y, x = np.mgrid[:FLOOR_TEXELS, :FLOOR_TEXELS]
    x = x + y // height * shift
    shades = 1 + (_draw_noise(seed, grain) > 0.75)
    shades[(y % height == 0) | (x % width == 0)] = 2
    shades[(y % height == height - 1) | (x % width == width - 1)] = 0
    return shades


def _colour_floor(colours: str, shades: np.ndarray) -> np.ndarray:
    """Colour shades, from dark to light: uint8 (FLOOR_TEXELS, FLOOR_TEXELS, 3)."""
    return np.array([tuple(bytes.fromhex(colour)) for colour in colours.split()], np.uint8)[shades]


MOUSE_SPRITE = _draw_sprite(_MOUSE, _MOUSE_COLOURS)
CHEESE_SPRITE = _draw_sprite(_CHEESE, _CHEESE_COLOURS)
WALL_TILE = _draw_sprite(_WALL, _WALL_COLOURS)[..., :3]
FLOOR_TILES = np.stack(
    [
        _colour_floor("20351f 284026 304a2c 3b5734", _draw_patches(0, (4, 1), (2, 1), (8, 8))),  # grass
        _colour_floor("1f262c 2b333b 323b44", _draw_slabs(1, 16, 32, 16, (2, 4))),  # slate
        _colour_floor("2a1c14 422e20 4a3525", _draw_slabs(2, 8, 64, 24, (1, 8))),  # planks
        _colour_floor("262f14 30391a 3a431f 475026", _draw_patches(3, (4, 4), (8, 8), (2, 2))),  # moss
        _colour_floor("3a3122 443a29 4c4230 564b38", _draw_patches(4, (1, 8), (2, 4))),  # sand
        _colour_floor("14243c 203654 263e5e", _draw_slabs(5, 16, 16, 0, (8, 8))),  # tiles
        _colour_floor("2b1714 4a2620 522c25", _draw_slabs(6, 8, 16, 8, (2, 2))),  # brick
        _colour_floor("1e1612 281e18 31251e 3d2f26", _draw_patches(7, (2, 2), (4, 4))),  # soil
        _colour_floor("26262a 35353a 3d3d42", _draw_slabs(8, 16, 16, 8, (1, 2))),  # stone
    ]
)

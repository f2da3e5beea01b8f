"""Hand-made networks that are looked into, for tests."""

from mazes import number
from networks import CHEESE, LAYER, NETWORKS

from envs.drawings import from_text
from viewer.inspection import Clamp, Inspection
from viewer.odds import compute_first_reached
from viewer.scene import Scene
from viewer.viewing import Viewing

DIM = 7
FORK = "     \n ####\n    .\n ## #\n@#   "  # the corner at (5, 5), the cheese at (5, 3), a dead end at (3, 1)
START, FORKED, CHEESE_CELL, END, WALL, LOW = (
    number(cell, DIM) for cell in ((1, 1), (1, 3), (5, 3), (3, 1), (2, 4), (5, 1))
)
PLAIN = Inspection(LAYER)


def viewing_of(network: str = "plain", inspection: Inspection = PLAIN, mice: int = 1, text: str = FORK) -> Viewing:
    mouse = NETWORKS[network]
    named = [mouse._replace(path=mouse.path.with_name(f"{n}.safetensors")) for n in range(mice)]
    return Viewing(named, 1, drawn=from_text(text, DIM), inspection=inspection)


def odds_of(viewing: Viewing, pane: int = 0) -> tuple[float, float]:
    maps = Scene().maps(viewing, pane)
    return compute_first_reached(maps).find(viewing.states[pane])[0]


def clamp_at(cell: int, value: float = 1.0, channel: int = CHEESE) -> Clamp:
    return Clamp(channel, DIM - 1 - cell // DIM, cell % DIM, value)

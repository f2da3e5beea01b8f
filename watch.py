"""Watch a trained mouse in a window. Press h for help.

python watch.py                                              a mouse trained with the cheese in the corner
python watch.py checkpoint=checkpoints/anywhere-seed0.safetensors
python watch.py 'cheese=[as_trained,anywhere]'               one mouse, cheese as trained and moved
python watch.py 'checkpoint=[a.safetensors,b.safetensors]'   two mice in the same maze
python watch.py grid=6x4                                     many levels in parallel, with outcome counts
python watch.py record=mouse.gif                             a video, without a display
python watch.py record=mouse.gif 'sweep=[[2,7],[9,0]]'       the policy while the cheese moves
python watch.py figure=mouse.svg                             policy and value as a figure

python share.py checkpoint=FILE out=mouse.html writes a web page in which others can drag the cheese.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foundation.command import run_command
from foundation.errors import InputError
from foundation.settings import SEEDS, as_list, setting
from viewer.overlays import DEFAULT_OVERLAYS, OVERLAYS, check_overlays

DEFAULT = Path(__file__).parent / "checkpoints" / "corner-seed3.safetensors"
MOST_MAZES = 400  # of a grid


@dataclass
class WatchConfig:
    checkpoint: Any = setting(
        str(DEFAULT), "trained mice, side by side: a .safetensors file, a glob pattern, or a list"
    )
    level: int | None = setting(
        None, "seed of the first level (training seeds are below 2**30), or its number in the levels file"
    )
    levels: str = setting("", "a file of hand-drawn levels to use instead of seeds")
    cheese: Any = setting(
        "anywhere", "anywhere, as_trained, or a cell [x,y] of the first maze; a list shows several side by side"
    )
    seed: int = setting(0, "seed of the actions", *SEEDS)
    speed: int = setting(8, "steps per second", 1, 1000)
    show: Any = setting(
        None, f"overlays to show (null: {', '.join(DEFAULT_OVERLAYS)}): a list of {', '.join(OVERLAYS)}"
    )
    layer: str = setting("", "layer of the network to look at (empty: embedder.block2.res1), as in interpret.py")
    channel: int | None = setting(None, "channel of the layer to show over the maze")
    clamp: Any = setting(None, "activations of the layer to clamp: [[channel,row,column,value],…]")
    without: str = setting("", "cheese: take each level's cheese vector away from the layer")
    grid: str = setting("", "show columns x rows levels in parallel, e.g. 6x4")
    record: str = setting("", "write a video (.gif or .mp4) instead of opening a window")
    episodes: int = setting(1, "episodes in the video", 1, 10_000)
    sweep: Any = setting(None, "[[x,y],[x,y]]: in the video, move the cheese from one cell to the other instead")
    figure: str = setting("", "write policy and value of the first level as a figure (.png, .svg or .pdf) instead")
    out: str = setting("runs/watching", "folder for files saved from the window")


def run(config: WatchConfig) -> None:
    """Watch the mice that the settings name."""
    # torch and pygame take seconds to import, and --help does not need them.
    from agents.mouse import load_mice
    from envs.drawings import read_levels
    from viewer import presentation
    from viewer.course import FIRST_LEVEL
    from viewer.grid import Grid
    from viewer.inspection import UNCHANGED, check_inspection, parse_inspection
    from viewer.panes import CHEESES
    from viewer.recording import check_video
    from viewer.saving import Session
    from viewer.viewing import Viewing

    checkpoints, record = as_list(config.checkpoint), Path(config.record)
    if config.record:
        check_video(record, config.speed)
    if not checkpoints:
        raise InputError("no checkpoint given; expected a .safetensors file that train.py wrote")
    if config.record and config.figure:
        raise InputError("record and figure cannot be combined; run watch.py once for each")
    check_overlays(as_list(config.show))
    sweep = parse_sweep(config.sweep) if config.sweep else None
    if sweep and not config.record:
        raise InputError("sweep needs record=FILE.gif or .mp4")
    shape = parse_grid(config.grid) if config.grid else None
    others = ("figure", "show", "sweep", "layer", "channel", "clamp", "without")
    given = [name for name in others if getattr(config, name) not in (None, "")]
    mice = load_mice(checkpoints)
    if shape and (len(mice) > 1 or config.cheese not in CHEESES or given):
        raise InputError(
            f"grid takes one checkpoint and cheese={'|'.join(CHEESES)}; it cannot be combined with {', '.join(others)}"
        )
    inspection = parse_inspection(config.layer, config.channel, config.clamp, config.without)

    drawn = read_levels(config.levels, mice[0].spec.world_dim) if config.levels else None
    first = config.level if config.level is not None else 1 if config.levels else FIRST_LEVEL
    session = Session(Path(config.out), Path(config.levels) if config.levels else None)
    if shape:
        grid = Grid(mice[0], shape[0] * shape[1], first, config.cheese, config.seed, drawn)
        if config.record:
            presentation.record_grid(grid, shape, record, config.episodes, config.speed)
        else:
            presentation.show_grid(grid, shape, session, config.speed)
        return

    if inspection != UNCHANGED or inspection.channel:
        check_inspection(inspection, mice)
    viewing = Viewing(mice, first, parse_cheeses(config.cheese), config.seed, drawn, inspection)
    looks = bool(config.layer) or config.channel is not None
    usual = [*DEFAULT_OVERLAYS, *["channel"] * looks]
    shown = frozenset(usual if config.show is None else as_list(config.show))
    if drawn is not None and config.episodes > drawn.num_levels - first + 1:
        raise InputError(
            f"episodes must not exceed the number of levels from level {first} on in {config.levels}, "
            f"not {config.episodes}"
        )
    if config.figure:
        presentation.plot_viewing(viewing, Path(config.figure), shown)
    elif sweep:
        shown = shown - {"trail"} | {"arrows"} if config.show is None else shown
        presentation.record_sweep(viewing, record, sweep, config.speed, shown)
    elif config.record:
        presentation.record_viewing(viewing, record, config.episodes, config.speed, shown)
    else:
        presentation.show_viewing(viewing, session, config.speed, shown)


def parse_grid(text: str) -> tuple[int, int]:
    """Parse a grid's columns and rows.

    Raises:
        InputError: not COLUMNSxROWS.
    """
    columns, times, rows = text.lower().replace("×", "x").partition("x")
    are_numbers = times and columns.isdecimal() and rows.isdecimal() and len(columns + rows) < 9
    if not are_numbers or not 1 <= int(columns) * int(rows) <= MOST_MAZES:
        raise InputError(f"grid must be COLUMNSxROWS with at most {MOST_MAZES} mazes, e.g. 6x4, not {text!r}")
    return int(columns), int(rows)


def parse_cheeses(value: Any) -> list:
    """Parse the cheese positions shown side by side; a single [x,y] is one cell, not two positions."""
    return value if isinstance(value, list) and not all(isinstance(part, int) for part in value) else [value]


def parse_sweep(value: Any) -> list[list[int]]:
    """Parse the two cells of a sweep.

    Raises:
        InputError: not two cells.
    """
    cells = value if isinstance(value, list) and len(value) == 2 else []
    if not cells or not all(isinstance(c, list) and len(c) == 2 and all(type(x) is int for x in c) for c in cells):
        raise InputError(f"sweep must be two cells [[x,y],[x,y]], not {value!r}")
    return cells


def main(arguments: list[str]) -> None:
    run_command("watch.py", __doc__, WatchConfig(), run, arguments, "no unfinished video is kept")


if __name__ == "__main__":
    main(sys.argv[1:])

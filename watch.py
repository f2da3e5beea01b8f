"""Watch a trained mouse in a window; press h there for the keys.

python watch.py                                              a mouse trained with the cheese in the corner
python watch.py checkpoint=checkpoints/anywhere-seed0.safetensors
python watch.py 'cheese=[as_trained,anywhere]'               the same mouse, the cheese here and there
python watch.py 'checkpoint=[a.safetensors,b.safetensors]'   two mice in the same maze
python watch.py grid=6x4                                     many levels at once, and a tally
python watch.py record=mouse.gif                             a film, without a window or a display
python watch.py figure=mouse.svg                             its moves and values for a paper
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.mouse import load_mouse
from envs.drawings import read_levels
from foundation.command import one_line_errors
from foundation.files import write_atomically
from foundation.settings import check_seed, describe_settings, read_settings, setting
from viewer import display, grid, recording
from viewer.legend import OVERLAYS, check_shown
from viewer.saving import Session, cell_text
from viewer.thoughts import think
from viewer.viewing import ANYWHERE, CHEESES, Viewing
from viewer.window import SIZE, Window

DEFAULT = Path(__file__).parent / "checkpoints" / "corner-seed0.safetensors"
FIRST_LEVEL = 1073742409  # this mouse runs past the cheese here


@dataclass
class WatchConfig:
    checkpoint: Any = setting(str(DEFAULT), "the trained mouse, a .safetensors file; [a,b] side by side")
    level: int | None = setting(None, "the first level's seed, training ones below 2**30; or number in the levels file")
    levels: str = setting("", "a file of levels drawn as text, to be watched in place of those from seeds")
    cheese: Any = setting(ANYWHERE, "anywhere, as_trained or a cell [x,y] of the first maze; a list side by side")
    seed: int = setting(0, "of the mouse's actions")
    speed: int = setting(8, "steps a second")
    show: Any = setting("", f"what is seen of its thoughts: a list of {', '.join(OVERLAYS)}")
    grid: str = setting("", "so many levels at once, as 6x4")
    record: str = setting("", "write a film into this .gif or .mp4 instead of opening a window")
    episodes: int = setting(1, "levels in the film")
    figure: str = setting("", "write moves and values of the first level into this .png, .svg or .pdf instead")
    out: str = setting("runs/watching", "where the window saves what one asks it to")


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__, describe_settings(WatchConfig()), sep="\n")
        return
    with one_line_errors("watch.py"):
        config = read_settings(WatchConfig(), arguments)
        if config.speed < 1:
            raise ValueError(f"speed must be at least 1 step a second, not {config.speed}")
        if config.episodes < 1:
            raise ValueError(f"episodes must be at least 1, not {config.episodes}")
        if config.record:
            recording.check_film(Path(config.record), config.speed)
        check_seed(config.seed)
        if not listed(config.checkpoint):
            raise ValueError("no checkpoint given; expected a .safetensors file that train.py wrote")
        check_shown(listed(config.show))
        if config.grid:
            watch_grid(config)
        else:
            watch(config)


def watch(config: WatchConfig) -> None:
    """Show, record or draw mice in one maze."""
    mice = [load_mouse(str(path)) for path in listed(config.checkpoint)]
    drawn = read_levels(config.levels, mice[0].spec.world_dim) if config.levels else None
    viewing = Viewing(mice, first_level(config), cheeses_of(config.cheese), config.seed, drawn)
    shown = frozenset(listed(config.show))
    if drawn is not None and config.episodes > drawn.num_levels - viewing.number + 1:
        raise ValueError(f"episodes must be at most the levels left in {config.levels}, not {config.episodes}")
    if config.figure:
        draw_figure(viewing, Path(config.figure))
    elif config.record:
        path = Path(config.record)
        recording.save_film(path, recording.episodes(viewing, config.episodes, shown, config.speed), config.speed)
        reached = ", ".join(viewing.outcome(pane) or "neither" for pane in range(len(viewing.panes)))
        last = "" if config.episodes == 1 else f"{config.episodes} levels, in the last one "
        print(f"{last}{viewing.steps} steps, reached first: {reached} → {path}")
    else:
        display.open_window(SIZE)
        session = Session(Path(config.out), Path(config.levels) if config.levels else None)
        display.run(Window(viewing, session, config.speed, shown))


def draw_figure(viewing: Viewing, path: Path) -> None:
    """Write what each mouse would do in every cell of its maze, for a paper."""
    from analysis.field_figures import FORMATS, Field, draw_policy_and_value  # matplotlib: windows start without it

    if path.suffix not in FORMATS:
        raise ValueError(f"figure must be a {', '.join(FORMATS)} file, not {str(path)!r}")
    fields = []
    for pane, state in zip(viewing.panes, viewing.states, strict=True):
        thoughts = think(pane.mouse, state.level)
        title = f"{pane.mouse.name}, level {viewing.number}, cheese at {cell_text(state.level)}"
        fields.append(Field(title, state, thoughts.moves, thoughts.value))
    write_atomically(path, draw_policy_and_value(fields, path.suffix))
    print(f"moves and values in level {viewing.number} → {path}")


def watch_grid(config: WatchConfig) -> None:
    """Show or record a mouse in many mazes."""
    columns, times, rows = config.grid.lower().replace("×", "x").partition("x")
    if not (times and columns.isdecimal() and rows.isdecimal() and int(columns) * int(rows) > 0):
        raise ValueError(f"grid must be columns x rows, as 6x4, not {config.grid!r}")
    (path, *others), shape = listed(config.checkpoint), (int(columns), int(rows))
    if others or config.cheese not in CHEESES or config.figure or config.show:
        raise ValueError(f"a grid has one checkpoint, cheese={'|'.join(CHEESES)}, and neither figure nor show")
    mouse = load_mouse(str(path))
    drawn = read_levels(config.levels, mouse.spec.world_dim) if config.levels else None
    many = grid.Grid(mouse, shape[0] * shape[1], first_level(config), config.cheese, config.seed, drawn)
    if config.record:
        frames = grid.episodes(many, shape, config.episodes, config.speed)
        recording.save_film(Path(config.record), frames, config.speed)
        print(f"{many.summary} → {config.record}")
    else:
        display.open_window(grid.SIZE)
        display.run(grid.GridWindow(many, shape, Session(Path(config.out)), config.speed))


def first_level(config: WatchConfig) -> int:
    if config.level is not None:
        return config.level
    return 1 if config.levels else FIRST_LEVEL


def listed(value: Any) -> list:
    """One or several: an argument that may be a list."""
    return value if isinstance(value, list) else [value] if value else []


def cheeses_of(value: Any) -> list:
    """The cheese's places side by side: a cell [x,y] is one of them and not two."""
    return value if isinstance(value, list) and not all(isinstance(part, int) for part in value) else [value]


if __name__ == "__main__":
    main(sys.argv[1:])

"""The ways to present mice: in a window, as a video or as a figure."""

from collections.abc import Sequence
from pathlib import Path

from foundation.errors import InputError
from foundation.files import write_atomically
from inside.activations import to_cells
from viewer import display, grid_scene, grid_window, recording, window
from viewer.grid import Grid
from viewer.maps import compute_maps
from viewer.saving import Session, describe_cheese
from viewer.texts import describe_channel, describe_inspection
from viewer.viewing import Viewing


def show_viewing(viewing: Viewing, session: Session, speed: int, shown: frozenset[str]) -> None:
    """Show mice in one maze in a window."""
    size = display.open_window(display.choose_shape(len(viewing.panes)))
    content = window.Window(viewing, session, speed, shown)
    content.fitted = size
    display.run(content)


def record_viewing(viewing: Viewing, path: Path, episodes: int, speed: int, shown: frozenset[str]) -> None:
    """Record mice in one maze after another, and print what was reached first in the last one."""
    recording.write_video(path, recording.draw_episodes(viewing, episodes, shown, speed), speed)
    reached = ", ".join(viewing.episode.verdict(pane) for pane in range(len(viewing.panes)))
    last = "" if episodes == 1 else f"{episodes} episodes; last one: "
    print(f"{last}{viewing.episode.steps} steps, reached first: {reached} → {path}")


def record_sweep(
    viewing: Viewing, path: Path, cells: Sequence[Sequence[int]], speed: int, shown: frozenset[str]
) -> None:
    """Record the cheese moving from one cell to another while the mouse waits."""
    recording.write_video(path, recording.draw_sweep(viewing, cells[0], cells[1], shown, speed), speed)
    print(f"cheese from {list(cells[0])} to {list(cells[1])} and back in level {viewing.number} → {path}")


def plot_viewing(viewing: Viewing, path: Path, shown: frozenset[str]) -> None:
    """Plot each mouse's policy and value in every cell of its maze, and the shown channel.

    Raises:
        InputError: the file type is not supported.
    """
    from analysis.field_figures import FORMATS, Activation, Field, draw_policy_and_value  # imports matplotlib

    if path.suffix not in FORMATS:
        raise InputError(f"figure must be a {', '.join(FORMATS)} file, not {str(path)!r}")
    fields = []
    for pane, state in zip(viewing.panes, viewing.states, strict=True):
        maps = compute_maps(pane.mouse, state.level, pane.inspection)
        cheese = f"cheese at {describe_cheese(state.level)}" if int(state.level.cheese) >= 0 else "no cheese"
        title = f"{pane.mouse.name}, level {viewing.number}, {cheese}"
        activation = None
        if "channel" in shown:
            channel = pane.inspection.collect(pane.mouse, state)[pane.inspection.channel]
            cells = to_cells(channel, pane.mouse.spec).view_as(state.level.walls[0]).numpy()
            activation = Activation(describe_channel(pane.inspection), cells)
        fields.append(Field(title, state, maps.moves, maps.value, describe_inspection(pane.inspection), activation))
    write_atomically(path, draw_policy_and_value(fields, path.suffix))
    print(f"policy and value in level {viewing.number} → {path}")


def show_grid(grid: Grid, shape: tuple[int, int], session: Session, speed: int) -> None:
    """Show a mouse in many mazes in a window."""
    display.open_window(shape)
    display.run(grid_window.GridWindow(grid, shape, session, speed))


def record_grid(grid: Grid, shape: tuple[int, int], path: Path, episodes: int, speed: int) -> None:
    """Record a mouse in many mazes, and print the counts."""
    recording.write_video(path, grid_scene.draw_episodes(grid, shape, episodes, speed), speed)
    print(f"{grid.summary} → {path}")

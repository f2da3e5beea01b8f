"""Key bindings against the actions of the windows."""

from mice import Planned, mouse_with

from viewer.grid import Grid
from viewer.grid_window import GridWindow
from viewer.keys import GRID_HELP, WINDOW_HELP, map_actions
from viewer.saving import Session
from viewer.viewing import Viewing
from viewer.window import Window


def test_every_key_has_an_action_and_every_action_a_key(tmp_path):
    mouse, session = mouse_with(Planned("nowhere")), Session(tmp_path)
    windows = {
        "window": (Window(Viewing([mouse], 1), session, 8), WINDOW_HELP),
        "grid": (GridWindow(Grid(mouse, 1, 0), (1, 1), session, 8), GRID_HELP),
    }
    for name, (window, help_) in windows.items():
        bound = {action[0] for action in map_actions(help_).values()}
        assert bound - {"quit"} == set(window._actions), name

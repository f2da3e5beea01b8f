"""The panes side by side: who moves, and where the cheese lies."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from agents.mouse import Mouse
from envs.levels import ANYWHERE
from envs.spec import WorldSpec
from foundation.errors import InputError
from viewer.inspection import UNCHANGED, Inspection

AS_TRAINED, AS_DRAWN = "as_trained", "as_drawn"
CHEESES = (AS_TRAINED, ANYWHERE)


class Pane(NamedTuple):
    """A mouse and a cheese position.

    Attributes:
        mouse: the mouse.
        place: index of the cheese position; panes with equal index share the cell.
        person: whether a person moves instead of the policy.
        inspection: what is shown and changed inside the mouse's network; all panes share it.
    """

    mouse: Mouse
    place: int
    person: bool = False
    inspection: Inspection = UNCHANGED


def choose_region(cheese: str, spec: WorldSpec) -> str | int:
    """The cheese region that "as_trained" means in a world; "anywhere" for the other positions."""
    return spec.cheese_region if cheese == AS_TRAINED else ANYWHERE


def check_cheeses(cheeses: Sequence[Any]) -> None:
    """Check that cheese positions are regions or cells.

    Raises:
        InputError: one is neither.
    """
    for cheese in cheeses:
        is_cell = isinstance(cheese, list | tuple) and len(cheese) == 2 and all(type(x) is int for x in cheese)
        if not is_cell and cheese not in CHEESES:
            raise InputError(f"cheese must be one of {', '.join(CHEESES)} or a cell [x,y], not {cheese!r}")


def check_mice(mice: Sequence[Mouse]) -> None:
    """Check that mice share world size and observation.

    Raises:
        InputError: they do not; the message names both.
    """
    worlds = [f"a {m.spec.world_dim}×{m.spec.world_dim} world with {m.spec.observation} observations" for m in mice]
    for mouse, words in zip(mice, worlds, strict=True):
        if words != worlds[0]:
            raise InputError(
                f"mice must share world size and observation: {mice[0].path} has {worlds[0]}, {mouse.path} has {words}"
            )

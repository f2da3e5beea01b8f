"""What is shown and changed inside a mouse's network: the activations of one layer.

A changed network is still a policy without memory, so everything that the window computes holds for it, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis.chain import Predict
from envs.levels import Levels
from envs.world import State
from foundation.errors import InputError
from inside import hooks
from inside.activations import LAYER, collect_activations, find_positions, find_shape

CHEESE = "cheese"  # the vector that can be taken away
STEP = 0.5  # by which a key changes the value of a clamp
LARGEST_CLAMP = 1e6  # far above any activation; much larger values overflow in the layers after it


class Clamp(NamedTuple):
    """An activation that is clamped at a value.

    Attributes:
        channel: of the layer.
        row: of its map, from the top.
        column: of its map.
        value: of the activation, in every state.
    """

    channel: int
    row: int
    column: int
    value: float


@dataclass(frozen=True)
class Inspection:
    """What is shown and changed inside a network. Two that change the same are equal, whatever channel they show.

    Attributes:
        layer: with maps, as in ``inside.hooks``.
        channel: that is shown.
        clamps: activations of the layer that are clamped.
        without_cheese: whether the level's cheese vector is taken away from the layer in every state: what the layer
            holds with the cheese less what it holds without, with the mouse at the start.
    """

    layer: str = LAYER
    channel: int = field(default=0, compare=False)
    clamps: tuple[Clamp, ...] = ()
    without_cheese: bool = False

    @property
    def changes(self) -> bool:
        """Whether the network is changed."""
        return bool(self.clamps) or self.without_cheese

    def toggle(self, clamp: Clamp) -> "Inspection":
        """Release the clamp of this activation, or add it if there is none."""
        others = tuple(each for each in self.clamps if each[:3] != clamp[:3])
        return replace(self, clamps=others if len(others) < len(self.clamps) else (*others, clamp))

    def raise_last(self, by: float) -> "Inspection":
        """Add a number to the value of the last clamp, if there is one."""
        last = tuple(clamp._replace(value=round(clamp.value + by, 6)) for clamp in self.clamps[-1:])
        return replace(self, clamps=(*self.clamps[:-1], *last))

    def release(self) -> "Inspection":
        """The same layer and channel in the unchanged network."""
        return Inspection(self.layer, self.channel)

    def build_predict(self, mouse: Mouse, levels: Levels) -> Predict:
        """The policy and the value of the changed network in states of N levels; see ``build_chain``."""
        painter, change = mouse.spec.painter(mouse.device), self._build_change(mouse, levels)

        def predict(state: State, level: Tensor) -> tuple[Tensor, Tensor]:
            functions = {self.layer: lambda activation: change(activation, level)} if self.changes else {}
            with hooks.replace(mouse.policy, functions):
                return mouse.policy(painter.paint(state))

        return predict

    def collect(self, mouse: Mouse, state: State) -> Tensor:
        """The layer's activations in a state, as the layers after it read them: float32 (channels, height, width).

        Args:
            mouse: the mouse.
            state: a batch of one.
        """
        activation = collect_activations(mouse, [self.layer], state)[self.layer]
        return self._build_change(mouse, state.level)(activation, torch.zeros_like(state.mouse))[0]

    def _build_change(self, mouse: Mouse, levels: Levels) -> Callable[[Tensor, Tensor], Tensor]:
        """From the layer's activations (n, …) in states of the levels of these numbers (n,) to the changed ones."""
        vectors = _compute_cheese_vectors(mouse, self.layer, levels) if self.without_cheese else None

        def change(activation: Tensor, level: Tensor) -> Tensor:
            changed = activation.clone() if vectors is None else activation - vectors.to(activation)[level]
            for channel, row, column, value in self.clamps:
                changed[:, channel, row, column] = value
            return changed

        return change


UNCHANGED = Inspection()


def _compute_cheese_vectors(mouse: Mouse, layer: str, levels: Levels) -> Tensor:
    from inside.steering import compute_vectors  # imports pandas

    return compute_vectors(mouse, layer, levels, levels.hide_cheese())


def find_clamp(mouse: Mouse, state: State, inspection: Inspection, cell: int) -> Clamp:
    """The clamp of the shown channel over a cell, at the channel's largest activation of either sign in a state.

    Args:
        mouse: the mouse.
        state: a batch of one.
        inspection: its changes do not matter.
        cell: of the world.
    """
    shown = inspection.release().collect(mouse, state)[inspection.channel]
    row, column = find_positions(mouse.spec, *shown.shape)[cell].tolist()
    largest = float(shown.flatten()[shown.abs().argmax()])
    return Clamp(inspection.channel, row, column, float(f"{largest:.2g}") or 1.0)


def parse_inspection(layer: str, channel: int | None, clamp: Any, without: str) -> Inspection:
    """Read the settings of a command line; null and empty ones have their defaults.

    Args:
        layer: name of a layer.
        channel: number of a channel.
        clamp: a list of [channel, row, column, value].
        without: "cheese" or "".

    Raises:
        InputError: they have another form.
    """
    clamps = [] if clamp is None else clamp
    if not isinstance(clamps, list) or not all(map(_is_clamp, clamps)):
        expected = f"a list of [channel,row,column,value] with values within ±{LARGEST_CLAMP:,.0f}"
        raise InputError(f"clamp must be {expected}, not {clamp!r}")
    places = [clamp[:3] for clamp in clamps]
    for place in places:
        if places.count(place) > 1:
            raise InputError(f"clamp has the activation {place} more than once")
    if without not in ("", CHEESE):
        raise InputError(f"without must be {CHEESE}, not {without!r}")
    clamped = tuple(Clamp(channel, row, column, float(value)) for channel, row, column, value in clamps)
    return Inspection(layer or LAYER, channel or 0, clamped, without == CHEESE)


def _is_clamp(value: Any) -> bool:
    is_list = isinstance(value, list) and len(value) == 4 and all(type(x) is int for x in value[:3])
    return is_list and type(value[3]) in (int, float) and abs(value[3]) <= LARGEST_CLAMP


def check_inspection(inspection: Inspection, mice: Sequence[Mouse]) -> None:
    """Check that the networks of mice have these activations.

    Raises:
        InputError: they do not; the message names the setting.
    """
    for mouse in mice:
        channels, height, width = find_shape(mouse, inspection.layer)
        has = f"{inspection.layer} of {mouse.path} has {channels} channels of {height}×{width} positions"
        if not 0 <= inspection.channel < channels:
            raise InputError(f"channel must be from 0 to {channels - 1}, not {inspection.channel}: {has}")
        for channel, row, column, _ in inspection.clamps:
            if not (0 <= channel < channels and 0 <= row < height and 0 <= column < width):
                raise InputError(f"clamp=[[{channel},{row},{column},…]] does not exist, counted from 0: {has}")

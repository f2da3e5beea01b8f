"""What a change inside the network does to the mouse, exactly.

A network with changed activations is still a policy without memory. One pass over the states of a maze gives the chain
of the changed mouse, and from it the probability of each outcome, without sampling.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis.arrivals import compute_first
from analysis.chain import Chain, build_chain
from analysis.decision import find_next_move
from envs.levels import Levels
from envs.world import State
from foundation.errors import InputError
from inside.forks import Forks
from inside.hooks import read, record, replace
from inside.remainder import run_remainder

COLUMNS = {
    "p_cheese": "P(cheese within 500 steps)",
    "p_cheese_first": "P(cheese within 500 steps, before the corner)",
    "p_corner_first": "P(corner within 500 steps, before the cheese)",
    "to_cheese": "P(the move at the decision square is the first one of the way to the cheese)",
    "to_corner": "P(the move at the decision square is the first one of the way to the corner)",
}


class Rows(NamedTuple):
    """What an edit may know about the n rows of a batch.

    Attributes:
        level: int64 (n,), the number of the level of each row.
        donors: the activations (n, …) of the layer in the states of each donor.
    """

    level: Tensor
    donors: Sequence[Tensor]


Edit = Callable[[Tensor, Rows], Tensor]  # from the activation of a layer to another one


def add(vector: Tensor, factor: float = 1.0) -> Edit:
    """Add a vector (C, …), or one for each level (N, C, …), times a factor."""
    return lambda activation, rows: activation + factor * _pick(vector, activation, rows)


def put(value: Tensor, where: Tensor) -> Edit:
    """Put a value, a number () or (C, …), where a mask bool, (C, …) or for each level (N, C, …), is True."""
    return lambda activation, rows: torch.where(_pick(where, activation, rows), value.to(activation), activation)


def take_donors(where: Mapping[int, Tensor]) -> Edit:
    """Take activations of donors, by their numbers: where a mask bool, (C, …) or for each level (N, C, …), is True."""

    def edit(activation: Tensor, rows: Rows) -> Tensor:
        for number, mask in where.items():
            activation = torch.where(_pick(mask, activation, rows), rows.donors[number], activation)
        return activation

    return edit


def _pick(tensor: Tensor, activation: Tensor, rows: Rows) -> Tensor:
    """The rows' own part of a tensor that is one for all levels or one for each."""
    tensor = tensor.to(activation.device)
    own = tensor[rows.level] if tensor.dim() == activation.dim() else tensor
    if own.shape not in (activation.shape, activation.shape[1:]):
        raise InputError(
            f"the layer has activations of the shape {tuple(activation.shape[1:])}, not {tuple(own.shape)}"
        )
    return own


def find_nearest_open(levels: Levels) -> Tensor:
    """int64 (N, cells): for each cell the nearest open cell in a straight line, which is itself if it is open."""
    cell = torch.arange(levels.world_dim**2)
    x, y = cell % levels.world_dim, cell // levels.world_dim
    apart = (x[:, None] - x).square() + (y[:, None] - y).square()
    walls = levels.walls.flatten(1)
    return torch.stack([apart.masked_fill(wall, 2**30).argmin(1) for wall in walls])


def build_altered(mouse: Mouse, levels: Levels, edits: Mapping[str, Edit], donors: Sequence[Levels] = ()) -> Chain:
    """Build the chains of a mouse whose activations are changed.

    Args:
        mouse: the mouse, on any device.
        levels: N levels of the mouse's world.
        edits: by layer.
        donors: N levels each. The donor of a state is the state of this level with the mouse in the same cell, or in
            the nearest open one.

    Raises:
        InputError: a layer is unknown, or an edit does not fit its layer.
    """
    painter, give = mouse.spec.painter(mouse.device), _prepare_donors(mouse, list(edits), donors)

    def predict(state: State, level: Tensor) -> tuple[Tensor, Tensor]:
        given = give(state, level)
        functions = {
            layer: lambda activation, layer=layer, edit=edit: edit(activation, Rows(level, given[layer]))
            for layer, edit in edits.items()
        }
        with replace(mouse.policy, functions):
            return mouse.policy(painter.paint(state))

    return build_chain(mouse, levels, predict)


def _prepare_donors(
    mouse: Mouse, layers: Sequence[str], donors: Sequence[Levels]
) -> Callable[[State, Tensor], dict[str, list[Tensor]]]:
    """A function from states and the numbers of their levels to the activations of each donor, by layer."""
    painter, device = mouse.spec.painter(mouse.device), mouse.device
    places = [find_nearest_open(donor.to("cpu")).to(device) for donor in donors]
    donors = [donor.to(device) for donor in donors]

    def give(state: State, level: Tensor) -> dict[str, list[Tensor]]:
        given: dict[str, list[Tensor]] = {layer: [] for layer in layers}
        for donor, place in zip(donors, places, strict=True):
            donated = State(donor.rows(level), place[level, state.mouse], state.facing_right, state.clock)
            for layer, activation in read(mouse.policy, layers, painter.paint(donated)).items():
                given[layer].append(activation)
        return given

    return give


def build_each(
    mouse: Mouse, levels: Levels, edits: Sequence[tuple[str, Edit]], donors: Sequence[Levels] = ()
) -> tuple[Chain, list[Chain]]:
    """Build the chains of a mouse as it is, and those after each of several edits.

    The chains are those of ``build_altered``, bit for bit. What lies below the edited layer runs once for all edits.

    Args:
        mouse, levels, donors: as for ``build_altered``.
        edits: for each chain the layer and its edit.

    Raises:
        InputError: a layer is unknown, or an edit does not fit its layer.
    """
    layers = list(dict.fromkeys(layer for layer, _ in edits))
    painter, give = mouse.spec.painter(mouse.device), _prepare_donors(mouse, layers, donors)
    edited: list[list[tuple[Tensor, Tensor]]] = [[] for _ in edits]  # logits and values of each batch of states

    def predict(state: State, level: Tensor) -> tuple[Tensor, Tensor]:
        obs, given = painter.paint(state), give(state, level)
        with record(mouse.policy, layers) as found:
            plain = mouse.policy(obs)
        for (layer, edit), outputs in zip(edits, edited, strict=True):
            activation = edit(found[layer], Rows(level, given[layer]))
            outputs.append(run_remainder(mouse.policy, layer, activation, obs))
        return plain

    def replay(outputs: list[tuple[Tensor, Tensor]]) -> Chain:
        batches = iter(outputs)
        return build_chain(mouse, levels, lambda state, level: next(batches))

    return build_chain(mouse, levels, predict), [replay(outputs) for outputs in edited]


def measure(chain: Chain, forks: Forks) -> pd.DataFrame:
    """The outcomes in N forks, exactly: a row for each with ``COLUMNS``.

    Args:
        chain: of a mouse in the forks' mazes. Its pictures may have differed, for example by hidden cheese.
        forks: cheese, corner and decision square are those of these levels.
    """
    levels = forks.levels
    chain = chain._replace(levels=levels)
    first = {name: by_step[:, -1] for name, by_step in compute_first(chain).items()}
    square = chain.start_at(forks.square).start
    moves = {
        f"to_{name}": chain.probability[square, find_next_move(levels, forks.square, target).numpy()]
        for name, target in (("cheese", levels.cheese), ("corner", levels.corner))
    }
    return pd.DataFrame(
        {
            "p_cheese": first["cheese_500"],
            "p_cheese_first": first["cheese_first"],
            "p_corner_first": first["corner_first"],
            **moves,
        }
    )


def measure_altered(
    mouse: Mouse, forks: Forks, edits: Mapping[str, Edit], donors: Sequence[Levels] = ()
) -> pd.DataFrame:
    """``measure`` of ``build_altered``."""
    return measure(build_altered(mouse, forks.levels, edits, donors), forks)

"""Activations of given states, and how the cells of a world lie in a layer's maps."""

from collections.abc import Sequence

import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis.chain import choose_batch_size
from envs import world
from envs.levels import Levels
from envs.spec import WorldSpec
from envs.world import State
from foundation.errors import InputError
from inside.hooks import list_layers, read

LAYER = "embedder.block2.res1"  # half way through the network, as in the literature


@torch.no_grad()
def collect_activations(mouse: Mouse, layers: Sequence[str], state: State) -> dict[str, Tensor]:
    """Collect the activations of layers in n states.

    Args:
        mouse: the mouse, on any device.
        layers: names of layers.
        state: n states on the CPU.

    Returns:
        float32 (n, …) by layer, on the CPU.
    """
    painter = mouse.spec.painter(mouse.device)
    parts: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    size = choose_batch_size(mouse)
    for first in range(0, len(state.mouse), size):
        rows = state.rows(slice(first, first + size))
        for layer, activation in read(mouse.policy, layers, painter.paint(rows.to(mouse.device))).items():
            parts[layer].append(activation.float().cpu())
    return {layer: torch.cat(part) for layer, part in parts.items()}


def place_mouse(levels: Levels, cell: Tensor) -> State:
    """The states of N levels with the mouse in the cells int64 (N,), facing as at the start."""
    return world.start(levels._replace(start=cell))


@torch.no_grad()
def list_map_layers(mouse: Mouse) -> list[str]:
    """The names of the layers that have maps, in the order of their definition."""
    layers = list_layers(mouse.policy)
    state = world.start(mouse.spec.make_levels([0])).to(mouse.device)
    found = read(mouse.policy, layers, mouse.spec.painter(mouse.device).paint(state))
    return [layer for layer in layers if layer in found and found[layer].dim() == 4]


def find_shape(mouse: Mouse, layer: str) -> tuple[int, int, int]:
    """Channels, height and width of a layer's maps.

    Raises:
        InputError: there is no such layer, or it has no maps.
    """
    level = mouse.spec.make_levels([0])
    shape = tuple(collect_activations(mouse, [layer], world.start(level))[layer].shape[1:])
    if len(shape) != 3:
        raise InputError(f"{layer} has no maps, only {shape[0]} numbers; expected a layer of a block")
    return shape


def find_positions(spec: WorldSpec, height: int, width: int) -> Tensor:
    """The position of a layer's maps over each cell, int64 (world_dim², 2): row from the top, column.

    Each max-pool takes every second position of the layer before, from the first one on. So after k of them a side of p
    pixels has ⌈p / 2ᵏ⌉ positions, and the centre of position i is the picture's pixel 2ᵏ·i. The position over a cell is
    the one nearest to the cell's centre.
    """
    cell = torch.arange(spec.world_dim**2)
    place = torch.stack((spec.world_dim - 1 - cell // spec.world_dim, cell % spec.world_dim), dim=1)
    pixels, sides = torch.tensor(spec.observation_shape[:2]), torch.tensor((height, width))
    stride = 2 ** (pixels / sides).log2().ceil()
    centre = (place + 0.5) * pixels / spec.world_dim - 0.5
    return torch.minimum((centre / stride).round().long(), sides - 1)


def to_cells(maps: Tensor, spec: WorldSpec) -> Tensor:
    """Resize maps (…, height, width) to the world's cells, (…, world_dim²), by the position over each cell."""
    row, column = find_positions(spec, *maps.shape[-2:]).T
    return maps[..., row, column]

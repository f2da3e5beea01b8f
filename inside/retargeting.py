"""Retargeting: can a few activations send the mouse to a cell of our choice?

The channels of the cheese are clamped at the position over a target cell, in mazes without cheese. Where the mouse
comes to the target before the corner, it has been sent there, unless it goes there anyway; so the same maze without
the clamp stands beside it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis.chain import Chain, build_chain, reach
from envs import paths
from envs.levels import Levels
from envs.world import MAX_EPISODE_STEPS
from foundation.errors import InputError
from inside.activations import collect_activations, find_positions, find_shape
from inside.effects import build_altered, put
from inside.forks import Forks
from inside.patching import sample_states, select

REACHED = 0.5  # a cell counts as reached from this probability on


def estimate_level(mouse: Mouse, layer: str, channels: Sequence[int], number: int = 200) -> Tensor:
    """The activation of channels at the position over the cheese, mean over held-out mazes: float32 (channels,)."""
    state = sample_states(mouse.spec, number)
    activation = collect_activations(mouse, [layer], state)[layer][:, list(channels)]
    row, column = find_positions(mouse.spec, *activation.shape[-2:])[state.level.cheese].T
    return activation[torch.arange(number), :, row, column].mean(0)


def find_targets(levels: Levels) -> list[Tensor]:
    """For each of N levels the cells to send the mouse to: open cells other than the start and the corner."""
    is_open = ~levels.walls.flatten(1)
    is_open = is_open.scatter(1, torch.stack((levels.start, levels.corner), dim=1), False)
    return [torch.nonzero(row)[:, 0] for row in is_open]


def check_target(levels: Levels, row: int, cell: int) -> None:
    """Check a target cell.

    Raises:
        InputError: it is a wall, or not in the world.
    """
    targets = torch.nonzero(~levels.walls[row].flatten())[:, 0].tolist()
    if cell not in targets:
        raise InputError(f"cell {cell} is a wall; expected one of {', '.join(map(str, targets))}")


def clamp(mouse: Mouse, layer: str, levels: Levels, target: Tensor, channels: Sequence[int], value: Tensor) -> Chain:
    """The chains of a mouse whose channels are clamped at the positions over target cells.

    Args:
        mouse: the mouse.
        layer: with maps.
        levels: N levels.
        target: int64 (N,), cells.
        channels: to clamp.
        value: float32 (channels,).

    Raises:
        InputError: a target is a wall, or the layer has no such channel.
    """
    shape = find_shape(mouse, layer)
    chosen = select(shape, channels)
    for row, cell in enumerate(target.tolist()):
        check_target(levels, row, cell)
    row, column = find_positions(mouse.spec, *shape[1:])[target].T
    at = torch.zeros(levels.num_levels, *shape[1:], dtype=torch.bool)
    at[torch.arange(levels.num_levels), row, column] = True
    values = torch.zeros(shape[0]).index_copy(0, torch.tensor(list(channels)), value)
    return build_altered(mouse, levels, {layer: put(values[:, None, None], at[:, None] & chosen)})


def _measure(chain: Chain, target: Tensor) -> dict[str, np.ndarray]:
    """P(target before the corner), P(corner before the target), and steps to the target where it is reached."""
    here, corner = chain.at(target), chain.at(chain.levels.corner)
    by_step = reach(chain, here, MAX_EPISODE_STEPS, corner).by_step
    arrived = by_step[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = (np.diff(by_step, axis=1) @ np.arange(1, MAX_EPISODE_STEPS + 1)) / arrived
    return {
        "p_target": arrived,
        "p_corner": reach(chain, corner, MAX_EPISODE_STEPS, here).by_step[:, -1],
        "steps": np.where(arrived > 1e-3, steps, np.nan),
    }


def retarget(mouse: Mouse, layer: str, forks: Forks, channels: Sequence[int], value: Tensor) -> pd.DataFrame:
    """Send a mouse to every open cell of N mazes, without cheese, by clamping channels.

    Args:
        mouse: the mouse.
        layer: with maps.
        forks: N forks; their cheese is hidden.
        channels: to clamp, one activation each.
        value: float32 (channels,), to clamp them at; as of ``estimate_level``.

    Returns:
        A row for each fork and target: ``fork``, ``cell``, ``shortest`` (steps), ``p_target``, ``p_corner`` and
        ``steps`` with the clamp, and the same without it: ``plain_target``, ``plain_corner`` and ``plain_steps``.
    """
    tables, hidden = [], forks.hide_cheese()
    for fork, targets in enumerate(find_targets(hidden)):
        levels = hidden.rows(torch.full((len(targets),), fork))
        clamped = _measure(clamp(mouse, layer, levels, targets, channels, value), targets)
        plain = _measure(_repeat(build_chain(mouse, hidden.rows([fork])), levels), targets)
        shortest = paths.compute_distances(levels.rows([0]), levels.start[:1]).flatten()[targets].numpy()
        columns = {"fork": fork, "cell": targets.numpy(), "shortest": shortest, **clamped}
        columns |= {name.replace("p_", "plain_") if name != "steps" else "plain_steps": values
                    for name, values in plain.items()}  # fmt: skip
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def _repeat(chain: Chain, levels: Levels) -> Chain:
    """The chain of one level, as often as there are ``levels``, which are all alike."""
    number, size = levels.num_levels, len(chain.cell)
    shift = np.repeat(np.arange(number) * size, size)
    return Chain(
        levels,
        offset=np.arange(number + 1) * size,
        level=np.repeat(np.arange(number), size),
        cell=np.tile(chain.cell, number),
        facing_right=np.tile(chain.facing_right, number),
        start=chain.start[0] + np.arange(number) * size,
        successor=np.tile(chain.successor, (number, 1)) + shift[:, None],
        probability=np.tile(chain.probability, (number, 1)),
        value=np.tile(chain.value, number),
    )


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """By fork, the share of cells that are reached.

    Returns:
        A row for each fork: ``reached`` with the clamp, ``plain`` without it, ``gained`` (reached with the clamp only),
        ``lost`` (P(neither the target nor the corner), mean over targets) and ``longer`` (steps to reached targets over
        the shortest way, mean).
    """
    reached, plain = table.p_target >= REACHED, table.plain_target >= REACHED
    columns = {
        "fork": table.fork,
        "reached": reached.astype(float),
        "plain": plain.astype(float),
        "gained": (reached & ~plain).astype(float),
        "lost": 1 - table.p_target - table.p_corner,
        "longer": (table.steps / table.shortest).where(reached),
    }
    return pd.DataFrame(pd.DataFrame(columns).groupby("fork", as_index=False).mean())

"""Retargeting: can a few activations send the mouse to a cell of our choice?

The channels of the cheese are clamped at the position over a target cell, in mazes without cheese. If the mouse comes
to the target before the corner, it has been sent there, unless it goes there without the clamp too; so the same maze
without the clamp is measured as well. A random walk reaches many cells before the corner. The clamp must reach more
cells than that; otherwise it may only have broken the policy.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis.arrivals import arrive
from analysis.chain import Chain, build_chain, build_walk
from envs import paths
from envs.levels import Levels
from envs.world import MAX_EPISODE_STEPS
from foundation.errors import InputError
from inside.activations import collect_activations, find_positions, find_shape
from inside.effects import build_each, put
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


def check_target(level: Levels, cell: int) -> None:
    """Check a target cell of one level.

    Raises:
        InputError: it is a wall, or not in the world.
    """
    targets = torch.nonzero(~level.walls[0].flatten())[:, 0].tolist()
    if cell not in targets:
        raise InputError(f"cell {cell} is a wall; expected one of {', '.join(map(str, targets))}")


def clamp(mouse: Mouse, layer: str, level: Levels, targets: Tensor, channels: Sequence[int], value: Tensor) -> Chain:
    """The chains of a mouse in one maze, with its channels clamped at the position over each of N target cells.

    Args:
        mouse: the mouse.
        layer: with maps.
        level: a batch of one.
        targets: int64 (N,), cells.
        channels: to clamp.
        value: float32 (channels,).

    Returns:
        The chains of N levels that are all alike, a target each.

    Raises:
        InputError: a target is a wall, or the layer has no such channel.
    """
    shape = find_shape(mouse, layer)
    chosen = select(shape, channels)
    for cell in targets.tolist():
        check_target(level, cell)
    at = torch.zeros(len(targets), *shape[1:], dtype=torch.bool)
    at[torch.arange(len(targets)), *find_positions(mouse.spec, *shape[1:])[targets].T] = True
    values = torch.zeros(shape[0]).index_copy(0, torch.tensor(list(channels)), value)[:, None, None]
    plain, clamped = build_each(mouse, level, [(layer, put(values, where & chosen)) for where in at])
    return _repeat(plain, len(targets))._replace(
        probability=np.concatenate([chain.probability for chain in clamped]),
        value=np.concatenate([chain.value for chain in clamped]),
    )


def _measure(chain: Chain, target: Tensor) -> dict[str, np.ndarray]:
    """P(target before the corner), P(corner before the target), and steps to the target where it is reached."""
    here, corner = chain.at(target), chain.at(chain.levels.corner)
    by_step = arrive(chain, here, corner)
    arrived = by_step[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = (np.diff(by_step, axis=1) @ np.arange(1, MAX_EPISODE_STEPS + 1)) / arrived
    return {
        "p_target": arrived,
        "p_corner": arrive(chain, corner, here)[:, -1],
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
        A row for each fork and target: ``fork``, ``cell``, ``is_fork`` (the paths to target and corner part before
        either), ``shortest`` (steps), ``p_target``, ``p_corner`` and ``steps`` with the clamp, and the same without it
        (``plain_target``, ``plain_corner``, ``plain_steps``) and of a random walk (``walk_target`` and so on).
    """
    tables, hidden = [], forks.levels.hide_cheese()
    for fork, targets in enumerate(find_targets(hidden)):
        level = hidden.rows([fork])
        clamped = _measure(clamp(mouse, layer, level, targets, channels, value), targets)
        shortest = paths.compute_distances(level, level.start).flatten()[targets].numpy()
        repeated = hidden.rows([fork] * len(targets))._replace(cheese=targets)
        is_fork = (paths.classify_levels(repeated)[0] == paths.FORK).numpy()
        columns = {"fork": fork, "cell": targets.numpy(), "is_fork": is_fork, "shortest": shortest, **clamped}
        for who, chain in (("plain", build_chain(mouse, level)), ("walk", build_walk(level))):
            measured = _measure(_repeat(chain, len(targets)), targets)
            columns |= {f"{who}_{name.removeprefix('p_')}": values for name, values in measured.items()}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def _repeat(chain: Chain, number: int) -> Chain:
    """The chain of one level, as often as asked."""
    size = len(chain.cell)
    shift = np.repeat(np.arange(number) * size, size)
    return Chain(
        chain.levels.rows(torch.zeros(number, dtype=torch.int64)),
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
        A row for each fork: ``reached`` with the clamp, ``plain`` without it, ``walk`` (by a random walk) and ``lost``
        (P(neither the target nor the corner), mean over targets).
    """
    columns = {
        "fork": table.fork,
        "reached": (table.p_target >= REACHED).astype(float),
        "plain": (table.plain_target >= REACHED).astype(float),
        "walk": (table.walk_target >= REACHED).astype(float),
        "lost": 1 - table.p_target - table.p_corner,
    }
    return pd.DataFrame(pd.DataFrame(columns).groupby("fork", as_index=False).mean())

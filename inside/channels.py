"""Channels that are found, not picked.

A channel is called after a goal only if (a) its map marks the goal's cell in held-out mazes and (b) resampling the
channel alone makes the mouse go there less. Both are corrected over the channels of the layer (Benjamini & Hochberg
1995), and both are counted in untrained networks too: a random filter of the picture also marks the cheese.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from scipy import stats
from statsmodels.stats.multitest import multipletests
from torch import Tensor

from agents.mouse import Mouse
from envs import world
from envs.levels import Levels
from envs.world import State
from inside.activations import collect_activations, find_shape, to_cells
from inside.effects import add, build_each, measure
from inside.forks import Forks
from inside.patching import make_donors, make_patch, select

GOALS = {"cheese": "p_cheese", "corner": "p_corner_first"}  # what resampling a goal's channel lowers
ALPHA = 0.05
LEAST_RANK = 0.3  # by which a mark's mean rank differs from chance, 1/2, at least
LEAST_FALL = 0.02  # of a probability
OFFSETS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)  # standard deviations of the layer's activations


def correct(p_values: pd.Series | np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's correction over channels."""
    values = np.asarray(p_values, float)
    return np.asarray(multipletests(values, ALPHA, "fdr_bh")[1]) if len(values) else values


def find_marked(state: State) -> dict[str, tuple[Tensor, Tensor]]:
    """The cells that each mark is about, and those that they are ranked among, bool (n, cells) each.

    The cheese and the mouse lie in a random one of the cells that they are ranked among, so that the mean rank of a map
    that does not depend on them is 1/2.
    """
    levels, cells = state.level, torch.arange(state.level.world_dim**2)
    is_open = ~levels.walls.flatten(1)
    usual_start = levels.margin * levels.world_dim + levels.margin
    at = {
        "cheese": levels.cheese[:, None] == cells,
        "corner": levels.corner[:, None] == cells,
        "mouse": state.mouse[:, None] == cells,
        "start": usual_start[:, None] == cells,
    }
    x, y = cells % levels.world_dim, cells // levels.world_dim
    margin, dim = levels.margin[:, None], levels.world_dim
    inside = (x >= margin) & (x < dim - margin) & (y >= margin) & (y < dim - margin)
    return {
        "cheese": (at["cheese"], is_open & ~at["mouse"] & ~at["start"]),
        "corner": (at["corner"], is_open & ~at["mouse"]),
        "mouse": (at["mouse"], is_open & ~at["cheese"] & ~at["corner"]),
        "walls": (~is_open & inside, inside),
        "dead ends": (is_open & (_count_open_sides(levels) == 1), is_open),
    }


def _count_open_sides(levels: Levels) -> Tensor:
    is_open = torch.nn.functional.pad((~levels.walls).long(), (1, 1, 1, 1))
    middle = slice(1, -1)
    sides = is_open[:, :-2, middle] + is_open[:, 2:, middle] + is_open[:, middle, :-2] + is_open[:, middle, 2:]
    return sides.flatten(1)


def rank_marked(values: Tensor, marked: Tensor, among: Tensor) -> np.ndarray:
    """How high maps rank marked cells: P(a marked cell > another one), a tie counts half (area under the ROC curve).

    Args:
        values: float (n, C, cells).
        marked, among: bool (n, cells).

    Returns:
        float64 (n, C); NaN in rows without a marked or another cell.
    """
    found = np.full(values.shape[:2], np.nan)
    for row in range(len(values)):
        cells = torch.nonzero(among[row])[:, 0]
        chosen = marked[row, cells].numpy()
        ones, others = int(chosen.sum()), int((~chosen).sum())
        if ones and others:
            ranks = stats.rankdata(values[row][:, cells].numpy(), axis=1)
            found[row] = (ranks[:, chosen].sum(1) - ones * (ones + 1) / 2) / (ones * others)
    return found


def _test(values: np.ndarray, centre: float) -> np.ndarray:
    """The two-sided p of each column's mean being ``centre``, float64 (C,); 1 where all values are equal to it."""
    values = values[~np.isnan(values).any(1)]
    spread = values.std(0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1])
    away = np.abs(values.mean(0) - centre) if len(values) else np.zeros(values.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        score = away / (spread / len(values) ** 0.5)
    return np.where(away < 1e-9, 1.0, 2 * stats.t.sf(np.nan_to_num(score, posinf=np.inf), max(len(values) - 1, 1)))


def score_maps(mouse: Mouse, layer: str, state: State) -> pd.DataFrame:
    """Score (a): how well the map of each channel ranks what could be marked.

    Args:
        mouse: the mouse, or one with an untrained network for comparison.
        layer: with maps.
        state: n states, as of ``patching.sample_states``.

    Returns:
        A row for each channel and mark: ``channel``, ``mark``, ``rank`` (mean over mazes; 0: always lowest, 1: always
        highest), ``p`` (corrected over channels) and ``marks`` (``rank`` is far from 1/2 and ``p`` is small).
    """
    find_shape(mouse, layer)
    values = to_cells(collect_activations(mouse, [layer], state)[layer], mouse.spec)
    tables = []
    for mark, (marked, among) in find_marked(state).items():
        ranks = rank_marked(values, marked, among)
        mean = np.nanmean(ranks, axis=0) if not np.isnan(ranks).all() else np.full(ranks.shape[1], 0.5)
        p = correct(_test(ranks, 0.5))
        marks = (np.abs(mean - 0.5) >= LEAST_RANK) & (p < ALPHA)
        tables.append(pd.DataFrame({"channel": range(len(mean)), "mark": mark, "rank": mean, "p": p, "marks": marks}))
    return pd.concat(tables, ignore_index=True)


def score_resampling(mouse: Mouse, layer: str, forks: Forks) -> pd.DataFrame:
    """Score (b): what resampling each channel alone does to what the mouse does.

    Returns:
        A row for each channel and goal: ``channel``, ``goal``, ``change`` (mean over forks of the goal's probability in
        ``GOALS``), ``size`` (mean of its absolute value), ``p`` (corrected over channels) and ``lowers`` (``change`` is
        clearly negative).
    """
    shape = find_shape(mouse, layer)
    edits = [(layer, make_patch("resample", select(shape, [channel]))) for channel in range(shape[0])]
    donors = make_donors("resample", forks, mouse.spec)
    plain, patched = build_each(mouse, forks.levels, edits, donors)
    before = measure(plain, forks)
    changes = [measure(chain, forks) - before for chain in patched]
    tables = []
    for goal, column in GOALS.items():
        values = np.stack([change[column] for change in changes], axis=1)
        mean, p = values.mean(0), correct(_test(values, 0.0))
        columns = {
            "change": mean,
            "size": np.abs(values).mean(0),
            "p": p,
            "lowers": (mean <= -LEAST_FALL) & (p < ALPHA),
        }
        tables.append(pd.DataFrame({"channel": range(shape[0]), "goal": goal, **columns}))
    return pd.concat(tables, ignore_index=True)


def find_channels(maps: pd.DataFrame, resampling: pd.DataFrame, goal: str) -> list[int]:
    """The channels of a goal: those that mark its cell and carry it, the strongest first."""
    marking = maps.loc[(maps.mark == goal) & maps.marks, "channel"]
    carrying = resampling.loc[(resampling.goal == goal) & resampling.lowers].sort_values("change")
    return carrying.loc[carrying.channel.isin(marking), "channel"].tolist()


def measure_offsets(mouse: Mouse, layer: str, forks: Forks, offsets: Sequence[float] = OFFSETS) -> pd.DataFrame:
    """What one constant does that is added to a whole layer.

    Args:
        mouse: the mouse.
        layer: with maps.
        forks: N forks.
        offsets: in standard deviations of the layer's activations.

    Returns:
        A row for each offset and fork: ``offset``, ``fork`` and the columns of ``effects.COLUMNS``.
    """
    activation = collect_activations(mouse, [layer], world.start(forks.levels))[layer]
    one = torch.full(activation.shape[1:], float(activation.std()))
    every = sorted({0.0, *offsets})
    _, chains = build_each(mouse, forks.levels, [(layer, add(one, offset)) for offset in every])
    tables = [
        measure(chain, forks).assign(offset=offset, fork=range(len(forks.square)))
        for offset, chain in zip(every, chains, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)

"""Resampling ablation with a hypothesis (causal scrubbing): "these channels matter only through the cheese's cell".

The hypothesis allows every swap of the channels' activations for those of a maze with the cheese in the same cell, for
each channel another maze. So it is as good as the worst swap that it allows. The worst one is searched for at the
decision square, where one picture tells what a swap does, and its effect is then computed exactly.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from agents.mouse import Mouse
from analysis.decision import find_next_move
from envs.levels import Levels, concatenate
from envs.spec import WorldSpec
from inside.activations import collect_activations, find_shape, place_mouse
from inside.effects import build_each, find_nearest_open, measure, take_donors
from inside.forks import Forks, find_forks
from inside.patching import select
from inside.remainder import run_remainder

POOL = 300  # mazes that donors are drawn from
EXACT = 4  # random swaps whose effect is computed exactly
TRIED = 64  # random swaps that are tried at the decision square; the greedy search then recombines them
SWAPS = {
    "same": "from a maze with the cheese in the same cell",
    "other": "from a maze with the cheese in another cell",
    "worst": "the worst one found with the cheese in the same cell",
    "random_same": "as same, of as many random other channels",
    "random_other": "as other, of as many random other channels",
    "random_worst": "as worst, of as many random other channels",
}


def draw_donors(spec: WorldSpec, forks: Forks, number: int, same_cheese: bool) -> list[Levels]:
    """Draw mazes to swap with: for each of N forks as many as asked, N levels a donor.

    Args:
        spec: of the world.
        forks: N forks.
        number: of donors.
        same_cheese: the cheese of a donor lies in the cell of the fork's cheese, otherwise in another one.
    """
    pool = find_forks(spec, POOL, skip=len(forks.square)).levels
    is_open = (~pool.walls.flatten(1)).numpy()
    rng, donors = np.random.default_rng(0), []
    for _ in range(number):
        rows = []
        for cheese, seed in zip(forks.levels.cheese.tolist(), forks.levels.seed.tolist(), strict=True):
            fits = (
                is_open[:, cheese] & (pool.start != cheese).numpy() if same_cheese else (pool.cheese != cheese).numpy()
            )
            rows.append(rng.choice(np.flatnonzero(fits & (pool.seed != seed).numpy())))
        levels = pool.rows(torch.tensor(rows))
        donors.append(levels._replace(cheese=forks.levels.cheese) if same_cheese else levels)
    return donors


class Search(NamedTuple):
    """The worst swap found for each of N forks.

    Attributes:
        donor: int64 (N, channels), the number of the donor of each channel.
        change: float64 (N,), of P(the move at the decision square leads to the cheese).
        tried: swaps tried for each fork.
    """

    donor: Tensor
    change: np.ndarray
    tried: int


def _make_step(mouse: Mouse, layer: str, forks: Forks) -> Callable[[Tensor], Tensor]:
    """A function from activations (N, …) of a layer at the decision squares to P(move to the cheese), float64 (N,)."""
    state = place_mouse(forks.levels, forks.square).to(mouse.device)
    leads = find_next_move(forks.levels, forks.square, forks.levels.cheese)[:, None] == mouse.spec.moves()
    obs = mouse.spec.painter(mouse.device).paint(state)

    @torch.no_grad()
    def step(activation: Tensor) -> Tensor:
        logits, _ = run_remainder(mouse.policy, layer, activation.to(mouse.device), obs)
        return (logits.cpu().double().softmax(1) * leads).sum(1)

    return step


def search_worst(mouse: Mouse, layer: str, forks: Forks, channels: Sequence[int], donors: Sequence[Levels]) -> Search:
    """Search for the swap of channels that changes the move at the decision square most.

    First every donor is tried for all channels at once. Then, channel after channel, every donor is tried for this
    channel alone, and kept if it makes the change larger.

    Args:
        mouse: the mouse.
        layer: with maps.
        forks: N forks.
        channels: that are swapped.
        donors: of ``draw_donors``.
    """
    own = collect_activations(mouse, [layer], place_mouse(forks.levels, forks.square))[layer]
    step, given = _make_step(mouse, layer, forks), []
    plain = step(own)
    for donor in donors:
        square = find_nearest_open(donor).gather(1, forks.square[:, None])[:, 0]
        given.append(collect_activations(mouse, [layer], place_mouse(donor, square))[layer])
    chosen, best = own.clone(), torch.zeros(len(plain), dtype=torch.float64)
    chosen[:, list(channels)] = given[0][:, list(channels)]  # stands until a donor changes anything
    which = torch.zeros(len(plain), len(channels), dtype=torch.int64)

    def try_all(places: list[int]) -> None:
        base, swapped = chosen.clone(), [channels[place] for place in places]
        for number, activation in enumerate(given):
            trial = base.clone()
            trial[:, swapped] = activation[:, swapped]
            change = step(trial) - plain
            worse = change.abs() > best.abs()
            best[worse], chosen[worse] = change[worse], trial[worse]
            which[worse.nonzero(), torch.tensor(places, dtype=torch.int64)] = number

    try_all(list(range(len(channels))))
    for place in range(len(channels)):
        try_all([place])
    return Search(which, best.numpy(), len(donors) * (1 + len(channels)))


def scrub(
    mouse: Mouse, layer: str, forks: Forks, channels: Sequence[int], exact: int = EXACT, tried: int = TRIED
) -> tuple[pd.DataFrame, Search]:
    """Test the hypothesis that channels of a layer matter only through the cheese's cell.

    Args:
        mouse: the mouse.
        layer: with maps.
        forks: N forks.
        channels: of the hypothesis.
        exact: swaps of each kind whose effects are computed.
        tried: donors of the search for the worst swap.

    Returns:
        A row for each swap and fork: ``swap`` (of ``SWAPS``), ``fork``, the changes of the columns of
        ``effects.COLUMNS``, and ``moved``, 1 where the greedy move at the decision square is another one. And the
        search. The worst swap of a fork is the worst of the found one and of the random ones computed.
    """
    shape, fork = find_shape(mouse, layer), torch.arange(len(forks.square))
    rest = np.setdiff1d(np.arange(shape[0]), channels)
    random = np.random.default_rng(0).choice(rest, min(len(channels), len(rest)), replace=False).tolist()
    same, other = (
        draw_donors(mouse.spec, forks, number, kind) for number, kind in ((max(tried, exact), True), (exact, False))
    )
    pool = concatenate(same)
    donors, swaps, searches = [*same[:exact], *other], [], []
    for prefix, swapped in (("", channels), ("random_", random)):
        search = search_worst(mouse, layer, forks, swapped, same[:tried])
        together = select(shape, swapped)
        swaps += [(f"{prefix}same", {number: together}) for number in range(exact)]
        swaps += [(f"{prefix}other", {exact + number: together}) for number in range(exact)]
        swaps += [(f"{prefix}worst", {len(donors) + place: select(shape, [one]) for place, one in enumerate(swapped)})]
        donors += [pool.rows(number * len(fork) + fork) for number in search.donor.T]  # a donor for each channel
        searches.append(search)
    edits = [(layer, take_donors(where)) for _, where in swaps]
    plain, chains = build_each(mouse, forks.levels, edits, donors)
    square = plain.start_at(forks.square).start
    before, greedy, tables = measure(plain, forks), plain.probability[square].argmax(1), []
    for (name, _), chain in zip(swaps, chains, strict=True):
        moved = (chain.probability[square].argmax(1) != greedy).astype(float)
        tables.append((measure(chain, forks) - before).assign(moved=moved, swap=name, fork=fork.numpy()))
    table = pd.concat(tables, ignore_index=True)
    tables = [table.loc[~table.swap.str.endswith("worst")]]
    for prefix in ("", "random_"):
        candidates = table.loc[table.swap.isin((f"{prefix}same", f"{prefix}worst"))]
        worst = candidates.loc[candidates.p_cheese.abs().groupby(candidates.fork).idxmax()]
        tables.append(worst.assign(swap=f"{prefix}worst"))
    return pd.concat(tables, ignore_index=True), searches[0]

"""Edits of a maze and of its panes: functions from an episode to the edited episode.

Every edit raises InputError with the reason if it is impossible.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import torch

from envs.levels import ANYWHERE, region_mask
from foundation.errors import InputError
from viewer.episode import Episode
from viewer.inspection import Inspection
from viewer.panes import AS_TRAINED, choose_region


def move_cheese(episode: Episode, place: int, cell: int) -> Episode:
    """Move a cheese to a cell and continue; restart ended episodes."""
    if not find_free_cells(episode, place, [cell]):
        raise InputError("the cheese needs an open cell without a mouse")
    levels = episode.levels
    levels[place] = levels[place]._replace(cheese=torch.tensor([cell]))
    return episode.resume(levels)


def draw_cheese(episode: Episode, place: int, where: str, rng: np.random.Generator) -> Episode:
    """Move a cheese to a random other cell: "anywhere", or "as_trained" for the first mouse's training region."""
    now = int(episode.levels[place].cheese)
    cells = [cell for cell in find_region(episode, where) if cell != now]
    free = find_free_cells(episode, place, cells)
    if not free and where == AS_TRAINED:
        is_there = now in find_region(episode, AS_TRAINED)
        reason = "the cheese already lies" if is_there else "no open cell for the cheese"
        raise InputError(f"{reason} in its training region")
    if not free:
        raise InputError("no other open cell for the cheese")
    return move_cheese(episode, place, int(rng.choice(free)))


def move_mouse(episode: Episode, cell: int) -> Episode:
    """Move the start to a cell and restart there."""
    if not _is_open(episode, cell) or any(cell == int(level.cheese) for level in episode.levels):
        raise InputError("the mouse needs an open cell without a cheese")
    start = torch.tensor([cell])
    return episode.restart([level._replace(start=start) for level in episode.levels])


def toggle_wall(episode: Episode, cell: int) -> Episode:
    """Add or remove a wall in every pane."""
    level = episode.levels[0]
    margin = int(level.margin)
    if not all(margin <= axis < level.world_dim - margin for axis in divmod(cell, level.world_dim)):
        raise InputError("outside the maze")
    taken = [int(level.start), *(int(thing) for s in episode.states for thing in (s.mouse, s.level.cheese))]
    if cell in taken:
        raise InputError("cannot place a wall on the mouse, the start or the cheese")
    walls = level.walls.clone()
    walls.view(-1)[cell] ^= True
    return episode.resume([level._replace(walls=walls) for level in episode.levels])


def toggle_person(episode: Episode) -> Episode:
    """Add a pane that a person plays, with the last cheese, or remove it; restart."""
    mice = [pane for pane in episode.panes if not pane.person]
    panes = mice if len(mice) < len(episode.panes) else [*mice, mice[-1]._replace(person=True)]
    return Episode.begin(panes, episode.cheeses, episode.levels)


def toggle_comparison(episode: Episode, rng: np.random.Generator) -> Episode:
    """Add panes with the cheese as trained, or keep only those of the last cheese position; restart."""
    last = len(episode.cheeses) - 1
    mice = [pane for pane in episode.panes if pane.place == last and not pane.person]
    cheeses = episode.cheeses[-1:] if last else (AS_TRAINED, *episode.cheeses)
    panes = [pane._replace(place=place) for place in range(len(cheeses)) for pane in mice]
    toggled = Episode.begin(panes, cheeses, episode.levels[-1:] * len(cheeses))
    if last or int(toggled.levels[0].cheese) in find_region(toggled, AS_TRAINED):
        return toggled
    return draw_cheese(toggled, 0, AS_TRAINED, rng)


def inspect(episode: Episode, inspection: Inspection) -> Episode:
    """Change the network of every pane and continue; restart ended episodes."""
    return show(episode, inspection).resume(episode.levels)


def show(episode: Episode, inspection: Inspection) -> Episode:
    """The same episode with another inspection in every pane."""
    return replace(episode, panes=tuple(pane._replace(inspection=inspection) for pane in episode.panes))


def find_region(episode: Episode, where: str) -> list[int]:
    """The cells of the whole maze ("anywhere") or of the first mouse's training region ("as_trained")."""
    level = episode.levels[0]
    if where == ANYWHERE:
        return list(range(level.walls[0].numel()))
    return region_mask(level, choose_region(where, episode.panes[0].mouse.spec))[0].flatten().nonzero()[:, 0].tolist()


def find_free_cells(episode: Episode, place: int, cells: Iterable[int]) -> list[int]:
    """The cells in which a cheese may lie: open, and neither the start nor a mouse of its panes."""
    taken = {int(episode.levels[place].start)}
    if not episode.has_ended_pane:  # otherwise all mice restart
        pairs = zip(episode.panes, episode.states, strict=True)
        taken |= {int(state.mouse) for pane, state in pairs if pane.place == place}
    return [cell for cell in cells if _is_open(episode, cell) and cell not in taken]


def find_cell(episode: Episode, place: int, cell: Sequence[int], name: str) -> int:
    """Find a cell (x, y) for a cheese, counted from the maze's bottom left.

    Raises:
        InputError: no cheese can lie there; the message names the setting ``name``.
    """
    level, (x, y) = episode.levels[place], cell
    dim, margin = int(level.maze_dim), int(level.margin)
    found = (y + margin) * level.world_dim + x + margin
    if not (0 <= x < dim and 0 <= y < dim) or not find_free_cells(episode, place, [found]):
        raise InputError(
            f"{name}=[{x},{y}] must be an open cell of the first level, other than the start; "
            f"its maze has {dim}×{dim} cells, counted from [0,0] at the bottom left"
        )
    return found


def _is_open(episode: Episode, cell: int) -> bool:
    return not episode.levels[0].walls.flatten()[cell]

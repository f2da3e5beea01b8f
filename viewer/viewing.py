"""The viewer's model: mice, mazes and edits, without a window."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from agents.mouse import Mouse
from envs import world
from envs.levels import ANYWHERE, Levels
from envs.spec import WorldSpec
from envs.world import State
from foundation.errors import InputError
from inside.activations import find_shape, list_map_layers
from inside.hooks import INPUT
from viewer import edits
from viewer.course import Course
from viewer.episode import Episode, Moment
from viewer.inference import Predictor
from viewer.inspection import UNCHANGED, Inspection, find_clamp
from viewer.panes import AS_DRAWN, AS_TRAINED, Pane, check_cheeses, check_mice, choose_region


class Viewing:
    """Mice in one maze, stepped together: one pane per mouse and cheese position.

    A mouse's next action depends only on its state and the seed. Stepping back and forward therefore repeats the same
    actions, and panes differ only by their settings, not by sampling noise.

    Args:
        mice: one or more mice; their networks are on the CPU.
        number: the first level: its seed, or its number in ``drawn``, counted from 1.
        cheeses: cheese positions: "as_trained" (in the first mouse's training region), "anywhere" or, in the first
            level, a cell (x, y) counted from the maze's bottom left. Several are shown side by side.
        seed: action seed, also of random cheese cells; each restart uses the next seed.
        drawn: hand-drawn levels to use instead of seeds; their cheese lies as drawn unless a cell is given.
        inspection: what is shown and changed inside the networks; ``check_inspection`` has checked it.

    Attributes:
        episode: all moments since the last edit.
        number: the current level.
        held: the dragged object: "mouse", "cheese" or "".

    Raises:
        InputError: the mice have different worlds, or a cheese position or level does not exist.
    """

    def __init__(
        self,
        mice: Sequence[Mouse],
        number: int,
        cheeses: Sequence[Any] = (ANYWHERE,),
        seed: int = 0,
        drawn: Levels | None = None,
        inspection: Inspection = UNCHANGED,
    ):
        check_mice(mice)
        check_cheeses(cheeses)
        self.seed, self.course = seed, Course(mice[0].spec, drawn)
        self.held, self._held_place, self._is_moved = "", 0, False
        self._rng, self._predictor = np.random.default_rng(seed), Predictor()
        panes = [Pane(mouse, place, inspection=inspection) for place in range(len(cheeses)) for mouse in mice]
        usual = ANYWHERE if drawn is None else AS_DRAWN
        self._begin(number, panes, [cheese if cheese == AS_TRAINED else usual for cheese in cheeses])
        for place, cheese in enumerate(cheeses):
            if not isinstance(cheese, str):
                self.episode = edits.move_cheese(
                    self.episode, place, edits.find_cell(self.episode, place, cheese, "cheese")
                )

    @property
    def panes(self) -> tuple[Pane, ...]:
        return self.episode.panes

    @property
    def states(self) -> Moment:
        """Current state of each pane."""
        return self.episode.states

    @property
    def level(self) -> Levels:
        """Level of the first pane; other panes differ only in the cheese."""
        return self.states[0].level

    @property
    def spec(self) -> WorldSpec:
        """The world of the first mouse."""
        return self.panes[0].mouse.spec

    @property
    def inspection(self) -> Inspection:
        """What is shown and changed inside the networks."""
        return self.panes[0].inspection

    @property
    def edited(self) -> bool:
        """Whether walls or start differ from the numbered level, so that only text describes it."""
        level, source = self.level, self._source
        return not (torch.equal(level.walls, source.walls) and torch.equal(level.start, source.start))

    @property
    def changed(self) -> bool:
        """Whether something was edited since the level began."""
        return bool(self._undo)

    # Levels

    def go_to(self, number: int, cheese: str = "") -> None:
        """Start a level.

        Args:
            number: of the level.
            cheese: if given, the region of the last cheese position from now on.

        Raises:
            InputError: no level has this number.
        """
        cheeses = self.episode.cheeses
        self._begin(number, self.panes, (*cheeses[:-1], cheese or cheeses[-1]))

    def _begin(self, number: int, panes: Sequence[Pane], cheeses: Sequence[str]) -> None:
        spec = panes[0].mouse.spec
        levels = [self.course.build_levels([number], choose_region(cheese, spec)) for cheese in cheeses]
        self.number, self._source = number, levels[0]
        self.held, self._undo = "", list[Episode]()
        self.episode = Episode.begin(panes, cheeses, levels)
        for place, cheese in enumerate(cheeses):
            if self.course.drawn is not None and cheese == AS_TRAINED:
                self._try(lambda episode, place=place: edits.draw_cheese(episode, place, AS_TRAINED, self._rng))

    def next_level(self, by: int = 1) -> None:
        """Start the next (1) or the previous (−1) level: of seeds, forks of at least 7×7 cells.

        Raises:
            InputError: there is none.
        """
        self.go_to(self.course.find_next(self.number, by))

    def restart(self) -> None:
        """Restart the level with the next action seed; cheese and walls stay."""
        self.seed += 1
        self.episode = self.episode.restart(self.episode.levels)

    # Steps

    def step(self, move: int = world.STAY) -> None:
        """Step every running pane; ``move`` is the person's move."""
        if not self.episode.finished:
            self.episode = self.episode.extend(tuple(self._step(pane, move) for pane in range(len(self.panes))))

    def _step(self, number: int, move: int) -> State:
        pane, state = self.panes[number], self.states[number]
        if self.episode.is_over(number):
            return state
        if not pane.person:
            move = self._predictor.predict(number, pane, state).draw_move(self.seed)
        return world.step(state, torch.tensor([move]))[0]

    def back(self) -> None:
        """Undo the last step."""
        self.episode = self.episode.until(max(0, len(self.episode.moments) - 2))

    def value(self, pane: int) -> float:
        """Value estimate of a pane's mouse in its current state, in scaled-reward units."""
        return self._predictor.predict(pane, self.panes[pane], self.states[pane]).value

    def at_moment(self, moment: int) -> "Viewing":
        """This viewing as it was at a moment of its episode."""
        viewing = copy(self)
        viewing.episode, viewing._predictor = self.episode.until(moment), Predictor()
        return viewing

    # Edits

    def grab(self, pane: int, cell: int) -> bool:
        """Grab the mouse or the cheese in a cell of a pane; return whether there was one."""
        self.release()  # of an earlier press whose end was not seen
        state = self.states[pane]
        objects = {int(state.level.cheese): "cheese", int(state.mouse): "mouse"}
        self.held, self._held_place = objects.get(cell, ""), self.panes[pane].place
        self._is_moved = False
        if self.held:
            self._undo.append(self.episode)
        return bool(self.held)

    def drag(self, cell: int) -> None:
        """Move the held object to a cell, if allowed."""
        if not self.held:
            return
        pairs = zip(self.panes, self.states, strict=True)
        state = next(state for pane, state in pairs if pane.place == self._held_place)
        if cell == int(state.level.cheese if self.held == "cheese" else state.mouse):
            return
        place, is_cheese = self._held_place, self.held == "cheese"
        reason = self._try(lambda e: edits.move_cheese(e, place, cell) if is_cheese else edits.move_mouse(e, cell))
        self._is_moved |= not reason

    def release(self) -> bool:
        """Release the held object; a drop on the old cell is not an edit. Return whether it was one."""
        moved = bool(self.held) and self._is_moved
        if self.held and not moved:
            self._undo.pop()
        self.held = ""
        return moved

    def move_cheese(self, where: str = ANYWHERE, place: int = -1) -> str:
        """Move the cheese of a position (the last one) to another open cell, drawn at random.

        Args:
            where: "anywhere", or "as_trained" for the first mouse's training region.

        Returns:
            The reason if it was not moved, else "".
        """
        place %= len(self.episode.cheeses)
        return self._edit(lambda episode: edits.draw_cheese(episode, place, where, self._rng))

    def toggle_wall(self, cell: int) -> str:
        """Add or remove a wall in every pane.

        Returns:
            The reason if it was not done, else "".
        """
        return self._edit(lambda episode: edits.toggle_wall(episode, cell))

    def toggle_person(self) -> None:
        """Toggle a pane that a person plays, from the start."""
        self._edit(edits.toggle_person)

    def toggle_comparison(self) -> str:
        """Toggle panes with the cheese as trained.

        Returns:
            The reason if it was not done, else "".
        """
        return self._edit(lambda episode: edits.toggle_comparison(episode, self._rng))

    # The network

    def pick_channel(self, channel: int) -> None:
        """Show another channel of the layer; beyond the last one follows the first."""
        number = min(find_shape(pane.mouse, self.inspection.layer)[0] for pane in self.panes)
        self.episode = edits.show(self.episode, replace(self.inspection, channel=channel % number))

    def next_layer(self, by: int = 1) -> None:
        """Show the next (1) or the previous (−1) layer of the first mouse; release what is changed."""
        layers, now = list_map_layers(self.panes[0].mouse), self.inspection.layer.removesuffix(INPUT)
        place = layers.index(now) + by if now in layers else 0
        self._inspect(Inspection(layers[place % len(layers)]))

    def toggle_clamp(self, pane: int, cell: int) -> None:
        """Clamp the shown channel's activation over a cell at its largest one in this state, or release it."""
        self._inspect(
            self.inspection.toggle(find_clamp(self.panes[pane].mouse, self.states[pane], self.inspection, cell))
        )

    def raise_clamp(self, by: float) -> None:
        """Add a number to the value of the last clamp."""
        self._inspect(self.inspection.raise_last(by))

    def toggle_cheese_vector(self) -> None:
        """Take each level's cheese vector away from the layer, or no longer."""
        self._inspect(replace(self.inspection, without_cheese=not self.inspection.without_cheese))

    def release_network(self) -> None:
        """Release everything that is changed inside the network."""
        self._inspect(self.inspection.release())

    def _inspect(self, inspection: Inspection) -> None:
        """Inspect in another way; it can be undone if it changes something else."""
        if inspection != self.inspection and (inspection.changes or self.inspection.changes):
            self._edit(lambda episode: edits.inspect(episode, inspection))
        else:
            self.episode = edits.show(self.episode, inspection)

    def undo(self) -> bool:
        """Undo the last edit and restore its episode; return whether there was one."""
        if not self._undo:
            return False
        shown, before = self.inspection, self._undo.pop()
        # What is only shown, a channel or an unchanged layer, is not part of an edit.
        is_shown = before.panes[0].inspection == shown or not (before.panes[0].inspection.changes or shown.changes)
        self.episode = edits.show(before, shown) if is_shown else before
        self.held = ""
        return True

    def _edit(self, edit: Callable[[Episode], Episode]) -> str:
        """Apply an edit that can be undone; return the reason if it is impossible, else "".

        It releases what is held, because its pane may go.
        """
        self.release()
        before = self.episode
        reason = self._try(edit)
        if not reason:
            self._undo.append(before)
        return reason

    def _try(self, edit: Callable[[Episode], Episode]) -> str:
        try:
            self.episode = edit(self.episode)
        except InputError as error:
            return str(error)
        return ""

    def put_cheese(self, cell: int) -> None:
        """Put the cheese of every pane into a cell, and restart there. This cannot be undone."""
        self.episode = self.episode.restart(self.episode.levels)
        for place in range(len(self.episode.cheeses)):
            self.episode = edits.move_cheese(self.episode, place, cell)

"""Mice being watched: what a key or the pointer does to them and to their maze, without a window."""

from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
import torch

from agents.mouse import Mouse
from envs import paths, world
from envs.levels import SEED_LIMIT, Levels, from_seeds, region_mask
from envs.world import State

AS_TRAINED, ANYWHERE, AS_DRAWN = "as_trained", "anywhere", "as_drawn"
CHEESES = (AS_TRAINED, ANYWHERE)


class Pane(NamedTuple):
    """One of the pictures side by side: who walks there, and to which cheese.

    Attributes:
        mouse: whose world it is.
        place: the number of its cheese; panes of one place have their cheese in the same cell.
        person: whether a person walks rather than the mouse's policy.
    """

    mouse: Mouse
    place: int
    person: bool = False


Moment = tuple[State, ...]  # a batch of one for each pane


class _Before(NamedTuple):
    """What an edit changes, kept to be put back."""

    panes: list[Pane]
    cheeses: list[str]
    history: list[Moment]


class _Look(NamedTuple):
    """What a network makes of a state: the probability of each action, and the value."""

    state: State
    probability: np.ndarray
    value: float


class Viewing:
    """Mice in one maze, walking in step: a pane for each mouse and each place of the cheese.

    What a mouse does next depends on its state and the seed alone. So whoever steps back and forward again sees the
    same, and two panes differ by what differs between them and not by luck.

    Args:
        mice: who is watched, at least one; their networks are on the CPU.
        number: the first level: its seed, or its number in ``drawn``, counted from 1.
        cheeses: where the cheese lies: "as_trained" (where the first mouse's lay), "anywhere" or, in the first level,
            a cell (x, y) counted from the maze's bottom left. Several are shown side by side.
        seed: of the mice's moves and of the cheese's random places; each restart takes the next one.
        drawn: levels to be watched in place of those from seeds; their cheese lies as drawn unless a cell is given.

    Attributes:
        history: what has happened since the last edit, moment by moment; the last is the present one.
        number: the present level.
        held: what is being dragged: "mouse", "cheese" or "".

    Raises:
        ValueError: mice of different worlds, a cheese or a level that does not exist.
    """

    def __init__(
        self,
        mice: Sequence[Mouse],
        number: int,
        cheeses: Sequence[Any] = (ANYWHERE,),
        seed: int = 0,
        drawn: Levels | None = None,
    ):
        check_together(mice)
        for cheese in cheeses:
            is_cell = isinstance(cheese, list | tuple) and len(cheese) == 2 and all(type(x) is int for x in cheese)
            if not is_cell and cheese not in CHEESES:
                raise ValueError(f"cheese must be one of {', '.join(CHEESES)} or a cell [x,y], not {cheese!r}")
        self.seed, self.drawn = seed, drawn
        self.rng = np.random.default_rng(seed)
        self.panes = [Pane(mouse, place) for place in range(len(cheeses)) for mouse in mice]
        usual = ANYWHERE if drawn is None else AS_DRAWN
        self.cheeses = [cheese if cheese == AS_TRAINED else usual for cheese in cheeses]
        self.history: list[Moment] = []
        self._befores: list[_Before] = []
        self._looks: dict[int, _Look] = {}  # the latest one of each pane
        self.held, self._held_place = "", 0
        self.go_to(number)
        for place, cheese in enumerate(cheeses):
            if not isinstance(cheese, str):
                self._lay_first(place, *cheese)

    @property
    def states(self) -> Moment:
        """The present state of each pane."""
        return self.history[-1]

    @property
    def level(self) -> Levels:
        """The first pane's level; the others differ in their cheese only."""
        return self.states[0].level

    @property
    def spec(self):
        """The world that the first mouse was trained in."""
        return self.panes[0].mouse.spec

    @property
    def steps(self) -> int:
        """Since the start of the episode."""
        return max(int(state.clock) for state in self.states)

    def outcome(self, pane: int) -> str:
        """ "cheese" when its mouse has it, "corner" when it came to the top-right corner before, else ""."""
        level = self.states[pane].level
        corner, cheese = int(level.corner), int(level.cheese)
        if corner != cheese and any(int(moment[pane].mouse) == corner for moment in self.history):
            return "corner"
        return "cheese" if int(self.states[pane].mouse) == cheese else ""

    def over(self, pane: int) -> bool:
        """Whether its cheese is eaten or its time is up."""
        state = self.states[pane]
        limit = self.panes[pane].mouse.spec.max_episode_steps
        return bool(state.mouse == state.level.cheese) or (limit is not None and int(state.clock) >= limit)

    @property
    def finished(self) -> bool:
        """Whether it is over in every pane."""
        return all(map(self.over, range(len(self.panes))))

    @property
    def waits(self) -> bool:
        """Whether a person is to make the next move."""
        return any(pane.person and not self.over(number) for number, pane in enumerate(self.panes))

    @property
    def edited(self) -> bool:
        """Whether walls or start are not what the level's number names, so that only its text can tell them."""
        return not (
            torch.equal(self.level.walls, self._source.walls) and torch.equal(self.level.start, self._source.start)
        )

    @property
    def remarks(self) -> list[str]:
        """What is unusual about the maze, in words."""
        level = self.level
        reached = paths.distances(level, level.start) >= 0
        has_loops = not paths.is_tree(level._replace(walls=~reached))
        is_cut = bool((reached != ~level.walls).any())
        no_cheese = any(not reached.flatten()[int(s.level.cheese)] for s in self.states if int(s.level.cheese) >= 0)
        said = {
            "the maze has loops": has_loops,
            "a part of the maze is cut off": is_cut,
            "no way to the cheese": no_cheese,
            "the corner is walled in": not reached.flatten()[int(level.corner)],
        }
        return [remark for remark, is_so in said.items() if is_so]

    # Levels

    def go_to(self, number: int) -> None:
        """Begin a level.

        Raises:
            ValueError: there is no level of this number.
        """
        if self.drawn is None:
            levels = [self._from_seed(number, cheese) for cheese in self.cheeses]
        elif 1 <= number <= self.drawn.num_levels:
            levels = [self.drawn.rows([number - 1])] * len(self.cheeses)
        else:
            raise ValueError(f"level must be one of the file's, 1 to {self.drawn.num_levels}, not {number}")
        self.number, self._source = number, levels[0]
        self.held, self._befores = "", []
        self._begin(levels)
        for place, cheese in enumerate(self.cheeses):
            if self.drawn is not None and cheese == AS_TRAINED:
                self._lay_at_random(place, AS_TRAINED)
        self._begin(self._levels())

    def _from_seed(self, number: int, cheese: str) -> Levels:
        region = self.spec.cheese_region if cheese == AS_TRAINED else ANYWHERE
        return from_seeds([number], self.spec.world_dim, region)

    def next_level(self, by: int = 1) -> None:
        """Begin the level ``by`` seeds, or places in the file, further; the first and the last are the ends."""
        low, high = (0, SEED_LIMIT - 1) if self.drawn is None else (1, self.drawn.num_levels)
        self.go_to(min(max(low, self.number + by), high))

    def restart(self) -> None:
        """Begin the present level again with the next seed, cheese and walls as they are now."""
        self.seed += 1
        self._begin(self._levels())

    def _levels(self) -> list[Levels]:
        """The present level of each place."""
        by_place = {pane.place: state.level for pane, state in zip(self.panes, self.states, strict=True)}
        return [by_place[place] for place in range(len(self.cheeses))]

    def _begin(self, levels: list[Levels]) -> None:
        starts = [world.start(level) for level in levels]
        self.history = [tuple(starts[pane.place] for pane in self.panes)]

    # Walking

    def step(self, move: int = world.STAY) -> None:
        """Let every mouse act once, and the person make a ``move`` if there is one; what is over stays as it is."""
        if not self.finished:
            self.history.append(tuple(self._after(number, move) for number in range(len(self.panes))))

    def _after(self, number: int, move: int) -> State:
        pane, state = self.panes[number], self.states[number]
        if self.over(number):
            return state
        if not pane.person:
            move = int(pane.mouse.spec.moves()[self._action(number)])
        return world.step(state, torch.tensor([move]))[0]

    def _action(self, number: int) -> int:
        probability = self._look(number).probability
        drawn = np.random.default_rng((self.seed, int(self.states[number].clock))).random()
        return min(int((probability.cumsum() <= drawn).sum()), len(probability) - 1)

    def value(self, pane: int) -> float:
        """What its mouse's network expects now, in the scaled rewards that it was trained with."""
        return self._look(pane).value

    @torch.no_grad()
    def _look(self, number: int) -> "_Look":
        mouse, state = self.panes[number].mouse, self.states[number]
        if number not in self._looks or self._looks[number].state is not state:
            logits, value = mouse.policy(mouse.spec.painter("cpu").paint(state))
            self._looks[number] = _Look(state, logits[0].double().softmax(0).numpy(), float(value))
        return self._looks[number]

    def then(self, moment: int) -> "Viewing":
        """This viewing as it was at a moment of its history."""
        viewing = copy(self)
        viewing.history, viewing._looks = self.history[: moment + 1], {}
        return viewing

    def back(self) -> None:
        """Take the last step back."""
        if len(self.history) > 1:
            self.history.pop()

    # Moving things

    def take(self, pane: int, cell: int) -> bool:
        """Take hold of the mouse or the cheese in a cell of a pane; whether there was one."""
        state = self.states[pane]
        things = {int(state.level.cheese): "cheese", int(state.mouse): "mouse"}
        self.held, self._held_place = things.get(cell, ""), self.panes[pane].place
        if self.held:
            self._remember()
        return bool(self.held)

    def carry(self, cell: int) -> None:
        """Move what is held to a cell, if it can lie there."""
        state = next(s for p, s in zip(self.panes, self.states, strict=True) if p.place == self._held_place)
        if not self.held or cell == int(state.level.cheese if self.held == "cheese" else state.mouse):
            return
        if self.held == "cheese" and self._is_free(cell, self._held_place):
            self._lay(self._held_place, cell)
        elif self.held == "mouse" and self._is_open(cell) and all(cell != int(s.level.cheese) for s in self.states):
            start = torch.tensor([cell])
            self._begin([level._replace(start=start) for level in self._levels()])

    def drop(self) -> None:
        """Let go; a thing that was put back where it lay was not moved."""
        if self.held and self._befores[-1].history[-1] is self.states:
            self._befores.pop()
        self.held = ""

    def move_cheese(self, where: str = ANYWHERE, place: int = -1) -> str:
        """Put the cheese of a place (the last one) into another open cell, drawn at random.

        Args:
            where: "anywhere", or "as_trained" for the region that it lay in when the first mouse was trained.

        Returns:
            Why it was not moved; empty if it was.
        """
        self._remember()
        if self._lay_at_random(place % len(self.cheeses), where):
            return ""
        self._befores.pop()
        return "there is no other open cell for the cheese"

    def turn_wall(self, cell: int) -> str:
        """Make a wall of an open cell or open a wall, in every pane.

        Returns:
            Why it was not done; empty if it was.
        """
        level = self.level
        margin = int(level.margin)
        if not all(margin <= axis < level.world_dim - margin for axis in divmod(cell, level.world_dim)):
            return "that is outside the maze"
        taken = [int(level.start), *(int(thing) for s in self.states for thing in (s.mouse, s.level.cheese))]
        if cell in taken:
            return "no wall can stand there: a mouse begins there, or something lies there"
        self._remember()
        walls = level.walls.clone()
        walls.view(-1)[cell] ^= True
        self._go_on([level._replace(walls=walls) for level in self._levels()])
        return ""

    def undo(self) -> bool:
        """Put back what the last edit changed, with the walk that led there; whether there was one."""
        if not self._befores:
            return False
        self.panes, self.cheeses, self.history = self._befores.pop()
        self.held = ""
        return True

    @property
    def changed(self) -> bool:
        """Whether something was moved since the level began."""
        return bool(self._befores)

    def show_here_and_there(self) -> str:
        """Put the same mice with the cheese where it lay in training beside them, or take the first place away again.

        Returns:
            Why it was not done; empty if it was.
        """
        self._remember()
        mice = [pane.mouse for pane in self.panes if pane.place == len(self.cheeses) - 1 and not pane.person]
        levels, last = self._levels(), self.cheeses[-1]
        self.cheeses = [AS_TRAINED, last] if len(self.cheeses) == 1 else [last]
        self.panes = [Pane(mouse, place) for place in range(len(self.cheeses)) for mouse in mice]
        self._begin([levels[-1]] * len(self.cheeses))
        if len(self.cheeses) == 2 and int(levels[-1].cheese) not in self._trained_cells():
            if not self._lay_at_random(0, AS_TRAINED):
                self.undo()
                return "the cheese finds no open cell where it lay in training"
            self._begin(self._levels())
        return ""

    def join(self) -> None:
        """Let a person walk beside the mice, to the last cheese, from the start; or leave again."""
        self._remember()
        mice = [pane for pane in self.panes if not pane.person]
        together = len(mice) < len(self.panes)
        levels = self._levels()
        self.panes = mice if together else [*mice, mice[-1]._replace(person=True)]
        self._begin(levels)

    def _remember(self) -> None:
        self._befores.append(_Before(self.panes, self.cheeses, list(self.history)))

    def _is_open(self, cell: int) -> bool:
        return not self.level.walls.flatten()[cell]

    def _is_free(self, cell: int, place: int) -> bool:
        """Whether a place's cheese can lie there: not in a wall, not where a mouse is or begins."""
        mice = [int(s.mouse) for p, s in zip(self.panes, self.states, strict=True) if p.place == place]
        eaten = any(map(self.over, range(len(self.panes))))  # then all begin afresh
        return self._is_open(cell) and cell != int(self.level.start) and (eaten or cell not in mice)

    def _lay(self, place: int, cell: int) -> None:
        """Put a place's cheese into a free cell and go on from here: afresh where it was over."""
        levels = self._levels()
        levels[place] = levels[place]._replace(cheese=torch.tensor([cell]))
        self._go_on(levels)

    def _go_on(self, levels: list[Levels]) -> None:
        """Go on from here in levels with things moved; from the start if it is over for some mouse."""
        if any(map(self.over, range(len(self.panes)))):
            self._begin(levels)
        else:
            self.history = [
                tuple(s._replace(level=levels[p.place]) for p, s in zip(self.panes, self.states, strict=True))
            ]

    def _trained_cells(self) -> list[int]:
        return region_mask(self.level, self.spec.cheese_region)[0].flatten().nonzero()[:, 0].tolist()

    def _lay_at_random(self, place: int, where: str) -> bool:
        cells = self._trained_cells() if where == AS_TRAINED else range(self.level.walls.numel())
        now = int(self._levels()[place].cheese)
        cells = [cell for cell in cells if cell != now and self._is_free(cell, place)]
        if cells:
            self._lay(place, int(self.rng.choice(cells)))
        return bool(cells)

    def _lay_first(self, place: int, x: int, y: int) -> None:
        level = self.level
        dim = int(level.maze_dim)
        margin = (level.world_dim - dim) // 2
        cell = (y + margin) * level.world_dim + x + margin
        if not (0 <= x < dim and 0 <= y < dim) or not self._is_free(cell, place):
            raise ValueError(
                f"cheese=[{x},{y}] must be an open cell, not the mouse's, of level {self.number}, "
                f"whose maze has {dim}×{dim} cells counted from 0 at the bottom left"
            )
        self._lay(place, cell)


def check_together(mice: Sequence[Mouse]) -> None:
    """Refuse mice that cannot walk in one maze.

    Raises:
        ValueError: they were trained in different worlds or saw different observations; says which.
    """
    trained = [_world_in_words(mouse) for mouse in mice]
    for mouse, words in zip(mice, trained, strict=True):
        if words != trained[0]:
            raise ValueError(
                f"these mice do not fit beside each other: {mice[0].path} was trained in {trained[0]}, "
                f"{mouse.path} in {words}"
            )


def _world_in_words(mouse: Mouse) -> str:
    dim = mouse.spec.world_dim
    return f"worlds of {dim}×{dim} cells seen as {mouse.spec.observation}"

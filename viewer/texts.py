"""Texts of the window."""

from envs import paths
from envs.levels import ANYWHERE
from viewer.episode import Moment
from viewer.panes import AS_DRAWN, AS_TRAINED
from viewer.viewing import Viewing

OUTCOME_TEXTS = {"cheese": "reached the cheese", "corner": "reached the corner first", "": "on its way"}
PLACE_TEXTS = {AS_TRAINED: "cheese as trained", ANYWHERE: "cheese moved", AS_DRAWN: "cheese as drawn"}


def describe_status(viewing: Viewing, pace: str) -> str:
    """First status line."""
    dim, episode = int(viewing.level.maze_dim), viewing.episode
    name = f"level {viewing.number}" if viewing.course.drawn is None else f"level {viewing.number} of the file"
    parts = [
        name + (" (walls edited)" if viewing.edited else ""),
        f"{dim}×{dim}",
        f"step {episode.steps}",
        OUTCOME_TEXTS[episode.outcome(0)] if len(viewing.panes) == 1 else "",
        f"value {viewing.value(0):.2f}" if len(viewing.panes) == 1 else "",
        "your move: w a s d" if episode.waits_for_person else pace,
    ]
    return "  ·  ".join(filter(None, parts))


def describe_training(viewing: Viewing) -> str:
    """Second status line: unusual features of the maze, and the training region."""
    several = len({pane.mouse.path for pane in viewing.panes}) > 1
    trained = f"trained with the cheese {viewing.spec.describe_region()}"
    return "  ·  ".join(["h: help", *(describe_maze(viewing.states) or ([] if several else [trained]))])


def describe_maze(states: Moment) -> list[str]:
    """Describe unusual features of the maze."""
    level = states[0].level
    reached = paths.compute_distances(level, level.start) >= 0
    cheeses = [int(state.level.cheese) for state in states if int(state.level.cheese) >= 0]
    features = {
        "the maze has loops": not paths.is_tree(level._replace(walls=~reached)),
        "part of the maze is unreachable": bool((reached != ~level.walls).any()),
        "the cheese is unreachable": any(not reached.flatten()[cell] for cell in cheeses),
        "the corner is unreachable": not reached.flatten()[int(level.corner)],
    }
    return [feature for feature, is_present in features.items() if is_present]


def describe_pane(viewing: Viewing, number: int) -> str:
    """Title of a pane, if there are several."""
    pane, episode = viewing.panes[number], viewing.episode
    several_mice = len({other.mouse.path for other in viewing.panes}) > 1
    against = any(other.person for other in viewing.panes)
    name = pane.mouse.name if several_mice else "the mouse" if against else ""
    parts = [
        "you" if pane.person else name,
        PLACE_TEXTS[episode.cheeses[pane.place]] if len(episode.cheeses) > 1 else "",
        OUTCOME_TEXTS[episode.outcome(number)] if episode.outcome(number) else "",
        "" if pane.person else f"value {viewing.value(number):.2f}",
    ]
    return "  ·  ".join(filter(None, parts))

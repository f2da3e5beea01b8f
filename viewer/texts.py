"""Texts of the window."""

from envs import paths
from viewer import edits
from viewer.episode import Episode, Moment
from viewer.inspection import Inspection
from viewer.panes import AS_TRAINED
from viewer.search import NEAR
from viewer.viewing import Viewing

OUTCOME_TEXTS = {
    "cheese": "reached the cheese",
    "corner": "reached the corner first",
    "neither": "reached neither",
    "": "on its way",
}


def describe_status(viewing: Viewing, pace: str) -> str:
    """First status line."""
    dim, episode = int(viewing.level.maze_dim), viewing.episode
    name = f"level {viewing.number}" if viewing.course.drawn is None else f"level {viewing.number} of the file"
    parts = [
        name + (" (edited)" if viewing.edited else ""),
        f"{dim}×{dim}",
        f"step {episode.steps}",
        OUTCOME_TEXTS[episode.verdict(0)] if len(viewing.panes) == 1 else "",
        f"value {viewing.value(0):.2f}" if len(viewing.panes) == 1 else "",
        "your move: w a s d" if episode.waits_for_person else pace,
    ]
    return "  ·  ".join(filter(None, parts))


def describe_training(viewing: Viewing) -> str:
    """Second status line: unusual features of the maze, and the training region."""
    regions = {pane.mouse.spec.describe_region() for pane in viewing.panes}
    trained = [f"trained with the cheese {region}" for region in regions if len(regions) == 1]
    return "  ·  ".join([*describe_maze(viewing.states), *trained])


def describe_channel(inspection: Inspection) -> str:
    """The shown channel."""
    return f"channel {inspection.channel} of {inspection.layer}"


def describe_inspection(inspection: Inspection) -> str:
    """How the network is changed; empty if it is not."""
    clamps = [f"channel {c.channel} (row {c.row}, column {c.column}) clamped at {c.value:g}" for c in inspection.clamps]
    changes = [*["without the cheese vector"] * inspection.without_cheese, *clamps]
    return f"network changed at {inspection.layer}:  {';  '.join(changes)}" if changes else ""


def describe_verdict(viewing: Viewing, hints: bool = True) -> str:
    """What happened and, with hints, what to try next."""
    episode = viewing.episode
    if len(viewing.panes) > 1:
        panes = range(len(viewing.panes))
        return ";  ".join(f"{_describe_short(viewing, pane)}: {OUTCOME_TEXTS[episode.verdict(pane)]}" for pane in panes)
    drag = "Drag the cheese" if int(viewing.level.cheese) >= 0 else "Press c to place a cheese"
    match episode.verdict(0):
        case "corner" if int(viewing.level.cheese) < 0:
            text, hint = "Reached the corner.", f"{drag}, or press n for the next level."
        case "corner":
            text, hint = _describe_corner(episode), f"{drag}, or press b to compare."
        case "cheese":
            text, hint = "Reached the cheese.", "Drag it elsewhere, or press n for the next level."
        case _:
            text, hint = f"Reached neither in {episode.steps} steps.", f"{drag}, or press n for the next level."
    return f"{text}  {hint}" if hints else text


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
    """Title of a pane, if there are several: how it differs from the others, or what its mouse was trained on."""
    pane, episode = viewing.panes[number], viewing.episode
    mice = {other.mouse.path: other.mouse for other in viewing.panes if not other.person}
    regions = [mouse.spec.describe_region() for mouse in mice.values()]
    region = pane.mouse.spec.describe_region()
    trained = f"trained with the cheese {region}"
    parts = [
        "you" if pane.person else pane.mouse.name if regions.count(region) > 1 else "",
        _describe_place(viewing, pane.place) if len(episode.cheeses) > 1 else "",
        trained if len(set(regions)) > 1 and not pane.person else "",
    ]
    return "  ·  ".join(filter(None, parts)) or trained


def _describe_short(viewing: Viewing, number: int) -> str:
    pane, episode = viewing.panes[number], viewing.episode
    several_mice = len({other.mouse.path for other in viewing.panes}) > 1
    name = "you" if pane.person else pane.mouse.name if several_mice else ""
    place = _describe_place(viewing, pane.place) if len(episode.cheeses) > 1 else ""
    return ", ".join(filter(None, (name, place))) or "the mouse"


def _describe_place(viewing: Viewing, place: int) -> str:
    """Where the cheese of a position lies now: it may have been dragged, or have no open cell where it was asked to."""
    episode, drawn = viewing.episode, viewing.course.drawn
    cheese = int(episode.levels[place].cheese)
    is_drawn = drawn is not None and cheese == int(drawn.cheese[viewing.number - 1])
    may_be_trained = episode.cheeses[place] == AS_TRAINED or not is_drawn
    if may_be_trained and cheese in edits.find_region(episode, AS_TRAINED):
        return "cheese as trained"
    return "cheese as drawn" if is_drawn else "cheese moved"


def _describe_corner(episode: Episode) -> str:
    """Where the only mouse went that reached the corner first. It missed the cheese only if their paths part."""
    level = episode.states[0].level
    level = level._replace(start=episode.moments[0][0].mouse)
    if int(paths.classify_levels(level)[0]) != paths.FORK:
        return "Reached the corner first."
    trail = episode.trail(0)
    distance = paths.compute_distances(level, level.cheese)[0].flatten()
    is_near = any(int(distance[cell]) <= NEAR for cell in trail[: trail.index(int(level.corner), 1) + 1])
    return f"{'Ran past' if is_near else 'Went away from'} the cheese to the empty corner."

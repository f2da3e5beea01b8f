"""What the window says, in words: status, panes, legend. Pure text, and how it is fitted into a width."""

from functools import lru_cache

import pygame

from envs.levels import describe_region
from viewer.viewing import ANYWHERE, AS_DRAWN, AS_TRAINED, Viewing

OUTCOMES = {"cheese": "took the cheese", "corner": "went to the corner first", "": "on its way"}
PLACES = {AS_TRAINED: "cheese as trained", ANYWHERE: "cheese elsewhere", AS_DRAWN: "cheese as drawn"}


def status(viewing: Viewing, pace: str) -> str:
    """The first line under the maze."""
    dim = int(viewing.level.maze_dim)
    name = f"level {viewing.number}" if viewing.drawn is None else f"level {viewing.number} of the file"
    parts = [
        name + (" (walls changed)" if viewing.edited else ""),
        f"{dim}×{dim}",
        f"step {viewing.steps}",
        OUTCOMES[viewing.outcome(0)] if len(viewing.panes) == 1 else "",
        f"value {viewing.value(0):.2f}" if len(viewing.panes) == 1 else "",
        "your move: w a s d" if viewing.waits else pace,
    ]
    return "  ·  ".join(filter(None, parts))


def explanation(viewing: Viewing) -> str:
    """The second line while nothing else is to be said: what is unusual, and what the mouse was trained for."""
    several = len({pane.mouse.path for pane in viewing.panes}) > 1
    trained = f"this mouse was trained with the cheese {describe_region(viewing.spec.cheese_region)}"
    return "  ·  ".join(["h: help", *(viewing.remarks or ([] if several else [trained]))])


def title(viewing: Viewing, number: int) -> str:
    """What stands over a pane, where there are several."""
    pane = viewing.panes[number]
    several_mice = len({other.mouse.path for other in viewing.panes}) > 1
    against = any(other.person for other in viewing.panes)
    name = pane.mouse.name if several_mice else "the mouse" if against else ""
    parts = [
        "you" if pane.person else name,
        PLACES[viewing.cheeses[pane.place]] if len(viewing.cheeses) > 1 else "",
        OUTCOMES[viewing.outcome(number)] if viewing.outcome(number) else "",
        "" if pane.person else f"value {viewing.value(number):.2f}",
    ]
    return "  ·  ".join(filter(None, parts))


@lru_cache(maxsize=64)
def font(size: int) -> pygame.font.Font:
    """pygame's own font, which is nowhere missing."""
    pygame.font.init()
    return pygame.font.Font(None, size)


def text_size(height: int) -> int:
    """A font size for a window of this height."""
    return max(18, min(48, height // 32))


def write(
    surface: pygame.Surface, text: str, place: tuple[int, int], width: int, size: int, colour: tuple[int, int, int]
) -> int:
    """Write a line, smaller or cut off where it is too long for ``width`` pixels; how wide it has become."""
    smallest = max(12, size * 2 // 3)
    while size > smallest and font(size).size(text)[0] > width:
        size -= 1
    if font(size).size(text)[0] > width:
        while text and font(size).size(text + "…")[0] > width:
            text = text[:-1]
        text += "…"
    picture = font(size).render(text, True, colour)
    surface.blit(picture, place)
    return picture.get_width()

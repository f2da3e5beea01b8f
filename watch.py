"""Watch a trained mouse in a window.

    python watch.py                                              a mouse trained with the cheese in the corner
    python watch.py checkpoint=checkpoints/anywhere-seed0.safetensors
    python watch.py record=mouse.gif level=1073741826            without a window or a display

Keys: space pauses · right and left arrow step forward and back · n, p next and previous level · c moves the cheese to
a random place · r restarts · up and down arrow change the speed · escape or q leaves.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.checkpoint import Mouse, load_mouse, write_atomically
from agents.config import setting
from agents.console import check_seed, describe, one_line_errors, read_settings
from analysis.relocation import HELD_OUT
from analysis.viewing import Viewing
from envs.film import gif
from envs.levels import region_in_words
from envs.painter import portrait

DEFAULT = Path(__file__).parent / "checkpoints" / "corner-seed0.safetensors"
CELL = 32  # pixels in a recording
BAR, TEXT, PAPER = 28, (235, 235, 235), (30, 30, 30)  # the status line: height, colours
FRAMES_PER_SECOND, SPEEDS = 60, (1, 2, 4, 8, 15, 30, 60)
PAUSE_AT_END = 1.0  # seconds before the next level begins
WITHOUT_SCREEN = ("dummy", "offscreen")  # SDL falls back to these where it finds no display, and nobody would see them


@dataclass
class WatchConfig:
    checkpoint: str = setting(str(DEFAULT), "the trained mouse, a .safetensors file")
    level: int = setting(HELD_OUT, "the first level's seed; training levels lie below 2**30")
    cheese: str = setting("anywhere", "where levels have their cheese: anywhere or as_trained")
    seed: int = setting(0, "of the mouse's actions")
    speed: int = setting(8, "steps a second")
    record: str = setting("", "write one episode into this GIF instead of opening a window")


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__, describe(WatchConfig()), sep="\n")
        return
    with one_line_errors("watch.py"):
        config = read_settings(WatchConfig(), arguments)
        if config.speed < 1:
            raise ValueError(f"speed must be at least 1 step a second, not {config.speed}")
        if config.record and Path(config.record).suffix != ".gif":
            raise ValueError(f"record must be a .gif file, not {config.record!r}")
        check_seed(config.seed)
        viewing = Viewing(load_mouse(config.checkpoint), config.level, config.cheese, config.seed)
        if config.record:
            record(viewing, Path(config.record), config.speed)
        else:
            show(viewing, config.speed)


def record(viewing: Viewing, path: Path, speed: int) -> None:
    """Write the present level as a GIF, until the mouse has come to the cheese or to the corner."""
    while not viewing.finished and not viewing.outcome:
        viewing.step()
    frames = [portrait(state, CELL) for state in viewing.history]
    frames += frames[-1:] * round(speed * PAUSE_AT_END)
    write_atomically(path, gif(frames, speed))
    print(f"{len(viewing.history) - 1} steps, reached first: {viewing.outcome or 'neither'} → {path}")


def status(viewing: Viewing, paused: bool, mouse: Mouse) -> str:
    """The status line's text."""
    level = viewing.state.level
    parts = [
        f"level {int(level.seed)}",
        f"{int(level.maze_dim)}×{int(level.maze_dim)}",
        f"step {int(viewing.state.clock)}",
        {"cheese": "took the cheese", "corner": "went to the corner first", "": "…"}[viewing.outcome],
        f"trained with cheese {region_in_words(mouse.env.cheese_region)}",
    ]
    return "   ".join(parts + (["paused"] if paused else []))


def show(viewing: Viewing, speed: int) -> None:
    """Open the window and play until it is closed."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("XDG_RUNTIME_DIR", os.devnull)  # where it is unset, libwayland prints a line of its own
    import pygame

    try:
        pygame.display.init()
        driver = pygame.display.get_driver()
        if driver in WITHOUT_SCREEN and driver not in os.environ.get("SDL_VIDEODRIVER", "").split(","):
            raise pygame.error("none was found")
        window = pygame.display.set_mode((720, 720 + BAR), pygame.RESIZABLE)
    except pygame.error as error:
        raise ValueError(f"no display to open a window on ({error}); record=FILE.gif needs none") from error
    pygame.display.set_caption("CheeseMaze")
    pygame.font.init()
    font, clock = pygame.font.Font(None, 22), pygame.time.Clock()
    paused, due, shown = False, 0.0, None
    step_keys = {pygame.K_RIGHT: viewing.step, pygame.K_LEFT: viewing.back}
    level_keys = {
        pygame.K_n: viewing.next_level,
        pygame.K_p: lambda: viewing.next_level(-1),
        pygame.K_c: viewing.move_cheese,
        pygame.K_r: viewing.restart,
    }
    while True:
        for event in pygame.event.get():
            key = event.key if event.type == pygame.KEYDOWN else None
            if event.type == pygame.QUIT or key in (pygame.K_ESCAPE, pygame.K_q):
                pygame.quit()
                return
            if key == pygame.K_SPACE:
                paused = not paused
            elif key in step_keys:
                paused = True
                step_keys[key]()
            elif key in level_keys:
                level_keys[key]()
                due = 0.0
            elif key in (pygame.K_UP, pygame.K_DOWN):
                faster = [s for s in SPEEDS if s > speed][:1] or SPEEDS[-1:]
                slower = [s for s in SPEEDS if s < speed][-1:] or SPEEDS[:1]
                (speed,) = faster if key == pygame.K_UP else slower

        due += 0.0 if paused else clock.get_time() / 1000
        if viewing.finished and due > PAUSE_AT_END:
            viewing.next_level()
            due = 0.0
        elif not viewing.finished and due >= 1 / speed:
            viewing.step()
            due = 0.0

        now = (viewing.state, paused, window.get_size())
        if shown is None or now[0] is not shown[0] or now[1:] != shown[1:]:
            draw(window, font, viewing, paused)
            pygame.display.flip()
            shown = now
        clock.tick(FRAMES_PER_SECOND)


def draw(window, font, viewing: Viewing, paused: bool) -> None:
    """Draw maze and status line, as large as the window allows."""
    import pygame

    width, height = window.get_size()
    cell = max(1, min(width, height - BAR) // viewing.state.level.world_dim)
    picture = np.ascontiguousarray(portrait(viewing.state, cell).swapaxes(0, 1))  # pygame puts x first
    side = picture.shape[0]
    window.fill(PAPER)
    window.blit(pygame.surfarray.make_surface(picture), ((width - side) // 2, (height - BAR - side) // 2))
    window.blit(font.render(status(viewing, paused, viewing.mouse), True, TEXT), (8, height - BAR + 7))


if __name__ == "__main__":
    main(sys.argv[1:])

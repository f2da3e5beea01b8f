"""Save images, videos, levels and the command of a session."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from envs.drawings import to_text
from envs.levels import ANYWHERE, Levels
from foundation.command import format_command
from foundation.files import write_atomically
from viewer import recording
from viewer.inspection import CHEESE, Inspection
from viewer.overlays import DEFAULT_OVERLAYS
from viewer.viewing import Viewing


class Session:
    """Writes into a folder without overwriting files.

    Args:
        folder: created when something is saved.
        levels_file: the file that the levels come from, if any.
    """

    def __init__(self, folder: Path, levels_file: Path | None = None):
        self.folder, self.levels_file = folder, levels_file
        self._drawn: dict[str, str] = {}  # the levels saved so far, each with its comment
        self._drawn_path: Path | None = None

    def save_image(self, pixels: np.ndarray) -> Path:
        """Save pixels uint8 (H, W, 3) as a PNG."""
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        return self._write_new("picture", ".png", file.getvalue())

    def save_video(self, viewing: Viewing, shown: frozenset[str], speed: int, suffix: str) -> Path:
        """Save the history since the last edit as a video."""
        surface, speed = recording.build_surface(viewing, shown), min(speed, recording.MAX_FRAME_RATE)
        frames = recording.draw_history(surface, viewing, shown, speed)
        return self._write_new("film", suffix, recording.ENCODERS[suffix](frames, speed))

    def save_level(self, viewing: Viewing) -> tuple[Path, int]:
        """Append the current level, with the last pane's cheese, to the session's levels file.

        A level that is already there is not appended again. A file that is no longer as it was written is left alone,
        and another one is begun.

        Returns:
            The file, and the level's number in it, counted from 1.
        """
        text = to_text(viewing.states[-1].level)
        if not self._holds_drawn():
            self._drawn, self._drawn_path = {}, None
        if text not in self._drawn:
            comment = f"; level {viewing.number}" + (", walls or start edited" if viewing.edited else "")
            drawn = self._drawn | {text: comment}
            if self._drawn_path:
                write_atomically(self._drawn_path, _format_levels(drawn))
            else:
                self._drawn_path = self._write_new("levels", ".txt", _format_levels(drawn))
            self._drawn = drawn
        assert self._drawn_path
        return self._drawn_path, list(self._drawn).index(text) + 1

    def _holds_drawn(self) -> bool:
        """Whether the session's levels file holds what was written into it."""
        try:
            return self._drawn_path is not None and self._drawn_path.read_bytes() == _format_levels(self._drawn)
        except OSError:
            return False

    def build_command(self, viewing: Viewing, shown: frozenset[str], speed: int) -> str:
        """Build the command that reproduces this view; saves edited walls first."""
        arguments = {"checkpoint": _name_checkpoints(viewing), "level": str(viewing.number)}
        if viewing.edited:
            path, number = self.save_level(viewing)
            arguments |= {"levels": str(path), "level": str(number)}
        elif self.levels_file:
            arguments["levels"] = str(self.levels_file)
        levels = viewing.episode.levels
        # "anywhere" leaves a drawn level as it is: without cheese.
        cheeses = [describe_cheese(level) if int(level.cheese) >= 0 else ANYWHERE for level in levels]
        arguments["cheese"] = _join(cheeses)
        arguments |= {"seed": str(viewing.seed), "speed": str(speed)}
        inspected = "channel" in shown or viewing.inspection.changes
        if inspected:
            arguments |= build_inspection_arguments(viewing.inspection)
        if inspected or shown != frozenset(DEFAULT_OVERLAYS):
            arguments["show"] = f"[{','.join(sorted(shown))}]"
        return format_command("watch.py", *(f"{key}={value}" for key, value in arguments.items()))

    def build_page_command(self, viewing: Viewing) -> str:
        """Build the command that writes a web page of these mice."""
        return format_command("share.py", f"checkpoint={_name_checkpoints(viewing)}", "out=mouse.html")

    def _write_new(self, name: str, suffix: str, content: bytes) -> Path:
        """Write the content into a file of the first free number."""
        number = 1
        while os.path.exists(path := self.folder / f"{name}-{number}{suffix}"):
            number += 1
        write_atomically(path, content)
        return path


def _format_levels(drawn: dict[str, str]) -> bytes:
    """The file of levels, each with its comment."""
    return ("\n\n".join(f"{comment}\n{text}" for text, comment in drawn.items()) + "\n").encode()


def _name_checkpoints(viewing: Viewing) -> str:
    mice = [pane.mouse for pane in viewing.panes if pane.place == 0 and not pane.person]
    return _join([_shorten(mouse.path) for mouse in mice])


def _shorten(path: Path) -> str:
    """The path from the current folder; on another drive of Windows there is none."""
    try:
        return os.path.relpath(path)
    except ValueError:
        return os.path.abspath(path)


def _join(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"[{','.join(texts)}]"


def build_inspection_arguments(inspection: Inspection) -> dict[str, str]:
    """Build the arguments of watch.py for an inspection."""
    settings = {"layer": inspection.layer, "channel": str(inspection.channel)}
    if inspection.clamps:
        settings["clamp"] = f"[{','.join(f'[{c.channel},{c.row},{c.column},{c.value}]' for c in inspection.clamps)}]"
    return settings | ({"without": CHEESE} if inspection.without_cheese else {})


def describe_cheese(level: Levels) -> str:
    """The cell of a level's cheese as on the command line: [x,y] from the maze's bottom left."""
    margin = int(level.margin)
    y, x = divmod(int(level.cheese), level.world_dim)
    return f"[{x - margin},{y - margin}]"

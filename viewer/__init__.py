"""The viewer: a window, videos and figures of mice in mazes."""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("XDG_RUNTIME_DIR", os.devnull)  # libwayland prints a warning if it is unset

"""The window in which mice are watched, films and figures of what they do."""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("XDG_RUNTIME_DIR", os.devnull)  # where it is unset, libwayland prints a line of its own

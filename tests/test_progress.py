"""The progress bar, on a terminal and elsewhere."""

import io

import pytest
from rich.console import Console

from foundation.progress import progress_bar


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_shows_how_much_is_done_and_a_file_stays_empty(terminal):
    output = io.StringIO()
    with progress_bar(Console(file=output, force_terminal=terminal, width=80), "working", 4) as advance:
        advance(1)
        advance(3)
    assert ("working" in output.getvalue() and "100%" in output.getvalue()) == terminal
    assert terminal or output.getvalue() == ""

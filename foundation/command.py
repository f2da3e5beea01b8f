"""Commands: ``--help``, ``key=value`` arguments, and one line for bad input."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from foundation.settings import describe_error, describe_settings, read_settings

BAD_INPUT = 2  # exit code


def run_command(
    name: str, usage: str | None, defaults: Any, run: Callable[[Any], None], arguments: Sequence[str]
) -> None:
    """Run a command whose settings are a dataclass.

    Args:
        name: the script's file name, which begins every error line.
        usage: what ``--help`` prints before the settings.
        defaults: an instance of the settings dataclass.
        run: called with the settings.
        arguments: of the command line.

    Raises:
        SystemExit: bad input, after one line on standard error; exit code 2.
    """
    if {"-h", "--help"} & set(arguments):
        print(usage, describe_settings(defaults), sep="\n")
        return
    with one_line_errors(name):
        run(read_settings(defaults, arguments))


@contextmanager
def one_line_errors(name: str) -> Iterator[None]:
    """Turn errors about the user's input into one line on standard error and exit code 2."""
    try:
        yield
    except Exception as error:
        if not (isinstance(error, ValueError | OSError) or type(error).__module__.startswith("omegaconf")):
            raise
        if is_main_process():
            print(f"{name}: {describe_error(error)}", file=sys.stderr)
        else:
            # torchrun ends all processes when one has ended. The first one needs time to print its line.
            time.sleep(1)
        raise SystemExit(BAD_INPUT) from None


def is_main_process() -> bool:
    """Whether this process prints: the first one under torchrun, or the only one."""
    return os.environ.get("RANK", "0") == "0"

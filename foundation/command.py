"""Commands: ``--help``, ``key=value`` arguments, one line for bad input, one line for Ctrl-C."""

import io
import os
import shlex
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foundation.errors import InputError
from foundation.settings import describe_error, describe_settings, read_settings

BAD_INPUT = 2  # exit code
STOPPED = 130  # exit code after Ctrl-C, as shells have it: 128 + SIGINT
CLOSED = 141  # exit code where the reader of the output has closed it (… | head): 128 + SIGPIPE
FOLDER = Path(__file__).parents[1]  # with the scripts, in a checkout; an installed wheel has them elsewhere

# PyTorch's threads wait for each other in busy loops: in GNU OpenMP, for 300,000 rounds. If another program needs a
# core, the thread that waits keeps it from the thread that it waits for, and training is three times slower
# (docs/training.md). Torch reads the variable when it is imported, and every command imports this module first.
os.environ.setdefault("GOMP_SPINCOUNT", "30000")


def run_command(
    name: str,
    usage: str | None,
    defaults: Any,
    run: Callable[[Any], None],
    arguments: Sequence[str],
    stopped: str = "",
) -> None:
    """Run a command whose settings are a dataclass.

    Args:
        name: the script's file name, which begins every error line.
        usage: what ``--help`` prints before the settings.
        defaults: an instance of the settings dataclass.
        run: called with the settings.
        arguments: of the command line.
        stopped: what is kept after Ctrl-C, and how to continue.

    Raises:
        SystemExit: after bad input (exit code 2) or Ctrl-C (130), with one line on standard error.
    """
    with one_line_errors(name, stopped):
        if {"-h", "--help"} & set(arguments):
            print(usage, describe_settings(defaults), sep="\n")
        else:
            run(read_settings(defaults, arguments))


@contextmanager
def one_line_errors(name: str, stopped: str = "") -> Iterator[None]:
    """Turn errors about the user's input into one line on standard error and exit code 2.

    Other errors are faults of the program and keep their traceback. Ctrl-C becomes one line and exit code 130. A letter
    that the encoding of the output lacks is printed as a question mark; an error would come after the work.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(f"{name}: note: {message}", file=sys.stderr)
        try:
            yield
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
            raise SystemExit(CLOSED) from None
        except KeyboardInterrupt:
            _say(f"{name}: stopped{'; ' if stopped else ''}{stopped}")
            raise SystemExit(STOPPED) from None
        except Exception as error:
            if not (isinstance(error, InputError) or type(error).__module__.startswith("omegaconf")):
                raise
            _say(f"{name}: {describe_error(error)}")
            raise SystemExit(BAD_INPUT) from None


def format_command(script: str, *arguments: str) -> str:
    """A command for the user's shell: of a script in a checkout, of ``cheesemaze`` where the wheel is installed."""
    is_checkout = (FOLDER / script).exists()
    words = ["python", script] if is_checkout else ["cheesemaze", script.removesuffix(".py")]
    return shlex.join([*words, *arguments])


def _say(line: str) -> None:
    if is_main_process():
        print(line, file=sys.stderr)
    else:
        # torchrun ends all processes when one has ended. The first one needs time to print its line.
        time.sleep(1)


def is_main_process() -> bool:
    """Whether this process prints: the first one under torchrun, or the only one."""
    return os.environ.get("RANK", "0") == "0"

"""What the commands share: key=value arguments, and bad input told in one line."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

BAD_INPUT = 2  # exit code


def told(error: BaseException) -> str:
    """An error's message in one line, with its cause's."""
    text = " ".join(str(error).split("Config search path")[0].split("To append")[0].split("full_key")[0].split())
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else None
    return f"{text} ({told(cause)})" if cause else text or type(error).__name__


def speaks() -> bool:
    """Whether this process is the one of torchrun's that speaks to people; alone, it is."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def one_line_errors(command: str) -> Iterator[None]:
    """Turn errors about what the user gave into one line on standard error and exit code 2."""
    try:
        yield
    except (ValueError, OSError, OmegaConfBaseException) as error:
        if speaks():
            print(f"{command}: {told(error)}", file=sys.stderr)
        else:  # torchrun ends all when one has ended: leave the first one the time to say why, and say it once
            time.sleep(1)
        raise SystemExit(BAD_INPUT) from None


def check_seed(seed: int) -> None:
    """Refuse a seed that some generator would not take.

    Raises:
        ValueError: it is one.
    """
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed must lie in [0, 2⁶³), not {seed}")


def read_settings(settings: Any, arguments: Sequence[str]) -> Any:
    """Fill a settings dataclass from ``key=value`` arguments.

    Raises:
        ValueError: an argument that is not key=value, an unknown key, or a value of the wrong type.
    """
    known = [setting.name for setting in fields(settings)]
    typed = OmegaConf.structured(settings)
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or key not in known:
            raise ValueError(f"unknown argument {argument!r}; accepted are {', '.join(f'{name}=…' for name in known)}")
        try:  # an empty value is an empty text, which YAML would call null, and a * would begin an alias
            quoted = not value or value.startswith("*")
            typed = OmegaConf.merge(typed, OmegaConf.from_dotlist([f"{key}='{value}'" if quoted else argument]))
        except (OmegaConfBaseException, YAMLError) as error:
            raise ValueError(f"cannot read argument {argument!r} ({told(error)})") from None
    return OmegaConf.to_object(typed)


def describe(settings: Any, prefix: str = "") -> str:
    """A line for each setting, with its default and its meaning, as ``--help`` prints them."""
    lines = []
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        if is_dataclass(value):
            lines.append(describe(value, f"{prefix}{setting.name}."))
        else:
            lines.append(f"  {f'{prefix}{setting.name}={value}':34} {setting.metadata.get('help', '')}")
    return "\n".join(lines)

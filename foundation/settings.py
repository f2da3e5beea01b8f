"""Settings: documented dataclass fields that are read from ``key=value`` arguments."""

from collections.abc import Sequence
from dataclasses import field, fields, is_dataclass
from typing import Any

SEED_LIMIT = 2**63  # torch and NumPy both accept seeds below it


def setting(default: Any, meaning: str) -> Any:
    """A dataclass field with its documentation, which ``--help`` prints."""
    return field(default=default, metadata={"help": meaning})


def read_settings(defaults: Any, arguments: Sequence[str]) -> Any:
    """Fill a settings dataclass from ``key=value`` arguments.

    Args:
        defaults: an instance of the dataclass.
        arguments: of the command line.

    Returns:
        A new instance.

    Raises:
        ValueError: an argument is not key=value, its key is unknown, or its value has the wrong type.
    """
    from omegaconf import OmegaConf  # --help does without
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    known = [setting.name for setting in fields(defaults)]
    typed = OmegaConf.structured(defaults)
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or key not in known:
            raise ValueError(f"unknown argument {argument!r}; accepted are {', '.join(f'{name}=…' for name in known)}")
        # YAML reads an empty value as null and a leading * as an alias; both are meant as text.
        quoted = not value or value.startswith("*")
        try:
            typed = OmegaConf.merge(typed, OmegaConf.from_dotlist([f"{key}='{value}'" if quoted else argument]))
        except (OmegaConfBaseException, YAMLError) as error:
            raise ValueError(f"cannot read argument {argument!r} ({describe_error(error)})") from None
    return OmegaConf.to_object(typed)


def describe_settings(defaults: Any, prefix: str = "") -> str:
    """One line for each setting, with its default and its meaning, as ``--help`` prints them."""
    lines = []
    for each in fields(defaults):
        value = getattr(defaults, each.name)
        if is_dataclass(value):
            lines.append(describe_settings(value, f"{prefix}{each.name}."))
        else:
            lines.append(f"  {f'{prefix}{each.name}={value}':34} {each.metadata.get('help', '')}")
    return "\n".join(lines)


def describe_error(error: BaseException) -> str:
    """The message of an error, and of the configuration error that caused it, in one line."""
    text = " ".join(str(error).split("Config search path")[0].split("To append")[0].split("full_key")[0].split())
    cause = error.__cause__ if type(error.__cause__).__module__.startswith("omegaconf") else None
    return f"{text} ({describe_error(cause)})" if cause else text or type(error).__name__


def is_integer(value: Any) -> bool:
    """Whether this is a whole number of Python, NumPy or torch; True and False are not."""
    value = plain(value)
    return isinstance(value, int) and not isinstance(value, bool)


def plain(value: Any) -> Any:
    """Numbers and arrays of NumPy or torch as Python numbers and lists; anything else unchanged."""
    return value.tolist() if hasattr(value, "tolist") else value


def as_list(value: Any) -> list:
    """A setting that may hold one value or a list of them, as a list; an empty value is an empty list."""
    return value if isinstance(value, list) else [value] if value else []


def check_seed(seed: int) -> None:
    """Refuse a seed that a random generator would not accept.

    Raises:
        ValueError: the seed is negative or too large.
    """
    if not 0 <= seed < SEED_LIMIT:
        raise ValueError(f"seed must lie in [0, 2⁶³), not {seed}")

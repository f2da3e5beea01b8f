"""Settings: documented dataclass fields that are read from ``key=value`` arguments and checked."""

import math
import re
from collections.abc import Sequence
from dataclasses import field, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from foundation.errors import InputError

SEEDS = (0, 2**63 - 1)  # torch and NumPy both accept them
# Values of an ``Any`` that are not text: lists, mappings, quoted texts, JSON's numbers and words. YAML's other values
# stay text, because a file may have such a name: 007, on, 1_000, "mouse #2".
STRUCTURED = re.compile(r'[\[{"].*|null|true|false|-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?', re.DOTALL)


def setting(default: Any, meaning: str, least: float | None = None, most: float | None = None) -> Any:
    """A dataclass field with its documentation, which ``--help`` prints.

    Args:
        default: its default value.
        meaning: what it is.
        least, most: the range of a number, both included; None for no limit.
    """
    return field(default=default, metadata={"help": meaning, "least": least, "most": most})


def check_settings(settings: Any, prefix: str = "") -> None:
    """Check the numbers of a settings dataclass against the ranges of its fields.

    Raises:
        InputError: a number is outside its range, infinite, or not a number; the message names setting and range.
    """
    for each in fields(settings):
        value, name = getattr(settings, each.name), f"{prefix}{each.name}"
        if is_dataclass(value):
            check_settings(value, f"{name}.")
            continue
        least, most = each.metadata.get("least"), each.metadata.get("most")
        if value is None or (least is None and most is None):
            continue
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < math.inf:
            raise InputError(f"{name} must be a number {_describe_range(least, most)}, not {value!r}")
        if (least is not None and value < least) or (most is not None and value > most):
            raise InputError(f"{name} must be {_describe_range(least, most)}, not {value}")


def _describe_range(least: float | None, most: float | None) -> str:
    if most is None:
        return f"at least {_format(least)}"
    return f"from {_format(least)} to {_format(most)}" if least is not None else f"at most {_format(most)}"


def _format(number: Any) -> str:
    """A bound in short: powers of two as such, other numbers as Python writes them."""
    if isinstance(number, int) and number >= 2**20:
        power = (number + 1).bit_length() - 1
        if number + 1 == 2**power:
            return f"2^{power} - 1"
        if number == 2 ** (number.bit_length() - 1):
            return f"2^{number.bit_length() - 1}"
    return f"{number:,}" if isinstance(number, int) else str(number)


def read_settings(defaults: Any, arguments: Sequence[str]) -> Any:
    """Fill a settings dataclass from ``key=value`` arguments, and check it.

    The value of a ``str`` is taken as it stands. So is that of an ``Any``, unless it has the form of ``STRUCTURED``.
    All other values are YAML.

    Args:
        defaults: an instance of the dataclass.
        arguments: of the command line.

    Returns:
        A new instance.

    Raises:
        InputError: an argument is not key=value, its key is unknown, or its value has the wrong type or range.
    """
    from omegaconf import OmegaConf  # --help does not need it
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    kinds = list_settings(defaults)
    typed = OmegaConf.structured(defaults)
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or key not in kinds:
            raise InputError(f"unknown argument {argument!r}; accepted are {', '.join(f'{name}=…' for name in kinds)}")
        is_text = not value or kinds[key] is str or (kinds[key] is Any and not STRUCTURED.fullmatch(value))
        try:
            if is_text:
                OmegaConf.update(typed, key, value.replace("${", r"\${"))  # OmegaConf would look for a setting
            else:
                typed = OmegaConf.merge(typed, OmegaConf.from_dotlist([argument]))
        except (OmegaConfBaseException, YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InputError(f"cannot read argument {argument!r} ({describe_error(error)})") from None
    try:
        settings = OmegaConf.to_object(typed)
    except OmegaConfBaseException as error:
        raise InputError(describe_error(error)) from None
    check_settings(settings)
    return settings


def list_settings(defaults: Any, prefix: str = "") -> dict[str, Any]:
    """The types of all settings by name; those of a group have its name before theirs, as in ``env.world_dim``."""
    kinds, hints = {}, get_type_hints(type(defaults))
    for each in fields(defaults):
        value, name = getattr(defaults, each.name), f"{prefix}{each.name}"
        kinds |= list_settings(value, f"{name}.") if is_dataclass(value) else {name: hints[each.name]}
    return kinds


def describe_settings(defaults: Any, prefix: str = "") -> str:
    """One line for each setting, with its default, meaning and range, as ``--help`` prints them."""
    lines = []
    for each in fields(defaults):
        value = getattr(defaults, each.name)
        if is_dataclass(value):
            lines.append(describe_settings(value, f"{prefix}{each.name}."))
            continue
        least, most = each.metadata.get("least"), each.metadata.get("most")
        bounds = f" ({_describe_range(least, most)})" if (least, most) != (None, None) else ""
        shown = "null" if value is None else value
        lines.append(f"  {f'{prefix}{each.name}={shown}':34} {each.metadata.get('help', '')}{bounds}")
    return "\n".join(lines)


def flatten_settings(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= flatten_settings(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


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
    """A setting that may hold one value or a list of them, as a list; None and an empty text are an empty list."""
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def check_names(name: str, values: Sequence[Any], known: Sequence[str]) -> None:
    """Check that a setting is a list of known names.

    Raises:
        InputError: one of them is not a known name.
    """
    for value in values:
        if not isinstance(value, str) or value not in known:
            raise InputError(f"{name} must be a list of {', '.join(known)}, not {value!r}")


def build_settings(kind: type, values: Any, where: str) -> Any:
    """Make a settings dataclass from an untrusted mapping, such as a file's header. Nothing is interpolated.

    Args:
        kind: the dataclass.
        values: its fields by name; missing ones take their defaults.
        where: begins the error messages.

    Raises:
        InputError: not a mapping, an unknown field, a value of the wrong type or outside its range.
    """
    if not isinstance(values, dict):
        raise InputError(f"{where} must be a mapping, not {type(values).__name__}")
    hints = get_type_hints(kind)
    for key, value in values.items():
        if key not in hints:
            raise InputError(f"{where} has the unknown setting {key!r}")
        allowed = get_args(hints[key]) or (hints[key],)
        if float in allowed:
            allowed = (*allowed, int)
        is_flag = isinstance(value, bool) and bool not in allowed
        if Any not in allowed and (is_flag or not isinstance(value, allowed)):
            raise InputError(f"{where}.{key} has the wrong type: {value!r}")
    settings = kind(**values)
    check_settings(settings, f"{where}.")
    return settings

"""Settings from arguments, their help, and checks of values."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agents.config import TrainConfig
from foundation.errors import InputError
from foundation.settings import (
    as_list,
    build_settings,
    check_settings,
    describe_error,
    describe_settings,
    is_integer,
    plain,
    read_settings,
    setting,
)


@dataclass
class Config:
    name: str = setting("", "what it is called")
    count: int = setting(1, "how many")
    limit: int | None = setting(None, "at most")
    where: Any = setting("anywhere", "a place, or several")


@dataclass
class Nested:
    config: Config = field(default_factory=Config)
    seed: int = setting(0, "of everything")


@given(st.integers(-(2**63), 2**63 - 1), st.none() | st.integers(0, 9), st.sampled_from(["corner", [1, 2], ["a", "b"]]))
def test_settings_are_read_back(count, limit, where):
    value = "null" if limit is None else limit
    place = where if isinstance(where, str) else f"[{','.join(map(str, where))}]"
    config = read_settings(Config(), [f"count={count}", f"limit={value}", f"where={place}"])
    assert config == Config("", count, limit, where)


TEXTS = ("", "a=b", "*.txt", "runs/*", "ü", "a b", "maze #2.html", "007", "on", "1_000", "a: b", "*it's", "~", "${x}")


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_meant_as_text(text):
    assert read_settings(Config("before"), [f"name={text}"]) == Config(text)
    assert read_settings(Config(where=0), [f"where={text}"]).where == text


@pytest.mark.parametrize("text", ["1.10", "null", "true", "[a", "{", '"a"'])
def test_the_value_of_a_text_is_never_anything_else(text):
    assert read_settings(Config(), [f"name={text}"]).name == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ('"7"', "7"),
        ('["a #1", b]', ["a #1", "b"]),
        ("{a: 1}", {"a": 1}),
    ],
)
def test_a_setting_of_any_type_takes_numbers_lists_and_quoted_texts(text, value):
    read = read_settings(Config(), [f"where={text}"]).where
    assert read == value and type(read) is type(value)


def test_the_last_argument_of_a_name_holds_and_the_defaults_stay_as_they_are():
    defaults = Config()
    assert read_settings(defaults, ["count=2", "count=3"]).count == 3 and defaults == Config()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("mice=1", "unknown argument 'mice=1'; accepted are name=…, count=…, limit=…, where=…"),
        ("count", "unknown argument 'count'"),
        ("count=many", "cannot read argument 'count=many'"),
        ("count=1.5", "cannot read argument 'count=1.5'"),
        ("where=[1", r"cannot read argument 'where=\[1'"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(argument, message):
    with pytest.raises(InputError, match=message) as refused:
        read_settings(Config(), [argument])
    assert "\n" not in str(refused.value)


def test_every_setting_has_a_line_with_its_default_and_meaning():
    lines = [line.split(maxsplit=1) for line in describe_settings(Nested()).splitlines()]
    assert lines == [
        ["config.name=", "what it is called"],
        ["config.count=1", "how many"],
        ["config.limit=null", "at most"],
        ["config.where=anywhere", "a place, or several"],
        ["seed=0", "of everything"],
    ]


@pytest.mark.parametrize("value", [np.arange(3), torch.arange(3), [0, 1, 2]])
def test_arrays_become_lists(value):
    assert plain(value) == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "values"),
    [("a", ["a"]), (["a", "b"], ["a", "b"]), ("", []), (None, []), ([], []), (0, [0]), (False, [False])],
)
def test_one_value_is_a_list_of_one(value, values):
    assert as_list(value) == values


def test_an_error_is_one_line_whatever_its_text():
    assert describe_error(ValueError("one\n  two")) == "one two"
    assert describe_error(ValueError()) == "ValueError"


@dataclass
class Inner:
    rate: float = setting(0.5, "of something", 0.0, 1.0)
    count: int | None = setting(None, "of others", 1)


@dataclass
class Mixed:
    name: str = setting("x", "of the thing")
    size: int = setting(3, "of it", 1, 10)
    anything: Any = setting(None, "whatever")
    flag: bool = setting(False, "on or off")


@dataclass
class Outer:
    inner: Inner = field(default_factory=Inner)
    top: int = setting(1, "number", 0)


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -float("inf"), 2.0, -0.1, "0.5", True])
def test_numbers_outside_their_range_are_refused(rate):
    with pytest.raises(InputError, match=r"inner\.rate must be .*from 0\.0 to 1\.0, not"):
        check_settings(Outer(Inner(rate=rate)))


def test_integers_beyond_every_float_are_refused():
    huge = "9" * 400
    with pytest.raises(InputError, match="size must be from 1 to 10, not 999"):
        read_settings(Mixed(), [f"size={huge}"])
    with pytest.raises(InputError, match=r"cannot read argument 'inner\.rate=999"):
        read_settings(Outer(), [f"inner.rate={huge}"])


def test_ranges_include_their_bounds_and_none_is_no_number():
    for rate in (0.0, 1.0, 1):
        check_settings(Outer(Inner(rate=rate, count=None)))
    with pytest.raises(InputError, match="top must be at least 0, not -1"):
        check_settings(Outer(top=-1))


def test_help_shows_default_meaning_and_range():
    lines = describe_settings(Outer()).splitlines()
    assert lines[0].split() == ["inner.rate=0.5", "of", "something", "(from", "0.0", "to", "1.0)"]
    assert lines[1].endswith("of others (at least 1)") and lines[2].startswith("  top=1 ")


def test_every_numeric_setting_of_training_has_a_range():
    """A number without one could be NaN, infinite or absurd."""

    def numbers(settings, prefix=""):
        for name, each in settings.__dataclass_fields__.items():
            value = getattr(settings, name)
            if hasattr(value, "__dataclass_fields__"):
                yield from numbers(value, f"{prefix}{name}.")
            elif isinstance(value, int | float) and not isinstance(value, bool):
                yield f"{prefix}{name}", each.metadata

    found = dict(numbers(TrainConfig()))
    assert len(found) > 15
    without = [name for name, meta in found.items() if None in (meta.get("least"), meta.get("most"))]
    assert without == ["env.cheese_region"], "parse_region checks it against the world"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "header must be a mapping, not NoneType"),
        ([1], "header must be a mapping, not list"),
        ({"size": "3"}, r"header\.size has the wrong type: '3'"),
        ({"size": 3.0}, r"header\.size has the wrong type"),
        ({"size": True}, r"header\.size has the wrong type: True"),
        ({"flag": 1}, r"header\.flag has the wrong type"),
        ({"size": 99}, r"header\.size must be from 1 to 10, not 99"),
        ({"unknown": 1}, "header has the unknown setting 'unknown'"),
    ],
)
def test_untrusted_mappings_are_checked(values, message):
    with pytest.raises(InputError, match=message):
        build_settings(Mixed, values, "header")


def test_untrusted_texts_are_not_interpolated():
    assert build_settings(Mixed, {"name": "${oc.env:HOME}"}, "header").name == "${oc.env:HOME}"
    assert build_settings(Inner, {"rate": 1}, "header").rate == 1, "whole numbers are floats, too"


def test_integers_of_every_kind():
    assert all(map(is_integer, (3, np.int32(3), torch.tensor(3), np.uint8(3))))
    assert not any(map(is_integer, (True, 3.0, "3", None, np.bool_(True), torch.tensor([3]), torch.tensor(True))))

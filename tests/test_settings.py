"""Settings from arguments and from untrusted mappings, and their ranges."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from agents.config import TrainConfig
from foundation.errors import InputError
from foundation.settings import (
    as_list,
    build_settings,
    check_settings,
    describe_settings,
    is_integer,
    read_settings,
    setting,
)


@dataclass
class Inner:
    rate: float = setting(0.5, "of something", 0.0, 1.0)
    count: int | None = setting(None, "of others", 1)


@dataclass
class Settings:
    name: str = setting("x", "of the thing")
    size: int = setting(3, "of it", 1, 10)
    anything: Any = setting(None, "whatever")
    flag: bool = setting(False, "on or off")


@dataclass
class Nested:
    inner: Inner = field(default_factory=Inner)
    top: int = setting(1, "number", 0)


def test_arguments_fill_the_settings():
    read = read_settings(Settings(), ["size=7", "anything=[a,2]", "name=", "flag=true"])
    assert read == Settings(name="", size=7, anything=["a", 2], flag=True)
    assert read_settings(Settings(), ["name=*.gif"]).name == "*.gif"


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("nonsense", "unknown argument 'nonsense'; accepted are name=…, size=…"),
        ("nonsense=1", "unknown argument 'nonsense=1'"),
        ("size=many", "cannot read argument 'size=many'"),
        ("size=0", "size must be from 1 to 10, not 0"),
        ("size=11", "size must be from 1 to 10, not 11"),
        ("size=1.5", "size=1.5"),
        ("anything=[", "cannot read argument 'anything=\\['"),
        ("name=${x}", "x"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(argument, message):
    with pytest.raises(InputError, match=message) as refused:
        read_settings(Settings(), [argument])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -float("inf"), 2.0, -0.1, "0.5", True])
def test_numbers_outside_their_range_are_refused(rate):
    with pytest.raises(InputError, match=r"inner\.rate must be .*from 0\.0 to 1\.0, not"):
        check_settings(Nested(Inner(rate=rate)))


def test_ranges_include_their_bounds_and_none_is_no_number():
    for rate in (0.0, 1.0, 1):
        check_settings(Nested(Inner(rate=rate, count=None)))
    with pytest.raises(InputError, match="top must be at least 0, not -1"):
        check_settings(Nested(top=-1))


def test_help_shows_default_meaning_and_range():
    lines = describe_settings(Nested()).splitlines()
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
        build_settings(Settings, values, "header")


def test_untrusted_texts_are_not_interpolated():
    assert build_settings(Settings, {"name": "${oc.env:HOME}"}, "header").name == "${oc.env:HOME}"
    assert build_settings(Inner, {"rate": 1}, "header").rate == 1, "whole numbers are floats, too"


def test_integers_of_every_kind():
    assert all(map(is_integer, (3, np.int32(3), torch.tensor(3), np.uint8(3))))
    assert not any(map(is_integer, (True, 3.0, "3", None, np.bool_(True), torch.tensor([3]), torch.tensor(True))))


def test_one_or_several():
    assert (
        as_list("a") == ["a"]
        and as_list(["a", "b"]) == ["a", "b"]
        and as_list("") == as_list(None) == as_list([]) == []
    )

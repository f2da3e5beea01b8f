"""Settings from arguments, their help, and checks of values."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from foundation.settings import (
    as_list,
    check_seed,
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


@pytest.mark.parametrize("text", ["", "a=b", "*.txt", "runs/*", "ü", "a b"])
def test_text_is_meant_as_text(text):
    assert read_settings(Config("before"), [f"name={text}"]) == Config(text)


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
    with pytest.raises(ValueError, match=message) as refused:
        read_settings(Config(), [argument])
    assert "\n" not in str(refused.value)


def test_every_setting_has_a_line_with_its_default_and_meaning():
    lines = [line.split(maxsplit=1) for line in describe_settings(Nested()).splitlines()]
    assert lines == [
        ["config.name=", "what it is called"],
        ["config.count=1", "how many"],
        ["config.limit=None", "at most"],
        ["config.where=anywhere", "a place, or several"],
        ["seed=0", "of everything"],
    ]


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        *((value, True) for value in (0, -3, 2**70, np.int64(3), np.uint8(3), torch.tensor(3), np.array(3))),
        *((value, False) for value in (True, np.bool_(True), torch.tensor(True), 1.0, np.float32(1), "1", None, [1])),
    ],
)
def test_integers_are_told_from_what_only_looks_like_them(value, whole):
    assert is_integer(value) == whole


@pytest.mark.parametrize("value", [np.arange(3), torch.arange(3), [0, 1, 2]])
def test_arrays_become_lists(value):
    assert plain(value) == [0, 1, 2]


@pytest.mark.parametrize(("value", "values"), [("a", ["a"]), (["a", "b"], ["a", "b"]), ("", []), (None, []), ([], [])])
def test_one_value_is_a_list_of_one(value, values):
    assert as_list(value) == values


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_seeds_that_generators_take(seed):
    check_seed(seed)
    torch.Generator().manual_seed(seed)
    np.random.default_rng(seed)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_other_seeds_are_refused(seed):
    with pytest.raises(ValueError, match=rf"seed must lie in \[0, 2⁶³\), not {seed}"):
        check_seed(seed)


def test_an_error_is_one_line_whatever_its_text():
    assert describe_error(ValueError("one\n  two")) == "one two"
    assert describe_error(ValueError()) == "ValueError"

"""The choice of a precision."""

import pytest
import torch

from agents.precision import choose_precision

CPU = torch.device("cpu")


def test_bfloat16_is_refused_where_it_could_only_be_imitated(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with pytest.raises(ValueError, match="precision bfloat16 was asked for, but this cpu has none; use precision=flo"):
        choose_precision("bfloat16", CPU, 64)
    assert choose_precision("float32", CPU, 64) == "float32"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    with pytest.raises(ValueError, match="this cuda has none"):
        choose_precision("bfloat16", torch.device("cuda"), 64)
    assert choose_precision("auto", torch.device("cuda"), 64) == "float32"


def test_auto_takes_bfloat16_where_it_pays(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    assert [choose_precision("auto", CPU, side) for side in (11, 25, 64)] == ["float32", "float32", "bfloat16"]
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert choose_precision("auto", torch.device("cuda"), 11) == "bfloat16"

"""The learner's choices: precision, and how many pictures at a time."""

import pytest
import torch

from agents import learner
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner, precision_of

CPU = torch.device("cpu")


def test_bfloat16_is_refused_where_it_could_only_be_imitated(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with pytest.raises(ValueError, match="precision bfloat16 was asked for, but this cpu has none; say precision=flo"):
        precision_of("bfloat16", CPU, 64)
    assert precision_of("float32", CPU, 64) == "float32"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    with pytest.raises(ValueError, match="this cuda has none"):
        precision_of("bfloat16", torch.device("cuda"), 64)
    assert precision_of("auto", torch.device("cuda"), 64) == "float32"


def test_auto_takes_bfloat16_where_it_pays(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    assert [precision_of("auto", CPU, side) for side in (11, 25, 64)] == ["float32", "float32", "bfloat16"]
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert precision_of("auto", torch.device("cuda"), 11) == "bfloat16"


@torch.no_grad()
def test_worlds_in_parts_act_as_all_at_once(monkeypatch):
    config = TrainConfig(EnvConfig(world_dim=5), AgentConfig(num_envs=10, num_steps=2, minibatch_size=20))
    one = Learner(config, CPU)
    together = one._act(one.worlds.pictures)
    monkeypatch.setattr(learner, "ACT_AT_ONCE", 4)
    for whole, parts in zip(together, one._act(one.worlds.pictures), strict=True):
        torch.testing.assert_close(parts, whole)

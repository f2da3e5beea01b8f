"""The choice of a device."""

import pytest
import torch

from agents.devices import choose_device


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cuda:1", "device 'cuda:1' would be shared by all 3 processes; use device=cuda"),
        ("auto", "torchrun started 3 processes here, but this machine has 2 GPUs; start no more than that"),
    ],
)
def test_more_processes_than_gpus_are_refused(monkeypatch, device, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(ValueError, match=message):
        choose_device(device)

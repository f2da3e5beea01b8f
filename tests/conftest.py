"""Settings that all tests share."""

import os

import torch
from hypothesis import settings

# Compiled code makes the first example slow; a fixed choice of examples keeps one commit's result one result.
settings.register_profile("cheesemaze", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("cheesemaze")

if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores
    torch.set_num_threads(1)

"""Settings that all tests share."""

import os

import torch
from hypothesis import settings

# Compiled code makes the first example slow; a fixed choice of examples keeps one commit's result one result.
settings.register_profile("cheesemaze", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("cheesemaze")

# Threads that wait for each other on busy cores make tests many times slower; pytest's workers use the cores instead.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that tests start

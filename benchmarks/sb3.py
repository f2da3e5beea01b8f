"""Measure our vector environment for Stable-Baselines3 against its loop over single environments.

    python benchmarks/sb3.py

Random actions, resets included, infos in its format. Runs are interleaved, on one thread. Prints ratios only.
"""

import itertools
import sys
from dataclasses import dataclass
from statistics import median

import gymnasium as gym
import numpy as np
import torch
from measure import Comparison, measure_rate
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

import envs  # noqa: F401 (registers CheeseMaze-v0)
from envs.sb3 import SB3VecEnv
from foundation.command import run_command
from foundation.settings import setting

WORLDS = {
    "cells, 5×5": {"world_dim": 5, "observation": "cells"},
    "cells, 11×11": {"world_dim": 11, "observation": "cells"},
    "64×64 rgb, easy": {},
}


@dataclass
class SB3Config:
    num_envs: int = setting(64, "environments", 1)
    rounds: int = setting(5, "rounds per side", 1)
    seconds: float = setting(1.0, "minimum seconds per round", 0)


def measure_speed(env: VecEnv, seconds: float) -> float:
    """Measure steps/s of random actions."""
    actions = itertools.cycle(np.random.default_rng(0).integers(4, size=(128, env.num_envs)))
    return env.num_envs * measure_rate(lambda: env.step(next(actions)), seconds)


def compare(world: str, config: SB3Config) -> Comparison:
    """Measure both sides in one world, in interleaved rounds."""
    ours = SB3VecEnv(config.num_envs, **WORLDS[world])
    theirs = DummyVecEnv([lambda: gym.make("CheeseMaze-v0", **WORLDS[world])] * config.num_envs)
    comparison = Comparison(f"{world}, {config.num_envs} environments", "steps/s", "DummyVecEnv")
    for env in (ours, theirs):
        env.seed(0)
        env.reset()
        measure_speed(env, 0.1)
    for _ in range(config.rounds):
        comparison.ours.append(measure_speed(ours, config.seconds))
        comparison.theirs.append(measure_speed(theirs, config.seconds))
    return comparison


def run(config: SB3Config) -> None:
    torch.set_num_threads(1)
    for world in WORLDS:
        comparison = compare(world, config)
        ratios = comparison.ratios
        print(
            f"{comparison.what}: {median(comparison.ours):,.0f} steps/s, DummyVecEnv {median(comparison.theirs):,.0f}, "
            f"ratio {median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})"
        )


if __name__ == "__main__":
    run_command("sb3.py", __doc__, SB3Config(), run, sys.argv[1:])

"""Measure speed as ratios: the environment against Procgen, training against what its network allows.

    python benchmarks/bench.py
    taskset -c 0 python benchmarks/bench.py name=one-core      both sides on one core

The sides take turns in one and the same run, for machines are moody: a ratio is the median of the rounds' ratios, with
the least and the greatest. Procgen is installed on first use, into a virtual environment of its own.
"""

import json
import os
import platform
import re
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from measure import Comparison, cores, per_second, random_actions, staggered
from procgen_peer import LEVELS, REQUIREMENTS, Procgen
from rich.console import Console
from rich.table import Table

from agents.allocator import keep_freed_memory
from agents.checkpoint import versions, write_atomically
from agents.config import AgentConfig, EnvConfig, TrainConfig, setting
from agents.console import describe, one_line_errors, read_settings
from agents.learner import Learner
from envs.levels import SEED_LIMIT, WORLD_DIMS, from_seeds
from envs.vector_env import CheeseMazeVectorEnv

RESULTS = Path(__file__).parent / "results"
LEVELS_AT_ONCE = 1024
PUBLISHED_LEVELS = 7700.0  # hard levels/s of Procgen on one core
TRAININGS = {
    "quickstart": TrainConfig(),
    "64×64 rgb, easy": TrainConfig(
        env=EnvConfig(distribution_mode="easy", world_dim=None, observation="rgb"),
        agent=AgentConfig(num_envs=64, num_steps=8, minibatch_size=256),  # so small that a turn takes seconds
    ),
}


@dataclass
class BenchConfig:
    name: str = setting("latest", "of the results, benchmarks/results/NAME.json: say which machine it was")
    num_envs: int = setting(256, "worlds side by side where the environment is measured alone")
    rounds: int = setting(5, "turns for each side")
    seconds: float = setting(1.0, "a turn; in training, ours is one rollout and its update")


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__, describe(BenchConfig()), sep="\n")
        return
    with one_line_errors("bench.py"):
        config = read_settings(BenchConfig(), arguments)
        if config.num_envs < 1 or config.rounds < 1 or not config.seconds > 0:
            raise ValueError("num_envs and rounds must be at least 1, and seconds more than 0")
        if not re.fullmatch(r"[\w.-]+", config.name):
            raise ValueError(f"name must be of letters, digits, dots and dashes, not {config.name!r}")
    keep_freed_memory()
    console, machine = Console(), machine_of()
    with console.status("Procgen (is installed once)") as status:
        with Procgen(config.num_envs) as procgen:
            status.update("the environment")
            comparisons = environment(config, procgen)
            status.update("levels")
            comparisons.append(levels(config, procgen))
        for name, train_config in TRAININGS.items():
            status.update(f"training, {name}")
            comparisons.append(training(config, name, train_config))
    show(comparisons, machine, console)
    if procgen.missing:
        console.print(f"Procgen was not measured ({procgen.missing}).", markup=False)
        console.print(f"Its {PUBLISHED_LEVELS:,.0f} levels/s are a figure from the literature, on another machine.")
    path = RESULTS / f"{config.name}.json"
    results = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "settings": asdict(config),
        "procgen": procgen.missing or " ".join(REQUIREMENTS),
        "comparisons": [comparison.summary() for comparison in comparisons],
    }
    write_atomically(path, (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode())
    console.print(f"→ {os.path.relpath(path)}")


def environment(config: BenchConfig, procgen: Procgen) -> list[Comparison]:
    """Steps/s of random actions, 64×64 RGB, resets included."""
    num_envs = config.num_envs
    worlds = {mode: mixed_worlds(mode, num_envs) for mode in WORLD_DIMS}  # while Procgen warms up, too
    procgen.wait()
    comparisons = []
    for mode, env in worlds.items():
        ours = {copy: Comparison(f"environment, {mode}, copy={copy}", "steps/s", "Procgen") for copy in (False, True)}
        for _ in range(config.rounds):
            for env.copy, comparison in ours.items():
                comparison.ours.append(stepping_speed(env, config.seconds))
                if not procgen.missing:
                    comparison.theirs.append(procgen.speed(mode, config.seconds))
        comparisons += ours.values()
    return comparisons


def stepping_speed(env: CheeseMazeVectorEnv, seconds: float) -> float:
    actions = random_actions(env.num_envs)
    return env.num_envs * per_second(lambda: env.step(next(actions)), seconds)


def mixed_worlds(mode: str, num_envs: int) -> CheeseMazeVectorEnv:
    """Worlds somewhere in their episodes, with Procgen's actions."""
    env = CheeseMazeVectorEnv(num_envs, distribution_mode=mode, action_set="procgen")
    env.reset(seed=0)
    for mask, actions in zip(staggered(num_envs), random_actions(num_envs), strict=False):
        if mask.any():
            env.reset(options={"reset_mask": mask})
        env.step(actions)
    return env


def levels(config: BenchConfig, procgen: Procgen) -> Comparison:
    """Hard levels/s, in one thread."""
    comparison = Comparison("levels, hard, one thread", "levels/s", "Procgen's resets")
    seeds = np.random.default_rng(0).integers(SEED_LIMIT, size=LEVELS_AT_ONCE)
    for _ in range(config.rounds):
        made = per_second(lambda: from_seeds(seeds, WORLD_DIMS["hard"]), config.seconds)
        comparison.ours.append(LEVELS_AT_ONCE * made)
        if not procgen.missing:
            comparison.theirs.append(procgen.speed(LEVELS, config.seconds))
    if procgen.missing:
        comparison.peer = "Procgen, published"
        comparison.theirs = [PUBLISHED_LEVELS] * config.rounds
    return comparison


def training(config: BenchConfig, name: str, train_config: TrainConfig) -> Comparison:
    """Steps/s of rollouts and updates, against the bound that the network alone sets.

    A step takes one forward pass to act and, for each epoch, one forward and backward pass to learn. The same network
    is timed on these, in the same precision and with the same batches, and with nothing around them.
    """
    learner = Learner(train_config, torch.device("cpu"))
    learner.learn()  # warms up, and leaves pictures to measure with
    agent, weights = train_config.agent, list(learner.policy.parameters())
    seen = learner.rollout.pictures.flatten(0, 1)
    acting, learning = seen[: agent.num_envs], seen[: agent.minibatch_size]

    @torch.no_grad()
    def forward() -> None:
        learner.forward(acting)

    def forward_backward() -> None:
        logits, values = learner.forward(learning)
        torch.autograd.grad(logits.sum() + values.sum(), weights)

    forward()
    forward_backward()
    comparison = Comparison(f"training, {name}", "steps/s", "its network alone")
    forwards, both = [], []
    for _ in range(config.rounds):
        comparison.ours.append(agent.num_envs * agent.num_steps * per_second(learner.learn, 0))
        forwards.append(agent.num_envs * per_second(forward, config.seconds))
        both.append(agent.minibatch_size * per_second(forward_backward, config.seconds))
        comparison.theirs.append(1 / (1 / forwards[-1] + agent.epochs / both[-1]))
    comparison.details = {
        "precision": learner.precision,
        "config": {"env": asdict(train_config.env), "agent": asdict(agent)},
        "images/s": {"forward": median(forwards), "forward and backward": median(both)},
    }
    return comparison


def machine_of() -> dict[str, Any]:
    """What the numbers depend on, apart from the settings."""
    more = {name: version(name) for name in ("gymnasium", "numba")}
    return {"cpu": _cpu(), "cores": cores(), "system": platform.platform(), "versions": versions() | more}


def _cpu() -> str:
    try:
        named = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        named = None
    return named[1] if named else platform.processor() or platform.machine()


def show(comparisons: list[Comparison], machine: dict[str, Any], console: Console) -> None:
    """Print the comparisons as a table."""
    title = f"{machine['cpu']}, {machine['cores']} cores, {machine['versions']['threads']} threads"
    table = Table("", title=title, title_justify="left")
    for heading in ("ours", "peer or bound", "ratio\nmin–max"):
        table.add_column(heading, justify="right")
    for comparison in comparisons:
        ours, theirs, ratio = f"{median(comparison.ours):,.0f}", "not measured", "–"
        if ratios := comparison.ratios:
            theirs = f"{median(comparison.theirs):,.0f}"
            ratio = f"{median(ratios):.2f}\n{min(ratios):.2f}–{max(ratios):.2f}"
        table.add_row(f"{comparison.what}\n{comparison.unit}", ours, f"{theirs}\n{comparison.peer}", ratio)
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])

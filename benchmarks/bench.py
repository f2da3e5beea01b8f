"""Measure speed as ratios: the environment against Procgen, training against plain PPO and network-only throughput.

    python benchmarks/bench.py
    taskset -c 0 python benchmarks/bench.py name=one-core      all programs on one core

The speed of a machine changes over time, so the compared programs take turns. Each ratio is the median of the rounds'
ratios, with their minimum and maximum. Procgen is installed on first use, into its own virtual environment. Use
growth.py to measure how speed scales with the workload, and to measure a GPU.
"""

import os
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from machine import RESULTS, check_name, describe_machine
from measure import Comparison, draw_actions, measure_rate, stagger_resets
from peer import Peer
from procgen_peer import LEVELS, REQUIREMENTS, start_procgen
from rich.console import Console
from rich.table import Table

from agents.allocator import keep_freed_memory
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.learner import Learner
from agents.mouse import load_mouse
from analysis.summary import summarise_mouse
from envs.levels import SEED_LIMIT, WORLD_DIMS, from_seeds
from envs.vector_env import CheeseMazeVectorEnv
from foundation.command import run_command
from foundation.files import write_json
from foundation.settings import setting

LEVELS_PER_CALL = 1024
PUBLISHED_LEVELS = 7700.0  # Procgen's published hard levels/s on one core
NUM_ENVS = (64, 256, 1024)
CELLS_GOAL = 1e6  # steps/s with `cells` observations
RGB = "64×64 rgb, easy"
TRAININGS = {
    "quickstart": TrainConfig(),
    RGB: TrainConfig(
        env=EnvConfig(distribution_mode="easy", world_dim=None, observation="rgb", action_set="procgen"),
        # Small enough that one round takes seconds.
        agent=AgentConfig(num_envs=64, num_steps=8, minibatch_size=256, epochs=3, learn_from=1.0, optimizer="adam"),
    ),
}
MOUSE = Path(__file__).parents[1] / "checkpoints" / "corner-seed0.safetensors"
EVALUATED = 5000  # levels, each in two conditions
PLAIN = Path(__file__).with_name("plain_peer.py")


@dataclass
class BenchConfig:
    name: str = setting("latest", "name of the results file, benchmarks/results/NAME.json; name it after the machine")
    rounds: int = setting(5, "rounds; both sides are measured once per round", 1)
    seconds: float = setting(1.0, "minimum duration of one measurement", 1e-3)


def run(config: BenchConfig) -> None:
    check_name(config.name)
    keep_freed_memory()
    console, machine = Console(), describe_machine()
    comparisons: list[Comparison] = []
    missing = ""
    with console.status("Procgen (installed on first use)") as status:
        for num_envs in NUM_ENVS:
            with start_procgen(num_envs) as peer:
                status.update(f"environment, {num_envs} environments")
                comparisons += measure_environment(config, num_envs, peer)
                if num_envs == NUM_ENVS[-1]:
                    status.update("levels")
                    comparisons.append(measure_levels(config, peer))
                missing = peer.missing
        status.update("environment, cells")
        comparisons.append(measure_cells(config))
        for name, train_config in TRAININGS.items():
            status.update(f"training, {name}")
            comparisons.append(measure_training(config, name, train_config))
        status.update("training, plain PPO")
        comparisons.append(compare_with_plain(config))
        status.update("evaluation")
        comparisons.append(measure_evaluation())
    print_table(comparisons, machine, console)
    if missing:
        console.print(f"Procgen was not measured ({missing}).", markup=False)
        console.print(f"The {PUBLISHED_LEVELS:,.0f} levels/s are a published figure from another machine.")
    path = RESULTS / f"{config.name}.json"
    results = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "settings": asdict(config),
        "procgen": missing or " ".join(REQUIREMENTS),
        "comparisons": [comparison.summarise() for comparison in comparisons],
    }
    write_json(path, results)
    console.print(f"→ {os.path.relpath(path)}")


def measure_environment(config: BenchConfig, num_envs: int, peer: Peer) -> list[Comparison]:
    """Measure steps/s of random actions, 64×64 rgb, resets included, against Procgen."""
    # Warm up our side while Procgen warms up.
    environments = {mode: build_mixed_env(num_envs, distribution_mode=mode) for mode in WORLD_DIMS}
    peer.wait()
    comparisons = []
    for mode, env in environments.items():
        ours = {
            copy: Comparison(f"environment, {mode}, {num_envs} environments, copy={copy}", "steps/s", "Procgen")
            for copy in (False, True)
        }
        for _ in range(config.rounds):
            for env.copy, comparison in ours.items():
                comparison.ours.append(measure_stepping(env, config.seconds))
                if not peer.missing:
                    comparison.theirs.append(peer.measure(mode, config.seconds))
        comparisons += ours.values()
    return comparisons


def measure_cells(config: BenchConfig) -> Comparison:
    """Measure steps/s of random actions in the quickstart's world, resets included, against the target."""
    num_envs = NUM_ENVS[-1]
    env = build_mixed_env(num_envs, world_dim=EnvConfig().world_dim, observation="cells")
    env.copy = False
    comparison = Comparison(f"environment, cells, {num_envs} environments, copy=False", "steps/s", "target")
    comparison.ours = [measure_stepping(env, config.seconds) for _ in range(config.rounds)]
    comparison.theirs = [CELLS_GOAL] * config.rounds
    return comparison


def measure_stepping(env: CheeseMazeVectorEnv, seconds: float) -> float:
    actions = draw_actions(env.num_envs)
    return env.num_envs * measure_rate(lambda: env.step(next(actions)), seconds)


def build_mixed_env(num_envs: int, **arguments) -> CheeseMazeVectorEnv:
    """Build environments at random points of their episodes, with Procgen's action set."""
    env = CheeseMazeVectorEnv(num_envs, action_set="procgen", **arguments)
    env.reset(seed=0)
    for mask, actions in zip(stagger_resets(num_envs), draw_actions(num_envs), strict=False):
        if mask.any():
            env.reset(options={"reset_mask": mask})
        env.step(actions)
    return env


def measure_levels(config: BenchConfig, peer: Peer) -> Comparison:
    """Measure hard levels/s in one thread, against Procgen's resets."""
    comparison = Comparison("levels, hard, one thread", "levels/s", "Procgen's resets")
    seeds = np.random.default_rng(0).integers(SEED_LIMIT, size=LEVELS_PER_CALL)
    for _ in range(config.rounds):
        made = measure_rate(lambda: from_seeds(seeds, WORLD_DIMS["hard"]), config.seconds)
        comparison.ours.append(LEVELS_PER_CALL * made)
        if not peer.missing:
            comparison.theirs.append(peer.measure(LEVELS, config.seconds))
    if peer.missing:
        comparison.peer = "Procgen, published"
        comparison.theirs = [PUBLISHED_LEVELS] * config.rounds
    return comparison


def measure_training(config: BenchConfig, name: str, train_config: TrainConfig) -> Comparison:
    """Measure training steps/s as a fraction of network-only throughput.

    A step needs one forward pass to act and one forward and backward pass per epoch to learn, if
    it is learnt from. Network-only throughput
    times the same passes with the same network, precision and batch sizes, and nothing else.
    """
    learner = Learner(train_config, torch.device("cpu"))
    learner.learn()  # warm-up; also fills the observations used below
    agent, weights = train_config.agent, list(learner.policy.parameters())
    seen = learner.rollout.obs.flatten(0, 1)
    acting, learning = seen[: agent.num_envs], seen[: agent.minibatch_size]

    @torch.no_grad()
    def forward() -> None:
        learner.predict(acting)

    def forward_backward() -> None:
        logits, values = learner.predict(learning)
        torch.autograd.grad(logits.sum() + values.sum(), weights)

    forward()
    forward_backward()
    bound = Comparison(f"training, {name}", "steps/s", "network only")
    forwards, both = [], []
    for _ in range(config.rounds):
        bound.ours.append(agent.num_envs * agent.num_steps * measure_rate(learner.learn, config.seconds))
        forwards.append(agent.num_envs * measure_rate(forward, config.seconds))
        both.append(agent.minibatch_size * measure_rate(forward_backward, config.seconds))
        bound.theirs.append(1 / (1 / forwards[-1] + agent.epochs * agent.learn_from / both[-1]))
    bound.details = {
        "precision": learner.precision,
        "config": {"env": asdict(train_config.env), "agent": asdict(agent)},
        "images/s": {"forward": median(forwards), "forward and backward": median(both)},
    }
    return bound


def compare_with_plain(config: BenchConfig) -> Comparison:
    """Measure training steps/s on 64×64 rgb, against plain PPO's network passes."""
    comparison, agent = Comparison(f"training, {RGB}", "steps/s", "plain PPO's network"), TRAININGS[RGB].agent
    learner = Learner(TRAININGS[RGB], torch.device("cpu"))
    learner.learn()
    with Peer([sys.executable, str(PLAIN)], without=["GOMP_SPINCOUNT"]) as plain:
        plain.wait()
        if plain.missing:
            raise RuntimeError(f"plain PPO's network did not start: {plain.missing}")
        for _ in range(config.rounds):
            comparison.ours.append(agent.num_envs * agent.num_steps * measure_rate(learner.learn, config.seconds))
            comparison.theirs.append(plain.measure("steps", config.seconds))
    return comparison


def measure_evaluation() -> Comparison:
    """Measure evaluated levels/s of a mouse, cheese as trained and anywhere, against 10,000 per minute."""
    mouse, episodes = load_mouse(MOUSE), 2 * EVALUATED
    comparison = Comparison("evaluation, exact, of an 11×11 mouse", "levels/s", "target")
    comparison.ours = [episodes * measure_rate(lambda: summarise_mouse(mouse, EVALUATED), 0)]
    comparison.theirs = [10_000 / 60]
    return comparison


def print_table(comparisons: list[Comparison], machine: dict[str, Any], console: Console) -> None:
    """Print the comparisons as a table."""
    title = f"{machine['device']}, {machine['versions']['threads']} threads"
    table = Table("", title=title, title_justify="left")
    for heading in ("ours", "reference", "ratio\nmin–max"):
        table.add_column(heading, justify="right")
    for comparison in comparisons:
        ours, theirs, ratio = f"{median(comparison.ours):,.0f}", "not measured", "–"
        if ratios := comparison.ratios:
            theirs = f"{median(comparison.theirs):,.0f}"
            ratio = f"{median(ratios):.2f}\n{min(ratios):.2f}–{max(ratios):.2f}"
        table.add_row(f"{comparison.what}\n{comparison.unit}", ours, f"{theirs}\n{comparison.peer}", ratio)
    console.print(table)


def main(arguments: list[str]) -> None:
    run_command("bench.py", __doc__, BenchConfig(), run, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])

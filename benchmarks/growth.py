"""Measure how speed scales on one device: more environments, larger worlds, larger observations, a larger network.

    python benchmarks/growth.py                          the GPU if there is one, or the CPU
    python benchmarks/growth.py device=cpu name=laptop

The script measures three speeds in steps/s: the environment alone (random actions, with resets and new levels), the
rollout (the network chooses the actions), and training (rollout and update). It compares them with two limits of the
device, measured in the same run: the speed of a memory copy and of a matrix product. It writes the results to
benchmarks/results/growth-NAME.json, a figure to .png, and a profile of the training time to .txt.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import torch
from machine import RESULTS, check_name, describe_machine
from matplotlib.figure import Figure
from measure import measure_rate
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.profiler import ProfilerActivity, profile

from agents.allocator import keep_freed_memory
from agents.captured import Captured
from agents.config import AgentConfig, EnvConfig, TrainConfig
from agents.devices import choose_device
from agents.learner import Learner
from analysis.figures import encode_png, remove_spines
from envs.batch import Environments, LevelPool
from envs.spec import WorldSpec
from foundation.command import run_command
from foundation.files import write_atomically, write_json
from foundation.settings import setting

NUM_ENVS = (16, 64, 256, 1024, 4096, 16384)
OBSERVED = (("cells", 11), ("cells", 25), ("rgb", 15), ("rgb", 25))  # observation and side of the world
SIDES = (5, 7, 9, 11, 13, 15, 19, 25)  # of worlds with `cells` observations
BURST = {"cpu": 16, "cuda": 64}  # environment steps between pool refills
STEPS = {
    "cpu": 4096,
    "cuda": 2**19,
}  # total steps per rollout of training; more environments, shorter rollouts
SHORTEST = 4  # minimum rollout length: each rollout needs an extra value pass, which dominates very short ones
MINIBATCH = {"cpu": 512, "cuda": 8192}
RECIPE = AgentConfig(optimizer="adam", learn_from=1.0, learning_rate=5e-4, gamma=0.999)
PUBLISHED = AgentConfig(**OmegaConf.to_object(OmegaConf.load(RESULTS.parents[1] / "configs/agent/published.yaml")))  # type: ignore[arg-type]
HARD = EnvConfig(distribution_mode="hard", world_dim=None, cheese_region=5, observation="rgb", action_set="procgen")
SETTINGS = {  # GPU only: one round takes minutes on a CPU
    "published settings, hard, s=1": TrainConfig(HARD, PUBLISHED),
    "the same, 1,024 environments": TrainConfig(HARD, replace(PUBLISHED, num_envs=1024)),
    "the same, s=4": TrainConfig(HARD, replace(PUBLISHED, scale=4)),
    "the same, s=1, float32": TrainConfig(HARD, PUBLISHED, precision="float32"),
    "quickstart's world, 4,096 environments": TrainConfig(agent=AgentConfig(num_envs=4096, minibatch_size=16384)),
}
LINES = 25  # of the profile


@dataclass
class GrowthConfig:
    name: str = setting("latest", "name of the results, benchmarks/results/growth-NAME.*; name them after the machine")
    device: str = setting("auto", "cpu, cuda, cuda:1, …; auto uses a GPU if there is one")
    seconds: float = setting(0.5, "minimum duration of one measurement", 1e-3)
    largest: int = setting(NUM_ENVS[-1], "maximum number of environments", NUM_ENVS[0])


def run(config: GrowthConfig) -> None:
    check_name(config.name)
    device = choose_device(config.device)
    keep_freed_memory()
    console, rows, path = Console(), [], RESULTS / f"growth-{config.name}.json"
    with console.status("limits of the device") as status:
        bounds = measure_bounds(device, config.seconds)
        results = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": describe_machine(device),
            "settings": asdict(config),
            "bounds": bounds,
            "rows": rows,
        }
        for row in measure_all(device, bounds, config, status.update):
            rows.append(row)
            console.print(f"{row['what']}: {row['steps/s']:,.0f} steps/s", highlight=False)
            write_json(path, results)
    write_atomically(path.with_suffix(".png"), encode_png(draw_speeds(results)))
    with console.status("profile"):
        write_atomically(path.with_suffix(".txt"), profile_training(device).encode())
    print_table(results, console)
    console.print(*(f"→ {os.path.relpath(path.with_suffix(suffix))}" for suffix in (".json", ".png", ".txt")), sep="\n")


def measure_all(
    device: torch.device, bounds: dict[str, float], config: GrowthConfig, say: Callable[[str], None]
) -> Iterable[dict[str, Any]]:
    """Measure and yield the rows of the table."""
    kind = device.type
    counts = [count for count in NUM_ENVS if count <= config.largest]
    for name, settings in SETTINGS.items() if kind == "cuda" else ():
        say(f"training, {name}")
        yield from measure_training(name, settings, device, bounds, config.seconds)
    for observation, world_dim in OBSERVED:
        for num_envs in counts:
            say(f"environment, {observation}, {num_envs} environments")
            yield measure_environment(observation, world_dim, num_envs, device, bounds, config.seconds)
    workloads = [(observed, num_envs) for observed in (OBSERVED[0], OBSERVED[-1]) for num_envs in counts]
    workloads += [(("cells", side), 256) for side in SIDES if side != OBSERVED[0][1]]
    for (observation, side), num_envs in workloads:
        name = f"{observation} of {side}×{side}, {num_envs} environments"
        say(f"training, {name}")
        steps = max(STEPS[kind], SHORTEST * num_envs)
        agent = replace(RECIPE, num_envs=num_envs, num_steps=min(steps // num_envs, 256))
        agent.minibatch_size = min(MINIBATCH[kind], num_envs * agent.num_steps)
        env = EnvConfig(world_dim=side, observation=observation)
        yield from measure_training(name, TrainConfig(env, agent), device, bounds, config.seconds)


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def clear(device: torch.device) -> None:
    """Free the memory and compiled code of earlier measurements; the compile cache holds eight shapes."""
    gc.collect()
    torch.compiler.reset()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def measure_speed(call: Callable[[], Any], device: torch.device, seconds: float) -> float:
    """Measure calls per second, including the device's work."""

    def done() -> None:
        call()
        synchronise(device)

    done()
    return measure_rate(done, seconds)


def measure_bounds(device: torch.device, seconds: float) -> dict[str, float]:
    """Measure the device's limits: bytes/s of a memory copy (read plus write) and operations/s of a matrix product."""
    on_gpu = device.type == "cuda"
    source = torch.ones(2**30 if on_gpu else 2**28, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    size = 8192 if on_gpu else 2048
    products = {}
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.randn(size, size, device=device).to(dtype)
        products[dtype] = 2 * size**3 * measure_speed(lambda matrix=matrix: matrix @ matrix, device, seconds)
    return {
        "bytes/s, copied": 2 * source.numel() * measure_speed(lambda: target.copy_(source), device, seconds),
        "operations/s, float32": products[torch.float32],
        "operations/s, bfloat16": products[torch.bfloat16],
    }


def measure_environment(
    observation: str, world_dim: int, num_envs: int, device: torch.device, bounds: dict[str, float], seconds: float
) -> dict[str, Any]:
    """Measure steps/s of random actions, with every observation painted."""
    clear(device)
    burst = BURST[device.type]
    spec = WorldSpec.build(world_dim=world_dim, observation=observation, action_set="procgen")
    pool = LevelPool(spec, num_envs * max(1, burst // 8) + num_envs, device=device)
    environments = Environments(spec, pool, num_envs)
    generator = torch.Generator(device).manual_seed(0)
    # Spread environments over their episodes, so that resets are evenly distributed.
    environments.state.clock.copy_(torch.arange(num_envs, device=device) * environments.max_episode_steps // num_envs)

    def play() -> None:
        for _ in range(burst):
            environments.step(torch.randint(spec.num_actions, (num_envs,), generator=generator, device=device))

    def changed() -> list[torch.Tensor]:
        return [*environments.state.level, *environments.state[1:], environments.obs, pool.taken]

    playing = Captured(play, device, changed, generator)

    @torch.no_grad()
    def step_and_refill() -> None:
        playing()
        pool.refill(pool.count())

    steps = num_envs * burst * measure_speed(step_and_refill, device, seconds)
    obs_bytes = environments.obs[0].numel()
    return {
        "speed": "environment",
        "what": f"environment, {observation} of {world_dim}×{world_dim}, {num_envs} environments",
        "observation": observation,
        "world_dim": world_dim,
        "num_envs": num_envs,
        "steps/s": steps,
        "levels reused": pool.reused,
        "share of the copy's bytes": 2 * obs_bytes * steps / bounds["bytes/s, copied"],  # a copy reads what it writes
    }


def measure_training(
    name: str, config: TrainConfig, device: torch.device, bounds: dict[str, float], seconds: float
) -> Iterable[dict[str, Any]]:
    """Measure steps/s of rollouts and of training, as fractions of the network's roofline, and peak memory."""
    clear(device)
    learner = Learner(config, device)
    learner.learn()
    agent = config.agent
    steps = agent.num_envs * agent.num_steps

    def play() -> None:
        learner.collect()
        learner.pool.refill(learner.pool.count())

    rollouts = measure_speed(play, device, seconds)
    trained = measure_speed(learner.learn, device, seconds)
    operations, moved = count_work(learner)
    passes = 1 + 3 * agent.epochs * agent.learn_from  # a backward pass costs two forward passes
    roofline = (
        min(bounds[f"operations/s, {learner.precision}"] / operations, bounds["bytes/s, copied"] / moved) / passes
    )
    env = config.env
    common = {
        "observation": env.observation,
        "world_dim": learner.environments.state.level.world_dim,
        "num_envs": agent.num_envs,
        "config": {"agent": asdict(agent), "env": asdict(env), "precision": learner.precision},
    }
    yield {"speed": "rollout", "what": f"rollout, {name}", "steps/s": steps * rollouts, **common}
    yield {
        "speed": "training",
        "what": f"training, {name}",
        "steps/s": steps * trained,
        "share of the roofline": steps * trained / roofline,
        "operations a forward pass": operations,
        "bytes a forward pass": moved,
        "peak memory, bytes": torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
        **common,
    }


def count_work(learner: Learner) -> tuple[int, int]:
    """Count the operations of one observation's forward pass, and its bytes if each layer reads and writes once."""
    operations, moved = 0, 0
    size = 2 if learner.precision == "bfloat16" else 4

    def count(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal operations, moved
        moved += size * (inputs[0].numel() + output.numel())
        if not isinstance(layer, nn.MaxPool2d):
            operations += 2 * output.numel() * layer.weight[0].numel()  # type: ignore[union-attr, operator, index]

    layers = [layer for layer in learner.policy.modules() if isinstance(layer, nn.Conv2d | nn.Linear | nn.MaxPool2d)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.no_grad():
        learner.policy(learner.environments.obs[:1])
    for hook in hooks:
        hook.remove()
    return operations, moved


def profile_training(device: torch.device) -> str:
    """Profile one rollout and update without graph capture, so that each operation appears by name."""
    clear(device)
    config = TrainConfig(HARD, PUBLISHED) if device.type == "cuda" else TrainConfig()
    learner = Learner(config, device)
    learner.collect, learner.update = learner._collect, learner._update  # type: ignore[assignment]
    learner.learn()
    synchronise(device)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
    with profile(activities=activities) as recorded:
        learner.learn()
        synchronise(device)
    by = "self_device_time_total" if device.type == "cuda" else "self_cpu_time_total"
    return recorded.key_averages().table(sort_by=by, row_limit=LINES, max_name_column_width=60)


def draw_speeds(results: dict[str, Any]) -> Figure:
    """Draw speed by number of environments and by world size."""
    chart = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = chart.subplots(1, 2)
    styles = {"environment": "-", "rollout": "--", "training": ":"}
    colours = dict(zip(OBSERVED, ("#0072B2", "#56B4E9", "#E69F00", "#D55E00"), strict=True))
    by_count: dict[tuple[str, str, int], list[tuple[int, float]]] = {}
    by_side: dict[str, list[tuple[int, float]]] = {}
    for row in results["rows"]:
        seen = row["observation"], row["world_dim"]
        is_setting = row["what"].split(", ", 1)[1] in SETTINGS
        if seen in colours and not is_setting:
            by_count.setdefault((row["speed"], *seen), []).append((row["num_envs"], row["steps/s"]))
        if row["observation"] == "cells" and row["num_envs"] == 256 and not is_setting:
            by_side.setdefault(row["speed"], []).append((row["world_dim"], row["steps/s"]))
    for (what, observation, side), points in by_count.items():
        if len(points) == 1:
            continue
        label = f"{what}, {observation} of {side}×{side}"
        left.plot(
            *zip(*sorted(points), strict=True),
            styles[what],
            marker="o",
            ms=3,
            color=colours[observation, side],
            label=label,
        )
    for what, points in by_side.items():
        right.plot(*zip(*sorted(points), strict=True), styles[what], marker="o", ms=3, color="#0072B2", label=what)
    left.set(xlabel="environments", title="Number of environments")
    left.set_xscale("log", base=4)
    left.set_xticks(NUM_ENVS, [f"{count:,}" for count in NUM_ENVS])
    right.set_xticks(SIDES, [str(side) for side in SIDES])
    right.set(xlabel="side of the world in cells", title="World size (cells, 256 environments)")
    for axes in (left, right):
        axes.set(yscale="log", ylabel="steps/s")
        axes.grid(alpha=0.3)
        remove_spines(axes)
    left.legend(fontsize=6.5, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    right.legend(fontsize=7, frameon=False)
    machine = results["machine"]
    chart.suptitle(f"{machine['device']}, {results['date'][:10]}", fontsize=10)
    return chart


def print_table(results: dict[str, Any], console: Console) -> None:
    table = Table("", title=results["machine"]["device"], title_justify="left")
    for heading in ("steps/s", "fraction of its limit"):
        table.add_column(heading, justify="right")
    for row in results["rows"]:
        shares = [f"{row[key]:.1%} ({key.removeprefix('share of the ')})" for key in row if key.startswith("share")]
        table.add_row(row["what"], f"{row['steps/s']:,.0f}", *shares)
    console.print(table)
    for name, value in results["bounds"].items():
        console.print(f"limit: {value:.3g} {name}", highlight=False)


def main(arguments: list[str]) -> None:
    run_command("growth.py", __doc__, GrowthConfig(), run, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])

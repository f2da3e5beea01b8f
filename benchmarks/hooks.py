"""Measure what hooks cost: forward passes with recorded and with replaced activations against plain ones.

    python benchmarks/hooks.py

The three take turns. A ratio is the time of a pass with hooks over that of a plain one; the target is below 1.05.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from measure import measure_rate
from rich.console import Console
from rich.table import Table

from agents.mouse import load_mouse
from foundation.command import run_command
from foundation.settings import setting
from inside.activations import LAYER
from inside.hooks import record, replace

MOUSE = Path(__file__).parents[1] / "checkpoints" / "corner-seed0.safetensors"
BATCH_SIZES = (256, 2048)  # observations per pass
TARGET = 1.05


@dataclass
class HooksConfig:
    rounds: int = setting(9, "rounds; each kind of pass is measured once per round", 1)
    seconds: float = setting(0.3, "minimum duration of one measurement", 1e-3)


@torch.no_grad()
def measure_passes(policy: torch.nn.Module, observations: torch.Tensor, config: HooksConfig) -> dict[str, list[float]]:
    """Measure the time of a pass in each round, in seconds: plain, with ``record`` and with ``replace``."""
    times: dict[str, list[float]] = {"plain": [], "record": [], "replace": []}

    def measure(name: str) -> None:
        times[name].append(1 / measure_rate(lambda: policy(observations), config.seconds))

    for _ in range(config.rounds):
        measure("plain")
        with record(policy, [LAYER]):
            measure("record")
        with replace(policy, {LAYER: lambda activation: activation}):
            measure("replace")
    return times


def run(config: HooksConfig) -> None:
    mouse = load_mouse(MOUSE)
    table = Table("observations", "plain", "record", "replace", title=f"time of a pass, {LAYER}; target {TARGET}")
    for size in BATCH_SIZES:
        observations = torch.randint(0, 256, (size, *mouse.spec.observation_shape), dtype=torch.uint8)
        times = measure_passes(mouse.policy, observations, config)
        cells = [f"{1e3 * median(times['plain']):.2f} ms"]
        for name in ("record", "replace"):
            ratios = [ours / plain for ours, plain in zip(times[name], times["plain"], strict=True)]
            cells.append(f"× {median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f})")
        table.add_row(str(size), *cells)
    Console().print(table)


if __name__ == "__main__":
    run_command("hooks.py", __doc__, HooksConfig(), run, sys.argv[1:])

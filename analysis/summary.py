"""The brief evaluation of one mouse: records, summary, figure and table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agents.learner import Learner
from agents.mouse import Mouse
from analysis import figures, statistics
from analysis.arrivals import compute_arrivals
from analysis.chain import build_chain
from analysis.collection import RECORDS_FILE, collect_records, default_num_levels, to_parquet
from analysis.relocation import HELD_OUT, anywhere, as_trained, trained_on_held_out
from envs import paths
from envs.levels import region_mask
from envs.world import MAX_EPISODE_STEPS
from foundation.files import write_atomically, write_json

SUMMARY_FILE, FIGURE_FILE = "summary.json", "result.png"
LEVELS_IN_TRAINING = 400
LABELS = {"as_trained": "cheese as trained", "anywhere": "cheese anywhere"}


def summarise_mouse(
    mouse: Mouse,
    levels: int | None = None,
    advance: Callable[[int], None] = lambda levels: None,
    workers: int = 1,
    cluster: str = "",
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Evaluate a mouse on held-out levels, with the cheese as trained and anywhere.

    Args:
        mouse: the mouse.
        levels: number of levels per condition, equal mazes in both; None: about 600 full-size mazes.
        advance: called with the number of levels after each part.
        workers: number of processes.
        cluster: address of a Dask scheduler whose workers are used instead.

    Returns:
        The summary, in the form of ``summary.json``, and the records.
    """
    world_dim = mouse.spec.world_dim
    levels = levels or default_num_levels(world_dim)
    table = collect_records([mouse], dict.fromkeys(LABELS, levels), advance=advance, workers=workers, cluster=cluster)
    summary: dict[str, Any] = {
        "mouse": {"checkpoint": str(mouse.path), "cheese_region": mouse.spec.cheese_region, "world_dim": world_dim},
        # All measurements play 500 steps, whatever the training's own limit.
        "play": {
            "levels": levels,
            "first_level": HELD_OUT,
            "steps": MAX_EPISODE_STEPS,
            "steps_in_training": mouse.spec.max_episode_steps,
        },
        "unseen": not trained_on_held_out(mouse.spec, levels),
    }
    summary |= {name: statistics.summarise(table.loc[table.condition == name]) for name in LABELS}
    return summary, table


def evaluate_in_training(learner: Learner) -> dict[str, float]:
    """Evaluate a mouse during training on a few held-out levels, for TensorBoard."""
    spec = learner.spec
    mouse = Mouse(learner.policy, spec, learner.config.agent, {}, Path("mouse"))
    rates: dict[str, float] = {}
    for name, condition in (("as_trained", as_trained), ("anywhere", anywhere)):
        levels = condition(spec, HELD_OUT + np.arange(LEVELS_IN_TRAINING))
        found = compute_arrivals(build_chain(mouse, levels), levels, region_mask(levels, spec.cheese_region))
        rates[f"takes_cheese_{name}"] = float(found["p_cheese_500"].mean())
        if name == "anywhere":
            forks = paths.classify_levels(levels)[0].numpy() == paths.FORK
            for outcome in ("cheese", "corner"):
                rates[f"at_forks_{outcome}_first"] = float(found[f"p_{outcome}_first"][forks].mean())
    return rates


def write_summary(
    folder: Path, summary: dict[str, Any], records: pd.DataFrame, curve: list[dict[str, float]] | None = None
) -> None:
    """Write the records (Parquet), the summary (JSON) and the figure (PNG) into a folder."""
    write_atomically(folder / RECORDS_FILE, to_parquet(records))
    write_json(folder / SUMMARY_FILE, summary)
    write_atomically(
        folder / FIGURE_FILE,
        figures.encode_png(figures.draw_result(summary, records, None if curve is None else pd.DataFrame(curve))),
    )


def format_estimate(rate: statistics.Estimate) -> tuple[str, str]:
    """Format a rate and its interval, e.g. ``("61.2 %", "60.0–62.4")``; dashes if n is 0."""
    if rate["rate"] is None:
        return "–", "–"
    interval = "–" if rate["low"] is None else f"{rate['low'] * 100:.1f}–{rate['high'] * 100:.1f}"
    return f"{rate['rate'] * 100:.1f} %", interval


def list_rates(condition: dict[str, Any]) -> list[statistics.Estimate]:
    """List the five rates of a condition, in the order of the tables."""
    return [condition["success"], condition["largest"], *condition["decision"].values()]


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """Print the summary as a table."""
    dim = summary["mouse"]["world_dim"]
    play = summary["play"]
    title = (
        f"{play['levels']:,} held-out levels, {play['steps']} steps, with 95 % intervals over mazes.\n"
        "Forks: the paths to the cheese and to the top-right corner diverge."
    )
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("", no_wrap=True)
    forks = ("forks:\ncheese\nfirst", "\ncorner\nfirst", "\n\nneither")
    for heading in ("\n\nsuccess", f"success\nin {dim}×{dim}\nmazes", *forks):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, label in LABELS.items():
        cells = ("\n".join((*format_estimate(rate), f"of {rate['n']:,}")) for rate in list_rates(summary[name]))
        table.add_row(label.replace(" ", "\n", 1), *cells)
        chance = (format_estimate(rate)[0] for rate in list_rates(summary[name]["walk"]))
        table.add_row("random walk", *chance, style="dim", end_section=True)
    console.print(table)
    if (steps := play["steps_in_training"]) != play["steps"]:
        console.print(f"note: training episodes had {steps} steps; all rates are of {play['steps']} steps")
    if not summary["unseen"]:
        console.print(
            "[yellow]note: this mouse trained on some of these level seeds (num_levels, start_level)[/yellow]"
        )

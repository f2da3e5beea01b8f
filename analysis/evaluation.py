"""The evaluation of one mouse in brief: records, summary, picture and the table that people read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agents.checkpoint import Mouse, write_atomically
from agents.config import world_of
from agents.learner import Learner
from analysis import figures, statistics
from analysis.chain import chain_of
from analysis.examination import RECORDS_FILE, examine, levels_enough, to_parquet
from analysis.records import ends
from analysis.relocation import HELD_OUT, anywhere, as_trained, trained_on_held_out
from envs import paths
from envs.levels import region_mask

SUMMARY_FILE, PICTURE_FILE = "summary.json", "result.png"
LEVELS_IN_TRAINING = 400
LABELS = {"as_trained": "cheese, where it trained", "anywhere": "cheese, anywhere"}


def evaluate(
    mouse: Mouse,
    levels: int | None = None,
    advance: Callable[[int], None] = lambda mazes: None,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Examine a mouse on held-out levels, the cheese where it trained and anywhere.

    Args:
        mouse: whom.
        levels: how many in each condition, the same mazes in both; as many as are enough when None.
        advance: told after each part how many mazes it had.

    Returns:
        The summary, as ``summary.json`` holds it, and the records.
    """
    world_dim = world_of(mouse.env)
    levels = levels or levels_enough(world_dim)
    table = examine([mouse], dict.fromkeys(LABELS, levels), advance=advance)
    summary: dict[str, Any] = {
        "mouse": {"checkpoint": str(mouse.path), "cheese_region": mouse.env.cheese_region, "world_dim": world_dim},
        "play": {"levels": levels, "first_level": HELD_OUT, "steps": 500},
        "unseen": not trained_on_held_out(mouse.env, levels),
    }
    summary |= {name: statistics.summarise(table.loc[table.condition == name]) for name in LABELS}
    return summary, table


def in_training(learner: Learner) -> dict[str, float]:
    """What a mouse in training does on a few unseen levels, for TensorBoard: one sees the goal being mislearned."""
    env = learner.config.env
    mouse = Mouse(learner.policy, env, learner.config.agent, {}, Path("mouse"))
    rates: dict[str, float] = {}
    for condition, levels_of in (("as_trained", as_trained), ("anywhere", anywhere)):
        levels = levels_of(env, HELD_OUT + np.arange(LEVELS_IN_TRAINING))
        found = ends(chain_of(mouse, levels), levels, region_mask(levels, env.cheese_region))
        rates[f"takes_cheese_{condition}"] = float(found["p_cheese_500"].mean())
        if condition == "anywhere":
            forks = paths.forks(levels)[0].numpy() == paths.FORK
            for outcome in ("cheese", "corner"):
                rates[f"at_forks_{outcome}_first"] = float(found[f"p_{outcome}_first"][forks].mean())
    return rates


def save(folder: Path, summary: dict[str, Any], records: pd.DataFrame, curve: pd.DataFrame | None = None) -> None:
    """Write the records (Parquet), the summary (JSON) and the picture (PNG) into a folder."""
    write_atomically(folder / RECORDS_FILE, to_parquet(records))
    write_atomically(folder / SUMMARY_FILE, (json.dumps(summary, indent=2) + "\n").encode())
    write_atomically(folder / PICTURE_FILE, figures.png(figures.result(summary, records, curve)))


def percent(rate: statistics.Rate) -> tuple[str, str]:
    """A rate and its interval, as in ``("61.2 %", "60.0–62.4")``; dashes when there was nothing to count."""
    if rate["rate"] is None:
        return "–", "–"
    interval = "–" if rate["low"] is None else f"{rate['low'] * 100:.1f}–{rate['high'] * 100:.1f}"
    return f"{rate['rate'] * 100:.1f} %", interval


def rates(condition: dict[str, Any]) -> list[statistics.Rate]:
    """The five rates of a condition, in the order of the tables."""
    return [condition["success"], condition["largest"], *condition["decision"].values()]


def show(summary: dict[str, Any], console: Console) -> None:
    """Print the summary as a table."""
    dim = summary["mouse"]["world_dim"]
    play = summary["play"]
    title = (
        f"{play['levels']:,} unseen mazes, {play['steps']} steps each, with 95 % intervals over mazes.\n"
        "Forks are mazes where the ways to the cheese and to the top-right corner part."
    )
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("", no_wrap=True)
    forks = ("at forks:\ncheese\nfirst", "\ncorner\nfirst", "\n\nneither")
    for heading in ("\ntakes\ncheese", f"\nin {dim}×{dim}\nmazes", *forks):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, label in LABELS.items():
        cells = ("\n".join((*percent(rate), f"of {rate['n']:,}")) for rate in rates(summary[name]))
        table.add_row(label.replace(", ", ",\n"), *cells, end_section=True)
    console.print(table)
    if not summary["unseen"]:
        console.print("[yellow]note: this mouse trained on some of these levels (num_levels, start_level)[/yellow]")

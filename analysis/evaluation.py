"""The evaluation of one mouse: episodes, summary, picture and the table that people read."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agents.checkpoint import Mouse, write_atomically
from analysis import figures, relocation, statistics
from envs.levels import world_dim_of

EPISODES_FILE, SUMMARY_FILE, PICTURE_FILE = "episodes.parquet", "summary.json", "result.png"
LABELS = {"as_trained": "cheese, where it trained", "anywhere": "cheese, anywhere"}


def evaluate(mouse: Mouse, levels: int, max_steps: int, seed: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """Play held-out levels in every condition.

    Args:
        mouse: who plays.
        levels: how many levels in each condition, the same mazes in all.
        max_steps: an episode is given up after so many.
        seed: of the action noise.

    Returns:
        The summary, as ``summary.json`` holds it, and the table of episodes.
    """
    world_dim = world_dim_of(mouse.env.distribution_mode, mouse.env.world_dim)
    tables = {name: relocation.records(mouse, name, levels, max_steps, seed) for name in relocation.CONDITIONS}
    summary: dict[str, Any] = {
        "mouse": {"checkpoint": str(mouse.path), "cheese_region": mouse.env.cheese_region, "world_dim": world_dim},
        "play": {"levels": levels, "first_level": relocation.HELD_OUT, "max_steps": max_steps, "seed": seed},
        "unseen": not relocation.trained_on_held_out(mouse, levels),
    }
    summary |= {name: statistics.summarise(table, world_dim) for name, table in tables.items()}
    return summary, pd.concat(tables.values(), ignore_index=True)


def save(folder: Path, summary: dict[str, Any], episodes: pd.DataFrame, curve: pd.DataFrame | None = None) -> None:
    """Write the episodes (Parquet), the summary (JSON) and the picture (PNG) into a folder."""
    table = io.BytesIO()
    episodes.to_parquet(table, index=False)
    write_atomically(folder / EPISODES_FILE, table.getvalue())
    write_atomically(folder / SUMMARY_FILE, (json.dumps(summary, indent=2) + "\n").encode())
    write_atomically(folder / PICTURE_FILE, figures.result(summary, episodes, curve))


def percent(rate: dict[str, Any]) -> tuple[str, str]:
    """A rate and its interval, as in ``("61.2 %", "60.0–62.4")``; dashes when there was nothing to count."""
    if rate["rate"] is None:
        return "–", "–"
    return f"{rate['rate'] * 100:.1f} %", f"{rate['low'] * 100:.1f}–{rate['high'] * 100:.1f}"


def rates(condition: dict[str, Any]) -> list[dict[str, Any]]:
    """The five rates of a condition, in the order of the tables."""
    return [condition["success"], condition["largest"], *condition["decision"].values()]


def show(summary: dict[str, Any], console: Console) -> None:
    """Print the summary as a table."""
    dim = summary["mouse"]["world_dim"]
    play = summary["play"]
    title = (
        f"{play['levels']:,} unseen mazes, {play['max_steps']} steps each, with 95 % intervals.\n"
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

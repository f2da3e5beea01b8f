"""Examine trained mice on levels that they have never seen, the cheese where it trained and moved.

    python evaluate.py checkpoint=checkpoints/corner-seed0.safetensors                 a table in seconds
    python evaluate.py checkpoint=checkpoints/corner-seed0.safetensors report=full     every answer on a page
    python evaluate.py checkpoint='checkpoints/*.safetensors' report=full              many mice: dose and response
    python evaluate.py checkpoint=checkpoints/corner-seed0.safetensors levels=mine.txt    levels drawn by hand

A full report that was stopped goes on where it was by the same command.
"""

import hashlib
import shlex
import sys
import time
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from agents.allocator import keep_freed_memory
from agents.checkpoint import Mouse, load_mouse, write_atomically
from agents.config import setting, world_of
from agents.console import check_seed, describe, one_line_errors, read_settings
from agents.processes import device_of
from analysis import evaluation, report
from analysis.answers import answers
from analysis.dose import fork_share
from analysis.examination import examine, levels_enough, to_parquet
from analysis.relocation import condition_of, read_levels, trained_on_held_out

REPORTS = ("brief", "full")
SAMPLED = ("anywhere",)  # in these conditions an episode a level is played as well


@dataclass
class EvaluateConfig:
    checkpoint: Any = setting("", "trained mice: a .safetensors file, a pattern with *, or a list of them")
    report: str = setting("brief", "brief, a table; or full, a page with every answer, figures and records")
    levels: Any = setting(None, "mazes in each condition, enough for 1,000 that fill the world when null; or a file")
    conditions: Any = setting(None, "of a full report: a list of conditions, region_N among them; null is all")
    seed: int = setting(0, "of the sampled episodes of a full report")
    device: str = setting("auto", "cpu, cuda, …; auto takes a GPU where there is one")
    out: str = setting("", "folder of the results; in runs/evaluations when empty")


def mice_of(checkpoint: Any, device) -> list[Mouse]:
    """Load the mice that a setting names.

    Raises:
        FileNotFoundError, ValueError: there are none, they cannot be loaded, or two have the same name.
    """
    patterns = checkpoint if isinstance(checkpoint, list) else [checkpoint]
    paths = [path for text in map(str, patterns) for path in (sorted(glob(text)) if "*" in text else [text]) if path]
    if not paths:
        raise ValueError(f"no mouse at checkpoint={checkpoint}; expected FILE.safetensors, which train.py wrote")
    mice = [load_mouse(path, device) for path in paths]
    names = [mouse.name for mouse in mice]
    if len(set(names)) < len(names):
        raise ValueError(f"mice must have different names, not {', '.join(names)}")
    return mice


def plan(config: EvaluateConfig, mice: list[Mouse]) -> dict[str, int]:
    """The conditions of a full report and their numbers of mazes.

    Raises:
        ValueError: mice of different worlds, an unknown condition, or none with the cheese anywhere.
    """
    worlds = {mouse.name: world_of(mouse.env) for mouse in mice}
    if len(set(worlds.values())) > 1:
        sides = ", ".join(f"{name} {dim}×{dim}" for name, dim in worlds.items())
        raise ValueError(f"the mice of one report must come from worlds of one size, not {sides}")
    dim = worlds[mice[0].name]
    levels = config.levels or levels_enough(dim)
    if config.conditions is None:
        fewer = {"no_cheese": levels // 4, "elsewhere": levels // 2, "mirrored": levels // 4}
        sizes = (dim - 1) // 2
        return {"as_trained": levels, "anywhere": levels, **fewer, "every_cell": min(levels, 5 * sizes)}
    for name in config.conditions:
        condition_of(name)(mice[0].env, [0])  # type: ignore[arg-type]
    if "anywhere" not in config.conditions:
        raise ValueError("conditions must hold anywhere: the answers are about it")
    return dict.fromkeys(config.conditions, levels)


def brief(config: EvaluateConfig, mice: list[Mouse], console: Console) -> None:
    """A table, a picture and the records of each mouse."""
    for mouse in mice:
        folder = Path(config.out or "runs/evaluations")
        folder = folder / mouse.name if len(mice) > 1 or not config.out else folder
        folder.mkdir(parents=True, exist_ok=True)  # now: who cannot write there learns it before the mouse is examined
        began = time.perf_counter()
        levels = config.levels or levels_enough(world_of(mouse.env))
        with bar(console, 2 * levels) as advance:
            summary, records = evaluation.evaluate(mouse, levels, advance)
        seconds = time.perf_counter() - began
        evaluation.save(folder, summary, records)
        if len(mice) > 1:
            console.print(f"[bold]{mouse.name}[/bold]")
        evaluation.show(summary, console)
        files = ",".join((evaluation.PICTURE_FILE, evaluation.SUMMARY_FILE, evaluation.RECORDS_FILE))
        console.print(f"{len(records):,} levels in {seconds:.1f} s → {folder}/{{{files}}}")


def drawn(config: EvaluateConfig, mice: list[Mouse], console: Console) -> None:
    """A row for each mouse in each level drawn by hand, and the records."""
    records = pd.concat([examine([mouse], {}, drawn=read_levels(config.levels, mouse.env)) for mouse in mice])
    path = Path(config.out or "runs/evaluations") / f"{Path(config.levels).stem}.parquet"
    write_atomically(path, to_parquet(records))
    for mouse, rows in records.groupby("mouse", sort=False):
        table = Table(title=f"{mouse}: what it does, exactly, in 500 steps", title_justify="left", box=SIMPLE_HEAD)
        for heading in ("level", "type", "takes cheese", "cheese first", "corner first", "greedy: first"):
            table.add_column(heading, no_wrap=True)
        for number, row in enumerate(rows.to_dict("records"), start=1):
            shares = [f"{100 * row[column]:.1f} %" for column in ("p_cheese_500", "p_cheese_first", "p_corner_first")]
            table.add_row(str(number), row["level_type"].replace("_", " "), *shares, row["greedy_first"])
        console.print(table)
    console.print(f"records: {path}")


def full(config: EvaluateConfig, mice: list[Mouse], console: Console, command: str) -> None:
    """One page about all mice."""
    conditions = plan(config, mice)
    names = " ".join(mouse.name for mouse in mice)
    name = mice[0].name if len(mice) == 1 else f"{len(mice)}-mice-{hashlib.sha256(names.encode()).hexdigest()[:8]}"
    folder = Path(config.out or f"runs/evaluations/{name}-report")
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with bar(console, len(mice) * sum(conditions.values())) as advance:
        records = examine(mice, conditions, SAMPLED, config.seed, folder, advance=advance)
    console.print(f"{len(records):,} records in {time.perf_counter() - began:.1f} s")
    with console.status("answering"):
        found = answers(records, {mouse.name: fork_share(mouse.env) for mouse in mice})
    with console.status("drawing"):
        page = report.write(folder, found, records, command)
    for mouse in mice:
        if trained_on_held_out(mouse.env, max(conditions.values())):
            console.print(f"[yellow]note: {mouse.name} trained on some of these levels[/yellow]")
    console.print(f"report: {page}   (figures/, summary.json and records.parquet beside it)")


class bar:
    """A progress bar over so many mazes; entering it gives the function that moves it on."""

    def __init__(self, console: Console, mazes: int):
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.progress.add_task("examining", total=mazes)

    def __enter__(self):
        self.progress.start()
        return lambda mazes: self.progress.advance(self.task, mazes)

    def __exit__(self, *_) -> None:
        self.progress.stop()


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__, describe(EvaluateConfig()), sep="\n")
        return
    with one_line_errors("evaluate.py"):
        config = read_settings(EvaluateConfig(), arguments)
        if not config.checkpoint:
            raise ValueError("no checkpoint given; expected checkpoint=FILE.safetensors, a mouse that train.py wrote")
        if config.report not in REPORTS:
            raise ValueError(f"report must be one of {', '.join(REPORTS)}, not {config.report!r}")
        is_file = isinstance(config.levels, str) and config.levels != ""
        is_number = isinstance(config.levels, int) and not isinstance(config.levels, bool) and config.levels >= 1
        if not (config.levels is None or is_file or is_number):
            raise ValueError(f"levels must be a number of at least 1, or a file of levels, not levels={config.levels}")
        if is_file and config.report == "full":
            raise ValueError("a full report is about levels from seeds: give levels a number")
        check_seed(config.seed)
        mice = mice_of(config.checkpoint, device_of(config.device))
        keep_freed_memory()
        console = Console(soft_wrap=True)
        if is_file:
            drawn(config, mice, console)
        elif config.report == "brief":
            brief(config, mice, console)
        else:
            full(config, mice, console, shlex.join(["python", "evaluate.py", *arguments]))


if __name__ == "__main__":
    main(sys.argv[1:])

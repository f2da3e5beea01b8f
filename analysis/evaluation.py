"""The evaluations that ``evaluate.py`` runs: a table, a report, or hand-drawn levels."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.mouse import Mouse
from analysis.collection import collect_records, collect_traits, default_num_levels, to_parquet
from analysis.figures import FIGURES_FOLDER, write_figure
from analysis.findings import compute_findings
from analysis.groups import name_groups
from analysis.measures import compute_headline_dim
from analysis.relocation import parse_condition, trained_on_held_out
from analysis.report import write_report
from analysis.spread import compute_spread, describe_spread, draw_spread
from analysis.summary import FIGURE_FILE, RECORDS_FILE, SUMMARY_FILE, print_summary, summarise_mouse, write_summary
from analysis.traits import TRAIT_LEVELS
from envs.drawings import read_levels
from envs.world import MAX_EPISODE_STEPS
from foundation.errors import InputError
from foundation.files import lock_folder, make_folder, write_atomically, write_json
from foundation.progress import progress_bar

OUT = Path("runs/evaluations")
SAMPLED = ("anywhere",)  # the conditions that also get one sampled episode per level


def check_comparable(mice: Sequence[Mouse]) -> int:
    """Check that mice can be in one report; return the size of their world.

    Raises:
        InputError: they have different ones, or two files are copies: training seeds are the unit of every comparison.
    """
    worlds = {mouse.name: mouse.spec.world_dim for mouse in mice}
    if len(set(worlds.values())) > 1:
        sides = ", ".join(f"{name} {dim}×{dim}" for name, dim in worlds.items())
        raise InputError(f"all mice of a report must have the same world size, not {sides}")
    names: dict[str, str] = {}
    for mouse in mice:
        other = names.setdefault(mouse.header.get("sha256", mouse.name), mouse.name)
        if other != mouse.name:
            raise InputError(
                f"{other} and {mouse.name} are copies of one mouse, not two training seeds; give one of them"
            )
    return mice[0].spec.world_dim


def choose_conditions(mice: Sequence[Mouse], levels: int | None, names: Sequence[str] | None) -> dict[str, int]:
    """Choose the conditions of a full report, and the number of levels in each.

    Args:
        mice: the mice of the report.
        levels: number of levels per condition; None chooses it.
        names: names of the conditions; None takes all.

    Raises:
        InputError: if the mice have different world sizes, a condition is unknown, or ``anywhere`` is missing.
    """
    dim = check_comparable(mice)
    levels = levels or default_num_levels(dim)
    if names is None:
        fewer = {"no_cheese": levels // 4, "elsewhere": levels // 2, "mirrored": levels // 4}
        sizes = (dim - 1) // 2
        return {"as_trained": levels, "anywhere": levels, **fewer, "every_cell": min(levels, 10 * sizes)}
    for name in names:
        parse_condition(name)(mice[0].spec, np.array([0]))
    if "anywhere" not in names:
        raise InputError("conditions must include anywhere; the report's questions use it")
    return dict.fromkeys(names, levels)


def evaluate_briefly(
    mice: Sequence[Mouse], levels: int | None, out: Path | None, console: Console, workers: int = 1, cluster: str = ""
) -> None:
    """Write a table, a figure and the records of each mouse."""
    for mouse in mice:
        folder = out or OUT
        folder = folder / mouse.name if len(mice) > 1 or out is None else folder
        make_folder(folder)  # made first, so that a permission error appears at once
        began = time.perf_counter()
        number = levels or default_num_levels(mouse.spec.world_dim)
        with progress_bar(console, "evaluating", 2 * number) as advance:
            summary, records = summarise_mouse(mouse, number, advance, workers, cluster)
        seconds = time.perf_counter() - began
        write_summary(folder, summary, records)
        if len(mice) > 1:
            console.print(mouse.name, style="bold", markup=False)
        print_summary(summary, console)
        files = ",".join((FIGURE_FILE, SUMMARY_FILE, RECORDS_FILE))
        console.print(f"{len(records):,} levels in {seconds:.1f} s → {folder}/{{{files}}}", markup=False)


def evaluate_drawings(mice: Sequence[Mouse], levels: str, out: Path | None, console: Console) -> None:
    """Print one row per mouse and hand-drawn level, and write the records."""
    tables = [collect_records([mouse], {}, drawn=read_levels(levels, mouse.spec.world_dim)) for mouse in mice]
    records = pd.concat(tables)
    records["group"] = records.mouse.map(name_groups(mice))
    path = (out or OUT) / f"{Path(levels).stem}.parquet"
    write_atomically(path, to_parquet(records))
    for mouse, rows in records.groupby("mouse", sort=False):
        title = f"{mouse}: exact probabilities within {MAX_EPISODE_STEPS} steps"
        table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD)
        for heading in ("level", "type", "success", "cheese\nfirst", "corner\nfirst", "greedy:\nfirst"):
            table.add_column(heading, no_wrap=True)
        columns = {each: [f"{who}_{each}" for who in ("p", "walk")] for each in
                   ("cheese_500", "cheese_first", "corner_first")}  # fmt: skip
        for number, row in enumerate(rows.to_dict("records"), start=1):
            shares = ["\n".join(f"{100 * row[column]:.1f} %" for column in each) for each in columns.values()]
            kind = row["level_type"].replace("_", " ")
            table.add_row(str(number), f"{kind}\nrandom walk", *shares, row["greedy_first"])
        console.print(table)
    console.print(f"records: {path}", markup=False)


def evaluate_spread(
    mice: Sequence[Mouse],
    levels: int | None,
    out: Path | None,
    console: Console,
    command: str,
    workers: int = 1,
    cluster: str = "",
) -> None:
    """Print how the training seeds of each group differ, and write a figure, the numbers and the records."""
    folder = out or OUT / f"{name_together(mice)}-spread"
    dim = check_comparable(mice)
    number = levels or default_num_levels(dim)
    conditions = {"anywhere": number, "as_trained": number}
    with lock_folder(folder):
        with progress_bar(console, "evaluating", len(mice) * sum(conditions.values())) as advance:
            records = collect_records(mice, conditions, (), 0, folder, None, advance, workers, cluster)
        dim = compute_headline_dim(dim)
        if not (records.maze_dim >= dim).any():
            raise InputError(f"there is no maze of {dim}×{dim} or more among these levels; set levels higher")
        groups = compute_spread(records)
        write_atomically(folder / RECORDS_FILE, to_parquet(records))
        write_json(folder / "spread.json", {"command": command, "levels": number, "groups": groups})
        write_figure(folder, "spread", draw_spread(groups))
    for name, group in groups.items():
        console.print("\n".join(describe_spread(name, group)), markup=False)
    _note_held_out(mice, number, console)
    console.print(
        f"figure: {folder / FIGURES_FOLDER / 'spread.png'}   (spread.json and records.parquet beside it)", markup=False
    )


def _note_held_out(mice: Sequence[Mouse], number: int, console: Console) -> None:
    for mouse in mice:
        if trained_on_held_out(mouse.spec, number):
            console.print(f"note: {mouse.name} trained on some of these level seeds", style="yellow", markup=False)


def name_together(mice: Sequence[Mouse]) -> str:
    """The name of a folder about these mice."""
    names = " ".join(mouse.name for mouse in mice)
    return mice[0].name if len(mice) == 1 else f"{len(mice)}-mice-{hashlib.sha256(names.encode()).hexdigest()[:8]}"


def write_full_report(
    mice: Sequence[Mouse],
    conditions: dict[str, int],
    seed: int,
    out: Path | None,
    console: Console,
    command: str,
    workers: int = 1,
    cluster: str = "",
) -> None:
    """Write one report about all mice.

    Args:
        mice: mice of one world size.
        conditions: the number of levels per condition name.
        seed: seed of the sampled episodes.
        out: the report's folder; None names a folder by the mice.
        console: console for progress.
        command: the command that reproduces the report.
        workers: number of processes.
        cluster: address of a Dask scheduler whose workers are used instead.
    """
    folder = out or OUT / f"{name_together(mice)}-report"
    began = time.perf_counter()
    number = min(TRAIT_LEVELS, conditions["anywhere"])
    with lock_folder(folder):
        with progress_bar(console, "evaluating", len(mice) * (number + sum(conditions.values()))) as advance:
            traits = collect_traits(mice, number, folder, lambda done: advance(number * done), workers, cluster)
            slips = {name: float("nan") if one["slip"] is None else one["slip"] for name, one in traits.items()}
            records = collect_records(mice, conditions, SAMPLED, seed, folder, None, advance, workers, cluster, slips)
        console.print(f"{len(records):,} records in {time.perf_counter() - began:.1f} s")
        with console.status("computing findings"):
            findings = compute_findings(records, traits)
        with console.status("drawing"):
            page = write_report(folder, findings, records, command)
    _note_held_out(mice, max(conditions.values()), console)
    console.print(f"report: {page}   (figures/, summary.json and records.parquet beside it)", markup=False)

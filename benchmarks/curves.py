"""Draw the learning curves of trained mice, and print the training time in which each reached a success rate.

    python benchmarks/curves.py 'runs=runs/quickstart-*'
    python benchmarks/curves.py 'runs=[runs/float32-*,runs/bfloat16-*]' by=steps name=precision

Runs are labelled by their names, or, if the names are equal, by the settings in which they differ. Runs with the same
label (different seeds) have the same colour. The curves are written to benchmarks/results/curves-NAME.json, and the
figure to .png.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import check_name, find_runs, write_results
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter
from rich.console import Console
from rich.table import Table

from agents.checkpoint import STATE_FORMAT, read_checkpoint
from agents.training import STATE_FILE
from agents.training_state import parse_curve
from analysis.figures import format_percent, remove_spines
from foundation.command import run_command
from foundation.errors import InputError
from foundation.palette import SERIES
from foundation.settings import as_list, flatten_settings, setting

AXES = {"minutes": "minutes of training", "steps": "environment steps"}


@dataclass
class CurvesConfig:
    runs: Any = setting("runs/*", "run folders: a glob pattern, or a list of patterns")
    by: str = setting("minutes", "horizontal axis of the figure: minutes or steps")
    success: float = setting(0.95, "success rate for which the training time is printed", 0, 1)
    name: str = setting("latest", "name of the results files, benchmarks/results/curves-NAME.*")


def run(config: CurvesConfig) -> None:
    check_name(config.name)
    if config.by not in AXES:
        raise InputError(f"by must be one of {', '.join(AXES)}, not {config.by!r}")
    patterns = list(map(str, as_list(config.runs)))
    runs = label_runs([read_run(folder / STATE_FILE) for folder in find_runs(patterns)])
    if not runs:
        raise InputError(f"no run folder with a {STATE_FILE} at {', '.join(patterns) or 'runs= (empty)'}")
    print_table(runs, config.success, Console())
    write_results(f"curves-{config.name}", runs, draw_curves(runs, config.by, config.success))


def read_run(state: Path) -> dict[str, Any]:
    """Read a run's settings and its learning curve.

    Success is given by steps and minutes, and is None until the first cohort is complete.
    """
    tensors, header = read_checkpoint(state, STATE_FORMAT)
    curve = parse_curve(tensors, header, state)
    minutes = np.cumsum([row["seconds"] for row in curve]) / 60
    return {
        "settings": flatten_settings(header["config"]),
        "steps": [int(row["steps"]) for row in curve],
        "minutes": [round(float(minute), 4) for minute in minutes],
        "success": [None if row["success"] != row["success"] else row["success"] for row in curve],
    }


def label_runs(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Label the runs by name or, if all names are equal, by the settings that differ."""
    names = dict.fromkeys(name for run in runs for name in run["settings"] if name != "seed")
    differing = [name for name in names if len({str(run["settings"].get(name)) for run in runs}) > 1]
    if "name" in differing:
        differing = ["name"]
    for run in runs:
        labels = [(name.split(".")[-1], run["settings"].get(name, "none")) for name in differing]
        run["label"] = (
            ", ".join(value if name == "name" else f"{name} {value}" for name, value in labels) or "all alike"
        )
    return runs


def smooth(success: list[float | None], width: int = 5) -> np.ndarray:
    """Compute a running mean that ignores missing values."""
    known = np.array([np.nan if value is None else value for value in success])
    padded = np.concatenate((np.full(width - 1, np.nan), known))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    counts = (~np.isnan(windows)).sum(1)
    return np.where(counts > 0, np.nansum(windows, axis=1) / np.maximum(counts, 1), np.nan)


def draw_curves(runs: list[dict[str, Any]], by: str, success: float) -> Figure:
    chart = Figure(figsize=(8, 4.2), layout="constrained")
    axes = chart.subplots()
    labels = list(dict.fromkeys(run["label"] for run in runs))
    for run in runs:
        colour = SERIES[labels.index(run["label"]) % len(SERIES)]
        first = next(other for other in runs if other["label"] == run["label"]) is run
        axes.plot(run[by], smooth(run["success"]), color=colour, lw=1.2, label=run["label"] if first else None)
    axes.axhline(success, color="0.7", lw=0.8, ls=":")
    axes.set(xlabel=AXES[by], ylabel="success rate (episodes grouped by start)", ylim=(0, 1))
    format_percent(axes.yaxis)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    remove_spines(axes)
    axes.legend(fontsize=7, frameon=False, loc="lower right")
    return chart


def print_table(runs: list[dict[str, Any]], success: float, console: Console) -> None:
    table = Table("", "seed", *(f"time to {success:.0%} success, {name}" for name in AXES), "at the end", "steps/s")
    for run in runs:
        reached = np.nonzero(smooth(run["success"]) >= success)[0]
        first = [
            f"{run[name][reached[0]]:,.{digits}f}" if len(reached) else "–"
            for name, digits in zip(AXES, (1, 0), strict=True)
        ]
        end, speed = smooth(run["success"])[-1], run["steps"][-1] / run["minutes"][-1] / 60
        table.add_row(run["label"], str(run["settings"]["seed"]), *first, f"{end:.1%}", f"{speed:,.0f}")
    console.print(table)


def main(arguments: list[str]) -> None:
    run_command("curves.py", __doc__, CurvesConfig(), run, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])

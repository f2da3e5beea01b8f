"""Evaluate trained mice on held-out levels, with the cheese as trained and moved.

    python evaluate.py checkpoint=checkpoints/corner-seed3.safetensors                 a table, in seconds
    python evaluate.py checkpoint=checkpoints/corner-seed3.safetensors report=full     the full report
    python evaluate.py checkpoint='checkpoints/*.safetensors' report=full              compare groups of mice
    python evaluate.py checkpoint='checkpoints/*.safetensors' report=spread            how seeds of a group differ
    python evaluate.py checkpoint=checkpoints/corner-seed3.safetensors levels=mine.txt    hand-drawn levels

The same command resumes a stopped report.
"""

import sys
from dataclasses import dataclass
from typing import Any

from foundation.command import format_command, run_command
from foundation.errors import InputError
from foundation.settings import SEEDS, as_list, is_integer, setting

REPORTS = ("brief", "full", "spread")
MOST_LEVELS = 10**7


@dataclass
class EvaluateConfig:
    checkpoint: Any = setting("", "trained mice: a .safetensors file, a glob pattern, or a list")
    report: str = setting(
        "brief", "brief: a table; full: an HTML page with figures and records; spread: the spread over training seeds"
    )
    levels: Any = setting(None, "levels per condition (null: about 600 full-size mazes), or a file of them")
    conditions: Any = setting(None, "conditions of a full report, e.g. [anywhere,region_3]; null: all but region_N")
    seed: int = setting(0, "random seed of the sampled episodes in a full report", *SEEDS)
    device: str = setting("auto", "cpu, cuda, cuda:1, …; auto uses a GPU if there is one")
    workers: int = setting(1, "number of processes on this machine", 1, 256)
    cluster: str = setting("", "address of a Dask scheduler, e.g. tcp://host:8786; its workers then do the work")
    out: str = setting("", "output folder; empty: a folder in runs/evaluations")


def run(config: EvaluateConfig, command: str) -> None:
    """Evaluate the mice that the settings name."""
    # torch takes seconds to import, and --help does not need it.
    from pathlib import Path

    from rich.console import Console

    from agents.allocator import keep_freed_memory
    from agents.devices import choose_device
    from agents.mouse import load_mice
    from analysis import evaluation

    levels = config.levels
    file = levels if isinstance(levels, str) else ""
    number: int | None = None if file else levels  # type: ignore[assignment]
    if not config.checkpoint:
        raise InputError("no checkpoint given; expected checkpoint=FILE.safetensors, a mouse that train.py wrote")
    if config.report not in REPORTS:
        raise InputError(f"report must be one of {', '.join(REPORTS)}, not {config.report!r}")
    if not (number is None or (is_integer(number) and 1 <= number <= MOST_LEVELS)):
        raise InputError(
            f"levels must be an integer from 1 to {MOST_LEVELS:,} or a file of levels, not levels={levels}"
        )
    if config.conditions is not None and (file or config.report != "full"):
        raise InputError("conditions= needs report=full and levels from seeds")
    if file and config.report != "brief":
        raise InputError(f"report={config.report} needs levels from seeds: set levels to a number")
    mice = load_mice(as_list(config.checkpoint), choose_device(config.device))
    keep_freed_memory()
    console = Console(soft_wrap=True)
    out = Path(config.out) if config.out else None
    if file:
        evaluation.evaluate_drawings(mice, file, out, console)
    elif config.report == "brief":
        evaluation.evaluate_briefly(mice, number, out, console, config.workers, config.cluster)
    elif config.report == "spread":
        evaluation.evaluate_spread(mice, number, out, console, command, config.workers, config.cluster)
    else:
        conditions = evaluation.choose_conditions(
            mice, number, None if config.conditions is None else as_list(config.conditions)
        )
        evaluation.write_full_report(
            mice, conditions, config.seed, out, console, command, config.workers, config.cluster
        )


def main(arguments: list[str]) -> None:
    command = format_command("evaluate.py", *arguments)
    stopped = "a full report keeps its finished parts, and the same command resumes it"
    run_command("evaluate.py", __doc__, EvaluateConfig(), lambda config: run(config, command), arguments, stopped)


if __name__ == "__main__":
    main(sys.argv[1:])

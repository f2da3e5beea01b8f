"""Draw what mice reach first at forks while they train: when does the habit appear, and does it last?

    python benchmarks/habit.py 'runs=runs/family-*'

Every training evaluates its mouse on 400 held-out levels with the cheese anywhere. The values are read from its
TensorBoard files. One panel per group, a thin line per training seed, a thick one for their mean. The numbers are
written to benchmarks/results/habit-NAME.json, and the figure to .png.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import check_name, find_runs, write_results
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.checkpoint import STATE_FORMAT, read_checkpoint
from agents.training import STATE_FILE
from analysis.answers import count_words
from analysis.figures import format_percent, remove_spines
from analysis.groups import name_training
from analysis.panels import make_panels
from foundation.command import run_command
from foundation.errors import InputError
from foundation.palette import BLACK, OUTCOME_COLOURS
from foundation.settings import as_list, flatten_settings, setting

FREE = ("seed", "env.cheese_region", "env.level_types")  # settings in which the runs may differ
RATES = {
    "as_trained": ("eval/takes_cheese_as_trained", BLACK, "success as trained"),
    "cheese": ("eval/at_forks_cheese_first", OUTCOME_COLOURS["cheese"], "cheese first at forks"),
    "corner": ("eval/at_forks_corner_first", OUTCOME_COLOURS["corner"], "corner first at forks"),
}


@dataclass
class HabitConfig:
    runs: Any = setting("runs/*", "run folders: a glob pattern, or a list of patterns")
    name: str = setting("latest", "name of the results files, benchmarks/results/habit-NAME.*")


def run(config: HabitConfig) -> None:
    check_name(config.name)
    patterns = list(map(str, as_list(config.runs)))
    trainings = {
        folder: read_checkpoint(folder / STATE_FILE, STATE_FORMAT)[1]["config"] for folder in find_runs(patterns)
    }
    found = {folder: read_run(folder, training) for folder, training in trainings.items()}
    evaluated = [folder for folder, each in found.items() if each["steps"]]
    if not evaluated:
        raise InputError(f"no evaluated run folder at {', '.join(patterns) or 'runs= (empty)'}")
    check_alike([trainings[folder] for folder in evaluated])
    runs = [found[folder] for folder in evaluated]
    write_results(f"habit-{config.name}", runs, draw_habit(runs))


def check_alike(configs: list[dict[str, Any]]) -> None:
    """Check that trainings differ in group and seed only, so that a mean over seeds is one of equal trainings.

    Raises:
        InputError: they differ in another setting; the message names it.
    """
    settings = [flatten_settings(config) for config in configs]
    for name in dict.fromkeys(name for each in settings for name in each):
        values = {str(each.get(name)): None for each in settings}
        if name not in FREE and len(values) > 1:
            raise InputError(f"the runs must be equal trainings, but {name} is {', '.join(values)}")


def read_run(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The group and the seed of a run with this configuration, and its ``RATES`` by steps."""
    env = config["env"]
    events = EventAccumulator(str(folder), {"scalars": 0})
    events.Reload()
    known = {tag for tag, _, _ in RATES.values()} <= set(events.Tags()["scalars"])
    scalars = {name: events.Scalars(tag) if known else [] for name, (tag, _, _) in RATES.items()}
    # A run that was killed logs the steps after its last saved state again: the later value counts.
    values = {name: {event.step: round(event.value, 4) for event in found} for name, found in scalars.items()}
    steps = sorted(values["cheese"])
    return {
        "group": name_training(str(env["cheese_region"]), "+".join(env["level_types"] or ())),
        "seed": config["seed"],
        "steps": steps,
        **{name: [found[step] for step in steps] for name, found in values.items()},
    }


def draw_habit(runs: list[dict[str, Any]]) -> Figure:
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in runs:
        groups.setdefault(each["group"], []).append(each)
    figure, panels = make_panels(len(groups), 2.8, 2.8, sharey=True)
    for axes, (name, group) in zip(panels, groups.items(), strict=True):
        steps = min((each["steps"] for each in group), key=len)  # of the run that is least far
        for rate, (_, colour, label) in RATES.items():
            for each in group:
                axes.plot(np.array(each["steps"]) / 1e6, each[rate], color=colour, lw=0.6, alpha=0.5)
            mean = np.mean([np.interp(steps, each["steps"], each[rate]) for each in group], axis=0)
            axes.plot(np.array(steps) / 1e6, mean, color=colour, lw=1.8, label=label)
        axes.set_title(f"{name}\n({count_words(len(group), 'seed')})", fontsize=9)
        axes.set(xlabel="million steps", ylim=(-0.02, 1.02))
        format_percent(axes.yaxis)
        remove_spines(axes)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=8
    )
    return figure


def main(arguments: list[str]) -> None:
    run_command("habit.py", __doc__, HabitConfig(), run, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Look inside trained mice: what carries the cheese, what carries the corner, and what happens when it is changed.

    python interpret.py checkpoint=checkpoints/corner-seed3.safetensors              a page about one mouse
    python interpret.py checkpoint='checkpoints/corner-*.safetensors' out=runs/inside-corner    about a group of mice
    python interpret.py checkpoint='checkpoints/*.safetensors' finetuned='runs/tuned-*/mouse.safetensors'

The same command resumes a stopped run.
"""

import sys
from dataclasses import dataclass
from typing import Any

from foundation.command import format_command, run_command
from foundation.errors import InputError
from foundation.settings import as_list, setting

OUT = "runs/inside"


@dataclass
class InterpretConfig:
    checkpoint: Any = setting("", "trained mice: a .safetensors file, a glob pattern, or a list")
    finetuned: Any = setting("", "fine-tuned mice and their controls, measured at forks only")
    layer: str = setting("embedder.block2.res1", "layer with maps, for vectors, channels and clamps")
    levels: int = setting(64, "forks in which effects are measured", 4, 100_000)
    out: str = setting(OUT, "output folder")
    device: str = setting("auto", "cpu, cuda, cuda:1, …; auto uses a GPU if there is one")


def run(config: InterpretConfig, command: str) -> None:
    """Study the mice that the settings name, and write a page."""
    # torch takes seconds to import, and --help does not need it.
    from pathlib import Path

    from rich.console import Console

    from agents.allocator import keep_freed_memory
    from agents.devices import choose_device
    from agents.mouse import load_mice
    from foundation.files import lock_folder
    from foundation.progress import progress_bar
    from inside.finetuning import check_finetuned, collect_tuning
    from inside.page import find_trained_on, write_page
    from inside.study import (
        COMPARED_STUDIES,
        STUDIES,
        UNTRAINED,
        Plan,
        check_plan,
        study_mouse,
        study_untrained,
    )

    if not config.checkpoint:
        raise InputError("no checkpoint given; expected checkpoint=FILE.safetensors, a mouse that train.py wrote")
    device = choose_device(config.device)
    mice = load_mice(as_list(config.checkpoint), device)
    tuned = load_mice(as_list(config.finetuned), device, "finetuned") if config.finetuned else []
    plan, folder = Plan(config.layer, config.levels), Path(config.out or OUT)
    check_plan([*mice, *tuned], plan)
    check_finetuned(tuned)
    keep_freed_memory()
    console = Console(soft_wrap=True)
    with lock_folder(folder):
        parts = len(STUDIES) + len(UNTRAINED) * len(COMPARED_STUDIES)
        with progress_bar(console, "looking inside", len(mice) * parts + len(tuned)) as advance:
            results = {
                mouse.name: study_mouse(mouse, plan, folder, advance)
                | {"untrained": study_untrained(mouse, plan, folder, advance)}
                for mouse in mice
            }
            behaviour = {mouse.name: study_mouse(mouse, plan, folder, advance, ["behaviour"]) for mouse in tuned}
        with console.status("drawing"):
            page = write_page(folder, mice, results, collect_tuning(mice, results, tuned, behaviour), plan, command)
    for name in find_trained_on(mice):
        console.print(f"note: {name} trained on some of these level seeds", style="yellow", markup=False)
    console.print(f"page: {page}   (figures/ and inside.json beside it)", markup=False)


def main(arguments: list[str]) -> None:
    command = format_command("interpret.py", *arguments)
    stopped = "finished parts are kept, and the same command resumes"
    run_command("interpret.py", __doc__, InterpretConfig(), lambda config: run(config, command), arguments, stopped)


if __name__ == "__main__":
    main(sys.argv[1:])

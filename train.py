"""Train a mouse with the cheese in a fixed region, then move the cheese and measure what the mouse learned.

    python train.py                                         quickstart: 3 to 6 minutes on two cores
    python train.py env.cheese_region=anywhere seed=1       another region and seed
    python train.py experiment=procgen_hard                 the published experiment, for a GPU
    python train.py -m env.cheese_region=0,3 seed=0,1,2     a sweep, runs in sequence
    python train.py -m hydra/launcher=joblib hydra.launcher.n_jobs=2 seed=0,1,2     a sweep, two runs in parallel
    torchrun --nproc-per-node=2 train.py                    one mouse, two processes (two GPUs, or two cores)

The configuration names the run folder. The same command resumes a stopped run; fresh=true starts over.
"""

import os
import shlex
import sys
import traceback
from dataclasses import fields, is_dataclass
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import OmegaConf

from agents.config import TrainConfig
from foundation.command import STOPPED, format_command, is_main_process, one_line_errors
from foundation.errors import InputError
from foundation.settings import describe_error, describe_settings

RESUMES = "the same command, without fresh=true, resumes from the last saved state"

store = ConfigStore.instance()
store.store(name="schema", node=TrainConfig)
usage = f"{__doc__}\nSettings:\n{describe_settings(TrainConfig())}\n\nGroups:\n$APP_CONFIG_GROUPS"
store.store(group="hydra/help", name="cheesemaze", node={"app_name": "train.py", "header": "", "template": usage})


@hydra.main(config_path="configs", config_name="config", version_base="1.3")
def main(settings) -> None:
    # Errors are caught here, because Hydra prints more lines for every error that it sees.
    with one_line_errors("train.py", RESUMES):
        check_keys(settings, TrainConfig())
        run(OmegaConf.to_object(settings))  # type: ignore[arg-type]


def check_keys(settings: Any, expected: Any, prefix: str = "") -> None:
    """Refuse settings that +key=value added or ~key removed.

    Raises:
        InputError: one was added or removed.
    """
    for key in {str(key) for key in settings} ^ {each.name for each in fields(expected)}:
        raise InputError(f"the settings were changed by +{prefix}{key}=… or ~{prefix}{key}; use key=value alone")
    for each in fields(expected):
        if is_dataclass(value := getattr(expected, each.name)):
            check_keys(settings[each.name], value, f"{each.name}.")


def run(config: TrainConfig) -> None:
    """Train, evaluate with the cheese moved, and write a figure, a table and a card into the run folder."""
    # torch takes seconds to import, and --help does not need it.
    from rich.console import Console

    from agents.allocator import keep_freed_memory
    from agents.devices import choose_device
    from agents.mouse import load_mouse
    from agents.processes import joined, rank
    from agents.training import MOUSE_FILE, Stopped, train
    from analysis.card import CARD_FILE, write_card
    from analysis.summary import FIGURE_FILE, evaluate_in_training, print_summary, summarise_mouse, write_summary

    keep_freed_memory()
    device = choose_device(config.device)
    with joined(device):
        # Parallel runs would overwrite each other's progress bars, so they print plain lines.
        parallel = HydraConfig.get().runtime.choices["hydra/launcher"] != "basic"
        console = Console(soft_wrap=True, quiet=rank() > 0, force_terminal=False if parallel else None)
        try:
            folder, curve = train(config, device, console, evaluate_in_training)
        except Stopped as stop:
            if is_main_process():
                print(stop)
            sys.exit(STOPPED)
        if rank() > 0:
            return

    mouse = load_mouse(folder / MOUSE_FILE, device)
    with console.status("moving the cheese"):
        summary, records = summarise_mouse(mouse, config.evaluation_levels)
    write_summary(folder, summary, records, curve)
    processes = mouse.header["trained_on"]["processes"]
    overrides = HydraConfig.get().overrides.task
    command = format_command("train.py", *overrides)
    if processes > 1:
        command = f"torchrun --nproc-per-node={processes} {shlex.join(['train.py', *overrides])}"
    write_card(folder / CARD_FILE, mouse, command, summary, curve)
    print_summary(summary, console)
    console.print(f"figure:     {folder / FIGURE_FILE}", markup=False)
    console.print(f"checkpoint: {folder / MOUSE_FILE}", markup=False)
    command = format_command("watch.py", f"checkpoint={folder / MOUSE_FILE}")
    console.print(f"next:       {command}", markup=False)


def _is_from_hydra(error: Exception) -> bool:
    """Whether Hydra raised an error: for env=5 it is a plain ``ValueError``."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals["__name__"].startswith("hydra.")


if __name__ == "__main__":
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises argument errors instead of printing them
    with one_line_errors("train.py", RESUMES):
        if int(os.environ.get("WORLD_SIZE", 1)) > 1 and {"-m", "--multirun"} & set(sys.argv):
            raise InputError("a sweep (-m) runs in one process; torchrun trains one mouse a command")
        try:
            main()
        except (HydraException, ValueError) as error:
            if not (isinstance(error, HydraException) or _is_from_hydra(error)):
                raise
            raise InputError(f"{describe_error(error)}; see {format_command('train.py', '--help')}") from None

"""Train a mouse while the cheese lies in one place, then move the cheese and see what it learned.

    python train.py                                         the quickstart: minutes on a laptop
    python train.py env.cheese_region=anywhere seed=1       another mouse
    python train.py experiment=procgen_hard                 the published recipe, for a GPU
    python train.py -m env.cheese_region=0,3 seed=0,1,2     a sweep, one after another
    python train.py -m hydra/launcher=joblib hydra.launcher.n_jobs=2 seed=0,1,2     two at a time
    torchrun --nproc-per-node=2 train.py                    one mouse, two processes (two GPUs, or two cores)

A run folder is named by its configuration: the same command goes on where it stopped; fresh=true starts over.
"""

import os
import sys

import hydra
import pandas as pd
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import OmegaConf
from rich.console import Console

from agents.allocator import keep_freed_memory
from agents.checkpoint import load_mouse, write_atomically
from agents.config import TrainConfig
from agents.console import check_seed, describe, one_line_errors, speaks, told
from agents.processes import device_of, joined, rank
from agents.training import MOUSE_FILE, Stopped, train
from analysis import card, evaluation

STOPPED = 130  # exit code, as a shell gives it after Ctrl-C

store = ConfigStore.instance()
store.store(name="schema", node=TrainConfig)
usage = f"{__doc__}\nSettings:\n{describe(TrainConfig())}\n\nGroups:\n$APP_CONFIG_GROUPS"
store.store(group="hydra/help", name="cheesemaze", node={"app_name": "train.py", "header": "", "template": usage})


@hydra.main(config_path="configs", config_name="config", version_base="1.3")
def main(settings) -> None:
    # Errors must end here: Hydra would print lines of its own about any that it sees.
    with one_line_errors("train.py"):
        try:
            run(OmegaConf.to_object(settings))  # type: ignore[arg-type]
        except Stopped as stop:
            if speaks():
                print(stop)
            sys.exit(STOPPED)


def run(config: TrainConfig) -> None:
    """Train, move the cheese, and leave a picture, a table and a card in the run folder."""
    check_seed(config.seed)
    keep_freed_memory()
    device = device_of(config.device)
    with joined(device):
        # Several bars in one terminal would write over each other; plain lines do not.
        several = HydraConfig.get().runtime.choices["hydra/launcher"] != "basic"
        console = Console(soft_wrap=True, quiet=rank() > 0, force_terminal=False if several else None)
        folder, curve = train(config, device, console, evaluation.in_training)
        if rank() > 0:
            return

    mouse = load_mouse(folder / MOUSE_FILE, device)
    with console.status("moving the cheese"):
        summary, records = evaluation.evaluate(mouse, config.evaluation_levels)
    evaluation.save(folder, summary, records, pd.DataFrame(curve))
    command = " ".join(["python train.py", *HydraConfig.get().overrides.task])
    write_atomically(folder / card.CARD_FILE, card.card(mouse, command, summary, curve).encode())
    evaluation.show(summary, console)
    console.print(f"picture:    {folder / evaluation.PICTURE_FILE}")
    console.print(f"checkpoint: {folder / MOUSE_FILE}")
    console.print(f"next:       python watch.py checkpoint={folder / MOUSE_FILE}")


if __name__ == "__main__":
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors in the arguments reach us, who print them in one line
    with one_line_errors("train.py"):
        try:
            main()
        except HydraException as error:
            raise ValueError(f"{told(error)}; python train.py --help lists what there is") from None

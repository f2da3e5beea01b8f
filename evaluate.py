"""Play a trained mouse on levels it has never seen, the cheese where it trained and anywhere.

python evaluate.py checkpoint=checkpoints/corner-seed0.safetensors
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from agents.allocator import keep_freed_memory
from agents.checkpoint import load_mouse
from agents.config import setting
from agents.console import check_seed, describe, one_line_errors, read_settings
from agents.learner import device_of
from analysis import evaluation


@dataclass
class EvaluateConfig:
    checkpoint: str = setting("", "the trained mouse, a .safetensors file")
    levels: int = setting(6000, "unseen levels in each condition; a fifth of them fill an 11×11 world")
    max_steps: int = setting(256, "an episode is given up after so many steps")
    seed: int = setting(0, "of the action noise")
    device: str = setting("auto", "cpu, cuda, …; auto takes a GPU where there is one")
    out: str = setting("", "folder of the results; runs/evaluations/NAME when empty")


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__, describe(EvaluateConfig()), sep="\n")
        return
    with one_line_errors("evaluate.py"):
        config = read_settings(EvaluateConfig(), arguments)
        if not config.checkpoint:
            raise ValueError("no checkpoint given; expected checkpoint=FILE.safetensors, a mouse that train.py wrote")
        if config.levels < 1 or config.max_steps < 1:
            raise ValueError(f"levels ({config.levels}) and max_steps ({config.max_steps}) must be at least 1")
        check_seed(config.seed)
        mouse = load_mouse(config.checkpoint, device_of(config.device))
        folder = Path(config.out or f"runs/evaluations/{mouse.path.stem}")
        folder.mkdir(parents=True, exist_ok=True)  # now: who cannot write there learns it before the mouse has played
    keep_freed_memory()
    console = Console()
    began = time.perf_counter()
    with console.status(f"playing {config.levels:,} levels in each condition"):
        summary, episodes = evaluation.evaluate(mouse, config.levels, config.max_steps, config.seed)
    seconds = time.perf_counter() - began
    evaluation.save(folder, summary, episodes)
    evaluation.show(summary, console)
    console.print(f"{len(episodes):,} episodes in {seconds:.1f} s → {folder}/{{", end="")
    console.print(f"{evaluation.PICTURE_FILE},{evaluation.SUMMARY_FILE},{evaluation.EPISODES_FILE}}}")


if __name__ == "__main__":
    main(sys.argv[1:])

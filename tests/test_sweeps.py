"""Several mice by one command, two at a time; the same command goes on where it stopped."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETTINGS = ["env.world_dim=5", "agent.num_envs=16", "agent.num_steps=16", "agent.minibatch_size=64", "device=cpu"]


def sweep(folder, *sweeps):
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", f"hydra.sweep.dir={folder}"]
    settings = [*SETTINGS, "total_steps=512", "evaluation_levels=20", f"run_dir={folder}"]
    command = [sys.executable, "train.py", "-m", *launcher, *settings, *sweeps]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_a_sweep_trains_two_mice_at_a_time_and_goes_on(tmp_path):
    ran = sweep(tmp_path, "env.cheese_region=0", "seed=0,1")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("checkpoint:") == 2 and "going on" not in ran.stdout
    mice = sorted(tmp_path.glob("*/mouse.safetensors"))
    assert [folder.parent.name[:21] for folder in mice] == ["quickstart-5-0-seed0-", "quickstart-5-0-seed1-"]
    contents = [mouse.read_bytes() for mouse in mice]
    mice[1].unlink()
    ran = sweep(tmp_path, "env.cheese_region=0", "seed=0,1")
    assert ran.stdout.count("going on at 512 steps") == 2
    assert [mouse.read_bytes() for mouse in mice] == contents


def test_a_sweep_says_in_one_line_what_is_wrong(tmp_path):
    ran = sweep(tmp_path, "env.cheese_region=99", "seed=0")
    assert ran.returncode == 2
    assert ran.stderr == 'train.py: cheese_region must be "anywhere" or an integer 0..5, not 99\n'

"""Every setting of a training run, with its meaning and its default. ``configs/`` only overrides these."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from envs.levels import world_dim_of


def setting(default: Any, meaning: str) -> Any:
    """A field with its documentation, which ``train.py --help`` prints."""
    return field(default=default, metadata={"help": meaning})


@dataclass
class EnvConfig:
    """The world that a mouse is trained in."""

    distribution_mode: str | None = setting(None, "Procgen's world: easy (15 cells) or hard (25); or give world_dim")
    world_dim: int | None = setting(11, "side of the world in cells, odd, from 5")
    cheese_region: Any = setting(0, 'where the cheese lies: "anywhere", or n for the top-right n×n (0: exact corner)')
    num_levels: int = setting(2**30, "training levels; 0 is all of [0, 2³¹−1), which leaves none unseen")
    start_level: int = setting(0, "the first training level seed")
    level_types: Any = setting(None, "train on these types alone: [same, on_the_way, beyond, fork]; all when null")
    observation: str = setting("cells", "rgb (64×64 picture) or cells (one pixel a cell)")
    action_set: str = setting("minimal", "minimal (4 moves) or procgen (its 15 buttons)")
    max_episode_steps: int = setting(500, "an episode is cut after so many steps")


def world_of(env: EnvConfig) -> int:
    """Side of a mouse's world."""
    return world_dim_of(env.distribution_mode, env.world_dim)


@dataclass
class AgentConfig:
    """Impala-CNN and PPO."""

    scale: int = setting(1, "width multiplier s of the Impala-CNN")
    num_envs: int = setting(256, "worlds played side by side, N")
    num_steps: int = setting(64, "steps a rollout, T")
    minibatch_size: int = setting(512, "steps a gradient is taken over; divides N·T")
    epochs: int = setting(1, "passes over a rollout")
    learning_rate: float = setting(3e-3, "Adam's, falling linearly to 0 over the run")
    adam_eps: float = setting(1e-5, "Adam's epsilon")
    gamma: float = setting(0.98, "discount")
    gae_lambda: float = setting(0.9, "λ of generalised advantage estimation")
    clip: float = setting(0.2, "PPO's clip range, of the ratio and of the value")
    value_coefficient: float = setting(0.5, "weight of the value loss")
    entropy_coefficient: float = setting(0.005, "weight of the entropy bonus")
    max_gradient_norm: float = setting(0.5, "gradients are clipped to this norm")


@dataclass
class TrainConfig:
    """One trained mouse. All but the last group (``ABOUT_THE_RUN``) decides what it learns."""

    env: EnvConfig = field(default_factory=EnvConfig)
    agent: AgentConfig = field(default_factory=AgentConfig)
    name: str = setting("quickstart", "first part of the run folder's name")
    seed: int = setting(0, "of weights, actions, shuffles and the draw of levels")
    total_steps: int = setting(4_000_000, "steps to train, rounded up to whole rollouts")
    precision: str = setting("auto", "float32, bfloat16 (autocast), or auto: what pays on this device")

    device: str = setting("auto", "cpu, cuda, cuda:1, …; auto takes a GPU where there is one")
    run_dir: str = setting("runs", "where run folders are made")
    fresh: bool = setting(False, "start over instead of going on where the same command stopped")
    save_every: int = setting(20, "rollouts between two saves of the training state")
    picture_every: int = setting(50, "rollouts between two films in TensorBoard")
    eval_every: int = setting(10, "rollouts between two looks at unseen levels, drawn in TensorBoard")
    evaluation_levels: int | None = setting(None, "unseen levels in each condition at the end; null is enough of them")


ABOUT_THE_RUN = ("device", "run_dir", "fresh", "save_every", "picture_every", "eval_every", "evaluation_levels")


def identity(config: TrainConfig) -> dict[str, Any]:
    """What decides what a mouse learns, apart from the machine: every setting but those about the run."""
    return {key: value for key, value in asdict(config).items() if key not in ABOUT_THE_RUN}


def run_name(config: TrainConfig) -> str:
    """The name of a configuration's run folder: what people look for, and a digest of all that matters."""
    digest = hashlib.sha256(json.dumps(identity(config), sort_keys=True).encode()).hexdigest()[:8]
    world = config.env.distribution_mode or config.env.world_dim
    return f"{config.name}-{world}-{config.env.cheese_region}-seed{config.seed}-{digest}"

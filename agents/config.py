"""Every setting of a training run, with its meaning and default. ``configs/`` overrides some of them."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from foundation.settings import SEEDS, setting

if TYPE_CHECKING:
    from envs.spec import WorldSpec


@dataclass
class EnvConfig:
    """The training world."""

    distribution_mode: str | None = setting(
        None, "Procgen's world: easy (15×15) or hard (25×25), needs env.world_dim=null; null: env.world_dim is the size"
    )
    world_dim: int | None = setting(11, "side of the world in cells; must be odd", 5, 255)
    cheese_region: Any = setting(0, 'where the cheese lies: "anywhere", or n for the top-right n×n (0: exact corner)')
    num_levels: int = setting(
        2**30, "number of training levels; 0 uses all of [0, 2³¹−1) and leaves none held out", 0, 2**31 - 1
    )
    start_level: int = setting(0, "the first training level seed", 0, 2**31 - 2)
    level_types: Any = setting(None, "level types to train on: a list of same, on_the_way, beyond, fork; null: all")
    observation: str = setting("cells", "rgb (64×64 image) or cells (one pixel per cell)")
    action_set: str = setting("minimal", "minimal (4 moves) or procgen (15 actions)")
    max_episode_steps: int = setting(500, "episodes are truncated after this many steps", 1, 10**6)

    def build_spec(self) -> "WorldSpec":
        """The world that these settings describe.

        Raises:
            InputError: if a setting is invalid, or two settings contradict each other.
        """
        from envs.spec import WorldSpec  # slow to import, and --help does not need it

        return WorldSpec.build(**asdict(self))


@dataclass
class AgentConfig:
    """Impala-CNN and PPO."""

    scale: int = setting(1, "width multiplier s of the Impala-CNN", 1, 64)
    num_envs: int = setting(256, "parallel environments, N", 1, 2**20)
    num_steps: int = setting(64, "steps of each environment per rollout, T", 1, 2**16)
    minibatch_size: int = setting(512, "steps per gradient update; must divide num_envs × num_steps", 1, 2**24)
    epochs: int = setting(1, "passes over each rollout", 1, 1000)
    learn_from: float = setting(
        0.5, "share of each rollout's steps to learn from: those with the largest absolute advantages", 1e-6, 1.0
    )
    optimizer: str = setting("muon", "muon (hidden layers; Adam steps the other weights) or adam (all weights)")
    muon_learning_rate: float = setting(1e-2, "initial learning rate of Muon; falls linearly to 0", 1e-12, 1.0)
    learning_rate: float = setting(3e-3, "initial learning rate of Adam; falls linearly to 0 over the run", 1e-12, 1.0)
    adam_eps: float = setting(1e-5, "Adam's epsilon", 1e-16, 1.0)
    gamma: float = setting(0.98, "discount", 0.0, 1.0)
    gae_lambda: float = setting(0.9, "λ of generalised advantage estimation", 0.0, 1.0)
    clip: float = setting(0.2, "PPO's clip range, for the probability ratio and for the value", 1e-6, 1e6)
    value_coefficient: float = setting(0.5, "weight of the value loss", 0.0, 1e6)
    entropy_coefficient: float = setting(0.005, "weight of the entropy bonus", 0.0, 1e6)
    max_gradient_norm: float = setting(0.5, "maximum gradient norm", 1e-9, 1e9)


@dataclass
class TrainConfig:
    """Settings of one training run. Those in ``ABOUT_THE_RUN`` are not part of the run's name; all others are."""

    env: EnvConfig = field(default_factory=EnvConfig)
    agent: AgentConfig = field(default_factory=AgentConfig)
    name: str = setting("quickstart", "first part of the run folder's name")
    seed: int = setting(0, "random seed of the weights, actions, minibatches and level seeds", *SEEDS)
    total_steps: int = setting(2_800_000, "steps to train, rounded up to whole rollouts", 1, 10**13)
    init: str = setting("", "a mouse to start from, with a new optimiser and schedule; empty: new weights")
    precision: str = setting("auto", "float32, bfloat16 (autocast) or auto (the faster one on this device)")

    device: str = setting("auto", "cpu, cuda, cuda:1, …; auto uses a GPU if there is one")
    run_dir: str = setting("runs", "folder that contains the run folders")
    fresh: bool = setting(False, "start over instead of continuing")
    save_every: int = setting(20, "rollouts between two saved training states", 1, 10**9)
    picture_every: int = setting(50, "rollouts between two videos in TensorBoard", 1, 10**9)
    eval_every: int = setting(10, "rollouts between two held-out evaluations in TensorBoard", 1, 10**9)
    evaluation_levels: int | None = setting(
        None, "held-out levels per condition in the final evaluation; null chooses a number", 1, 10**7
    )


ABOUT_THE_RUN = ("device", "run_dir", "fresh", "save_every", "picture_every", "eval_every", "evaluation_levels")


def describe_identity(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that determine what a mouse learns: all except ``ABOUT_THE_RUN``, and ``init`` if given.

    Raises:
        InputError: if a setting of the world is invalid.
    """
    identity = {key: value for key, value in asdict(config).items() if key not in ABOUT_THE_RUN}
    kept = config.env.build_spec().level_types  # in one order, whatever order was given
    identity["env"]["level_types"] = list(kept) if kept else None
    return identity if config.init else {key: value for key, value in identity.items() if key != "init"}


def name_run(config: TrainConfig) -> str:
    """Name a configuration's run folder: its main settings, and a digest of its identity."""
    digest = hashlib.sha256(json.dumps(describe_identity(config), sort_keys=True).encode()).hexdigest()[:8]
    world = config.env.distribution_mode or config.env.world_dim or "easy"
    return f"{config.name}-{world}-{config.env.cheese_region}-seed{config.seed}-{digest}"

"""Every setting of a training run, with its meaning and default. ``configs/`` overrides some of them."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from foundation.settings import setting

if TYPE_CHECKING:
    from envs.spec import WorldSpec


@dataclass
class EnvConfig:
    """The world that a mouse is trained in."""

    distribution_mode: str | None = setting(None, "Procgen's world: easy (15 cells) or hard (25); or give world_dim")
    world_dim: int | None = setting(11, "side of the world in cells, odd, from 5")
    cheese_region: Any = setting(0, 'where the cheese lies: "anywhere", or n for the top-right n×n (0: exact corner)')
    num_levels: int = setting(2**30, "number of training levels; 0 uses all of [0, 2³¹−1) and leaves none held out")
    start_level: int = setting(0, "the first training level seed")
    level_types: Any = setting(None, "level types to train on, of [same, on_the_way, beyond, fork]; null keeps all")
    observation: str = setting("cells", "rgb (64×64 picture) or cells (one pixel per cell)")
    action_set: str = setting("minimal", "minimal (4 moves) or procgen (15 actions)")
    max_episode_steps: int = setting(500, "episodes are truncated after this many steps")

    def build_spec(self) -> "WorldSpec":
        """The world that these settings describe.

        Raises:
            ValueError: a setting does not exist, or two of them contradict each other.
        """
        from envs.spec import WorldSpec  # slow to import, and --help does without

        return WorldSpec.build(**asdict(self))


@dataclass
class AgentConfig:
    """Impala-CNN and PPO."""

    scale: int = setting(1, "width multiplier s of the Impala-CNN")
    num_envs: int = setting(256, "parallel environments, N")
    num_steps: int = setting(64, "steps per rollout, T")
    minibatch_size: int = setting(512, "steps per gradient; must divide N·T")
    epochs: int = setting(1, "passes over each rollout")
    learning_rate: float = setting(3e-3, "of Adam; falls linearly to 0 over the run")
    adam_eps: float = setting(1e-5, "Adam's epsilon")
    gamma: float = setting(0.98, "discount")
    gae_lambda: float = setting(0.9, "λ of generalised advantage estimation")
    clip: float = setting(0.2, "PPO's clip range, of the ratio and of the value")
    value_coefficient: float = setting(0.5, "weight of the value loss")
    entropy_coefficient: float = setting(0.005, "weight of the entropy bonus")
    max_gradient_norm: float = setting(0.5, "maximum gradient norm")


@dataclass
class TrainConfig:
    """One training run. All settings but those of ``ABOUT_THE_RUN`` decide what the mouse learns."""

    env: EnvConfig = field(default_factory=EnvConfig)
    agent: AgentConfig = field(default_factory=AgentConfig)
    name: str = setting("quickstart", "first part of the run folder's name")
    seed: int = setting(0, "of the weights, actions, minibatches and level seeds")
    total_steps: int = setting(4_000_000, "steps to train, rounded up to whole rollouts")
    precision: str = setting("auto", "float32, bfloat16 (autocast) or auto (the faster one on this device)")

    device: str = setting("auto", "cpu, cuda, cuda:1, …; auto uses a GPU if there is one")
    run_dir: str = setting("runs", "folder of the run folders")
    fresh: bool = setting(False, "start over instead of continuing")
    save_every: int = setting(20, "rollouts between two saved states")
    picture_every: int = setting(50, "rollouts between two films in TensorBoard")
    eval_every: int = setting(10, "rollouts between two held-out evaluations in TensorBoard")
    evaluation_levels: int | None = setting(None, "held-out levels per condition at the end; null chooses a number")


ABOUT_THE_RUN = ("device", "run_dir", "fresh", "save_every", "picture_every", "eval_every", "evaluation_levels")


def describe_identity(config: TrainConfig) -> dict[str, Any]:
    """The settings that decide what a mouse learns: all but those of ``ABOUT_THE_RUN``."""
    return {key: value for key, value in asdict(config).items() if key not in ABOUT_THE_RUN}


def name_run(config: TrainConfig) -> str:
    """The name of a configuration's run folder: its main settings, and a digest of its identity."""
    digest = hashlib.sha256(json.dumps(describe_identity(config), sort_keys=True).encode()).hexdigest()[:8]
    world = config.env.distribution_mode or config.env.world_dim
    return f"{config.name}-{world}-{config.env.cheese_region}-seed{config.seed}-{digest}"

"""Make a mouse of a published network, so that it can be evaluated and watched.

    python import_weights.py FILE.pth env.cheese_region=5
    python import_weights.py FILE.pth env.distribution_mode=easy env.cheese_region=anywhere out=mice/easy.safetensors

FILE.pth is a file of Langosco et al.'s trainer, {"model_state_dict": …}. The env settings describe its training world.
Observations here have other sprites than Procgen's, which the network was trained with.
"""

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from agents.config import EnvConfig
from foundation.command import format_command, run_command
from foundation.errors import InputError
from foundation.settings import setting


@dataclass
class ImportConfig:
    env: EnvConfig = field(
        default_factory=lambda: EnvConfig(
            distribution_mode="hard",
            world_dim=None,
            cheese_region=None,
            num_levels=0,
            observation="rgb",
            action_set="procgen",
        )
    )
    out: str = setting("", "the mouse, a .safetensors file; empty: FILE.safetensors in the current folder")


def import_weights(source: Path, config: ImportConfig) -> None:
    """Write the mouse of a published network, and its card.

    Raises:
        InputError: there is no such network, or it does not fit the world.
    """
    # torch takes seconds to import, and --help does not need it.
    import hashlib

    import torch

    from agents.checkpoint import list_versions
    from agents.mouse import load_mouse, save_mouse
    from agents.published_weights import PUBLISHED_GAMMA, load_published_policy
    from foundation.files import write_atomically

    env, out = config.env, Path(config.out or f"{source.stem}.safetensors")
    if out.suffix != ".safetensors":
        raise InputError(f"out must be a .safetensors file, not {str(out)!r}")
    if env.cheese_region is None:
        raise InputError('env.cheese_region is needed: "anywhere", or n for the top-right n×n (0: exact corner)')
    spec = env.build_spec()
    policy, scale = load_published_policy(source, spec)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    header = {
        "config": {"env": asdict(env), "agent": {"scale": scale, "gamma": PUBLISHED_GAMMA}},
        "imported": {"file": source.name, "sha256": digest},
        "versions": list_versions(),
    }
    save_mouse(out, policy, header, torch.float32)  # not a bit of a published network is changed
    evaluate, watch = (format_command(script, f"checkpoint={out}") for script in ("evaluate.py", "watch.py"))
    parameters = sum(weight.numel() for weight in policy.parameters())
    card = f"""\
# Mouse: {load_mouse(out).name}, a published network

Imported from `{source.name}` (SHA-256 {digest}):
Impala-CNN of scale {scale}, {parameters:,} parameters, trained with the cheese {spec.describe_region()}.
The file does not say how it was trained.

**Its observations differ.** It was trained on Procgen's sprites. Here it sees the same mazes, cell for cell and pixel
for pixel in the same places, in other sprites. What it does here does not measure what it does in Procgen.

```
{evaluate}
{watch}
```
"""
    write_atomically(out.with_suffix(".md"), card.encode())
    print(f"Impala-CNN of scale {scale}, {parameters:,} parameters, trained with the cheese {spec.describe_region()}")
    print("note: it was trained on Procgen's sprites; observations here have others, so results differ")
    print(f"mouse: {out}   (card: {out.with_suffix('.md')})")
    print(f"next:  {evaluate}")


def main(arguments: list[str]) -> None:
    files = [argument for argument in arguments if "=" not in argument and not argument.startswith("-")][:1]
    settings = list(arguments)
    for file in files:
        settings.remove(file)  # once: a second file is no setting

    def run(config: ImportConfig) -> None:
        if not files:
            raise InputError("expected a file, as in import_weights.py FILE.pth env.cheese_region=5")
        import_weights(Path(files[0]), config)

    run_command("import_weights.py", __doc__, ImportConfig(), run, settings)


if __name__ == "__main__":
    main(sys.argv[1:])

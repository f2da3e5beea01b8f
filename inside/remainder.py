"""The remainder of a network above a layer, run alone.

Edits of one layer share everything below it. In a network whose layers follow one another, only what lies above must
run for each edit.
"""

from torch import Tensor, nn
from torch.nn.functional import relu

from agents.impala import ImpalaBlock, ImpalaPolicy
from inside.hooks import replace


def list_stages(policy: nn.Module) -> list[str]:
    """The layers through which everything flows, in order; none for a network that is not an ``ImpalaPolicy``."""
    if not isinstance(policy, ImpalaPolicy):
        return []
    blocks = [(name, block) for name, block in policy.embedder.named_children() if isinstance(block, ImpalaBlock)]
    return [f"embedder.{name}.{stage}" for name, block in blocks for stage, _ in block.named_children()]


def run_remainder(policy: nn.Module, layer: str, activation: Tensor, obs: Tensor) -> tuple[Tensor, Tensor]:
    """What a network gives for an activation of a layer, bit for bit as with ``replace``.

    Args:
        policy: a network that is not compiled.
        layer: one of ``list_stages``; for another layer the whole network runs.
        activation: (N, …), what the layer holds.
        obs: the observations (N, H, W, 3), read only if the whole network runs.

    Returns:
        Action logits (N, A) and values (N,).
    """
    stages = list_stages(policy)
    if layer not in stages:
        with replace(policy, {layer: lambda own: activation}):
            return policy(obs)
    assert isinstance(policy, ImpalaPolicy)
    for stage in stages[stages.index(layer) + 1 :]:
        activation = policy.get_submodule(stage)(activation)
    embedding = relu(policy.embedder.fc(relu(activation).flatten(1)))
    return policy.fc_policy(embedding).float(), policy.fc_value(embedding).float()[:, 0]

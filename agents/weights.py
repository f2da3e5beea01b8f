"""All weights of a policy as one vector: one norm, one step of Adam, one message between processes.

An Impala-CNN has 36 weight tensors, most of them tiny, and on a CPU the work of zeroing, clipping and stepping is not
in the numbers but in going from one tensor to the next: it was 6 % of the quickstart's training time and is 3 %.
"""

import torch
from torch import Tensor, nn


def as_vector(policy: nn.Module) -> nn.Parameter:
    """Move a policy's parameters into one vector float32 (P,), which shares their memory from now on.

    Convolution weights keep channels_last in it. Later moves of the policy (``policy.to(…)``) would part the two.
    """
    parameters = list(policy.parameters())
    vector = torch.cat([flat(weight.data) for weight in parameters])
    for weight, part in zip(parameters, vector.split([weight.numel() for weight in parameters]), strict=True):
        weight.data = _last_to_second(part.view(_second_to_last(weight.data).shape))
    return nn.Parameter(vector)


def flat(tensor: Tensor) -> Tensor:
    """The numbers of a weight, or of its gradient, (numel,) in the order that they have in the vector."""
    return _second_to_last(tensor).reshape(-1)


def _second_to_last(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def _last_to_second(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 3, 1, 2) if tensor.dim() == 4 else tensor

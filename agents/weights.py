"""All weights of a policy as one vector: one norm, one step of Adam, one message between processes.

An Impala-CNN has 36 weight tensors, most of them tiny. On a CPU, zeroing, clipping and stepping them one by one took 6
% of the quickstart's training time; with one vector it takes 3 %.
"""

import torch
from torch import Tensor, nn

from agents import processes


class WeightVector:
    """A policy's weights in one vector, and the Adam that steps it.

    Args:
        policy: its parameters share memory with the vector from now on. Moving the policy (``policy.to(…)``) would end
            that. Convolution weights keep channels_last.
        learning_rate: the initial one.
        eps: Adam's epsilon.

    Attributes:
        vector: float32 (P,).
        learning_rate: float32 (), a tensor: a recorded CUDA graph reads it anew at each replay.
        optimizer: Adam over the vector.
    """

    def __init__(self, policy: nn.Module, learning_rate: float, eps: float):
        self.parameters = list(policy.parameters())
        vector = torch.cat([_flatten(weight.data) for weight in self.parameters])
        parts = vector.split([weight.numel() for weight in self.parameters])
        for weight, part in zip(self.parameters, parts, strict=True):
            weight.data = _last_to_second(part.view(_second_to_last(weight.data).shape))
        self.vector = nn.Parameter(vector)
        device = vector.device
        self.learning_rate = torch.tensor(learning_rate, device=device)
        self.optimizer = torch.optim.Adam(
            [self.vector], self.learning_rate, eps=eps, fused=True, capturable=device.type == "cuda"
        )
        self.optimizer._warned_capturable_if_run_uncaptured = True  # type: ignore[attr-defined]  # no warning in warm-ups
        # Adam makes its state at the first step. Made now, a saved state can be loaded into it.
        moments = {name: torch.zeros_like(self.vector) for name in ("exp_avg", "exp_avg_sq")}
        self.optimizer.state[self.vector] = {"step": torch.zeros((), device=device), **moments}

    @property
    def adam_state(self) -> dict[str, Tensor]:
        """Adam's tensors by name: step, exp_avg, exp_avg_sq."""
        return self.optimizer.state[self.vector]

    def step(self, loss: Tensor, max_gradient_norm: float) -> Tensor:
        """Take one step down the gradient of a loss, averaged over processes and clipped.

        Returns:
            The gradient's norm before clipping, float32 ().
        """
        gradients = torch.autograd.grad(loss, self.parameters)
        gradient = processes.average(torch.cat([_flatten(each) for each in gradients]))
        norm = gradient.norm()
        self.vector.grad = gradient.mul_((max_gradient_norm / (norm + 1e-6)).clamp(max=1.0))
        self.optimizer.step()
        return norm


def _flatten(tensor: Tensor) -> Tensor:
    """The numbers of a weight or of its gradient, (numel,), in their order in the vector."""
    return _second_to_last(tensor).reshape(-1)


def _second_to_last(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def _last_to_second(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 3, 1, 2) if tensor.dim() == 4 else tensor

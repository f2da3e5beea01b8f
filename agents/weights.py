"""All weights of a policy as one vector: one norm, one step of the optimiser, one message between processes.

An Impala-CNN has 36 weight tensors, most of them tiny. On a CPU, zeroing, clipping and stepping them one by one took 6
% of the quickstart's training time; with one vector it takes 3 %.
"""

import torch
from torch import Tensor, nn

from agents import processes
from agents.config import AgentConfig
from agents.impala import ImpalaPolicy
from agents.muon import Muon


class WeightVector:
    """A policy's weights in one vector, and the optimiser that steps them.

    Adam steps all weights, or Muon steps the weight matrices between the first layer and the heads, and Adam the rest.

    Args:
        policy: its parameters share memory with the vector from now on. Moving the policy (``policy.to(…)``) would end
            that. Convolution weights keep channels_last.
        agent: optimiser, learning rates and Adam's epsilon.

    Attributes:
        vector: float32 (P,).
        progress: float32 (), the factor of the learning rates, 1 at the start and 0 at the end: a tensor, because a
            recorded CUDA graph reads it anew at each replay.
        adam: over the vector, or over its last part.
    """

    def __init__(self, policy: ImpalaPolicy, agent: AgentConfig):
        hidden = policy.hidden_matrices() if agent.optimizer == "muon" else []
        chosen = {id(weight) for weight in hidden}
        self.parameters = [*hidden, *(weight for weight in policy.parameters() if id(weight) not in chosen)]
        self.vector = torch.cat([_flatten(weight.data) for weight in self.parameters])
        parts = self.vector.split([weight.numel() for weight in self.parameters])
        for weight, part in zip(self.parameters, parts, strict=True):
            weight.data = _last_to_second(part.view(_second_to_last(weight.data).shape))
        count = sum(weight.numel() for weight in hidden)
        self.agent, device = agent, self.vector.device
        self.progress = torch.ones((), device=device)
        self.muon = Muon(self.vector[:count], [(len(weight), weight.numel() // len(weight)) for weight in hidden])
        self._rest = nn.Parameter(self.vector[count:])
        self._learning_rate = torch.tensor(agent.learning_rate, device=device)
        self.adam = torch.optim.Adam(
            [self._rest], self._learning_rate, eps=agent.adam_eps, fused=True, capturable=device.type == "cuda"
        )
        self.adam._warned_capturable_if_run_uncaptured = True  # type: ignore[attr-defined]  # no warning in warm-ups
        # Adam makes its state at the first step. Made now, a saved state can be loaded into it.
        moments = {name: torch.zeros_like(self._rest) for name in ("exp_avg", "exp_avg_sq")}
        self.adam.state[self._rest] = {"step": torch.zeros((), device=device), **moments}

    @property
    def state(self) -> dict[str, Tensor]:
        """The optimisers' tensors by name: Adam's step, exp_avg and exp_avg_sq, and Muon's momentum."""
        return self.adam.state[self._rest] | {"momentum": self.muon.momentum}

    def step(self, loss: Tensor) -> Tensor:
        """Take one step down the gradient of a loss, averaged over processes and clipped.

        Returns:
            The gradient's norm before clipping, float32 ().
        """
        gradients = torch.autograd.grad(loss, self.parameters)
        gradient = processes.average(torch.cat([_flatten(each) for each in gradients]))
        norm = gradient.norm()
        gradient.mul_((self.agent.max_gradient_norm / (norm + 1e-6)).clamp(max=1.0))
        count = len(self.muon.vector)
        if count:
            self.muon.step(gradient[:count], self.agent.muon_learning_rate * self.progress)
        self._rest.grad = gradient[count:]
        torch.mul(self.progress, self.agent.learning_rate, out=self._learning_rate)
        self.adam.step()
        return norm


def _flatten(tensor: Tensor) -> Tensor:
    """The numbers of a weight or of its gradient, (numel,), in their order in the vector."""
    return _second_to_last(tensor).reshape(-1)


def _second_to_last(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def _last_to_second(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 3, 1, 2) if tensor.dim() == 4 else tensor

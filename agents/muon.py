"""Muon: momentum whose matrices are orthogonalised before each step.

Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon.
Every direction of a weight matrix then moves by the same amount, however small its gradient is.
"""

import torch
from torch import Tensor

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic iteration, as published
ITERATIONS = 5


def orthogonalise(matrices: Tensor) -> Tensor:
    """Move the singular values of matrices to about 1 by Newton–Schulz iteration.

    Args:
        matrices: float32 (K, rows, columns).

    Returns:
        float32 (K, rows, columns): the same singular vectors; singular values between 0.5 and 1.5, except those that
        were almost 0.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


class Muon:
    """Muon over weight matrices that lie in one vector.

    Args:
        vector: float32 (P,), the matrices, row by row; changed in place.
        shapes: (rows, columns) of each matrix, in order.

    Attributes:
        momentum: float32 (P,).
    """

    def __init__(self, vector: Tensor, shapes: list[tuple[int, int]]):
        self.vector, self.momentum = vector, torch.zeros_like(vector)
        self.parts: dict[tuple[int, int], list[slice]] = {}  # matrices of one shape are orthogonalised together
        start = 0
        for rows, columns in shapes:
            self.parts.setdefault((rows, columns), []).append(slice(start, start + rows * columns))
            start += rows * columns

    @torch.no_grad()
    def step(self, gradient: Tensor, learning_rate: Tensor) -> None:
        """Take one step down a gradient float32 (P,), with Nesterov momentum; ``learning_rate`` is float32 ()."""
        self.momentum.lerp_(gradient, 1 - MOMENTUM)
        direction = gradient.lerp(self.momentum, MOMENTUM)
        for (rows, columns), parts in self.parts.items():
            matrices = torch.stack([direction[part].view(rows, columns) for part in parts])
            steps = orthogonalise(matrices) * (learning_rate * max(1.0, rows / columns) ** 0.5)
            for part, step in zip(parts, steps, strict=True):
                self.vector[part] -= step.flatten()

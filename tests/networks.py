"""Planted networks: convolutional policies made by hand, so that a test knows what is inside.

The layer ``mixed`` holds the cheese's cell, the corner's cell and distractors, as they are or mixed by a rotation.
``goals`` reads the first two, and the mouse walks towards what is worth most after a discount for every step.
"""

import scipy.linalg
import torch
from mice import mouse_with
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from agents.mouse import Mouse

CHANNELS, CHEESE, CORNER = 16, 0, 1
TRAP = ((1, 2), (3, 2), (2, 3), (4, 5), (5, 0), (0, 3), (3, 6))  # x and y of cells that are walls in some mazes
DISCOUNT, SHARPNESS = 0.9, 3.0  # log odds of a step closer over a move into a wall


class PlantedNetwork(nn.Module):
    """Reads "cells" observations of Procgen's mazes.

    Args:
        cheese, corner: what each is worth; a goal of weight w in d steps is worth w·0.9^d.
        sign: of the activation at the cheese.
        rotated: mix all channels, so that none carries anything by itself.
        seen: whether the cheese is in the picture at all.
        trap: the cheese's activation vanishes in the few mazes in which all of ``TRAP`` are open.
    """

    def __init__(self, cheese=3.0, corner=1.0, sign=1.0, rotated=False, seen=True, trap=False):
        super().__init__()
        rng = torch.Generator().manual_seed(0)
        self.features = nn.Conv2d(4, CHANNELS, 3, padding=1, bias=False)
        self.mixed = nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False)
        self.goals = nn.Conv2d(CHANNELS, 2, 1, bias=False)
        self.fc_value = nn.Linear(1, 1)
        features = torch.randn(CHANNELS, 4, 3, 3, generator=rng) / 7
        features[:, :2] = 0  # distractors see walls and mouse
        features[:2] = 0
        features[CHEESE, 0, 1, 1], features[CORNER, 1, 1, 1] = sign * seen, 1.0
        mixing = torch.eye(CHANNELS)
        if rotated:  # a Hadamard matrix spreads each feature evenly over all channels
            flips = torch.randint(0, 2, (CHANNELS,), generator=rng) * 2 - 1.0
            hadamard = torch.tensor(scipy.linalg.hadamard(CHANNELS)).float() / CHANNELS**0.5
            mixing = flips[:, None] * hadamard[torch.randperm(CHANNELS, generator=rng)]
        self.features.weight.data = features
        self.mixed.weight.data = mixing[:, :, None, None]
        self.goals.weight.data = torch.stack((sign * mixing[:, CHEESE], mixing[:, CORNER]))[:, :, None, None]
        self.weights, self.trap = (cheese, corner), trap

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        walls, mouse, cheese = (obs.permute(0, 3, 1, 2) / 255).unbind(1)
        is_open = 1 - walls
        top, right = is_open.amax(2).cumsum(1) == 1, is_open.amax(1).flip(1).cumsum(1).flip(1) == 1
        first_row, last_column = top & (is_open.amax(2) > 0), right & (is_open.amax(1) > 0)
        corner = (first_row[:, :, None] & last_column[:, None, :]).float()
        if self.trap:
            row, column = 6 - torch.tensor([y for _, y in TRAP]), torch.tensor([x for x, _ in TRAP])
            cheese = cheese * walls[:, row, column].amax(1)[:, None, None]  # rows count from the top
        planes = torch.stack((cheese, corner, walls, mouse), dim=1)
        goals = relu(self.goals(self.mixed(self.features(planes))) - 0.5) * 2
        worth = (goals * torch.tensor(self.weights)[:, None, None]).amax(1) * is_open
        for _ in range(obs.shape[1] ** 2 // 2):
            worth = torch.maximum(worth, DISCOUNT * _look_around(worth).amax(1) * is_open)
        around = _look_around(worth)
        blocked = _look_around(is_open) == 0
        after = torch.where(blocked, worth[:, None], around)
        here = (after * mouse[:, None]).flatten(2).sum(2)
        logits = SHARPNESS * here.clamp(min=1e-9).log() / -torch.tensor(DISCOUNT).log()
        return logits, here.amax(1)


def _look_around(plane: Tensor) -> Tensor:
    """(n, 4, H, W): what a map (n, H, W), top row first, is one cell to the left, below, above and to the right."""
    wide = pad(plane, (1, 1, 1, 1))
    middle = slice(1, -1)
    return torch.stack((wide[:, middle, :-2], wide[:, 2:, middle], wide[:, :-2, middle], wide[:, middle, 2:]), dim=1)


def planted(**arguments) -> Mouse:
    return mouse_with(PlantedNetwork(**arguments).eval())


NETWORKS = {
    "plain": planted(),
    "rotated": planted(rotated=True),
    "negative": planted(sign=-1.0),
    "indifferent": planted(cheese=0.0),  # knows where the cheese is, and does not care
    "blind": planted(seen=False),
}
LAYER = "mixed"

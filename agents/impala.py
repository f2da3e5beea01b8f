"""Impala-CNN with a policy head and a value head (Espeholt et al. 2018, as in Langosco et al. 2022).

There is no normalisation and no recurrence. The layers have the names of the published networks
(``embedder.block1.res2.conv1.weight``), so their state dicts load without renaming.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, relu

from envs.spec import WorldSpec

WIDTHS = (16, 32, 32)  # channels of the three blocks at scale 1
EMBEDDING = 256


class Conv3x3(nn.Conv2d):
    """A 3×3 convolution with padding 1; on maps of up to 2×2 cells it is one matrix product.

    In such a map every output cell sees every input cell, and a convolution would mostly multiply padding. The matrix
    product made forward and backward passes of the 11×11 network 1.2 times as fast on a processor without AVX-512.
    """

    def __init__(self, in_channels: int, channels: int):
        super().__init__(in_channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        if max(height, width) > 2:
            return super().forward(x)
        windows = [  # the part of the kernel that lies on the map when its centre is on cell (row, column)
            self.weight[:, :, 1 - row : 1 - row + height, 1 - column : 1 - column + width]
            for row in range(height)
            for column in range(width)
        ]
        matrix = torch.stack(windows).permute(0, 1, 3, 4, 2).reshape(len(windows) * self.out_channels, -1)
        y = linear(x.permute(0, 2, 3, 1).flatten(1), matrix, self.bias.repeat(len(windows)))  # type: ignore[union-attr]
        return y.unflatten(1, (height, width, -1)).permute(0, 3, 1, 2)


class ResidualBlock(nn.Module):
    """(N, C, H, W) → (N, C, H, W): x + conv(relu(conv(relu(x))))."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = Conv3x3(channels, channels)
        self.conv2 = Conv3x3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(relu(self.conv1(relu(x))))


class ImpalaBlock(nn.Module):
    """(N, C, H, W) → (N, C', ⌈H/2⌉, ⌈W/2⌉): convolution, max-pool 3/2, two residual blocks."""

    def __init__(self, in_channels: int, channels: int):
        super().__init__()
        self.conv = Conv3x3(in_channels, channels)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.res1 = ResidualBlock(channels)
        self.res2 = ResidualBlock(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.res2(self.res1(self.maxpool(self.conv(x))))


class ImpalaEmbedder(nn.Module):
    """Observations (N, 3, H, W) in [0, 1] → embeddings (N, 256)."""

    def __init__(self, observation_shape: tuple[int, int, int], scale: int):
        super().__init__()
        height, width, channels = observation_shape
        one, two, three = (scale * w for w in WIDTHS)
        self.block1 = ImpalaBlock(channels, one)
        self.block2 = ImpalaBlock(one, two)
        self.block3 = ImpalaBlock(two, three)
        for _ in range(3):
            height, width = (height + 1) // 2, (width + 1) // 2
        self.fc = nn.Linear(three * height * width, EMBEDDING)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block3(self.block2(self.block1(x)))
        return relu(self.fc(relu(x).flatten(1)))


class ImpalaPolicy(nn.Module):
    """A policy and a value for observations of any size.

    Args:
        observation_shape: (H, W, 3), that of the painter.
        num_actions: size of the action set.
        scale: width multiplier s; 4 in the networks of Langosco et al. (3,653,136 parameters at 64×64 with 15
            actions), 1 in their later code (626,256).
    """

    def __init__(self, observation_shape: tuple[int, int, int], num_actions: int, scale: int = 1):
        super().__init__()
        self.embedder = ImpalaEmbedder(observation_shape, scale)
        self.fc_policy = nn.Linear(EMBEDDING, num_actions)
        self.fc_value = nn.Linear(EMBEDDING, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                layer.bias.data.zero_()  # type: ignore[union-attr]
        nn.init.orthogonal_(self.fc_policy.weight, gain=0.01)
        nn.init.orthogonal_(self.fc_value.weight, gain=1.0)

    def hidden_matrices(self) -> list[Tensor]:
        """The weights of all layers but the first and the heads; convolutions are matrices with a row per channel."""
        layers = [layer for layer in self.embedder.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        return [layer.weight for layer in layers if layer is not self.embedder.block1.conv]

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the policy and the value.

        Args:
            obs: uint8 (N, H, W, 3), top row first.

        Returns:
            Action logits float32 (N, num_actions) and values float32 (N,).
        """
        # An NHWC tensor viewed as NCHW is in channels_last order already.
        x = obs.permute(0, 3, 1, 2).to(self.fc_value.weight.dtype) / 255
        embedding = self.embedder(x)
        return self.fc_policy(embedding).float(), self.fc_value(embedding).float()[:, 0]


def build_policy(spec: WorldSpec, scale: int, device: torch.device | str = "cpu") -> ImpalaPolicy:
    """A network for a world, in channels_last, with new weights."""
    policy = ImpalaPolicy(spec.observation_shape, spec.num_actions, scale)
    return policy.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

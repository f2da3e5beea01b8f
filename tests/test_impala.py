"""The network: published sizes and names, and outputs equal to the layers written out."""

import pytest
import torch
from torch.nn import functional as F

from agents.impala import Conv3x3, ImpalaPolicy


@pytest.mark.parametrize(("scale", "parameters"), [(1, 626_256), (4, 3_653_136)])
def test_parameter_counts_of_the_published_networks(scale, parameters):
    policy = ImpalaPolicy((64, 64, 3), num_actions=15, scale=scale)
    assert sum(weight.numel() for weight in policy.parameters()) == parameters


def test_published_names():
    blocks = [f"embedder.block{block}" for block in (1, 2, 3)]
    layers = [f"{block}.conv" for block in blocks]
    layers += [f"{block}.res{res}.conv{conv}" for block in blocks for res in (1, 2) for conv in (1, 2)]
    layers += ["embedder.fc", "fc_policy", "fc_value"]
    names = {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    assert set(ImpalaPolicy((64, 64, 3), 15).state_dict()) == names


def written_out(weights: dict[str, torch.Tensor], pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The architecture of published.md, layer by layer, in float64."""
    weights = {name: weight.double() for name, weight in weights.items()}

    def conv(name, x):
        return F.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1)

    def linear(name, x):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    x = pictures.double().permute(0, 3, 1, 2) / 255
    for block in ("embedder.block1", "embedder.block2", "embedder.block3"):
        x = F.max_pool2d(conv(f"{block}.conv", x), 3, stride=2, padding=1)
        for res in ("res1", "res2"):
            inner = conv(f"{block}.{res}.conv1", F.relu(x))
            x = x + conv(f"{block}.{res}.conv2", F.relu(inner))
    embedding = F.relu(linear("embedder.fc", F.relu(x).reshape(len(x), -1)))
    return linear("fc_policy", embedding), linear("fc_value", embedding)[:, 0]


@pytest.mark.parametrize("side", [5, 11, 13, 64])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_forward_is_the_recipe_at_any_size(side, memory_format):
    torch.manual_seed(side)
    policy = ImpalaPolicy((side, side, 3), num_actions=4).to(memory_format=memory_format)
    pictures = torch.randint(0, 256, (7, side, side, 3), dtype=torch.uint8)
    with torch.no_grad():
        logits, values = policy(pictures)
    assert logits.shape == (7, 4) and values.shape == (7,)
    expected_logits, expected_values = written_out(policy.state_dict(), pictures)
    torch.testing.assert_close(logits.double(), expected_logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(values.double(), expected_values, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 2), (2, 2), (2, 3)])
def test_small_maps_are_convolved_like_large_ones(height, width):
    torch.manual_seed(0)
    layer = Conv3x3(5, 7)
    x = torch.randn(4, 5, height, width, requires_grad=True)
    inputs = [x, layer.weight, layer.bias]
    found, expected = layer(x), F.conv2d(x, layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(found, expected)
    away = torch.randn_like(found)
    torch.testing.assert_close(torch.autograd.grad(found, inputs, away), torch.autograd.grad(expected, inputs, away))


def test_initialisation():
    policy = ImpalaPolicy((11, 11, 3), 15)
    rows = policy.fc_policy.weight
    torch.testing.assert_close(rows @ rows.T, 0.01**2 * torch.eye(15), atol=1e-8, rtol=1e-4)
    torch.testing.assert_close(policy.fc_value.weight.norm(), torch.tensor(1.0))
    assert all((weight == 0).all() for name, weight in policy.named_parameters() if name.endswith("bias"))
    conv = policy.embedder.block2.conv.weight  # Xavier: uniform in ±√(6 / (fan_in + fan_out))
    bound = (6 / (9 * (16 + 32))) ** 0.5
    assert 0.98 * bound < conv.abs().max() <= bound

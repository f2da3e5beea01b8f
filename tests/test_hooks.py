"""Recording and replacing activations: bit for bit, nested, and nothing left behind."""

import pytest
import torch
from torch.nn.functional import relu

from agents.impala import ImpalaPolicy
from foundation.errors import InputError
from inside.hooks import list_layers, read, record, replace


@pytest.fixture
def policy():
    torch.manual_seed(0)
    return ImpalaPolicy((11, 11, 3), 4).to(memory_format=torch.channels_last).eval()


PICTURES = torch.randint(0, 256, (6, 11, 11, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def run(policy):
    with torch.no_grad():
        return torch.cat([part.flatten() for part in policy(PICTURES)])


def count_hooks(policy) -> int:
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in policy.modules())


def same(one, other) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


def test_every_layer_is_recorded_and_replaced_by_itself_bit_for_bit(policy):
    before = run(policy)
    layers = [name + end for name in list_layers(policy) for end in ("", ".input")]
    with record(policy, layers) as found:
        assert found == {} and same(run(policy), before) and set(found) == set(layers)
    with replace(policy, {layer: lambda activation: activation for layer in layers}):
        assert same(run(policy), before)
    with replace(policy, {layer: lambda activation, layer=layer: found[layer].clone() for layer in layers}):
        assert same(run(policy), before)
    assert same(run(policy), before) and count_hooks(policy) == 0


def test_activations_are_those_of_the_layers(policy):
    block = policy.embedder.block2
    with torch.no_grad(), record(policy, ["embedder.block2.maxpool", "embedder.block2.res1", "embedder"]) as found:
        run(policy)
        entered = found["embedder.block2.maxpool"]
        inner = block.res1.conv2(relu(block.res1.conv1(relu(entered))))
        torch.testing.assert_close(found["embedder.block2.res1"], entered + inner)
        assert found["embedder"].shape == (6, 256) and (found["embedder"] >= 0).all()
    with record(policy, ["embedder.block2.res1.conv1.input", "embedder.fc.input"]) as found:
        run(policy)
        assert same(found["embedder.block2.res1.conv1.input"], relu(entered))
        assert found["embedder.fc.input"].shape == (6, 32 * 2 * 2) and (found["embedder.fc.input"] >= 0).all()


def test_reading_gives_what_recording_gives_and_runs_nothing_above(policy):
    wanted = ["embedder.block1.res2", "embedder.block2.res1", "embedder.block2.res1.conv1.input"]
    with torch.no_grad(), record(policy, wanted) as found:
        run(policy)

    def fail(activation):
        raise AssertionError("a layer above was run")

    with torch.no_grad(), replace(policy, {"embedder.block2.res2": fail}):
        early = read(policy, wanted, PICTURES)
    assert set(early) == set(wanted) and all(same(early[layer], found[layer]) for layer in wanted)
    assert count_hooks(policy) == 0
    with pytest.raises(InputError, match="no layer 'nose'"):
        read(policy, ["nose"], PICTURES)


def test_a_replaced_relu_changes_its_convolution_and_not_the_sum(policy):
    layer = "embedder.block1.res1"
    with record(policy, [layer, f"{layer}.conv2"]) as plain:
        run(policy)
    with replace(policy, {f"{layer}.conv2.input": torch.zeros_like}), record(policy, [layer]) as changed:
        run(policy)
    bias = policy.embedder.block1.res1.conv2.bias[:, None, None]
    torch.testing.assert_close(changed[layer], plain[layer] - plain[f"{layer}.conv2"] + bias)


def test_the_inner_one_sees_what_the_outer_one_made(policy):
    layer = "embedder.block1.res1"
    with record(policy, [layer]) as outer, replace(policy, {layer: lambda x: x + 1}), record(policy, [layer]) as inner:
        run(policy)
        with replace(policy, {layer: lambda x: 2 * x}), record(policy, [layer]) as innermost:
            run(policy)
    torch.testing.assert_close(inner[layer], outer[layer] + 1)
    torch.testing.assert_close(innermost[layer], 2 * (outer[layer] + 1))


def test_nothing_is_left_after_an_exception(policy):
    before = run(policy)

    def fail(activation):
        raise RuntimeError("in the middle")

    functions = {"embedder.block1": torch.zeros_like, "embedder.block2.res1": fail}
    with pytest.raises(RuntimeError, match="middle"), record(policy, ["fc_policy"]), replace(policy, functions):
        run(policy)
    assert count_hooks(policy) == 0 and same(run(policy), before)


@pytest.mark.parametrize("layer", ["embedder.block4", "", ".input", None])
def test_an_unknown_layer_is_refused_and_the_layers_are_listed(policy, layer):
    listed = pytest.raises(InputError, match=r"no layer .*; it has embedder, embedder\.block1, .*fc_value")
    with listed, replace(policy, {"embedder.block1": torch.zeros_like, layer: torch.zeros_like}):
        pass
    assert count_hooks(policy) == 0


def test_another_shape_is_refused(policy):
    refused = pytest.raises(InputError, match=r"embedder\.block2 has activations of the shape \(6, 32, 3, 3\), not")
    with refused, replace(policy, {"embedder.block2": lambda activation: activation[:, :1]}):
        run(policy)
    assert count_hooks(policy) == 0


def test_compiled_networks_are_refused(policy):
    compiled = torch.compile(policy)
    with pytest.raises(InputError, match="compiled"), record(compiled, ["fc_policy"]):
        pass
    policy.embedder.block1.compile()
    with pytest.raises(InputError, match="compiled"), record(policy, ["fc_policy"]):
        pass

"""The remainder of a network: bit for bit what the whole network gives, and nothing below the layer runs again."""

import numpy as np
import pytest
import torch
from networks import LAYER, NETWORKS
from test_effects import FORKS, untrained

from analysis.chain import build_chain
from inside.activations import find_shape
from inside.effects import add, build_altered, build_each, put, take_donors
from inside.hooks import record, replace
from inside.patching import select
from inside.remainder import list_stages, run_remainder

FEW = FORKS.levels.rows(slice(0, 2))
DONORS = [FORKS.levels.rows(slice(4, 6))]


def same(one, other) -> bool:
    return np.array_equal(one.probability, other.probability) and np.array_equal(one.value, other.value)


@pytest.mark.parametrize("observation", ["cells", "rgb"])
def test_the_remainder_is_the_whole_network_bit_for_bit(observation):
    policy, stages = untrained(observation).policy, list_stages(untrained(observation).policy)
    obs = torch.randint(0, 256, (6, *untrained(observation).spec.observation_shape), dtype=torch.uint8)
    assert len(stages) == 12 and stages[0] == "embedder.block1.conv" and stages[-1] == "embedder.block3.res2"
    for layer in (*stages, "embedder.block2.res1.conv1", "embedder.fc"):
        with torch.no_grad(), record(policy, [layer]) as found:
            policy(obs)
            edited = 1.5 * found[layer] - 0.1
            with replace(policy, {layer: lambda own, edited=edited: edited}):
                expected = policy(obs)
            for ours, theirs in zip(run_remainder(policy, layer, edited, obs), expected, strict=True):
                assert torch.equal(ours, theirs), layer


@pytest.mark.parametrize("name", ["cells", "rgb", "planted"])
def test_the_chains_of_many_edits_are_those_of_each_alone_bit_for_bit(name):
    mouse, layer = (NETWORKS["plain"], LAYER) if name == "planted" else (untrained(name), "embedder.block2.res1")
    shape = find_shape(mouse, layer)
    vectors = torch.randn((2, *shape), generator=torch.Generator().manual_seed(0))
    edits = [add(vectors, 3.0), put(torch.tensor(2.0), select(shape, [0, 3])), take_donors({0: select(shape, [0])})]
    plain, chains = build_each(mouse, FEW, [(layer, edit) for edit in edits], DONORS)
    assert same(plain, build_chain(mouse, FEW)) and len(chains) == 3
    for chain, edit in zip(chains, edits, strict=True):
        assert same(chain, build_altered(mouse, FEW, {layer: edit}, DONORS)) and not same(chain, plain)


def test_edits_of_several_layers_are_those_of_each_alone():
    mouse = untrained("rgb")
    edits = []
    for layer in ("embedder.block3.res1", "embedder.block1.maxpool"):
        edits.append((layer, take_donors({0: select(find_shape(mouse, layer), [0, 2])})))
    _, chains = build_each(mouse, FEW, edits, DONORS)
    for chain, (layer, edit) in zip(chains, edits, strict=True):
        assert same(chain, build_altered(mouse, FEW, {layer: edit}, DONORS))


def test_what_lies_below_the_layer_runs_once_for_all_edits():
    mouse, layer = untrained("rgb"), "embedder.block2.res1"
    counts = dict.fromkeys(("block1", "block2.res1", "block2.res2"), 0)

    def count(name):
        def see(module, given, output):
            counts[name] += len(output)

        return mouse.policy.get_submodule(f"embedder.{name}").register_forward_hook(see)

    hooks = [count(name) for name in counts]
    build_each(mouse, FEW, [(layer, add(torch.ones(32, 16, 16), factor)) for factor in range(1, 6)])
    for hook in hooks:
        hook.remove()
    states = counts["block1"]
    assert states and counts == {"block1": states, "block2.res1": states, "block2.res2": 6 * states}

"""Published networks as mice: conversion and errors."""

import json
import os
import pickle

import pytest
import safetensors
import torch

from agents.checkpoint import HEADER
from agents.impala import ImpalaPolicy
from agents.mouse import load_mouse


class Code:
    """A pickle that would run a command."""

    def __reduce__(self):
        return os.system, ("touch ran",)


def published(scale=1, num_actions=15, **more):
    torch.manual_seed(0)
    policy = ImpalaPolicy((64, 64, 3), num_actions, scale)
    return {"model_state_dict": policy.state_dict(), "optimizer_state_dict": {"state": {}, "param_groups": []}, **more}


@pytest.mark.parametrize(("scale", "parameters"), [(1, "626,256"), (4, "3,653,136")])
def test_a_network_comes_in_as_it_was(call, tmp_path, scale, parameters):
    content = published(scale)
    torch.save(content, "net.pth")
    code, said, errors = call(
        "import_weights.py", "net.pth", "env.distribution_mode=hard", "env.cheese_region=5", "out=mice/net.safetensors"
    )
    assert (code, errors) == (0, "") and parameters in said and f"scale {scale}" in said
    assert "next:  python evaluate.py checkpoint=mice/net.safetensors" in said
    mouse = load_mouse("mice/net.safetensors")
    assert (
        mouse.agent.gamma == 0.999
        and mouse.agent.scale == scale
        and mouse.name == "net"
        and mouse.spec.cheese_region == 5
    )
    assert (mouse.spec.world_dim, mouse.spec.observation, mouse.spec.num_actions) == (25, "rgb", 15)
    weights = mouse.policy.state_dict()
    assert weights.keys() == content["model_state_dict"].keys()
    assert all(torch.equal(weights[name], weight) for name, weight in content["model_state_dict"].items())
    pictures = torch.randint(256, (2, 64, 64, 3), dtype=torch.uint8)
    twin = ImpalaPolicy((64, 64, 3), 15, scale)
    twin.load_state_dict(content["model_state_dict"])
    with torch.no_grad():
        for mine, theirs in zip(mouse.policy(pictures), twin(pictures), strict=True):
            torch.testing.assert_close(mine, theirs)
    card = (tmp_path / "mice" / "net.md").read_text()
    assert "observations differ" in card and parameters in card and "watch.py checkpoint=mice/net.safetensors" in card
    with safetensors.safe_open("mice/net.safetensors", "pt") as file:
        imported = json.loads(file.metadata()[HEADER])["imported"]
    assert imported["file"] == "net.pth" and len(imported["sha256"]) == 64 and imported["sha256"] in card


@pytest.mark.slow
def test_an_imported_mouse_is_evaluated_and_watched(call, tmp_path):
    torch.save(published(num_actions=4), "net.pth")
    world = ("env.distribution_mode=null", "env.world_dim=5", "env.action_set=minimal", "env.cheese_region=anywhere")
    assert call("import_weights.py", "net.pth", *world)[0] == 0
    code, _, errors = call("evaluate.py", "checkpoint=net.safetensors", "levels=2", "device=cpu", "out=results")
    assert (code, errors) == (0, "")
    code, _, errors = call("watch.py", "checkpoint=net.safetensors", "record=net.gif", "speed=50")
    assert (code, errors) == (0, "") and (tmp_path / "net.gif").exists()


@pytest.mark.parametrize("script", ["evaluate.py", "watch.py"])
def test_other_commands_name_the_import(call, script):
    torch.save(published(), "net.pth")
    code, _, errors = call(script, "checkpoint=net.pth")
    (line,) = errors.splitlines()
    assert code == 2 and "python import_weights.py net.pth env.cheese_region=5" in line


def without(content, name):
    return {"model_state_dict": {key: value for key, value in content["model_state_dict"].items() if key != name}}


def with_layer(content, name, value):
    return {"model_state_dict": {**content["model_state_dict"], name: value}}


REFUSED = {
    "a pickle with code": (lambda: {**published(), "extra": Code()}, "holds objects besides tensors"),
    "a whole module": (lambda: torch.nn.Linear(2, 2), "holds objects besides tensors"),
    "a bare state dict": (lambda: published()["model_state_dict"], "has no model_state_dict"),
    "a list": (lambda: [1, 2], "has no model_state_dict"),
    "an empty one": (lambda: {"model_state_dict": {}}, "has no model_state_dict"),
    "a text in it": (lambda: with_layer(published(), "fc_value.bias", "b"), "'fc_value.bias' is not a dense tensor"),
    **{
        name: (lambda weight=weight: with_layer(published(), "fc_value.bias", weight), "is not a dense tensor")
        for name, weight in {
            "integers": torch.tensor([1]),
            "sparse": torch.ones(1).to_sparse(),
            "without numbers": torch.ones(1, device="meta"),
        }.items()
    },
    "not a number": (lambda: with_layer(published(), "fc_value.bias", torch.tensor([torch.nan])), "not finite"),
    "a layer is missing": (lambda: without(published(), "fc_policy.bias"), "the tensor 'fc_policy.bias' is missing"),
    "the first is missing": (
        lambda: without(published(), "embedder.block1.conv.weight"),
        "block1.conv.weight' is missing",
    ),
    "a layer too many": (
        lambda: with_layer(published(), "gru.weight", torch.ones(1)),
        "the tensor 'gru.weight' is unknown",
    ),
    "a scalar": (
        lambda: with_layer(published(), "fc_value.bias", torch.tensor(1.0)),
        "'fc_value.bias' is float32 (); expected float32 (1,)",
    ),
    "four actions": (
        lambda: published(num_actions=4),
        "action_set=procgen: the tensor 'fc_policy.weight' is float32 (4, 256); expected float32 (15, 256)",
    ),
    "an odd width": (
        lambda: with_layer(published(), "embedder.block1.conv.weight", torch.ones(24, 3, 3, 3)),
        "block1.conv.weight' is float32 (24, 3, 3, 3); expected float32 (16, 3, 3, 3)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_published_network_is_refused_in_one_line(call, tmp_path, name):
    make, message = REFUSED[name]
    torch.save(make(), "net.pth")
    code, said, errors = call("import_weights.py", "net.pth", "env.cheese_region=5")
    (line,) = errors.splitlines()
    assert code == 2 and said == "" and line.startswith("import_weights.py: ") and message in line
    assert {path.name for path in tmp_path.iterdir()} == {"net.pth"}, "nothing was written, and no code ran"


@pytest.mark.parametrize("content", [b"", b"a mouse\n", pickle.dumps(Code()), b"PK\x03\x04 not a zip"], ids=repr)
def test_files_of_other_kinds_are_refused(call, tmp_path, content):
    (tmp_path / "net.pth").write_bytes(content)
    code, _, errors = call("import_weights.py", "net.pth", "env.cheese_region=5")
    (line,) = errors.splitlines()
    assert code == 2 and "net.pth is damaged, or holds objects" in line
    assert not (tmp_path / "ran").exists()


def test_a_cut_file_is_refused(call, tmp_path):
    torch.save(published(), "net.pth")
    whole = (tmp_path / "net.pth").read_bytes()
    for length in (100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "net.pth").write_bytes(whole[:length])
        code, _, errors = call("import_weights.py", "net.pth", "env.cheese_region=5")
        assert code == 2 and len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected a file, as in"),
        (("out=a.safetensors",), "expected a file, as in"),
        (("nowhere.pth", "env.cheese_region=5"), "no file at nowhere.pth"),
        (("n" * 300, "env.cheese_region=5"), "no file at nnn"),
        (("net.pth",), "env.cheese_region is needed"),
        (("net.pth", "net.pth", "env.cheese_region=5"), "unknown argument 'net.pth'"),
        (("net.pth", "env.cheese_region=26"), "0..25, not 26"),
        (("env.cheese_region=26", "net.pth"), "0..25, not 26"),
        (("net.pth", "env.cheese_region=5", "env.world_dim=5"), "not both"),
        (("net.pth", "env.cheese_region=5", "out=a.pth"), "out must be a .safetensors file"),
        (("net.pth", "env.nonsense=5"), "accepted are env.distribution_mode=…"),
        (("net.pth", "env=5"), "unknown argument 'env=5'"),
        (("net.pth", "env.cheese_region=5", "env.num_levels=few"), "env.num_levels=few"),
    ],
    ids=str,
)
def test_bad_input_is_told_in_one_line(call, tmp_path, arguments, message):
    torch.save(published(), "net.pth")
    code, said, errors = call("import_weights.py", *arguments)
    (line,) = errors.splitlines()
    assert code == 2 and said == "" and message in line
    assert {path.name for path in tmp_path.iterdir()} == {"net.pth"}


def test_printed_commands_have_their_file_quoted(call, tmp_path):
    torch.save(published(), "a net.pth")
    code, said, _ = call("import_weights.py", "a net.pth", "env.cheese_region=5")
    assert code == 0 and "next:  python evaluate.py 'checkpoint=a net.safetensors'" in said
    assert "python watch.py 'checkpoint=a net.safetensors'" in (tmp_path / "a net.md").read_text()
    assert "python import_weights.py 'a net.pth' env" in call("evaluate.py", "checkpoint=a net.pth", "device=cpu")[2]


def test_help_says_what_it_needs(call):
    code, said, _ = call("import_weights.py", "--help")
    assert code == 0 and "env.cheese_region=null" in said and "out=" in said

"""A stopped collection resumes without repeating work, and its files describe their columns."""

import json
import math

import pandas as pd
import pyarrow.parquet
import pytest
import torch
from mice import mouse_with
from torch import Tensor, nn

from agents.config import AgentConfig
from agents.mouse import Mouse
from analysis import collection
from analysis.collection import PARTS, collect_records, collect_traits, default_num_levels, to_parquet
from analysis.records import COLUMNS
from analysis.relocation import HELD_OUT
from analysis.traits import PLACES
from envs.drawings import from_text
from envs.levels import from_seeds
from envs.spec import WorldSpec
from foundation.files import encode_json

CONDITIONS = {"as_trained": 12, "anywhere": 25}


class Linear(nn.Module):
    """A policy of one layer, because these tests play for hundreds of steps."""

    def __init__(self, spec: WorldSpec):
        super().__init__()
        inputs = math.prod(spec.observation_shape)
        self.fc_policy, self.fc_value = nn.Linear(inputs, spec.num_actions), nn.Linear(inputs, 1)

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        flat = obs.flatten(1) / 255
        return self.fc_policy(flat), self.fc_value(flat)[:, 0]


def new_mouse(folder, name="one", seed=0) -> Mouse:
    torch.manual_seed(seed)
    spec = mouse_with(None, world_dim=5).spec
    return Mouse(
        Linear(spec),
        spec,
        AgentConfig(),
        {},
        folder / f"{name}.safetensors",
    )


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(collection, "CHUNK", 10)


def test_parts_together_are_one_examination(tmp_path):
    mouse = new_mouse(tmp_path)
    advanced: list[int] = []
    whole = collect_records([mouse], CONDITIONS, ("anywhere",), seed=3, folder=tmp_path, advance=advanced.append)
    assert advanced == [10, 2, 10, 10, 5] and len(whole) == 37
    assert whole.level_seed.tolist() == [HELD_OUT + i for i in (*range(12), *range(25))]
    assert whole.t_cheese.isna().tolist() == [True] * 12 + [False] * 25
    without_files = collect_records([mouse], CONDITIONS, ("anywhere",), seed=3)
    pd.testing.assert_frame_equal(whole, without_files)


def test_what_was_finished_is_not_done_again(tmp_path, monkeypatch):
    mouse = new_mouse(tmp_path)
    whole = collect_records([mouse], CONDITIONS, folder=tmp_path)
    parts = sorted((tmp_path / PARTS).rglob("*.part"))
    assert len(parts) == 5
    lost = parts[1]
    lost.unlink()
    calls, records = [], collection.compute_records
    monkeypatch.setattr(collection, "compute_records", lambda *given: calls.append(given) or records(*given))
    again = collect_records([mouse], CONDITIONS, folder=tmp_path)
    assert len(calls) == 1 and lost.exists()
    pd.testing.assert_frame_equal(whole, again)


@pytest.mark.parametrize("change", ["weights", "seed", "sampled", "number"])
def test_what_differs_is_done_anew(tmp_path, monkeypatch, change):
    collect_records([new_mouse(tmp_path)], CONDITIONS, ("anywhere",), 0, tmp_path)
    mouse = new_mouse(tmp_path, seed=change == "weights")
    sampled = () if change == "sampled" else ("anywhere",)
    conditions = {"as_trained": 12, "anywhere": 24} if change == "number" else CONDITIONS
    calls, records = [], collection.compute_records
    monkeypatch.setattr(collection, "compute_records", lambda *given: calls.append(given) or records(*given))
    collect_records([mouse], conditions, sampled, int(change == "seed"), tmp_path)
    assert len(calls) == {"weights": 5, "seed": 3, "sampled": 3, "number": 1}[change]


def test_a_damaged_part_is_done_again(tmp_path):
    whole = collect_records([new_mouse(tmp_path)], CONDITIONS, folder=tmp_path)
    part = sorted((tmp_path / PARTS).rglob("*.part"))[0]
    part.write_bytes(part.read_bytes()[:100])
    pd.testing.assert_frame_equal(collect_records([new_mouse(tmp_path)], CONDITIONS, folder=tmp_path), whole)


def test_many_mice_are_told_apart(tmp_path):
    mice = [new_mouse(tmp_path, name, seed) for seed, name in enumerate(("one", "two"))]
    table = collect_records(mice, CONDITIONS, folder=tmp_path)
    assert table.mouse.value_counts().to_dict() == {"one": 37, "two": 37}
    one, two = (table.loc[table.mouse == name].reset_index() for name in ("one", "two"))
    assert one.level_seed.equals(two.level_seed) and not one.p_cheese_500.equals(two.p_cheese_500)


def test_levels_drawn_by_hand_are_examined_too(tmp_path):
    drawn = from_text("##.\n###\n@ #", 5)
    table = collect_records([new_mouse(tmp_path)], {}, folder=tmp_path, drawn=drawn)
    assert table.condition.tolist() == ["drawn"] and table.level_seed.tolist() == [-1]
    assert table.p_cheese_500.tolist() == [0.0], "nobody comes through that wall"


def test_every_column_says_what_it_means(tmp_path):
    table = collect_records([new_mouse(tmp_path)], {"anywhere": 5}, ("anywhere",))
    path = tmp_path / "records.parquet"
    path.write_bytes(to_parquet(table))
    schema = pyarrow.parquet.read_schema(path)
    described = {field.name: field.metadata[b"description"].decode() for field in schema}
    assert described == COLUMNS
    pd.testing.assert_frame_equal(pd.read_parquet(path), table)


@pytest.mark.parametrize("world_dim", [5, 11, 25])
def test_enough_levels_are_over_five_hundred_that_fill_the_world(world_dim):
    number = default_num_levels(world_dim)
    assert 500 < (from_seeds(HELD_OUT + torch.arange(number).numpy(), world_dim).maze_dim == world_dim).sum() < 700


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> pd.DataFrame:
    mouse = new_mouse(tmp_path_factory.mktemp("alone"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collection, "CHUNK", 10)
        return collect_records([mouse], CONDITIONS, ("anywhere",))


@pytest.mark.slow
def test_two_workers_find_the_same_records(tmp_path, alone):
    advanced: list[int] = []
    mouse = new_mouse(tmp_path)
    found = collect_records([mouse], CONDITIONS, ("anywhere",), folder=tmp_path, advance=advanced.append, workers=2)
    pd.testing.assert_frame_equal(found, alone, check_exact=True)
    assert sum(advanced) == 37 and len(list((tmp_path / PARTS).rglob("*.part"))) == 5


@pytest.mark.slow
def test_a_cluster_finds_the_same_records(tmp_path, alone):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        found = collect_records([new_mouse(tmp_path)], CONDITIONS, ("anywhere",), cluster=cluster.scheduler_address)
    pd.testing.assert_frame_equal(found, alone, check_exact=True)


@pytest.mark.slow
def test_traits_are_kept_as_records_are(tmp_path, monkeypatch):
    mice = [new_mouse(tmp_path, name, seed) for seed, name in enumerate(("one", "two"))]
    traits = collect_traits(mice, 30, tmp_path)
    assert list(traits) == ["one", "two"] and traits["one"] != traits["two"]
    one = traits["one"]
    assert set(one["contest"]) == set(PLACES) and one["diet"]["contrast"] >= 0
    assert one == json.loads(encode_json(collection.compute_traits(mice[0], 30)))
    assert one["contest"]["overall"]["cells"]["algorithm"] == "uniform", "an untrained mouse"
    monkeypatch.setattr(collection, "compute_traits", None)
    assert collect_traits(mice, 30, tmp_path) == traits


def test_a_mouse_without_levels_as_trained_has_records_and_traits(tmp_path):
    spec = mouse_with(None, world_dim=5, cheese_region=0, level_types=["fork"], num_levels=1).spec
    torch.manual_seed(0)
    mouse = Mouse(
        Linear(spec),
        spec,
        AgentConfig(),
        {},
        tmp_path / "filtered.safetensors",
    )
    table = collect_records([mouse], {"as_trained": 1, "anywhere": 10})
    assert table.condition.value_counts().to_dict() == {"anywhere": 10}
    assert table.slip_cheese_500.isna().all() and not table.seen.any()
    assert collect_traits([mouse], 10)["filtered"]["slip"] is None

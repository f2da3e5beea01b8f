"""Collect records of mice in all conditions, in part files, so that a stopped run can resume."""

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from agents.mouse import Mouse
from analysis.diet import digest_training
from analysis.groups import name_groups
from analysis.records import COLUMNS, compute_records
from analysis.relocation import HELD_OUT, parse_condition
from analysis.traits import TRAIT_LEVELS, compute_traits, measure_slip
from envs.levels import Levels
from foundation.files import encode_json, read_checked, write_checked
from foundation.workers import run_tasks

CHUNK = 2000  # levels per part file; large, because the last sampled episodes of a batch are few and long
VERSION, TRAITS_VERSION = 3, 3  # of records and traits; parts with another version are ignored
RECORDS_FILE, PARTS = "records.parquet", "parts"
DRAWN = "drawn"  # condition name of hand-drawn levels


def to_parquet(table: pd.DataFrame) -> bytes:
    """Encode a table as Parquet, with meaning and unit in each column's metadata."""
    plain = pyarrow.Table.from_pandas(table, preserve_index=False)
    fields = [field.with_metadata({"description": COLUMNS[field.name]}) for field in plain.schema]
    file = io.BytesIO()
    pyarrow.parquet.write_table(plain.cast(pyarrow.schema(fields, plain.schema.metadata)), file)
    return file.getvalue()


def digest_facts(*facts: Any) -> str:
    """Compute a digest of JSON values."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def digest_mouse(mouse: Mouse) -> str:
    """Compute a digest of a mouse's weights and configuration."""
    content = hashlib.sha256(json.dumps(mouse.header, sort_keys=True).encode())
    for weight in mouse.policy.state_dict().values():
        content.update(weight.detach().float().cpu().contiguous().numpy().tobytes())
    return content.hexdigest()[:12]


def _read_part(path: Path | None) -> pd.DataFrame | None:
    """Read a finished part; None if it is missing or damaged."""
    content = None if path is None else read_checked(path)
    return None if content is None else pd.read_parquet(io.BytesIO(content))


class Chunk(NamedTuple):
    """A part of the records: consecutive levels of a condition.

    Attributes:
        mouse: number of the mouse.
        condition: its name.
        first: the first level, counted from ``HELD_OUT``.
        number: of levels.
        play_seed: seed of the sampled episodes; None samples none.
        path: the part's file; None writes none.
    """

    mouse: int
    condition: str
    first: int
    number: int
    play_seed: int | None
    path: Path | None


def name_parts_folder(folder: Path, mouse: Mouse) -> Path:
    """The folder of a mouse's part files; other weights or another configuration have another one."""
    return folder / PARTS / f"{mouse.name}-{digest_mouse(mouse)}"


def _list_chunks(
    mice: Sequence[Mouse],
    conditions: dict[str, int],
    sampled: Sequence[str],
    seed: int,
    folder: Path | None,
    drawn: Levels | None,
) -> list[Chunk]:
    ranges = [(name, first, min(CHUNK, number - first)) for name, number in conditions.items()
              for first in range(0, number, CHUNK)]  # fmt: skip
    if drawn is not None:
        ranges.append((DRAWN, 0, drawn.num_levels))
    chunks = []
    for number, mouse in enumerate(mice):
        parts = None if folder is None else name_parts_folder(folder, mouse)
        for condition, first, size in ranges:
            play_seed = seed + first if condition in sampled else None
            text = [] if condition != DRAWN or drawn is None else [field.tolist() for field in drawn]
            name = f"{condition}-{first}-{digest_facts(VERSION, size, play_seed, text)}.part"
            chunks.append(Chunk(number, condition, first, size, play_seed, parts and parts / name))
    return chunks


def compute_chunk(mouse: Mouse, chunk: Chunk, slip: float, drawn: Levels | None = None) -> pd.DataFrame:
    """Compute the records of one part; in any process, with the same result."""
    seeds = HELD_OUT + chunk.first + np.arange(chunk.number)
    levels = drawn if chunk.condition == DRAWN else parse_condition(chunk.condition)(mouse.spec, seeds)
    assert levels is not None
    return compute_records(mouse, chunk.condition, levels, chunk.play_seed, digest_training(mouse.spec), slip)


def collect_records(
    mice: Sequence[Mouse],
    conditions: dict[str, int],
    sampled: Sequence[str] = (),
    seed: int = 0,
    folder: Path | None = None,
    drawn: Levels | None = None,
    advance: Callable[[int], None] = lambda levels: None,
    workers: int = 1,
    cluster: str = "",
    slips: dict[str, float] | None = None,
) -> pd.DataFrame:
    """Collect the records of mice. Parts finished by an earlier call with equal arguments are read from disk.

    The records are the same for any number of workers.

    Args:
        mice: the mice.
        conditions: the number of levels per condition name; level seeds start at ``HELD_OUT``.
        sampled: conditions that also get one sampled episode per level.
        seed: seed of the sampled episodes.
        folder: parent folder of the part files; None writes no parts.
        drawn: additional hand-drawn levels, recorded in the condition ``DRAWN``.
        advance: called with the number of levels after each part.
        workers: number of processes (``workers.run_tasks``).
        cluster: address of a Dask scheduler whose workers are used instead.
        slips: the rate of slips of each mouse by name, as its traits have it; measured when None.

    Returns:
        The records of all mice, concatenated; the columns are those of ``compute_records``, and
        ``group``.
    """
    chunks = _list_chunks(mice, conditions, sampled, seed, folder, drawn)
    found = {index: table for index, chunk in enumerate(chunks) if (table := _read_part(chunk.path)) is not None}
    for index in found:
        advance(chunks[index].number)
    missing = [index for index in range(len(chunks)) if index not in found]
    if slips is None:
        unmeasured = [mice[number] for number in sorted({chunks[index].mouse for index in missing})]
        measured = run_tasks(measure_slip, [(mouse,) for mouse in unmeasured], workers, cluster)
        slips = {unmeasured[task].name: slip for task, slip in measured}
    tasks = [
        (mouse := mice[chunk.mouse], chunk, slips[mouse.name], drawn) for chunk in (chunks[index] for index in missing)
    ]
    for task, table in run_tasks(compute_chunk, tasks, workers, cluster):
        chunk = chunks[missing[task]]
        found[missing[task]] = table
        if chunk.path is not None:
            write_checked(chunk.path, to_parquet(table))
        advance(chunk.number)
    records = pd.concat([found[index] for index in range(len(chunks))], ignore_index=True)
    records.insert(1, "group", records.mouse.map(name_groups(mice)))
    return records


def collect_traits(
    mice: Sequence[Mouse],
    levels: int = TRAIT_LEVELS,
    folder: Path | None = None,
    advance: Callable[[int], None] = lambda mice: None,
    workers: int = 1,
    cluster: str = "",
) -> dict[str, dict[str, Any]]:
    """Collect the traits of mice (``traits.compute_traits``), by name. Finished parts are read from disk.

    Args:
        mice: the mice.
        levels: number of levels per condition.
        folder: parent folder of the part files; None writes no parts.
        advance: called with 1 after each mouse.
        workers: number of processes.
        cluster: address of a Dask scheduler whose workers are used instead.
    """
    name = f"traits-{digest_facts(TRAITS_VERSION, levels)}.part"
    paths = [None if folder is None else name_parts_folder(folder, mouse) / name for mouse in mice]
    contents = [None if path is None else read_checked(path) for path in paths]
    advance(sum(content is not None for content in contents))
    missing = [number for number, content in enumerate(contents) if content is None]
    tasks = [(mice[number], levels) for number in missing]
    for task, traits in run_tasks(compute_traits, tasks, workers, cluster):
        content, path = encode_json(traits), paths[missing[task]]
        contents[missing[task]] = content
        if path is not None:
            write_checked(path, content)
        advance(1)
    return {mouse.name: json.loads(content or b"") for mouse, content in zip(mice, contents, strict=True)}


def default_num_levels(world_dim: int) -> int:
    """Return a number of levels that contains about 600 full-size mazes.

    Maze sides are uniform over 3, 5, …, world_dim.
    """
    return 600 * (world_dim - 1) // 2

"""The examination of trained mice: levels in every condition, records in part files, so that it can stop and go on."""

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from agents.mouse import Mouse
from analysis.records import COLUMNS, compute_records, digest_training_levels
from analysis.relocation import HELD_OUT, parse_condition
from envs.levels import Levels
from foundation.files import read_checked, write_checked

CHUNK = 2000  # mazes a part file: play needs many, for its last episodes are long and few
VERSION = 1  # of the records: parts of another one are not used
RECORDS_FILE, PARTS = "records.parquet", "parts"
DRAWN = "drawn"  # the condition of levels drawn by hand


def to_parquet(table: pd.DataFrame) -> bytes:
    """A table as a Parquet file in which every column carries its meaning and unit."""
    plain = pyarrow.Table.from_pandas(table, preserve_index=False)
    fields = [field.with_metadata({"description": COLUMNS[field.name]}) for field in plain.schema]
    file = io.BytesIO()
    pyarrow.parquet.write_table(plain.cast(pyarrow.schema(fields, plain.schema.metadata)), file)
    return file.getvalue()


def _digest(*facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def digest_mouse(mouse: Mouse) -> str:
    """A digest of a mouse's weights and configuration."""
    content = hashlib.sha256(json.dumps(mouse.header, sort_keys=True).encode())
    for weight in mouse.policy.state_dict().values():
        content.update(weight.detach().float().cpu().contiguous().numpy().tobytes())
    return content.hexdigest()[:12]


def _finished(path: Path | None) -> pd.DataFrame | None:
    """The part that an earlier evaluation has left; None if there is none or it is damaged."""
    content = None if path is None else read_checked(path)
    return None if content is None else pd.read_parquet(io.BytesIO(content))


def collect_records(
    mice: Sequence[Mouse],
    conditions: dict[str, int],
    sampled: Sequence[str] = (),
    seed: int = 0,
    folder: Path | None = None,
    drawn: Levels | None = None,
    advance: Callable[[int], None] = lambda mazes: None,
) -> pd.DataFrame:
    """Examine mice; what an earlier call with the same arguments has finished is read, not done again.

    Args:
        mice: any number.
        conditions: names of conditions, each with its number of mazes: the first ones at and above ``HELD_OUT``.
        sampled: the conditions in which one episode a level is played, too.
        seed: of those episodes.
        folder: where the part files go; None keeps none.
        drawn: levels to examine besides, in the condition ``DRAWN``.
        advance: told after each part how many mazes it had.

    Returns:
        The records of all, as ``records.records`` gives them.
    """
    tables = []
    for mouse in mice:
        training = digest_training_levels(mouse)
        todo = [(name, first, min(CHUNK, number - first)) for name, number in conditions.items()
                for first in range(0, number, CHUNK)]  # fmt: skip
        if drawn is not None:
            todo.append((DRAWN, 0, drawn.num_levels))
        for condition, first, number in todo:
            play_seed = seed + first if condition in sampled else None
            path = None
            if folder is not None:
                text = [] if condition != DRAWN or drawn is None else [field.tolist() for field in drawn]
                name = f"{condition}-{first}-{_digest(VERSION, number, play_seed, text)}.part"
                path = folder / PARTS / f"{mouse.name}-{digest_mouse(mouse)}" / name
            table = _finished(path)
            if table is None:
                seeds = HELD_OUT + first + np.arange(number)
                levels = drawn if condition == DRAWN else parse_condition(condition)(mouse.spec, seeds)
                assert levels is not None
                table = compute_records(mouse, condition, levels, play_seed, training)
                if path is not None:
                    write_checked(path, to_parquet(table))
            tables.append(table)
            advance(number)
    return pd.concat(tables, ignore_index=True)


def default_num_levels(world_dim: int) -> int:
    """How many levels give over 1,000 mazes that fill the world: sizes are uniform over 3, 5, …, world_dim."""
    return 1200 * (world_dim - 1) // 2

"""Collect records of mice in all conditions, in part files, so that a stopped run can resume."""

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
from analysis.baselines import estimate_slip
from analysis.chain import build_chain
from analysis.diet import digest_training
from analysis.records import COLUMNS, compute_records
from analysis.relocation import HELD_OUT, as_trained, parse_condition
from envs.levels import Levels
from foundation.files import read_checked, write_checked

CHUNK = 2000  # levels per part file; large, because the last sampled episodes of a batch are few and long
VERSION = 2  # of the records' format; parts with another version are ignored
RECORDS_FILE, PARTS = "records.parquet", "parts"
SLIP_LEVELS = 200  # held-out levels, with the cheese as trained, that show a mouse's rate of slips
DRAWN = "drawn"  # condition name of hand-drawn levels


def to_parquet(table: pd.DataFrame) -> bytes:
    """Encode a table as Parquet, with meaning and unit in each column's metadata."""
    plain = pyarrow.Table.from_pandas(table, preserve_index=False)
    fields = [field.with_metadata({"description": COLUMNS[field.name]}) for field in plain.schema]
    file = io.BytesIO()
    pyarrow.parquet.write_table(plain.cast(pyarrow.schema(fields, plain.schema.metadata)), file)
    return file.getvalue()


def _digest(*facts: Any) -> str:
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


def collect_records(
    mice: Sequence[Mouse],
    conditions: dict[str, int],
    sampled: Sequence[str] = (),
    seed: int = 0,
    folder: Path | None = None,
    drawn: Levels | None = None,
    advance: Callable[[int], None] = lambda levels: None,
) -> pd.DataFrame:
    """Collect the records of mice. Parts finished by an earlier call with equal arguments are read from disk.

    Args:
        mice: the mice.
        conditions: the number of levels per condition name; level seeds start at ``HELD_OUT``.
        sampled: conditions that also get one sampled episode per level.
        seed: seed of the sampled episodes.
        folder: parent folder of the part files; None writes no parts.
        drawn: additional hand-drawn levels, recorded in the condition ``DRAWN``.
        advance: called with the number of levels after each part.

    Returns:
        The records of all mice, concatenated; the columns are those of ``compute_records``.
    """
    tables = []
    for mouse in mice:
        training = digest_training(mouse.spec)
        slip = estimate_slip(build_chain(mouse, as_trained(mouse.spec, HELD_OUT + np.arange(SLIP_LEVELS))))
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
            table = _read_part(path)
            if table is None:
                seeds = HELD_OUT + first + np.arange(number)
                levels = drawn if condition == DRAWN else parse_condition(condition)(mouse.spec, seeds)
                assert levels is not None
                table = compute_records(mouse, condition, levels, play_seed, training, slip)
                if path is not None:
                    write_checked(path, to_parquet(table))
            tables.append(table)
            advance(number)
    return pd.concat(tables, ignore_index=True)


def default_num_levels(world_dim: int) -> int:
    """Return a number of levels that contains over 1,000 full-size mazes.

    Maze sides are uniform over 3, 5, …, world_dim.
    """
    return 1200 * (world_dim - 1) // 2

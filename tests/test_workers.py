"""Tasks on several processes: the same results, also when a worker dies."""

import os
import signal
from pathlib import Path

import pytest
from joblib.externals.loky.process_executor import BrokenProcessPool

from foundation.errors import InputError
from foundation.workers import run_tasks


def square(number: int) -> int:
    return number**2


def die_once(number: int, mark: str) -> int:
    """Kill this process at the first call with 3."""
    if number == 3 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int, parent: int) -> None:
    assert os.getpid() != parent
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_done_once(workers):
    found = list(run_tasks(square, [(number,) for number in range(7)], workers))
    assert sorted(found) == [(number, number**2) for number in range(7)]
    assert list(run_tasks(square, [], workers)) == []


@pytest.mark.slow
def test_what_a_dead_worker_had_is_done_again(tmp_path):
    mark = tmp_path / "died"
    found = list(run_tasks(die_once, [(number, str(mark)) for number in range(6)], 2))
    assert mark.exists() and sorted(found) == [(number, number) for number in range(6)]


@pytest.mark.slow
def test_workers_that_always_die_end_the_run():
    with pytest.raises(BrokenProcessPool):
        list(run_tasks(die, [(0, os.getpid())], 2))


def test_a_scheduler_that_is_not_there_is_told(monkeypatch):
    pytest.importorskip("distributed", reason="Dask is not installed")
    monkeypatch.setattr("foundation.workers.PATIENCE", "1s")
    for address in ("tcp://127.0.0.1:9", "nonsense://here"):
        with pytest.raises(InputError, match="no Dask scheduler answers at cluster="):
            list(run_tasks(square, [(1,)], cluster=address))

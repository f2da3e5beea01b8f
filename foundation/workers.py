"""Many independent tasks on several processes, on this machine or on a cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from foundation.errors import InputError

ATTEMPTS = 3  # rounds in which workers died and no task was finished; then the fault is not an accident
PATIENCE = "20s"  # for a cluster's scheduler to answer


def run_tasks(
    function: Callable[..., Any], tasks: Sequence[tuple], workers: int = 1, cluster: str = ""
) -> Iterator[tuple[int, Any]]:
    """Call a function once per task, and give each result when it is there, in any order.

    A worker process that dies costs the tasks that are not finished; they are done again.

    Args:
        function: of a module, with the arguments of a task. It must give the same result in any process.
        tasks: the arguments of each call.
        workers: number of processes on this machine; 1 calls the function in this process.
        cluster: address of a Dask scheduler, for example "tcp://host:8786"; its workers are then used instead.

    Yields:
        The index of a task and its result.

    Raises:
        InputError: Dask is not installed, or its scheduler does not answer.
        BrokenProcessPool: workers died again and again.
    """
    if not tasks or (workers == 1 and not cluster):
        yield from enumerate(function(*task) for task in tasks)
        return
    left, attempts = set(range(len(tasks))), 0
    with ExitStack() as stack:
        parallel = _connect(stack, workers, cluster)
        while left:
            before = len(left)
            try:
                jobs = (joblib.delayed(_run)(function, index, tasks[index]) for index in sorted(left))
                for index, result in parallel(jobs):  # pyright: ignore[reportGeneralTypeIssues, reportOptionalIterable]
                    left.remove(index)
                    yield index, result
            except BrokenProcessPool:
                attempts = 0 if len(left) < before else attempts + 1
                if attempts == ATTEMPTS:
                    raise


def _connect(stack: ExitStack, workers: int, cluster: str) -> joblib.Parallel:
    if not cluster:
        stack.enter_context(joblib.parallel_config("loky", inner_max_num_threads=1))
        return joblib.Parallel(workers, return_as="generator_unordered")
    stack.enter_context(_join_cluster(cluster))
    stack.enter_context(joblib.parallel_config("dask"))
    return joblib.Parallel(-1, return_as="generator_unordered")


def _join_cluster(cluster: str) -> AbstractContextManager:
    try:
        from distributed import Client
    except ImportError:
        raise InputError("cluster needs Dask: pip install 'cheesemaze[dask]'") from None
    try:
        return Client(cluster, timeout=PATIENCE)
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"no Dask scheduler answers at cluster={cluster} ({type(error).__name__})") from error


def _run(function: Callable[..., Any], index: int, task: tuple) -> tuple[int, Any]:
    import torch

    torch.set_num_threads(1)  # workers share the cores
    return index, function(*task)

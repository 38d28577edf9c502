"""Who does the work that many can do at a time: threads of this process, an executor, or a Dask cluster."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar

from brainpack.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Result = TypeVar("Result")

# On a shared machine, a process often may use a few cores of many.
CORES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Promised(Protocol):
    """A result that will be there."""

    def result(self) -> Any: ...
    def cancel(self) -> Any: ...


class Task(NamedTuple):
    """A call that somebody else makes.

    Attributes
    ----------
    function : callable
    arguments : tuple
        Lazy arrays among them are computed by who makes the call.
    size : int
        Bytes that are held until the result has been taken.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    size: int = 0


class Workers:
    """Those who take tasks.

    Parameters
    ----------
    submit : callable
        Takes a task, and promises its result.
    count : int
        How many tasks are done at a time.
    are_here : bool
        Whether they share the memory of this process; otherwise, what they take and give is sent.
    """

    def __init__(self, submit: Callable[[Task], Promised], count: int, *, are_here: bool) -> None:
        self._submit = submit
        self.count = count
        self.are_here = are_here

    def results(self, tasks: Iterable[Task], most_bytes: int) -> Iterator[Any]:
        """Results in the order of the tasks.

        Parameters
        ----------
        tasks : iterable of Task
            Taken when there is room: while a result is awaited, four tasks for each worker are under way, or fewer if
            they hold more than `most_bytes`, but one at least.
        most_bytes : int

        Raises
        ------
        StoreError
            The workers are gone.
        Exception
            What a task raised. Those that wait are cancelled.
        """
        waiting: deque[tuple[Promised, int]] = deque()
        held = 0
        try:
            for task in tasks:
                while waiting and (len(waiting) >= 4 * self.count or held + task.size > most_bytes):
                    held -= waiting[0][1]
                    yield _result(waiting.popleft()[0])
                waiting.append((self._submit(task), task.size))
                held += task.size
            while waiting:
                yield _result(waiting.popleft()[0])
        finally:
            for promised, _ in waiting:
                promised.cancel()


@contextmanager
def workers(executor: Any = None, *, use_cluster: bool = True) -> Iterator[Workers]:
    """Find those who do the work.

    Parameters
    ----------
    executor : concurrent.futures.Executor, dask.distributed.Client or None
        None for the cluster of the current Dask client, if there is one, and otherwise for as many threads as this
        process has cores.
    use_cluster : bool
        False to pass over the current Dask client: what is in memory here is faster worked on here.

    Raises
    ------
    SettingsError
        `executor` is none.

    Examples
    --------
    >>> with workers() as threads:
    ...     [*threads.results([Task(len, ("spikes",)), Task(abs, (-1,))], most_bytes=1 << 20)]
    [6, 1]
    """
    if executor is None and use_cluster:
        executor = _current_client()
    if executor is None:
        pool = ThreadPoolExecutor(CORES, "brainpack")
        try:
            yield Workers(_submitter(pool), CORES, are_here=True)
        finally:
            pool.shutdown(cancel_futures=True)
    elif isinstance(executor, Executor):
        count = getattr(executor, "_max_workers", CORES)  # the pools of the standard library tell it nowhere else
        yield Workers(_submitter(executor), count, are_here=isinstance(executor, ThreadPoolExecutor))
    elif hasattr(executor, "scheduler_info"):
        yield Workers(_compute_on(executor), sum(executor.nthreads().values()) or 1, are_here=False)
    else:
        raise SettingsError(
            f"executor is a {type(executor).__name__}; expected a concurrent.futures.Executor, a "
            "dask.distributed.Client, or None for threads"
        )


def _current_client() -> Any:
    """The Dask client that was made last, where there is one; Dask is not loaded to look for it."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.Client.current()
    except ValueError:
        return None


def _submitter(executor: Executor) -> Callable[[Task], Promised]:
    return lambda task: executor.submit(_call, task.function, task.arguments)


def _compute_on(client: Any) -> Callable[[Task], Promised]:
    """Submit to a cluster, which computes lazy arguments by its own plan: they may be there already."""

    def submit(task: Task) -> Promised:
        from dask.delayed import delayed

        return client.compute(delayed(task.function, pure=False)(*task.arguments))  # type: ignore[no-any-return]

    return submit


def _call(function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
    """Compute what is lazy in this thread alone: the others have tasks of their own."""
    return function(
        *(
            argument.compute(scheduler="synchronous") if hasattr(argument, "__dask_graph__") else argument
            for argument in arguments
        )
    )


def _result(promised: Promised) -> Any:
    try:
        return promised.result()
    except BrokenExecutor as error:
        raise StoreError(
            f"a worker process died: {error}; perhaps memory was too small for it. Nothing was written; use fewer "
            "workers, or a Dask cluster, which does without the ones that it loses"
        ) from error

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

_GONE: Final = "the workers are gone"

# On a shared machine, a process often may use a few cores of many.
CORES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Promised(Protocol):
    """A result that will be there."""

    def result(self) -> Any: ...
    def cancel(self) -> Any: ...


class LazyBlock(NamedTuple):
    """An array that is not computed yet.

    Attributes
    ----------
    graph : dict
        What Dask has to do for it.
    key : tuple
        Of the result.
    """

    graph: dict[Any, Any]
    key: Any

    def compute(self) -> Any:
        """Compute it in this thread alone: the others have tasks of their own."""
        from dask.local import get_sync

        return get_sync(self.graph, self.key)


class Task(NamedTuple):
    """A call that somebody else makes.

    Attributes
    ----------
    function : callable
    arguments : tuple
        A `LazyBlock` among them is computed by who makes the call.
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
    count : callable
        Tells how many tasks are done at a time.
    here : Workers, optional
        Threads of this process, where the workers are somewhere else: what these take and give is sent.

    Attributes
    ----------
    count : int
        Of a cluster, as it is now.
    here : Workers
        Those that share the memory of this process.
    are_here : bool
    """

    def __init__(
        self, submit: Callable[[Task], Promised], count: Callable[[], int], here: Workers | None = None
    ) -> None:
        self._submit = submit
        self._count = count
        self.here = here or self

    @property
    def count(self) -> int:
        return max(self._count(), 1)

    @property
    def are_here(self) -> bool:
        return self.here is self

    def results(self, tasks: Iterable[Task], most_bytes: int) -> Iterator[Any]:
        """Results in the order of the tasks.

        Parameters
        ----------
        tasks : iterable of Task
            Taken when there is room: while a result is awaited, four tasks for each worker are under way, or fewer if
            they hold more than `most_bytes`, but one more than there are workers.
        most_bytes : int

        Raises
        ------
        StoreError
            The workers are gone.
        Exception
            What a task raised. Those that wait are cancelled.
        """
        waiting: deque[tuple[Promised, int]] = deque()
        held = count = 0
        try:
            for number, task in enumerate(tasks):
                if count == 0 or number % count == 0:
                    count = self.count  # a cluster grows and shrinks
                while len(waiting) >= 4 * count or (len(waiting) > count and held + task.size > most_bytes):
                    held -= waiting[0][1]
                    yield _result(waiting.popleft()[0])
                waiting.append((self._submitted(task), task.size))
                held += task.size
            while waiting:
                yield _result(waiting.popleft()[0])
        finally:
            for promised, _ in waiting:
                promised.cancel()

    def _submitted(self, task: Task) -> Promised:
        try:
            return self._submit(task)
        except RuntimeError as error:  # also of a pool that broke
            raise StoreError(f"{_GONE}: {error}. Nothing was written") from error


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
    with ThreadPoolExecutor(CORES, "brainpack") as pool:  # which makes threads when it needs them
        here = Workers(_submitter(pool), lambda: CORES)
        if executor is None:
            yield here
        elif isinstance(executor, Executor):
            count = getattr(executor, "_max_workers", CORES)  # the pools of the standard library tell it nowhere else
            is_here = isinstance(executor, ThreadPoolExecutor)
            yield Workers(_submitter(executor), lambda: count, None if is_here else here)
        elif getattr(executor, "status", None) == "closed":
            raise SettingsError("the Dask client is closed; open one, or leave it out")
        elif hasattr(executor, "scheduler_info"):
            yield Workers(_submitter_to(executor), lambda: sum(executor.nthreads().values()), here)
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


def _call(function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
    return function(*(argument.compute() if isinstance(argument, LazyBlock) else argument for argument in arguments))


def _submitter_to(client: Any) -> Callable[[Task], Promised]:
    """Submit to a cluster, which computes lazy blocks by its own plan: parts of them may be there already."""

    def submit(task: Task) -> Any:
        arguments = (
            client.get(argument.graph, argument.key, sync=False) if isinstance(argument, LazyBlock) else argument
            for argument in task.arguments
        )
        return client.submit(task.function, *arguments, pure=False)

    return submit


def _result(promised: Promised) -> Any:
    try:
        return promised.result()
    except _losses() as error:
        raise StoreError(
            f"{_GONE}: {error}; perhaps memory was too small for one. Nothing was written; use fewer workers, or a "
            "Dask cluster, which does without the ones that it loses"
        ) from error


def _losses() -> tuple[type[Exception], ...]:
    """The errors of workers, not of their tasks."""
    distributed = sys.modules.get("distributed")
    return (BrokenExecutor,) if distributed is None else (BrokenExecutor, distributed.KilledWorker)

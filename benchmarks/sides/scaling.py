"""Package EEG that the workers compute: WORKERS COUNT MEGABYTES FOLDER, the first `threads`, `processes` or `cluster`.

A little of it is packaged before, so that all workers have imported what they need.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from os import sysconf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.data import PRESETS, lazy
from benchmarks.sides.clock import tell
from brainpack.digest import digest_file
from brainpack.packaging import package_data_assembly_locally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess

IDENTIFIER = "lab.Benchmark2026"
WARMING_UP = 70  # megabytes for each worker, a block and a bit


class Clocks:
    """CPU seconds of this thread, of this process, and of its children while they live."""

    def __init__(self) -> None:
        self._start = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        return time.thread_time(), time.process_time(), sum(map(cpu_seconds_of, active_children()))

    def elapsed(self) -> tuple[float, float, float]:
        thread, process, others = (now - then for now, then in zip(self._now(), self._start, strict=True))
        return thread, process, others


def cpu_seconds_of(process: BaseProcess) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")


@contextmanager
def executor_of(workers: str, count: int) -> Iterator[Any]:
    if workers == "cluster":
        from distributed import Client, LocalCluster

        with (
            LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            yield client
    elif workers == "processes":
        with ProcessPoolExecutor(count, get_context("spawn")) as processes:
            yield processes
    else:
        with ThreadPoolExecutor(count) as threads:
            yield threads


def package(megabytes: float, folder: str, executor: Any) -> Path:
    preset = PRESETS["eeg"].of_size(megabytes * 1e6)
    written = package_data_assembly_locally(lazy(preset), IDENTIFIER, IDENTIFIER, preset.cls, folder, executor=executor)
    return Path(written["path"])


def shares(path: Path, clocks: Clocks, *, are_here: bool) -> dict[str, Any]:
    """CPU seconds of the workers and of who writes, without those of the digest, and the seconds that it takes."""
    thread, process, others = clocks.elapsed()
    again, start = Clocks(), time.perf_counter()
    digest = digest_file(path)
    seconds = time.perf_counter() - start
    thread_hashing, process_hashing, _ = again.elapsed()
    thread, process = thread - thread_hashing, process - process_hashing
    workers, writer = (process - thread, thread) if are_here else (others, process)
    return {"sha1": digest.sha1, "size": digest.size, "workers": workers, "writer": writer, "hashing": seconds}


def main(workers: str, count: str, megabytes: str, folder: str) -> None:
    with executor_of(workers, int(count)) as executor:
        package(min(float(megabytes), WARMING_UP * int(count)), folder, executor)
        clocks = Clocks()
        tell(
            lambda: package(float(megabytes), folder, executor),
            lambda path: shares(path, clocks, are_here=workers == "threads"),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

"""How fast the values of an assembly are validated, and in how much memory.

    python -m benchmarks.validating_values [--gigabytes 50] [--chunk-mib 64] [--runs 3]

A lazy assembly of 50 GB, whose chunks are made when they are asked for, is validated in a process of its own; another
one makes the same chunks and does not look at them. It is counted how often each chunk is made. Then arrays of 1 GB in
memory, the fastest of some runs; and an array of 256 MB is written with and without looking at the values.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array
import numpy as np
import xarray as xr

from benchmarks.tables import show
from brainpack.validation.registry import run
from brainpack.validation.rules.values import Values
from brainpack.validation.statistics import Statistics, pieces
from brainpack.write.netcdf import ROOT, write_arrays

if TYPE_CHECKING:
    from collections.abc import Callable

NEUROIDS = 4000
DIMS = ("presentation", "neuroid")
KIBIBYTE = 1 << 10
TASKS = {"make": "made only", "validate": "made and validated"}


def lazy_responses(gigabytes: float, chunk_mib: float, made: Counter[tuple[int, ...]]) -> xr.DataArray:
    """Return float32 responses that are made chunk by chunk, as fast as memory can be copied."""
    rows = max(int(chunk_mib * 2**20) // (4 * NEUROIDS), 1)
    length = max(int(gigabytes * 1e9) // (4 * NEUROIDS), 1)
    template = np.random.default_rng(0).normal(20, 5, (rows, NEUROIDS)).astype(np.float32)
    lock = threading.Lock()

    def make(block_info: Any) -> Any:
        place = block_info[None]
        with lock:
            made[tuple(place["chunk-location"])] += 1
        return template[: place["chunk-shape"][0]] + np.float32(place["chunk-location"][0] % 7)

    chunks = ((rows,) * (length // rows) + ((length % rows,) if length % rows else ()), (NEUROIDS,))
    lazy = dask.array.map_blocks(make, chunks=chunks, dtype=np.float32, meta=template[:0])
    return xr.DataArray(lazy, dims=DIMS)


def in_this_process(task: str, gigabytes: float, chunk_mib: float) -> dict[str, float]:
    made: Counter[tuple[int, ...]] = Counter()
    responses = lazy_responses(gigabytes, chunk_mib, made)
    start = time.perf_counter()
    if task == "validate":
        report = run("responses", Values(Statistics.of(responses), {}))
        assert report.findings == (), report  # noqa: S101 - what is measured is right
    else:
        for _ in pieces(responses.data):
            pass
    return {
        "seconds": time.perf_counter() - start,
        "bytes": responses.nbytes,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE,  # Linux counts in KiB
        "chunks": len(made),
        "most often": max(made.values()),
    }


def in_a_process(task: str, options: argparse.Namespace) -> dict[str, float]:
    arguments = ("--gigabytes", str(options.gigabytes), "--chunk-mib", str(options.chunk_mib), "--only", task)
    command = [sys.executable, "-m", "benchmarks.validating_values", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def seconds_in_memory(array: xr.DataArray, runs: int) -> float:
    return min(seconds(lambda: run("array", Values(Statistics.of(array), {}))) for _ in range(runs))


def seconds_of_writing(array: xr.DataArray, folder: Path, runs: int) -> tuple[float, float]:
    """Return the seconds that writing takes, without and with a look at the values, in turns."""
    alone, observed = [], []
    for number in range(runs):
        path = folder / f"{number}.nc"
        alone.append(seconds(partial(write_arrays, {ROOT: array}, path)))
        path.unlink()
        statistics = Statistics.expecting(array)
        observed.append(seconds(partial(write_arrays, {ROOT: array}, path, observer=statistics)))
        path.unlink()
    return min(alone), min(observed)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def arrays_in_memory(size: int) -> dict[str, xr.DataArray]:
    """Arrays of about so many bytes each."""
    rates = np.random.default_rng(0).gamma(2, 10, (max(size // (8 * NEUROIDS), 1), NEUROIDS))
    with_gaps = rates.copy()
    with_gaps[:, ::10] = np.nan
    values: dict[str, Any] = {
        "float64": rates,
        "float64, 10 % missing": with_gaps,
        "float32": np.vstack([rates] * 2).astype(np.float32),
        "int16 (counts)": np.vstack([rates] * 4).astype(np.int16),
    }
    return {name: xr.DataArray(numbers, dims=DIMS) for name, numbers in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=50)
    parser.add_argument("--chunk-mib", type=float, default=64)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=TASKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(in_this_process(options.only, options.gigabytes, options.chunk_mib)))
        return
    show("A lazy assembly", [row_of(task, in_a_process(task, options)) for task in ("make", "validate")])
    table = []
    for name, array in arrays_in_memory(int(options.gigabytes * 2e7)).items():
        taken = seconds_in_memory(array, options.runs)
        table.append({"in memory": name} | sizes(array.nbytes, taken))
    show(f"Looked at in memory, the fastest of {options.runs} runs", table)
    table = []
    for name, array in arrays_in_memory(int(options.gigabytes * 5e6)).items():
        with tempfile.TemporaryDirectory() as folder:
            alone, observed = seconds_of_writing(array, Path(folder), options.runs)
        more = {"with a look, s": f"{observed:.3f}", "more": f"{observed / alone - 1:+.1%}"}
        table.append({"written": name} | sizes(array.nbytes, alone) | more)
    show(f"Looked at while writing, the fastest of {options.runs} runs", table)


def row_of(task: str, found: dict[str, float]) -> dict[str, str]:
    return (
        {"": TASKS[task]}
        | sizes(found["bytes"], found["seconds"])
        | {"peak MB": f"{found['peak'] / 1e6:.0f}"}
        | {"chunks": f"{found['chunks']:.0f}", "each made, times": f"{found['most often']:.0f}"}
    )


def sizes(nbytes: float, taken: float) -> dict[str, str]:
    return {"GB": f"{nbytes / 1e9:.2f}", "s": f"{taken:.3f}", "GB/s": f"{nbytes / taken / 1e9:.2f}"}


if __name__ == "__main__":
    main()

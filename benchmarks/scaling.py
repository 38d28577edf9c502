"""How writing scales with threads, processes and a Dask cluster, and what that makes of larger machines.

    python -m benchmarks.scaling [--megabytes 200 600] [--runs 3] [--predict 100 10000] [--cores 8 64 512]

EEG in float32 is computed by those who also filter and digest it, and packaged with `package_data_assembly_locally`, in
turns, every time in a new process. All have to write the same bytes. CPU seconds are measured of the workers and of who
writes, which includes the scheduler of the cluster; `benchmarks.model`, which says how, fits to them what both take for
a byte, predicts from that what was measured as time, and then what larger data take on larger machines. There, each
worker and who writes has a core of its own, the file is too large to stay in memory, the disk is the one of this
machine, and a network is not counted: only compressed values go over it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.contest import called, parser
from benchmarks.machine import disk
from benchmarks.model import Crew, Place, Shares, forecast
from benchmarks.tables import show
from brainpack.workers import CORES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.contest import Cost

MB, GB = 1e6, 1e9
DISK_MEGABYTES = 1000
TICK = 1e-3  # seconds, below which a clock of CPUs tells nothing


class Setup(NamedTuple):
    """So many workers of a kind."""

    name: str
    workers: str
    number: int


SETUPS = (
    Setup("1 thread", "threads", 1),
    Setup("2 threads", "threads", 2),
    Setup("1 process", "processes", 1),
    Setup("2 processes", "processes", 2),
    Setup("cluster of 4", "cluster", 4),
)
KINDS = [*dict.fromkeys(setup.workers for setup in SETUPS)]


class Run(NamedTuple):
    """What was measured once."""

    setup: Setup
    megabytes: float
    cost: Cost

    @property
    def shares(self) -> Shares:
        workers, writer = (max(self.cost.found[who], TICK) for who in ("workers", "writer"))
        return Shares(self.megabytes * MB, workers, writer)


def measured(setups: Sequence[Setup], sizes: Sequence[float], runs: int) -> list[Run]:
    with tempfile.TemporaryDirectory() as folder:
        found = [
            Run(setup, megabytes, called(sys.executable, "scaling", setup.workers, setup.number, megabytes, folder))
            for _ in range(runs)
            for megabytes in sizes
            for setup in setups
        ]
    for megabytes in sizes:
        if len({run.cost.found["sha1"] for run in found if run.megabytes == megabytes}) != 1:
            raise RuntimeError("the bytes depend on who computes them")
    return found


def ratio_of(runs: Sequence[Run]) -> float:
    largest = max(runs, key=lambda run: run.megabytes)
    return float(largest.cost.found["size"] / (largest.megabytes * MB))


def place_of(runs: Sequence[Run], disk_megabytes: float) -> Place:
    """The digest's speed is that of the largest file, for which starting threads is nothing."""
    largest = max(run.megabytes for run in runs)
    hashing = [run.cost.found["hashing"] / run.cost.found["size"] for run in runs if run.megabytes == largest]
    with tempfile.TemporaryDirectory() as folder:
        return Place(statistics.median(hashing), *disk(Path(folder), int(disk_megabytes * MB)))


def compared(runs: Sequence[Run], crews: dict[str, Crew], place: Place) -> list[dict[str, str]]:
    """What was measured of each setup, with what the model says."""
    table = []
    for megabytes, setup in dict.fromkeys((run.megabytes, run.setup) for run in runs):
        same = [run for run in runs if (run.megabytes, run.setup) == (megabytes, setup)]
        seconds = statistics.median(run.cost.seconds for run in same)
        shares = [statistics.median(values) for values in zip(*(run.shares for run in same), strict=True)]
        model = forecast(
            crews[setup.workers],
            place,
            megabytes * MB,
            ratio_of(runs),
            workers=setup.number,
            cores=CORES,
            is_cached=True,
        )
        table.append(
            {
                "MB": f"{megabytes:g}",
                "": setup.name,
                "s": f"{seconds:.2f}",
                "MB/s": f"{megabytes / seconds:.0f}",
                "workers, CPU s": f"{shares[1]:.2f}",
                "writer, CPU s": f"{shares[2]:.2f}",
                "model, s": f"{model.seconds:.2f}",
                "saturated": model.saturated,
            }
        )
    return table


def fitted(crews: dict[str, Crew], place: Place) -> list[dict[str, str]]:
    """The parameters, as speeds."""
    speeds = {f"{name}: one core computes, filters, digests": 1 / crew.per_byte for name, crew in crews.items()}
    speeds |= {f"{name}: most that can be written": 1 / crew.writer_per_byte for name, crew in crews.items()}
    files = {
        "SHA-1 and SHA-256 of the file": 1 / place.hashing,
        "disk, writing": 1 / place.disk_writing,
        "disk, reading": 1 / place.disk_reading,
    }
    return [{"": name, "MB/s": f"{speed / MB:,.0f}", "of": "values"} for name, speed in speeds.items()] + [
        {"": name, "MB/s": f"{speed / MB:,.0f}", "of": "file"} for name, speed in files.items()
    ]


def predicted(
    crews: dict[str, Crew], place: Place, ratio: float, sizes: Sequence[float], cores: Sequence[int]
) -> list[dict[str, str]]:
    """Times by size and by number of cores; threads share one Python, which limits them where nobody has measured."""
    table = []
    for name in (name for name in crews if name != "threads"):
        for gigabytes in sizes:
            for count in cores:
                found = forecast(crews[name], place, gigabytes * GB, ratio, workers=count, cores=None)
                parts = (found.writing | found.proving).items()
                table.append(
                    {"GB": f"{gigabytes:,g}", "workers": name, "cores": str(count)}
                    | {f"{part}, s": f"{seconds:,.0f}" for part, seconds in parts}
                    | {"all, s": f"{found.seconds:,.0f}", "saturates first": found.saturated}
                )
    return table


def main() -> None:
    options = parser(__doc__, runs=3)
    options.add_argument("--megabytes", type=float, nargs="+", default=[200, 600])
    options.add_argument("--disk-megabytes", type=float, default=DISK_MEGABYTES, help="of the file that tries the disk")
    options.add_argument("--predict", type=float, nargs="+", default=[100, 10_000], help="GB")
    options.add_argument("--cores", type=int, nargs="+", default=[8, 64, 512])
    options.add_argument("--only", choices=KINDS, nargs="+", default=KINDS, metavar="WORKERS")
    chosen = options.parse_args()
    runs = measured([setup for setup in SETUPS if setup.workers in chosen.only], chosen.megabytes, chosen.runs)
    place, ratio = place_of(runs, chosen.disk_megabytes), ratio_of(runs)
    crews = {name: Crew.fitted([run.shares for run in runs if run.setup.workers == name]) for name in chosen.only}
    show(f"The same bytes by all, medians of {chosen.runs} runs", compared(runs, crews, place))
    show("What the model was given", fitted(crews, place))
    show(
        f"Predicted, of a file of {ratio:.0%} of the values",
        predicted(crews, place, ratio, chosen.predict, chosen.cores),
    )


if __name__ == "__main__":
    main()

"""What is measured on a small machine -> what to expect of larger data on larger machines.

Writing B bytes of values takes CPU seconds of workers, who compute, filter and digest (w B), and of the one who writes,
who appends to the file and merges statistics (a + b B). Both go on at the same time, so that on a machine of c cores,
with n workers, until the file is written, it takes

    a + max(w B / min(n, c), b B, (w + b) B / c, r B / d)

where r is how far values are compressed, and d how many bytes a second the disk takes. Then the finished file is read
and digested, which takes the larger of r B h, where h is what SHA-1 and SHA-256 take for a byte in threads of their
own, and r B / e, where e is how many bytes a second the disk gives, unless the file is in memory still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKERS: Final = "workers"
WRITER: Final = "writer"
CORES: Final = "cores"
DISK: Final = "disk, writing"
HASHES: Final = "SHA of the file"
REREAD: Final = "disk, read again"


class Line(NamedTuple):
    """A cost that grows with a number."""

    start: float
    slope: float

    @classmethod
    def through(cls, points: Sequence[tuple[float, float]]) -> Line:
        """Fit by least squares of the relative distances: a small measurement counts as much as a large one."""
        numbers, values = np.array(points, dtype=float).T
        scale = np.abs(numbers).max()
        equations = np.stack([1 / values, numbers / scale / values], axis=1)
        (start, slope), *_ = np.linalg.lstsq(equations, np.ones(len(values)), rcond=None)
        return cls(float(start), float(slope / scale))

    def at(self, number: float) -> float:
        return self.start + self.slope * number


class Shares(NamedTuple):
    """CPU seconds of all workers and of who writes, for so many bytes of values."""

    nbytes: float
    workers: float
    writer: float


class Crew(NamedTuple):
    """What workers of one kind take: seconds of one core."""

    start: float
    per_byte: float  # of the workers
    writer_per_byte: float

    @classmethod
    def fitted(cls, measured: Sequence[Shares]) -> Crew:
        """Fit to measurements of at least two sizes, each of the shares by itself."""
        workers = Line.through([(found.nbytes, found.workers) for found in measured])
        writer = Line.through([(found.nbytes, found.writer) for found in measured])
        return cls(max(workers.start, 0) + max(writer.start, 0), workers.slope, writer.slope)


class Place(NamedTuple):
    """Where a file is written: seconds for a byte of the file."""

    hashing: float
    disk_writing: float
    disk_reading: float


class Forecast(NamedTuple):
    """Seconds that each part would take alone."""

    start: float
    writing: dict[str, float]  # all of it goes on at the same time
    proving: dict[str, float]  # so does this, afterwards

    @property
    def seconds(self) -> float:
        return self.start + max(self.writing.values()) + max(self.proving.values())

    @property
    def saturated(self) -> str:
        """What takes longest, so that more of anything else would not help."""
        parts = self.writing | self.proving
        return max(parts, key=parts.__getitem__)


def forecast(
    crew: Crew, place: Place, nbytes: float, ratio: float, *, workers: int, cores: int | None, is_cached: bool = False
) -> Forecast:
    """Predict what writing takes.

    Parameters
    ----------
    crew : Crew
    place : Place
    nbytes : float
        Of the values.
    ratio : float
        Bytes of the file for each of them.
    workers : int
    cores : int or None
        That workers and who writes share; None where each has one of its own.
    is_cached : bool
        Whether the system keeps the file in memory: it is not read from the disk, and goes there in its own time.
    """
    stored = nbytes * ratio
    at_once = workers if cores is None else min(workers, cores)
    writing = {WORKERS: crew.per_byte * nbytes / at_once, WRITER: crew.writer_per_byte * nbytes}
    if cores is not None:
        writing[CORES] = (crew.per_byte + crew.writer_per_byte) * nbytes / cores
    proving = {HASHES: place.hashing * stored}
    if not is_cached:
        writing[DISK], proving[REREAD] = place.disk_writing * stored, place.disk_reading * stored
    return Forecast(crew.start, writing, proving)

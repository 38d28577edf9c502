"""Chunks of an HDF5 file -> an array, without HDF5, which inflates one chunk at a time, and with zlib.

HDF5 still says where the chunks are. A chunk is read, inflated and put in its place by one worker, so that besides the
array no more than a chunk for each of them is held.
"""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import deflate
import h5py
import numpy as np

from brainpack.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from brainpack.workers import Workers

    Values = npt.NDArray[Any]
    Region = tuple[slice, ...]
    Places = Mapping[tuple[int, ...], h5py.h5d.StoreInfo]

# By the filters in use, the bits of a chunk's filter mask that say: it was not shuffled, it was not deflated.
_PIPELINES: Final = {
    (): (0, 0),
    (h5py.h5z.FILTER_DEFLATE,): (0, 0b1),
    (h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE): (0b1, 0b10),
}
_NUMBERS_AND_LETTERS: Final = "iufS"
_LARGEST_CHUNK: Final = 1 << 30  # bytes; the system reads little more at once
_WORTH_A_TASK: Final = 256 << 10  # bytes; of smaller chunks, threads wait for each other


@dataclass(frozen=True)
class StoredChunks:
    """Where the chunks of an array are in its file, and how their bytes become values.

    Attributes
    ----------
    name : str
        Of the array, for messages.
    shape, chunk : tuple of int
        Of the array and of each chunk; those at the edge are filled up.
    dtype : dtype
        In the file and in memory.
    not_shuffled, not_deflated : int
        Bits of a chunk's filter mask; 0 where the filter is not in use.
    places : mapping of tuple of int to StoreInfo
        By the first entry of the chunk. Those that are not in it were never written.
    fill : ndarray or None
        One entry: what was never written. None where there is none.
    """

    name: str
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    dtype: np.dtype[Any]
    not_shuffled: int
    not_deflated: int
    places: Places
    fill: Values | None

    @classmethod
    def of(cls, dataset: h5py.Dataset) -> StoredChunks | None:
        """Look up the chunks; None for an array that only HDF5 can read.

        Parameters
        ----------
        dataset : h5py.Dataset
            In chunks.
        """
        bits = _filter_bits(dataset)
        nbytes = math.prod(dataset.chunks) * dataset.dtype.itemsize
        if bits is None or not _is_as_in_memory(dataset) or nbytes > _LARGEST_CHUNK or dataset.file.userblock_size:
            return None
        found: list[h5py.h5d.StoreInfo] = []
        dataset.id.chunk_iter(found.append)
        # HDF5 can be told to filter no chunk at the edge, which can be seen by their sizes alone
        if bits[1] and any(place.size == nbytes and not place.filter_mask & bits[1] for place in found):
            return None
        places = {place.chunk_offset: place for place in found}
        fill = _fill(dataset, places)
        return cls(dataset.name, dataset.shape, dataset.chunks, dataset.dtype, *bits, places, fill)

    def read(self, file: int, region: Region, crew: Workers | None) -> Values:
        """Read a region.

        Parameters
        ----------
        file : int
            A descriptor of the file. Its position is neither used nor changed, so that others may read at the same
            time.
        region : tuple of slice
            Within the array, with steps of 1.
        crew : Workers or None
            Threads of this process, where it is not one of them that calls; None to do without.

        Raises
        ------
        ValueError
            A chunk is damaged.
        OSError
            The file cannot be read.
        """
        values = np.empty([ends.stop - ends.start for ends in region], self.dtype)
        touched = [*self._touched(region)]
        if crew is None or len(touched) == 1 or self._chunk_bytes < _WORTH_A_TASK:
            for corner in touched:
                self._put(file, corner, region, values)
        else:
            tasks = (Task(self._put, (file, corner, region, values)) for corner in touched)
            for _ in crew.results(tasks, most_bytes=0):
                pass
        return values

    @property
    def _chunk_bytes(self) -> int:
        return math.prod(self.chunk) * self.dtype.itemsize

    def _touched(self, region: Region) -> Iterator[tuple[int, ...]]:
        return itertools.product(
            *(
                range(ends.start // length * length, ends.stop, length)
                for ends, length in zip(region, self.chunk, strict=True)
            )
        )

    def _put(self, file: int, corner: tuple[int, ...], region: Region, values: Values) -> None:
        """Put what a chunk holds of a region where it belongs."""
        inner, outer = _overlap(corner, self.chunk, region)
        place = self.places.get(corner)
        if place is None:
            values[outer] = self.fill
            return
        content = self._content(file, place)
        if self.not_shuffled and not place.filter_mask & self.not_shuffled:
            # the bytes of numbers, those of the same rank together
            ranks = np.frombuffer(content, np.uint8).reshape(self.dtype.itemsize, *self.chunk)
            target = values.view(np.uint8).reshape(*values.shape, self.dtype.itemsize)
            for rank, plane in enumerate(ranks):
                target[..., rank][outer] = plane[inner]
        else:
            values[outer] = np.frombuffer(content, self.dtype).reshape(self.chunk)[inner]

    def _content(self, file: int, place: h5py.h5d.StoreInfo) -> bytes | bytearray:
        """The bytes of a chunk, not deflated any more, but perhaps shuffled."""
        if place.byte_offset + place.size > os.fstat(file).st_size:
            raise ValueError(f"the chunk of {self.name!r} at {place.chunk_offset} lies beyond the end of the file")
        content: bytes | bytearray = os.pread(file, place.size, place.byte_offset)
        if self.not_deflated and not place.filter_mask & self.not_deflated:
            try:
                content = deflate.zlib_decompress(content, self._chunk_bytes)  # or fewer bytes, but never more
            except deflate.DeflateError as error:
                raise ValueError(f"the chunk of {self.name!r} at {place.chunk_offset} cannot be inflated") from error
        if len(content) != self._chunk_bytes:
            raise ValueError(
                f"the chunk of {self.name!r} at {place.chunk_offset} has {len(content)} bytes instead of "
                f"{self._chunk_bytes}"
            )
        return content


def _filter_bits(dataset: h5py.Dataset) -> tuple[int, int] | None:
    properties = dataset.id.get_create_plist()
    filters = [properties.get_filter(number) for number in range(properties.get_nfilters())]
    sizes = [values[0] for code, _, values, _ in filters if code == h5py.h5z.FILTER_SHUFFLE]
    is_by_number = all(size == dataset.dtype.itemsize for size in sizes)
    return _PIPELINES.get(tuple(code for code, *_ in filters)) if is_by_number else None


def _is_as_in_memory(dataset: h5py.Dataset) -> bool:
    """Whether the bytes in the file are those of numpy."""
    if dataset.dtype.kind not in _NUMBERS_AND_LETTERS:
        return False
    stored = dataset.id.get_type()
    if dataset.dtype.kind == "S":
        return dataset.dtype.itemsize == 1 and bool(stored.get_strpad() != h5py.h5t.STR_SPACEPAD)
    return bool(h5py.h5t.py_create(dataset.dtype).equal(stored))


def _fill(dataset: h5py.Dataset, places: Places) -> Values | None:
    """Ask HDF5 what it takes for a chunk that was never written."""
    steps = (range(0, size, length) for size, length in zip(dataset.shape, dataset.chunks, strict=True))
    absent = next((corner for corner in itertools.product(*steps) if corner not in places), None)
    if absent is None:
        return None
    fill: Values = dataset[tuple(slice(start, start + 1) for start in absent)]
    return fill


def _overlap(corner: tuple[int, ...], chunk: tuple[int, ...], region: Region) -> tuple[Region, Region]:
    """Return what a chunk and a region share, in the chunk and in the region."""
    inner, outer = [], []
    for start, length, ends in zip(corner, chunk, region, strict=True):
        first, last = max(start, ends.start), min(start + length, ends.stop)
        inner.append(slice(first - start, last - start))
        outer.append(slice(first - ends.start, last - ends.start))
    return tuple(inner), tuple(outer)

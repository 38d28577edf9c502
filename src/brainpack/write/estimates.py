"""What writing will take of memory and disk, told before it starts."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.content.blocks import block_count, block_shape
from brainpack.notices import warn
from brainpack.resources import disk_left, human_size, require_disk, require_memory
from brainpack.workers import workers
from brainpack.write.chunks import TOGETHER, band_lengths, chunk_shape
from brainpack.write.filters import filtered, level_of
from brainpack.write.packing import HELD, MOST_HELD
from brainpack.write.stimulus_files import HELD_IN_MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import xarray as xr

    from brainpack.write.filters import Compress
    from brainpack.write.stimulus_files import StimulusFile

_NUMBERS: Final = "biuf"  # others are converted as a whole before they are written
_SAMPLES: Final = 16  # chunks

_UINT16: Final = 0xFFFF
_UINT32: Final = 0xFFFFFFFF


def require_room(
    arrays: Sequence[xr.DataArray], what: str, folder: Path, *, compress: Compress = True, executor: Any = None
) -> None:
    """Refuse to write arrays for which memory or the disk is too small; nothing is computed for that.

    What the arrays hold already is not counted, nor are their coordinates.

    Parameters
    ----------
    arrays : sequence of DataArray
    what : str
        As in "writing lab.Author2026".
    folder : Path
        Its disk has to hold the numbers. If it would not without compression, a sample of those in memory is
        compressed; how far lazy ones will shrink nobody knows yet, so that these lead to a warning only.
    compress : bool or "fast"
    executor : concurrent.futures.Executor, dask.distributed.Client or None
        Who will write, see `brainpack.workers.workers`. Other processes have memory of their own, which is not known.

    Raises
    ------
    StoreError
        It says what would fit: blocks of which size, how many workers, how much space.
    SettingsError
        `compress` or `executor` is something else.
    """
    with workers(executor) as crew:
        count = crew.here.count
        for array in arrays:
            if array.chunks is None or crew.are_here:
                require_memory(memory_for_array(array, count), what, partial(what_fits, array, count))
    _require_disk_for_numbers([array for array in arrays if _is_of_numbers(array)], what, folder, level_of(compress))


def _require_disk_for_numbers(arrays: Sequence[xr.DataArray], what: str, folder: Path, level: int | None) -> None:
    left, raw = disk_left(folder), sum(array.nbytes for array in arrays)
    if level is None:
        require_disk(raw, folder, what)
    elif raw > left:
        known = [array.values for array in arrays if array.chunks is None]
        needed = sum(disk_for_values(values, _compressor(level)) for values in known)
        require_disk(needed, folder, what)
        lazy = raw - sum(values.nbytes for values in known)
        if needed + lazy > left:
            warn(
                f"{what} will fill the disk unless {human_size(lazy)} of lazy values are compressed to "
                f"{100 * (left - needed) // lazy} %: the file system of {folder} leaves {human_size(left)}. Nothing "
                "would be lost; free some space, or choose a folder on a larger disk"
            )


def require_disk_for_zip(files: Sequence[StimulusFile], what: str, folder: Path) -> None:
    """Refuse to pack files into a ZIP that the disk does not hold.

    Parameters
    ----------
    files : sequence of StimulusFile
    what : str
        As in "packing lab.Author2026".
    folder : Path

    Raises
    ------
    StoreError
        The ZIP would be larger than what is left.
    """
    needed = zip_size([file.name for file in files], [file.size for file in files])
    require_disk(needed, folder, what)


def memory_for_array(array: xr.DataArray, count: int) -> int:
    """Estimate what writing an array takes at most, beside what holds it now.

    Parameters
    ----------
    array : DataArray
        Nothing is computed.
    count : int
        Workers.

    Returns
    -------
    int
        Bytes: three times the values that are under way.

    Examples
    --------
    >>> import xarray as xr
    >>> memory_for_array(xr.DataArray(np.zeros((256, 1 << 17))), count=2) >> 20
    24
    """
    return _under_way(_task(array), count, whole=HELD * array.nbytes)


def what_fits(array: xr.DataArray, count: int, left: int) -> str:
    """Say how an array can be written with so much memory.

    Parameters
    ----------
    array : DataArray
    count : int
        Workers.
    left : int
        Bytes.

    Examples
    --------
    >>> import dask.array, xarray as xr
    >>> array = xr.DataArray(dask.array.zeros((4000, 1 << 17), chunks=-1), dims=("presentation", "neuroid"))
    >>> what_fits(array, count=2, left=864 << 20)
    "with 2 workers, blocks of at most 96 MiB fit: open or make the array with chunks={'presentation': 96}"
    """
    task, whole = _task(array), HELD * array.nbytes
    for fewer in range(count, 0, -1):
        crew = f"executor=ThreadPoolExecutor({fewer})" if fewer < count else f"{count} worker{'s' * (count > 1)}"
        if _under_way(task, fewer, whole) <= left:
            return f"with {crew}, it fits"
        if lengths := _blocks_that_fit(array, fewer, left):
            block = math.prod(lengths.get(dim, size) for dim, size in array.sizes.items()) * array.dtype.itemsize
            return (
                f"with {crew}, blocks of at most {human_size(block)} fit: open or make the array with chunks={lengths}"
            )
    return "end other programs, ask for more in a batch job, or use a larger machine"


def _blocks_that_fit(array: xr.DataArray, count: int, left: int) -> dict[Hashable, int]:
    """Lengths of blocks of a lazy array along the axes that have to be cut; none, where that does not help."""
    if array.chunks is None or not _is_of_numbers(array):
        return {}
    block = block_shape(array.shape, array.dtype.itemsize, left // (HELD * (count + 1)))
    largest = max(math.prod(block) * array.dtype.itemsize, TOGETHER)
    if _under_way(HELD * largest, count, whole=HELD * array.nbytes) > left:
        return {}
    return {dim: step for dim, step, full in zip(array.dims, block, array.shape, strict=True) if step < full}


def disk_for_values(values: npt.NDArray[Any], compressed: Callable[[npt.NDArray[Any]], int]) -> int:
    """Estimate what values take in a file by some of its chunks, evenly spread.

    Parameters
    ----------
    values : ndarray
        Numbers.
    compressed : callable
        Returns to how many bytes a chunk is compressed.

    Returns
    -------
    int
        Bytes; never more than the values have.

    Examples
    --------
    >>> disk_for_values(np.zeros((1000, 1000)), lambda block: block.nbytes // 4)
    2000000
    """
    if not values.size:
        return 0
    chunk = chunk_shape(values.shape, values.dtype.itemsize)
    count = block_count(values.shape, chunk)
    grid = [-(-length // step) for length, step in zip(values.shape, chunk, strict=True)]
    before = after = 0
    for number in np.linspace(0, count - 1, min(count, _SAMPLES)).astype(int):
        corner = np.unravel_index(number, grid)
        region = tuple(slice(at * step, (at + 1) * step) for at, step in zip(corner, chunk, strict=True))
        before += values[region].nbytes
        after += compressed(values[region])
    return min(math.ceil(values.nbytes * after / before), values.nbytes)


def zip_size(names: Iterable[str], sizes: Iterable[int]) -> int:
    """Bytes of the ZIP that `Archive` makes.

    Parameters
    ----------
    names : iterable of str
        Of the entries.
    sizes : iterable of int
        Bytes of the files.

    Returns
    -------
    int
        Exact, as long as no file changes.

    Examples
    --------
    >>> zip_size(["left.png", "right.png"], [1000, 2000])
    3208
    """
    start = directory = count = 0
    for name, size in zip(names, sizes, strict=True):
        length, is_large = len(name.encode()), size >= _UINT32
        directory += 46 + length + _extra(2 * is_large + (start >= _UINT32))
        start += 30 + length + _extra(2 * is_large) + size
        if size > HELD_IN_MEMORY:  # its checksum comes behind it
            start += 24 if is_large else 16
        count += 1
    is_zip64 = count >= _UINT16 or start >= _UINT32 or directory >= _UINT32
    return start + directory + 22 + (56 + 20 if is_zip64 else 0)


def _extra(numbers: int) -> int:
    """Bytes of the field for numbers of 64 bits."""
    return 4 + 8 * numbers if numbers else 0


def _under_way(task: int, count: int, whole: int) -> int:
    """Bytes that `Workers.results` lets be under way, of tasks that take so much at most, and all of them so much."""
    return min(whole, 4 * count * task, max((count + 1) * task, MOST_HELD))


def _task(array: xr.DataArray) -> int:
    """Bytes of what is worked on at a time: a chunk of the file, or whole chunks of a lazy array, or all of it."""
    if not _is_of_numbers(array):
        return HELD * array.nbytes
    itemsize, chunks = array.dtype.itemsize, array.chunks
    lengths = chunk_shape(array.shape, itemsize) if chunks is None else map(max, band_lengths(chunks, itemsize))
    return HELD * math.prod(lengths) * itemsize


def _is_of_numbers(array: xr.DataArray) -> bool:
    dtype: object = array.dtype  # pandas has types of its own
    return isinstance(dtype, np.dtype) and dtype.kind in _NUMBERS


def _compressor(level: int) -> Callable[[npt.NDArray[Any]], int]:
    return lambda block: len(filtered(block, block.shape, level).content)

"""How an array is cut into the blocks of a dask array: never through a chunk of the file."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from brainpack.errors import SettingsError
from brainpack.read.container import decoding

if TYPE_CHECKING:
    from collections.abc import Hashable
    from types import ModuleType

    import numpy as np
    import xarray as xr

Length = int | Literal["auto"] | None
Chunks = Length | Mapping[Any, Length]
"""What a caller asks for: as in xarray, `{}` for the chunks of the file, "auto" for blocks of the size that dask is set
to, -1 for the whole length, a number of entries, or one of these by dimension; None for values in memory."""

_WHOLE: Final = -1
_AUTO: Final = "auto"


def lazy_values(variable: xr.Variable, chunks: Chunks, where: str) -> Any:
    """Return the values as a dask array whose blocks are read from the file when they are computed.

    Raises
    ------
    SettingsError
        `chunks` makes no sense, or dask is not installed.
    """
    dask = _dask()
    stored = variable.encoding.get("chunksizes") or (1,) * variable.ndim
    is_chunked = bool(variable.encoding.get("chunksizes"))
    lengths = _lengths(chunks, variable.dims, default=None if is_chunked else _AUTO)
    limit = dask.utils.parse_bytes(dask.config.get("array.chunk-size"))
    blocks = aligned(lengths, variable.shape, stored[: variable.ndim], limit // max(variable.dtype.itemsize, 1))
    # every opening has names of its own: the file may have been replaced since the last one
    name = f"assembly-{uuid.uuid4().hex}"
    return dask.array.from_array(_Values(variable, where), chunks=blocks, name=name)


def _dask() -> ModuleType:
    try:
        import dask.array
        import dask.utils
    except ImportError as error:
        raise SettingsError(
            f'chunks need dask, which cannot be imported ({error}); run pip install "brainpack[lazy]", '
            "or load without chunks"
        ) from error
    return dask


def _lengths(chunks: Chunks, dims: tuple[Hashable, ...], default: Length) -> tuple[Length, ...]:
    """Return what is asked for, axis by axis; `default` where nothing is."""
    asked = chunks if isinstance(chunks, Mapping) else dict.fromkeys(dims, chunks)
    for dim, length in asked.items():
        is_number = isinstance(length, int) and not isinstance(length, bool) and (length > 0 or length == _WHOLE)
        if not (is_number or length is None or length == _AUTO):
            raise SettingsError(
                f"chunks has {length!r} for {dim!r}; expected a number of entries, -1 for all of them, 'auto', or None "
                "for the chunks of the file"
            )
    return tuple(default if asked.get(dim) is None else asked[dim] for dim in dims)


def aligned(
    lengths: tuple[Length, ...], shape: tuple[int, ...], stored: tuple[int, ...], limit: int
) -> tuple[int, ...]:
    """Return the shape of a block: along each axis a multiple of the chunk in the file, or the whole length.

    Parameters
    ----------
    lengths : tuple of int, "auto" or None
        A number is rounded up; None is one chunk of the file. "auto" takes as many chunks as keep a block below
        `limit`, at least one: first along the last axis, whose values lie beside each other in the file.
    shape, stored : tuple of int
        Of the array and of a chunk in the file.
    limit : int
        Values per block.

    >>> aligned((1000, None), (25_600, 100_000), (2, 60_000), limit=2**25)
    (1000, 60000)
    >>> aligned(("auto", "auto"), (25_600, 100_000), (2, 60_000), limit=2**25)
    (334, 100000)
    """
    block = [
        size if length == _WHOLE else _rounded_up(length if isinstance(length, int) else 1, unit, size)
        for length, size, unit in zip(lengths, shape, stored, strict=True)
    ]
    for axis in reversed(range(len(shape))):
        if lengths[axis] == _AUTO:
            one_chunk = max(math.prod(block), 1)
            block[axis] = min(block[axis] * max(limit // one_chunk, 1), shape[axis])
    return tuple(block)


def _rounded_up(length: int, unit: int, size: int) -> int:
    return min(-(-length // unit) * unit, size)


class _Values:
    """A variable that decodes the part that is asked for; dask sends it to its workers."""

    def __init__(self, variable: xr.Variable, where: str) -> None:
        self._variable = variable.copy(deep=False)
        self._variable.dims = tuple(f"axis_{number}" for number in range(variable.ndim))  # the real ones may repeat
        self._where = where
        self.shape = variable.shape
        self.ndim = variable.ndim
        self.dtype = variable.dtype

    def __getitem__(self, region: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        with decoding(self._where):
            return self._variable[region].values

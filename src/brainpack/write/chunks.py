"""How an array is cut into chunks, and how a chunk is compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import deflate
import numpy as np

from brainpack.content.blocks import block_shape, regions

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Region = tuple[slice, ...]
    Block = npt.NDArray[Any]

TARGET_BYTES: Final = 1 << 20
DEFLATE_LEVEL: Final = 4


def chunk_shape(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Cut the slow axes until a chunk is about a megabyte; the fast axes stay whole.

    Parameters
    ----------
    shape : tuple of int
        No axis of length 0.
    itemsize : int
        Bytes per value.

    Returns
    -------
    tuple of int
        At most `TARGET_BYTES` per chunk.

    Examples
    --------
    >>> chunk_shape((10_000, 200, 30), itemsize=4)
    (43, 200, 30)
    """
    return block_shape(shape, itemsize, TARGET_BYTES)


def blocks(values: Any, chunk: tuple[int, ...], dtype: np.dtype[Any]) -> Iterator[tuple[Region, Block]]:
    """Cut an array into its chunks, in the order in which they lie in the file.

    Parameters
    ----------
    values : array-like with shape and slicing
        Only one chunk of it is converted or, where it is lazy, in memory at a time.
    chunk : tuple of int
    dtype : dtype
        Type of the blocks.

    Yields
    ------
    (tuple of slice, ndarray)

    Examples
    --------
    >>> [block.tolist() for _, block in blocks(np.arange(5), (2,), np.dtype("i1"))]
    [[0, 1], [2, 3], [4]]
    """
    for region in regions(values.shape, chunk):
        yield region, np.asarray(values[region], dtype=dtype)


def filtered(block: Block, chunk: tuple[int, ...]) -> bytearray:
    """Apply the filters of netCDF-4, byte shuffle and deflate, to one chunk.

    The zlib that HDF5 would use is another one on every system; libdeflate comes with its Python package, so that
    the same data give the same bytes everywhere.

    Parameters
    ----------
    block : ndarray
        Smaller than `chunk` at the edge of the array; zeros fill it up.
    chunk : tuple of int

    Returns
    -------
    bytearray

    Examples
    --------
    >>> import zlib
    >>> list(zlib.decompress(filtered(np.array([1, 2], dtype="<i2"), (3,))))
    [1, 2, 0, 0, 0, 0]
    """
    if block.shape != chunk:
        block = np.pad(block, [(0, full - part) for full, part in zip(chunk, block.shape, strict=True)])
    content = np.ascontiguousarray(block).tobytes()
    if block.dtype.itemsize > 1:
        content = np.frombuffer(content, np.uint8).reshape(-1, block.dtype.itemsize).T.tobytes()
    return deflate.zlib_compress(content, DEFLATE_LEVEL)

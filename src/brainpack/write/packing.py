"""A region of an array -> its chunks as the file stores them: all that a worker does."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from brainpack.content.blocks import regions
from brainpack.content.values import TEXT, block_digest
from brainpack.workers import Task
from brainpack.write.chunks import TARGET_BYTES, bands, chunk_shape
from brainpack.write.filters import filtered, is_better_transposed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    from brainpack.write.encoding import Encoded
    from brainpack.write.filters import Filtered

    Region = tuple[slice, ...]
    Block = npt.NDArray[Any]
    Look = Callable[[Block], Any]


HELD: Final = 3  # times its values that a region takes: as they came, shuffled, and compressed
MOST_HELD: Final = 64 << 20  # bytes of regions under way, if they are small
_MANY_TEXTS: Final = 64 << 10  # or else chunks of single letters would be too small to be worth their place in the file
_LETTERS_TRIED: Final = 128 << 10  # bytes


class Observer(Protocol):
    """Who learns about values while they are written."""

    def look(self, region: Region) -> Look:
        """Return who looks at the values of a region, perhaps in another process."""
        ...

    def take(self, found: Any) -> None:
        """Take what was found there."""
        ...


@dataclass(frozen=True)
class Plan:
    """How an array becomes chunks.

    Attributes
    ----------
    shape, chunk : tuple of int
    dtype : dtype
        In the file.
    type : str
        What the values are, as the content hash names it.
    level : int or None
        Of libdeflate; None for values that are stored as they are.
    """

    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    dtype: np.dtype[Any]
    type: str
    level: int | None

    @classmethod
    def of(cls, encoded: Encoded, level: int | None) -> Plan:
        chunk = chunk_shape(encoded.shape, encoded.dtype.itemsize)
        if level is not None and encoded.is_text and _are_better_apart(encoded.values):
            chunk = min(encoded.shape[0], TARGET_BYTES), 1
        return cls(encoded.shape, chunk, encoded.dtype, encoded.type, level)


class Chunk(NamedTuple):
    """A chunk of the file, where it is, and the digest of its values; text has none."""

    region: Region
    stored: Filtered | Block
    digest: bytes | None


@dataclass
class Packed:
    """What became of a region.

    Attributes
    ----------
    chunks : list of Chunk
        Those that lie in the region as a whole, in C order.
    before, after : (region, values) or None
        What is left of a chunk that begins before the region, and of one that ends after it.
    found : Any
        By who looked at the values.
    """

    chunks: list[Chunk] = field(default_factory=list)
    before: tuple[Region, Block] | None = None
    after: tuple[Region, Block] | None = None
    found: Any = None


def pack(plan: Plan, region: Region, values: Block, look: Look | None) -> Packed:
    """Cut the values of a region into the chunks of the file, filter and digest these.

    Parameters
    ----------
    plan : Plan
    region : tuple of slice
        Ends at the array's end, at the latest. What lies beside it in C order may be in other regions.
    values : ndarray
        Of the region, in any type that can be converted to the one in the file.
    look : callable or None
        Gets the values.

    Returns
    -------
    Packed

    Examples
    --------
    >>> plan = Plan((5,), (2,), np.dtype("<i2"), "int16", level=4)
    >>> packed = pack(plan, (slice(1, 5),), np.array([1, 2, 3, 4]), None)
    >>> packed.before, [chunk.region for chunk in packed.chunks]
    (((slice(1, 2, None),), array([1], dtype=int16)), [(slice(2, 4, None),), (slice(4, 5, None),)])
    """
    values = np.asarray(values, dtype=plan.dtype)
    packed = Packed()
    if look is not None:
        packed.found = look(values.view(np.dtype(plan.type).newbyteorder("<")))
    before, inner, after = _cut(plan, region)
    if before is not None:
        packed.before = before, values[_within(before, region)]
    if after is not None:
        packed.after = after, values[_within(after, region)]
    for chunk in _chunks_of(plan, inner):
        packed.chunks.append(_packed_chunk(plan, chunk, values[_within(chunk, region)]))
    return packed


def pack_from(plan: Plan, region: Region, array: Any, look: Look | None) -> Packed:
    """Pack a region of an array that is in this process."""
    return pack(plan, region, array[region], look)


def tasks(plan: Plan, values: Any, observer: Observer | None) -> Iterator[Task]:
    """What there is to do for an array, in C order.

    Parameters
    ----------
    plan : Plan
    values : array-like with shape and slicing
        A lazy one is computed by whole chunks of its own.
    observer : Observer or None
    """
    is_lazy = hasattr(values, "dask")
    parts = bands(values) if is_lazy else ((region, values) for region in _chunks_of(plan, _whole(plan.shape)))
    for region, part in parts:
        look = None if observer is None else observer.look(region)
        size = HELD * plan.dtype.itemsize * math.prod(axis.stop - axis.start for axis in region)
        yield Task(pack if is_lazy else pack_from, (plan, region, part, look), size)


def in_order(plan: Plan, parts: Iterable[Packed], observer: Observer | None) -> Iterator[Chunk]:
    """All chunks of an array; those that lie in several regions are packed here."""
    pieces: list[tuple[Region, Block]] = []
    for part in parts:
        if observer is not None:
            observer.take(part.found)
        if part.before is not None:
            pieces.append(part.before)
            if (chunk := _joined(plan, pieces)) is not None:
                pieces = []
                yield chunk
        yield from part.chunks
        if part.after is not None:
            pieces = [part.after]


def _joined(plan: Plan, pieces: list[tuple[Region, Block]]) -> Chunk | None:
    """The chunk that pieces make up, once they are complete."""
    axis = _cut_axis(plan)
    start, stop = pieces[0][0][axis].start, pieces[-1][0][axis].stop
    if stop < plan.shape[axis] and stop % plan.chunk[axis]:
        return None
    region = tuple(slice(start, stop) if at == axis else ends for at, ends in enumerate(pieces[0][0]))
    return _packed_chunk(plan, region, np.concatenate([values for _, values in pieces], axis=axis))


def _packed_chunk(plan: Plan, region: Region, values: Block) -> Chunk:
    digest = None if plan.type == TEXT else block_digest(values)
    return Chunk(region, values if plan.level is None else filtered(values, plan.chunk, plan.level), digest)


def _are_better_apart(letters: Any) -> bool:
    """Whether the first letters of many texts are better kept together, and so the second ones, and so on.

    That helps where texts differ in single letters, as ids do, and does harm where whole words come back.
    """
    match letters.shape:
        case count, width if count >= _MANY_TEXTS:
            length = max(_LETTERS_TRIED // width, 1)
            start = (count - length) // 2
            return is_better_transposed(letters[start : start + length, :])
        case _:
            return False


def _cut(plan: Plan, region: Region) -> tuple[Region | None, Region, Region | None]:
    """Divide a region into a piece of a chunk, whole chunks, and another piece."""
    axis = _cut_axis(plan)
    if not region:
        return None, region, None
    step, (start, stop) = plan.chunk[axis], (region[axis].start, region[axis].stop)
    first = -(-start // step) * step
    last = stop if stop == plan.shape[axis] else stop // step * step

    def part(start: int, stop: int) -> Region:
        return tuple(slice(start, stop) if at == axis else ends for at, ends in enumerate(region))

    if first > stop:  # in the middle of a chunk
        return region, part(stop, stop), None
    last = max(first, last)
    return part(start, first) if start < first else None, part(first, last), part(last, stop) if last < stop else None


def _cut_axis(plan: Plan) -> int:
    """The axis along which a chunk may lie in several regions: regions are whole along those that follow."""
    return next((axis for axis, length in enumerate(plan.chunk) if length > 1), 0)


def _chunks_of(plan: Plan, region: Region) -> Iterator[Region]:
    """The chunks of the file that make up a region."""
    shape = tuple(axis.stop - axis.start for axis in region)
    for chunk in regions(shape, plan.chunk):
        yield tuple(
            slice(outer.start + inner.start, min(outer.start + inner.stop, outer.stop))
            for outer, inner in zip(region, chunk, strict=True)
        )


def _whole(shape: tuple[int, ...]) -> Region:
    return tuple(slice(0, length) for length in shape)


def _within(part: Region, region: Region) -> tuple[Any, ...]:
    """Where a part is in the values of its region; the dots keep an array without dimensions an array."""
    places = zip(part, region, strict=True)
    return (*(slice(inner.start - outer.start, inner.stop - outer.start) for inner, outer in places), ...)

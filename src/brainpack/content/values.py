"""The content of one array: its canonical type, and one digest for all of its values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.content.blocks import block_shape, regions
from brainpack.errors import InvalidData
from brainpack.objects.values import natural, why_not_storable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Values = npt.NDArray[Any]

TEXT: Final = "text"
BLOCK_BYTES: Final = 1 << 20  # part of the specification, whatever size the chunks of a file have
_TEXT_BYTES: Final = 16  # what a text of any length counts when an array is cut; part of the specification
_LENGTH_BYTES: Final = 8
_MISSING_TEXT: Final = b"\xff" * _LENGTH_BYTES
_SLAB_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class ArrayContent:
    """What counts of an array.

    Attributes
    ----------
    dims : tuple of str
    shape : tuple of int
    type : str
        "text", "datetime64[ns]", "timedelta64[ns]", or the name of a number's dtype.
    values : str
        Digest of the values, 64 hexadecimal digits.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    type: str
    values: str


class ValuesHash:
    """Digest of values that come in C order, in pieces of any size.

    Parameters
    ----------
    type_ : str
        As `content_type` names it.
    shape : tuple of int
        Of the whole array.

    Examples
    --------
    >>> whole, parts = ValuesHash("int16", (3,)), ValuesHash("int16", (3,))
    >>> whole.add(np.array([1, 2, 3], dtype="<i2"))
    >>> for part in ([1], [2, 3]):
    ...     parts.add(np.array(part, dtype=">i2"))
    >>> whole.hexdigest() == parts.hexdigest()
    True
    """

    def __init__(self, type_: str, shape: tuple[int, ...]) -> None:
        self._to_bytes = _text_bytes if type_ == TEXT else _number_bytes
        self._lengths = _block_lengths(shape, _itemsize(type_))
        self._blocks = hashlib.sha256()
        self._block = hashlib.sha256()
        self._left = 0

    def add(self, values: Values) -> None:
        """Take the next values."""
        rest = values.ravel()
        while rest.size:
            self._left = self._left or next(self._lengths)
            part, rest = rest[: self._left], rest[self._left :]
            self._block.update(self._to_bytes(part))
            self._left -= part.size
            if not self._left:
                self._blocks.update(self._block.digest())
                self._block = hashlib.sha256()

    def add_block(self, digest: bytes) -> None:
        """Take the next block of numbers by its `block_digest`, which somebody else has computed."""
        self._blocks.update(digest)

    def hexdigest(self) -> str:
        """The digest, once all values have come."""
        return self._blocks.hexdigest()


def block_digest(values: Values) -> bytes:
    """SHA-256 of one block of numbers: a region of an array that `block_shape` cuts to `BLOCK_BYTES`.

    Examples
    --------
    >>> by_block, by_values = ValuesHash("int16", (2,)), ValuesHash("int16", (2,))
    >>> by_block.add_block(block_digest(np.array([1, 2], dtype="<i2")))
    >>> by_values.add(np.array([1, 2], dtype="<i2"))
    >>> by_block.hexdigest() == by_values.hexdigest()
    True
    """
    return hashlib.sha256(_number_bytes(values)).digest()


def content_type(dtype: np.dtype[Any]) -> str:
    """Name the canonical type of values; objects are taken for text.

    Raises
    ------
    InvalidData
        A package cannot hold values of this type.

    Examples
    --------
    >>> content_type(np.dtype(">f4")), content_type(np.dtype("<U7")), content_type(np.dtype("datetime64[s]"))
    ('float32', 'text', 'datetime64[ns]')
    """
    if dtype.kind in "OUS":
        return TEXT
    if reason := why_not_storable(np.empty(0, dtype=dtype)):
        raise InvalidData(f"there is no content hash for {reason}")
    return f"{dtype.type.__name__}[ns]" if dtype.kind in "mM" else dtype.name


def array_content(dims: tuple[str, ...], values: Any) -> ArrayContent:
    """Digest an array.

    Parameters
    ----------
    dims : tuple of str
    values : array-like with shape, dtype and slicing
        Where its numbers are lazy, a few megabytes of them are in memory at a time.

    Returns
    -------
    ArrayContent

    Raises
    ------
    InvalidData
        A package cannot hold such values.

    Examples
    --------
    >>> array_content(("n",), np.array([0.5, np.nan])) == array_content(("n",), np.array([0.5, None], dtype=object))
    True
    """
    values = _typed(values)
    type_ = content_type(values.dtype)
    hashed = ValuesHash(type_, values.shape)
    for region in slabs(values.shape, _itemsize(type_)):
        hashed.add(np.asarray(values[region]))
    return ArrayContent(dims, tuple(values.shape), type_, hashed.hexdigest())


def slabs(shape: tuple[int, ...], itemsize: int) -> Iterator[tuple[slice, ...]]:
    """Regions of an array in C order, each of a few megabytes: what is in memory of one that is lazy."""
    return regions(shape, block_shape(shape, itemsize, _SLAB_BYTES))


def _typed(values: Any) -> Any:
    """Values whose dtype says what they are."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind not in "OUTmM":
        return values
    held: Values = np.asarray(values)
    if held.dtype.kind == "O" and pd.api.types.infer_dtype(held.ravel()) == "bytes":
        return held.astype(np.bytes_)
    if reason := why_not_storable(held):
        raise InvalidData(f"there is no content hash for {reason}")
    return natural(held)


def _itemsize(type_: str) -> int:
    return _TEXT_BYTES if type_ == TEXT else np.dtype(type_).itemsize


def _block_lengths(shape: tuple[int, ...], itemsize: int) -> Iterator[int]:
    """Number of values in each block, in C order."""
    for region in regions(shape, block_shape(shape, itemsize, BLOCK_BYTES)):
        length = 1
        for axis, size in zip(region, shape, strict=True):
            length *= len(range(*axis.indices(size)))
        yield length


def _number_bytes(values: Values) -> memoryview:
    """Little-endian bytes; the same for all values that are equal, and for all that are no number."""
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):  # a signalling NaN
            values = values + 0  # a copy, in which -0.0 is 0.0
            if np.isnan(values.min(initial=0)):
                np.copyto(values, np.nan, where=np.isnan(values))
    elif values.dtype.kind in "mM":
        values = values.astype(f"{values.dtype.kind}8[ns]").view(np.int64)
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).data


def _text_bytes(values: Values) -> bytes:
    texts = values.tolist()
    framed = {text: _framed(text) for text in set(texts)}
    return b"".join(map(framed.__getitem__, texts))


def _framed(text: object) -> bytes:
    """A text behind its length; missing ones have a length that no text has."""
    match text:
        case str():
            content = text.encode()
        case bytes():
            content = text
        case _ if pd.isna(text):  # type: ignore[call-overload]  # the stubs know no objects
            return _MISSING_TEXT
        case _:
            raise InvalidData(f"a {type(text).__name__} among texts ({text!r}), whose content is not defined")
    return len(content).to_bytes(_LENGTH_BYTES, "little") + content

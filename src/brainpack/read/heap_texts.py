"""Text of variable length -> its letters, without HDF5, which makes one text at a time.

An entry of such an array is the length of its text, and where that is: in which heap, under which number.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from brainpack.read.heaps import Heaps, Unsound, batches, heap_at

if TYPE_CHECKING:
    from brainpack.read.heaps import Numbers

    Letters = np.ndarray[Any, np.dtype[np.bytes_]]
    References = np.ndarray[Any, np.dtype[np.void]]

_REFERENCE: Final = np.dtype([("length", "<u4"), ("heap", "<u8"), ("number", "<u4")])
_SIZES: Final = (8, 8)  # bytes of places and lengths in the file
_WORD: Final = 8  # bytes
_FILLING: Final = 4  # times the length of all texts; more is not worth it
_FEW_BYTES: Final = 1 << 20  # are worth it anyway
# for each number of bytes a word of which these are kept
_KEPT: Final = np.frombuffer(b"".join((b"\xff" * kept).ljust(_WORD, b"\0") for kept in range(_WORD + 1)), "<u8")


def are_in_heaps(dataset: h5py.Dataset) -> bool:
    """Whether the texts of an array are where `letters_of` looks for them.

    Parameters
    ----------
    dataset : h5py.Dataset
    """
    kind = h5py.check_string_dtype(dataset.dtype)
    is_variable = kind is not None and kind.length is None and kind.encoding == "utf-8"
    if not is_variable or dataset.ndim != 1 or dataset.file.userblock_size:
        return False
    return dataset.id.get_offset() is not None and dataset.file.id.get_create_plist().get_sizes() == _SIZES


def letters_of(file: int, place: int, count: int) -> Letters | None:
    """Read texts.

    Parameters
    ----------
    file : int
        A descriptor of the file, whose position is neither used nor changed.
    place : int
        Where the entries of the array are.
    count : int
        Of the entries.

    Returns
    -------
    numpy.ndarray of S1, shape (entries, bytes), or None
        Filled up with zeros. None for what is left to HDF5: damage, and texts of which few are long.
    """
    content = os.pread(file, count * _REFERENCE.itemsize, place)
    if len(content) < count * _REFERENCE.itemsize:
        return None
    references = np.frombuffer(content, _REFERENCE)
    lengths = references["length"].astype(np.int64)
    words = max(-(-int(lengths.max(initial=0)) // _WORD), 1)
    if count * words * _WORD > max(_FILLING * int(lengths.sum()), _FEW_BYTES):
        return None
    letters = np.zeros((count, words), "<u8")
    try:
        _fill(letters, references, lengths, file)
    except Unsound:
        return None
    return letters.view("S1")


def _fill(letters: Numbers, references: References, lengths: Numbers, file: int) -> None:
    """Put the texts where they belong, a batch of heaps after the other.

    Raises
    ------
    Unsound
        A heap or a text is not where it should be.
    """
    end = os.fstat(file).st_size

    def read(start: int, length: int) -> bytes:
        return os.pread(file, length, start)

    entries = np.flatnonzero(lengths)  # an empty text is nowhere
    addresses, which = _distinct(references["heap"][entries])
    order = np.argsort(which, kind="stable")
    entries, which = entries[order], which[order]
    first = 0
    for batch in batches(heap_at(address, read, end) for address in addresses.tolist()):
        part = slice(*np.searchsorted(which, (first, first + len(batch))))
        rows = entries[part]
        heaps = Heaps.read(batch, read)
        places = heaps.find(which[part] - first, references["number"][rows].astype(np.int64), lengths[rows])
        for word in range(letters.shape[1]):
            left = np.clip(lengths[rows] - word * _WORD, 0, _WORD)
            letters[rows, word] = heaps.words.take(places + word, mode="clip") & _KEPT[left]
        first += len(batch)


def _distinct(addresses: np.ndarray[Any, np.dtype[np.uint64]]) -> tuple[np.ndarray[Any, Any], Numbers]:
    """The distinct addresses, and for each which it is; neighbours, which mostly are the same, are looked at once."""
    changes = np.flatnonzero(addresses[1:] != addresses[:-1]) + 1
    starts = np.concatenate([[0], changes])[: len(addresses)]
    distinct, which = np.unique(addresses[starts], return_inverse=True)
    return distinct, np.repeat(which, np.diff(np.append(starts, len(addresses))))

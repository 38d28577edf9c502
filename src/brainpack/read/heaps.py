"""Global heaps, in which HDF5 keeps references and text of variable length: the damage on which it hangs, and objects.

HDF5 goes from object to object by the lengths that it finds in a heap. A length of zero, as where a block of the file
was lost, keeps it in one place for ever, and no signal interrupts it; lengths that lead out of the heap crash older
versions. The layout is section III.E of the HDF5 file format specification, with lengths of 8 bytes, as in every
netCDF file.

A heap has thousands of objects, and a file thousands of heaps. Many heaps are walked through at once, and in each the
objects of equal length that follow each other are one step.
"""

from __future__ import annotations

import os
import re
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import numpy as np

from brainpack.digest import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike

    Numbers = np.ndarray[Any, np.dtype[np.int64]]
    Words = np.ndarray[Any, np.dtype[np.uint64]]

SIGNATURE: Final = b"GCOL\x01\0\0\0"
HEADER: Final = struct.Struct("<8sQ")
_SIGNATURE: Final = re.compile(re.escape(SIGNATURE))  # is searched faster than bytes are
_OBJECT: Final = struct.Struct("<H6xQ")
_WORD: Final = 8  # bytes; objects and their headers begin at whole ones
_HEADER_WORDS: Final = 2  # both of a heap and of an object
_NUMBER: Final = 0xFFFF  # the bits of an object's first word that number it
_LONGEST: Final = 1 << 40  # bytes; more, which lead out of every heap, would overflow
_AHEAD: Final = 1 << 18  # objects that are looked at in a step, in all heaps together
_TOGETHER: Final = 8 << 20  # bytes of heaps


def damaged_heap(file: BinaryIO, besides: ArrayLike = ()) -> int | None:
    """Find a global heap that HDF5 could not walk through.

    Parameters
    ----------
    file : BinaryIO
        Open for reading; read once from its start.
    besides : array_like of int, shape (n, 2)
        Where parts start and end that are known to hold no heap, in any order; they are not read.

    Returns
    -------
    int or None
        Where it is in the file; None where all are sound.
    """
    end = os.fstat(file.fileno()).st_size

    def read(start: int, length: int) -> bytes:
        file.seek(start)
        return file.read(length)

    places = [place for gap in _gaps(np.asarray(besides, dtype=np.int64), end) for place in _heaps(file, *gap)]
    for heaps in batches(_ending(places, read, end)):
        for number in np.flatnonzero(~Heaps.read(heaps, read).objects().are_sound):
            if not _is_sound(read(*heaps[number])):
                return heaps[number][0]
    return None


def batches(heaps: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield as many heaps at a time, each as its place and length, as are worth to be held together."""
    batch: list[tuple[int, int]] = []
    held = 0
    for place, length in heaps:
        if batch and held + length > _TOGETHER:
            yield batch
            batch, held = [], 0
        batch.append((place, length))
        held += length
    if batch:
        yield batch


class Unsound(Exception):  # noqa: N818 - it says what heaps are, and whoever uses them catches it
    """What HDF5 should look at."""


class Objects(NamedTuple):
    """What is in some heaps.

    Attributes
    ----------
    heaps : numpy.ndarray of int, shape (n,)
        In which of the heaps each object is.
    places : numpy.ndarray of int, shape (n,)
        The word at which its header begins.
    are_sound : numpy.ndarray of bool
        For each heap whether it was walked through to its end; others may be damaged, or just unusual.
    """

    heaps: Numbers
    places: Numbers
    are_sound: np.ndarray[Any, np.dtype[np.bool_]]


class Heaps:
    """Heaps of a file, in memory one after the other.

    Attributes
    ----------
    words : numpy.ndarray of uint64
        Their content.
    starts, ends : numpy.ndarray of int
        The words at which each begins and ends.
    """

    def __init__(self, words: Words, starts: Numbers, ends: Numbers) -> None:
        self.words = words
        self.starts = starts
        self.ends = ends

    @classmethod
    def read(cls, heaps: list[tuple[int, int]], read: Callable[[int, int], bytes]) -> Heaps:
        """Read heaps by a function that takes a place in the file and a length; a length counts in whole words."""
        lengths = np.array([length for _, length in heaps], dtype=np.int64) // _WORD
        ends = np.cumsum(lengths)
        words = np.empty(ends[-1], "<u8")
        content = words.view(np.uint8)
        for (place, _), start, length in zip(heaps, (ends - lengths) * _WORD, lengths * _WORD, strict=True):
            content[start : start + length] = np.frombuffer(read(place, int(length)), np.uint8)
        return cls(words, ends - lengths, ends)

    def objects(self) -> Objects:
        """Walk through all heaps at once."""
        found: list[tuple[Numbers, Numbers]] = []
        are_sound = np.zeros(len(self.starts), np.bool_)
        walking, places, most = np.arange(len(self.starts)), self.starts + _HEADER_WORDS, 1
        while walking.size:
            left = self.ends[walking] - places
            lengths = self.words.take(places + 1, mode="clip")
            are_free = (self.words.take(places, mode="clip") & _NUMBER == 0) & (lengths == left * _WORD)
            are_sound[walking[(left < _HEADER_WORDS) | are_free]] = True
            same, step = self._same(places, lengths, left, most)
            found.append((np.repeat(walking, same), _all_of(places, step, same)))
            goes_on = same > 0
            walking, places = walking[goes_on], (places + step * same)[goes_on]
            most = max(min(2 * int(same.max()), _AHEAD // len(same)), 2)
        heaps, headers = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Objects(heaps, headers, are_sound)

    def find(self, heaps: Numbers, numbers: Numbers, lengths: Numbers) -> Numbers:
        """Find what objects hold.

        Parameters
        ----------
        heaps, numbers, lengths : numpy.ndarray of int, shape (n,)
            Of each object in which heap it is, its number there, and its length in bytes.

        Returns
        -------
        numpy.ndarray of int, shape (n,)
            The words at which they begin.

        Raises
        ------
        Unsound
            A heap is not as it should be, or an object is not there, or of another length.
        """
        objects = self.objects()
        if not objects.are_sound.all():
            raise Unsound
        found = (self.words[objects.places] & _NUMBER).astype(np.int64)
        counts = np.zeros(len(self.starts), np.int64)
        np.maximum.at(counts, objects.heaps, found + 1)
        if (numbers >= counts[heaps]).any() or counts.sum() > len(self.words):
            raise Unsound
        first = np.cumsum(counts) - counts
        table = np.zeros(counts.sum(), np.int64)  # of those that are not there it has the header of a heap
        table[first[objects.heaps] + found] = objects.places
        places: Numbers = table[first[heaps] + numbers]
        if (places == 0).any() or (self.words[places + 1] != lengths.astype(np.uint64)).any():
            raise Unsound
        return places + _HEADER_WORDS

    def _same(self, places: Numbers, lengths: Words, left: Numbers, most: int) -> tuple[Numbers, Numbers]:
        """Count the objects from each place on that take as many words as the first, and tell how many these are."""
        step = _words(lengths)
        fit = left // step
        most = max(min(most, int(fit.max())), 1)
        ahead = places[:, np.newaxis] + step[:, np.newaxis] * np.arange(most)
        differ = _words(self.words.take(ahead + 1, mode="clip")) != step[:, np.newaxis]
        differ |= self.words.take(ahead, mode="clip") & _NUMBER == 0  # is free
        counts = np.where(differ.any(axis=1), differ.argmax(axis=1), most)
        return np.minimum(counts, fit), step


def _words(lengths: Words) -> Numbers:
    """How many words objects of these lengths in bytes take with their headers."""
    return (np.minimum(lengths, _LONGEST).view(np.int64) + (_WORD - 1) >> 3) + _HEADER_WORDS


def _all_of(places: Numbers, steps: Numbers, counts: Numbers) -> Numbers:
    """From each place so many, a step apart."""
    first = np.cumsum(counts) - counts
    nth = np.arange(counts.sum()) - np.repeat(first, counts)
    places_of_all: Numbers = np.repeat(places, counts) + np.repeat(steps, counts) * nth
    return places_of_all


def _ending(places: list[int], read: Callable[[int, int], bytes], end: int) -> Iterator[tuple[int, int]]:
    """Those heaps that end within the file; HDF5 reports others."""
    for place in places:
        with suppress(Unsound):
            yield heap_at(place, read, end)


def heap_at(place: int, read: Callable[[int, int], bytes], end: int) -> tuple[int, int]:
    """The place and length of a heap.

    Raises
    ------
    Unsound
        None is there that ends within the file.
    """
    header = read(place, HEADER.size) if place < end else b""
    if len(header) < HEADER.size:
        raise Unsound
    signature, length = HEADER.unpack(header)
    if signature != SIGNATURE or place + length > end:
        raise Unsound
    return place, max(length, HEADER.size)


def _gaps(parts: Numbers, end: int) -> Iterator[tuple[int, int]]:
    """Yield where there is none of the parts."""
    parts = parts.reshape(-1, 2)
    parts = parts[np.argsort(parts[:, 0])]
    starts = np.concatenate([[0], np.maximum.accumulate(parts[:, 1])])
    stops = np.concatenate([parts[:, 0], [end]])
    for gap in np.flatnonzero(starts < stops):
        yield int(starts[gap]), int(stops[gap])


def _heaps(file: BinaryIO, start: int, stop: int) -> Iterator[int]:
    file.seek(start)
    kept = len(SIGNATURE) - 1  # bytes of the last block, since a signature may lie across two
    content = bytearray(kept + BLOCK)
    block = memoryview(content)[kept:]
    while length := file.readinto(block[: stop - start]):  # type: ignore[attr-defined]  # a file has it
        for found in _SIGNATURE.finditer(content, 0, kept + length):
            yield start - kept + found.start()
        content[:kept] = content[length : kept + length]
        start += length


def _is_sound(heap: bytes) -> bool:
    place = HEADER.size
    while place + _OBJECT.size <= len(heap):
        index, length = _OBJECT.unpack_from(heap, place)
        is_free = index == 0  # then the length counts the header as well
        place += length if is_free else _OBJECT.size + -(-length // _WORD) * _WORD
        if (is_free and length < _OBJECT.size) or place > len(heap):
            return False
    return True

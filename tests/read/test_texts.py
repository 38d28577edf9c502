"""Texts in files, of fixed and of variable length, and the distinct ones among them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainpack.read.heap_texts import are_in_heaps, letters_of
from brainpack.read.heaps import Heaps, damaged_heap
from brainpack.read.texts import level_of_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def letters_made_of(texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.bytes_]]:
    encoded = np.array([text.encode() for text in texts], dtype="S")
    return encoded.view("S1").reshape(len(texts), encoded.dtype.itemsize)


def assert_found(texts: list[str], missing: str | None) -> None:
    level = level_of_texts("word", letters_made_of(texts), missing)
    assert level.values.tolist() == sorted({text for text in texts if text != missing})
    values = [*level.values.tolist(), missing]  # a code of -1 is the last one
    assert [values[code] for code in level.codes] == texts


@given(
    prefix=st.sampled_from(["", "a", "stimulus-"]),
    words=st.lists(st.text("aé\x01", max_size=12), min_size=1, max_size=20),
    times=st.integers(1, 9),
    missing=st.none() | st.integers(0),
)
def test_texts_are_numbered(prefix: str, words: list[str], times: int, missing: int | None) -> None:
    texts = [prefix + word for word in words] * times
    assert_found(texts, None if missing is None else texts[missing % len(texts)])


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 128, 150])
def test_one_text_that_differs_is_found_wherever_it_is(count: int) -> None:
    for place in {0, count // 2, count - 1}:
        for other in ("V1", "V9", "W4", "V"):
            texts = ["V4"] * count
            texts[place] = other
            assert_found(texts, None)


def test_no_texts() -> None:
    level = level_of_texts("word", np.empty((0, 3), "S1"), "")
    assert (level.values.tolist(), level.codes.tolist()) == ([], [])


def test_many_letters_that_differ() -> None:
    """Of which there are more combinations than a table could hold, in several words."""
    rng = np.random.default_rng(0)
    assert_found(["".join(map(chr, rng.integers(97, 123, 20))) for _ in range(50)] * 3, None)


# ------------------------------------------------------------------------------------------- of variable length

VARIABLE = h5py.string_dtype("utf-8")


def found_in(path: Path) -> list[str] | None:
    """The texts that are read without HDF5, after HDF5 has read the same."""
    with h5py.File(path, driver="sec2") as file:
        dataset = file["texts"]
        assert are_in_heaps(dataset)
        expected = dataset.asstr()[()].tolist()
        letters = letters_of(file.id.get_vfd_handle(), dataset.id.get_offset(), len(dataset))
    if letters is None:
        return None
    found = [row.tobytes().rstrip(b"\0").decode() for row in letters]
    assert found == expected
    return found


def write(path: Path, *parts: tuple[int, list[str]]) -> None:
    """Texts, of which some are written over others: their heaps are in disorder, and have gaps."""
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("texts", (max(start + len(texts) for start, texts in parts),), VARIABLE)
        for start, texts in parts:
            dataset[start : start + len(texts)] = texts


WORDS = st.lists(st.text("aé日", max_size=30), min_size=1, max_size=60)


@given(first=WORDS, second=WORDS, place=st.integers(0, 40), third=WORDS)
def test_texts_of_variable_length(
    tmp_path_factory: pytest.TempPathFactory, first: list[str], second: list[str], place: int, third: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "texts.h5"
    write(path, (0, first), (place, second), (0, third))
    assert found_in(path) is not None


def test_texts_in_many_heaps(tmp_path: Path) -> None:
    texts = [f"stimulus_{number * 7919 % 20_000:05}" + "!" * (number % 1000 == 0) for number in range(20_000)]
    write(tmp_path / "a.h5", (0, texts))
    assert found_in(tmp_path / "a.h5") == texts


def test_one_very_long_text_is_left_to_hdf5(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", (0, ["short"] * 999 + ["long" * 10_000]))
    assert found_in(tmp_path / "a.h5") is None


NOT_OURS: dict[str, Callable[[h5py.File], Any]] = {
    "ASCII": lambda file: file.create_dataset("texts", data=["a"], dtype=h5py.string_dtype("ascii")),
    "of fixed length": lambda file: file.create_dataset("texts", data=np.array([b"a"])),
    "a table": lambda file: file.create_dataset("texts", data=[["a"]], dtype=VARIABLE),
    "never written": lambda file: file.create_dataset("texts", (3,), VARIABLE),
    "in chunks": lambda file: file.create_dataset("texts", data=["a"], dtype=VARIABLE, chunks=(1,)),
}


@pytest.mark.parametrize("make", NOT_OURS.values(), ids=NOT_OURS)
def test_texts_that_only_hdf5_can_read(tmp_path: Path, make: Callable[[h5py.File], Any]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file)
        assert not are_in_heaps(file["texts"])


def test_texts_behind_bytes_of_a_user_are_left_to_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as file:
        assert not are_in_heaps(file.create_dataset("texts", data=["a"], dtype=VARIABLE))


# Where a byte is changed: in the first entry of the array, or from the beginning of the heap.
DAMAGED: dict[str, tuple[str, int]] = {
    "a longer text": ("entry", 0),
    "a text in no heap": ("entry", 4),
    "a text that is not there": ("entry", 12),
    "a number that no text has": ("entry", 13),
    "a heap without its signature": ("heap", 0),
    "a heap beyond the end of the file": ("heap", 12),
    "an object longer than its heap": ("heap", 16 + 12),
    "an object with another number": ("heap", 16),
}


@pytest.mark.parametrize(("what", "offset"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_texts_are_left_to_hdf5(tmp_path: Path, what: str, offset: int) -> None:
    path = tmp_path / "a.h5"
    write(path, (0, ["first", "second"]))
    with h5py.File(path) as file:
        place = file["texts"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[{"entry": place, "heap": content.index(b"GCOL")}[what] + offset] += 64
    path.write_bytes(content)
    with path.open("rb") as changed:
        assert letters_of(changed.fileno(), place, 2) is None


def test_texts_beyond_the_end_of_the_file_are_left_to_hdf5(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", (0, ["first", "second"]))
    with (tmp_path / "a.h5").open("rb") as file:
        assert letters_of(file.fileno(), (tmp_path / "a.h5").stat().st_size - 8, 2) is None


# ------------------------------------------------------------------------------------------------------- heaps


def heap(lengths: list[int], free: int) -> bytes:
    """Objects of these lengths, numbered from 1, and words that are free behind them."""
    objects = b"".join(
        struct.pack("<HHLQ", number, 1, 0, length) + b"x" * (-(-length // 8) * 8)
        for number, length in enumerate(lengths, start=1)
    )
    rest = struct.pack("<HHLQ", 0, 0, 0, 8 * free) + bytes(8 * free - 16) if free > 1 else bytes(8 * free)
    return b"GCOL\x01\0\0\0" + struct.pack("<Q", 16 + len(objects) + len(rest)) + objects + rest


LENGTHS = st.lists(st.sampled_from([0, 1, 8, 9, 13, 13, 13, 40]), max_size=40)


@given(heaps=st.lists(st.tuples(LENGTHS, st.integers(0, 5)), min_size=1, max_size=4))
def test_all_objects_of_heaps_are_found(heaps: list[tuple[list[int], int]]) -> None:
    contents = [heap(*parts) for parts in heaps]
    file, places = b"".join(contents), np.cumsum([0, *map(len, contents)])
    read = Heaps.read(
        [(int(place), len(content)) for place, content in zip(places, contents, strict=False)],
        lambda start, length: file[start : start + length],
    )
    objects = read.objects()
    assert objects.are_sound.all()
    for number, (lengths, _) in enumerate(heaps):
        of_heap = np.sort(objects.places[objects.heaps == number])
        assert read.words[of_heap + 1].tolist() == lengths
        assert (read.words[of_heap] & np.uint64(0xFFFF)).tolist() == [*range(1, len(lengths) + 1)]


@given(
    lengths=LENGTHS,
    free=st.integers(0, 5),
    place=st.integers(0, 1 << 10),
    value=st.sampled_from([0, 1, 8, 16, 17, 1 << 16, 2**63, 2**64 - 1]),
)
def test_damage_is_found_as_one_object_after_the_other_tells_it(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], free: int, place: int, value: int
) -> None:
    content = bytearray(heap(lengths, free))
    word = 16 + place % max((len(content) - 16) // 8, 1) * 8
    if word < len(content):
        content[word : word + 8] = value.to_bytes(8, "little")
    path = tmp_path_factory.getbasetemp() / "heap"
    path.write_bytes(heap([5, 7], 2) + content)
    with path.open("rb") as file:
        assert damaged_heap(file) == (None if can_be_walked_through(content) else len(heap([5, 7], 2)))


def can_be_walked_through(content: bytearray) -> bool:
    place = 16
    while place + 16 <= len(content):
        number, length = struct.unpack_from("<H6xQ", content, place)
        if number == 0 and length < 16:
            return False
        place += length if number == 0 else 16 + -(-length // 8) * 8
    return place <= len(content)

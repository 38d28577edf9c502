"""The distinct texts of a coordinate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainpack.read.texts import level_of_texts


def letters_of(texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.bytes_]]:
    encoded = np.array([text.encode() for text in texts], dtype="S")
    return encoded.view("S1").reshape(len(texts), encoded.dtype.itemsize)


def assert_found(texts: list[str], missing: str | None) -> None:
    level = level_of_texts("word", letters_of(texts), missing)
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

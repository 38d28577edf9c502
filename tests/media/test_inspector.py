from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from typing import IO, TYPE_CHECKING, Literal

import pytest

from brainpack.media import inspector as module
from brainpack.media.inspector import Inspector, look_at_files
from brainpack.media.looking import look_into
from tests.media.samples import image, sound, video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHA256 = bytes(32)
CONTENTS = {"a.png": image(), "b.jpg": image("JPEG"), "c.mp4": video(), "d.wav": sound(), "e.txt": b"text", "f": b""}


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("brainpack-media")] == []


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 3)


@pytest.mark.parametrize("held", [1, 1000, module._MOST_HELD])
def test_facts_come_in_the_order_of_the_files(narrow: None, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_HELD", held)
    files = [(f"{number}.txt", b"x" * number) for number in range(100)]
    with Inspector() as inspector:
        for name, content in files:
            inspector.look(name, content, SHA256)
        assert [facts.size for facts in inspector.facts] == [*range(100)]
    assert [facts.size for facts in inspector.facts] == [*range(100)]
    assert {facts.sha256 for facts in inspector.facts} == {SHA256}


class Stuck:
    """A file that can be opened when somebody lets it."""

    def __init__(self) -> None:
        self.is_free = threading.Event()

    def open(self, _: Literal["rb"], /) -> IO[bytes]:
        self.is_free.wait()
        raise OSError("at last")


@pytest.mark.parametrize(("size", "most"), [(1, 3), (400, 2)])
def test_few_files_and_few_bytes_wait(narrow: None, size: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_HELD", 1000)
    with Inspector() as inspector:
        for number in range(50):
            inspector.look(f"{number}.txt", b"x" * size, SHA256)
            assert len(inspector._waiting) <= most


def test_an_error_of_the_caller_ends_the_looking() -> None:
    stuck = Stuck()
    with pytest.raises(KeyboardInterrupt), Inspector() as inspector:  # noqa: PT012 - the block is what is tested
        for _ in range(20):
            inspector.look_at("a.png", stuck)
        stuck.is_free.set()
        raise KeyboardInterrupt
    assert sum(future.cancelled() for future, _ in inspector._waiting) > 0


def test_warnings_of_pillow_are_no_damage_and_are_not_shown() -> None:
    exif = image("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        filters = [*warnings.filters]
        with Inspector() as inspector:
            inspector.look("a.jpg", exif, SHA256)
        assert warnings.filters == filters
    assert inspector.facts[0].damage is None


def test_no_more_threads_than_cores_that_the_process_may_use() -> None:
    code = (
        "import os; hasattr(os, 'sched_setaffinity') and os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from brainpack.workers import CORES; print(CORES)"
    )
    cores = 1 if hasattr(os, "sched_setaffinity") else os.cpu_count()
    assert int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout) == cores


def test_files_on_a_disk_have_the_facts_of_their_bytes(narrow: None, tmp_path: Path) -> None:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    files = [(name, tmp_path / name) for name in CONTENTS] * 3
    assert look_at_files(files) == [look_into(name, content) for name, content in CONTENTS.items()] * 3

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import pytest

from brainpack.media.inspector import inspectors, look_at_files
from brainpack.media.looking import look_into
from brainpack.sources import LocalFile
from tests.media.samples import image, sound, video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENTS = {"a.png": image(), "b.jpg": image("JPEG"), "c.mp4": video(), "d.wav": sound(), "e.txt": b"text", "f": b""}


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("brainpack")] == []


@pytest.fixture
def files(tmp_path: Path) -> list[tuple[str, LocalFile]]:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    return [(name, LocalFile(str(tmp_path / name))) for name in CONTENTS] * 5


def test_files_on_a_disk_have_the_facts_of_their_bytes(files: list[tuple[str, LocalFile]]) -> None:
    expected = [look_into(name, content) for name, content in CONTENTS.items()] * 5
    with inspectors() as crew:
        assert look_at_files(files, crew) == expected


def test_files_of_this_machine_are_looked_into_here(files: list[tuple[str, LocalFile]]) -> None:
    with ProcessPoolExecutor(1) as pool, inspectors(pool) as crew:
        assert len(look_at_files(files, crew)) == len(files)
        assert not pool._processes  # nobody was asked


def test_warnings_of_pillow_are_no_damage_and_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(image("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        filters = [*warnings.filters]
        with inspectors() as crew:
            (facts,) = look_at_files([("a.jpg", LocalFile(str(tmp_path / "a.jpg")))], crew)
        assert warnings.filters == filters
    assert facts.damage is None


def test_no_more_threads_than_cores_that_the_process_may_use() -> None:
    code = (
        "import os; hasattr(os, 'sched_setaffinity') and os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from brainpack.workers import CORES; print(CORES)"
    )
    cores = 1 if hasattr(os, "sched_setaffinity") else os.cpu_count()
    assert int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout) == cores

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brainpack import packaging
from brainpack.digest import digest_file
from brainpack.errors import StoreError
from brainpack.media.inspector import Inspector
from brainpack.media.looking import look_into
from brainpack.write.archive import Archive
from brainpack.write.stimuli import write_zip
from tests.helpers import png, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE = 1 << 20


def bytes_read() -> int:
    """What this process has asked the system to read so far."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts what a process reads")
def test_stimuli_are_read_once_and_the_zip_never(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in", ids=range(20))
    for number, path in enumerate(stimuli.stimulus_paths.values()):
        Path(path).write_bytes(png(number, side=1000))  # a megabyte
    look_into("a.png", png(0))  # loads what decodes images
    before = bytes_read()
    result = packaging.package_stimulus_set_locally(stimuli, "lab.Once", tmp_path)
    assert bytes_read() - before < 20 * MEGABYTE + MEGABYTE
    assert digest_file(Path(result["zip_path"])).sha1 == result["zip_sha1"]
    assert digest_file(Path(result["csv_path"])).sha1 == result["csv_sha1"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts what a process reads")
def test_looking_into_stimuli_reads_nothing_more(tmp_path: Path) -> None:
    entries = [(f"{number}.png", tmp_path / f"{number}.png") for number in range(20)]
    for number, (_, path) in enumerate(entries):
        path.write_bytes(png(number, side=1000))  # a megabyte
    look_into("a.png", png(0))  # loads what decodes images
    before = bytes_read()
    with Inspector() as inspector:
        _, digests = write_zip(entries, tmp_path / "set.zip", inspector)
    assert bytes_read() - before < 20 * MEGABYTE + MEGABYTE
    assert [facts.sha256 for facts in inspector.facts] == digests
    assert {facts.width for facts in inspector.facts} == {1000}


def test_the_bytes_that_were_packed_are_looked_into_even_if_the_file_is_gone(tmp_path: Path) -> None:
    def files() -> Iterator[tuple[str, Path]]:
        for number in range(200):
            path = tmp_path / f"{number}.png"
            path.write_bytes(png(number))
            yield path.name, path
            path.unlink()

    class Entries(list[tuple[str, Path]]):
        def __iter__(self) -> Iterator[tuple[str, Path]]:
            return files()

    with Inspector() as inspector:
        write_zip(Entries(), tmp_path / "set.zip", inspector)
    assert [(facts.width, facts.damage) for facts in inspector.facts] == [(4, None)] * 200


def test_a_stimulus_that_cannot_be_read_ends_the_looking(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    entries = [("a.png", tmp_path / "a.png")] * 100 + [("b.png", tmp_path / "nowhere.png")]
    with pytest.raises(StoreError, match="nowhere"), Inspector() as inspector:
        write_zip(entries, tmp_path / "set.zip", inspector)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("brainpack-media")] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full")
def test_a_full_disk_ends_the_looking(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1, side=500))

    def pack() -> None:
        with Path("/dev/full").open("wb") as full, Inspector() as inspector:
            archive = Archive(full, inspector)
            for _ in range(100):
                archive.add("a.png", tmp_path / "a.png")

    with pytest.raises(OSError, match="No space"):
        pack()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("brainpack-media")] == []

"""Stimulus sets whose files come when they are asked for, and repair themselves."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from brainpack import IntegrityError, InvalidData, NotFound, SettingsError, StoreError
from brainpack.packaging import package_stimulus_set_locally
from brainpack.read.archives import FileOnDisk
from brainpack.read.stimuli import read_lazily, read_stimulus_set
from tests.helpers import stimulus_set
from tests.read.zips import CENTRAL, LOCAL, files_below, link, make_zip, patched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from brainpack import StimulusSet
    from brainpack.errors import BrainpackError

HOUR = 3_600_000_000_000


@dataclass
class Remote:
    """A ZIP elsewhere, which counts what it is asked for."""

    path: Path
    asked: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def read(self, start: int, stop: int) -> bytes:
        self.asked.append(stop - start)
        return FileOnDisk.at(self.path).read(start, stop)

    def __str__(self) -> str:
        return f"remote {self.path.name}"


def content(number: int) -> bytes:
    return f"picture {number} ".encode() * (100 + number)


def written(folder: Path, names: Iterable[str], compression: int = 0, **columns: object) -> tuple[Path, Path]:
    """The table and the ZIP of stimuli 0, 1, … whose files are at these names in the ZIP."""
    names = list(names)
    archive = make_zip(folder / "set.zip", [(name, content(n)) for n, name in enumerate(names)], compression)
    table = {"stimulus_id": range(len(names)), "filename": [Path(name).name for name in names], **columns}
    pd.DataFrame(table).to_csv(folder / "set.csv", index=False)
    return folder / "set.csv", archive


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(written(tmp_path, [f"{n}.png" for n in range(9)])[1])


@pytest.fixture
def lazy(tmp_path: Path, remote: Remote) -> StimulusSet:
    return read_lazily(tmp_path / "set.csv", remote, tmp_path / "fetched")


def fetched(folder: Path) -> list[str]:
    return sorted(files_below(folder / "fetched"))


def file_of(stimuli: StimulusSet, stimulus_id: object) -> bytes:
    return Path(stimuli.get_stimulus(stimulus_id)).read_bytes()


def test_only_the_stimulus_that_is_asked_for_is_fetched(lazy: StimulusSet, remote: Remote, tmp_path: Path) -> None:
    assert remote.asked == []
    assert lazy.get_stimulus(3) == tmp_path / "fetched" / "3.png"
    assert file_of(lazy, 3) == content(3)
    assert lazy.stimulus_paths[5] == tmp_path / "fetched" / "5.png"
    assert fetched(tmp_path) == ["3.png", "5.png"]
    assert len(remote.asked) == 3  # the directory and two files
    assert len(content(3)) < remote.asked[1] < len(content(3)) + 100


def test_a_large_directory_takes_two_requests(tmp_path: Path) -> None:
    table, archive = written(tmp_path, [f"a rather long name of a stimulus {n:08}.png" for n in range(2000)])
    remote = Remote(archive)
    assert file_of(read_lazily(table, remote, tmp_path / "fetched"), 1234) == content(1234)
    assert len(remote.asked) == 3
    assert sum(remote.asked[:2]) < 300_000


def test_a_zip64_with_a_comment(tmp_path: Path) -> None:
    table, path = written(tmp_path, ["0.png"])
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = b"c" * 65_000
        with archive.open("0.png", "w", force_zip64=True) as file:
            file.write(content(0))
    assert file_of(read_lazily(table, Remote(path), tmp_path / "fetched"), 0) == content(0)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_files(tmp_path: Path, compression: int) -> None:
    table, archive = written(tmp_path, ["0.png", "1.png"], compression)
    assert file_of(read_lazily(table, Remote(archive), tmp_path / "fetched"), 1) == content(1)


def test_what_needs_no_file_fetches_none(lazy: StimulusSet, remote: Remote, tmp_path: Path) -> None:
    paths = lazy.stimulus_paths
    assert list(paths) == list(range(9))
    assert 3 in paths
    assert 99 not in paths
    pd.concat([lazy[:3], lazy[3:]]).merge(lazy).sort_values("filename").copy()
    pickle.dumps(lazy)
    assert paths == paths.copy() == lazy.copy().stimulus_paths  # type: ignore[attr-defined]  # not every mapping has this
    assert repr(paths) == "StimulusPaths of 9 stimuli"
    assert len(paths | {"mine": "mine.png"}) == 10  # type: ignore[operator]  # not every mapping has this
    assert remote.asked == []
    assert not (tmp_path / "fetched").exists()


def test_a_file_that_is_there_is_not_fetched_again(lazy: StimulusSet, remote: Remote) -> None:
    before = Path(lazy.get_stimulus(3)).stat()
    asked = len(remote.asked)
    assert Path(lazy.get_stimulus(3)).stat().st_ino == before.st_ino
    assert len(remote.asked) == asked


@pytest.mark.parametrize("damage", [b"", content(3)[:-1], b"X" + content(3)[1:]], ids=["empty", "cut", "other"])
def test_a_damaged_file_is_repaired_with_a_warning(lazy: StimulusSet, damage: bytes) -> None:
    Path(lazy.get_stimulus(3)).write_bytes(damage)
    with pytest.warns(UserWarning, match=r"3\.png differed from the ZIP") as warned:
        assert file_of(lazy, 3) == content(3)
    assert warned[0].filename == __file__


def test_damage_in_the_zip_is_found_and_leaves_nothing(lazy: StimulusSet, remote: Remote, tmp_path: Path) -> None:
    whole = remote.path.read_bytes()
    remote.path.write_bytes(whole.replace(b"picture 3", b"picture X"))
    with pytest.raises(IntegrityError, match=r"3\.png in remote set\.zip is damaged.*CRC-32"):
        lazy.get_stimulus(3)
    assert fetched(tmp_path) == []
    assert file_of(lazy, 4) == content(4)


def test_a_header_that_is_none(lazy: StimulusSet, remote: Remote) -> None:
    patched(remote.path, LOCAL, 0, b"XXXX")
    with pytest.raises(IntegrityError, match=r"8\.png .*not its header"):
        lazy.get_stimulus(8)


@pytest.mark.parametrize("size", [0, 10, 100])
def test_no_zip(lazy: StimulusSet, remote: Remote, size: int) -> None:
    remote.path.write_bytes(remote.path.read_bytes()[:size])
    with pytest.raises(InvalidData, match=r"remote set\.zip is not a ZIP"):
        lazy.get_stimulus(1)


def test_a_zip_that_is_gone(lazy: StimulusSet, remote: Remote) -> None:
    lazy.get_stimulus(1)
    remote.path.unlink()
    with pytest.raises(NotFound, match=r"set\.zip"):
        lazy.get_stimulus(2)


def test_unknown_ids_and_files(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["0.png", "1.png"])
    table.write_text("stimulus_id,filename\n0,0.png\n1,other.png\n")
    lazy = read_lazily(table, Remote(archive), tmp_path / "fetched")
    with pytest.raises(KeyError, match="no file for stimulus_id 2"):
        lazy.get_stimulus(2)
    with pytest.raises(NotFound, match=r"remote set\.zip holds no file 'other\.png' among its 2 files"):
        lazy.get_stimulus(1)


def test_unsafe_names_are_refused(tmp_path: Path) -> None:
    for number, name in enumerate(("../0.png", "0.png")):
        entries = [("0.png", b"x"), link("0.png", "/etc") if number else (name, b"x")]
        archive = make_zip(tmp_path / "set.zip", entries)
        pd.DataFrame({"stimulus_id": [0], "filename": [name]}).to_csv(tmp_path / "set.csv", index=False)
        with pytest.raises(InvalidData, match=r"a way out of the folder|a link"):
            read_lazily(tmp_path / "set.csv", Remote(archive), tmp_path / "fetched").get_stimulus(0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.csv", "set.zip"]


def test_nothing_is_written_through_a_link(lazy: StimulusSet, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    make_zip(tmp_path / "set.zip", [("sub/1.png", b"x")])
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched" / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match="outside; delete that link"):
        lazy.get_stimulus(1)
    assert list((tmp_path / "outside").iterdir()) == []


def test_files_in_folders_of_the_zip(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["a/0.png", "a/b/1.png", "2.png", "x/3.png", "y/3.png", "x/2.png"])
    table.write_text("stimulus_id,filename\n0,0.png\n1,1.png\n2,2.png\n3,3.png\n4,y/3.png\n")
    lazy = read_lazily(table, Remote(archive), tmp_path / "fetched")
    assert [file_of(lazy, n) for n in (0, 1, 2, 4)] == [content(n) for n in (0, 1, 2, 4)]
    assert fetched(tmp_path) == ["2.png", "a/0.png", "a/b/1.png", "y/3.png"]
    with pytest.raises(InvalidData, match=r"'3\.png' in the table fits several files .*'x/3\.png'"):
        lazy.get_stimulus(3)


def test_after_pickling_and_selection(lazy: StimulusSet, tmp_path: Path) -> None:
    lazy.identifier = "lab.Set"
    lazy.get_stimulus(0)
    revived = pickle.loads(pickle.dumps(lazy[lazy["stimulus_id"] > 3]))  # noqa: S301 - our own bytes
    assert len(pickle.dumps(lazy)) < 5000  # without the directory
    assert revived.identifier == "lab.Set"
    assert file_of(revived, 7) == content(7)
    assert fetched(tmp_path) == ["0.png", "7.png"]


def test_many_threads(lazy: StimulusSet, remote: Remote) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: file_of(lazy, n % 9), range(36))) == [content(n % 9) for n in range(36)]
    assert remote.asked.count(max(remote.asked)) == 1  # the directory once


def _in_a_process(work: tuple[StimulusSet, int]) -> bytes:
    return file_of(*work)


def test_several_processes(lazy: StimulusSet, tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_in_a_process, [(lazy, n % 3) for n in range(6)]) == [content(n % 3) for n in range(6)]
    assert fetched(tmp_path) == ["0.png", "1.png", "2.png"]


def test_a_file_on_disk_is_an_archive(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["0.png"])
    assert file_of(read_lazily(table, FileOnDisk.at(archive), tmp_path / "fetched"), 0) == content(0)
    with pytest.raises(NotFound, match=r"none\.zip"):
        FileOnDisk.at(tmp_path / "none.zip")


# Sets that were unpacked whole


@pytest.mark.parametrize("damage", [b"", b"X" + content(3)[1:], None], ids=["empty", "other", "missing"])
def test_a_file_that_changes_after_loading_is_repaired(tmp_path: Path, damage: bytes | None) -> None:
    stimuli = read_stimulus_set(*written(tmp_path, [f"{n}.png" for n in range(9)]))
    path = tmp_path / "set" / "3.png"
    path.unlink() if damage is None else path.write_bytes(damage)
    with pytest.warns(UserWarning, match=r"3\.png differed from the ZIP"):
        assert file_of(stimuli, 3) == content(3)
    assert file_of(stimuli, 4) == content(4)


def test_an_unpacked_file_that_was_not_touched_is_not_read(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["0.png", "1.png"])
    read_stimulus_set(table, archive)
    note = tmp_path / ".set.unpacked"
    kept = json.loads(note.read_text())
    note.write_text(json.dumps(kept | {"whole_at": kept["whole_at"] + HOUR}))
    stimuli = read_stimulus_set(table, archive)
    archive.unlink()
    assert file_of(stimuli, 1) == content(1)
    later = kept["whole_at"] + 2 * HOUR
    os.utime(tmp_path / "set" / "1.png", ns=(later, later))
    with pytest.raises(NotFound, match=r"set\.zip"):
        stimuli.get_stimulus(1)


def test_a_folder_elsewhere(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["0.png"])
    stimuli = read_stimulus_set(table, archive, unpack_to=tmp_path / "scratch" / "set")
    assert stimuli.get_stimulus(0) == tmp_path / "scratch" / "set" / "0.png"
    assert not (tmp_path / "set").exists()
    (tmp_path / "scratch" / "set" / "0.png").write_bytes(b"X")
    with pytest.warns(UserWarning, match="in 1 file"):
        read_stimulus_set(table, archive, unpack_to=tmp_path / "scratch" / "set", verify=True)


def test_a_link_to_an_older_file_that_came_after_loading_is_read(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["0.png", "1.png"])
    read_stimulus_set(table, archive)
    note, path = tmp_path / ".set.unpacked", tmp_path / "set" / "1.png"
    kept = json.loads(note.read_text())
    note.write_text(json.dumps(kept | {"whole_at": kept["whole_at"] + HOUR}))
    stimuli = read_stimulus_set(table, archive)
    path.rename(tmp_path / "older.png").write_bytes(b"X")
    path.symlink_to(tmp_path / "older.png")
    later = kept["whole_at"] + 2 * HOUR
    os.utime(path, ns=(later, later), follow_symlinks=False)
    with pytest.warns(UserWarning, match=r"1\.png differed from the ZIP"):
        assert file_of(stimuli, 1) == content(1)


@pytest.mark.parametrize("verify", [False, True])
def test_a_file_that_somebody_adds_is_not_taken_for_one_of_the_zip(tmp_path: Path, verify: bool) -> None:
    table, archive = written(tmp_path, ["sub/0.png", "1.png"])
    read_stimulus_set(table, archive)
    (tmp_path / "set" / "0.png").write_bytes(b"mine")
    (tmp_path / "set" / "other").mkdir()
    (tmp_path / "set" / "other" / "0.png").write_bytes(b"mine")
    stimuli = read_stimulus_set(table, archive, verify=verify)
    assert stimuli.get_stimulus(0) == tmp_path / "set" / "sub" / "0.png"
    assert [file_of(stimuli, n) for n in (0, 1)] == [content(0), content(1)]


def test_a_file_that_somebody_adds_does_not_complete_a_zip(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["0.png"])
    read_stimulus_set(table, archive)
    table.write_text("stimulus_id,filename\n0,0.png\n1,1.png\n")
    (tmp_path / "set" / "1.png").write_bytes(b"mine")
    with pytest.raises(NotFound, match=r"1 of the 2 files that the table names are not in .*set\.zip: '1\.png'"):
        read_stimulus_set(table, archive)


class Spied(Remote):
    """A ZIP during whose reading something is done, once."""

    def __init__(self, path: Path, what: Callable[[], object], *, after: int = 1) -> None:
        super().__init__(path)
        self.what, self.after = what, after  # the directory is asked for first

    def read(self, start: int, stop: int) -> bytes:
        if len(self.asked) == self.after:
            self.what()
        return super().read(start, stop)


def test_while_a_file_is_fetched_nothing_else_is_in_the_folder(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["0.png"])
    seen: list[Path] = []
    remote = Spied(archive, lambda: seen.extend(tmp_path.rglob("*.partial")))
    lazy = read_lazily(table, remote, tmp_path / "fetched")
    (tmp_path / "fetched").mkdir()
    assert file_of(lazy, 0) == content(0)
    assert [path.parent for path in seen] == [tmp_path]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fetched", "set.csv", "set.zip"]


def test_a_clean_up_while_a_file_is_fetched_does_no_harm(tmp_path: Path) -> None:
    table, archive = written(tmp_path, ["0.png"])
    remote = Spied(archive, lambda: next(tmp_path.glob(".*.partial")).unlink())
    assert file_of(read_lazily(table, remote, tmp_path / "fetched"), 0) == content(0)


@pytest.mark.parametrize(
    "error",
    [IntegrityError("it was replaced", expected="a", got="b"), SettingsError("no region"), NotFound("it is gone")],
    ids=lambda error: type(error).__name__,
)
def test_what_a_store_says_while_the_directory_is_read_is_not_changed(tmp_path: Path, error: BrainpackError) -> None:
    table, archive = written(tmp_path, ["0.png"])

    def refuse() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        read_lazily(table, Spied(archive, refuse, after=0), tmp_path / "fetched").get_stimulus(0)
    assert caught.value is error


@pytest.mark.parametrize("is_lazy", [False, True])
def test_a_loaded_set_is_packaged_again(tmp_path: Path, is_lazy: bool) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    result = package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set2026", downloads_path=first)
    table, archive = Path(result["csv_path"]), Path(result["zip_path"])
    stimuli = (
        read_lazily(table, FileOnDisk.at(archive), tmp_path / "fetched")
        if is_lazy
        else read_stimulus_set(table, archive)
    )
    again = package_stimulus_set_locally(stimuli, "lab.Set2026", downloads_path=second)
    assert (again["csv_sha1"], again["zip_sha1"]) == (result["csv_sha1"], result["zip_sha1"])


def test_central_directories_that_lie_are_found(lazy: StimulusSet, remote: Remote) -> None:
    patched(remote.path, CENTRAL, 42, b"\0\0\0\0")
    with pytest.raises(InvalidData, match="share their bytes"):
        lazy.get_stimulus(0)

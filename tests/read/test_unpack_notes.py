"""What is remembered of an unpacked folder, and what is read again. Times are set: no test depends on its speed."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from brainpack.read import unpack_notes
from brainpack.read.unpack import unpack
from tests.read.zips import files_below, make_zip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return make_zip(tmp_path / "set.zip", [("a.png", b"A" * 100), ("sub/b.png", b"B" * 100), ("empty/", b"")])


WHOLE = {"a.png": b"A" * 100, "sub/b.png": b"B" * 100}


HOUR = 3_600_000_000_000


def age(path: Path, hours: float = 1) -> None:
    """Have the note say that the folder was whole an hour from now: longer after all changes than any clock ticks."""
    note = path.with_name(".set.unpacked")
    kept = json.loads(note.read_text())
    note.write_text(json.dumps(kept | {"whole_at": kept["whole_at"] + round(hours * HOUR)}))


def touch_later(path: Path) -> None:
    """Give a file the time of a change after the one in an aged note."""
    later = path.stat().st_mtime_ns + 2 * HOUR
    os.utime(path, ns=(later, later))


def test_a_folder_that_was_not_touched_is_not_read_again(good: Path) -> None:
    folder = unpack(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    age(good)  # as if that had been before the folder was found whole
    unpack(good)
    assert (folder / "a.png").read_bytes() == b"X" * 100


def test_what_was_touched_within_a_tick_of_the_clock_is_read_again(good: Path) -> None:
    folder = unpack(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    age(good, hours=1 / 3600)
    with pytest.warns(UserWarning, match=r"in 1 file.*a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE


def test_to_verify_is_to_read_every_byte(good: Path) -> None:
    folder = unpack(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    age(good)
    with pytest.warns(UserWarning, match=r"in 1 file.*a\.png"):
        unpack(good, verify=True)
    assert files_below(folder) == WHOLE


def test_a_file_that_was_touched_since_is_read_again_and_no_other(good: Path) -> None:
    folder = unpack(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    (folder / "sub/b.png").write_bytes(b"Y" * 100)
    age(good)
    touch_later(folder / "a.png")
    with pytest.warns(UserWarning, match=r"in 1 file.*a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE | {"sub/b.png": b"Y" * 100}


@pytest.mark.parametrize("where", ["set", "set/sub"])
def test_of_very_many_files_only_the_folders_are_looked_at(
    good: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack_notes, "_MOST_LOOKED_AT", 1)
    folder = unpack(good)
    age(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    touch_later(folder / "a.png")
    unpack(good)
    assert (folder / "a.png").read_bytes() == b"X" * 100
    touch_later(good.parent / where)
    with pytest.warns(UserWarning, match=r"in 1 file.*a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE


def test_a_folder_that_is_gone_is_noticed(good: Path) -> None:
    folder = unpack(good)
    shutil.rmtree(folder / "sub")
    age(good)
    with pytest.warns(UserWarning, match=r"in 1 file.*sub/b\.png"):
        unpack(good)
    shutil.rmtree(folder)
    unpack(good)
    assert files_below(folder) == WHOLE


def test_another_zip_of_that_name_is_noticed(good: Path) -> None:
    folder = unpack(good)
    age(good)
    make_zip(good, [("a.png", b"Z" * 100), ("sub/b.png", b"B" * 100), ("empty/", b"")])
    with pytest.warns(UserWarning, match=r"in 1 file.*a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE | {"a.png": b"Z" * 100}


def older_copy(path: Path, to: Path) -> Path:
    """Other bytes under the same names, with times long before the note."""
    shutil.copytree(path, to)
    (to / "a.png").write_bytes(b"X" * 100)
    return to


def moved(old: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    old.rename(folder)


def linked(old: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(old)


@pytest.mark.parametrize("most_looked_at", [50_000, 1], ids=["few files", "very many files"])
@pytest.mark.parametrize("replace", [moved, linked])
def test_another_folder_in_its_place_is_not_taken_for_it(
    good: Path, replace: Callable[[Path, Path], None], most_looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack_notes, "_MOST_LOOKED_AT", most_looked_at)
    folder = unpack(good)
    replace(older_copy(folder, good.with_name("older")), folder)
    age(good)
    with pytest.warns(UserWarning, match=r"in 1 file.*a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE


def test_another_folder_in_the_place_of_a_folder_below_is_not_taken_for_it(good: Path) -> None:
    folder = unpack(good)
    shutil.copytree(folder / "sub", good.with_name("older"))
    good.with_name("older").joinpath("b.png").write_bytes(b"X" * 100)
    moved(good.with_name("older"), folder / "sub")
    age(good)
    with pytest.warns(UserWarning, match=r"in 1 file.*sub/b\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE


def test_a_link_that_is_led_elsewhere_is_noticed(good: Path) -> None:
    elsewhere = unpack(good).rename(good.with_name("elsewhere"))
    good.with_name("set").symlink_to(elsewhere)
    unpack(good)
    older = older_copy(elsewhere, good.with_name("older"))
    good.with_name("set").unlink()
    good.with_name("set").symlink_to(older)
    age(good)
    with pytest.warns(UserWarning, match=r"in 1 file.*a\.png"):
        unpack(good)
    assert files_below(older) == WHOLE


def test_a_link_to_an_older_file_is_as_new_as_the_link(good: Path, tmp_path: Path) -> None:
    folder, older = unpack(good), tmp_path / "older.png"
    older.write_bytes(b"X" * 100)
    (folder / "a.png").unlink()
    (folder / "a.png").symlink_to(older)
    age(good)
    later = older.stat().st_mtime_ns + 2 * HOUR
    os.utime(folder / "a.png", ns=(later, later), follow_symlinks=False)
    with pytest.warns(UserWarning, match=r"in 1 file.*a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE
    assert older.read_bytes() == b"X" * 100


SOUND = {"mark": [1, 2, 3, 4], "whole_at": 9 * 10**18, "files": 2, "folders": {"": [1, 2]}}
UNSOUND: list[dict[str, object]] = [
    {},
    {"whole_at": "a"},
    {"whole_at": None},
    {"files": "x"},
    {"folders": 5},
    {"folders": [5]},
    {"folders": None},
    {"folders": {}},
    {"folders": {"": None}},
    {"folders": {"\0": [1, 2], "": [1, 2]}},
    {"folders": {"\ud800": [1, 2], "": [1, 2]}},
]


@pytest.mark.parametrize("change", UNSOUND, ids=repr)
def test_a_note_that_says_something_else_is_no_note(good: Path, change: dict[str, object]) -> None:
    folder = unpack(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    note = good.with_name(".set.unpacked")
    kept = json.loads(note.read_text())
    note.write_text(json.dumps(SOUND | {"mark": kept["mark"]} | change))
    with pytest.warns(UserWarning, match=r"a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE


@pytest.mark.parametrize(
    "note",
    [b"", b"[]", b"{}", b'{"mark": 3}', b"\xff", b'{"mark": [1], "whole_at": 1}', b"[" * 100_000],
    ids=lambda note: repr(note[:30]),
)
def test_a_damaged_note_is_no_note(good: Path, note: bytes) -> None:
    folder = unpack(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    good.with_name(".set.unpacked").write_bytes(note)
    with pytest.warns(UserWarning, match=r"a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE


def test_a_folder_that_was_unpacked_by_others_is_remembered(good: Path) -> None:
    with zipfile.ZipFile(good) as archive:
        archive.extractall(good.with_name("set"))
    folder = unpack(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    age(good)
    unpack(good)
    assert (folder / "a.png").read_bytes() == b"X" * 100


def test_where_no_note_can_be_kept_a_folder_is_read_every_time(good: Path) -> None:
    good.with_name(".set.unpacked").mkdir()
    folder = unpack(good)
    unpack(good)
    (folder / "a.png").write_bytes(b"X" * 100)
    with pytest.warns(UserWarning, match=r"a\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE

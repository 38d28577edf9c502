"""Tables of stimuli, as brainpack and others write them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from brainpack import InvalidData, NotFound, StimulusSet, StoreError, load_stimulus_set_from_files

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[str | bytes], StimulusSet]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a table beside a folder that holds the files a, b, c and d."""
    folder = tmp_path / "stimuli"
    folder.mkdir()
    for name in "abcd":
        (folder / name).write_text(name)

    def read(table: str | bytes) -> StimulusSet:
        path = tmp_path / "table.csv"
        path.write_bytes(table.encode() if isinstance(table, str) else table)
        return load_stimulus_set_from_files(path, folder)

    return read


IDS: dict[str, tuple[list[str], list[Any]]] = {
    "text": (["cat", "日本", "a b"], ["cat", "日本", "a b"]),
    "leading zeros": (["001", "002", "003"], ["001", "002", "003"]),
    "missing values elsewhere": (["NA", "nan", "None"], ["NA", "nan", "None"]),
    "exponents": (["1e5", "2e5", "3e5"], ["1e5", "2e5", "3e5"]),
    "truth": (["True", "False", "true"], ["True", "False", "true"]),
    "infinity": (["inf", "-inf", "1.5"], ["inf", "-inf", "1.5"]),
    "not a number": (["1.5", "nan", "2.5"], ["1.5", "nan", "2.5"]),
    "integers": (["3", "1", "2"], [3, 1, 2]),
    "negative integers": (["-3", "0", "2"], [-3, 0, 2]),
    "large integers": ([str(2**63), "1", "2"], [2**63, 1, 2]),
    "very large integers": ([str(2**70), "1", "2"], [str(2**70), "1", "2"]),
    "floats": (["0.1", "1.0", "-2.5"], [0.1, 1.0, -2.5]),
    "integers and floats": (["1", "2.5", "3"], ["1", "2.5", "3"]),
    "integers and text": (["1", "2", "c"], ["1", "2", "c"]),
    "signs": (["+1", "2", "3"], ["+1", "2", "3"]),
    "underscores": (["1_000", "2", "3"], ["1_000", "2", "3"]),
    "spaces": ([" 1", "2", "3"], [" 1", "2", "3"]),
    "negative zero": (["-0", "1", "2"], ["-0", "1", "2"]),
    "empty": (["", "x", "y"], ["", "x", "y"]),
    "quoted": (['"a,b"', '"c\nd"', '"e""f"'], ["a,b", "c\nd", 'e"f']),
}


@pytest.mark.parametrize(("written", "expected"), IDS.values(), ids=IDS)
def test_ids_are_what_was_written(read: Read, written: list[str], expected: list[Any]) -> None:
    rows = [f"{stimulus_id},{name}" for stimulus_id, name in zip(written, "abc", strict=True)]
    stimuli = read("\n".join(["stimulus_id,filename", *rows]))
    ids = stimuli["stimulus_id"].tolist()
    assert ids == expected
    assert [type(stimulus_id) for stimulus_id in ids] == [type(stimulus_id) for stimulus_id in expected]
    assert [Path(stimuli.get_stimulus(stimulus_id)).read_text() for stimulus_id in expected] == ["a", "b", "c"]


def test_other_columns_get_the_types_that_they_look_like(read: Read) -> None:
    stimuli = read("number,exact,flag,label,gap,stimulus_id,filename\n1,0.1,True,001x,,s1,a\n2,3e-310,False,y,5,s2,b\n")
    assert stimuli.columns.tolist() == ["number", "exact", "flag", "label", "gap", "stimulus_id", "filename"]
    assert stimuli["number"].dtype == np.int64
    assert stimuli["exact"].tolist() == [0.1, 3e-310]
    assert stimuli["flag"].dtype == bool
    assert stimuli["label"].tolist() == ["001x", "y"]
    assert stimuli["label"].dtype == stimuli["stimulus_id"].dtype == pd.Series(["a"]).dtype
    assert np.isnan(stimuli["gap"][0])
    assert type(stimuli) is StimulusSet
    assert stimuli.index.tolist() == [0, 1]


@pytest.mark.parametrize(
    "table",
    [
        b"stimulus_id,filename\r\ns1,a\r\ns2,b\r\n",
        b"\xef\xbb\xbfstimulus_id,filename\ns1,a\ns2,b\n",
        b"stimulus_id,filename\ns1,a\n\ns2,b",
        b'"stimulus_id","filename"\n"s1","a"\n"s2","b"\n',
    ],
    ids=["CRLF", "BOM", "blank line, no newline at the end", "everything quoted"],
)
def test_tables_of_other_tools(read: Read, table: bytes) -> None:
    stimuli = read(table)
    assert stimuli["stimulus_id"].tolist() == ["s1", "s2"]
    assert [Path(path).name for path in stimuli.stimulus_paths.values()] == ["a", "b"]


def test_names_of_files_stay_text(read: Read, tmp_path: Path) -> None:
    for name in ("001", "NA"):
        (tmp_path / "stimuli" / name).touch()
    stimuli = read("stimulus_id,filename\n1,001\n2,NA\n")
    assert stimuli["filename"].tolist() == ["001", "NA"]


def test_commas_at_the_end_of_rows(read: Read) -> None:
    stimuli = read("stimulus_id,filename\ns1,a,\ns2,b,\n")
    assert stimuli["stimulus_id"].tolist() == ["s1", "s2"]


def test_legacy_image_id(read: Read) -> None:
    stimuli = read("image_id,filename\n001,a\n002,b\n")
    assert stimuli["stimulus_id"].tolist() == stimuli["image_id"].tolist() == ["001", "002"]
    assert set(stimuli.stimulus_paths) == {"001", "002"}


def test_stimulus_id_goes_before_image_id(read: Read) -> None:
    stimuli = read("image_id,stimulus_id,filename\n7,s1,a\n7,s2,b\n")
    assert stimuli["stimulus_id"].tolist() == ["s1", "s2"]
    assert stimuli["image_id"].tolist() == [7, 7]


def test_a_table_without_rows(read: Read) -> None:
    stimuli = read("stimulus_id,filename\n")
    assert len(stimuli) == 0
    assert stimuli.stimulus_paths == {}


BAD_TABLES: dict[str, tuple[bytes, str]] = {
    "no id": (b"id,filename\n1,a\n", r"lacks the column 'stimulus_id'; its columns are 'id', 'filename'"),
    "no filename": (b"stimulus_id,file\n1,a\n", r"lacks the column 'filename'"),
    "semicolons": (b"stimulus_id;filename\n1;a\n", r"lacks .*'stimulus_id;filename'"),
    "duplicate ids": (b"stimulus_id,filename\n1,a\n2,b\n1,c\n", r"several rows for the stimulus ids 1;"),
    "many duplicates": (
        b"stimulus_id,filename\n" + b"".join(b"s%d,a\n" % (n % 7) for n in range(14)),
        r"'s4' and 2 more",
    ),
    "cells beyond the header": (b"stimulus_id,filename\n1,a,x\n2,b,x\n", r"is not a table of stimuli"),
    "a row that is too long": (b"stimulus_id,filename\n1,a\n2,b,c,d\n", r"is not a table.*line 3"),
    "empty file": (b"", r"is not a table of stimuli.*expected comma-separated"),
    "latin-1": ("stimulus_id,filename\ncafé,a\n".encode("latin-1"), r"UTF-8|utf-8"),
    "UTF-16": ("stimulus_id,filename\n1,a\n".encode("utf-16"), r"utf-8"),
    "a PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", r"is not a table"),
    "JSON": (b'{"stimulus_id": 1}', r"lacks the column"),
    "comma at the end": (b"stimulus_id,filename\n1,a,b,\n", r"is not a table"),
    "open quote": (b'stimulus_id,filename\n1,"a\n', r"is not a table"),
}


@pytest.mark.parametrize(("table", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables_are_refused(read: Read, table: bytes, message: str) -> None:
    with pytest.raises(InvalidData, match=message) as caught:
        read(table)
    assert "table.csv" in str(caught.value)


def test_files_that_are_not_there_are_named(read: Read) -> None:
    with pytest.raises(NotFound, match=r"2 of the 3 files .* 'x', '\.\./table\.csv'"):
        read("stimulus_id,filename\n1,a\n2,x\n3,../table.csv\n")
    with pytest.raises(NotFound, match=r"''"):
        read("stimulus_id,filename\n1,\n")


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("stimulus_id,filename\n1,a\n")
    for missing in (tmp_path / "no.csv", table / "below.csv", tmp_path / "nul\0.csv"):
        with pytest.raises(NotFound, match=r"no\.csv|below\.csv|nul"):
            load_stimulus_set_from_files(missing, tmp_path)
    for missing in (tmp_path / "no.zip", table / "below.zip", tmp_path / "nul\0.zip"):
        with pytest.raises(NotFound, match=r"no\.zip|below\.zip|nul"):
            load_stimulus_set_from_files(table, missing)


def test_a_folder_is_not_a_table(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="check that it is a file"):
        load_stimulus_set_from_files(tmp_path, tmp_path)


def test_a_name_too_long_for_the_system(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be read"):
        load_stimulus_set_from_files(tmp_path / ("x" * 5000), tmp_path)
    (tmp_path / "table.csv").write_text("stimulus_id,filename\n1,a\n")
    with pytest.raises(StoreError, match="could not be read"):
        load_stimulus_set_from_files(tmp_path / "table.csv", tmp_path / ("x" * 5000))


def test_a_folder_that_cannot_be_listed(read: Read, tmp_path: Path) -> None:
    """Its path is longer than the system allows, which holds for the superuser, too."""
    folder = os.open(tmp_path / "stimuli", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=folder)
        above, folder = folder, os.open("x" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(above)
    os.close(folder)
    with pytest.raises(StoreError, match="stimuli could not be read: File name too long"):
        read("stimulus_id,filename\n1,a\n")
    shutil.rmtree(tmp_path / "stimuli")


def test_files_in_folders(read: Read, tmp_path: Path) -> None:
    below = tmp_path / "stimuli" / "set" / "deep"
    below.mkdir(parents=True)
    (below / "e").write_text("e")
    (below / "a").write_text("not the a at the top")
    stimuli = read("stimulus_id,filename\n1,a\n2,e\n3,set/deep/a\n")
    expected = {1: "a", 2: "set/deep/e", 3: "set/deep/a"}
    assert stimuli.stimulus_paths == {key: tmp_path / "stimuli" / name for key, name in expected.items()}


def test_a_name_in_several_folders_is_ambiguous(read: Read, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / "stimuli" / folder).mkdir()
        (tmp_path / "stimuli" / folder / "e").touch()
    with pytest.raises(InvalidData, match=r"several files .* 'one/e', 'two/e'; write the folder"):
        read("stimulus_id,filename\n1,a\n2,e\n")

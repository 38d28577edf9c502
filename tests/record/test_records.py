"""Records as text: what brainpack writes it reads, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from brainpack import InvalidData, NotFound, Record, StoreError
from brainpack.digest import Digest
from brainpack.record.records import RecordedFile, read_record

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = "fedcba9876543210" * 4
DIGEST = Digest(sha1="0123456789" * 4, sha256="0123456789abcdef" * 4, size=12)


@pytest.fixture
def record() -> Record:
    files = (RecordedFile.of("stimulus_lab_Set.csv", DIGEST), RecordedFile.of("stimulus_lab_Set.zip", DIGEST))
    return Record("lab.Set", "stimulus_set", "StimulusSet", files, CONTENT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stimulus_lab_Set.brainpack.json"


def test_a_record_comes_back(record: Record, path: Path) -> None:
    path.write_text(record.to_json(), "utf-8")
    assert read_record(path) == record
    assert path.name == record.name
    assert record.file(".zip").digest == DIGEST


def test_it_says_when_and_with_what(record: Record) -> None:
    assert record.created.endswith("+00:00")
    assert {"brainpack", "h5py", "numpy", "pandas", "xarray"} <= record.versions.keys()


def test_a_file_that_is_not_recorded(record: Record) -> None:
    with pytest.raises(NotFound, match=r"'lab\.Set' names no \.nc file"):
        record.file(".nc")


BAD_FIELDS: dict[str, dict[str, Any]] = {
    "newer format": {"format": 2},
    "format as text": {"format": "1"},
    "format true": {"format": True},
    "no format": {"format": None},
    "unknown kind": {"kind": "movie"},
    "kind of another type": {"kind": ["assembly"]},
    "identifier with a path": {"identifier": "../x"},
    "identifier with a newline": {"identifier": "lab.Set\n"},
    "identifier that is a number": {"identifier": 1},
    "stimulus set with a path": {"stimulus_set_identifier": "a/../../x"},
    "stimulus set that is a number": {"stimulus_set_identifier": 3},
    "class without a name": {"cls": ""},
    "class of another type": {"cls": {}},
    "created": {"created": 2026},
    "versions": {"versions": ["1.0"]},
    "version numbers": {"versions": {"numpy": 2}},
    "files": {"files": {"name": "x"}},
    "a file that is text": {"files": ["x"]},
    "short content hash": {"content": "0" * 63},
    "capital content hash": {"content": "A" * 64},
    "no content hash": {"content": None},
    "release as text": {"release": "CC-BY-4.0"},
    "release that says more": {"release": {"license": "MIT"}},
    "release that says nothing": {"release": {"licence": " \n"}},
    "release that is a number": {"release": {"contact": 1}},
    "release that no file can hold": {"release": {"citation": "\ud800"}},
    "no release": {"release": None},
    "findings as a list": {"findings": ["BP-A016"]},
    "findings of no rule": {"findings": {"../x": 1}},
    "findings without a number": {"findings": {"BP-A016": None}},
    "findings true": {"findings": {"BP-A016": True}},
    "waivers as a list": {"waivers": ["BP-A016"]},
    "waivers of no rule": {"waivers": {"A016\n": "reason"}},
    "waivers without a reason": {"waivers": {"BP-A016": ""}},
    "no waivers": {"waivers": None},
    "more than there may be": {"comment": "hello"},
}


@pytest.mark.parametrize("changes", BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_bad_fields_are_refused(record: Record, path: Path, changes: dict[str, Any]) -> None:
    path.write_text(json.dumps(json.loads(record.to_json()) | changes), "utf-8")
    with pytest.raises(InvalidData, match="is not a record of brainpack") as caught:
        read_record(path)
    assert next(iter(changes)).rstrip("s") in str(caught.value)


BAD_FILES: dict[str, dict[str, Any]] = {
    "path out": {"name": "../x"},
    "path in": {"name": "folder/x"},
    "absolute path": {"name": "/etc/passwd"},
    "drive": {"name": "C:x"},
    "backslash": {"name": "..\\x"},
    "hidden": {"name": ".ssh"},
    "NUL": {"name": "x\0.csv"},
    "surrogate": {"name": "\udcff"},
    "no name": {"name": ""},
    "name of another type": {"name": 7},
    "negative size": {"size": -1},
    "size as text": {"size": "12"},
    "size true": {"size": True},
    "size with decimals": {"size": 12.0},
    "short SHA-1": {"sha1": "0" * 39},
    "capital SHA-1": {"sha1": "A" * 40},
    "SHA-1 with a newline": {"sha1": "0" * 40 + "\n"},
    "SHA-1 of another type": {"sha1": None},
    "SHA-256 that is none": {"sha256": "g" * 64},
    "more than there may be": {"md5": "0" * 32},
}


@pytest.mark.parametrize("changes", BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files_are_refused(record: Record, path: Path, changes: dict[str, Any]) -> None:
    content = json.loads(record.to_json())
    content["files"][1] |= changes
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InvalidData, match=next(iter(changes))):
        read_record(path)


LATER: dict[str, Any] = {"release": {}, "findings": None, "waivers": {}}


def test_a_record_of_before_there_were_projects(record: Record, path: Path) -> None:
    content = json.loads(record.to_json())
    path.write_text(json.dumps({key: value for key, value in content.items() if key not in LATER}), "utf-8")
    assert read_record(path) == record
    assert {key: getattr(read_record(path), key) for key in LATER} == LATER
    path.write_text(json.dumps({key: value for key, value in content.items() if key != "findings"}), "utf-8")
    assert read_record(path).findings is None


def test_what_a_project_says_comes_back(record: Record, path: Path) -> None:
    release = {"licence": "CC-BY-4.0", "citation": "@article{a,\n  title = {Über}\n}\n", "contact": "name@lab.org"}
    said = replace(record, release=release, findings={"BP-A016": 3}, waivers={"BP-S014": "no\nnames"})
    path.write_text(said.to_json(), "utf-8")
    assert read_record(path) == said
    assert said.has_data_of(record)


@pytest.mark.parametrize(
    "key", sorted(json.loads(Record("a", "assembly", "DataAssembly", (), CONTENT).to_json()).keys() - LATER)
)
def test_a_key_that_is_missing(record: Record, path: Path, key: str) -> None:
    content = json.loads(record.to_json())
    del content[key]
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InvalidData, match=key):
        read_record(path)


@pytest.mark.parametrize("key", ["name", "size", "sha1", "sha256"])
def test_a_key_of_a_file_that_is_missing(record: Record, path: Path, key: str) -> None:
    content = json.loads(record.to_json())
    del content["files"][0][key]
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InvalidData, match=f"expected the file to have .*{key}"):
        read_record(path)


BAD_TEXTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not a record"),
    "a table": (b"stimulus_id,filename\n", "is not a record"),
    "half a record": (b'{"format": 1, "identifier": "lab', "is not a record"),
    "a list": (b"[1]", r"expected a JSON object, found \[1\]"),
    "a text": (b'"format"', "expected a JSON object"),
    "null": (b"null", "expected a JSON object"),
    "latin-1": ('{"format": "é"}'.encode("latin-1"), "utf-8"),
    "deep": (b"[" * 100_000, "is not a record"),
    "a number with many digits": (b"1" * 10_000, "is not a record"),
    "huge": (b" " * (1 << 20) + b"{}", "longer than any record"),
}


@pytest.mark.parametrize(("text", "message"), BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_other_texts_are_refused(path: Path, text: bytes, message: str) -> None:
    path.write_bytes(text)
    with pytest.raises(InvalidData, match=message) as caught:
        read_record(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_no_record_there(path: Path) -> None:
    with pytest.raises(NotFound, match=r"no record .*packaging writes one"):
        read_record(path)
    path.touch()
    with pytest.raises(NotFound, match="no record"):
        read_record(path / "below")


def test_a_folder_is_not_a_record(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be read"):
        read_record(tmp_path)

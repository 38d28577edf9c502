"""The data plugin that is written, and what becomes of one that is there."""

from __future__ import annotations

import ast
import errno
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brainpack import errors
from brainpack.cli.main import main
from brainpack.plugin.entries import entry_of
from brainpack.plugin.literals import block_literal, literal
from brainpack.plugin.writing import write_plugin
from brainpack.record.records import read_record
from brainpack.summarising import summarise
from tests.helpers import recording
from tests.plugin.published import RATES, SET, VERSION, entries, publish

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_plugin_says_what_registries_need(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "brainscore_vision" / "data" / "lab2026"
    written = write_plugin(records, folder)
    assert written.entries == {SET: "added", RATES: "added"}
    text = (folder / "__init__.py").read_text("utf-8")
    assert "\ndata_registry['lab.Set2026.rates'] = lambda: load_assembly_from_s3(\n" in text
    assert "\nstimulus_set_registry['lab.Set2026'] = lambda: load_stimulus_set_from_s3(\n" in text
    assert "from brainscore_vision import data_registry, load_stimulus_set, stimulus_set_registry\n" in text
    record = read_record(records[1])
    assert record.kind == "assembly"
    call = entries(folder)["data_registry['lab.Set2026.rates']"].value
    assert isinstance(call, ast.Lambda)
    assert isinstance(call.body, ast.Call)
    assert {argument.arg: ast.unparse(argument.value) for argument in call.body.keywords} == {
        "identifier": "'lab.Set2026.rates'",
        "version_id": repr(VERSION),
        "sha1": repr(record.file(".nc").sha1),
        "bucket": "'bucket/lab/folder'",
        "cls": "NeuroidAssembly",
        "stimulus_set_loader": "lambda: load_stimulus_set('lab.Set2026')",
    }
    tests = (folder / "test.py").read_text("utf-8")
    assert "assert len(stimuli) == 3" in tests
    assert f'"presentation": {recording().sizes["presentation"]}' in tests


@pytest.mark.slow  # one version of ruff is enough
def test_the_code_is_as_ruff_would_leave_it(records: list[Path], tmp_path: Path) -> None:
    publish(records[0], release={"citation": "@article{a,\n  title = {Größe \\& Wert},\n}", "licence": "CC-BY-4.0"})
    write_plugin(records, tmp_path / "lab2026")
    settings = ["--isolated", "--line-length", "120"]
    for command in (["check"], ["format", "--diff", "--config", "format.quote-style = 'preserve'"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *settings, str(tmp_path / "lab2026")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_again_changes_nothing(records: list[Path], tmp_path: Path) -> None:
    first = write_plugin(records, tmp_path / "lab2026")
    again = write_plugin(records, tmp_path / "lab2026")
    assert again.files == first.files
    assert set(again.entries.values()) == {"unchanged"}


def test_a_dry_run_touches_nothing(records: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", *map(str, records), "--to", str(tmp_path / "lab2026"), "--dry-run"]) == 0
    assert f"added     {RATES}" in capsys.readouterr().out
    assert not (tmp_path / "lab2026").exists()


def test_where_it_cannot_be_written(records: list[Path], tmp_path: Path) -> None:
    for name in ("lab-2026", "class", "_lab"):
        with pytest.raises(errors.SettingsError, match=f"'{name}' cannot be the name of a plugin"):
            write_plugin(records, tmp_path / name)
    (tmp_path / "file").touch()
    with pytest.raises(errors.StoreError):
        write_plugin(records, tmp_path / "file")
    with pytest.raises(errors.NotFound):
        write_plugin(tmp_path / "nowhere", tmp_path / "lab2026")


@pytest.mark.parametrize("location", [None, "/shared/data"])
def test_what_is_not_in_s3_is_refused(location: str | None, records: list[Path], tmp_path: Path) -> None:
    for path in records:
        path.write_text(replace(read_record(path), location=location).to_json(), "utf-8")
    with pytest.raises(
        errors.BrainpackError, match="publish" if location is None else "is not there|published in /shared"
    ):
        write_plugin(records, tmp_path / "lab2026")
    assert not (tmp_path / "lab2026").exists()


def test_a_plugin_of_another_domain(records: list[Path], tmp_path: Path) -> None:
    write_plugin(records[0], tmp_path / "brainscore_language" / "data" / "lab2026")
    text = (tmp_path / "brainscore_language" / "data" / "lab2026" / "__init__.py").read_text("utf-8")
    assert "from brainscore_language import stimulus_set_registry" in text


TEXTS = st.text(st.characters(exclude_categories=()))  # with halves of letters, which no file can hold


@given(TEXTS)
@example('"""\nimport os\n"""')
@example("a\\\n")
@example('ends with "\n"')
@example("\r\n\x0c\x85\u2028")
@example("half\n\ud83d")
def test_any_text_comes_back_from_code(text: str) -> None:
    for code in (literal(text), block_literal(text)):
        assert ast.literal_eval(code.encode().decode()) == text


def test_a_set_and_an_assembly_may_share_their_identifier(records: list[Path], tmp_path: Path) -> None:
    publish(records[1], identifier="lab.Set2026")
    written = write_plugin([*records, records[0]], tmp_path / "lab2026")
    assert written.entries == {SET: "added", "data_registry['lab.Set2026']": "added"}
    assert {*write_plugin(records, tmp_path / "lab2026").entries.values()} == {"unchanged"}


def test_records_that_contradict_each_other(records: list[Path], tmp_path: Path) -> None:
    copy = shutil.copytree(records[1].parent, tmp_path / "copy") / records[1].name
    publish(copy, "version.2")
    with pytest.raises(errors.InvalidData, match=r"different records for 'lab\.Set2026\.rates'"):
        write_plugin([records[1], copy], tmp_path / "lab2026")


def test_a_class_that_is_none(records: list[Path], tmp_path: Path) -> None:
    publish(records[1], cls="exit()")
    with pytest.raises(errors.InvalidData, match="names no class of assemblies"):
        write_plugin(records, tmp_path / "lab2026")


@pytest.mark.parametrize("is_new", [True, False])
def test_both_files_or_none(is_new: bool, records: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    if not is_new:
        (folder / "__init__.py").write_text("a = 1\n", "utf-8")
        (folder / "test.py").write_text("b = 1\n", "utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    genuine = type(folder).replace

    def refuse_module(path: Path, target: Path) -> Path:
        if target.name == "__init__.py":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return genuine(path, target)

    monkeypatch.setattr(type(folder), "replace", refuse_module)
    with pytest.raises(errors.StoreError, match="Free some space"):
        write_plugin(records, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_identifier_cannot_be_code(records: list[Path]) -> None:
    record = replace(read_record(records[1]), identifier="a'] = 1; import os; x['")
    (summary,) = summarise(records[1].with_suffix("").with_suffix(".nc"))
    with pytest.raises(errors.InvalidData, match="is no identifier"):
        entry_of(record, summary, "brainscore_vision")

"""Folders and tables of stimulus files become stimulus sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brainpack import errors, stimuli_from
from tests.helpers import png

if TYPE_CHECKING:
    from pathlib import Path


def files(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(number))
    return folder


def table(folder: Path, text: str, name: str = "stimuli.csv") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_a_folder_in_the_order_of_people(tmp_path: Path) -> None:
    files(tmp_path, "img_10.png", "img_9.png", "more/img_1.JPG", ".hidden.png", "Thumbs.db", "notes.csv", ".git/x.png")
    stimuli = stimuli_from(tmp_path)
    assert stimuli["stimulus_id"].tolist() == ["img_9", "img_10", "img_1"]
    assert stimuli.stimulus_paths["img_1"] == tmp_path / "more" / "img_1.JPG"


@pytest.mark.parametrize(
    ("names", "ids"), [(("10.png", "9.png"), [9, 10]), (("01.png", "2.png"), ["01", "2"]), (("1.5.png",), ["1.5"])]
)
def test_ids_are_numbers_where_all_of_them_are(names: tuple[str, ...], ids: list[Any], tmp_path: Path) -> None:
    assert stimuli_from(files(tmp_path, *names))["stimulus_id"].tolist() == ids


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    files(tmp_path, "a.png", "README.md", "labels.json", "a.xcf")
    with pytest.warns(
        UserWarning, match=r"left out 3 files of formats that no stimulus has: README\.md, a\.xcf, labels\.json"
    ):
        assert len(stimuli_from(tmp_path)) == 1


def test_a_folder_with_metadata_by_id_or_by_name(tmp_path: Path) -> None:
    folder = files(tmp_path / "images", "dark.png", "bright.png")
    by_id = table(tmp_path, "stimulus_id,luminance\ndark,0.5\nbright,120\n")
    by_name = table(tmp_path, "luminance,filename\n120,bright.png\n0.5,dark.png\n", "names.csv")
    own = table(tmp_path, "name,luminance\ndark,0.5\nbright,120\n", "own.csv")
    for metadata, options in ((by_id, {}), (by_name, {}), (own, {"id_column": "name"})):
        stimuli = stimuli_from(folder, metadata=metadata, **options)
        assert stimuli.to_dict("list") == {"stimulus_id": ["bright", "dark"], "luminance": [120.0, 0.5]}


def test_options_and_files_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    folder = files(tmp_path / "images", "a.png")
    with pytest.raises(errors.SettingsError, match="whose ids are file names, so 'nonsense' is no column"):
        stimuli_from(folder, id_column="nonsense")
    with pytest.raises(errors.InvalidData, match=r"labels\.xlsx is a spreadsheet, which is not read; save it as CSV"):
        stimuli_from(folder, metadata=table(tmp_path, "PK", "labels.xlsx"))


def test_metadata_of_ids_that_are_text_only_in_a_folder(tmp_path: Path) -> None:
    folder = files(tmp_path / "images", "1.5.png", "2.5.png")
    stimuli = stimuli_from(folder, metadata=table(tmp_path, "stimulus_id,luminance\n2.5,120\n1.5,0.5\n"))
    assert stimuli.to_dict("list") == {"stimulus_id": ["1.5", "2.5"], "luminance": [0.5, 120.0]}


def test_metadata_by_name_are_those_of_this_file(tmp_path: Path) -> None:
    folder = files(tmp_path / "images", "dark.png", "more/bright.png")
    names = table(tmp_path, "filename,luminance\nmore/bright.png,120\ndark.png,0.5\n")
    assert stimuli_from(folder, metadata=names)["luminance"].tolist() == [0.5, 120.0]
    for wrong in ("dark.jpg", "other/dark.png", "dark"):
        other = table(tmp_path, f"filename,luminance\nbright.png,120\n{wrong},0.5\n", "wrong.csv")
        with pytest.raises(errors.InvalidData, match=f"names {wrong}, of which .*images has 0 files"):
            stimuli_from(folder, metadata=other)


def test_two_columns_of_files_are_not_guessed(tmp_path: Path) -> None:
    files(tmp_path, "a.png", "b.png")
    both = table(tmp_path, "stimulus_id,path,filename\n1,a.png,b.png\n")
    with pytest.raises(errors.SettingsError, match="has files in filename and path; say in which"):
        stimuli_from(both)
    assert stimuli_from(both, file_column="path").stimulus_paths[1] == tmp_path / "a.png"


def test_a_linked_folder_is_not_left_out_in_silence(tmp_path: Path) -> None:
    folder = files(tmp_path / "images", "a.png")
    (folder / "more").symlink_to(files(tmp_path / "elsewhere", "b.png"))
    with pytest.raises(errors.InvalidData, match="more is a link to another folder"):
        stimuli_from(folder)
    (folder / "more").rename(folder / ".more")
    (folder / "b.png").symlink_to(tmp_path / "elsewhere" / "b.png")
    assert stimuli_from(folder)["stimulus_id"].tolist() == ["a", "b"]


def test_a_table_that_names_files(tmp_path: Path) -> None:
    files(tmp_path, "images/a.png", "images/b.png")
    source = table(tmp_path, "image_id,path,word\n001,images/b.png,NA\n002,images/a.png,x\n")
    stimuli = stimuli_from(source)
    assert stimuli["stimulus_id"].tolist() == ["001", "002"]
    assert stimuli.stimulus_paths["001"] == tmp_path / "images" / "b.png"
    assert [*stimuli.columns] == ["stimulus_id", "word"]
    own = table(tmp_path, "name,where\nx,images/b.png\n", "own.tsv".replace("tsv", "csv"))
    assert stimuli_from(own, id_column="name", file_column="where")["stimulus_id"].tolist() == ["x"]


def test_files_are_found_by_ids_beside_the_table(tmp_path: Path) -> None:
    files(tmp_path, "a.png", "stimuli/b.png")
    stimuli = stimuli_from(table(tmp_path, "stimulus_id,x\nb,1\na,2\n"))
    assert [str(stimuli.stimulus_paths[name])[-5:] for name in ("a", "b")] == ["a.png", "b.png"]


REFUSED: dict[str, tuple[str, type[Exception], str]] = {
    "a file that is not there": ("stimulus_id,file\na,no.png\n", errors.NotFound, "1 files that are not there"),
    "no file by that id": ("stimulus_id\nz\n", errors.NotFound, "'z'; name the column with the files"),
    "an id twice": ("stimulus_id,file\na,a.png\na,a.png\n", errors.InvalidData, "in several rows: 'a'"),
    "no id": ("stimulus_id,file\n,a.png\n", errors.InvalidData, "rows without stimulus_id"),
    "no column of ids": ("name,file\na,a.png\n", errors.SettingsError, "by the option id"),
    "no name of a file": ("stimulus_id,file\na,\n", errors.InvalidData, "rows without a name"),
    "semicolons": ("stimulus_id;file\na;a.png\n", errors.InvalidData, "';' between the columns"),
    "no rows": ("stimulus_id,file\n", errors.InvalidData, "has no rows"),
    "two columns of a name": ("stimulus_id,file,file\na,a.png,b\n", errors.InvalidData, "several columns 'file'"),
    "too many cells": ("stimulus_id,file\na,a.png,1,2\n", errors.InvalidData, "not a table that can be read"),
    "a path that cannot be": ("stimulus_id,file\na,a\0.png\n", errors.NotFound, "that are not there"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_tables_that_are_refused(case: tuple[str, type[Exception], str], tmp_path: Path) -> None:
    text, error, message = case
    with pytest.raises(error, match=message):
        stimuli_from(table(files(tmp_path, "a.png"), text))


def test_folders_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFound, match="nowhere"):
        stimuli_from(tmp_path / "nowhere")
    with pytest.raises(errors.InvalidData, match="has no stimuli in it"):
        stimuli_from(tmp_path)
    files(tmp_path, "a.png", "b/a.jpg")
    with pytest.raises(errors.InvalidData, match=r"several files for the id 'a': a\.png, b/a\.jpg"):
        stimuli_from(tmp_path)
    for text, message in (("stimulus_id,x\nz,1\n", "'z'"), ("stimulus_id,x\na,1\nb,2\n", "'b'")):
        folder = files(tmp_path / "images", "a.png")
        with pytest.raises(errors.InvalidData, match=message):
            stimuli_from(folder, metadata=table(tmp_path, text))


def test_latin_1_is_not_taken_for_utf_8(tmp_path: Path) -> None:
    (tmp_path / "stimuli.csv").write_bytes("stimulus_id,name\na,Größe\n".encode("latin-1"))
    with pytest.raises(errors.InvalidData, match="expected UTF-8"):
        stimuli_from(tmp_path / "stimuli.csv")

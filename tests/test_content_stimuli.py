"""The content hash of stimulus sets: tables by their cells, files by their bytes."""

from __future__ import annotations

import csv
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given

from brainpack import InvalidData, packaging
from brainpack.comparing.packages import content_hash
from brainpack.content.hashes import content_of_stimuli, table_cells
from brainpack.record.records import read_record
from tests.helpers import png, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = "3932120402320abc84cf2a46e215171808e7ac2814da3eaae9a514977360201a"


def recorded(made: dict[str, Any]) -> str:
    return read_record(Path(made["csv_path"]).with_suffix(".brainpack.json")).content


@pytest.fixture
def packaged(tmp_path: Path) -> tuple[Path, Path, str]:
    """CSV, ZIP and content hash of a stimulus set."""
    made = packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set", tmp_path / "out")
    return Path(made["csv_path"]), Path(made["zip_path"]), recorded(made)


def rewrite(csv_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], **options: Any) -> None:
    table = pd.read_csv(csv_path, dtype=str, keep_default_na=False)
    change(table).to_csv(csv_path, index=False, **options)


def test_files_have_the_hash_of_the_record(packaged: tuple[Path, Path, str], tmp_path: Path) -> None:
    csv_path, zip_path, expected = packaged
    assert content_hash(csv_path) == content_hash(csv_path.with_suffix(".brainpack.json")) == expected
    shutil.unpack_archive(zip_path, csv_path.with_suffix(""))
    zip_path.unlink()
    assert content_hash(csv_path) == expected


def test_it_does_not_depend_on_how_csv_and_zip_are_made(packaged: tuple[Path, Path, str]) -> None:
    csv_path, zip_path, expected = packaged
    with zipfile.ZipFile(zip_path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(zip_path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in reversed(contents):
            archive.writestr(f"folder/{name}", contents[name])
    rewrite(
        csv_path,
        lambda table: table[[*reversed(table.columns)]],
        quoting=csv.QUOTE_ALL,
        lineterminator="\r\n",
        encoding="utf-8-sig",
    )
    assert content_hash(csv_path) == expected


TABLE_CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "cell": lambda table: table.assign(orientation=["0", "22.5", "45.0"]),
    "file name": lambda table: table.assign(filename=table["filename"].tolist()[::-1]),
    "order of rows": lambda table: table[::-1],
    "column": lambda table: table.assign(more="x"),
    "name of a column": lambda table: table.rename(columns={"category": "kind"}),
    "a row less": lambda table: table[:2],
}


@pytest.mark.parametrize("change", TABLE_CHANGES.values(), ids=TABLE_CHANGES)
def test_a_change_of_the_table_changes_it(
    packaged: tuple[Path, Path, str], change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    csv_path, _, before = packaged
    rewrite(csv_path, change)
    assert content_hash(csv_path) != before


def test_a_byte_of_a_stimulus_changes_it(tmp_path: Path) -> None:
    hashes = set()
    for content in (png(1), png(2)):
        stimuli = stimulus_set(tmp_path / "in")
        Path(stimuli.stimulus_paths["left"]).write_bytes(content)
        hashes.add(recorded(packaging.package_stimulus_set_locally(stimuli, "lab.Set", tmp_path)))
    assert len(hashes) == 2


def test_large_stimuli_count_with_all_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainpack.write.stimulus_files.HELD_IN_MEMORY", 10)
    made = packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set", tmp_path)
    assert content_hash(made["csv_path"]) == recorded(made) == GOLDEN


def test_image_id_is_stimulus_id() -> None:
    old = table_cells(["image_id,filename\n", "a,a.png\n"])
    assert content_of_stimuli(old, [b""]) == content_of_stimuli({"stimulus_id": ["a"], **old}, [b""])


@given(cells=st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), min_size=1))
def test_cells_are_those_that_were_written(cells: list[list[str]]) -> None:
    lines: list[str] = []

    class Lines:
        write = lines.append

    csv.writer(Lines()).writerows([["a", "b"], *cells])
    assert table_cells(lines) == {"a": [row[0] for row in cells], "b": [row[1] for row in cells]}


def test_cells_may_be_long_and_missing() -> None:
    limit = csv.field_size_limit()
    assert table_cells(["a,b\n", "\n", "x" * 200_000 + "\n"]) == {"a": ["x" * 200_000], "b": [""]}
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize(
    ("lines", "message"),
    [([], "is empty"), (["a,a\n"], "several columns 'a'"), (["a,b\n", "1,2,3\n"], "more cells than the header")],
)
def test_tables_that_are_none(lines: list[str], message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        table_cells(lines)

"""What brainpack.toml describes is packaged, the same on every run and from everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brainpack import SettingsError, load
from brainpack.building import build

if TYPE_CHECKING:
    from pathlib import Path

SETS = '[stimuli."lab.Set"]\nfrom = "sentences"\n'
RATES = '[assembly."lab.Rates"]\nfrom = "rates.csv"\nstimuli = "lab.Set"\nvalues = "rate"\n'


def project(folder: Path, text: str) -> Path:
    (folder / "sentences").mkdir(parents=True)
    for name in ("a", "b"):
        (folder / "sentences" / f"{name}.txt").write_text(f"sentence {name}", "utf-8")
    (folder / "rates.csv").write_text("stimulus_id,neuroid_id,rate\na,n1,1.5\na,n2,2\nb,n1,3\nb,n2,4\n", "utf-8")
    (folder / "brainpack.toml").write_text(text, "utf-8")
    return folder


@pytest.mark.filterwarnings("ignore:[\\s\\S]*BP-")  # data this small are odd
def test_bytes_depend_neither_on_the_working_folder_nor_on_the_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(project(tmp_path / "one", SETS + RATES))
    monkeypatch.chdir(project(tmp_path / "two", RATES + SETS))
    second = build(".")
    assert [record.identifier for record in first] == ["lab.Set", "lab.Rates"]
    assert [record.files for record in first] == [record.files for record in second]


def test_all_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    text = SETS.replace("sentences", "nowhere") + RATES.replace("rates.csv", "no.csv").replace("lab.Set", "lab.Other")
    with pytest.raises(SettingsError) as caught:
        build(project(tmp_path / "one", text))
    assert all(name in str(caught.value) for name in ("nowhere", "no.csv", "lab.Other"))
    assert not list(tmp_path.rglob("*.nc"))


def test_what_no_file_could_have_is_told_before_anything_is_written(tmp_path: Path) -> None:
    for line, words in (
        ('class = "Foo"', "there is no assembly class 'Foo'"),
        ('dims = ["x", "x"]', "different names"),
    ):
        folder = tmp_path / words[:5]
        with pytest.raises(SettingsError, match=rf"nothing was packaged[\s\S]*lab\.Rates[\s\S]*{words}"):
            build(project(folder, f"{SETS}{RATES}{line}\n"))
        assert not (folder / "packages").exists()


@pytest.mark.filterwarnings("ignore:[\\s\\S]*BP-")
@pytest.mark.parametrize(("names", "ids"), [(["1", "2", "x"], ["2", "1"]), (["1", "2"], [2, 1])])
def test_ids_have_the_type_of_the_stimulus_set(names: list[str], ids: list[object], tmp_path: Path) -> None:
    folder = project(tmp_path / "one", SETS + RATES)
    for name in "ab":
        (folder / "sentences" / f"{name}.txt").unlink()
    for name in names:
        (folder / "sentences" / f"{name}.txt").write_text(f"sentence {name}", "utf-8")
    (folder / "rates.csv").write_text("stimulus_id,neuroid_id,rate\n2,n1,1\n1,n1,2\n", "utf-8")
    build(folder)
    loaded = load(folder / "packages" / "assy_lab_Rates.brainpack.json")
    assert loaded["stimulus_id"].values.tolist() == ids
    assert loaded.attrs["stimulus_set"]["stimulus_id"].tolist()[:2] == sorted(ids, key=str)

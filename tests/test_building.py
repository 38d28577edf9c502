"""What brainpack.toml describes is packaged, the same on every run and from everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brainpack import SettingsError
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

"""Packaging looks at all that it reads, says everything at once, and leaves nothing behind where something is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array
import numpy as np
import pytest
import xarray as xr

from brainpack import InvalidData, SettingsError
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from brainpack.record.records import read_record
from tests.helpers import png, recording, stimulus_set

if TYPE_CHECKING:
    from brainpack import StimulusSet
    from brainpack.record.records import Record


@pytest.fixture
def stimuli(tmp_path: Path) -> StimulusSet:
    return stimulus_set(tmp_path / "in")


def declare(folder: Path, text: str) -> None:
    (folder / "brainpack.toml").write_text(text, "utf-8")


def truncate(path: str | Path) -> None:
    Path(path).write_bytes(Path(path).read_bytes()[:-20])


def record_of(made: dict[str, str]) -> Record:
    path = Path(made.get("path") or made["csv_path"])
    return read_record(path.with_suffix(".brainpack.json"))


def rules_of(refused: pytest.ExceptionInfo[InvalidData]) -> set[str]:
    assert refused.value.report is not None
    return {finding.rule for finding in refused.value.report.errors}


def test_a_truncated_image_is_found_while_packing_and_the_earlier_package_stays(
    stimuli: StimulusSet, tmp_path: Path
) -> None:
    package_stimulus_set_locally(stimuli, "lab.Set", tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    truncate(stimuli.stimulus_paths["right"])
    with pytest.raises(InvalidData, match=r"(?s)nothing was written.*BP-S023.*'right\.png'") as refused:
        package_stimulus_set_locally(stimuli, "lab.Set", tmp_path / "out")
    assert rules_of(refused) == {"BP-S023"}
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_what_is_wrong_with_the_table_and_with_the_files_is_told_at_once(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in", ids=["NA", "b", "c"])
    truncate(stimuli.stimulus_paths["b"])
    Path(stimuli.stimulus_paths["c"]).unlink()
    with pytest.raises(InvalidData) as refused:
        package_stimulus_set_locally(stimuli, "lab.Set", tmp_path / "out")
    assert rules_of(refused) == {"BP-S003", "BP-S005", "BP-S023"}
    assert not (tmp_path / "out").exists()


def test_values_are_looked_at_while_they_are_written(tmp_path: Path) -> None:
    rates = recording()
    rates[0, 0, 0] = np.inf
    with pytest.warns(UserWarning, match=r"BP-A032 .*neuroid 0 \(neuroid_id 1\)"):
        made = package_data_assembly_locally(rates, "lab.Rates", "lab.Set", downloads_path=tmp_path)
    found = record_of(made).findings
    assert found is not None
    assert found["BP-A032"] == 1


def test_a_lazy_assembly_is_computed_once(tmp_path: Path) -> None:
    computed: list[Any] = []

    def block(block_info: Any) -> np.ndarray[Any, Any]:
        computed.append(block_info[None]["chunk-location"])
        return np.full(block_info[None]["chunk-shape"], len(computed), dtype="f4")

    coords = {"stimulus_id": ("presentation", np.arange(6)), "neuroid_id": ("neuroid", np.arange(4))}
    values = dask.array.map_blocks(block, chunks=((2, 2, 2), (4,)), dtype="f4", meta=np.empty((0, 0), "f4"))
    lazy = xr.DataArray(values, coords, ("presentation", "neuroid"))
    made = package_data_assembly_locally(lazy, "lab.Lazy", "lab.Set", downloads_path=tmp_path)
    assert sorted(computed) == [(0, 0), (1, 0), (2, 0)]
    assert "BP-A035" in (record_of(made).findings or {})

    with pytest.raises(InvalidData) as refused:
        package_data_assembly_locally(lazy.rename(neuroid="voxel"), "lab.Lazy", "lab.Set", downloads_path=tmp_path)
    assert rules_of(refused) == {"BP-A002"}
    assert len(computed) == 3


def test_the_project_waives_with_a_reason_which_the_record_keeps(stimuli: StimulusSet, tmp_path: Path) -> None:
    truncate(stimuli.stimulus_paths["right"])
    declare(tmp_path, 'waivers.BP-S023 = "the last rows were never shown"')
    made = package_stimulus_set_locally(stimuli, "lab.Set", tmp_path / "out" / "today")
    record = record_of(made)
    assert record.waivers == {"BP-S023": "the last rows were never shown"}
    assert "BP-S023" not in (record.findings or {})


def test_the_project_says_what_is_expected_and_under_which_licence(stimuli: StimulusSet, tmp_path: Path) -> None:
    declare(tmp_path, 'release.licence = "CC-BY-4.0"\n[expect]\nstimuli = 3\nregions = ["V4", "IT"]\npresentations = 5')
    made = package_stimulus_set_locally(stimuli, "lab.Set", tmp_path)
    assert record_of(made).release == {"licence": "CC-BY-4.0"}
    with pytest.raises(InvalidData, match=r"presentation.*expected 5, as declared, found 4") as refused:
        package_data_assembly_locally(recording(), "lab.Rates", "lab.Set", downloads_path=tmp_path)
    assert rules_of(refused) == {"BP-R011"}


def test_the_project_of_the_working_folder_counts_where_the_target_has_none(
    stimuli: StimulusSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    declare(tmp_path / "work", 'waivers.BP-S003 = "we know"')
    monkeypatch.chdir(tmp_path / "work")
    with pytest.raises(SettingsError, match=r"work/brainpack\.toml: BP-S003 .* cannot be waived"):
        package_stimulus_set_locally(stimuli, "lab.Set", "/proc/nowhere")


def test_an_assembly_fits_to_the_stimulus_set_in_its_folder(stimuli: StimulusSet, tmp_path: Path) -> None:
    package_stimulus_set_locally(stimuli, "lab.Set", tmp_path)
    package_data_assembly_locally(recording(), "lab.Rates", "lab.Set", downloads_path=tmp_path)
    other = recording(["left", "middle"])
    package_data_assembly_locally(other, "lab.Other", "lab.Unknown", downloads_path=tmp_path)
    with pytest.warns(UserWarning, match="BP-P001 .*'middle'"):
        made = package_data_assembly_locally(other, "lab.Rates", "lab.Set", downloads_path=tmp_path)
    assert (record_of(made).findings or {})["BP-P001"] == 1


def test_an_assembly_fits_to_the_stimulus_set_that_it_has(stimuli: StimulusSet, tmp_path: Path) -> None:
    rates = recording(["middle"]).assign_attrs(stimulus_set=stimuli)
    with pytest.warns(UserWarning, match="BP-P001 .*'middle'"):
        package_data_assembly_locally(rates, "lab.Rates", "lab.Set", downloads_path=tmp_path)


def test_a_damaged_stimulus_set_in_the_folder_is_no_reason_to_refuse_an_assembly(tmp_path: Path) -> None:
    (tmp_path / "stimulus_lab_Set.csv").write_bytes(png(1))
    package_data_assembly_locally(recording(), "lab.Rates", "lab.Set", downloads_path=tmp_path)


def test_another_stimulus_set_that_an_assembly_has_says_nothing(stimuli: StimulusSet, tmp_path: Path) -> None:
    stimuli.identifier = "lab.Earlier"
    other = recording(["middle"]).assign_attrs(stimulus_set=stimuli)
    made = package_data_assembly_locally(other, "lab.Rates", "lab.Set", downloads_path=tmp_path)
    assert "BP-P001" not in (record_of(made).findings or {})

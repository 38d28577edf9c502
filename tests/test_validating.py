"""Data sets in memory and in files, looked at by every rule that is about them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import SettingsError, Unavailable, packaging
from brainpack.objects.assemblies import BehavioralAssembly
from brainpack.publishing import publish
from brainpack.validating.reports import validate
from brainpack.validation.findings import Change, Problem, Severity
from tests.helpers import recording, stimulus_set
from tests.reports import errors, only

if TYPE_CHECKING:
    from tests.servers.ministack import MiniStack


ASSEMBLY, STIMULI = "assy_lab_A.brainpack.json", "stimulus_lab_S.brainpack.json"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with a stimulus set and an assembly."""
    folder = tmp_path / "out"
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", folder)
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=folder)
    return folder


# ------------------------------------------------------------------------------------------------ in memory


def test_objects_are_called_by_their_identifiers(tmp_path: Path) -> None:
    stimuli, assembly = stimulus_set(tmp_path), recording().assign_attrs(identifier="lab.A")
    stimuli.identifier = "lab.S"
    reports = validate(stimuli, assembly)
    assert [report.subject for report in reports] == ["stimulus set 'lab.S'", "assembly 'lab.A'"]
    assert not reports.errors
    assert str(reports) == f"{reports[0]}\n{reports[1]}"
    assert {*reports.notes} == {*reports[0].notes, *reports[1].notes}
    assert [report.subject for report in validate(recording())] == ["assembly"]


def test_everything_that_is_wrong_with_a_stimulus_set_is_found_at_once(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path, ids=["a", "b", "b", "NA"])
    Path(stimuli.stimulus_paths["a"]).write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    stimuli.stimulus_paths["NA"] = tmp_path / "nowhere.png"
    found = {finding.rule for finding in validate(stimuli).errors}
    assert found == {"BP-S002", "BP-S003", "BP-S004", "BP-S005", "BP-S023"}


def test_values_are_looked_at(tmp_path: Path) -> None:
    assembly = recording()
    assembly.values[:, 1] = np.nan
    assert "BP-A031" in {finding.rule for finding in validate(assembly).warnings}


def test_a_set_and_an_assembly_are_checked_as_a_pair(tmp_path: Path) -> None:
    stimuli, assembly = stimulus_set(tmp_path), recording(["left", "unknown"])
    assert not validate(assembly).errors
    assert only(validate(stimuli, assembly), "BP-P001").examples == ("'unknown'",)
    assert only(validate(assembly.assign_attrs(stimulus_set=stimuli)), "BP-P001").count == 1
    stimuli.identifier = "lab.S"
    referring = assembly.assign_attrs(stimulus_set_identifier="lab.S")
    assert only(validate(referring, stimuli, stimulus_set(tmp_path / "other", ["x"])), "BP-P001").count == 1
    stimuli.identifier = "lab.Other"
    assert not validate(referring, stimuli).errors


def test_stimulus_sets_are_compared_with_each_other(tmp_path: Path) -> None:
    train, test = stimulus_set(tmp_path / "a", ["x", "y"]), stimulus_set(tmp_path / "b", ["z"])
    train.identifier, test.identifier = "lab.Train", "lab.Test"
    assert only(validate(train, test), "BP-P006").examples == ("'x' is 'z'",)


def test_sets_without_an_identifier_are_numbered_and_compared(tmp_path: Path) -> None:
    reports = validate(stimulus_set(tmp_path / "a", ["x", "y"]), recording(), stimulus_set(tmp_path / "b", ["z"]))
    assert [report.subject for report in reports] == ["stimulus set 1", "assembly", "stimulus set 2"]
    assert only(reports, "BP-P006").where == "stimulus set 1 and stimulus set 2"


def test_two_versions_of_one_set_are_compared(tmp_path: Path) -> None:
    old, new = stimulus_set(tmp_path / "a", ["x"]), stimulus_set(tmp_path / "b", ["z"])
    old.identifier = new.identifier = "lab.S"
    assert only(validate(old, new), "BP-P006").where == "stimulus set 'lab.S' 1 and stimulus set 'lab.S' 2"
    folders = [tmp_path / "old", tmp_path / "new"]
    for stimuli, folder in zip((old, new), folders, strict=True):
        packaging.package_stimulus_set_locally(stimuli, "lab.S", folder)
    assert str(folders[1]) in only(validate(*folders), "BP-P006").where


def test_one_set_is_the_pair_of_every_assembly(tmp_path: Path) -> None:
    given = (stimulus_set(tmp_path), recording(["left", "u"]), recording(["v", "left"]))
    _, *reports = validate(*given, select=["BP-P001"])
    assert [report.findings[0].examples for report in reports] == [("'u'",), ("'v'",)]


def test_an_array_of_unknown_size_is_a_finding() -> None:
    values = dask.array.ones((4, 3), chunks=2)
    array = xr.DataArray(values[values[:, 0] > 0], dims=("presentation", "neuroid"))
    (finding,) = validate(array).errors
    assert (finding.rule, finding.advice) == ("BP-R014", "Call compute_chunk_sizes() on it")


class Shy:
    """What cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("not for you")


def test_what_cannot_be_shown_is_an_example_all_the_same() -> None:
    stimuli = pd.DataFrame({"stimulus_id": [Shy()]})
    assert only(validate(stimuli), "BP-S005").examples == ("<Shy>",)
    assert Problem("it", "a", "b", "c", [Change(Shy(), (1, Shy()))]).under("BP-X", Severity.NOTE).examples == (
        "<Shy> -> <tuple>",
    )


class Ratings(BehavioralAssembly):
    """A class of somebody's own."""

    __slots__ = ()


@pytest.mark.parametrize("cls", [xr.DataArray, BehavioralAssembly, Ratings])
def test_an_array_is_judged_as_its_class_or_by_its_dimensions(cls: type[xr.DataArray]) -> None:
    answers = cls(["yes", "no"], {"stimulus_id": ("presentation", ["a", "b"])}, ("presentation",))
    assert not validate(answers).errors
    assert validate(cls(["yes", "no"], dims=("presentation",))).errors[0].rule == "BP-A003"


def test_profiles_gate_differently() -> None:
    twice = recording().assign_coords(neuroid_id=("neuroid", [1, 1, 2])).assign_attrs(identifier="lab.A")
    assert only(validate(twice), "BP-A016").severity == "warning"
    published = {finding.rule for finding in validate(twice, profile="publish").errors}
    assert {"BP-A016", "BP-R007"} <= published


def test_rules_can_be_selected_and_ignored() -> None:
    found = validate(recording(["a", "a", "b"]), select=["BP-A01"], ignore="BP-A018")
    assert {finding.rule for report in found for finding in report.findings} == {"BP-A017", "BP-A019"}


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ([], {}, "nothing to validate"),
        ([5], {}, "a int cannot be validated; expected a stimulus set"),
        ([xr.Dataset()], {}, "a Dataset cannot be validated"),
        ([recording()], {"profile": "final"}, "no profile 'final'; expected one of draft, publish"),
        ([recording()], {"select": ["BP-Q"]}, "no rule begins with 'BP-Q'"),
        ([""], {}, "an empty path names no data"),
        (["x"], {"ignore": ["bp-s"]}, "no rule begins with 'bp-s'"),
    ],
)
def test_wrong_usage_is_raised(arguments: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        validate(*arguments, **options)


# ------------------------------------------------------------------------------------------------ packages


def test_a_folder_of_packages_is_fine(package: Path) -> None:
    reports = validate(package)
    assert errors(reports) == {ASSEMBLY: [], STIMULI: []}
    assert only(reports, "BP-S025").found == "3 images: PNG, L, 4 x 4"


def test_files_of_one_package_are_one_package(package: Path) -> None:
    shutil.unpack_archive(package / "stimulus_lab_S.zip", package / "stimulus_lab_S")
    for reports in (validate(*package.iterdir()), validate(package, str(package), package / ".." / "out" / ASSEMBLY)):
        assert sorted(errors(reports)) == [ASSEMBLY, STIMULI]
        assert len(reports) == 2


def test_a_cut_off_netcdf_file_is_a_finding_and_the_rest_is_looked_at(package: Path) -> None:
    path = package / "assy_lab_A.nc"
    path.write_bytes(path.read_bytes()[:3000])
    reports = validate(package)
    assert errors(reports) == {ASSEMBLY: ["BP-R013", "BP-R014"], STIMULI: []}
    assert only(reports, "BP-R013").examples[0].endswith(", 3000 bytes")
    assert only(reports, "BP-R014").advice == "Get a fresh copy"
    assert only(reports, "BP-S025").count == 3


def test_swapped_files_are_not_those_of_the_record_and_are_looked_at(package: Path) -> None:
    twice = recording().assign_coords(neuroid_id=("neuroid", [1, 1, 2]))
    packaging.package_data_assembly_locally(twice, "lab.B", "lab.S", downloads_path=package)
    a, b = package / "assy_lab_A.nc", package / "assy_lab_B.nc"
    a.rename(package / "swap"), b.rename(a), (package / "swap").rename(b)
    reports = validate(package)
    assert errors(reports) == {ASSEMBLY: ["BP-R013"], "assy_lab_B.brainpack.json": ["BP-R013"], STIMULI: []}
    assert "BP-A016" in {finding.rule for finding in reports[0].warnings}


def test_a_missing_zip_does_not_hide_the_table(package: Path) -> None:
    (package / "stimulus_lab_S.zip").unlink()
    table = pd.read_csv(package / "stimulus_lab_S.csv")
    pd.concat([table, table[:1]]).to_csv(package / "stimulus_lab_S.csv", index=False)
    reports = validate(package / STIMULI)
    assert errors(reports) == {STIMULI: ["BP-R013", "BP-R013", "BP-S002"]}
    (package / STIMULI).unlink()
    assert errors(validate(package / "stimulus_lab_S.csv")) == {"stimulus_lab_S.csv": ["BP-R014", "BP-S002"]}


def test_a_record_that_is_none_does_not_hide_the_others(package: Path) -> None:
    (package / ASSEMBLY).write_text("{}", "utf-8")
    nowhere = package / "nowhere"
    assert errors(validate(package, nowhere)) == {ASSEMBLY: ["BP-R014"], STIMULI: [], "nowhere": ["BP-R014"]}


def test_a_folder_without_data_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert errors(validate(tmp_path / "empty")) == {"empty": ["BP-R014"]}


def test_a_record_that_lacks_a_file(package: Path) -> None:
    content = json.loads((package / STIMULI).read_text("utf-8"))
    content["files"] = content["files"][:1]
    (package / STIMULI).write_text(json.dumps(content), "utf-8")
    assert errors(validate(package / STIMULI)) == {STIMULI: ["BP-R013"]}


def test_a_folder_in_place_of_a_file(package: Path) -> None:
    (package / "assy_lab_A.nc").unlink()
    (package / "assy_lab_A.nc").mkdir()
    assert errors(validate(package / ASSEMBLY)) == {ASSEMBLY: ["BP-R013", "BP-R014"]}


def test_the_stimulus_set_beside_an_assembly_is_its_own(package: Path) -> None:
    packaging.package_data_assembly_locally(recording(["left", "x"]), "lab.B", "lab.Other", downloads_path=package)
    assert not validate(package / "assy_lab_B.brainpack.json").errors
    content = json.loads((package / "assy_lab_B.brainpack.json").read_text("utf-8"))
    content["stimulus_set_identifier"] = "lab.S"
    (package / "assy_lab_B.brainpack.json").write_text(json.dumps(content), "utf-8")
    assert only(validate(package / "assy_lab_B.brainpack.json"), "BP-P001").examples == ("'x'",)
    (package / "stimulus_lab_S.csv").write_bytes(b"\xff")
    assert errors(validate(package / "assy_lab_B.brainpack.json")) == {"assy_lab_B.brainpack.json": ["BP-R014"]}


# ------------------------------------------------------------------------------------------------ projects and stores


def test_the_nearest_project_waives_and_expects(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = '[waivers]\nBP-A018 = "as it was"\nBP-A016 = "none"\n[expect."lab.A"]\nregions = ["V4"]\n'
    (package.parent / "brainpack.toml").write_text(toml, "utf-8")
    reports = validate(package / ASSEMBLY)
    assert only(reports, "BP-A018").waived == "as it was"
    assert errors(reports) == {ASSEMBLY: ["BP-R011"]}
    monkeypatch.chdir(package)
    assert only(validate(recording()), "BP-A018").waived == "as it was"
    (package / "brainpack.toml").write_text("[waivers]\nBP-A018 = 1\n", "utf-8")
    with pytest.raises(SettingsError, match="BP-A018"):
        validate(package / ASSEMBLY)


def test_what_a_project_says_of_all_its_data_is_that_of_bare_files_too(package: Path) -> None:
    for record in package.glob("*.json"):
        record.unlink()
    (package / "brainpack.toml").write_text('[release]\nlicence = "CC0-1.0"\n', "utf-8")
    found = {finding.rule for finding in validate(package / "assy_lab_A.nc", profile="publish").warnings}
    assert {"BP-R008", "BP-R010"} <= found
    assert "BP-R007" not in {finding.rule for finding in validate(package / "assy_lab_A.nc", profile="publish").errors}


def test_waivers_of_a_record_count(package: Path) -> None:
    content = json.loads((package / ASSEMBLY).read_text("utf-8"))
    content["waivers"] = {"BP-A018": "as it was"}
    (package / ASSEMBLY).write_text(json.dumps(content), "utf-8")
    assert only(validate(package / ASSEMBLY), "BP-A018").waived == "as it was"


def test_files_that_are_elsewhere_are_fetched(package: Path, tmp_path: Path, home: Path) -> None:
    records = publish(package, tmp_path / "store")
    published = next(record for record in records if record.kind == "assembly")
    (tmp_path / "alone").mkdir()
    shutil.copy(tmp_path / "store" / ASSEMBLY, tmp_path / "alone")
    for place in (tmp_path / "alone", published):
        assert errors(validate(place)) == {ASSEMBLY: []}
    assert [path.name for path in home.rglob("*.nc")] == ["assy_lab_A.nc"]


def test_files_in_a_store_that_are_not_those_of_the_record(package: Path, tmp_path: Path) -> None:
    publish(package, tmp_path / "store")
    (tmp_path / "alone").mkdir()
    content = json.loads((tmp_path / "store" / ASSEMBLY).read_text("utf-8"))
    content["files"][0] |= {"sha1": "0" * 40, "version_id": None}
    (tmp_path / "alone" / ASSEMBLY).write_text(json.dumps(content), "utf-8")
    reports = validate(tmp_path / "alone")
    assert errors(reports) == {ASSEMBLY: ["BP-R013"]}
    assert "-> SHA-1" in only(reports, "BP-R013").examples[0]
    (tmp_path / "store" / "assy_lab_A.nc").unlink()
    assert only(validate(tmp_path / "alone"), "BP-R013").examples == ("'assy_lab_A.nc'",)


def test_packages_in_a_bucket(package: Path, ministack: MiniStack, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ministack.environment().items():
        monkeypatch.setenv(name, value)
    place = f"s3://{ministack.new_bucket(versioned=True)}/lab"
    records = {record.kind: record for record in publish(package, place)}
    assert errors(validate(place)) == {ASSEMBLY: [], STIMULI: []}
    assert errors(validate(f"{place}/nothing.brainpack.json")) == {"nothing.brainpack.json": ["BP-R014"]}
    alone = package / "alone"
    alone.mkdir()
    (alone / ASSEMBLY).write_text(records["assembly"].to_json(), "utf-8")
    assert errors(validate(alone)) == {ASSEMBLY: []}
    monkeypatch.setenv("BRAINPACK_OFFLINE", "1")
    monkeypatch.setenv("BRAINIO_HOME", str(home / "empty"))
    for unreachable in (place, f"{place}/{ASSEMBLY}", alone):
        with pytest.raises(Unavailable):
            validate(unreachable)

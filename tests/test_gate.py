"""What may be published, and under which profile."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from brainpack import InvalidData, SettingsError, load, plan, publish
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from brainpack.record.records import Record, read_record
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from pathlib import Path

NAME = "assy_lab_Rates.brainpack.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package of neuroids that share an id, which a draft may have."""
    declare(tmp_path, "")
    rates = recording().assign_coords(neuroid_id=("neuroid", [1, 1, 2]))
    package_data_assembly_locally(rates, "lab.Rates", "lab.Set", downloads_path=tmp_path / "made")
    return tmp_path


def declare(folder: Path, text: str) -> None:
    (folder / "brainpack.toml").write_text(text, "utf-8")


def refused(folder: Path, **options: Any) -> tuple[set[str], str]:
    with pytest.raises(InvalidData, match="nothing was sent") as error:
        publish(folder / "made", to=folder / "store", **options)
    assert not (folder / "store").exists()
    assert error.value.report is not None
    return {finding.rule for finding in error.value.report.errors}, str(error.value)


def test_without_a_licence_and_with_what_makes_scores_wrong_nothing_is_sent(folder: Path) -> None:
    rules, message = refused(folder)
    assert rules == {"BP-R007", "BP-R015"}
    assert "BP-A016" in message
    with pytest.raises(InvalidData):
        plan(folder / "made", to=folder / "store")


def test_a_draft_may_be_published_as_a_draft(folder: Path) -> None:
    (record,) = publish(folder / "made", to=folder / "store", profile="draft")
    assert record.findings is not None
    assert record.findings["BP-A016"] == 1


def test_what_is_said_after_packaging_is_in_the_published_record(folder: Path) -> None:
    declare(folder, 'release.licence = "CC0-1.0"\nwaivers.BP-A016 = "two electrodes, one unit"')
    publish(folder / "made", to=folder / "store")
    published = read_record(folder / "store" / NAME)
    assert published.release == {"licence": "CC0-1.0"}
    assert published.waivers == {"BP-A016": "two electrodes, one unit"}
    assert "BP-A016" not in (published.findings or {})
    assert load(folder / "store" / NAME).sizes["neuroid"] == 3


def test_a_record_that_says_nothing_of_findings_is_validated(folder: Path) -> None:
    path = folder / "made" / NAME
    path.write_text(replace(read_record(path), findings=None).to_json(), "utf-8")
    declare(folder, 'release.licence = "CC0-1.0"')
    rules, message = refused(folder)
    assert rules == {"BP-A016"}
    assert "neuroid_id" in message
    declare(folder, 'release.licence = "CC0-1.0"\nwaivers.BP-A016 = "two electrodes, one unit"')
    (record,) = publish(folder / "made", to=folder / "store")
    assert isinstance(record, Record)
    assert record.waivers == {"BP-A016": "two electrodes, one unit"}
    assert record.findings is not None


def test_there_are_three_profiles(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"'final'.*draft, publish, experiment"):
        publish(folder / "made", to=folder / "store", profile="final")


@pytest.mark.slow
def test_the_command_has_the_same_gate(folder: Path) -> None:
    command = [sys.executable, "-m", "brainpack", "publish", "made", "--to", "store"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "BP-R007 error" in ended.stderr
    ended = subprocess.run([*command, "--profile", "draft"], cwd=folder, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_assembly_that_was_packaged_before_its_stimuli_has_to_fit_them(tmp_path: Path) -> None:
    declare(tmp_path, 'release.licence = "CC0-1.0"')
    package_data_assembly_locally(
        recording(["left", "middle"]), "lab.Rates", "lab.Set", downloads_path=tmp_path / "made"
    )
    package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set", tmp_path / "made")
    rules, message = refused(tmp_path)
    assert rules == {"BP-P001"}
    assert "'middle'" in message
    declare(tmp_path, 'release.licence = "CC0-1.0"\nwaivers.BP-P001 = "the middle one was lost"')
    assembly = next(record for record in publish(tmp_path / "made", to=tmp_path / "store") if record.kind == "assembly")
    assert assembly.waivers == {"BP-P001": "the middle one was lost"}


def test_what_is_expected_after_packaging_has_to_hold(folder: Path) -> None:
    declare(folder, 'release.licence = "CC0-1.0"\nwaivers.BP-A016 = "two electrodes, one unit"\nexpect.neuroids = 4')
    rules, message = refused(folder)
    assert rules == {"BP-R011"}
    assert "expected 4, as declared, found 3" in message

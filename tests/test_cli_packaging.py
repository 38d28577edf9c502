"""The commands that make packages of a lab's files."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest

import brainpack
from brainpack.cli.main import main
from tests.helpers import png

if TYPE_CHECKING:
    from pathlib import Path

RATES = """\
stimulus_id,neuroid_id,rate
dark,a,3.0
dark,b,0.5
bright,a,9.5
bright,b,4.0
dark,a,2.0
dark,b,1.5
"""
PROJECT = """\
[release]
licence = "CC-BY-4.0"
citation = "@misc{lab, title = {Luminance}}"
contact = "data@lab.org"

[publish]
to = "published"

[stimuli."lab.Grey2026"]
from = "images"
metadata = "stimuli.csv"

[assembly."lab.Grey2026.rates"]
from = "rates.csv"
stimuli = "lab.Grey2026"
values = "rate"
metadata = { neuroid = "neurons.csv" }
"""
WITHOUT_DIMENSION = ("--identifier", "lab.A", "--stimuli", "lab.S", "--metadata", "neurons.csv")
TWICE = (*WITHOUT_DIMENSION[:-1], "neuroid=neurons.csv", "--metadata", "neuroid=more.csv")
FILES = ("assy_lab_Grey2026_rates.nc", "stimulus_lab_Grey2026.csv", "stimulus_lab_Grey2026.zip")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as a lab has it; the commands run in it."""
    folder = tmp_path / "lab"
    (folder / "images").mkdir(parents=True)
    for name, grey in (("dark", 0), ("bright", 255)):
        (folder / "images" / f"{name}.png").write_bytes(png(grey))
    (folder / "stimuli.csv").write_text("stimulus_id,luminance\nbright,120\ndark,0.5\n", "utf-8")
    (folder / "neurons.csv").write_text("neuroid_id,region\nb,V4\na,V1\n", "utf-8")
    (folder / "rates.csv").write_text(RATES, "utf-8")
    (folder / "brainpack.toml").write_text(PROJECT, "utf-8")
    monkeypatch.chdir(folder)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def test_a_folder_describes_itself(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {name}  " in printed for name in FILES)
    rates = brainpack.load(lab / "packages" / "assy_lab_Grey2026_rates.brainpack.json")
    assert isinstance(rates, brainpack.NeuroidAssembly)
    assert rates.sel(region="V4", luminance=0.5)["repetition"].values.ravel().tolist() == [0, 1]
    assert rates.sel(region="V4", luminance=0.5).values.ravel().tolist() == [0.5, 1.5]


def test_the_same_files_give_the_same_folder_from_anywhere(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["package", "--quiet"]) == 0
    for record in (lab / "packages").glob("*.json"):  # as if it had been made long ago
        record.write_text(
            re.sub('"created": ".*"', '"created": "2020-01-01T00:00:00+00:00"', record.read_text("utf-8"))
        )
    before = digests(lab / "packages")
    monkeypatch.chdir(tmp_path)
    (lab / "images" / "dark.png").touch()
    assert main(["package", "--project", "lab", "--quiet"]) == 0
    assert digests(lab / "packages") == before  # records, too


def test_single_data_sets_by_options_are_those_of_the_project(lab: Path) -> None:
    assert main(["package", "--quiet"]) == 0
    stimuli = ["stimuli", "images", "--identifier", "lab.Grey2026", "--metadata", "stimuli.csv"]
    rates = ["assembly", "rates.csv", "--identifier", "lab.Grey2026.rates", "--stimuli", "lab.Grey2026"]
    options = ["--values", "rate", "--metadata", "neuroid=neurons.csv", "--class", "NeuroidAssembly"]
    for arguments in (stimuli, [*rates, *options]):
        assert main(["package", *arguments, "--into", "single", "--quiet"]) == 0
    assert {name: digests(lab / "single")[name] for name in FILES} == {
        name: digests(lab / "packages")[name] for name in FILES
    }


def test_json_has_the_records(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", "--json"]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert [document["record"]["identifier"] for document in documents] == ["lab.Grey2026", "lab.Grey2026.rates"]
    assert documents[0]["path"].endswith("stimulus_lab_Grey2026.brainpack.json")


@pytest.mark.filterwarnings("always:.*names the stimulus set:UserWarning")
def test_a_stimulus_set_that_is_not_packaged_is_told(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", "assembly", "rates.csv", "--identifier", "lab.A", "--stimuli", "lab.Gery2026"]) == 0
    assert "'lab.A' names the stimulus set 'lab.Gery2026', of which packages has no record" in capsys.readouterr().err


def test_publishing_goes_where_the_project_says(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", "--quiet"]) == 0
    assert main(["publish", "packages", "--quiet"]) == 0
    assert {*FILES} <= {path.name for path in (lab / "published").iterdir()}
    (lab / "brainpack.toml").write_text("", "utf-8")
    assert main(["publish", "packages"]) == 2
    assert '[publish] to = "s3://bucket/folder"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["package", "--project", "images"], 2, "there is no file images/brainpack.toml"),
        (["package", "stimuli", "nowhere", "--identifier", "lab.A"], 1, "there is no nowhere"),
        (["package", "assembly", "rates.txt", "--identifier", "lab.A", "--stimuli", "lab.S"], 1, "rates.txt"),
        (["package", "assembly", "rates.csv", *WITHOUT_DIMENSION], 2, "--metadata neurons.csv does not say of what"),
        (["package", "assembly", "rates.csv", *TWICE], 2, "two tables of neuroid: neurons.csv and more.csv; join"),
    ],
)
def test_what_goes_wrong_is_said_in_one_paragraph(
    arguments: list[str], code: int, message: str, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert message in said.err
    assert not (lab / "packages").exists()

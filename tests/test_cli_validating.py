"""The command `validate`, as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from brainpack import packaging
from brainpack.cli.main import main
from brainpack.validation.formats.lines import parse_lines
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Done:
    """What a command ended with, and what it has printed."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands run."""
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brainpack.toml").write_text("", "utf-8")  # or else that of all tests would be the nearest
    return tmp_path


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Done]:
    """Run `brainpack validate` in this process."""

    def run_here(*arguments: str) -> Done:
        try:
            code = main(["validate", *arguments])
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
        sys.stdout.flush()
        printed = capfdbinary.readouterr()
        return Done(code, printed.out.decode(), printed.err.decode())

    return run_here


def run_alone(*arguments: str) -> Done:
    """Run it in a process of its own."""
    command = [sys.executable, "-m", "brainpack", "validate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def package(folder: Path) -> Path:
    """A folder with a stimulus set and an assembly."""
    folder = folder / "out"
    packaging.package_stimulus_set_locally(stimulus_set(folder.parent / "in"), "lab.S", folder)
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=folder)
    return folder


def test_sound_packages_end_with_0_and_a_summary(package: Path) -> None:
    done = run_alone("out")
    assert (done.code, done.err) == (0, "")
    assert "out/assy_lab_A.brainpack.json: " in done.out
    assert "next step" in done.out
    assert done.out.splitlines()[-1].startswith("2 data set(s), ")


def test_errors_end_with_1_and_the_rest_is_looked_at(package: Path) -> None:
    path = package / "assy_lab_A.nc"
    path.write_bytes(path.read_bytes()[:3000])
    done = run_alone("out", "--format", "json")
    assert (done.code, done.err) == (1, "")
    assembly, stimuli = parse_lines(done.out.encode(), "stdout")
    assert [found.rule for found in assembly.errors] == ["BP-R013", "BP-R014"]
    assert (assembly.file, stimuli.errors) == (str(Path("out", "assy_lab_A.brainpack.json")), ())


def test_wrong_usage_ends_with_2(package: Path, run: Callable[..., Done]) -> None:
    for arguments, message in (
        ((), "Missing argument 'PATH'"),
        (("out", "--select", "BP-Q"), "no rule begins with 'BP-Q'"),
        (("out", "--ignore", "S"), "no rule begins with 'S'"),
        (("out", "--profile", "final"), "'final' is not one of"),
        (("out", "--format", "html"), "'html' is not one of"),
        (("s3://",), "s3://"),
    ):
        done = run(*arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert message in done.err


def test_a_project_that_makes_no_sense_is_wrong_usage(package: Path, run: Callable[..., Done]) -> None:
    (package / "brainpack.toml").write_text("waivers = 1", "utf-8")
    done = run("out")
    assert (done.code, done.out) == (2, "")
    assert "brainpack.toml" in done.err


def test_a_store_that_cannot_be_reached_ends_with_3(run: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINPACK_OFFLINE", "1")
    done = run("s3://bucket/lab")
    assert (done.code, done.out) == (3, "")
    assert "Traceback" not in done.err


def test_what_is_not_there_is_a_finding(run: Callable[..., Done]) -> None:
    done = run("nowhere", "--format", "json")
    (report,) = parse_lines(done.out.encode(), "stdout")
    assert (done.code, [found.rule for found in report.findings]) == (1, ["BP-R014"])


def test_profiles_and_rules_are_chosen(package: Path, run: Callable[..., Done]) -> None:
    done = run("out", "--profile", "publish", "--select", "BP-R0", "--ignore", "BP-R007", "--format", "json")
    found = {finding.rule for report in parse_lines(done.out.encode(), "") for finding in report.findings}
    assert (done.code, found) == (0, {"BP-R005", "BP-R008", "BP-R010"})
    assert run("out", "--profile", "publish", "--select", "BP-R007").code == 1


def test_every_format_goes_to_a_file(
    package: Path, run: Callable[..., Done], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    for name in ("table", "json", "junit", "sarif"):
        done = run("out", "--format", name, "--output", f"reports/{name}")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("2 data set(s), ")
        assert len(done.out.splitlines()) == 1
    written = {path.name: path.read_text("utf-8") for path in (folder / "reports").iterdir()}
    assert written["table"].splitlines()[-1].startswith("2 data set(s), ")
    assert "\x1b" not in written["table"]
    assert len(parse_lines(written["json"].encode(), "json")) == 2
    assert len(ET.fromstring(written["junit"])) == 2  # noqa: S314 - it is our own
    assert json.loads(written["sarif"])["version"] == "2.1.0"


def test_a_file_that_cannot_be_written_ends_with_3(package: Path, run: Callable[..., Done], folder: Path) -> None:
    (folder / "file").write_text("", "utf-8")
    done = run("out", "--output", "file/report")
    assert done.code == 3
    assert "file/report could not be written" in done.err


@pytest.mark.parametrize("name", ["*.nc", "*.csv", "*.zip", "*.brainpack.json", "brainpack.toml"])
def test_a_report_takes_the_place_of_no_data(name: str, package: Path, run: Callable[..., Done]) -> None:
    path = next(package.glob(name), package.parent / name)
    before = path.read_bytes()
    done = run("out", "--output", str(path))
    assert done.code == 2
    assert "would take the place of data" in done.err
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["junit", "sarif", "json"])
def test_standard_output_is_the_document_and_nothing_else(name: str, package: Path, run: Callable[..., Done]) -> None:
    printed = run("out", "--format", name).out
    if name == "junit":
        assert ET.fromstring(printed).tag == "testsuites"  # noqa: S314 - it is our own
    else:
        assert [json.loads(line) for line in ([printed] if name == "sarif" else printed.splitlines())]


@pytest.mark.parametrize("name", ["table", "json"])
def test_a_reader_that_has_seen_enough_ends_it_silently(name: str, package: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "brainpack", "validate", "out", "--format", name]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")

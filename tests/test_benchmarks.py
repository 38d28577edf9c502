"""The benchmarks run; what they measure is nobody's business here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from benchmarks.catalogue import BENCHMARKS
from benchmarks.results import file, sections

ROOT = Path(__file__).parents[1]
# What each of them must have told about.
EXPECTED: Final = {
    "writing": ["brainpack, fast", "reference", "file x brainpack"],
    "reading": ["written by brainpack", "written by reference", "xarray, netCDF4"],
    "packing": ["4 files", "2 pictures", "reference"],
    "publishing": ["4 files published over TLS", "reference"],
    "scale": ["us per stimulus"],
    "lazily": ["packaged", "opened, digest compared", "regions compared", "200 GB, predicted"],
    "scaling": ["1 process ", "2 processes", "saturates first"],
    "upload": ["boto3", "brainpack, idle"],
    "loading": ["50 stimuli", "reference, from its cache"],
    "merging": ["reference"],
    "opening": ["brainpack, any file", "h5py, coordinates and text"],
    "validating_values": ["made and validated", "with a look"],
    "validating_tables": ["brainpack, all rules"],
}
COMPARED = [name for name, benchmark in BENCHMARKS.items() if benchmark.has_reference]
ALONE = [name for name in EXPECTED if name not in COMPARED]


def run(module: str, *arguments: str | Path) -> str:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_expected(name: str, printed: str) -> None:
    assert [text for text in EXPECTED[name] if text not in printed] == []


def test_every_benchmark_is_expected_here() -> None:
    assert {BENCHMARKS[name].module for name in EXPECTED} == {benchmark.module for benchmark in BENCHMARKS.values()}


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_a_benchmark_runs(name: str) -> None:
    assert_expected(name, run(f"benchmarks.{name}", *BENCHMARKS[name].quick))


@pytest.mark.slow
@pytest.mark.interop
@pytest.mark.parametrize("name", COMPARED)
def test_a_benchmark_compares_with_the_reference(name: str, reference_python: Path) -> None:
    # It has xarray with netCDF4, too: another environment would tell nothing more here.
    more = ("--xarray", reference_python) if name == "reading" else ()
    options = (*BENCHMARKS[name].quick, "--reference", reference_python, *more)
    assert_expected(name, run(f"benchmarks.{name}", *options))


@pytest.mark.slow
def test_what_runs_again_is_replaced_in_the_results_and_all_else_stays(tmp_path: Path) -> None:
    path, before = tmp_path / "RESULTS.md", {"writing": "As fast as ever.\n\n### A table", "opening": "Outdated."}
    path.write_text(file({"CPU": "another"}, before, BENCHMARKS))
    printed = run("benchmarks", "opening", "--quick", "--to", path)
    found = sections(path.read_text())
    assert [*found] == ["writing", "opening"]
    assert found["writing"] == before["writing"]
    assert printed.strip() in found["opening"]
    assert found["opening"].startswith(BENCHMARKS["opening"].about)
    head = path.read_text().partition("## writing")[0]
    assert "another" not in head
    assert "brainpack 0" in head


def test_an_unknown_benchmark_is_told() -> None:
    command = [sys.executable, "-m", "benchmarks", "wrting"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no benchmark is called wrting; expected some of writing, " in done.stderr

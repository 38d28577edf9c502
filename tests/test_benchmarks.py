"""The benchmarks run; what they measure is nobody's business here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(module: str, *arguments: str | Path) -> str:
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments), "--runs", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_uploads_are_compared() -> None:
    printed = run("upload", "--mib", "40", "--without-aws-cli")
    assert "| boto3 " in printed
    assert "brainpack, idle" in printed


def test_openings_are_compared() -> None:
    assert "brainpack, any file" in run("opening", "--presentations", "50", "--neuroids", "100")


def test_validations_of_tables_are_compared() -> None:
    assert "brainpack, all rules" in run("validating_tables", "--rows", "1000")


@pytest.mark.slow
def test_validations_of_values_are_measured() -> None:
    printed = run("validating_values", "--gigabytes", "0.02", "--chunk-mib", "0.5")
    assert printed.count("each chunk made 1 time(s)") == 2
    assert "with a look" in printed


@pytest.mark.interop
def test_merging_is_compared(reference_python: Path) -> None:
    options = ("--presentations", "500", "--stimuli", "50", "--columns", "4")
    assert "| reference" in run("merging", *options, "--reference", reference_python)


@pytest.mark.slow
def test_packaging_many_stimuli_is_measured() -> None:
    assert "us per stimulus" in run("scale", "--counts", "20")


@pytest.mark.interop
def test_packing_is_compared(reference_python: Path) -> None:
    sizes = ("--files", "4", "--kilobytes", "1", "--pictures", "2")
    assert "2 pictures" in run("packing", *sizes, "--reference", reference_python)


@pytest.mark.interop
def test_loading_is_compared(reference_python: Path) -> None:
    printed = run("loading", "--rows", "50", "--reference", reference_python)
    assert "50 stimuli" in printed
    assert "reference, from its cache" in printed

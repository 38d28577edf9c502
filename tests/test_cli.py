"""The command line, as a process of its own."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import brainpack
from brainpack.cli.main import _parser
from brainpack.packaging import package_data_assembly_locally

COMMANDS = ("demo", "diff", "publish", "uploads", "doctor", "run", "validate", "verify", "cache")
FILE_LINE = re.compile(r"^  (\S+) +[\d,]+ bytes  SHA-1 ([0-9a-f]{40})$", re.MULTILINE)


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "brainpack", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_installed_command_is_the_module() -> None:
    installed = shutil.which("brainpack", path=Path(sys.executable).parent)
    assert installed is not None
    done = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == run("--version").stdout == f"brainpack {brainpack.__version__}\n"


def test_help_names_commands_and_exit_codes() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"\n    {command} " in done.stdout for command in COMMANDS)
    assert "1 invalid data, refused, different or not there, 2 wrong usage" in " ".join(done.stdout.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example_that_parses(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert "--debug" in done.stdout
    example = " ".join(done.stdout.split()).partition("Example: brainpack ")[2]
    options = _parser().parse_args(example.split())
    assert options.command.__name__.startswith(f"_{command}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["dmeo"], "invalid choice: 'dmeo'"),
        (["demo", "--wrong"], "unrecognized arguments: --wrong"),
        (["demo", "one", "two"], "unrecognized arguments: two"),
        (["publish", "packages"], "required: --to"),
        (["publish", "--to", "folder"], "required: RECORD_OR_DIR"),
        (["uploads"], "required: BUCKET"),
        (["doctor"], "required: BUCKET"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_demo_prints_the_files_that_it_made(tmp_path: Path) -> None:
    first = run("demo", tmp_path / "new" / "demo")
    assert (first.returncode, first.stderr) == (0, "")
    printed = dict(FILE_LINE.findall(first.stdout))
    assert printed == {
        path.name: hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
        for path in (tmp_path / "new" / "demo").iterdir()
        if path.suffix in {".csv", ".zip", ".nc"}
    }
    assert len(printed) == 4
    assert "verified" in first.stdout
    assert "same bytes" not in first.stdout

    second = run("demo", tmp_path / "new" / "demo")
    assert (second.returncode, second.stderr) == (0, "")
    assert dict(FILE_LINE.findall(second.stdout)) == printed
    assert "The folder held the same bytes before." in second.stdout


def test_demo_has_a_default_folder(tmp_path: Path) -> None:
    done = run("demo", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["brainpack-demo"]


def test_paths_are_printed_where_their_letters_are_lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = run("demo", tmp_path / "日本")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\u65e5\u672c" in done.stdout


@pytest.mark.parametrize("below", ["", "demo"], ids=["file", "below_file"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine", "utf-8")
    done = run("demo", tmp_path / "file" / below)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("brainpack: ")
    assert done.stderr.count("\n") == 1
    assert str(tmp_path / "file") in done.stderr
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_names_that_another_data_set_has(tmp_path: Path) -> None:
    rates = xr.DataArray(np.ones(2), {"neuroid_id": ("neuroid", [1, 2])}, ["neuroid"])
    package_data_assembly_locally(rates, "demo_Gratings_spikes", "none", "PropertyAssembly", tmp_path)
    done = run("demo", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "demo_Gratings_spikes" in done.stderr
    assert "Traceback" not in done.stderr
    assert "\n\n" not in done.stderr


def test_debug_shows_where_an_error_came_from(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("demo", "--debug", tmp_path / "file")
    assert done.returncode == 3
    assert "Traceback" in done.stderr
    assert "StoreError" in done.stderr

"""The command line, as a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import brainpack
from brainpack.cli.main import main
from brainpack.packaging import package_data_assembly_locally

COMMANDS = (
    "demo",
    "diff",
    "load",
    "package",
    "plugin",
    "publish",
    "uploads",
    "doctor",
    "report",
    "run",
    "validate",
    "verify",
)
OF_CACHE = ("list", "verify", "prune", "export", "import")
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
    assert all(f"\n│ {command} " in done.stdout for command in (*COMMANDS, "cache"))
    assert "1 invalid data, refused, different or not there; 2 wrong usage" in words(done.stdout)


@pytest.mark.parametrize(
    "command", [*COMMANDS, "show", "package stimuli", "package assembly", *(f"cache {action}" for action in OF_CACHE)]
)
def test_help_of_a_command_has_an_example_that_parses(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(*command.split(), "--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--quiet", "--json", "--debug"))
    example = words(done.stdout).partition("Example: brainpack ")[2]
    assert example.startswith(command)
    monkeypatch.setattr("brainpack.cli.command._code_of", lambda call, output: 7)  # everything but what it does
    assert main(example.split()) == 7


def test_examples_work_on_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("demo", "load", "show", "validate", "verify", "report", "diff", "publish", "package stimuli", "cache list")
    for name in names:
        assert main([*name.split(), "--help"]) == 0
        example = words(capsys.readouterr().out).partition("Example: brainpack ")[2]
        assert main(example.split()) == 0, example
        capsys.readouterr()
    assert (tmp_path / "brainpack-demo" / "assy_demo_Gratings_counts.html").exists()
    main(["cache", "--help"])
    assert words(capsys.readouterr().out).endswith("Example: brainpack cache list")


def words(text: str) -> str:
    """What a page of help says, without its lines and frames."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", text).split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dmeo"], "No such command 'dmeo'. Did you mean 'demo'?"),
        (["demo", "--wrong"], "No such option: --wrong"),
        (["demo", "one", "two"], "unexpected extra argument(s) (two)"),
        (["publish", "--to", "folder"], "Missing argument 'RECORD_OR_DIR'"),
        (["uploads"], "Missing argument 'BUCKET'"),
        (["doctor"], "Missing argument 'BUCKET'"),
        (["cache", "prune", "--unused-for", "-1"], "'-1' is no number of days"),
        (["cache", "prune", "--unused-for", "1e999"], "'1e999' is no number of days"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in words(done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        *(f"{command} ~nobody_here/x" for command in ("load", "validate", "verify", "report", "demo")),
        "publish x --to ~nobody_here/x",
        "plugin x --to ~nobody_here/x",
        "package stimuli ~nobody_here/x --identifier lab.Set",
        "package assembly ~nobody_here/x.csv --identifier lab.Rates --stimuli lab.Set",
    ],
)
def test_the_home_of_nobody(
    arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments.split()) == 2
    said = capsys.readouterr()
    assert re.fullmatch(r"brainpack: ~nobody_here/x\S* is nowhere: .*\n", said.err)
    assert said.out == ""
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("arguments", [[], ["cache"]])
def test_without_a_command_there_is_help(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Usage: brainpack" in done.stdout + done.stderr


def test_help_loads_nothing_that_takes_time() -> None:
    code = "import sys; from brainpack.cli.main import main; main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "typer" in loaded
    assert loaded.isdisjoint({"numpy", "pandas", "xarray", "h5py", "boto3", "PIL", "dask", "jinja2"})


def test_a_shell_can_complete_commands_and_options() -> None:
    for typed, expected in (("brainpack va", "validate"), ("brainpack publish --dr", "--dry-run")):
        asked = {"_BRAINPACK_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
        done = subprocess.run(
            [sys.executable, "-m", "brainpack"], env=os.environ | asked, capture_output=True, text=True, check=False
        )
        assert done.stdout.split() == [expected]


def test_json_is_one_document_and_quiet_is_nothing(tmp_path: Path) -> None:
    document = json.loads(run("demo", "demo", "--json", cwd=tmp_path).stdout)
    assert document["folder"] == "demo"
    assert [record["cls"] for record in document["records"]] == ["StimulusSet", "NeuroidAssembly", "SpikeTimesAssembly"]
    assert json.loads(run("verify", "demo", "--json", cwd=tmp_path).stdout)["same"] is True
    for arguments in (["verify", "demo"], ["validate", "demo"], ["load", "demo"], ["diff", "demo", "demo"], ["demo"]):
        done = run(*arguments, "--quiet", cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_json_tells_of_an_error_too(tmp_path: Path) -> None:
    done = run("verify", tmp_path / "nowhere", "--json")
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["error"]["type"] == "NotFound"
    assert done.stderr.startswith("brainpack: ")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["verify", "--json"], "MissingParameter", "Missing argument 'RECORD_OR_PLACE'"),
        (["nothing", "--json"], "UsageError", "'nothing'"),
        (["validate", "a", "--profile", "final", "--json"], "BadParameter", "'--profile'"),
    ],
)
def test_json_tells_of_wrong_usage_too(arguments: list[str], error: str, message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    answer = json.loads(done.stdout)["error"]
    assert (answer["type"], message in answer["message"]) == (error, True)
    assert "Usage: " in done.stderr
    assert run(*arguments[:-1]).stdout == ""


@pytest.mark.parametrize("arguments", [["--help"], ["cache"], ["load", "--help"]])
def test_help_ends_as_head_does(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "brainpack", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_standard_output_may_be_full_or_closed(tmp_path: Path) -> None:
    assert run("demo", "demo", "--quiet", cwd=tmp_path).returncode == 0
    for arguments in (["load", "demo"], ["load", "demo", "--json"], ["validate", "demo", "--json"]):
        command = [sys.executable, "-m", "brainpack", *arguments]
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 3
        assert done.stderr == "brainpack: the answer could not be read or written: No space left on device\n"
        closed = ["sh", "-c", f"{shlex.join(command)} >&-"]
        done = subprocess.run(closed, cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    for command in (["load"], ["diff", "demo"], ["run"]):
        done = run(*command, "x" * 300, "--json", cwd=tmp_path)
        assert done.returncode in {1, 3}
        assert "Traceback" not in done.stderr
        if command != ["run"]:  # a script has its own options
            assert json.loads(done.stdout)["error"]


def test_data_cannot_change_the_terminal(tmp_path: Path) -> None:
    table = "stimulus_id,neuroid_id,no\x1b[2Jte,rate\na,n,x\x1b[31m,1\na,n,y\x1b[32m,3\n"
    (tmp_path / "odd.csv").write_text(table, "utf-8")
    (tmp_path / "cells.csv").write_text(table.replace("no\x1b[2Jte", "note"), "utf-8")
    options = ["--identifier", "a", "--stimuli", "b"]
    refused = run("package", "assembly", "odd.csv", *options, "--values", "x", "--json", "--debug", cwd=tmp_path)
    warned = run("package", "assembly", "odd.csv", *options, cwd=tmp_path)
    assert r"no\x1b[2Jte" in refused.stderr
    assert r"differ in no\x1b[2Jte; if" in warned.stderr
    assert run("package", "assembly", "cells.csv", *options, cwd=tmp_path).returncode == 0
    shown = run("load", "packages", cwd=tmp_path)
    assert r"y\x1b[32m" in shown.stdout
    assert json.loads(refused.stdout)["error"]
    assert "\x1b" not in refused.stdout + refused.stderr + warned.stderr + warned.stdout + shown.stdout + shown.stderr


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


def test_demo_takes_the_place_of_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mine" / "images").mkdir(parents=True)
    (tmp_path / "mine" / "images" / "grating_1.png").write_bytes(b"the only copy")
    done = run("demo", "mine", cwd=tmp_path)
    assert done.returncode == 3
    assert "grating_1.png is of something else, and stays as it is" in done.stderr
    assert (tmp_path / "mine" / "images" / "grating_1.png").read_bytes() == b"the only copy"
    (tmp_path / "brainpack.toml").write_text("[", "utf-8")
    assert run("demo", "new", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "new").exists()


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

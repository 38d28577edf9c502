"""`brainpack run` runs a script as Python does."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from brainpack.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

PACKAGING = "brainscore_core.supported_data_standards.brainio.packaging"


@pytest.fixture
def script(tmp_path: Path, no_aliases: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "script.py"


def as_python_runs(*command: str | Path) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_process_of_its_own_differs_in_nothing_but_the_imports(script: Path) -> None:
    (script.parent / "beside.py").write_text("def fail(): raise ValueError('told')")
    script.write_text(
        dedent("""
        import os, sys, warnings
        import beside
        print(__name__, __file__, sys.argv, sys.path[0], os.getcwd() in sys.path, sys.modules["__main__"].beside)
        warnings.warn("of the script")
        beside.fail()
        """)
    )
    arguments = (script, "--help", "--force", "--", "-x", "--version")
    by_python = as_python_runs(*arguments)
    assert as_python_runs("-m", "brainpack", "run", *arguments) == by_python
    assert by_python[0] == 1
    assert "UserWarning: of the script" in by_python[2]


@pytest.mark.parametrize(
    ("statement", "code"),
    [("sys.exit()", None), ("sys.exit(7)", 7), ("sys.exit('words')", "words"), ("raise SystemExit(False)", False)],
)
def test_a_script_decides_how_it_ends(script: Path, statement: str, code: object) -> None:
    script.write_text(f"import sys\n{statement}")
    try:
        left: object = main(["run", str(script)])
    except SystemExit as caught:
        left = caught.code
    assert left == code


@pytest.mark.parametrize(
    ("source", "last_line", "code"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero", 1),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", 130),
        ("def", "SyntaxError: invalid syntax", 1),
        (f"import {PACKAGING} as p\np.check_naming_convention('x')", "brainpack.errors.CheckFailed: ", 1),
        ("import brainscore_core.metrics", "ModuleNotFoundError: brainscore_core.metrics is not offered", 1),
    ],
)
def test_what_a_script_does_not_catch_is_shown_as_python_shows_it(
    script: Path, capsys: pytest.CaptureFixture[str], source: str, last_line: str, code: int
) -> None:
    script.write_text(source)
    assert main(["run", str(script)]) == code
    shown = capsys.readouterr().err.splitlines()
    assert shown[-1].startswith(last_line)
    assert "running.py" not in "".join(shown)
    assert "runpy" not in "".join(shown)
    assert f'  File "{script}", line ' in "\n".join(shown)


def test_arguments_and_paths_are_restored(script: Path) -> None:
    before = [*sys.argv], [*sys.path], pd.Series(["a"]).dtype
    script.write_text(f"import sys\nassert sys.argv == [{str(script)!r}, '--debug']\nsys.path.append('more')")
    assert main(["run", str(script), "--debug"]) == 0
    assert (sys.argv, sys.path, pd.Series(["a"]).dtype) == before


def test_without_the_folder_of_the_script_where_python_was_told_so(script: Path) -> None:
    script.write_text(f"import sys\nassert {str(script.parent)!r} not in sys.path")
    assert as_python_runs("-P", "-m", "brainpack", "run", script) == (0, "", "")


def test_columns_of_text_are_what_such_scripts_know(script: Path) -> None:
    script.write_text("import pandas as pd\nassert pd.DataFrame({'a': ['x', 'y']})['a'].values.reshape(2, 1).ndim == 2")
    assert main(["run", str(script)]) == 0


def test_a_script_that_is_not_there(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(script)]) == 2
    assert capsys.readouterr().err == (
        f"brainpack: there is no script {script}; options of brainpack stand before its name\n"
    )


def test_an_installed_brainscore_core_is_replaced_by_force_only(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (script.parent / "installed/brainscore_core").mkdir(parents=True)
    (script.parent / "installed/brainscore_core/__init__.py").touch()
    monkeypatch.syspath_prepend(script.parent / "installed")
    script.write_text(f"import {PACKAGING} as p, brainpack\nassert p is brainpack.packaging\nprint('ran')")
    assert main(["run", str(script)]) == 2
    assert "brainscore_core is installed here" in capsys.readouterr().err
    assert main(["run", "--force", str(script)]) == 0
    assert capsys.readouterr().out == "ran\n"

"""What every test may ask for, and two rules for CI: no test is skipped there, and none depends on luck."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, TypeVar

import hypothesis
import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

pytest_plugins = ["tests.servers.fixtures"]
pytest.register_assert_rewrite("brainpack.testing.stores")

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

hypothesis.settings.register_profile("local", deadline=None)
# Always the same examples, so that more of them find nothing new; what depends on versions shows in a few.
for profile, examples in (("ci", 50), ("matrix", 20)):
    hypothesis.settings.register_profile(
        profile, deadline=None, derandomize=True, database=None, print_blob=True, max_examples=examples
    )
hypothesis.settings.load_profile("ci" if IN_CI else "local")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _without_skip((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _without_skip((yield))


def _without_skip(report: Report) -> Report:
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is a failure in CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _project_of_all_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What nobody may publish without, above the folder of every test."""
    text = """release = {licence = "CC0-1.0", contact = "lab@example.org", citation = "@misc{lab, title = {Tests}}"}"""
    (tmp_path_factory.getbasetemp() / "brainpack.toml").write_text(text, "utf-8")


# The reference client runs on the libraries of its own time only: numpy 1 has wheels up to Python 3.12, and
# xarray 2022.3 breaks on pandas 3.
REFERENCE_VERSION = "2.5.0"
REFERENCE_REQUIREMENTS = (f"brainscore_core=={REFERENCE_VERSION}", "pandas<3")
REFERENCE_PYTHONS = ("3.11", "3.12")


@pytest.fixture(scope="session")
def reference_python() -> Path:
    """Python of a virtual environment that holds the reference client; made on first use, and kept."""
    version, base = _python_for_reference()
    wanted = hashlib.sha256("\n".join(REFERENCE_REQUIREMENTS).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "brainpack"
    folder = cache / f"reference-{REFERENCE_VERSION}-py{version}-{wanted}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / ".complete"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # several test processes may ask at once
        if not (complete.exists() and python.exists()):
            shutil.rmtree(folder, ignore_errors=True)
            _run(base, "-m", "venv", folder)
            try:
                _run(python, "-m", "pip", "install", "--quiet", *REFERENCE_REQUIREMENTS)
            except RuntimeError as error:
                pytest.skip(f"the reference client cannot be installed (no network?): {error}")
            complete.touch()
    return python


@pytest.fixture(scope="session")
def run_reference(reference_python: Path) -> Callable[..., Any]:
    """Run a script beside the reference client: `run_reference(code_or_path, *args, **data)`.

    The script finds `args` in `sys.argv[1:]` and `data` as JSON on its standard input.
    The last line that it prints comes back, read as JSON; None if it prints nothing.
    """

    def run(script: str | Path, *args: str | Path, **data: object) -> Any:
        command = [script] if isinstance(script, Path) else ["-c", dedent(script)]
        printed = _run(reference_python, *command, *args, stdin=json.dumps(data)).splitlines()
        return json.loads(printed[-1]) if printed else None

    return run


def _python_for_reference() -> tuple[str, str]:
    for name in (sys.executable, *(f"python{version}" for version in REFERENCE_PYTHONS)):
        python = shutil.which(name)
        try:
            version = _run(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip() if python else ""
        except RuntimeError:  # a shim for a version that is not there
            continue
        if python and version in REFERENCE_PYTHONS:
            return version, python
    pytest.skip(f"the reference client needs Python {' or '.join(REFERENCE_PYTHONS)}")


def _run(*command: str | Path, stdin: str = "") -> str:
    # Settings for this Python (PYTHONPATH, PYTHONWARNINGS, …) are not meant for that one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, input=stdin, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
        raise RuntimeError(message)
    return done.stdout

"""The import paths in this process, taken back afterwards; published scripts, and a server that has their buckets."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zipfile import ZipFile

import pytest
from filelock import FileLock

from brainpack import compat, packaging
from brainpack.cli.main import main
from examples import published

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.ministack import MiniStack

PACKAGES = ("brainscore_core", "brainscore_vision", "brainio", "brainio_base", "brainio_collection")
BUCKETS = ("brainscore-storage", "brainio.contrib", "brainio-brainscore")


def aliases() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] in PACKAGES]


@pytest.fixture
def no_aliases() -> Iterator[None]:
    """A process in which nothing was installed; afterwards it is one again."""
    assert aliases() == []
    yield
    for name in aliases():
        del sys.modules[name]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, compat._Absent)]


@pytest.fixture
def installed(no_aliases: None) -> None:
    compat.install()


@pytest.fixture
def s3(ministack: MiniStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniStack:
    """The server that the environment leads to; it has the buckets of published scripts."""
    for name, value in ministack.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    client = ministack.client()
    there = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
    for bucket in {*BUCKETS} - there:
        client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return ministack


@pytest.fixture(scope="session")
def published_scripts() -> Path:
    """The packaging scripts in the wheel of brainscore_vision; fetched from PyPI on first use, and kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "brainpack"
    folder = cache / f"packaging-scripts-{published.VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"), tempfile.TemporaryDirectory() as download:
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            try:
                wheel = published.download(Path(download))
            except published.DownloadError as error:
                pytest.skip(str(error))
            with ZipFile(wheel) as archive:
                names = archive.namelist()
                archive.extractall(folder, [name for name in names if "/data_packaging" in name and name[-3:] == ".py"])
            (folder / ".complete").touch()
    return folder / "brainscore_vision" / "data"


class Run(Protocol):
    def __call__(
        self, script: str, *arguments: str, replace: Mapping[str, str] | None = None, process: bool = False
    ) -> str: ...


@pytest.fixture
def run(
    published_scripts: Path,
    no_aliases: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Run a published script with `brainpack run`, from the folder `work`, and return what it prints.

    `replace` is a substitution in a copy of it: of paths of its author's machine, and of numbers of large data.
    """
    monkeypatch.setattr(packaging, "upload_to_s3", packaging.upload_to_s3)  # scripts replace it
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(script: str, *arguments: str, replace: Mapping[str, str] | None = None, process: bool = False) -> str:
        copy = copied(published_scripts / script, tmp_path / "scripts", replace or {})
        command = ["run", str(copy), *arguments]
        if process:
            done = subprocess.run(
                [sys.executable, "-m", "brainpack", *command], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout
        code = main(command)
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return printed.out

    yield run
    for name, module in [*sys.modules.items()]:
        if (getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def copied(script: Path, folder: Path, replace: Mapping[str, str]) -> Path:
    shutil.copytree(
        script.parent, folder, dirs_exist_ok=True, ignore=lambda _, names: [n for n in names if n[-3:] != ".py"]
    )
    copy = folder / script.name
    text = copy.read_text("utf-8")
    for before, after in replace.items():
        assert before in text
        text = text.replace(before, after)
    copy.write_text(text, "utf-8")
    return copy

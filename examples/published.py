"""Fetch the published data that the examples package: files of the wheel of brainscore_vision, from PyPI.

The wheel is neither installed nor kept. What the examples need of it is unpacked, once, into
`$XDG_CACHE_HOME/brainpack` (without that variable `~/.cache/brainpack`).

Licence: the distribution brainscore_vision is under the MIT licence; its text is unpacked with the data.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

VERSION = "2.4.2"
WHEEL_SHA256 = "68720ce55d14b9f5cf99ee7d1ce9990bc63c406dd533c59854e932d07b4b03cc"
RECORD = f"brainscore_vision-{VERSION}.dist-info/RECORD"
NEEDED = (
    "brainscore_vision/benchmarks/rajalingham2018/test_resources/",
    "brainscore_vision/model_helpers/check_submission/images/",
    f"brainscore_vision-{VERSION}.dist-info/licenses/",
)


class DownloadError(SystemExit):
    """The data could not be fetched. Where nobody catches it, the script ends with the message."""


def brainscore_vision() -> Path:
    """Return the folder that holds the unpacked files, each checked against the list in the wheel."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "brainpack"
    folder = cache / f"brainscore_vision-{VERSION}"
    if not is_complete(folder):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=cache) as partial:
            _put_in_place(unpack(download(Path(partial)), Path(partial, "new")), folder, Path(partial, "old"))
    return folder


def download(folder: Path) -> Path:
    """Download the wheel with pip and check that it is the one that the examples were written for."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--retries", "2"]
    only_the_wheel = ["--no-deps", "--only-binary", ":all:", f"brainscore_vision=={VERSION}"]
    command = [*pip, *only_the_wheel, "--dest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DownloadError(
            f"brainscore_vision {VERSION}, which holds the published data, could not be downloaded from PyPI "
            f"(39 MB); is there a network? pip says:\n{done.stderr.strip()}"
        )
    (wheel,) = folder.glob("*.whl")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise DownloadError(f"{wheel.name} has the SHA-256 {found}, expected {WHEEL_SHA256}; it was not used")
    return wheel


def unpack(wheel: Path, folder: Path) -> Path:
    """Unpack what the examples need, and the list of files; `ZipFile` lets nothing out of the folder."""
    with ZipFile(wheel) as archive:
        needed = [name for name in archive.namelist() if name.startswith((RECORD, *NEEDED))]
        archive.extractall(folder, needed)
    if not is_complete(folder):
        raise DownloadError(f"{wheel.name} lacks files that it lists, or they are damaged; it was not used")
    return folder


def is_complete(folder: Path) -> bool:
    """Tell whether every needed file is there, with the SHA-256 that the wheel lists."""
    record = folder / RECORD
    if not record.is_file():
        return False
    listed = {name: digest for name, digest, _ in csv.reader(record.read_text().splitlines())}
    needed = {name: digest for name, digest in listed.items() if name.startswith(NEEDED)}
    return bool(needed) and all(_digest(folder / name) == digest for name, digest in needed.items())


def _digest(path: Path) -> str:
    if not path.is_file():
        return "missing"
    digest = hashlib.sha256(path.read_bytes()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _put_in_place(new: Path, target: Path, aside: Path) -> None:
    if target.exists() and not is_complete(target):
        target.rename(aside)
    try:
        new.rename(target)
    except OSError:  # another process was faster
        if not is_complete(target):
            raise

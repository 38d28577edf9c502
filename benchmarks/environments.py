"""Environments of what brainpack is compared with: made on first use, kept, and shared by all benchmarks."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

from filelock import FileLock

REFERENCE: Final = ("reference-2.5.0", "brainscore_core==2.5.0", "pandas<3")  # runs on Python 3.11 and 3.12
XARRAY: Final = ("xarray", "xarray", "netCDF4")
AWS_CLI: Final = ("awscli", "awscli")

_VERSIONS: Final = """
import importlib.metadata, json, sys
found = {"python": sys.version.split()[0]}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        continue
print(json.dumps(found))
"""


def python_with(name: str, *requirements: str) -> str:
    """Find the Python of an environment with these packages; the tests keep theirs in the same place."""
    wanted = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "brainpack"
    folder = cache / f"{name}-py{sys.version_info.major}.{sys.version_info.minor}-{wanted}"
    python, complete = folder / "bin" / "python", folder / ".complete"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
            subprocess.run(install, env=environment_of(str(python)), check=True)
            complete.touch()
    return str(python)


def environment_of(python: str) -> dict[str, str]:
    """What a process of this Python finds; settings for the Python of this process are not meant for another."""
    ours = python == sys.executable
    kept = {name: value for name, value in os.environ.items() if ours or not name.startswith("PYTHON")}
    return kept | {"PYTHONWARNINGS": "ignore"}


def versions(python: str, *packages: str) -> dict[str, str]:
    """Of Python and of those packages that are there."""
    command = [python, "-c", _VERSIONS, *packages]
    done = subprocess.run(command, env=environment_of(python), stdout=subprocess.PIPE, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found

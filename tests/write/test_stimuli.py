from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from brainpack import packaging
from brainpack.digest import digest_file
from tests.helpers import stimulus_set

MEGABYTE = 1 << 20


def bytes_read() -> int:
    """What this process has asked the system to read so far."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts what a process reads")
def test_stimuli_are_read_once_and_the_zip_never(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in", ids=range(20))
    for path in stimuli.stimulus_paths.values():
        Path(path).write_bytes(os.urandom(MEGABYTE))
    before = bytes_read()
    result = packaging.package_stimulus_set_locally(stimuli, "lab.Once", tmp_path)
    assert bytes_read() - before < 20 * MEGABYTE + MEGABYTE
    assert digest_file(Path(result["zip_path"])).sha1 == result["zip_sha1"]
    assert digest_file(Path(result["csv_path"])).sha1 == result["csv_sha1"]

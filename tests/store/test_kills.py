"""A process that is killed while it publishes: the next one finishes its work, and nothing is there twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.servers.ceph import Ceph

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_killed_publication_is_finished_by_the_next_run(ceph: Ceph, tmp_path: Path) -> None:
    environment = {**ceph.environment(), "BRAINIO_HOME": str(tmp_path), "BRAINPACK_PART_SIZE": "5"}
    command = [sys.executable, "-m", "tests.store.kills", "15", "20261124", ceph.new_bucket(versioned=True)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["wrong"] == []
    assert outcome["killed"] > 3  # otherwise this has shown nothing

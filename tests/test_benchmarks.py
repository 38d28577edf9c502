"""The benchmarks run; what they measure is nobody's business here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_uploads_are_compared() -> None:
    command = [sys.executable, "-m", "benchmarks.upload", "--mib", "40", "--runs", "1", "--without-aws-cli"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "boto3 upload_file" in done.stdout
    assert "memory above its idle process" in done.stdout

"""What docs/clusters.md shows works, but for clusters of others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from brainpack.record.records import read_record

PAGE = Path(__file__).parents[1] / "docs" / "clusters.md"
ELSEWHERE = ("dask_jobqueue", "dask_kubernetes")  # need Slurm, or Kubernetes


@pytest.mark.slow
def test_the_same_bytes_from_threads_a_cluster_and_a_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    digests = []
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        if not any(name in block for name in ELSEWHERE):
            code = block.replace("LocalCluster(", 'LocalCluster(dashboard_address=":0", ')  # other tests have one, too
            exec(compile(code, PAGE.name, "exec"), namespace)  # noqa: S102 - the example is our own
            if "package_data_assembly_locally(" in block:
                record = tmp_path / "packages" / "assy_lab_Author2026_rates.brainpack.json"
                digests.append(read_record(record).file(".nc").sha1)
                record.unlink()
    assert len(digests) == 3
    assert len({*digests}) == 1
    assert read_record(tmp_path / "packages" / "stimulus_lab_Author2026.brainpack.json").file(".zip").size > 0

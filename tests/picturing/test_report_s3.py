"""Pages about packages that are in a bucket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from brainpack import packaging
from brainpack.cli.main import main
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.base import Server


@pytest.mark.filterwarnings("ignore:objects in:UserWarning")  # Ceph has no tags for us
@pytest.mark.parametrize("is_fetched", [True, False])
def test_a_page_about_what_is_in_a_bucket(
    is_fetched: bool, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "of the lab"))
    if not is_fetched:  # as if the ZIP were larger than what is fetched, and than what is validated
        monkeypatch.setattr("brainpack.picturing.material._LARGEST_FETCHED", 0)
        monkeypatch.setattr("brainpack.picturing.findings._LARGEST", 0)
    bucket = f"{server.new_bucket(versioned=False)}/lab/Author2026"
    packaging.package_stimulus_set(None, stimulus_set(tmp_path / "in"), "lab.S", bucket)
    packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name=bucket)
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "cache"))
    for name, shown in (("stimulus_lab_S", "Contact sheet"), ("assy_lab_A", "Best stimuli")):
        page = tmp_path / f"{name}.html"
        assert main(["report", f"s3://{bucket}/{name}.brainpack.json", "--output", str(page)]) == 0
        text = page.read_text("utf-8")
        assert shown in text
        assert len(re.findall("<img [^>]*src=.data:image", text)) >= 3
        assert f"s3://{bucket}" in text
    assert [*(tmp_path / "cache").rglob("*.zip")] == [] or is_fetched  # files were read one by one

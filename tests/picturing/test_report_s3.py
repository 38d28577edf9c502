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
def test_a_page_about_what_is_in_a_bucket(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "of the lab"))
    bucket = f"{server.new_bucket(versioned=False)}/lab/Author2026"
    packaging.package_stimulus_set(None, stimulus_set(tmp_path / "in"), "lab.S", bucket)
    packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name=bucket)
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "cache"))
    assert_pages(bucket, tmp_path)
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "another cache"))
    # as if the ZIP were larger than what is fetched, and than what is validated
    monkeypatch.setattr("brainpack.picturing.material._LARGEST_FETCHED", 0)
    monkeypatch.setattr("brainpack.picturing.findings._LARGEST", 0)
    assert_pages(bucket, tmp_path)
    assert not [*(tmp_path / "another cache").rglob("*.zip")]  # files were read one by one


def assert_pages(bucket: str, folder: Path) -> None:
    for name, shown in (("stimulus_lab_S", "Contact sheet"), ("assy_lab_A", "Best stimuli")):
        page = folder / f"{name}.html"
        assert main(["report", f"s3://{bucket}/{name}.brainpack.json", "--output", str(page)]) == 0
        text = page.read_text("utf-8")
        assert shown in text
        assert len(re.findall("<img [^>]*src=.data:image", text)) >= 3
        assert f"s3://{bucket}" in text

"""What the documentation shows is what happens: every block of code of every page is run, or excused with a reason."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brainpack import validate
from tests.docs.running import MADE_BY, run_page

if TYPE_CHECKING:
    from tests.servers.ministack import MiniStack

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BUCKET = "my-bucket"
WITH_BUCKET = [page for page in PAGES if BUCKET in page.read_text("utf-8")]
# Pages that show data of which something is said on the way.
DOUBTFUL = {"validation.md": "assembly 'lab"}

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new user's computer: nothing is set, nothing is there."""
    for name, value in {
        "HOME": str(tmp_path),
        "BRAINIO_HOME": str(tmp_path / ".brainio"),
        "COLUMNS": "100",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "brainpack.toml").write_text("", "utf-8")  # or else that above all tests would count
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def bucket(home: Path, monkeypatch: pytest.MonkeyPatch, ministack: MiniStack) -> None:
    """An empty bucket, and credentials for it."""
    for name, value in ministack.environment().items():
        monkeypatch.setenv(name, value)
    client = ministack.client()
    if any(there["Name"] == BUCKET for there in client.list_buckets()["Buckets"]):
        for there in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            client.delete_object(Bucket=BUCKET, Key=there["Key"])
    else:
        client.create_bucket(Bucket=BUCKET)


def run_strictly(page: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if page.name in DOUBTFUL:
            warnings.filterwarnings("ignore", DOUBTFUL[page.name], UserWarning)
        run_page(page)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in WITH_BUCKET], ids=lambda page: page.name)
def test_page(page: Path, home: Path) -> None:
    run_strictly(page)


@pytest.mark.parametrize("page", WITH_BUCKET, ids=lambda page: page.name)
def test_page_about_a_bucket(page: Path, bucket: None) -> None:
    run_strictly(page)


def test_the_example_of_the_readme_is_ready_to_be_published(home: Path) -> None:
    run_page(ROOT / "README.md", MADE_BY)
    reports = validate("packages", profile="publish")
    assert len(reports) == 2
    assert (reports.errors, reports.warnings) == ((), ())

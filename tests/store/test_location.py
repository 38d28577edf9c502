"""Places as users write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainpack.errors import SettingsError
from brainpack.settings import Settings
from brainpack.store.local import LocalStore
from brainpack.store.location import BucketFolder, open_store

if TYPE_CHECKING:
    from pathlib import Path

PART = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1)
NAMES = st.lists(PART, min_size=1, max_size=4).map("/".join)
BUCKETS = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]", fullmatch=True)
FOLDERS = st.builds(BucketFolder, BUCKETS, st.just("") | NAMES)


@pytest.mark.parametrize(
    ("text", "bucket", "folder"),
    [
        ("bucket", "bucket", ""),
        ("bucket/", "bucket", ""),
        ("bucket/lab", "bucket", "lab"),
        ("bucket/lab/", "bucket", "lab"),
        ("bucket//lab///Author2026//", "bucket", "lab/Author2026"),
        ("s3://bucket", "bucket", ""),
        ("s3://bucket//", "bucket", ""),
        ("s3://bucket/lab/Author2026", "bucket", "lab/Author2026"),
        ("brainio.requested/../lab", "brainio.requested", "../lab"),
        ("bucket/my lab", "bucket", "my lab"),
    ],
)
def test_a_bucket_and_a_folder_are_read_in_every_way_to_write_them(text: str, bucket: str, folder: str) -> None:
    assert BucketFolder.parse(text) == BucketFolder(bucket, folder)


@pytest.mark.parametrize("text", ["", "/", "s3://", "s3:///lab", "/lab/Author2026"])
def test_a_place_without_a_bucket_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(SettingsError, match=r"names no bucket; write s3://bucket/folder"):
        BucketFolder.parse(text)


@given(FOLDERS, NAMES)
def test_a_name_comes_back_from_its_key(where: BucketFolder, name: str) -> None:
    assert where.name(where.key(name)) == name


@given(FOLDERS)
def test_a_place_comes_back_from_its_url(where: BucketFolder) -> None:
    assert BucketFolder.parse(where.url()) == where


@given(FOLDERS, NAMES)
def test_the_url_of_a_name_is_that_of_its_key(where: BucketFolder, name: str) -> None:
    assert where.url(name) == f"s3://{where.bucket}/{where.key(name)}"


@given(BUCKETS, st.lists(PART, max_size=3), st.integers(1, 3))
def test_slashes_too_many_are_harmless(bucket: str, parts: list[str], count: int) -> None:
    slashes = "/" * count
    text = slashes.join([bucket, *parts]) + slashes
    assert BucketFolder.parse(text) == BucketFolder(bucket, "/".join(parts))


def test_a_key_in_a_bucket_without_folder_is_its_name() -> None:
    assert BucketFolder.parse("bucket").key("spikes.nc") == "spikes.nc"
    assert BucketFolder.parse("bucket/lab").key("spikes.nc") == "lab/spikes.nc"


def test_what_is_no_url_is_a_folder_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert isinstance(open_store(tmp_path, settings), LocalStore)
    assert open_store(str(tmp_path / "shared"), settings).url == str(tmp_path / "shared")
    assert open_store("~/shared", settings).url == str(tmp_path / "shared")


def test_a_bucket_is_opened_without_asking_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert open_store("s3://bucket//lab/", Settings.from_environment()).url == "s3://bucket/lab"
    with pytest.raises(SettingsError, match="names no bucket"):
        open_store("s3://", Settings.from_environment())

"""Where a store is, as users write it, and the store that is there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from brainpack.errors import SettingsError, Unavailable
from brainpack.settings import with_home

if TYPE_CHECKING:
    from typing import Self

    from brainpack.settings import Settings
    from brainpack.store.base import Source, Store
    from brainpack.store.local import LocalStore

S3_SCHEME: Final = "s3://"
_OTHER_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # of two letters at least: Windows has drives


@dataclass(frozen=True)
class BucketFolder:
    """A bucket, or a folder in one.

    Attributes
    ----------
    bucket : str
    folder : str
        Without slashes at its ends; empty for the whole bucket.
    """

    bucket: str
    folder: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `bucket`, `bucket/folder/…` or either behind `s3://`; slashes too many are harmless.

        Examples
        --------
        >>> BucketFolder.parse("s3://brainscore-storage/lab/Author2026/")
        BucketFolder(bucket='brainscore-storage', folder='lab/Author2026')
        """
        bucket, *parts = os.fspath(text).removeprefix(S3_SCHEME).split("/")
        if not bucket or bucket.startswith((".", "~")):
            raise SettingsError(
                f"{text!r} names no bucket; write s3://bucket/folder or bucket/folder. Into a folder, package locally "
                "and run `brainpack publish`"
            )
        return cls(bucket, "/".join(part for part in parts if part))

    def key(self, name: str) -> str:
        """Key in the bucket of what has a name in the folder."""
        return f"{self.folder}/{name}" if self.folder else name

    def name(self, key: str) -> str:
        """Inverse of `key`."""
        return key.removeprefix(f"{self.folder}/") if self.folder else key

    def url(self, name: str = "") -> str:
        """The folder, or what has a name in it, as a user writes it."""
        return f"{S3_SCHEME}{self.bucket}/{self.key(name)}".rstrip("/")


def open_store(target: str | os.PathLike[str], settings: Settings) -> Store:
    """Open the bucket behind `s3://bucket/folder`, or the folder of any other path.

    Raises
    ------
    SettingsError
        No bucket is named, or AWS is not set up: credentials, profile, region or endpoint.
    """
    text = os.fspath(target)
    if text.startswith(S3_SCHEME):
        from brainpack.store.s3.bucket import S3Store

        return S3Store.open(BucketFolder.parse(text), settings)
    return _open_folder(text)


def open_source(place: str | os.PathLike[str], settings: Settings) -> Source:
    """Open a place to read from: a bucket, with credentials or without, or a folder.

    Raises
    ------
    SettingsError
        No bucket is named, or the place is neither a bucket nor a folder.
    Unavailable
        It is a bucket, and the settings say that there is no network.
    """
    text = os.fspath(place)
    if text.startswith(S3_SCHEME):
        if settings.is_offline:
            raise Unavailable("nothing is fetched, because BRAINPACK_OFFLINE is set")
        from brainpack.store.s3.source import S3Source

        return S3Source(BucketFolder.parse(text))
    return _open_folder(text)


def _open_folder(text: str) -> LocalStore:
    if not text or _OTHER_SCHEME.match(text):
        raise SettingsError(f"{text!r} is no place for packages; write s3://bucket/folder, or the path of a folder")
    from brainpack.store.local import LocalStore

    return LocalStore(with_home(text))

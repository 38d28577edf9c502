"""What every store can do, whatever is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from brainpack.errors import AlreadyPublished

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from brainpack.digest import Digest
    from brainpack.progress import Listener


class PutMode(StrEnum):
    """What to do where a key is taken by other bytes."""

    CREATE = "create"  # refuse
    REPLACE = "replace"


@dataclass(frozen=True)
class StoredObject:
    """One version of one object in a store.

    Attributes
    ----------
    key : str
        Name below the store's own folder, with "/" between its parts.
    size : int
        Bytes.
    digest : Digest or None
        None where the store does not know it without reading the object.
    version_id : str or None
        Names these very bytes for ever, where the store keeps versions.
    etag : str or None
        The store's own mark of the content.
    modified : datetime or None
        When the object came into the store, with time zone.
    """

    key: str
    size: int
    digest: Digest | None
    version_id: str | None
    etag: str | None
    modified: datetime | None


class Source(Protocol):
    """A place to read published objects from; a folder of a bucket, or a folder of a disk.

    Every method raises StoreError (AccessDenied, Unavailable) where the store cannot be asked.
    """

    @property
    def url(self) -> str:
        """Where it is, as a user writes it: `s3://bucket/folder`, or a path."""
        ...

    def read(self, key: str, start: int, stop: int, version_id: str | None = None) -> bytes:
        """Bytes `start` (0 or more) to `stop`, without the latter; fewer where the object ends before, b"" after it."""
        ...

    def head(self, key: str, version_id: str | None = None) -> StoredObject:
        """Look at an object without fetching it; NotFound if there is none, IntegrityError if it is damaged."""
        ...

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Current objects whose keys start with `prefix`, sorted by key; digest and version id may be unknown."""
        ...


class Store(Source, Protocol):
    """A place for published objects, to write to as well."""

    def put(
        self, key: str, source: Path, digest: Digest, mode: PutMode = PutMode.CREATE, listener: Listener | None = None
    ) -> StoredObject:
        """Store a file whole or not at all, proven to be the bytes of `digest`.

        A key that already has these bytes is success, and nothing is transferred, nor is the file read.

        Raises
        ------
        AlreadyPublished
            In mode CREATE, the key has other bytes. Of several creators at the same time, one succeeds.
        IntegrityError
            The file, or what arrived, is not what `digest` says; nothing is stored.
        NotFound
            The file, or the bucket, does not exist.
        """
        ...

    def versions(self, key: str) -> Sequence[StoredObject]:
        """Versions of an object that the store still has, newest first, maybe without digest; empty if none."""
        ...


def taken(url: str, there: StoredObject, offered: Digest) -> AlreadyPublished:
    """The error for a key that has other bytes than those offered."""
    found = there.digest
    digest = "unknown digest" if found is None else f"SHA-1 {found.sha1}, SHA-256 {found.sha256}"
    since = "" if there.modified is None else f", since {there.modified.isoformat(timespec='seconds')}"
    return AlreadyPublished(
        f"{url} is published already, with other bytes, and was left as it is. There: {digest}, {there.size} bytes"
        f"{since}. Here: SHA-1 {offered.sha1}, SHA-256 {offered.sha256}, {offered.size} bytes, "
        f"{datetime.now(UTC).isoformat(timespec='seconds')}. Choose another identifier, or decide to replace it: "
        "brainpack.publish(…, replace=True)"
    )

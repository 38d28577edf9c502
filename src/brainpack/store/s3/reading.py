"""From a bucket: what is there, and its bytes, which are proven here since nothing on the way does it."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, ConnectionClosedError
from urllib3.exceptions import HTTPError

from brainpack.digest import BLOCK, Digest
from brainpack.store.base import StoredObject
from brainpack.store.s3.errors import code_of, status_of
from brainpack.store.s3.retries import ATTEMPTS, PASSING_ERRORS, is_passing, persistently, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from brainpack.store.s3.access import Access

_WITHOUT_WORDS: Final = frozenset((301, 400, 403))  # HEAD has no body that could say why


def head(access: Access, key: str, version_id: str | None = None) -> StoredObject:
    """Look at an object; a refusal is asked for again in a way whose answer has words."""
    name = access.name(key, version_id)
    try:
        answer: Any = access.client.head_object(**name)
    except ClientError as error:
        if status_of(error) in _WITHOUT_WORDS:
            persistently(partial(_opened, access, **name, Range="bytes=0-0"))["Body"].close()
        raise
    return _stored(key, answer)


def head_if_there(access: Access, key: str, version_id: str | None = None) -> StoredObject | None:
    """Look at an object; None if there is none, or if we may not know."""
    try:
        return head(access, key, version_id)
    except ClientError as error:
        if code_of(error) in {"404", "NoSuchKey", "AccessDenied"}:
            return None
        raise


def read(access: Access, key: str, start: int, stop: int, version_id: str | None = None) -> bytes:
    """A range of an object."""
    if stop <= start:
        head(access, key, version_id)
        return b""

    def read_once() -> bytes:
        answer = _opened(access, **access.name(key, version_id), Range=f"bytes={start}-{stop - 1}")
        with closing(answer["Body"]) as body:
            data: bytes = body.read()
        return data if "ContentRange" in answer else data[start:stop]  # some servers send all of it

    try:
        return persistently(read_once)
    except ClientError as error:
        if code_of(error) in {"InvalidRange", "416"}:
            return b""
        raise


def blocks(access: Access, found: StoredObject) -> Iterator[bytes]:
    """The bytes of the very object that was looked at; what breaks off goes on where it broke."""
    position, failures = 0, 0
    while position < found.size:
        try:
            for block in _blocks_from(access, found, position):
                position, failures = position + len(block), 0
                yield block
        except PASSING_ERRORS as error:
            failures += 1
            if failures == ATTEMPTS or not is_passing(error):
                raise
            time.sleep(wait(failures))


def _blocks_from(access: Access, found: StoredObject, start: int) -> Iterator[bytes]:
    name = access.name(found.key, found.version_id)
    answer = _opened(access, **name, IfMatch=found.etag or "*", Range=f"bytes={start}-")
    with closing(answer["Body"]) as body:
        if "ContentRange" not in answer:  # some servers send all of it
            body.read(start)
        while block := body.read(BLOCK):
            yield block


def _opened(access: Access, **arguments: Any) -> Any:
    """Ask for an object. Of a refusal that breaks off, botocore lets the error of the library below it through."""
    try:
        return access.client.get_object(**arguments)
    except HTTPError as error:
        raise ConnectionClosedError(endpoint_url=access.client.meta.endpoint_url, error=error) from error


def list_objects(access: Access, prefix: str) -> Iterator[StoredObject]:
    """Current objects below the folder, sorted by key."""
    pages = access.client.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=access.where.bucket, Prefix=access.where.key(prefix)):
        for found in page.get("Contents", []):
            yield _listed(access, found)


def list_versions(access: Access, key: str) -> tuple[list[StoredObject], datetime | None]:
    """Versions of one object, the newest first, and when it was last deleted, which leaves versions behind."""
    wanted = access.where.key(key)
    pages = access.client.get_paginator("list_object_versions").paginate(Bucket=access.where.bucket, Prefix=wanted)
    versions: list[StoredObject] = []
    deletions: list[datetime] = []
    for page in pages:
        versions += [_listed(access, found) for found in page.get("Versions", []) if found["Key"] == wanted]
        deletions += [found["LastModified"] for found in page.get("DeleteMarkers", []) if found["Key"] == wanted]
    return versions, max(deletions, default=None)


def _listed(access: Access, found: Any) -> StoredObject:
    version_id = found.get("VersionId")
    return StoredObject(
        access.where.name(found["Key"]), found["Size"], None, version_id, found.get("ETag"), found.get("LastModified")
    )


def _stored(key: str, answer: Any) -> StoredObject:
    return StoredObject(
        key,
        answer["ContentLength"],
        _kept_digest(answer),
        answer.get("VersionId"),
        answer.get("ETag"),
        answer.get("LastModified"),
    )


def _kept_digest(answer: Any) -> Digest | None:
    """The digest among an object's metadata, as `put` leaves it there."""
    kept = answer.get("Metadata", {})
    try:
        return Digest(kept["sha1"], kept["sha256"], answer["ContentLength"])
    except KeyError:
        return None

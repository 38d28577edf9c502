"""Small objects that are written to learn something about a store, and removed without a trace."""

from __future__ import annotations

import base64
import hashlib
import secrets
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from brainpack.store.s3.errors import AWS_ERRORS, explained, status_of

if TYPE_CHECKING:
    from brainpack.errors import BrainpackError
    from brainpack.store.s3.access import Access

CONTENT: Final = b"brainpack doctor wrote this, and removes it again\n"


def new_name() -> str:
    """A name that nobody has."""
    return f".brainpack-doctor-{secrets.token_hex(8)}"


class Probes:
    """All objects that were written through it, with all their versions.

    Attributes
    ----------
    refusal : BrainpackError or None
        Why one could not be removed.
    """

    def __init__(self, access: Access) -> None:
        self.refusal: BrainpackError | None = None
        self._access = access
        self._version_ids: dict[str, list[str | None]] = {}

    def __bool__(self) -> bool:
        return bool(self._version_ids)

    def put(self, name: str, **arguments: Any) -> Any:
        """Write one in the way of an upload, but for the arguments given."""
        known = self._version_ids.setdefault(name, [])  # before it is there: an interrupt may come in between
        digest = hashlib.sha256(CONTENT).digest()
        usual = {"ChecksumSHA256": base64.b64encode(digest).decode(), "Metadata": {"sha256": digest.hex()}}
        try:
            answer = self._access.client.put_object(**self._access.name(name), Body=CONTENT, **{**usual, **arguments})
        except ClientError as error:
            if not known and status_of(error) < HTTPStatus.INTERNAL_SERVER_ERROR:
                del self._version_ids[name]  # refused, so nothing was written
            raise
        known.append(answer.get("VersionId"))
        return answer

    def remove(self) -> list[str]:
        """Remove every version of each, and tell what remains."""
        return [left for name in self._version_ids for left in self._remove(name)]

    def _remove(self, name: str) -> list[str]:
        refused = [version_id for version_id in self._found(name) if not self._delete(name, version_id)]
        if not refused:
            return []
        with suppress(*AWS_ERRORS):  # a right of its own: removes it where no versions are kept, or at least hides it
            self._access.client.delete_object(**self._access.name(name))
        url = self._access.where.url(name)
        return [url if version_id is None else f"{url} (version {version_id})" for version_id in self._found(name)]

    def _delete(self, name: str, version_id: str | None) -> bool:
        try:
            self._access.client.delete_object(**self._access.name(name, version_id))
        except AWS_ERRORS as error:
            self.refusal = explained(error, f"could not remove {self._access.where.url(name)}", self._access.who)
            return False
        return True

    def _found(self, name: str) -> list[str | None]:
        """Versions and marks of deletion; those that we know of where we may not list them."""
        wanted = self._access.where.key(name)
        try:
            answer = self._access.client.list_object_versions(Bucket=self._access.where.bucket, Prefix=wanted)
        except AWS_ERRORS:
            return self._version_ids[name] or [None]  # no answer came: it may be there
        found: list[Any] = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
        return [version["VersionId"] for version in found if version["Key"] == wanted]

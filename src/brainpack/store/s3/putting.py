"""One file into one key: look, send, prove, and settle who was first where the store does not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from brainpack.digest import Digester
from brainpack.errors import IntegrityError, Unavailable
from brainpack.notices import warn
from brainpack.store.base import PutMode, StoredObject, taken
from brainpack.store.s3.errors import code_of
from brainpack.store.s3.reading import blocks, head, head_if_there, list_versions
from brainpack.store.s3.upload import UNVERSIONED, Multipart, Target, Uploaded, put_whole

if TYPE_CHECKING:
    from pathlib import Path

    from brainpack.digest import Digest
    from brainpack.store.journal import Journal
    from brainpack.store.s3.access import Access
    from brainpack.store.s3.body import Meter

_BEGINNINGS: Final = 3  # how often an upload that the store has lost is begun anew


class Put:
    """The way of one file to one key."""

    def __init__(self, access: Access, key: str, digest: Digest, mode: PutMode, part_size: int) -> None:
        self._access = access
        self._key = key
        self._digest = digest
        self._is_new = mode is PutMode.CREATE
        self._part_size = part_size
        self._target = Target(access.client, access.where.bucket, access.where.key(key), digest, is_new=self._is_new)

    def find(self) -> StoredObject | None:
        """The object, if the key has these bytes already.

        Raises
        ------
        AlreadyPublished
            It has others, and they are not to be replaced.
        """
        there = head_if_there(self._access, self._key)
        if there is None:
            return None
        known = _with_digest(self._access, there) if there.size == self._digest.size else there
        if known.digest == self._digest:
            return known
        if self._is_new:
            raise taken(self._url, known, self._digest)
        return None

    def send(self, source: Path, journal: Journal, meter: Meter) -> StoredObject:
        """Send the file and prove that it arrived."""
        try:
            if self._digest.size <= self._part_size:
                journal.begin(self._digest, self._part_size, None)
                sent: Uploaded | StoredObject = put_whole(self._target, source, meter)
            else:
                sent = self._send_parts(source, journal, meter)
        except ClientError as error:
            if code_of(error) != "PreconditionFailed":
                raise
            found = self.find()  # the answer to an earlier attempt was lost, or another was faster
            if found is None:
                raise
            return found
        return self._proven(sent) if isinstance(sent, Uploaded) else sent

    def _send_parts(self, source: Path, journal: Journal, meter: Meter) -> Uploaded | StoredObject:
        for _ in range(_BEGINNINGS):
            upload = Multipart(self._target, journal, meter, self._part_size)
            try:
                with upload.aborted_if_refused():
                    parts = upload.send(source)
                    return self.find() or upload.complete(parts)
            except ClientError as error:
                if code_of(error) not in {"NoSuchUpload", "InvalidPart"}:
                    raise
                found = self.find()
                if found is not None:
                    return found
        raise Unavailable(
            f"{self._url} could not be stored: its upload got lost {_BEGINNINGS} times in the store; try again later"
        )

    def _proven(self, sent: Uploaded) -> StoredObject:
        """Compare what is there now with what was sent."""
        version_id = None if sent.version_id in UNVERSIONED else sent.version_id
        first = self._first(sent) if self._is_new and version_id is not None else None
        if first is not None:
            return first
        there = head_if_there(self._access, self._key, version_id)
        if there is None:
            there = StoredObject(self._key, self._digest.size, self._digest, None, sent.etag, None)
            if not sent.is_proven:
                warn(f"{self._url}: the store does not confirm what arrived, and you may not read it to compare")
        elif not sent.is_proven:
            there = _read_back(self._access, there)
        if there.digest == self._digest:
            return replace(there, version_id=sent.version_id or there.version_id)
        if sent.is_copy(there):
            self._take_back(version_id)
            raise IntegrityError(
                f"{self._url} arrived damaged, and was removed; publish it again",
                expected=str(self._digest),
                got=str(there.digest),
            )
        raise taken(self._url, there, self._digest)

    def _first(self, sent: Uploaded) -> StoredObject | None:
        """The version that was there before the one sent, which is taken back then; None if ours is the first.

        Some stores that keep versions ignore the condition of a put. There, the order of the versions decides; and an
        answer that got lost has led to a version more, with the same bytes.
        """
        try:
            versions, deleted = list_versions(self._access, self._key)
        except ClientError:  # we may not, or the store cannot
            return None
        alive = [found for found in versions if deleted is None or (found.modified or deleted) > deleted]
        if len(alive) < 2:  # noqa: PLR2004 - ours alone
            return None
        for copy in alive[:-1]:
            if sent.is_copy(copy):
                self._take_back(copy.version_id)
        first = _with_digest(self._access, head(self._access, self._key, alive[-1].version_id))
        if first.digest != self._digest:
            raise taken(self._url, first, self._digest)
        return first

    def _take_back(self, version_id: str | None) -> None:
        with suppress(ClientError):  # without the right to delete, it stays, and the error says what else is there
            self._access.client.delete_object(**self._access.name(self._key, version_id))

    @property
    def _url(self) -> str:
        return self._access.where.url(self._key)


def _with_digest(access: Access, there: StoredObject) -> StoredObject:
    """The object with its digest, for which it is read where the store does not know it."""
    return there if there.digest is not None else _read_back(access, there)


def _read_back(access: Access, there: StoredObject) -> StoredObject:
    digester = Digester()
    for block in blocks(access, there):
        digester.update(block)
    return replace(there, digest=digester.digest())

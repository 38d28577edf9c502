"""A folder of an S3 bucket as a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from brainpack.errors import NotFound, StoreError
from brainpack.notices import warn
from brainpack.store.base import PutMode
from brainpack.store.journal import open_journal
from brainpack.store.s3 import reading
from brainpack.store.s3.access import Access
from brainpack.store.s3.body import Meter
from brainpack.store.s3.errors import AWS_ERRORS, code_of
from brainpack.store.s3.identity import TAG
from brainpack.store.s3.putting import Put
from brainpack.store.s3.upload import abort

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from brainpack.digest import Digest
    from brainpack.progress import Listener
    from brainpack.settings import Settings
    from brainpack.store.base import StoredObject
    from brainpack.store.location import BucketFolder


class UnfinishedUpload(NamedTuple):
    """Parts that take space in a bucket, and are no object yet."""

    key: str
    upload_id: str
    begun: datetime


class S3Store:
    """A folder of a bucket; see `brainpack.store.base.Store`.

    Parameters
    ----------
    access : Access
        The folder, and who we are there.
    settings : Settings
        Where journals are kept, and how large the parts of an upload are.
    """

    def __init__(self, access: Access, settings: Settings) -> None:
        self._access = access
        self._journals = settings.journals
        self._part_size = settings.part_size
        self._tags = True  # until the store shows that it has none for us

    @classmethod
    def open(cls, where: BucketFolder, settings: Settings) -> S3Store:
        """Store at a place that AWS is set up for.

        Raises
        ------
        SettingsError
            Credentials, profile or endpoint are missing or make no sense.
        """
        return cls(Access.to(where), settings)

    @property
    def url(self) -> str:
        return self._access.where.url()

    def put(
        self, key: str, source: Path, digest: Digest, mode: PutMode = PutMode.CREATE, listener: Listener | None = None
    ) -> StoredObject:
        if not source.is_file():
            raise NotFound(f"there is no file {source} to publish as {self._access.where.url(key)}")
        put = Put(self._access, key, digest, mode, self._part_size)
        meter = Meter(key, digest.size, listener)
        endpoint = f"{self._access.client.meta.endpoint_url} {self._access.where.url(key)}"
        with open_journal(self._journals, endpoint) as journal, self._access.explaining("store", key):
            stored = put.find()
            is_ours = stored is None or journal.unfinished() is not None
            if stored is None:
                if mode is PutMode.REPLACE:
                    self._warn_of_lost_versions(key)
                try:
                    stored = put.send(source, journal, meter)
                finally:
                    meter.raise_reason()
            if is_ours:
                self._tag(key)
                self._abort_others(key)
            journal.end()
            return stored

    def read(self, key: str, start: int, stop: int, version_id: str | None = None) -> bytes:
        with self._access.explaining("read", key, version_id):
            return reading.read(self._access, key, start, stop, version_id)

    def head(self, key: str, version_id: str | None = None) -> StoredObject:
        with self._access.explaining("look at", key, version_id):
            return reading.head(self._access, key, version_id)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        with self._access.explaining("list", prefix):
            yield from reading.list_objects(self._access, prefix)

    def versions(self, key: str) -> Sequence[StoredObject]:
        with self._access.explaining("list the versions of", key):
            return reading.list_versions(self._access, key)[0]

    def unfinished(self, prefix: str = "") -> Iterator[UnfinishedUpload]:
        """Uploads below the folder that were begun in parts, and neither completed nor aborted."""
        where = self._access.where
        with self._access.explaining("list unfinished uploads below"):
            pages = self._access.client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=where.bucket, Prefix=where.key(prefix)):
                for found in page.get("Uploads", []):
                    yield UnfinishedUpload(where.name(found["Key"]), found["UploadId"], found["Initiated"])

    def abort(self, upload: UnfinishedUpload) -> None:
        """Free what an unfinished upload takes in the bucket; who is still sending it has to begin anew."""
        with self._access.explaining("abort the upload of", upload.key):
            abort(self._access.client, self._access.where.bucket, self._access.where.key(upload.key), upload.upload_id)

    def _warn_of_lost_versions(self, key: str) -> None:
        try:
            status: str = self._access.client.get_bucket_versioning(Bucket=self._access.where.bucket).get(
                "Status", "off"
            )
        except ClientError:
            status = "unknown"
        if status != "Enabled":
            warn(
                f"{self._access.where.url(key)} is replaced in a bucket that keeps no versions (versioning: "
                f"{status}): whoever refers to the earlier bytes will not find them any more"
            )

    def _tag(self, key: str) -> None:
        """Say who uploaded it; an upload is no less complete without."""
        if not self._tags:
            return
        identity = self._access.identity
        try:
            if identity is not None:
                self._access.client.put_object_tagging(**self._access.name(key), Tagging=identity.tags)
                return
            reason = "who uploads is unknown: the right sts:GetCallerIdentity, or a server that has it, is missing"
        except ClientError as error:
            reason = f"the right s3:PutObjectTagging, or a server that keeps tags, is missing ({code_of(error)})"
        except AWS_ERRORS as error:
            reason = str(error)
        self._tags = False
        warn(f"objects in {self.url} get no tag {TAG!r}: {reason}")

    def _abort_others(self, key: str) -> None:
        """Free what uploads to this key have left that no journal knows of: it has its object now."""
        try:
            others = [upload for upload in self.unfinished(key) if upload.key == key]
            for upload in others:
                self.abort(upload)
        except StoreError:  # we may not, or the store cannot; `brainpack uploads` says so when it is asked
            return

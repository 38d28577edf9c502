"""A file on its way into a bucket: in one piece, or in parts that several threads send."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError

from brainpack.digest import Digester
from brainpack.errors import AlreadyPublished, IntegrityError, StoreError
from brainpack.store.journal import Part
from brainpack.store.s3.body import Body
from brainpack.store.s3.errors import code_of
from brainpack.store.s3.retries import is_passing

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from brainpack.digest import Digest
    from brainpack.store.base import StoredObject
    from brainpack.store.journal import Journal
    from brainpack.store.s3.body import Meter

IN_FLIGHT: Final = 4  # parts in memory at a time, one of them being read
UNVERSIONED: Final = frozenset((None, "null"))  # what a bucket without versions calls the only one
_MOST_PARTS: Final = 10_000  # S3's own limit


@dataclass(frozen=True)
class Target:
    """Where one object goes, and what it shall be there."""

    client: S3Client
    bucket: str
    key: str
    digest: Digest
    is_new: bool

    @property
    def name(self) -> dict[str, Any]:
        return {"Bucket": self.bucket, "Key": self.key}

    @property
    def condition(self) -> dict[str, Any]:
        """Refuses the last step where the key is taken, on the servers that know it."""
        return {"IfNoneMatch": "*"} if self.is_new else {}

    @property
    def metadata(self) -> dict[str, str]:
        return {"sha1": self.digest.sha1, "sha256": self.digest.sha256}


@dataclass(frozen=True)
class Uploaded:
    """Answer of the store.

    Attributes
    ----------
    etag : str
        With its quotes, as all other answers have it; some servers leave it out after an upload in parts.
    version_id : str or None
    is_proven : bool
        Whether the answer shows that the bytes arrived as they are.
    """

    etag: str
    version_id: str | None
    is_proven: bool

    def is_copy(self, found: StoredObject) -> bool:
        """Whether a version in the store is the one that was answered for, or has the same bytes."""
        has_its_version = self.version_id not in UNVERSIONED and found.version_id == self.version_id
        return has_its_version or (bool(self.etag) and found.etag == self.etag)


def put_whole(target: Target, source: Path, meter: Meter) -> Uploaded:
    """Send a file in one request, from memory."""
    with _reading(source):
        data = source.read_bytes()
    _expect(target.digest, _digest(data), source)
    answer = target.client.put_object(
        **target.name,
        **target.condition,
        Body=_body(memoryview(data), meter),
        ChecksumSHA256=_base64(target.digest.sha256),
        Metadata=target.metadata,
    )
    is_proven = _is_proven(answer, target.digest.sha256, data)
    return Uploaded(answer["ETag"], answer.get("VersionId"), is_proven)


class Multipart:
    """An upload in parts; what an earlier process has sent already is not sent again."""

    def __init__(self, target: Target, journal: Journal, meter: Meter, part_size: int) -> None:
        self._target = target
        self._journal = journal
        self._meter = meter
        self._part_size = max(part_size, -(-target.digest.size // _MOST_PARTS))
        self._upload_id = ""
        self._sent: dict[int, Part] = {}
        self._is_proven = True

    def send(self, source: Path) -> list[Part]:
        """Send all parts.

        Raises
        ------
        IntegrityError
            The file is not the one of the digest.
        """
        self._continue_or_begin()
        free: SimpleQueue[bytearray] = SimpleQueue()
        for _ in range(IN_FLIGHT):
            free.put(bytearray(self._part_size))
        # Both hashes of a digest come from one pass, so one of them proves the file. Registries hold this one.
        whole = hashlib.sha1(usedforsecurity=False)
        futures: list[Future[Part]] = []
        with _reading(source):
            opened = source.open("rb", buffering=0)
        with ThreadPoolExecutor(IN_FLIGHT - 1) as pool, opened as file:
            try:
                while data := _filled(free.get(), file, source):
                    whole.update(data)
                    futures.append(pool.submit(self._send_part, len(futures) + 1, data, free))
                    _raise_failure(futures[-2 * IN_FLIGHT :])
                parts = [future.result() for future in futures]
                size = file.tell()
            except BaseException:
                self._meter.stop()
                pool.shutdown(cancel_futures=True)
                raise
        _expect(self._target.digest, replace(self._target.digest, sha1=whole.hexdigest(), size=size), source)
        return parts

    def complete(self, parts: list[Part]) -> Uploaded:
        """Make the object of its parts; only now it is there."""
        named = [
            {"PartNumber": part.number, "ETag": part.etag, "ChecksumSHA256": _base64(part.sha256)} for part in parts
        ]
        answer = self._target.client.complete_multipart_upload(
            **self._target.name,
            **self._target.condition,
            UploadId=self._upload_id,
            MultipartUpload=cast("Any", {"Parts": named}),
        )
        return Uploaded(answer.get("ETag", ""), answer.get("VersionId"), self._is_proven)

    @contextmanager
    def aborted_if_refused(self) -> Iterator[None]:
        """Leave nothing in the store where trying again cannot help; what broke off can be continued."""
        try:
            yield
        except (ClientError, IntegrityError, AlreadyPublished) as error:
            if not is_passing(error):
                self._abort()
            raise

    def _abort(self) -> None:
        """Forget the upload, and free what it takes in the store, if we may."""
        with suppress(ClientError, BotoCoreError):
            abort(self._target.client, self._target.bucket, self._target.key, self._upload_id)
        self._journal.end()

    def _continue_or_begin(self) -> None:
        unfinished = self._journal.unfinished()
        if unfinished is not None and unfinished.upload_id is not None:
            self._upload_id = unfinished.upload_id
            is_same = (unfinished.digest, unfinished.part_size) == (self._target.digest, self._part_size)
            there = self._parts_there() if is_same else None
            if there is not None:
                self._sent = {n: part for n, part in unfinished.parts.items() if there.get(n) == part.etag}
                return
            self._abort()
        answer = self._target.client.create_multipart_upload(
            **self._target.name, ChecksumAlgorithm="SHA256", Metadata=self._target.metadata
        )
        self._upload_id = answer["UploadId"]
        self._journal.begin(self._target.digest, self._part_size, self._upload_id)

    def _parts_there(self) -> dict[int, str] | None:
        """ETags of the parts that the store has; None where the upload is gone, or where we may not know."""
        pages = self._target.client.get_paginator("list_parts").paginate(**self._target.name, UploadId=self._upload_id)
        try:
            found = [part for page in pages for part in page.get("Parts", [])]
        except ClientError as error:
            if code_of(error) in {"NoSuchUpload", "404", "AccessDenied"}:
                return None
            raise
        return {part["PartNumber"]: part["ETag"] for part in found}

    def _send_part(self, number: int, data: memoryview, free: SimpleQueue[bytearray]) -> Part:
        try:
            sha256 = hashlib.sha256(data).hexdigest()
            sent = self._sent.get(number)
            if sent is not None and sent.sha256 == sha256:
                self._meter.move(len(data))
                return sent
            answer = self._target.client.upload_part(
                **self._target.name,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=_body(data, self._meter),
                ChecksumSHA256=_base64(sha256),
            )
            if not _is_proven(answer, sha256, data):
                self._is_proven = False
            part = Part(number, sha256, answer["ETag"])
            self._journal.add(part)
            return part
        finally:
            free.put(cast("bytearray", data.obj))


def abort(client: S3Client, bucket: str, key: str, upload_id: str) -> None:
    """Abort an unfinished upload; one that is gone is no error."""
    try:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    except ClientError as error:
        if code_of(error) not in {"NoSuchUpload", "404"}:
            raise


def _filled(buffer: bytearray, file: io.FileIO, source: Path) -> memoryview:
    """The next bytes of a file, as many as the buffer holds if it has them."""
    view, size = memoryview(buffer), 0
    with _reading(source):
        while size < len(buffer) and (count := file.readinto(view[size:])):
            size += count
    return view[:size]


@contextmanager
def _reading(source: Path) -> Iterator[None]:
    """Errors of the disk in our words."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{source} could not be read and was not published: {error.strerror or error}; "
            "make it readable, then publish again"
        ) from error


def _raise_failure(futures: list[Future[Part]]) -> None:
    for future in futures:
        if future.done():
            future.result()


def _is_proven(answer: Any, sha256: str, data: memoryview | bytes) -> bool:
    """Whether the store says that it has these bytes: by its own SHA-256 of them, or by an ETag that is their MD5."""
    if answer.get("ChecksumSHA256") == _base64(sha256):
        return True
    return bool(answer["ETag"].strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest())


def _digest(data: bytes) -> Digest:
    digester = Digester()
    digester.update(data)
    return digester.digest()


def _expect(expected: Digest, got: Digest, source: Path) -> None:
    if got != expected:
        raise IntegrityError(
            f"{source} is not the file that its digest says, and was not published; was it changed after packaging?",
            expected=f"SHA-1 {expected.sha1}, SHA-256 {expected.sha256}, {expected.size} bytes",
            got=f"SHA-1 {got.sha1}, SHA-256 {got.sha256}, {got.size} bytes",
        )


def _body(data: memoryview, meter: Meter) -> IO[bytes]:
    return cast("IO[bytes]", Body(data, meter))


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()

"""A folder of a bucket to read from: as who we are, or as everybody may."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from brainpack.errors import AccessDenied, BrainpackError
from brainpack.store.s3 import reading
from brainpack.store.s3.access import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brainpack.store.base import StoredObject
    from brainpack.store.location import BucketFolder

Found = TypeVar("Found")


class S3Source:
    """A folder of a bucket to read from; see `brainpack.store.base.Source`.

    Credentials are used where AWS is set up with some. Where they are refused, the object is asked for without them:
    public data need none, and old ones must not stand in the way.

    Parameters
    ----------
    where : BucketFolder
    """

    def __init__(self, where: BucketFolder) -> None:
        self._where = where
        self._is_refused = False  # until the store shows that it knows us not, or does not let us

    @property
    def url(self) -> str:
        return self._where.url()

    def read(self, key: str, start: int, stop: int, version_id: str | None = None) -> bytes:
        return self._ask("read", key, version_id, lambda access: reading.read(access, key, start, stop, version_id))

    def head(self, key: str, version_id: str | None = None) -> StoredObject:
        return self._ask("look at", key, version_id, lambda access: reading.head(access, key, version_id))

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        yield from self._ask("list", prefix, None, lambda access: [*reading.list_objects(access, prefix)])

    @cached_property
    def _own(self) -> Access | None:
        return Access.if_set_up(self._where)

    @cached_property
    def _public(self) -> Access:
        return Access.of_everybody(self._where)

    def _ask(self, what: str, key: str, version_id: str | None, question: Callable[[Access], Found]) -> Found:
        if self._own is None or self._is_refused:
            with self._public.explaining(what, key, version_id):
                return question(self._public)
        try:
            with self._own.explaining(what, key, version_id):
                return question(self._own)
        except AccessDenied as refusal:
            try:
                with self._public.explaining(what, key, version_id):
                    answer = question(self._public)
            except BrainpackError as error:
                refusal.add_note(f"without credentials: {error}")
                raise refusal from None
            self._is_refused = True
            return answer

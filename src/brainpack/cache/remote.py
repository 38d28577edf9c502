"""A published file that stays where it is, and is read by ranges."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from brainpack.settings import Settings
from brainpack.store.fetching import expect
from brainpack.store.location import open_source

if TYPE_CHECKING:
    from brainpack.cache.entries import Wanted
    from brainpack.store.base import Source, StoredObject


class RemoteFile:
    """A file in a store, looked at when it is first needed; it can be pickled, and be read by several threads.

    Parameters
    ----------
    wanted : Wanted
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def __reduce__(self) -> tuple[type[RemoteFile], tuple[Wanted]]:
        return RemoteFile, (self._wanted,)  # a connection is made anew by whoever needs it

    def __str__(self) -> str:
        return f"{self._wanted.place}/{self._wanted.name}"

    @property
    def size(self) -> int:
        """Length in bytes.

        Raises
        ------
        NotFound, StoreError
            It is not there, or the store cannot be asked.
        IntegrityError
            It is not the file that was published.
        """
        return self._found.size

    def read(self, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop`, without the latter."""
        return self._source.read(self._wanted.name, start, stop, self._found.version_id)

    @cached_property
    def _source(self) -> Source:
        return open_source(self._wanted.place, Settings.from_environment())

    @cached_property
    def _found(self) -> StoredObject:
        found = self._source.head(self._wanted.name, self._wanted.version_id)
        expect(found, self._wanted.promise, str(self))
        return found

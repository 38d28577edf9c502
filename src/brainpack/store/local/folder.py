"""A folder as a store: the current objects are plain files, what they replaced is kept in a hidden folder."""

from __future__ import annotations

import os
import stat
import time
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from filelock import FileLock

from brainpack.errors import IntegrityError, NotFound, StoreError
from brainpack.progress import Progress
from brainpack.store.base import PutMode, StoredObject, taken
from brainpack.store.local.digests import Digests, Mark
from brainpack.store.local.files import copy, explaining, flush_folder, is_absent, make_folder, partial_file
from brainpack.store.local.keys import HIDDEN, VERSION_ID, parts_of, version_id_of
from brainpack.store.local.listing import files_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from brainpack.digest import Digest
    from brainpack.progress import Listener

_EVERYBODY: Final = 0o666  # whoever may write into the folder may also replace what another user put there


class LocalStore:
    """A folder as a versioned store; see `brainpack.store.base.Store`.

    The current bytes of `lab/rates.nc` are the file `lab/rates.nc` of the folder, for everybody to use. What was
    replaced is kept below `.brainpack/versions`. A version id is the beginning of the SHA-256 of its bytes. What is
    below `.brainpack/digests` saves reading files again, and may be removed.

    Parameters
    ----------
    root : Path
        The folder. It is made when the first object comes.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from brainpack.digest import digest_file
    >>> with TemporaryDirectory() as folder:
    ...     source = Path(folder, "rates.csv")
    ...     _ = source.write_text("neuroid,rate")
    ...     store = LocalStore(Path(folder, "published"))
    ...     stored = store.put("lab/rates.csv", source, digest_file(source))
    ...     print(store.head("lab/rates.csv") == stored, Path(folder, "published", "lab", "rates.csv").read_text())
    True neuroid,rate
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._hidden = self._root / HIDDEN
        self._digests = Digests(self._root)
        self._lock = FileLock(self._hidden / "lock", mode=_EVERYBODY)

    @property
    def url(self) -> str:
        return str(self._root)

    def put(
        self, key: str, source: Path, digest: Digest, mode: PutMode = PutMode.CREATE, listener: Listener | None = None
    ) -> StoredObject:
        target = self._path(key)
        with _source(source, target) as file:
            there = self._head_if_there(key)
            if there is not None:
                if there.digest == digest:
                    return there
                if mode is PutMode.CREATE:
                    raise taken(str(target), there, digest)
            with explaining("published", target):
                make_folder(self._hidden, self._root)
                make_folder(target.parent, self._root)
            with partial_file(target) as partial:
                got = copy(file, source, partial, _teller(listener, key, digest.size))
                if got != digest:
                    raise _altered(f"{source} was not published; was it changed after packaging?", digest, got)
                with explaining("published", target):
                    mark, there = self._name(partial, key, digest, mode)
        if there is not None:
            return there
        flush_folder(target.parent)
        self._remember(target, mark, digest)
        return _described(key, mark, digest)

    def read(self, key: str, start: int, stop: int, version_id: str | None = None) -> bytes:
        found = self._open(key, version_id)
        with found.file, explaining("read", found.path):
            found.file.seek(start)
            return found.file.read(max(0, min(stop, found.mark.size) - start))

    def head(self, key: str, version_id: str | None = None) -> StoredObject:
        found = self._open(key, version_id)
        with found.file:
            digest = self._digest(found)
        _expect_version(found.path, version_id, digest)
        return _described(key, found.mark, digest)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        with explaining("listed", self._root):
            for key, path, status in files_below(self._root, prefix):
                mark = Mark.of(status)
                yield _described(key, mark, self._digests.known(path, mark))

    def versions(self, key: str) -> Sequence[StoredObject]:
        current = self._head_if_there(key)
        found = [] if current is None else [current]
        for path, mark in self._kept(key):
            if current is None or path.name != current.version_id:
                found.append(_described(key, mark, self._digests.known(path, mark), path.name))
        return found

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*parts_of(key))

    def _versions(self, key: str) -> Path:
        return self._hidden.joinpath("versions", *parts_of(key))

    def _kept(self, key: str) -> Sequence[tuple[Path, Mark]]:
        """Replaced versions of an object, the newest first."""
        folder = self._versions(key)
        with explaining("listed", folder):
            try:
                paths = [path for path in folder.iterdir() if VERSION_ID.fullmatch(path.name) and path.is_file()]
            except OSError as error:
                if is_absent(error):
                    return []
                raise
            kept = [(path, Mark.of(path.stat())) for path in paths]
        return sorted(kept, key=lambda version: version[1].mtime_ns, reverse=True)

    def _open(self, key: str, version_id: str | None) -> _Opened:
        found = self._open_if_there(self._path(key))
        if version_id is not None and (found is None or not self._has_version(found, version_id)):
            is_plausible = VERSION_ID.fullmatch(version_id)
            found = self._open_if_there(self._versions(key) / version_id) if is_plausible else None
        if found is None:
            version = "" if version_id is None else f" in the version {version_id}"
            raise NotFound(f"there is no {self._path(key)}{version}; correct the key, or list what is in {self._root}")
        return found

    def _has_version(self, opened: _Opened, version_id: str) -> bool:
        """Whether a file has the bytes of a version; if not, it is closed."""
        with ExitStack() as closing:
            closing.enter_context(opened.file)
            if version_id_of(self._digest(opened)) != version_id:
                return False
            closing.pop_all()
            return True

    def _open_if_there(self, path: Path) -> _Opened | None:
        with explaining("read", path):
            try:
                if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for somebody to write into it
                    return None
                file = path.open("rb")
            except OSError as error:
                if not is_absent(error):
                    raise
                if self._root.exists() and not self._root.is_dir():
                    raise StoreError(f"{self._root} is no folder; name a folder as the store") from error
                return None
            return _Opened(path, file, Mark.of(os.fstat(file.fileno())))

    def _digest(self, opened: _Opened) -> Digest:
        with explaining("read", opened.path):
            return self._digests.of(opened.path, opened.file, opened.mark)

    def _head_if_there(self, key: str) -> StoredObject | None:
        try:
            return self.head(key)
        except NotFound:
            return None

    def _name(self, partial: Path, key: str, digest: Digest, mode: PutMode) -> tuple[Mark, StoredObject | None]:
        """Give a complete file its name; also what is there instead, if that has the same bytes."""
        target = self._path(key)
        # Two who replace at the same time would both keep what was there, and one would lose what the other put.
        with nullcontext() if mode is PutMode.CREATE else self._lock:
            mark = _stamped(partial)
            if self._name_if_free(partial, target):
                return mark, None
            there = self._head_if_there(key)
            if there is None:
                raise StoreError(f"{target} is taken by a folder or a link to nowhere; move it away, then try again")
            if there.digest == digest:
                return mark, there
            if mode is PutMode.CREATE:
                raise taken(str(target), there, digest)
            self._keep(target, there)
            partial.replace(target)
            return mark, None

    def _name_if_free(self, partial: Path, target: Path) -> bool:
        """Whether the name was free. Linking is the one way to take it that nobody can come between."""
        try:
            os.link(partial, target)
        except FileExistsError:
            return False
        except OSError:  # no links here, so let at least nobody from brainpack come between
            with self._lock:
                if os.path.lexists(target):
                    return False
                partial.rename(target)
        return True

    def _keep(self, target: Path, there: StoredObject) -> None:
        """Make a version of what is about to be replaced."""
        kept = self._versions(there.key) / str(there.version_id)
        make_folder(kept.parent, self._root)
        with partial_file(kept) as partial:
            if not _linked(target, partial):
                opened = self._open(there.key, None)
                with opened.file:
                    got = copy(opened.file, target, partial, lambda _: None)
                _expect_version(target, there.version_id, got)
                os.utime(partial, ns=(opened.mark.mtime_ns, opened.mark.mtime_ns))
            partial.replace(kept)
        flush_folder(kept.parent)

    def _remember(self, target: Path, mark: Mark, digest: Digest) -> None:
        with suppress(OSError):  # without it, the file is read once more
            after = Mark.of(target.stat())
            if after.has_bytes_of(mark):
                self._digests.save(target, after, digest)


class _Opened(NamedTuple):
    path: Path
    file: BinaryIO
    mark: Mark


@contextmanager
def _source(source: Path, target: Path) -> Iterator[BinaryIO]:
    with explaining("read", source):
        if not source.is_file():
            raise NotFound(f"there is no file {source} to publish as {target}; correct the path, or put the file there")
        file = source.open("rb")
    with file:
        yield file


def _stamped(partial: Path) -> Mark:
    """Date a file to this very nanosecond; systems count in ticks, so whoever writes to it leaves another time."""
    now = time.time_ns()
    os.utime(partial, ns=(now, now))
    return Mark.of(partial.stat())


def _linked(target: Path, link: Path) -> bool:
    """Whether a second name could be given; what is a link itself, maybe out of the store, has to be copied."""
    if target.is_symlink():
        return False
    try:
        os.link(target, link)
    except OSError:
        return False
    return True


def _described(key: str, mark: Mark, digest: Digest | None, version_id: str | None = None) -> StoredObject:
    return StoredObject(
        key,
        mark.size if digest is None else digest.size,
        digest,
        version_id if digest is None else version_id_of(digest),
        None,
        datetime.fromtimestamp(mark.mtime_ns / 1e9, UTC),
    )


def _teller(listener: Listener | None, key: str, total: int) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if listener is not None:
            listener(Progress(key, done, total))

    return tell


def _expect_version(path: Path, version_id: str | None, digest: Digest) -> None:
    if version_id is not None and version_id_of(digest) != version_id:
        raise IntegrityError(
            f"{path} is damaged; ask who published it",
            expected=f"SHA-256 {version_id}…",
            got=f"SHA-256 {digest.sha256}",
        )


def _altered(message: str, expected: Digest, got: Digest) -> IntegrityError:
    return IntegrityError(message, expected=_text(expected), got=_text(got))


def _text(digest: Digest) -> str:
    return f"SHA-1 {digest.sha1}, SHA-256 {digest.sha256}, {digest.size} bytes"

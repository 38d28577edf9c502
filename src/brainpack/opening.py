"""Packages, found: by their records, or as bare files."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from brainpack.cache.entries import Cache
from brainpack.digest import digest_file
from brainpack.errors import IntegrityError, InvalidData, NotFound, SettingsError, StoreError
from brainpack.layout import IDENTIFIER, RECORD_SUFFIX, SUFFIXES, store_name, unpacked_folder
from brainpack.locating import locate, records_at
from brainpack.planning import found_packages
from brainpack.read.access import reading, refuse_other_than_file
from brainpack.record.records import Record
from brainpack.settings import Settings, with_home
from brainpack.store.location import S3_SCHEME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brainpack.digest import Digest
    from brainpack.layout import Kind
    from brainpack.locating import Located
    from brainpack.record.records import RecordedFile

    AnyPath = str | os.PathLike[str]

_KINDS: Final[dict[str, Kind]] = {".nc": "assembly", ".csv": "stimulus_set"}
_ZIP: Final = ".zip"
_JSON: Final = ".json"
_EXPECTED: Final = (
    f"name a record (*{RECORD_SUFFIX}), a netCDF file (.nc), a table of stimuli (.csv) with a ZIP or a folder of its "
    "name beside it, or a folder with such files"
)


class Opened:
    """A data set whose files are looked for when they are needed: a record may say enough.

    Attributes
    ----------
    name : str
        Of the data set, or of its first file.
    kind : {"assembly", "stimulus_set"}
    record : Record or None
        None for bare files.
    """

    def __init__(self, name: str, kind: Kind, find: Callable[[], Sequence[Path]], record: Record | None = None) -> None:
        self.name = name
        self.kind = kind
        self.record = record
        self._find = find

    @cached_property
    def files(self) -> Sequence[Path]:
        """The .nc of an assembly; the .csv of a stimulus set, and its ZIP or folder."""
        return self._find()

    @property
    def title(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}"


def open_package(place: AnyPath) -> tuple[Opened, ...]:
    """Find the packages at a place.

    Parameters
    ----------
    place : path
        A record, a folder with records, a netCDF file, or a CSV with its ZIP or folder beside it; or the URL of a
        record or of a folder in S3.

    Returns
    -------
    tuple of Opened
        Several, where a folder has several records.

    Raises
    ------
    NotFound
        Nothing is there.
    InvalidData, IntegrityError, StoreError
        A record cannot be understood, a file has another size than it says, or cannot be read.
    """
    text = os.fspath(place)
    cache = Cache(Settings.from_environment())
    if text.startswith(S3_SCHEME):
        return tuple(_published(locate(record, cache), cache) for record in records_at(text))
    path = with_home(text)
    if path.name.endswith(RECORD_SUFFIX) and (found := locate(path, cache)).place is not None:
        return (_published(found, cache),)
    if path.suffix.lower() in _KINDS:
        return (_bare(path),)
    return tuple(_on_disk(package.record, package.folder) for package in found_packages(path))


def _bare(path: Path) -> Opened:
    refuse_other_than_file(path)
    kind = _KINDS[path.suffix.lower()]
    if kind == "assembly":
        return Opened(path.name, kind, lambda: [path])
    beside = _files_beside(path)
    return Opened(path.name, kind, lambda: [path, beside])


def _on_disk(record: Record, folder: Path) -> Opened:
    files = _parts(record)
    return Opened(record.identifier, record.kind, lambda: [folder / file.name for file in files], record)


def _published(found: Located, cache: Cache) -> Opened:
    record, files = found.record, _parts(found.record)
    return Opened(record.identifier, record.kind, lambda: found.paths(files, cache), record)


def _parts(record: Record) -> list[RecordedFile]:
    return [record.file(suffix) for suffix in SUFFIXES[record.kind]]


def _files_beside(csv_path: Path) -> Path:
    archive = csv_path.with_suffix(".zip")
    for place in (archive, unpacked_folder(archive)):
        if place.exists():
            return place
    folder = unpacked_folder(archive)
    raise NotFound(
        f"there is neither {archive} nor a folder {folder} with the files of the stimuli; put the files into a folder "
        f"{folder.name}{os.sep} beside {csv_path.name}, or name their ZIP {archive.name}"
    )


@dataclass(frozen=True)
class Found:
    """A data set as it is: files may be missing, or not be the recorded ones.

    Attributes
    ----------
    place : str
        Path or URL of its record, or path of its first file.
    kind : {"assembly", "stimulus_set"} or None
        None where the place holds none that can be understood.
    folder : Path or None
        Where it is on a disk.
    located : Located or None
        Its record, if it has one.
    paths : dict of str to Path
        The files that can be opened, by their suffix. Under ".zip" there may be a folder with the files.
    digests : dict of str to Digest or str
        Of the files that the record names and that are there, by name; words, where one cannot be read, or is another
        one in its store. A ZIP on a disk is not read here: whoever looks into it hashes it on the way.
    unread : dict of str to str
        What could not be read or understood, and why.
    """

    place: str
    kind: Kind | None = None
    folder: Path | None = None
    located: Located | None = None
    paths: dict[str, Path] = field(default_factory=dict)
    digests: dict[str, Digest | str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def record(self) -> Record | None:
        return None if self.located is None else self.located.record

    def is_as_recorded(self, suffix: str) -> bool:
        """Whether the file of a suffix is known to be the one that was packaged."""
        files = () if self.record is None else self.record.files
        return any(self.digests.get(file.name) == file.digest for file in files if file.name.endswith(suffix))

    def table_beside(self, identifier: str) -> Path | None:
        """The table of a stimulus set in the same folder, or else in the same store; None if there is none.

        Raises
        ------
        IntegrityError, StoreError
            It is not the recorded one, or cannot be fetched.
        """
        if not IDENTIFIER.fullmatch(identifier):
            return None
        if self.folder is not None:
            path = self.folder / f"{store_name('stimulus_set', identifier)}.csv"
            if path.is_file():
                return path
        cache = Cache(Settings.from_environment())
        sibling = None if self.located is None else self.located.sibling("stimulus_set", identifier, cache)
        return None if sibling is None else sibling.paths([sibling.record.file(".csv")], cache)[0]


def found_at(place: Record | AnyPath) -> list[Found]:
    """Find data sets, and what is wrong with their files, too.

    Parameters
    ----------
    place : Record, path or str
        A record, a folder with records, or without any with data files; a netCDF file; a CSV with its ZIP or folder
        beside it, or the ZIP or the folder; or the URL of a record or of a folder in S3. Of a file with a record beside
        it, the record counts.

    Returns
    -------
    list of Found
        What cannot be found or understood is among them.

    Raises
    ------
    AccessDenied, Unavailable, StoreError
        A store refuses or does not answer, or the cache cannot be written.
    SettingsError
        The URL is none, or the path is empty.
    """
    cache = Cache(Settings.from_environment())
    if isinstance(place, Record):
        return [_with_record(place.name, locate(place, cache), cache)]
    text = os.fspath(place)
    if not text:
        raise SettingsError("an empty path names no data; name their folder, which is '.' for the one you are in")
    is_remote = text.startswith(S3_SCHEME)
    try:
        sources = records_at(text) if is_remote else list(map(str, _sources(with_home(text))))
    except (NotFound, StoreError) as error:
        if is_remote and isinstance(error, StoreError):
            raise
        return [Found(text, unread={text: str(error)})]
    return [_of_source(source, cache, is_remote=is_remote) for source in sources]


def _of_source(source: str, cache: Cache, *, is_remote: bool) -> Found:
    path = Path(source)
    if not is_remote and path.suffix.lower() in _KINDS:
        return _without_record(path)
    try:
        if not is_remote and path.name.endswith(RECORD_SUFFIX):
            refuse_other_than_file(path)
        located = locate(source, cache)
    except (NotFound, InvalidData, StoreError) as error:
        if is_remote and isinstance(error, StoreError):
            raise
        return Found(source, folder=None if is_remote else path.parent, unread={source: str(error)})
    return _with_record(source, located, cache)


def _sources(path: Path) -> list[Path]:
    """Records, and data files that have none."""
    with reading(path), suppress(FileNotFoundError, NotADirectoryError):
        path.lstat()  # refuses what can be no path
    if path.is_dir():
        return _sources_in(path)
    suffix, beside = path.suffix.lower(), _beside(path, RECORD_SUFFIX)
    if _is_file(beside):
        return [beside]
    if suffix == _ZIP:
        if not _is_file(_beside(path, ".csv")):
            raise NotFound(f"there is no {_beside(path, '.csv')}, the table of the stimuli in {path}; put it there")
        return [_beside(path, ".csv")]
    if suffix not in {*_KINDS, _JSON} and path.exists():
        raise NotFound(f"{path} is of no kind that can be validated; {_EXPECTED}")
    return [path]


def _sources_in(folder: Path) -> list[Path]:
    csv_path = _beside(folder.absolute(), ".csv")
    if _is_file(csv_path):
        return _sources(csv_path)
    try:
        return [Path(record) for record in records_at(str(folder))]
    except NotFound as error:
        files = sorted(found for suffix in _KINDS for found in folder.glob(f"[!.]*{suffix}"))
        if not files:
            raise NotFound(f"{folder} holds nothing that can be validated; {_EXPECTED}") from error
        return files


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long with another suffix
        return False


def _beside(path: Path, suffix: str) -> Path:
    return path.parent / f"{path.stem}{suffix}"


def _without_record(path: Path) -> Found:
    found = Found(str(path), _KINDS[path.suffix.lower()], path.parent)
    try:
        refuse_other_than_file(path)
        found.paths[path.suffix.lower()] = path
        if found.kind == "stimulus_set":
            found.paths[".zip"] = _files_beside(path)
    except (NotFound, StoreError) as error:
        found.unread[str(path)] = str(error)
    return found


def _with_record(place: str, located: Located, cache: Cache) -> Found:
    found = Found(place, located.record.kind, located.folder, located)
    for file in located.record.files:
        beside = located.beside(file)
        try:
            path, digest = _fetched(located, file, cache) if beside is None else _digested(beside)
        except NotFound:
            continue
        except IntegrityError as error:
            found.digests[file.name] = error.got
        except StoreError as error:
            if beside is None:
                raise
            found.digests[file.name] = "a file that cannot be read"
            found.unread[str(beside)] = str(error)
        else:
            found.paths[path.suffix] = path
            if digest is not None:
                found.digests[file.name] = digest
    return found


def _fetched(located: Located, file: RecordedFile, cache: Cache) -> tuple[Path, Digest]:
    return cache.files([located.wanted(file)])[0], file.digest


def _digested(path: Path) -> tuple[Path, Digest | None]:
    refuse_other_than_file(path)
    with reading(path):
        return path, None if path.suffix == ".zip" else digest_file(path)

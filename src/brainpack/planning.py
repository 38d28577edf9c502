"""What publishing would do: decided here, without writing anything anywhere."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from brainpack.errors import AccessDenied, AlreadyPublished, IntegrityError, InvalidData, NotFound
from brainpack.layout import RECORD_SUFFIX
from brainpack.notices import warn
from brainpack.record.records import LONGEST_RECORD, parse_record, read_record
from brainpack.settings import with_home
from brainpack.store.fetching import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from brainpack.record.records import Record, RecordedFile
    from brainpack.store.base import Store, StoredObject

    AnyPath = str | os.PathLike[str]


class Action(StrEnum):
    """What publishing does with one object."""

    PUT = "put"
    SKIP = "skip"  # it is there already, byte for byte
    REPLACE = "replace"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Step:
    """One object of a plan.

    Attributes
    ----------
    action : Action
    key : str
        Name of the object in the store.
    size : int
        Bytes of the local file.
    there : StoredObject or None
        What the key has now.
    """

    action: Action
    key: str
    size: int
    there: StoredObject | None

    def __str__(self) -> str:
        why = {Action.SKIP: ", identical", Action.REFUSE: f", different: {_of(self.there)}"}.get(self.action, "")
        return f"{self.action:8}{self.key} ({self.size:,} bytes{why})"


@dataclass(frozen=True)
class Package:
    """One data set on a disk.

    Attributes
    ----------
    record : Record
    folder : Path
        Where its files are.
    """

    record: Record
    folder: Path


@dataclass(frozen=True)
class Plan:
    """What publishing would do.

    Attributes
    ----------
    url : str
        The store.
    packages : tuple of Package
        Stimulus sets before assemblies, which refer to them.
    steps : tuple of Step
        One for each object: the files of a package, then its record.
    """

    url: str
    packages: tuple[Package, ...]
    steps: tuple[Step, ...]

    @property
    def refused(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action is Action.REFUSE)

    @property
    def bytes_to_send(self) -> int:
        return sum(step.size for step in self.steps if step.action in {Action.PUT, Action.REPLACE})

    def __str__(self) -> str:
        lines = (f"  {step}" for step in self.steps)
        return "\n".join([f"{self.url}: {self.bytes_to_send:,} bytes to send", *lines])


def found_packages(packages: AnyPath | Iterable[AnyPath]) -> tuple[Package, ...]:
    """The packages, each of whose files is there in its size."""
    paths = [packages] if isinstance(packages, str | os.PathLike) else packages
    found = {
        package.folder.resolve() / package.record.name: package
        for path in paths
        for package in _packages_at(with_home(path))
    }
    if not found:
        raise NotFound("no package was named; name records (*.brainpack.json), or folders that hold some")
    names = Counter(place.name for place in found)
    if twice := [name for name, count in names.items() if count > 1]:
        raise InvalidData(f"several packages have the record {', '.join(twice)}; publish one of them, or rename one")
    for package in found.values():
        for file in package.record.files:
            _expect_size(package.folder / file.name, file)
    return tuple(sorted(found.values(), key=lambda package: package.record.kind, reverse=True))


def _packages_at(path: Path) -> list[Package]:
    # Some systems put hidden files beside the ones that they copy.
    records = sorted(path.glob(f"[!.]*{RECORD_SUFFIX}")) if path.is_dir() else [path]
    if not records:
        raise NotFound(f"there is no record (*{RECORD_SUFFIX}) in {path}; packaging writes one beside the files")
    return [Package(read_record(record), record.parent) for record in records]


def _expect_size(path: Path, file: RecordedFile) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise NotFound(f"there is no file {path}, which its record names; package the data again") from error
    if size != file.size:
        raise IntegrityError(
            f"{path} is not the file that was packaged; package the data again",
            expected=f"{file.size} bytes",
            got=f"{size} bytes",
        )


def planned(packages: tuple[Package, ...], store: Store, *, may_replace: bool) -> Plan:
    """Compare packages with what a store has."""
    steps: list[Step] = []
    for package in packages:
        there = record_in(store, package.record.name)
        if there is not None and there.identifier != package.record.identifier:
            raise AlreadyPublished(
                f"{package.record.identifier!r} cannot be published to {store.url}, where {there.identifier!r} has the "
                "same file names ('.' is written as '_'); choose another identifier, or another folder"
            )
        steps.extend(_file_step(store, file, may_replace=may_replace) for file in package.record.files)
        steps.append(_record_step(store, package.record, there, may_replace=may_replace))
    return Plan(store.url, packages, tuple(steps))


def _file_step(store: Store, file: RecordedFile, *, may_replace: bool) -> Step:
    there = _head(store, file.name)
    is_same = there is not None and there.size == file.size and digest_of(store, there) == file.digest
    return Step(_action(there, is_same=is_same, may_replace=may_replace), file.name, file.size, there)


def _record_step(store: Store, record: Record, there: Record | None, *, may_replace: bool) -> Step:
    is_same = there is not None and there.has_data_of(record)
    taken = _head(store, record.name)
    action = _action(taken, is_same=is_same, may_replace=may_replace)
    return Step(action, record.name, len(record.to_json().encode()), taken)


def _action(there: object | None, *, is_same: bool, may_replace: bool) -> Action:
    if there is None:
        return Action.PUT
    if is_same:
        return Action.SKIP
    return Action.REPLACE if may_replace else Action.REFUSE


def _head(store: Store, key: str) -> StoredObject | None:
    try:
        return store.head(key)
    except (NotFound, AccessDenied):  # who may not look can still put: the condition of the put protects what is there
        return None


def record_in(store: Store, name: str) -> Record | None:
    """The record of a name in a store, if there is one that can be understood."""
    try:
        return parse_record(store.read(name, 0, LONGEST_RECORD + 1), f"{store.url}/{name}")
    except (NotFound, InvalidData):
        return None
    except AccessDenied as error:
        warn(f"what is in {store.url} already cannot be seen: {error}")
        return None


def _of(there: StoredObject | None) -> str:
    if there is None:
        return "nothing"
    when = "" if there.modified is None else f" since {there.modified.isoformat(timespec='seconds')}"
    digest = "" if there.digest is None else f", SHA-1 {there.digest.sha1}"
    return f"{there.size:,} bytes{when}{digest}"

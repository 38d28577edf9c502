"""Record of one data set: what it is, and which bytes prove it."""

from __future__ import annotations

import json
import re
import reprlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, get_args

from brainpack.digest import Digest
from brainpack.errors import InvalidData, NotFound, StoreError
from brainpack.layout import IDENTIFIER, RELEASE, Kind, record_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FORMAT: Final = 1
LONGEST_RECORD: Final = 1 << 20
_ANY_TEXT: Final = re.compile(".+")
_RULE: Final = re.compile(r"BP-[A-Z][0-9]{3}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LIBRARIES: Final = ("brainpack", "h5py", "numpy", "pandas", "xarray")


@dataclass(frozen=True)
class RecordedFile:
    """One file of a data set.

    Attributes
    ----------
    name : str
        File name, in the record's own folder.
    size : int
        Bytes.
    sha1, sha256 : str
        Lower-case hexadecimal digits.
    version_id : str or None
        Names these bytes in the store that they were published to, where it keeps versions.
    """

    name: str
    size: int
    sha1: str
    sha256: str
    version_id: str | None = None

    @classmethod
    def of(cls, name: str, digest: Digest) -> RecordedFile:
        return cls(name, digest.size, digest.sha1, digest.sha256)

    @property
    def digest(self) -> Digest:
        return Digest(self.sha1, self.sha256, self.size)


@dataclass(frozen=True)
class Record:
    """What one packaged stimulus set or assembly is.

    Attributes
    ----------
    identifier : str
    kind : {"assembly", "stimulus_set"}
    cls : str
        Name of the class, for instance "NeuroidAssembly".
    files : tuple of RecordedFile
        The .nc of an assembly; the .csv and the .zip of a stimulus set.
    content : str
        Content hash, 64 lower-case hexadecimal digits: the same for the same data, whatever the bytes of the files.
    stimulus_set_identifier : str or None
        For an assembly, the stimulus set that its `stimulus_id` coordinate refers to.
    location : str or None
        Where the data set was published, for instance "s3://bucket/folder"; None for a package on a disk.
    created : str
        UTC, ISO 8601.
    versions : dict of str to str
        Versions of brainpack and of the libraries that shaped the files.
    release : dict of str to str
        `licence`, `citation` (BibTeX) and `contact`, as far as the project gave them.
    findings : dict of str to int or None
        What validation found when the data were packaged and nobody waived: by rule id, in how many places. None
        without a validation.
    waivers : dict of str to str
        What was found and waived: by rule id, the reason.
    """

    identifier: str
    kind: Kind
    cls: str
    files: tuple[RecordedFile, ...]
    content: str
    stimulus_set_identifier: str | None = None
    location: str | None = None
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    versions: dict[str, str] = field(default_factory=lambda: {name: version(name) for name in _LIBRARIES})
    release: dict[str, str] = field(default_factory=dict)
    findings: dict[str, int] | None = None
    waivers: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """File name of the record."""
        return record_name(self.kind, self.identifier)

    def file(self, suffix: str) -> RecordedFile:
        """The file with a suffix such as ".csv"."""
        for file in self.files:
            if file.name.endswith(suffix):
                return file
        raise NotFound(f"the record of {self.identifier!r} names no {suffix} file; package the data again")

    def has_data_of(self, other: Record) -> bool:
        """Whether both name the same bytes as the same thing, wherever and whenever they were packaged."""

        def data(record: Record) -> object:
            files = {(file.name, file.digest) for file in record.files}
            return record.identifier, record.kind, record.cls, record.stimulus_set_identifier, files

        return data(self) == data(other)

    def to_json(self) -> str:
        """Text of the record file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def read_record(path: Path) -> Record:
    """Read a record file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Record

    Raises
    ------
    NotFound
        No such file.
    StoreError
        The file cannot be read.
    InvalidData
        It is not a record, or one that a newer version wrote, or its file names leave the record's folder.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_RECORD + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"there is no record {path}; packaging writes one beside the files") from error
    except OSError as error:
        raise StoreError(f"the record {path} could not be read: {error.strerror or error}") from error
    return parse_record(content, str(path))


def parse_record(content: bytes, name: str) -> Record:
    """Record from the bytes of its file, whose `name` goes into errors.

    Raises
    ------
    InvalidData
        As `read_record`.
    """
    try:
        return _parse(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidData(
            f"{name} is not a record of brainpack (a file *.brainpack.json beside the data): {error}; "
            "name the record, package the data again, or get a fresh copy"
        ) from error


def _parse(content: bytes) -> Record:
    if len(content) > LONGEST_RECORD:
        raise ValueError(f"it is longer than any record, which has at most {LONGEST_RECORD} bytes")
    found = json.loads(content.decode())
    if not isinstance(found, dict):
        raise TypeError(f"expected a JSON object, found {reprlib.repr(found)}")
    number = found.pop("format", None)
    if type(number) is not int or number != FORMAT:  # True equals 1
        raise ValueError(f"expected format {FORMAT}, found {reprlib.repr(number)}")
    checks = {name: is_good for name, is_good in _RECORD_FIELDS.items() if name not in _LATER_FIELDS or name in found}
    fields = _checked(found, checks, "record")
    files = [RecordedFile(**_checked(file, _FILE_FIELDS, "file")) for file in fields.pop("files")]
    return Record(files=tuple(files), **fields)


def _checked(found: Any, checks: Mapping[str, Callable[[Any], bool]], what: str) -> dict[str, Any]:
    """The fields of a JSON object, each of which must be there and be good, and no others."""
    if not isinstance(found, dict) or found.keys() != checks.keys():
        names = sorted(found) if isinstance(found, dict) else found
        raise ValueError(f"expected the {what} to have {', '.join(checks)}; found {reprlib.repr(names)}")
    for name, is_good in checks.items():
        if not is_good(found[name]):
            raise ValueError(f"the {name} of the {what} cannot be {reprlib.repr(found[name])}")
    return found


def _is_text(value: Any, pattern: re.Pattern[str] = _ANY_TEXT) -> bool:
    return isinstance(value, str) and bool(pattern.fullmatch(value))


def _is_text_or_none(value: Any) -> bool:
    return value is None or _is_text(value)


def _is_size(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_versions(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_prose(value: Any) -> bool:
    """Whether it is text of one line or more that a file can hold again."""
    return isinstance(value, str) and bool(value.strip()) and not _SURROGATE.search(value)


def _is_release(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() <= {*RELEASE} and all(map(_is_prose, value.values()))


def _is_by_rule(value: Any, is_good: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(_RULE.fullmatch(rule) and is_good(found) for rule, found in value.items())


_is_identifier: Final = partial(_is_text, pattern=IDENTIFIER)
_is_sha256: Final = partial(_is_text, pattern=re.compile("[0-9a-f]{64}"))
_RECORD_FIELDS: Final[dict[str, Callable[[Any], bool]]] = {
    "identifier": _is_identifier,
    "kind": lambda value: value in get_args(Kind),
    "cls": _is_text,
    "files": lambda value: isinstance(value, list),
    "content": _is_sha256,
    "stimulus_set_identifier": lambda value: value is None or _is_identifier(value),
    "location": _is_text_or_none,
    "created": _is_text,
    "versions": _is_versions,
    "release": _is_release,
    "findings": lambda value: value is None or _is_by_rule(value, _is_size),
    "waivers": lambda value: _is_by_rule(value, _is_prose),
}
_LATER_FIELDS: Final = frozenset(("release", "findings", "waivers"))  # the first records lack them
_FILE_FIELDS: Final[dict[str, Callable[[Any], bool]]] = {
    "name": _is_identifier,  # no path: a record speaks of its own folder only
    "size": _is_size,
    "sha1": partial(_is_text, pattern=re.compile("[0-9a-f]{40}")),
    "sha256": _is_sha256,
    "version_id": _is_text_or_none,
}

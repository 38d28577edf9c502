"""Record of one data set: what it is, and which bytes prove it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, get_args

from brainpack.digest import Digest
from brainpack.errors import InvalidData, NotFound, StoreError
from brainpack.layout import IDENTIFIER, Kind, record_name

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = 1
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
    """

    name: str
    size: int
    sha1: str
    sha256: str

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
    stimulus_set_identifier : str or None
        For an assembly, the stimulus set that its `stimulus_id` coordinate refers to.
    created : str
        UTC, ISO 8601.
    versions : dict of str to str
        Versions of brainpack and of the libraries that shaped the files.
    """

    identifier: str
    kind: Kind
    cls: str
    files: tuple[RecordedFile, ...]
    stimulus_set_identifier: str | None = None
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    versions: dict[str, str] = field(default_factory=lambda: {name: version(name) for name in _LIBRARIES})

    @property
    def name(self) -> str:
        """File name of the record."""
        return record_name(self.kind, self.identifier)

    def file(self, suffix: str) -> RecordedFile:
        """The file with a suffix such as ".csv"."""
        for file in self.files:
            if file.name.endswith(suffix):
                return file
        raise NotFound(f"the record of {self.identifier!r} names no {suffix} file")

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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"there is no record {path}; packaging writes one beside the files") from error
    except UnicodeDecodeError as error:
        raise InvalidData(f"{path} is not a record of brainpack: {error}") from error
    except OSError as error:
        raise StoreError(f"the record {path} could not be read: {error.strerror}") from error
    try:
        return _parse(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidData(f"{path} is not a record of brainpack: {error}") from error


def _parse(content: dict[str, Any]) -> Record:
    if (found := content.pop("format")) != FORMAT:
        raise ValueError(f"it has format {found!r}, this version reads format {FORMAT}")
    files = tuple(_parse_file(**file) for file in content.pop("files"))
    record = Record(files=files, **content)
    if record.kind not in get_args(Kind) or not IDENTIFIER.fullmatch(record.identifier):
        raise ValueError(f"it is about the {record.kind} {record.identifier!r}")
    return record


def _parse_file(name: str, size: int, sha1: str, sha256: str) -> RecordedFile:
    if not IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain file name")
    return RecordedFile(name, size, sha1, sha256)

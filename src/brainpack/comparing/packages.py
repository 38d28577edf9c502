"""Packages, found and compared."""

from __future__ import annotations

import math
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from brainpack.cache.entries import Cache
from brainpack.comparing.arrays import content_of_netcdf
from brainpack.comparing.assemblies import compare_assemblies, only_in_one
from brainpack.comparing.differences import Comparison, Differs, Tolerance
from brainpack.comparing.stimuli import compare_stimuli, content_of_files
from brainpack.errors import InvalidData, NotFound, SettingsError
from brainpack.layout import RECORD_SUFFIX, unpacked_folder
from brainpack.locating import locate, records_at
from brainpack.planning import found_packages
from brainpack.read.access import reading
from brainpack.settings import Settings
from brainpack.store.location import S3_SCHEME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from brainpack.comparing.differences import Difference
    from brainpack.locating import Located
    from brainpack.record.records import Record, RecordedFile

    AnyPath = str | os.PathLike[str]

_ASSEMBLY: Final = "assembly"
_STIMULI: Final = "stimulus set"


class Opened:
    """A data set whose files are looked for when they are needed: a record may say enough.

    Attributes
    ----------
    name : str
        Of the data set, or of its first file.
    kind : str
        "assembly" or "stimulus set".
    record : Record or None
        None for bare files.
    """

    def __init__(self, name: str, kind: str, find: Callable[[], Sequence[Path]], record: Record | None = None) -> None:
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
        return f"{self.kind} {self.name}"

    def content(self) -> str:
        """Content hash of what is in the files now."""
        if self.kind == _ASSEMBLY:
            return content_of_netcdf(self.files[0])
        return content_of_files(self.files[0], self.files[1])


def open_package(place: AnyPath) -> tuple[Opened, ...]:
    """Find what is to be compared.

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
    path = Path(text).expanduser()
    if path.name.endswith(RECORD_SUFFIX) and (found := locate(path, cache)).place is not None:
        return (_published(found, cache),)
    if path.suffix.lower() not in {".nc", ".csv"}:
        return tuple(_on_disk(package.record, package.folder) for package in found_packages(path))
    with reading(path):
        path.stat()
    if path.suffix.lower() == ".nc":
        return (Opened(path.name, _ASSEMBLY, lambda: [path]),)
    beside = _files_beside(path)
    return (Opened(path.name, _STIMULI, lambda: [path, beside]),)


def content_hash(place: AnyPath) -> str:
    """Content hash of a package, computed from its files.

    Parameters
    ----------
    place : path
        A record, a folder with one, a netCDF file, or a CSV with its ZIP or folder beside it.

    Returns
    -------
    str
        64 hexadecimal digits. The record has the same ones, if the files are as they were packaged.

    Raises
    ------
    NotFound, InvalidData, IntegrityError, StoreError
        Nothing or several packages are there, or a file cannot be understood or read.

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from brainpack.content.hashes import content_of_assembly
    >>> from brainpack.packaging import write_netcdf
    >>> rates = xr.DataArray([1.5, 2.5], {"region": ("neuroid", ["V4", "IT"])}, ("neuroid",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_netcdf(rates, f"{folder}/rates.nc", compress=False)
    ...     content_hash(f"{folder}/rates.nc") == content_of_assembly(rates)
    True
    """
    packages = open_package(place)
    if len(packages) != 1:
        names = ", ".join(package.name for package in packages)
        raise InvalidData(f"{place} holds several packages ({names}); name the record of one")
    return packages[0].content()


def diff(a: AnyPath, b: AnyPath, *, rtol: float = 0.0, atol: float = 0.0) -> Comparison:
    """Compare two packages by what they mean, whatever their files look like.

    Dimensions, types, values, coordinates, extras and attributes of assemblies; rows, cells and the bytes of the files
    of stimulus sets. The identifier is not compared, nor is the order of coordinates and columns. Of values, a few
    megabytes are in memory at a time. Where two records have the same content hash, the values are not read.

    Parameters
    ----------
    a, b : path
        A record, a folder with records, a netCDF file, or a CSV with its ZIP or folder beside it; or the URL of a
        record or of a folder in S3. If a folder has several records, those of the same identifier are compared.
    rtol, atol : float
        Numbers are equal if ``abs(a - b) <= atol + rtol * abs(b)``; NaN is equal to NaN.

    Returns
    -------
    Comparison
        Prints as the list of differences.

    Raises
    ------
    NotFound, InvalidData, IntegrityError, StoreError
        Something is not there, cannot be understood, or cannot be read.
    SettingsError
        A tolerance is negative, or not finite.

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from brainpack.packaging import write_netcdf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, values in (("a", [1.0, 2.0]), ("b", [1.0, 2.5])):
    ...         _ = write_netcdf(xr.DataArray(values, dims="event"), f"{folder}/{name}.nc")
    ...     for difference in diff(f"{folder}/a.nc", f"{folder}/b.nc").differences["assembly a.nc"]:
    ...         print(difference)
    values: 1 of 2 differ, by up to 0.5 at [1]: 2.0 in A, 2.5 in B
      [1]: 2.0 in A, 2.5 in B
    """
    tolerance = _tolerance(rtol, atol)
    packages_a, packages_b = open_package(a), open_package(b)
    if len(packages_a) == len(packages_b) == 1:
        found = {packages_a[0].title: tuple(_compare(packages_a[0], packages_b[0], tolerance))}
    else:
        found = _compare_folders(packages_a, packages_b, tolerance)
    return Comparison(
        os.fspath(a), os.fspath(b), {name: differences for name, differences in found.items() if differences}
    )


def _tolerance(rtol: float, atol: float) -> Tolerance:
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not (math.isfinite(value) and value >= 0):
            raise SettingsError(f"{name} is {value}; a tolerance is a number of 0 or more")
    return Tolerance(rtol, atol)


def _compare_folders(
    a: tuple[Opened, ...], b: tuple[Opened, ...], tolerance: Tolerance
) -> dict[str, tuple[Difference, ...]]:
    by_title_a, by_title_b = ({package.title: package for package in packages} for packages in (a, b))
    found: dict[str, tuple[Difference, ...]] = {"folders": tuple(only_in_one("packages", by_title_a, by_title_b))}
    for title in (title for title in by_title_a if title in by_title_b):
        found[title] = tuple(_compare(by_title_a[title], by_title_b[title], tolerance))
    return found


def _compare(a: Opened, b: Opened, tolerance: Tolerance) -> Iterator[Difference]:
    if a.kind != b.kind:
        yield Differs("kind", a.kind, b.kind)
        return
    has_same_content = False
    if a.record and b.record:
        if a.record.cls != b.record.cls:
            yield Differs("class", a.record.cls, b.record.cls)
        if [file.digest for file in a.record.files] == [file.digest for file in b.record.files]:
            return
        has_same_content = a.record.content == b.record.content
    if a.kind == _ASSEMBLY:
        yield from compare_assemblies(a.files[0], b.files[0], tolerance, with_values=not has_same_content)
    elif not has_same_content:
        yield from compare_stimuli((a.files[0], a.files[1]), (b.files[0], b.files[1]), tolerance)


def _on_disk(record: Record, folder: Path) -> Opened:
    kind, files = _parts(record)
    return Opened(record.identifier, kind, lambda: [folder / file.name for file in files], record)


def _published(found: Located, cache: Cache) -> Opened:
    kind, files = _parts(found.record)
    return Opened(found.record.identifier, kind, lambda: found.paths(files, cache), found.record)


def _parts(record: Record) -> tuple[str, list[RecordedFile]]:
    if record.kind == "assembly":
        return _ASSEMBLY, [record.file(".nc")]
    return _STIMULI, [record.file(".csv"), record.file(".zip")]


def _files_beside(csv_path: Path) -> Path:
    archive = csv_path.with_suffix(".zip")
    for place in (archive, unpacked_folder(archive)):
        if place.exists():
            return place
    raise NotFound(f"there is neither {archive} nor a folder {unpacked_folder(archive)} with the files of the stimuli")

"""Packages, compared."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Final

from brainpack.comparing.arrays import content_of_netcdf
from brainpack.comparing.assemblies import compare_assemblies, only_in_one
from brainpack.comparing.differences import Comparison, Differs, Tolerance
from brainpack.comparing.stimuli import compare_stimuli, content_of_files
from brainpack.errors import InvalidData, SettingsError
from brainpack.opening import open_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brainpack.comparing.differences import Difference
    from brainpack.opening import Opened

    AnyPath = str | os.PathLike[str]

_ASSEMBLY: Final = "assembly"


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
    return _content(packages[0])


def _content(package: Opened) -> str:
    """Content hash of what is in the files now."""
    if package.kind == _ASSEMBLY:
        return content_of_netcdf(package.files[0])
    return content_of_files(package.files[0], package.files[1])


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
        yield Differs("kind", *(package.kind.replace("_", " ") for package in (a, b)))
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

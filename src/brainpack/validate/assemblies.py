"""Rules about assemblies: the class they claim, and what netCDF can hold of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.layout import DATA_VARIABLE, LEGACY_STIMULUS_ID, PRESENTATION, STIMULUS_ID
from brainpack.objects.assemblies import assembly_class
from brainpack.objects.attributes import encode_attributes
from brainpack.objects.indexes import plain_coords
from brainpack.objects.values import why_not_storable
from brainpack.validate.findings import Severity
from brainpack.validate.rules import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from brainpack.objects.assemblies import DataAssembly

# Names that HDF5, netCDF and the space-separated CF attribute `coordinates` can all hold.
_NETCDF_NAME: Final = re.compile(r"\w[^\s/\x00-\x1f\x7f]*")
_RESERVED_ATTRIBUTES: Final = frozenset(
    ("coordinates", "dtype", "calendar", "missing_value", "scale_factor", "add_offset", "CLASS", "NAME",
     "DIMENSION_LIST", "REFERENCE_LIST", "DIMENSION_LABELS")
)  # fmt: skip
_UNITS_OF_DURATION: Final = frozenset(
    ("days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds")
)


@dataclass(frozen=True)
class StoredArray:
    """An array on its way into a group of a netCDF file."""

    group: str
    array: xr.DataArray

    def at(self, place: str) -> str:
        """A place in the array, with its group where that is not the file itself."""
        return f"extra {self.group!r}, {place}" if self.group else place


@dataclass(frozen=True)
class ClaimedClass:
    """An array that shall become an assembly of a class."""

    array: xr.DataArray
    name: str

    @property
    def cls(self) -> type[DataAssembly] | None:
        try:
            return assembly_class(self.name)
        except ValueError:
            return None


@dataclass(frozen=True)
class Groups:
    """Names of the groups that extras become, in the file of an assembly."""

    assembly: xr.DataArray
    extras: Mapping[Any, object]


@rule("BP-A001", ClaimedClass)
def class_is_known(claim: ClaimedClass) -> Iterator[Problem]:
    """The class is one of the format's."""
    try:
        assembly_class(claim.name)
    except ValueError as error:
        yield Problem("assembly_class_name", str(error), "Correct the name")


@rule("BP-A002", ClaimedClass)
def dimensions_fit_the_class(claim: ClaimedClass) -> Iterator[Problem]:
    """The dimensions are those of the class."""
    if (cls := claim.cls) is None:
        return
    if not cls.accepts(claim.array.dims):
        found = ", ".join(map(str, claim.array.dims)) or "none"
        yield Problem(
            "dimensions",
            f"a {claim.name} has the dimensions {cls.expected_dimensions()}; found {found}",
            "Rename the dimensions, or choose the class that they belong to",
        )


@rule("BP-A003", ClaimedClass)
def presentations_name_their_stimulus(claim: ClaimedClass) -> Iterator[Problem]:
    """Every presentation says which stimulus was shown."""
    cls = claim.cls
    if cls is None or not cls.needs_stimulus_id or PRESENTATION not in claim.array.dims:
        return
    coords = plain_coords(claim.array)
    ids = next((coords[name] for name in (STIMULUS_ID, LEGACY_STIMULUS_ID) if name in coords), None)
    if ids is None or ids[0] != (PRESENTATION,):
        yield Problem(
            f"coordinate {STIMULUS_ID!r}",
            f"expected on dimension '{PRESENTATION}', found {'none' if ids is None else f'on {ids[0]}'}",
            "Add it: the link from every presentation to its stimulus",
        )


@rule("BP-A004", StoredArray)
def holds_values(stored: StoredArray) -> Iterator[Problem]:
    """There is at least one value."""
    if stored.array.size == 0:
        sizes = ", ".join(f"{dim}: {size}" for dim, size in zip(stored.array.dims, stored.array.shape, strict=True))
        yield Problem(stored.at("values"), f"the array is empty ({sizes})", "Check the selection that made it")


@rule("BP-A005", StoredArray)
def names_fit_netcdf(stored: StoredArray) -> Iterator[Problem]:
    """Names of dimensions and coordinates can stand in a netCDF file."""
    coords = plain_coords(stored.array)
    dims = stored.array.dims
    impossible = [name for name in dict.fromkeys((*dims, *coords)) if not _is_netcdf_name(name)]
    if impossible:
        yield Problem(
            stored.at("names of dimensions and coordinates"),
            "netCDF names start with a letter, a digit or '_', and contain no '/' and no white space",
            "Rename them, for instance with assembly.rename(...)",
            impossible,
        )
    taken = [name for name, (its_dims, _) in coords.items()
             if name == DATA_VARIABLE or (name in dims and its_dims != (name,))]  # fmt: skip
    if taken or DATA_VARIABLE in dims:
        yield Problem(
            stored.at("names of dimensions and coordinates"),
            f"names that the file needs for something else: {DATA_VARIABLE!r} holds the values, and a coordinate "
            "named like a dimension belongs to it alone",
            "Rename them",
            taken or [DATA_VARIABLE],
        )


@rule("BP-A006", StoredArray)
def values_fit_netcdf(stored: StoredArray) -> Iterator[Problem]:
    """Values and coordinates are numbers, text, times or true/false."""
    places = {f"coordinate {name!r}": values for name, (_, values) in plain_coords(stored.array).items()}
    places["values"] = _telling_part(stored.array)
    for place, values in places.items():
        if reason := why_not_storable(values):
            yield Problem(stored.at(place), f"it holds {reason}", "Convert it before packaging")


@rule("BP-A007", StoredArray)
def attributes_fit_netcdf(stored: StoredArray) -> Iterator[Problem]:
    """Attributes can be encoded and do not have a meaning for readers of netCDF."""
    for name, value in stored.array.attrs.items():
        try:
            encode_attributes({name: value})
        except InvalidData as problem:
            yield Problem(stored.at(f"attribute {name!r}"), str(problem), "Change or delete it")
        if not _is_netcdf_name(name) or name in _RESERVED_ATTRIBUTES or str(name).startswith("_"):
            yield Problem(
                stored.at(f"attribute {name!r}"),
                "the name cannot be used: it has a meaning for readers of netCDF, or white space or '/' in it",
                "Rename it",
            )
        elif name == "units" and isinstance(value, str) and " since " in value:
            yield Problem(
                stored.at("attribute 'units'"),
                f"readers take values in {value!r} for dates",
                "Use datetime64 values",
            )


@rule("BP-A008", Groups)
def extras_are_arrays_with_names(groups: Groups) -> Iterator[Problem]:
    """Each extra is a DataArray, and its name is free in the file."""
    taken = {DATA_VARIABLE, *map(str, groups.assembly.dims), *plain_coords(groups.assembly)}
    for name, extra in groups.extras.items():
        if not isinstance(extra, xr.DataArray):
            yield Problem(
                f"extra {name!r}",
                f"expected a DataArray, found a {type(extra).__name__}",
                "Convert or drop it",
            )
        if not _is_netcdf_name(name) or name in taken:
            yield Problem(
                f"extra {name!r}",
                "the name cannot name a group of the file: it has white space or '/' in it, or a coordinate or "
                "dimension of the assembly has it",
                "Rename it",
            )


@rule("BP-A009", StoredArray, Severity.WARNING)
def units_do_not_retype(stored: StoredArray) -> Iterator[Problem]:
    """Units that make the reference client turn numbers into durations."""
    if stored.array.attrs.get("units") in _UNITS_OF_DURATION and stored.array.dtype.kind in "iuf":
        yield Problem(
            stored.at("attribute 'units'"),
            f"with the units {stored.array.attrs['units']!r} the reference client turns numbers into timedelta64",
            "Use an abbreviation such as 's' or 'ms'",
        )


def _is_netcdf_name(name: object) -> bool:
    return isinstance(name, str) and bool(_NETCDF_NAME.fullmatch(name))


def _telling_part(array: xr.DataArray) -> npt.NDArray[Any]:
    """What decides whether values can be stored: of text and objects every one, of numbers the type alone."""
    return array.values if array.dtype.kind in "OU" else np.empty(0, dtype=array.dtype)

"""Rules about assemblies: the class they claim, and what netCDF can hold of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.layout import DATA_VARIABLE, PRESENTATION, STIMULUS_ID, id_column
from brainpack.objects.assemblies import CLASSES
from brainpack.objects.attributes import encode_attributes
from brainpack.objects.indexes import plain_coords
from brainpack.objects.values import plain_data, why_not_storable
from brainpack.validation.findings import Problem, Severity
from brainpack.validation.registry import rule
from brainpack.validation.rules.arguments import Given
from brainpack.validation.rules.roundtrip import encodes

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import numpy.typing as npt

    from brainpack.objects.assemblies import DataAssembly

# Names that HDF5, netCDF and the space-separated CF attribute `coordinates` can all hold.
_NETCDF_NAME: Final = re.compile(r"\w[^\s/\x00-\x1f\x7f]*")
_LONGEST_NAME: Final = 256  # bytes, NC_MAX_NAME of the netCDF library
_RESERVED_ATTRIBUTES: Final = frozenset(
    ("coordinates", "dtype", "calendar", "missing_value", "scale_factor", "add_offset", "CLASS", "NAME",
     "DIMENSION_LIST", "REFERENCE_LIST", "DIMENSION_LABELS")
)  # fmt: skip
_SET_ON_LOADING: Final = frozenset(("identifier", "stimulus_set_identifier", "stimulus_set"))
_UNITS_OF_DURATION: Final = frozenset(
    ("days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds")
)


@dataclass(frozen=True)
class StoredArray:
    """An array on its way into a group of a netCDF file."""

    group: str
    array: xr.DataArray

    @cached_property
    def coords(self) -> dict[str, tuple[tuple[str, ...], npt.NDArray[Any]]]:
        """The coordinates as the file will hold them."""
        return plain_coords(self.array)

    @property
    def holds_times(self) -> bool:
        if self.array.dtype.kind == "O":
            return pd.api.types.infer_dtype(self.array.values.ravel(), skipna=True).startswith(("date", "timedelta"))
        return self.array.dtype.kind in "mM"

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
        return CLASSES.get(self.name)

    @cached_property
    def coords(self) -> dict[str, tuple[tuple[str, ...], npt.NDArray[Any]]]:
        """The coordinates as the file will hold them."""
        return plain_coords(self.array)


@dataclass(frozen=True)
class Groups:
    """Names of the groups that extras become, in the file of an assembly."""

    assembly: xr.DataArray
    extras: Mapping[Any, object]


def stored_subjects(array: object, group: object = "") -> list[object]:
    """All there is to check of an array that goes into a group of a file; "" is the file itself."""
    subjects: list[object] = [Given("assembly", array, xr.DataArray), Given("group", group, str)]
    if isinstance(array, xr.DataArray):
        subjects.append(StoredArray(str(group), plain_data(array)))
        if group:
            subjects.append(Groups(xr.DataArray(), {group: array}))
    return subjects


def assembly_subjects(assembly: object, class_name: object, extras: object = None) -> list[object]:
    """All there is to check of an assembly and its extras, or of whatever was given in their place."""
    extras = {} if extras is None else extras
    subjects: list[object] = [
        Given("proto_data_assembly", assembly, xr.DataArray),
        Given("assembly_class_name", class_name, str),
        Given("extras", extras, Mapping),
    ]
    if not isinstance(assembly, xr.DataArray):
        return subjects
    subjects.append(StoredArray("", plain_data(assembly)))
    if isinstance(class_name, str):
        subjects.append(ClaimedClass(assembly, class_name))
    if isinstance(extras, Mapping):
        subjects.append(Groups(assembly, extras))
        arrays = {str(name): extra for name, extra in extras.items() if isinstance(extra, xr.DataArray)}
        subjects += [StoredArray(name, plain_data(array)) for name, array in arrays.items()]
    return subjects


@rule("BP-A001", ClaimedClass)
def class_is_known(claim: ClaimedClass) -> Iterator[Problem]:
    """The class is one of the format's."""
    if claim.cls is None:
        yield Problem(
            "assembly_class_name", "the name of an assembly class", repr(claim.name), f"Use one of {', '.join(CLASSES)}"
        )


@rule("BP-A002", ClaimedClass)
def dimensions_fit_the_class(claim: ClaimedClass) -> Iterator[Problem]:
    """The dimensions are those of the class."""
    if (cls := claim.cls) is None:
        return
    if not cls.accepts(claim.array.dims):
        found = ", ".join(map(str, claim.array.dims)) or "none"
        yield Problem(
            "dimensions",
            f"those of a {claim.name}: {cls.expected_dimensions()}",
            found,
            "Rename the dimensions, or choose the class that they belong to",
        )


@rule("BP-A003", ClaimedClass)
def presentations_name_their_stimulus(claim: ClaimedClass) -> Iterator[Problem]:
    """Every presentation says which stimulus was shown."""
    cls = claim.cls
    if cls is None or not cls.needs_stimulus_id or PRESENTATION not in claim.array.dims:
        return
    ids = claim.coords.get(id_column(claim.coords) or STIMULUS_ID)
    where = f"coordinate {STIMULUS_ID!r}"
    if ids is None or ids[0] != (PRESENTATION,):
        yield Problem(
            where,
            f"one on dimension {PRESENTATION!r}",
            words_for(ids),
            "Add it: the link from every presentation to its stimulus",
        )
    elif (missing := np.flatnonzero(pd.isna(ids[1]))).size:
        yield Problem(
            where,
            "an id for every presentation",
            "presentations without one",
            "Name the stimulus that was shown at these positions, or leave them out",
            missing.tolist(),
        )


@rule("BP-A004", StoredArray)
def holds_values(stored: StoredArray) -> Iterator[Problem]:
    """There is at least one value."""
    if stored.array.size == 0:
        sizes = ", ".join(f"{dim}: {size}" for dim, size in zip(stored.array.dims, stored.array.shape, strict=True))
        yield Problem(stored.at("values"), "at least one", f"none ({sizes})", "Check the selection that made it")


@rule("BP-A005", StoredArray)
def names_fit_netcdf(stored: StoredArray) -> Iterator[Problem]:
    """Names of dimensions and coordinates can stand in a netCDF file."""
    coords, dims = stored.coords, stored.array.dims
    impossible = [name for name in dict.fromkeys((*dims, *stored.array.coords)) if not is_netcdf_name(name)]
    if impossible:
        yield Problem(
            stored.at("names of dimensions and coordinates"),
            "text of up to 256 bytes that starts with a letter, a digit or '_', without '/' and white space, as "
            "netCDF needs it",
            "other names",
            "Rename them, for instance with assembly.rename(...)",
            impossible,
        )
    taken = [name for name, (its_dims, _) in coords.items()
             if name == DATA_VARIABLE or (name in dims and its_dims != (name,))]  # fmt: skip
    if taken or DATA_VARIABLE in dims:
        yield Problem(
            stored.at("names of dimensions and coordinates"),
            f"{DATA_VARIABLE!r} for the values alone, and coordinates named like a dimension on it alone",
            "names that the file needs for something else",
            "Rename them",
            taken or [DATA_VARIABLE],
        )


@rule("BP-A006", StoredArray)
def values_fit_netcdf(stored: StoredArray) -> Iterator[Problem]:
    """Values and coordinates are numbers, text, times or true/false."""
    reasons = {f"coordinate {name!r}": why_not_storable(values) for name, (_, values) in stored.coords.items()}
    reasons["values"] = _why_values_do_not_fit(stored.array)
    for place, reason in reasons.items():
        if reason:
            yield Problem(stored.at(place), "numbers, text, times or true/false", reason, "Convert it before packaging")


@rule("BP-A007", StoredArray)
def attributes_fit_netcdf(stored: StoredArray) -> Iterator[Problem]:
    """Attributes can be encoded and do not have a meaning for readers of netCDF."""
    for name, value in stored.array.attrs.items():
        try:
            encode_attributes({name: value})
        except InvalidData as problem:
            yield Problem(
                stored.at(f"attribute {name!r}"),
                "text, numbers, or lists and dictionaries of them",
                str(problem),
                "Change or delete it",
            )
        if not is_netcdf_name(name) or name in _RESERVED_ATTRIBUTES or str(name).startswith("_"):
            yield Problem(
                stored.at(f"attribute {name!r}"),
                "a name without white space and '/', which means nothing to readers of netCDF",
                "another one",
                "Rename it",
            )
        elif name == "units" and isinstance(value, str) and "since" in value:
            yield Problem(
                stored.at("attribute 'units'"),
                "words without 'since', by which readers know dates",
                repr(value),
                "Use other words, or datetime64 values",
            )
        elif name == "units" and stored.holds_times:
            yield Problem(
                stored.at("attribute 'units'"),
                "none, as the file needs it for the unit of the times",
                repr(value),
                "Rename or delete it",
            )


@rule("BP-A008", Groups)
def extras_are_arrays_with_names(groups: Groups) -> Iterator[Problem]:
    """Each extra is a DataArray, and its name is free in the file."""
    attributes = {name for name, value in groups.assembly.attrs.items() if not isinstance(value, xr.DataArray)}
    taken = {DATA_VARIABLE, *_SET_ON_LOADING, *attributes, *map(str, groups.assembly.dims)}
    taken |= {*plain_coords(groups.assembly)}
    for name, extra in groups.extras.items():
        if not isinstance(extra, xr.DataArray):
            yield Problem(
                f"extra {name!r}",
                "a DataArray",
                f"a {type(extra).__name__}",
                "Convert or drop it",
            )
        if not is_netcdf_name(name) or name in taken:
            yield Problem(
                f"extra {name!r}",
                "a name for a group of the file, without white space and '/'",
                "one that is not, or that a coordinate, a dimension or an attribute of the assembly has",
                "Rename it",
            )


@rule("BP-A009", StoredArray, Severity.WARNING)
def units_do_not_retype(stored: StoredArray) -> Iterator[Problem]:
    """Units that make the reference client turn numbers into durations."""
    units = stored.array.attrs.get("units")
    if isinstance(units, str) and units in _UNITS_OF_DURATION and stored.array.dtype.kind in "iuf":
        yield Problem(
            stored.at("attribute 'units'"),
            "an abbreviation",
            f"{units!r}, with which the reference client turns numbers into timedelta64",
            "Write for instance 's' or 'ms'",
        )


@rule("BP-A010", ClaimedClass, Severity.WARNING)
def reference_can_merge_stimuli(claim: ClaimedClass) -> Iterator[Problem]:
    """The reference client loses the name of a dimension's only coordinate, and then finds no stimuli to merge."""
    cls = claim.cls
    if cls is None or not cls.merges_stimuli:
        return
    of_presentation = [name for name, (dims, _) in claim.coords.items() if dims == (PRESENTATION,)]
    if of_presentation == [STIMULUS_ID]:
        yield Problem(
            f"coordinate {STIMULUS_ID!r}",
            f"others of {PRESENTATION!r} beside it",
            "it alone, to which the reference client cannot merge stimulus metadata",
            "Add a second one, such as the repetition, if others will load the assembly with brainscore_core",
        )


@rule("BP-A012", StoredArray, Severity.WARNING)
def coordinates_have_no_attributes(stored: StoredArray) -> Iterator[Problem]:
    """Coordinates are the levels of an index, which have no attributes."""
    described = [name for name, variable in stored.array.coords.variables.items() if variable.attrs]
    if described:
        yield Problem(
            stored.at("coordinates"),
            "none with attributes of their own, such as units",
            "some, which are left out",
            "Put what matters into the attributes of the assembly, or into the coordinate's name",
            described,
        )


@rule("BP-A011", Groups, Severity.WARNING)
def arrays_are_not_lost(groups: Groups) -> Iterator[Problem]:
    """An array among the attributes, such as an extra that was loaded, is not in the file."""
    arrays = [name for name, value in groups.assembly.attrs.items() if isinstance(value, xr.DataArray)]
    lost = [name for name in arrays if name not in groups.extras]
    if lost:
        yield Problem("attributes", "no arrays", "some, which are left out", "Pass them as extras to keep them", lost)


def is_netcdf_name(name: object) -> bool:
    """Whether a dimension or a coordinate can be called so."""
    return (
        isinstance(name, str)
        and bool(_NETCDF_NAME.fullmatch(name))
        and encodes(name)
        and len(name.encode()) <= _LONGEST_NAME
    )


def words_for(ids: tuple[tuple[Hashable, ...], object] | None) -> str:
    """Say where a coordinate was found."""
    if ids is None:
        return "none"
    return f"it on {', '.join(map(repr, ids[0]))}" if ids[0] else "a single one for all"


def _why_values_do_not_fit(array: xr.DataArray) -> str | None:
    """The reason against the values of an array; lazy numbers and times are judged by their type alone."""
    data = array.variable.data
    if array.dtype.kind in "OUT" or (isinstance(data, np.ndarray) and array.dtype.kind in "mM"):
        return why_not_storable(np.asarray(data))
    return why_not_storable(np.empty(0, dtype=array.dtype))

"""Whether what was loaded is what was packaged: every byte, value, type and name."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from brainpack.errors import IntegrityError
from brainpack.layout import FILENAME, PRESENTATION, STIMULUS_ID
from brainpack.objects.indexes import plain_coords

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from brainpack.objects.stimuli import StimulusSet

Expected = TypeVar("Expected")


def verify_class(name: str, expected: type[Expected], loaded: object) -> Expected:
    """Return what was loaded if it is of exactly this class.

    Raises
    ------
    IntegrityError
        It is of another one.
    """
    if type(loaded) is not expected:
        raise _different(f"{name}: class", expected.__name__, type(loaded).__name__)
    return loaded


def verify_stimuli(name: str, given: pd.DataFrame, loaded: StimulusSet, *, archive: Path, sources: Path) -> None:
    """Compare a loaded stimulus set with its source.

    Parameters
    ----------
    name : str
        How an error calls it.
    given : DataFrame
        The table that was packaged.
    loaded : StimulusSet
        What came back: the same columns, and `filename`.
    archive : Path
        The packaged ZIP; its entries and the unpacked files have to equal the files in `sources`.
    sources : Path
        Folder that holds the stimulus files, and nothing else that is in the ZIP.

    Raises
    ------
    IntegrityError
        Something differs.
    """
    _expect_same(f"{name}: columns", [*given.columns, FILENAME], [*loaded.columns])
    for column in given.columns:
        _expect_same_values(f"{name}: column {column!r}", given[column].to_numpy(), loaded[column].to_numpy())
    with zipfile.ZipFile(archive) as entries:
        _expect_same(f"{name}: entries of {archive.name}", loaded[FILENAME].tolist(), entries.namelist())
        for stimulus_id, filename in zip(loaded[STIMULUS_ID], loaded[FILENAME], strict=True):
            source = (sources / filename).read_bytes()
            unpacked = Path(loaded.get_stimulus(stimulus_id)).read_bytes()
            for place, content in (("ZIP", entries.read(filename)), ("unpacked folder", unpacked)):
                if content != source:
                    raise _different(f"{name}: {filename} in the {place}", f"the bytes of {sources}", "other bytes")


def verify_assembly(
    name: str, given: xr.DataArray, loaded: xr.DataArray, *, stimuli: pd.DataFrame | None = None
) -> None:
    """Compare a loaded assembly with its source.

    Parameters
    ----------
    name : str
        How an error calls it.
    given, loaded : DataArray
        What was packaged, and what came back.
    stimuli : DataFrame, optional
        Stimulus set whose columns are expected on `presentation` beside the given coordinates.

    Raises
    ------
    IntegrityError
        Dimensions, values, types, coordinates or attributes differ.
    """
    _expect_same(f"{name}: dimensions", given.dims, loaded.dims)
    _expect_same_values(f"{name}: values", given.values, loaded.values)
    expected, found = plain_coords(given), plain_coords(loaded)
    if stimuli is not None:
        shown = stimuli.set_index(STIMULUS_ID).loc[expected[STIMULUS_ID][1]]
        expected |= {column: ((PRESENTATION,), shown[column].to_numpy()) for column in shown.columns}
    _expect_same(f"{name}: coordinates", sorted(expected), sorted(found))
    for coordinate, (dims, values) in expected.items():
        _expect_same(f"{name}: dimensions of {coordinate!r}", dims, found[coordinate][0])
        _expect_same_values(f"{name}: coordinate {coordinate!r}", values, found[coordinate][1])
    for attribute, value in given.attrs.items():
        _expect_same(f"{name}: attribute {attribute!r}", value, loaded.attrs.get(attribute))


def _expect_same(what: str, expected: object, got: object) -> None:
    if expected != got:
        raise _different(what, repr(expected), repr(got))


def _expect_same_values(what: str, expected: np.ndarray[Any, Any], got: np.ndarray[Any, Any]) -> None:
    _expect_same(f"{what}, type", _type(expected), _type(got))
    _expect_same(f"{what}, shape", expected.shape, got.shape)
    if (differing := np.argwhere(expected != got)).size:
        first = tuple(differing[0].tolist())
        raise _different(f"{what} at {first}", f"{expected[first]!r}", f"{got[first]!r}")


def _type(values: np.ndarray[Any, Any]) -> str:
    """Name of the type; all ways to hold text in memory are one."""
    return "text" if values.dtype.kind in "OU" else values.dtype.name


def _different(what: str, expected: str, got: str) -> IntegrityError:
    return IntegrityError(f"{what} did not come back as it was packaged", expected=expected, got=got)

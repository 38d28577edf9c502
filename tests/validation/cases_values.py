"""Cases of the rules about values."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from brainpack.objects.indexes import plain_coords
from brainpack.validation.findings import Severity
from brainpack.validation.rules.values import Values
from brainpack.validation.statistics import Statistics
from tests.validation.case import Case


def values(array: xr.DataArray) -> Values:
    return Values(Statistics.of(array), plain_coords(array))


def responses(*changes: tuple[Any, float], dtype: str = "f4") -> xr.DataArray:
    """Responses of three neuroids to twelve stimuli, with some replaced by other values."""
    numbers = (np.arange(36).reshape(12, 3) * 7 % 11 / 10).astype(dtype)
    for place, value in changes:
        numbers[place] = value
    coords = {
        "stimulus_id": ("presentation", [f"s{number}" for number in range(12)]),
        "repetition": ("presentation", np.zeros(12, int)),
        "neuroid_id": ("neuroid", ["n1", "n2", "n3"]),
        "region": ("neuroid", ["V4", "IT", "IT"]),
    }
    return xr.DataArray(numbers, coords, ("presentation", "neuroid"))


def choices(*numbers: float, dim: str = "presentation") -> Values:
    return values(xr.DataArray(np.array(numbers, dtype=float), dims=dim))


GOOD = values(responses())
NEUROID, PRESENTATION = "neuroid 1 (neuroid_id 'n2')", "presentation 4 (stimulus_id 's4')"
WARNING, NOTE = Severity.WARNING, Severity.NOTE

CASES: dict[str, Case] = {
    "BP-A030": Case(
        GOOD, values(responses(((4, 1), np.nan), ((5, 1), np.nan))), "values",
        (), 2, NOTE,
    ),
    "BP-A030 events": Case(choices(1, 2), choices(1, np.nan, np.nan, dim="event"), "values", (), 2, NOTE),
    "BP-A031": Case(
        values(responses(((slice(11), 1), np.nan))), values(responses(((slice(None), 1), np.nan))), "values",
        (NEUROID,), 1, WARNING,
    ),
    "BP-A031 presentations": Case(
        choices(1, np.nan), values(responses((4, np.nan))), "values", (PRESENTATION,), 1, WARNING
    ),
    "BP-A032": Case(
        values(responses((4, np.nan))), values(responses(((4, 1), np.inf), ((5, 1), -np.inf))), "values",
        (NEUROID,), 1, WARNING,
    ),
    "BP-A032 events": Case(
        choices(1, 2, dim="event"), choices(1, np.inf, -np.inf, dim="event"), "values", (), 2, WARNING
    ),
    "BP-A033": Case(
        GOOD, values(responses(((slice(None), 1), 0.1), ((3, 1), np.nan))), "values", (f"{NEUROID}: 0.1",), 1, WARNING
    ),
    "BP-A034": Case(
        values(responses(((4, 1), 500.0))), values(responses(((4, 1), -1e6))), "values", (), 1, WARNING
    ),
    "BP-A034 events": Case(
        choices(*range(20), dim="event"), choices(*range(20), 1e9, dim="event"), "values", (), 1, WARNING
    ),
    "BP-A034 code": Case(
        values(responses((slice(6), -999), (6, -700))), values(responses(((4, 1), -999), ((5, 2), -999))), "values",
        (), 2, WARNING,
    ),
    "BP-A035": Case(choices(0.5, 2, 3), choices(0, 2, 3), "values", (), 1, NOTE),
    "BP-A036": Case(choices(0.1, 2, 3), choices(0.5, 2, 3), "values", (), 1, NOTE),
}  # fmt: skip

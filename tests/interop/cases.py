"""The arrays of the matrix: one case for each thing that a file may hold or a class may be."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Mapping

    Values = np.ndarray[Any, Any]

STIMULUS_IDS: Final = ("s2", "s0", "s1", "s2", "s0", "s1")
"""Stimuli of the six presentations; the set `gratings` holds s0 to s3."""

_TIMES: Final = [
    "2020-02-29T12:00:00.123456789",
    "2020-03-01T00:00:00.5",
    "2020-01-01",
    "2020-02-29T12:00:00.123456788",
]
TIMES: Final = np.resize(np.array(_TIMES, dtype="datetime64[ns]"), 6)
GAPPY_TIMES: Final = np.array([*_TIMES, "NaT", "NaT"], dtype="datetime64[ns]")
EXTREME_TIMES: Final = np.array(
    [
        "2262-04-11T23:47:16.854775807",
        "1677-09-21T00:12:43.145224193",
        "1969-12-31T23:59:59.999999999",
        "NaT",
        *_TIMES[:2],
    ],
    dtype="datetime64[ns]",
)
TEXTS: Final = np.array(["001", "NA", "", "日本", "nan", "a b,c"], dtype=object)
LIMITS: Final = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}


@dataclass(frozen=True)
class Case:
    """An array on its way into a file.

    Attributes
    ----------
    name : str
        As in the id of the tests.
    array : DataArray
    cls : str
        Class to package it as and to load it as.
    extras : mapping of str to DataArray
        Become groups.
    stimuli : str or None
        Stimulus set to merge with when it is loaded; None where there is nothing to merge by.
    attrs : dict
        Attributes that readers find, apart from the identifiers, where they differ from those of the array.
    how : dict or None
        Arguments of `write_netcdf` for a case that is not packaged but written with it.
    """

    name: str
    array: xr.DataArray
    cls: str = "NeuroidAssembly"
    extras: Mapping[str, xr.DataArray] = field(default_factory=dict)
    stimuli: str | None = "gratings"
    attrs: Mapping[str, Any] = field(default_factory=dict)
    how: Mapping[str, Any] | None = None

    @property
    def identifier(self) -> str:
        return f"lab.Interop2026.{self.name}"


def count(*shape: int, dtype: str = "float64") -> Values:
    """Numbers that differ from each other."""
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def grid(values: Values | None = None, **presentation_coords: Any) -> xr.DataArray:
    """Presentations by neuroids [by time bins]; further coordinates go to the presentations."""
    values = count(6, 4, dtype="float32") / 7 if values is None else values
    dims = ("presentation", "neuroid", "time_bin")[: values.ndim]
    of_presentations = {
        "stimulus_id": [*STIMULUS_IDS] * (values.shape[0] // 6),
        "repetition": [0, 0, 0, 1, 1, 1] * (values.shape[0] // 6),
        **presentation_coords,
    }
    of_neuroids = {
        "neuroid_id": [f"n{i}" for i in range(values.shape[1])],
        "depth": np.linspace(0, 1, values.shape[1]),
    }
    coords: dict[str, Any] = {name: ("presentation", coord) for name, coord in of_presentations.items()}
    coords |= {name: ("neuroid", coord) for name, coord in of_neuroids.items()}
    if "time_bin" in dims:
        edges = np.arange(values.shape[2] + 1) * 10
        coords |= {"time_bin_start": ("time_bin", edges[:-1]), "time_bin_end": ("time_bin", edges[1:])}
    return xr.DataArray(values, coords, dims)


def _extremes(dtype: str) -> Values:
    """Numbers among them the smallest and the largest of an integer type."""
    values = count(6, 4, dtype=dtype)
    if dtype in LIMITS:
        values[0, 0], values[-1, -1] = np.iinfo(dtype).min, np.iinfo(dtype).max
    return values


def _odd_floats(dtype: str) -> Values:
    """Every kind of number that is no ordinary one, also a NaN with a payload."""
    values = count(6, 4, dtype=dtype)
    tiny = np.finfo(dtype).smallest_subnormal
    values[0] = [np.nan, np.inf, -np.inf, -0.0]
    values[1, :3] = [tiny, np.finfo(dtype).max, np.finfo(dtype).eps]
    bits = {"float32": ("uint32", 0xFFC0_0123), "float64": ("uint64", 0x7FF8_0000_0000_0123)}
    values.view(bits[dtype][0])[2, 0] = bits[dtype][1]
    return values


def _objects(*items: object) -> Values:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _values_cases() -> list[Case]:
    numbers = (*sorted(LIMITS), "float32", "float64")
    long_rows = xr.DataArray(
        count(2, 400_000, dtype="int32"),
        {
            "stimulus_id": ("presentation", ["s0", "s1"]),
            "repetition": ("presentation", [0, 0]),
            "neuroid_id": ("neuroid", np.arange(400_000)),
            "depth": ("neuroid", count(400_000, dtype="float32")),
        },
        ("presentation", "neuroid"),
    )
    return [
        *(Case(f"values-{dtype}", grid(_extremes(dtype))) for dtype in numbers),
        Case("values-bool", grid(count(6, 4) % 3 == 0)),
        Case("values-text", grid(np.resize(TEXTS, (6, 4)))),
        Case("values-fixed-width-text", grid(np.resize(TEXTS.astype(str), (6, 4)))),
        Case("values-missing-text", grid(np.resize(_objects("a", None, "NA", np.nan, ""), (6, 4)))),
        Case("values-datetime", grid(np.resize(TIMES, (6, 4)))),
        Case("values-datetime-missing", grid(np.resize(GAPPY_TIMES, (6, 4)))),
        Case("values-timedelta", grid(count(6, 4, dtype="int64").astype("timedelta64[ns]"))),
        Case("values-odd-float32", grid(_odd_floats("float32"))),
        Case("values-odd-float64", grid(_odd_floats("float64"))),
        Case("values-big-endian", grid(count(6, 4, dtype=">f4"))),
        Case("values-big-endian-int16", grid(count(6, 4, dtype=">i2"))),
        Case("values-not-contiguous", grid(count(4, 12, dtype="float32")[::-1, ::2].T)),
        Case("values-many-chunks", grid(count(1200, 40, 28, dtype="float32"))),
        Case("values-rows-longer-than-chunks", long_rows),
    ]


def _coordinate_cases() -> list[Case]:
    numbers = (*sorted(LIMITS), "float32", "float64", ">f8", ">i4")
    extremes = {dtype.replace(">", "big-endian-"): _extremes(dtype)[:, -1] for dtype in numbers}
    coords = extremes | {
        "bool": np.array([True, False, True, True, False, False]),
        "odd-float32": _odd_floats("float32")[:, 0],
        "odd-float64": _odd_floats("float64")[:, 0],
        "datetime": TIMES,
        "datetime-missing": GAPPY_TIMES,
        "datetime-limits": EXTREME_TIMES,
        "datetime-seconds": np.arange(6).astype("datetime64[s]"),
        "timedelta": np.arange(-3, 3).astype("timedelta64[ns]"),
        "timedelta-missing": np.array([-1, 0, 1, "NaT", 2**62, -(2**62)], dtype="timedelta64[ns]"),
        "text": TEXTS,
        "fixed-width-text": TEXTS.astype(str),
        "missing-text-none": _objects("a", None, "NA", None, "", "日本"),
        "missing-text-nan": _objects("a", np.nan, "nan", np.nan, "?", "<missing>"),
        "nothing-but-empty-text": _objects(*[""] * 6),
        "long-text": _objects(*["x" * length for length in (0, 1, 255, 256, 1000, 4000)]),
        "ints-as-objects": _objects(1, 2, 3, 4, 5, 6),
    }
    return [Case(f"coordinate-{name}", grid(value=values)) for name, values in coords.items()]


def _scalar_cases() -> list[Case]:
    scalars = {
        "float32": np.float32(0.1),
        "int16": np.int16(-3),
        "bool": np.bool_(True),
        "datetime": TIMES[0],
        "text": "日本",
        "empty-text": "",
    }
    return [Case(f"scalar-{name}", grid().assign_coords(value=value)) for name, value in scalars.items()]


def _shape_cases() -> list[Case]:
    plain = xr.DataArray(count(6, 4), {"stimulus_id": ("presentation", [*STIMULUS_IDS])}, ("presentation", "neuroid"))
    index = grid().assign_coords(presentation=[f"p{i}" for i in range(6)])
    mixed = grid().assign_coords(receptive_field=(("presentation", "neuroid"), count(6, 4, dtype="float32")))
    with warnings.catch_warnings():  # xarray advises against such arrays
        warnings.simplefilter("ignore")
        repeated = xr.DataArray(
            count(6, 6, 4),
            {
                "stimulus_id": ("presentation", [*STIMULUS_IDS]),
                "repetition": ("presentation", count(6, dtype="int16")),
                "neuroid_id": ("neuroid", [*"abcd"]),
                "depth": ("neuroid", count(4)),
            },
            ("presentation", "presentation", "neuroid"),
        )
    return [
        Case("neuroid-2d", grid()),
        Case("neuroid-3d", grid(count(6, 4, 3, dtype="float32"))),
        Case("dimensions-in-other-order", grid(count(6, 4, 3)).transpose("time_bin", "neuroid", "presentation")),
        Case("single-coordinate", plain, stimuli=None),
        Case("single-number-coordinates", plain.assign_coords(
            stimulus_id=("presentation", count(6, dtype="int32")), neuroid_id=("neuroid", count(4, dtype="float32")),
        ), stimuli=None),
        Case("dimension-coordinate-alone", plain.assign_coords(neuroid=[*"wxyz"]), stimuli=None),
        Case("dimension-coordinate-beside-others", index),
        Case("coordinate-of-two-dimensions", mixed),
        Case("repeated-dimension", repeated),
        Case("size-1-dimensions", grid(count(6, 1, 1, dtype="float32"))),
        Case("one-value", xr.DataArray([[1.5]], {
            "stimulus_id": ("presentation", ["s0"]), "repetition": ("presentation", [3]),
            "neuroid_id": ("neuroid", ["n"]), "depth": ("neuroid", [0.0]),
        }, ("presentation", "neuroid"))),
        Case("unicode-coordinate-name", grid(größe=count(6)).rename(depth="深さ")),
        Case("bare-dimension", grid().drop_vars(["neuroid_id", "depth"])),
    ]  # fmt: skip


def _class_cases() -> list[Case]:
    choices = xr.DataArray(
        count(6, 3) / 18,
        {
            "stimulus_id": ("presentation", [*STIMULUS_IDS]),
            "subject": ("presentation", [*"aabbcc"]),
            "choice": ["dog", "car", "cat"],
        },
        ("presentation", "choice"),
    )
    events = xr.DataArray(
        np.sort(count(40) * 7 % 11),
        {"neuroid_id": ("event", np.resize([*"xyz"], 40)), "trial": ("event", np.resize([0, 1, 2, 3], 40))},
        "event",
        attrs={"units": "s"},
    )
    trials = xr.DataArray(
        count(4, dtype="int16"),
        {
            "stimulus_id": ("event", ["s0", "s1", "s0", "s3"]),
            "start": ("event", TIMES[:4]),
            "correct": ("event", [True, False, True, True]),
            "note": ("event", TEXTS[:4]),
        },
        "event",
        attrs={"table": "trials"},
    )
    depths = xr.DataArray(
        count(4, dtype="float32"), {"layer": ("event", [*"abcd"]), "um": ("event", count(4))}, "event"
    )
    tuning = xr.DataArray(
        count(4, 2, dtype="float32"),
        {
            "neuroid_id": ("neuroid", [*"abcd"]),
            "region": ("neuroid", ["V1", "V1", "V2", "V2"]),
            "neuronal_property": ["peak", "width"],
        },
        ("neuroid", "neuronal_property"),
    )
    return [
        Case("neuron-recording", grid(), cls="NeuronRecordingAssembly"),
        Case("model-features", grid(), cls="ModelFeaturesAssembly"),
        Case("behaviour", choices, cls="BehavioralAssembly"),
        Case("behaviour-1d", choices.isel(choice=0, drop=True), cls="BehavioralAssembly"),
        Case("spike-times", events, cls="SpikeTimesAssembly", extras={"trials": trials}),
        Case("spike-times-two-extras", events, "SpikeTimesAssembly", {"trials": trials, "depths": depths}),
        Case("spike-times-no-extras", events, cls="SpikeTimesAssembly"),
        Case("neuroid-with-extra", grid(), extras={"trials": trials}),
        Case("properties", tuning, cls="PropertyAssembly"),
        Case("metadata", trials, cls="MetadataAssembly"),
        Case("any", xr.DataArray(count(3, 2), dims=("up", "down")), cls="DataAssembly", stimuli=None),
        Case("any-no-dimension", xr.DataArray(3.25), cls="DataAssembly", stimuli=None),
    ]


def _stimulus_cases() -> list[Case]:
    numbers = grid().assign_coords(stimulus_id=("presentation", [12, 0, 7, 12, 0, 7]))
    return [
        Case("integer-stimulus-ids", numbers, stimuli="integer-ids"),
        Case("legacy-image-id", grid().rename(stimulus_id="image_id"), stimuli="legacy-image-id"),
    ]


def _attribute_cases() -> list[Case]:
    given = {
        "text": "日本 & more",
        "empty": "",
        "flag": True,
        "numpy_flag": np.bool_(False),
        "number": 7,
        "fraction": 0.1,
        "small": np.float32(0.1),
        "short": np.int16(-2),
        "row": np.array([1, 2, 3], dtype="uint16"),
        "numbers": [1.5, 2.5],
        "words": ["one", "二", ""],
        "one_word": ["one"],
        "mixed": [1, "two", None],
        "nested": {"rate": 30, "filter": {"low": 0.5}, "名": ["x"]},
        "path": PurePosixPath("raw", "day 1.mat"),
        "when": datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 netCDF knows no time zones
        "nothing": None,
        "table": grid().to_series().to_frame("rates"),
        "array": grid(),
    }
    found = {
        "text": "日本 & more",
        "empty": "",
        "flag": np.array([1], dtype="int8"),
        "numpy_flag": np.array([0], dtype="int8"),
        "number": np.array([7]),
        "fraction": np.array([0.1]),
        "small": np.array([0.1], dtype="float32"),
        "short": np.array([-2], dtype="int16"),
        "row": np.array([1, 2, 3], dtype="uint16"),
        "numbers": np.array([1.5, 2.5]),
        "words": ["one", "二", ""],
        "one_word": "one",
        "mixed": '[1, "two", null]',
        "nested": '{"rate": 30, "filter": {"low": 0.5}, "名": ["x"]}',
        "path": "raw/day 1.mat",
        "when": "2026-01-02T03:04:05",
    }
    return [Case("attributes", grid().assign_attrs(given), attrs=found)]


def _write_netcdf_cases() -> list[Case]:
    return [
        Case("write-netcdf", grid(), how={}),
        Case("write-netcdf-uncompressed", grid(note=TEXTS, time=TIMES), how={"compress": False}),
        Case("write-netcdf-group", grid(note=TEXTS), how={"group": "rates"}),
        Case("write-netcdf-append", grid(count(6, 4, 3), note=TEXTS), how={"group": "rates", "append": True}),
        Case("write-netcdf-append-uncompressed", grid(note=TEXTS),
             how={"group": "rates", "append": True, "compress": False}),
    ]  # fmt: skip


CASES: Final = [
    *_shape_cases(),
    *_class_cases(),
    *_values_cases(),
    *_coordinate_cases(),
    *_scalar_cases(),
    *_stimulus_cases(),
    *_attribute_cases(),
    *_write_netcdf_cases(),
]

"""The content hash: what it depends on, what it does not, and that its specification says all of it."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis.extra import numpy as npst

from brainpack import InvalidData, NeuroidAssembly, packaging
from brainpack.comparing.packages import content_hash
from brainpack.content.hashes import content_of_assembly, content_of_stimuli
from brainpack.layout import record_name
from brainpack.objects.indexes import gather_indexes
from brainpack.read.netcdf import read_assembly
from brainpack.record.records import read_record
from tests.helpers import any_text, recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GOLDEN_ASSEMBLY = "2be98cf185ac100f139b2f313f02546975357d7be71a6aae68c4a7a885b1db5c"
GOLDEN_STIMULI = "3932120402320abc84cf2a46e215171808e7ac2814da3eaae9a514977360201a"

SMALL = npst.array_shapes(max_dims=3, max_side=4)
NUMBERS = st.one_of(
    npst.boolean_dtypes(), npst.integer_dtypes(endianness="<"), npst.floating_dtypes(endianness="<", sizes=(32, 64))
)


def array(values: Any, **coords: Any) -> xr.DataArray:
    values = np.asarray(values)
    dims = ("presentation", "neuroid", "time_bin")[: values.ndim]
    return xr.DataArray(values, {name: (dims[0], coord) for name, coord in coords.items()}, dims)


def recorded(folder: Path, kind: Any, identifier: str) -> str:
    return read_record(folder / record_name(kind, identifier)).content


# ------------------------------------------------------------------------------------------ the specification


def by_the_book(
    values: np.ndarray[Any, Any], type_: str, bytes_of: Callable[[Any], bytes], size: int
) -> dict[str, Any]:
    blocks = [hashlib.sha256(bytes_of(block)).digest() for block in cut(values, size)]
    return {"shape": [*values.shape], "type": type_, "values": hashlib.sha256(b"".join(blocks)).hexdigest()}


def cut(values: np.ndarray[Any, Any], size: int) -> Iterator[np.ndarray[Any, Any]]:
    if not values.ndim:
        yield values
        return
    entries = min(2**20 // (math.prod(values.shape[1:]) * size), len(values))
    if entries >= 2:
        yield from (values[start : start + entries] for start in range(0, len(values), entries))
    else:
        for entry in values:
            yield from cut(np.asarray(entry), size)


def number_bytes(values: np.ndarray[Any, Any]) -> bytes:
    return values.tobytes()


def text_bytes(values: np.ndarray[Any, Any]) -> bytes:
    texts = [None if isinstance(text, float) else text.encode() for text in values.ravel().tolist()]
    return b"".join(b"\xff" * 8 if text is None else len(text).to_bytes(8, "little") + text for text in texts)


def digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@pytest.mark.parametrize(
    "shape",
    [(), (1,), (70_000,), (3, 500, 300), (1, 2, 200_000), (2, 1, 131_072), (2, 131_073), (2, 262_144), (3, 131_072)],
)
def test_numbers_are_digested_as_the_specification_says(shape: tuple[int, ...]) -> None:
    values = np.arange(math.prod(shape), dtype="<i8").reshape(shape)
    found = xr.DataArray(values.astype(">i8"), dims=[*"abc"][: len(shape)])
    expected = by_the_book(values, "int64", number_bytes, 8) | {"dims": [*"abc"][: len(shape)]}
    document = {"assembly": {"coords": {}, "extras": {}, "values": expected}, "version": 1}
    assert content_of_assembly(found) == digest(document)


def test_text_is_digested_as_the_specification_says() -> None:
    texts = np.array(["", "a", "日本", np.nan] * 40_000, dtype=object).reshape(2, 80_000)
    expected = by_the_book(texts, "text", text_bytes, 16) | {"dims": ["presentation", "neuroid"]}
    document = {"assembly": {"coords": {}, "extras": {}, "values": expected}, "version": 1}
    assert content_of_assembly(array(texts)) == digest(document)


def test_stimuli_are_digested_as_the_specification_says() -> None:
    table = {"stimulus_id": ["b", "a"], "filename": ["b.png", ""]}
    columns = {
        name: by_the_book(np.array(cells, dtype=object), "text", text_bytes, 16)["values"]
        for name, cells in table.items()
    }
    files = [hashlib.sha256(content).digest() for content in (b"one", b"two")]
    all_files = hashlib.sha256(files[0] + files[1]).hexdigest()
    document = {"stimulus_set": {"columns": columns, "files": all_files, "rows": 2}, "version": 1}
    assert content_of_stimuli(table, files) == digest(document)


def test_content_hashes_are_the_golden_ones(tmp_path: Path) -> None:
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Golden", tmp_path)
    packaging.package_data_assembly_locally(recording(), "lab.Golden", "lab.Golden", "NeuroidAssembly", tmp_path)
    assert recorded(tmp_path, "assembly", "lab.Golden") == GOLDEN_ASSEMBLY
    assert recorded(tmp_path, "stimulus_set", "lab.Golden") == GOLDEN_STIMULI


# ------------------------------------------------------------------------------------------------ assemblies


INTEGERS = {name: np.array([0, 1, np.iinfo(name).max, np.iinfo(name).min], name) for name in ("u1", "i2", "u4", "i8")}
VALUES: dict[str, np.ndarray[Any, Any]] = {
    **INTEGERS,
    "big-endian": np.array([1, 2, 3, 4], ">i4"),
    "bool": np.array([True, False, True, True]),
    "float32": np.array([0.1, np.nan, -np.inf, -0.0], "f4"),
    "float64": np.array([0.1, np.nan, np.inf, 5e-324]),
    "datetime": np.array(["2020-02-29T12:00:00.123456789", "1677-09-22", "NaT", "1970"], "M8[ns]"),
    "timedelta": np.array([-1, 2**62, "NaT", 0], "m8[ns]"),
    "fixed-width text": np.array(["001", "", "日本", "NA"]),
    "text with missing": np.array(["001", None, "日本", np.nan], dtype=object),
    "long text": np.array(["x" * 5000, "", "y", "<missing>"], dtype=object),
    "integers as objects": np.array([1, 2, 3, 4], dtype=object),
    "integers beside missing ones": np.array([1, None, 3, 4], dtype=object),
    "nothing but missing": np.array([None] * 4, dtype=object),
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_memory_record_file_and_what_is_loaded_agree(values: np.ndarray[Any, Any], tmp_path: Path) -> None:
    given = xr.DataArray(
        np.resize(values, (3, 4, 2)),
        {
            "neuroid": values,
            "beside": ("neuroid", values),
            "alone": ("presentation", values[:3]),
            "both": (("presentation", "neuroid"), np.resize(values, (3, 4))),
            "scalar": values[0] if values[0] is not None else "none",
        },
        ("presentation", "neuroid", "time_bin"),
    )
    extras = {"more": given.isel(presentation=0, drop=True), "again": array(values)}
    made = packaging.package_data_assembly_locally(given, "lab.A", "lab.S", "PropertyAssembly", tmp_path, extras)
    loaded = read_assembly(made["path"], None)
    assert {
        content_of_assembly(given, extras),
        content_of_assembly(loaded, {name: loaded.attrs[name] for name in extras}),
        content_hash(made["path"]),
    } == {recorded(tmp_path, "assembly", "lab.A")}


@pytest.mark.filterwarnings("ignore:Duplicate dimension names:UserWarning")
@pytest.mark.parametrize("dims", [(), ("presentation", "presentation", "neuroid")])
def test_dimensions_may_be_none_or_repeated(dims: tuple[str, ...], tmp_path: Path) -> None:
    given = xr.DataArray(np.ones((2, 2, 3)[: len(dims)]), {"image_id": 3, "note": "x"}, dims)
    made = packaging.package_data_assembly_locally(given, "lab.A", "lab.S", "PropertyAssembly", tmp_path)
    expected = content_of_assembly(given)
    assert content_of_assembly(read_assembly(made["path"], None)) == content_hash(made["path"]) == expected
    assert content_of_assembly(given.assign_coords(stimulus_id=3)) == expected


def test_an_array_of_many_chunks(tmp_path: Path) -> None:
    values = np.arange(700 * 40 * 28, dtype="f4").reshape(700, 40, 28)
    for same in (array(values, stimulus_id=[f"s{n}" for n in range(700)]), array(values[0].ravel())):
        made = packaging.package_data_assembly_locally(same, "lab.A", "lab.S", "PropertyAssembly", tmp_path)
        expected = content_of_assembly(same)
        assert recorded(tmp_path, "assembly", "lab.A") == content_hash(made["path"]) == expected


def test_bytes_that_are_loaded_are_the_text_that_they_were(tmp_path: Path) -> None:
    given = array([1, 2], code=np.array([b"ab", b"c"]))
    packaging.write_netcdf(given, tmp_path / "a.nc")
    expected = content_of_assembly(array([1, 2], code=["ab", "c"]))
    assert content_of_assembly(given) == content_hash(tmp_path / "a.nc") == expected
    assert content_of_assembly(read_assembly(tmp_path / "a.nc", None)) == expected


class Lazy:
    """Just enough of an array for xarray to slice it, and to fail where it is taken as a whole."""

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        self._values, self.dtype, self.shape, self.ndim = values, values.dtype, values.shape, values.ndim

    def __array_function__(self) -> None: ...

    def __array_ufunc__(self) -> None: ...

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        assert self._values.nbytes < 5 << 20
        return self._values.astype(dtype or self.dtype)

    def __getitem__(self, key: Any) -> Lazy:
        return Lazy(self._values[key])


def test_a_lazy_array_is_never_in_memory_whole() -> None:
    values = np.arange(4_000_000, dtype="f4").reshape(2000, 2000)
    assert content_of_assembly(xr.DataArray(Lazy(values), dims=("presentation", "neuroid"))) == content_of_assembly(
        array(values)
    )


@given(values=npst.arrays(NUMBERS, SMALL), seed=st.integers(0, 5))
def test_it_does_not_depend_on_how_values_lie_in_memory(values: np.ndarray[Any, Any], seed: int) -> None:
    expected = content_of_assembly(array(values))
    spread = np.repeat(values, 2, axis=-1)[..., ::2]
    for same in (np.asfortranarray(values), values.astype(values.dtype.newbyteorder(">")), spread):
        assert content_of_assembly(array(same)) == expected


def test_it_does_not_depend_on_how_coordinates_are_held() -> None:
    given = recording()
    expected = content_of_assembly(given)
    notes = given["note"].values
    assert content_of_assembly(gather_indexes(given)) == expected
    assert content_of_assembly(NeuroidAssembly(given)) == expected
    assert content_of_assembly(given.drop_vars("note").assign_coords(note=("presentation", notes))) == expected
    for dtype in ("string", "category"):
        same = given.assign_coords(note=("presentation", pd.array(notes, dtype=dtype)))
        assert content_of_assembly(same) == expected
    assert (
        content_of_assembly(given.assign_coords(region=("neuroid", np.array(["V4", "IT", "IT"], object)))) == expected
    )


@pytest.mark.filterwarnings("ignore:Converting non-nanosecond precision:UserWarning")  # what older xarray does
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_of_time_do_not_matter(unit: str) -> None:
    times = np.array(["2020-01-01T00:00:01", "NaT"], dtype="datetime64[ns]")
    durations = np.array([-(10**9), "NaT"], dtype="timedelta64[ns]")
    for values in (times, durations):
        same = xr.DataArray(values.astype(f"{values.dtype.kind}8[{unit}]"), dims="event")
        assert content_of_assembly(same) == content_of_assembly(xr.DataArray(values, dims="event"))


def test_every_nan_is_the_same_and_minus_zero_is_zero() -> None:
    bits = np.array([0x7FC00000, 0xFFC00123, 0x7F800001, 0x80000000], dtype="u4").view("f4")
    plain = np.array([np.nan, np.nan, np.nan, 0], dtype="f4")
    assert content_of_assembly(array(bits)) == content_of_assembly(array(plain))
    assert bits.view("u4")[3] == 0x80000000


@given(values=npst.arrays(NUMBERS, SMALL), data=st.data())
def test_any_other_value_changes_it(values: np.ndarray[Any, Any], data: st.DataObject) -> None:
    place = tuple(data.draw(st.integers(0, length - 1)) for length in values.shape)
    other = data.draw(npst.from_dtype(values.dtype, allow_nan=False).filter(lambda value: value != values[place]))
    changed = values.copy()
    changed[place] = other
    assert content_of_assembly(array(changed)) != content_of_assembly(array(values))


CHANGES: dict[str, Callable[[xr.DataArray], xr.DataArray]] = {
    "dimension": lambda given: given.rename(neuroid="channel"),
    "order of dimensions": lambda given: given.transpose("neuroid", "presentation", "time_bin"),
    "type": lambda given: given.astype("f8"),
    "order of values": lambda given: given.copy(data=given.values[::-1]),
    "name of a coordinate": lambda given: given.rename(region="area"),
    "type of a coordinate": lambda given: given.assign_coords(repetition=given["repetition"].astype("i4")),
    "values of a coordinate": lambda given: given.assign_coords(region=("neuroid", ["V4", "IT", "V1"])),
    "dimension of a coordinate": lambda given: given.assign_coords(time_bin_end=("presentation", [10, 20, 30, 40])),
    "no coordinate": lambda given: given.drop_vars("session"),
    "scalar": lambda given: given.assign_coords(session="evening"),
    "empty text for missing text": lambda given: given.assign_coords(note=("presentation", ["001", "NA", "", ""])),
    "shift between texts": lambda given: given.assign_coords(region=("neuroid", ["V4I", "T", "IT"])),
    "one entry less": lambda given: given.isel(presentation=slice(3)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_meaning_changes_it(change: Callable[[xr.DataArray], xr.DataArray]) -> None:
    given = recording().assign_coords(note=("presentation", np.array(["001", "NA", "", None], dtype=object)))
    assert content_of_assembly(change(given)) != content_of_assembly(given)


def test_attributes_and_names_do_not_change_it() -> None:
    given = recording()
    assert content_of_assembly(given.assign_attrs(species="mouse").rename("rates")) == content_of_assembly(given)


def test_extras_count_by_name() -> None:
    given, extra = recording(), array([1, 2])
    hashes = [content_of_assembly(given, extras) for extras in (None, {"a": extra}, {"b": extra}, {"a": extra + 1})]
    assert len(set(hashes)) == 4


@pytest.mark.parametrize("old", ["neuroid_", "neuroid_level_0"])
def test_names_of_old_clients_are_those_of_today(old: str, tmp_path: Path) -> None:
    given = xr.DataArray([1, 2], {old: ("neuroid", ["a", "b"]), "depth": ("neuroid", [1, 2])}, ("neuroid",))
    expected = content_of_assembly(given.drop_vars(old).assign_coords(neuroid=["a", "b"]))
    given.to_dataset(name="data").to_netcdf(tmp_path / "old.nc", engine="h5netcdf")
    assert content_of_assembly(given) == content_hash(tmp_path / "old.nc") == expected


@pytest.mark.parametrize(
    "values",
    [np.zeros(2, "f2"), np.zeros(2, complex), np.array([1, "a"], object), np.array(["\udcff", "a"], object)],
    ids=["float16", "complex", "mixed", "no UTF-8"],
)
def test_what_cannot_be_packaged_has_none(values: np.ndarray[Any, Any]) -> None:
    with any_text(), pytest.raises(InvalidData, match="there is no content hash for"):
        content_of_assembly(array(values))


REFERENCE = """
    import json, sys
    import numpy as np
    from brainscore_core.supported_data_standards.brainio.packaging import write_netcdf
    from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly
    data = json.load(sys.stdin)
    values = np.arange(24, dtype="f4").reshape(2, 3, 4) / 7
    values[0, 0, 0] = np.nan
    coords = {name: (dim, values) for name, (dim, values) in data["coords"].items()}
    coords["depth"] = ("neuroid", np.array([0.5, np.nan, 2]))
    coords["shown_at"] = ("presentation", np.array(["2020-01-01T00:00:00.5", "2020-01-02"], "M8[ns]"))
    write_netcdf(NeuroidAssembly(values, coords=coords, dims=["presentation", "neuroid", "time_bin"]), sys.argv[1])
"""


@pytest.mark.interop
def test_what_the_reference_client_writes_has_the_same_hash(run_reference: Callable[..., Any], tmp_path: Path) -> None:
    coords: dict[str, Any] = {
        "stimulus_id": ("presentation", ["left", "日本"]),
        "repetition": ("presentation", [0, 1]),
        "neuroid_id": ("neuroid", [1, 2, 3]),
        "time_bin_start": ("time_bin", [0, 1, 2, 3]),
        "time_bin_end": ("time_bin", [1, 2, 3, 4]),
    }
    run_reference(REFERENCE, tmp_path / "a.nc", coords=coords)
    values = np.arange(24, dtype="f4").reshape(2, 3, 4) / 7
    values[0, 0, 0] = np.nan
    coords["depth"] = ("neuroid", np.array([0.5, np.nan, 2]))
    coords["shown_at"] = ("presentation", np.array(["2020-01-01T00:00:00.5", "2020-01-02"], "M8[ns]"))
    given = xr.DataArray(values, coords, ("presentation", "neuroid", "time_bin"))
    assert content_hash(tmp_path / "a.nc") == content_of_assembly(given)

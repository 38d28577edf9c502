"""What the reference client writes, brainpack reads: values, coordinates, attributes, extras and stimuli."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from brainpack import load_assembly_from_file, load_stimulus_set_from_files, packaging
from brainpack.objects.assemblies import BehavioralAssembly, MetadataAssembly, NeuroidAssembly, assembly_class
from brainpack.objects.stimuli import StimulusSet
from tests.interop import cases, checking
from tests.interop.exchange import ADDED, Exchange, matrix
from tests.interop.reference_side import Facts
from tests.interop.stimuli import STIMULI, StimulusCase

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack.objects.assemblies import DataAssembly
    from tests.interop.cases import Case

pytestmark = [
    pytest.mark.interop,
    # the cases are what a warning speaks of: single coordinates, and arrays among the attributes
    pytest.mark.filterwarnings("ignore:.*BP-A01[012]:UserWarning"),
]

WAY = "reference->brainpack"
ATTRS = {"identifier": "lab.Reference2026", "count": 3, "rates": np.array([1.5, 2.5]), "words": ["one", "二"]}
FOUND = ATTRS | {"count": np.array([3])}
UNNAMED = "__xarray_dataarray_variable__"

# It fails at the limits of datetime64, and packs 13 MB as slowly as it can.
TOO_MUCH = {"coordinate-datetime-limits", "values-rows-longer-than-chunks"}
WRITTEN = [case for case in cases.CASES if case.how is None and case.name not in TOO_MUCH]
OF_SHAPE = [case for case in WRITTEN if case.name.split("-")[0] not in {"values", "coordinate", "scalar"}]
UNCOMPRESSED_NAMES = {"neuroid-3d", "single-coordinate", "spike-times", "legacy-image-id", "values-bool", "values-text"}
UNCOMPRESSED = [case for case in WRITTEN if case.name in {*UNCOMPRESSED_NAMES, "coordinate-text"}]
PACKAGED = [case for case in WRITTEN if case.name in {"neuroid-3d", "neuroid-with-extra"}]

WRITTEN_STIMULI = [
    *(case for case in STIMULI if case.name != "integer-ids"),
    StimulusCase("text-that-looks-like-numbers", {"stimulus_id": ["001", "NA", "1e5", "True", "x"]}),
    # its ZIP wants names that are text; the published sets with integer ids have this column
    StimulusCase(
        "integer-ids", {"stimulus_id": [12, 0, 7], "stimulus_path_within_store": ["c", "a", "b"]}, suffix=".jpeg"
    ),
    StimulusCase(
        "folders-in-zip", {"stimulus_id": ["s0", "s1", "s2"], "stimulus_path_within_store": ["x/c", "x/y/a", "b"]}
    ),
]


class ReferenceWrites(Exchange):
    """The same cases, written by the reference client."""

    def ask_all(self) -> None:
        for case in WRITTEN:
            self._ask(case, "assembly", cls=case.cls)
        for case in OF_SHAPE:
            self._ask(case, "array", cls=None)
        for case in UNCOMPRESSED:
            self._ask(case, "uncompressed", cls=case.cls, compress=False)
        for case in PACKAGED:
            self.ask(
                "package", case.identifier, "package_assembly", folder=str(self.folder), cls=case.cls,
                array=self.pack(case.array, ATTRS), identifier=case.identifier, extras=self._extras(case),
            )  # fmt: skip
        for stimulus_set in WRITTEN_STIMULI:
            self._ask_stimuli(stimulus_set)

    def written(self, case: Case, how: str) -> Path:
        return self.folder / f"{how} {case.name}.nc"

    def _ask(self, case: Case, how: str, **options: Any) -> None:
        path, array = str(self.written(case, how)), self.pack(case.array, ATTRS)
        self.ask(
            how, case.identifier, "write_assembly", path=path, array=array, extras=self._extras(case), **options
        )  # fmt: skip

    def _extras(self, case: Case) -> dict[str, Any]:
        return {name: self.pack(extra) for name, extra in case.extras.items()}

    def _ask_stimuli(self, case: StimulusCase) -> None:
        csv, archive, _ = self.stimuli(case.identifier)
        columns = {name: self.pack_values(values) for name, values in _typed(case).items()}
        columns.setdefault("stimulus_id", columns.pop("image_id", {}))
        self.ask(
            "stimuli", case.identifier, "write_stimuli", csv=csv, archive=archive, columns=columns,
            files=self.sources(case), id_column="image_id" if "image_id" in case.columns else "stimulus_id",
        )  # fmt: skip


def _typed(case: StimulusCase) -> dict[str, Any]:
    return {
        name: checking.plain(np.array(values, dtype=object if isinstance(values[0], str) else None))
        for name, values in case.columns.items()
    }


@pytest.fixture(scope="session")
def reference(run_reference: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> ReferenceWrites:
    batch = ReferenceWrites(tmp_path_factory.mktemp("reference_writes"))
    batch.ask_all()
    batch.run(run_reference)
    return batch


# --------------------------------------------------------------------------------------- what is expected


def put_in(case: Case, attrs: dict[str, Any], *, as_assembly: bool = True) -> Facts:
    """What was put in, as far as the reference client keeps it."""
    put = checking.in_file(case.array, attrs)
    coords = {name: (dims, _kept(values)) for name, (dims, values) in put.coords.items()}
    units = {"units": "nanoseconds"} if put.values.dtype.kind == "m" else {}
    put = Facts(put.dims, _kept(put.values), coords, put.attrs | units)
    return checking.in_memory(put, keeps_single_names=not as_assembly)


def _kept(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    match values.dtype.kind:
        case "O":  # it writes missing text as empty text
            return np.where(pd.isna(values), "", values).astype(object)
        case "m":  # in its files, nothing tells durations from numbers with units, which stay numbers
            numbers = values.astype(np.int64)
            return np.where(np.isnat(values), np.nan, numbers) if np.isnat(values).any() else numbers
        case _:
            return values


# ----------------------------------------------------------------------------------------------- assemblies


@matrix(WAY, WRITTEN)
def test_an_assembly(reference: ReferenceWrites, case: Case) -> None:
    reference.result("assembly", case.identifier)
    found = load_assembly_from_file(reference.written(case, "assembly"), cls=assembly_class(case.cls))
    assert type(found).__name__ == case.cls
    checking.assert_same(checking.held(found), put_in(case, FOUND), but=case.extras)


@matrix(WAY, OF_SHAPE)
def test_an_array_that_is_no_assembly(reference: ReferenceWrites, case: Case) -> None:
    reference.result("array", case.identifier)
    found = load_assembly_from_file(reference.written(case, "array"), cls=assembly_class(case.cls))
    expected = put_in(case, FOUND, as_assembly=False)
    checking.assert_same(checking.held(found), expected, but=case.extras)


@matrix(WAY, UNCOMPRESSED)
def test_an_uncompressed_assembly(reference: ReferenceWrites, case: Case) -> None:
    assert UNNAMED in reference.result("uncompressed", case.identifier)["variables"]
    found = load_assembly_from_file(reference.written(case, "uncompressed"), cls=assembly_class(case.cls))
    checking.assert_same(checking.held(found), put_in(case, FOUND), but=case.extras)


@matrix(WAY, PACKAGED)
def test_a_package(reference: ReferenceWrites, case: Case) -> None:
    path = reference.result("package", case.identifier)["path"]
    found = load_assembly_from_file(path, cls=assembly_class(case.cls))
    attrs = FOUND | {"stimulus_set_identifier": "lab.Stimuli"}
    checking.assert_same(checking.held(found), put_in(case, attrs), but=case.extras)
    assert {*case.extras} <= {*found.attrs}


@matrix(WAY, [case for case in WRITTEN if case.extras])
def test_extras(reference: ReferenceWrites, case: Case) -> None:
    found = load_assembly_from_file(reference.written(case, "assembly"), cls=assembly_class(case.cls))
    for name, extra in case.extras.items():
        assert isinstance(found.attrs[name], MetadataAssembly)
        expected = checking.in_memory(checking.in_file(extra), keeps_single_names=False)
        checking.assert_same(checking.held(found.attrs[name]), expected)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("single-coordinate", {"presentation_": "str"}),
        ("single-number-coordinates", {"presentation_": "int32", "neuroid_": "float32"}),
        ("dimension-coordinate-alone", {"presentation_": "str", "neuroid_": "str"}),
        ("dimension-coordinate-beside-others", {"presentation_level_0": "str", "stimulus_id": "str"}),
        ("behaviour", {"choice_": "str"}),
        ("legacy-image-id", {"image_id": "str", "stimulus_id": None}),
        ("coordinate-bool", {"value": "int8"}),
        ("coordinate-datetime-missing", {"value": "float64"}),
    ],
    ids=lambda value: f"{WAY}:{value}" if isinstance(value, str) else "",
)
def test_what_it_really_writes(reference: ReferenceWrites, name: str, written: dict[str, str | None]) -> None:
    """The cases are about these names and types; if they were not in the files, their tests would prove nothing."""
    case = next(case for case in WRITTEN if case.name == name)
    variables = reference.result("assembly", case.identifier)["variables"]
    assert {variable: variables.get(variable) for variable in written} == written


@matrix(WAY, OF_SHAPE[:1])
def test_an_identifier_that_is_given(reference: ReferenceWrites, case: Case) -> None:
    path = reference.written(case, "assembly")
    found = assembly_class(case.cls).from_files(path, stimulus_set_identifier="lab.Given")
    assert found.attrs["stimulus_set_identifier"] == "lab.Given"


@matrix(WAY, [case for case in OF_SHAPE if case.stimuli])
def test_with_stimuli(reference: ReferenceWrites, case: Case) -> None:
    reference.result("assembly", case.identifier)
    csv, archive, identifier = reference.stimuli(checking.stimuli_identifier(case))
    reference.result("stimuli", identifier)
    stimuli = load_stimulus_set_from_files(csv, archive)
    stimuli.identifier = identifier
    cls = assembly_class(case.cls)
    found = cls.from_files(reference.written(case, "assembly"), stimulus_set=stimuli)
    expected = put_in(case, FOUND | {"stimulus_set_identifier": identifier})
    columns = {name: checking.plain(stimuli[name].to_numpy()) for name in stimuli.columns}
    if cls.merges_stimuli:
        expected = checking.with_stimuli(expected, columns)
    assert isinstance(found.attrs["stimulus_set"], StimulusSet)
    checking.assert_same(checking.held(found), expected, but=["stimulus_set", *case.extras])


@pytest.mark.parametrize(
    ("name", "cls"),
    [("neuroid-3d", NeuroidAssembly), ("behaviour", BehavioralAssembly), ("repeated-dimension", NeuroidAssembly)],
    ids=[f"{WAY}:neuroid", f"{WAY}:behaviour", f"{WAY}:repeated-dimension"],
)
def test_the_class_follows_from_the_dimensions(reference: ReferenceWrites, name: str, cls: type[DataAssembly]) -> None:
    case = next(case for case in WRITTEN if case.name == name)
    assert type(load_assembly_from_file(reference.written(case, "assembly"))) is cls


@matrix("reference+brainpack->brainpack", PACKAGED)
def test_brainpack_adds_a_group(reference: ReferenceWrites, case: Case, tmp_path: Path) -> None:
    path = tmp_path / "added.nc"
    path.write_bytes(reference.written(case, "assembly").read_bytes())
    packaging.write_netcdf(ADDED, path, append=True, group="added")
    found = load_assembly_from_file(path, cls=assembly_class(case.cls))
    checking.assert_same(checking.held(found), put_in(case, FOUND), but=["added", *case.extras])
    expected = checking.in_memory(checking.in_file(ADDED), keeps_single_names=True)
    checking.assert_same(checking.held(found.attrs["added"]), expected)


@matrix("reference->brainpack->brainpack", OF_SHAPE)
def test_what_was_loaded_can_be_packaged(reference: ReferenceWrites, case: Case, tmp_path: Path) -> None:
    if case.name in {"single-coordinate", "single-number-coordinates", "dimension-coordinate-alone"}:
        path = reference.written(case, "array")  # written as an assembly it has lost its stimulus_id
    else:
        path = reference.written(case, "assembly")
    loaded = load_assembly_from_file(path, cls=assembly_class(case.cls))
    again = packaging.package_data_assembly_locally(loaded, "lab.Again", "lab.Stimuli", case.cls, tmp_path)
    found = checking.held(load_assembly_from_file(again["path"], cls=assembly_class(case.cls)))
    attrs = loaded.attrs | {"identifier": "lab.Again", "stimulus_set_identifier": "lab.Stimuli"}
    for name in case.extras:  # they are not packaged unless they are passed
        del attrs[name]
    checking.assert_same(found, replace(checking.held(loaded), attrs=attrs))


# -------------------------------------------------------------------------------------------------- stimuli


@matrix(WAY, WRITTEN_STIMULI)
def test_a_stimulus_set(reference: ReferenceWrites, case: StimulusCase) -> None:
    names = reference.result("stimuli", case.identifier)["names"]
    csv, archive, _ = reference.stimuli(case.identifier)
    found = load_stimulus_set_from_files(csv, archive)
    expected = checking.columns_in_csv(case) | {"filename": checking.plain(np.array(names, dtype=object))}
    assert sorted(found.columns) == sorted({*expected, "stimulus_id"})
    for name, values in expected.items():
        checking.assert_equal(checking.plain(found[name].to_numpy()), values, f"column {name}")
    assert found["stimulus_id"].tolist() == case.ids
    contents = [Path(found.get_stimulus(stimulus_id)).read_bytes() for stimulus_id in case.ids]
    assert contents == [case.content(number) for number in range(len(case.ids))]

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import xarray as xr

from brainpack.errors import CheckFailed
from brainpack.objects import assemblies
from brainpack.objects.assemblies import (
    BehavioralAssembly,
    DataAssembly,
    MetadataAssembly,
    NeuroidAssembly,
    PropertyAssembly,
    SpikeTimesAssembly,
    assembly_class,
)
from brainpack.objects.stimuli import StimulusSet

NAMES = [
    "DataAssembly",
    "NeuroidAssembly",
    "NeuronRecordingAssembly",
    "ModelFeaturesAssembly",
    "BehavioralAssembly",
    "PropertyAssembly",
    "MetadataAssembly",
    "SpikeTimesAssembly",
]


@pytest.mark.parametrize("name", NAMES)
def test_classes_by_name(name: str) -> None:
    assert assembly_class(name) is getattr(assemblies, name)
    assert assembly_class(name).__name__ == name


def test_an_unknown_class_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'NeuralAssembly'.*NeuroidAssembly.*SpikeTimesAssembly"):
        assembly_class("NeuralAssembly")


def test_what_packaging_and_loading_need_to_know() -> None:
    classes = [assembly_class(name) for name in NAMES]
    without_stimuli = {"PropertyAssembly", "MetadataAssembly", "SpikeTimesAssembly"}
    assert {c.__name__ for c in classes if not c.merges_stimuli} == without_stimuli
    assert {c.__name__ for c in classes if not c.needs_stimulus_id} == without_stimuli
    assert BehavioralAssembly.required_dims == {"presentation"}


@pytest.mark.parametrize(
    ("cls", "dims"),
    [
        (NeuroidAssembly, ("presentation", "neuroid")),
        (NeuroidAssembly, ("time_bin", "neuroid", "presentation")),
        (NeuroidAssembly, ("presentation", "presentation", "neuroid")),
        (BehavioralAssembly, ("presentation", "choice")),
        (SpikeTimesAssembly, ("event",)),
        (MetadataAssembly, ("event",)),
        (PropertyAssembly, ("neuroid", "anything")),
        (DataAssembly, ()),
    ],
)
def test_valid_dimensions(cls: type[DataAssembly], dims: tuple[str, ...]) -> None:
    cls(np.zeros((2,) * len(dims)), dims=dims).validate()


@pytest.mark.parametrize(
    ("cls", "dims"),
    [
        (NeuroidAssembly, ("presentation",)),
        (NeuroidAssembly, ("presentation", "neuroid", "time")),
        (BehavioralAssembly, ("choice",)),
        (SpikeTimesAssembly, ("presentation", "neuroid")),
        (MetadataAssembly, ("presentation",)),
    ],
)
def test_invalid_dimensions(cls: type[DataAssembly], dims: tuple[str, ...]) -> None:
    with pytest.raises(CheckFailed, match=cls.__name__) as caught:
        cls(np.zeros((2,) * len(dims)), dims=dims).validate()
    assert isinstance(caught.value, AssertionError)
    assert isinstance(caught.value, ValueError)


@pytest.fixture
def assembly() -> NeuroidAssembly:
    stimuli = StimulusSet({"stimulus_id": ["a", "b"]})
    return NeuroidAssembly(
        np.arange(6.0).reshape(2, 3),
        coords={
            "stimulus_id": ("presentation", ["a", "b"]),
            "size": ("presentation", [1, 2]),
            "neuroid_id": ("neuroid", [1, 2, 3]),
        },
        dims=["presentation", "neuroid"],
        name="rate",
        attrs={"lab": "lab", "stimulus_set": stimuli},
    )


def test_name_and_attrs_are_kept(assembly: NeuroidAssembly) -> None:
    again = DataAssembly(xr.DataArray(assembly))
    assert again.name == "rate"
    assert again.attrs.keys() == {"lab", "stimulus_set"}
    assert again.stimulus_set is assembly.stimulus_set


def test_pickle_and_deepcopy(assembly: NeuroidAssembly) -> None:
    for again in (pickle.loads(pickle.dumps(assembly)), copy.deepcopy(assembly)):  # noqa: S301 - our own bytes
        assert type(again) is NeuroidAssembly
        assert again.equals(assembly)
        assert list(again.indexes["neuroid"].names) == ["neuroid_id"]
        assert again.stimulus_set.equals(assembly.stimulus_set)


def test_the_class_stays(assembly: NeuroidAssembly) -> None:
    results = [
        assembly[0],
        assembly.T,
        assembly.sel(size=1),
        assembly.mean("neuroid"),
        assembly - assembly,
        assembly.copy(),
    ]
    assert {type(result) for result in results} == {NeuroidAssembly}


def test_arithmetic_aligns_single_coordinates(assembly: NeuroidAssembly) -> None:
    difference = assembly - assembly[:, 1:]
    assert difference["neuroid_id"].values.tolist() == [2, 3]


def test_the_input_is_not_changed() -> None:
    array = xr.DataArray([1, 2], {"a": ("p", ["x", "y"])}, ["p"])
    before = array.copy(deep=True)
    DataAssembly(array)
    assert array.identical(before)
    assert "p" not in array.indexes


def test_attributes_and_coordinates_are_not_shared_with_the_input() -> None:
    array = DataAssembly([1, 2], {"a": ("p", ["x", "y"])}, ["p"], attrs={"lab": "one"})
    again = DataAssembly(array)
    again.attrs["lab"] = "two"
    again = again.assign_coords(b=("p", [3, 4]))
    assert array.attrs == {"lab": "one"}
    assert [*array.indexes["p"].names] == ["a"]
    assert again.values.base is array.values.base


def test_the_dimension_coordinate_of_two_assemblies_still_aligns() -> None:
    a = DataAssembly([1, 2], coords={"p": ["x", "y"]}, dims=["p"])
    assert "p" in a.indexes
    assert (a + a).values.tolist() == [2, 4]

"""Published scripts call the packaging API in many shapes; all of them mean the same."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import xarray as xr

from brainpack import packaging
from brainpack.calling import also_called, catalogue_may_be_left_out
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

RATES = xr.DataArray([1.0])
STIMULI = pd.DataFrame({"stimulus_id": ["a"]})


@catalogue_may_be_left_out(data="proto_data_assembly")
@also_called(assembly_class="assembly_class_name")
def _assembly(
    catalog_identifier: Any,
    proto_data_assembly: Any,
    assembly_identifier: Any,
    stimulus_set_identifier: Any,
    assembly_class_name: Any = "NeuroidAssembly",
    bucket_name: Any = "brainio-temp",
    extras: Any = None,
) -> dict[str, Any]:
    """Give back its arguments."""
    return locals()


@catalogue_may_be_left_out(data="proto_stimulus_set")
def _stimuli(
    catalog_name: Any, proto_stimulus_set: Any, stimulus_set_identifier: Any, bucket_name: Any = "brainio-temp"
) -> dict[str, Any]:
    """Give back its arguments."""
    return locals()


# Scripts are checked by nobody; their names in error messages are those of the functions above.
assembly: Callable[..., dict[str, Any]] = _assembly
stimuli: Callable[..., dict[str, Any]] = _stimuli

# What scripts write; `data` stands for the data.
ASSEMBLY_CALLS: list[Callable[[Any], dict[str, Any]]] = [
    lambda data: assembly(None, data, "lab.A", "lab.S", "Spikes", "bucket/lab", None),
    lambda data: assembly("brainio_brainscore", data, "lab.A", "lab.S", "Spikes", "bucket/lab"),
    lambda data: assembly("", data, "lab.A", "lab.S", "Spikes", bucket_name="bucket/lab"),
    lambda data: assembly(None, data, assembly_identifier="lab.A", stimulus_set_identifier="lab.S",
                       assembly_class_name="Spikes", bucket_name="bucket/lab"),
    lambda data: assembly(None, data, "lab.A", "lab.S", assembly_class="Spikes", bucket_name="bucket/lab"),
    lambda data: assembly(data, "lab.A", "lab.S", "Spikes", "bucket/lab"),
    lambda data: assembly(data, assembly_identifier="lab.A", stimulus_set_identifier="lab.S", assembly_class="Spikes",
                       bucket_name="bucket/lab"),
    lambda data: assembly(data, "lab.A", "lab.S", "Spikes", "bucket/lab", catalog_identifier="brainio_brainscore"),
    lambda data: assembly(data, "lab.A", "lab.S", "Spikes", bucket_name="bucket/lab", catalog_name="brainio"),
    lambda data: assembly(proto_data_assembly=data, assembly_identifier="lab.A", stimulus_set_identifier="lab.S",
                       assembly_class_name="Spikes", bucket_name="bucket/lab"),
    lambda data: assembly(catalog_identifier=None, proto_data_assembly=data, assembly_identifier="lab.A",
                       stimulus_set_identifier="lab.S", assembly_class="Spikes", bucket_name="bucket/lab"),
    lambda data: assembly(proto_data_assembly=data, assembly_identifier="lab.A", stimulus_set_identifier="lab.S",
                       assembly_class="Spikes", bucket_name="bucket/lab", catalog_identifier="brainio_brainscore"),
    lambda data: assembly(proto_data_assembly=data, assembly_identifier="lab.A", stimulus_set_identifier="lab.S",
                       assembly_class="Spikes", bucket_name="bucket/lab", catalog_name="brainio_brainscore"),
    lambda data: assembly("brainio_brainscore", proto_data_assembly=data, assembly_identifier="lab.A",
                       stimulus_set_identifier="lab.S", assembly_class="Spikes", bucket_name="bucket/lab"),
]  # fmt: skip
STIMULI_CALLS: list[Callable[[Any], dict[str, Any]]] = [
    lambda data: stimuli(None, data, "lab.S", "bucket/lab"),
    lambda data: stimuli("brainio_brainscore", data, "lab.S", "bucket/lab"),
    lambda data: stimuli(None, data, stimulus_set_identifier="lab.S", bucket_name="bucket/lab"),
    lambda data: stimuli(None, proto_stimulus_set=data, stimulus_set_identifier="lab.S", bucket_name="bucket/lab"),
    lambda data: stimuli(data, "lab.S", "bucket/lab"),
    lambda data: stimuli(data, stimulus_set_identifier="lab.S", bucket_name="bucket/lab"),
    lambda data: stimuli(data, "lab.S", bucket_name="bucket/lab", catalog_name="brainio_brainscore"),
    lambda data: stimuli(proto_stimulus_set=data, stimulus_set_identifier="lab.S", bucket_name="bucket/lab"),
    lambda data: stimuli(catalog_name=None, proto_stimulus_set=data, stimulus_set_identifier="lab.S",
                      bucket_name="bucket/lab"),
    lambda data: stimuli(proto_stimulus_set=data, stimulus_set_identifier="lab.S", bucket_name="bucket/lab",
                      catalog_name="brainio_brainscore"),
]  # fmt: skip


@pytest.mark.parametrize("call", ASSEMBLY_CALLS)
def test_every_call_for_an_assembly_means_the_same(call: Callable[[Any], dict[str, Any]]) -> None:
    got = call(RATES)
    assert got.pop("proto_data_assembly") is RATES
    del got["catalog_identifier"]
    assert got == {
        "assembly_identifier": "lab.A",
        "stimulus_set_identifier": "lab.S",
        "assembly_class_name": "Spikes",
        "bucket_name": "bucket/lab",
        "extras": None,
    }


@pytest.mark.parametrize("call", STIMULI_CALLS)
def test_every_call_for_a_stimulus_set_means_the_same(call: Callable[[Any], dict[str, Any]]) -> None:
    got = call(STIMULI)
    assert got.pop("proto_stimulus_set") is STIMULI
    del got["catalog_name"]
    assert got == {"stimulus_set_identifier": "lab.S", "bucket_name": "bucket/lab"}


def test_a_class_derived_by_the_caller_is_data_too() -> None:
    class Mine(pd.DataFrame):
        pass

    mine = Mine({"stimulus_id": ["a"]})
    assert stimuli(mine, "lab.S")["proto_stimulus_set"] is mine


@pytest.mark.parametrize(
    ("call", "function"),
    [
        (assembly, "assembly"),
        (lambda: assembly(None), "assembly"),
        (lambda: assembly(RATES), "assembly"),
        (lambda: assembly(None, RATES, "lab.A", "lab.S", clas="Spikes"), "assembly"),
        (lambda: assembly(RATES, "lab.A", "lab.S", proto_data_assembly=RATES), "assembly"),
        (lambda: assembly(None, RATES, "lab.A", "lab.S", "Spikes", assembly_class="Spikes"), "assembly"),
        (lambda: assembly(None, RATES, "lab.A", "lab.S", assembly_class="A", assembly_class_name="B"), "assembly"),
        (lambda: assembly(None, RATES, *"1234567"), "assembly"),
        (lambda: assembly(catalog_identifier=None, assembly_identifier="lab.A"), "assembly"),
        (lambda: stimuli("brainio_brainscore"), "stimuli"),
        (lambda: stimuli(STIMULI), "stimuli"),
        (lambda: stimuli(None, "lab.S"), "stimuli"),
    ],
)
def test_a_wrong_call_is_an_ordinary_mistake_that_names_the_function(call: Callable[[], object], function: str) -> None:
    with pytest.raises(TypeError, match=rf"^_{function}\(\)"):
        call()


def test_the_arguments_of_the_caller_are_not_changed() -> None:
    named = {"proto_stimulus_set": STIMULI, "stimulus_set_identifier": "lab.S", "catalog_name": "c"}
    stimuli(**named)
    assert list(named) == ["proto_stimulus_set", "stimulus_set_identifier", "catalog_name"]


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (
            packaging.package_data_assembly,
            (
                "catalog_identifier, proto_data_assembly, assembly_identifier, stimulus_set_identifier, "
                "assembly_class_name='NeuroidAssembly', bucket_name='brainio-temp', extras=None"
            ),
        ),
        (
            packaging.package_stimulus_set,
            "catalog_name, proto_stimulus_set, stimulus_set_identifier, bucket_name='brainio-temp'",
        ),
        (
            packaging.package_data_assembly_locally,
            (
                "proto_data_assembly, assembly_identifier, stimulus_set_identifier, "
                "assembly_class_name='NeuroidAssembly', downloads_path=None, extras=None"
            ),
        ),
        (packaging.upload_to_s3, "source_file_path, bucket_name, target_s3_key"),
    ],
)
def test_the_signature_is_that_of_the_contract(function: Callable[..., object], parameters: str) -> None:
    shown = inspect.signature(function)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in shown.parameters.values()
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    assert str(shown.replace(parameters=bare, return_annotation=inspect.Signature.empty)) == f"({parameters})"
    assert function.__doc__


# ------------------------------------------------------------------------------------------ a replaced upload


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of AWS is set up; asking it would be an error."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize("answer", [None, {}, {"VersionId": "v"}], ids=["None", "empty", "version"])
def test_scripts_put_their_own_function_in_the_place_of_the_upload(
    offline: Path, answer: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []

    def wrapper(source_file_path: str, bucket_name: str, target_s3_key: str) -> dict[str, str] | None:
        assert Path(source_file_path).is_file()
        calls.append((source_file_path, bucket_name, target_s3_key))
        return answer

    monkeypatch.setattr(packaging, "upload_to_s3", wrapper)
    version_id = (answer or {}).get("VersionId")
    named = packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name="bucket/lab/")
    stimuli_named = packaging.package_stimulus_set(None, stimulus_set(offline / "in"), "lab.S", "bucket/lab/")
    home = offline / "home"
    assert calls == [
        (str(home / folder / name), "bucket/lab/", name)
        for folder, name in (
            ("assy_lab_A", "assy_lab_A.nc"),
            ("stimulus_lab_S", "stimulus_lab_S.csv"),
            ("stimulus_lab_S", "stimulus_lab_S.zip"),
        )
    ]
    assert all(type(call[0]) is str for call in calls)
    assert (named["version_id"], named["bucket"]) == (version_id, "bucket/lab/")
    assert (stimuli_named["csv_version_id"], stimuli_named["zip_version_id"]) == (version_id, version_id)


def test_what_the_replaced_upload_raises_reaches_the_script(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoBudgetError(Exception):
        pass

    def wrapper(*_: object) -> None:
        raise NoBudgetError

    monkeypatch.setattr(packaging, "upload_to_s3", wrapper)
    with pytest.raises(NoBudgetError):
        packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name="bucket")

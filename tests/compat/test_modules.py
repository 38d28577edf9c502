"""What the modules offer beside packaging and the classes."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import (
    BehavioralAssembly,
    IntegrityError,
    InvalidData,
    NeuroidAssembly,
    NotFound,
    StimulusSet,
    load_assembly_from_file,
    packaging,
)
from brainpack.compat.brainio import assemblies, fetch, knownfile, s3
from brainpack.compat.brainio import stimuli as stimuli_module
from brainpack.settings import Settings
from tests.helpers import png, recording, stimulus_set

if TYPE_CHECKING:
    from tests.servers.ministack import MiniStack


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


# ------------------------------------------------------------------------------------------------ where the cache is


def test_assigning_the_local_data_path_moves_the_cache(home: Path, tmp_path: Path) -> None:
    module: Any = fetch
    assert module._local_data_path == str(home)
    module._local_data_path = str(tmp_path / "other")
    assert Settings.from_environment().home == tmp_path / "other"
    assert fetch.get_local_data_path() == module._local_data_path == str(tmp_path / "other")
    module._local_data_path = None
    assert Settings.from_environment().home == home


def test_a_path_that_is_assigned_back_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("BRAINIO_HOME", raising=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetch, "_local_data_path", tmp_path / "one")
        patch.setattr(fetch, "_local_data_path", tmp_path / "two")
        assert os.environ["BRAINIO_HOME"] == str(tmp_path / "two")
    assert "BRAINIO_HOME" not in os.environ


def test_the_environment_counts_after_importing(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fetch.BRAINIO_HOME, str(tmp_path / "later"))
    assert fetch.get_local_data_path() == str(tmp_path / "later")


# ------------------------------------------------------------------------------------------------ packaged here


def test_what_was_packaged_here_is_found(home: Path, tmp_path: Path) -> None:
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S")
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S")
    packaging.package_data_assembly_locally(recording(), "lab.B", "lab.other", downloads_path=home / "assy_lab_B")
    assembly = fetch.get_assembly("lab.A")
    assert assembly.stimulus_set.identifier == "lab.S"
    assert "orientation" in assembly.coords
    assert Path(fetch.get_stimulus_set("lab.S").get_image("left")).read_bytes() == png(0)
    assert "stimulus_set" not in fetch.get_assembly("lab.B").attrs


@pytest.mark.parametrize(
    ("get", "loader"),
    [(fetch.get_assembly, "load_assembly_from_s3"), (fetch.get_stimulus_set, "load_stimulus_set_from_s3")],
)
def test_other_data_cannot_be_looked_up(home: Path, tmp_path: Path, get: Any, loader: str) -> None:
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab_S")
    with pytest.raises(NotFound, match=rf"'lab\.S' was not packaged on this machine.*{loader}"):
        get("lab.S")


# ------------------------------------------------------------------------------------------------ from S3


@pytest.fixture
def objects(s3: MiniStack) -> tuple[str, str]:
    """A bucket, and the first of two versions of an object in it."""
    bucket = s3.new_bucket(versioned=True)
    versions = [
        s3.client().put_object(Bucket=bucket, Key="lab/assy_lab_A.nc", Body=body)["VersionId"] for body in (b"1", b"22")
    ]
    return bucket, versions[0]


def test_files_of_data_sets_come_into_the_cache(objects: tuple[str, str], tmp_path: Path) -> None:
    bucket, version_id = objects
    wanted = ("lab.A", "nc", bucket, version_id, sha1(b"1"))
    path = s3.get_path(*wanted, folder_name="lab")
    assert path == str(tmp_path / "home" / sha1(b"1") / "assy_lab_A.nc")
    assert Path(path).read_bytes() == b"1"
    location = f"https://{bucket}.s3.amazonaws.com/lab/assy_lab_A.nc"
    assert fetch.fetch_file("S3", location, sha1(b"22")) == str(tmp_path / "home" / sha1(b"22") / "assy_lab_A.nc")
    assert s3.get_path(*wanted, filename_prefix="assy_", folder_name="lab") == path
    with pytest.raises(IntegrityError):
        s3.get_path("lab.A", "nc", f"{bucket}/lab", None, sha1(b"3"))
    with pytest.raises(NotFound, match=r"stimulus_lab_A\.csv"):
        s3.get_path("lab.A", "csv", f"{bucket}/lab", None, sha1(b"3"))


def test_a_fetcher_takes_objects_without_a_sha1(objects: tuple[str, str], tmp_path: Path) -> None:
    bucket, version_id = objects
    fetcher = fetch.BotoFetcher(f"https://s3.amazonaws.com/{bucket}/lab/assy_lab_A.nc", "any", version_id)
    assert (fetcher.bucketname, fetcher.relative_path) == (bucket, "lab/assy_lab_A.nc")
    path = Path(fetcher.fetch())
    assert (path, path.read_bytes()) == (tmp_path / "home/any/assy_lab_A.nc", b"1")
    path.write_bytes(b"mine")
    assert Path(fetcher.fetch()).read_bytes() == b"mine"
    with pytest.raises(InvalidData, match="names no object"):
        fetch.BotoFetcher("https://s3.amazonaws.com", "any")
    with pytest.raises(InvalidData, match="not from 'URL'"):
        fetch.fetch_file("URL", "https://host/file", sha1(b""))


def test_single_files_and_folders(objects: tuple[str, str], tmp_path: Path) -> None:
    bucket, version_id = objects
    s3.load_folder_from_s3(bucket, "lab", [("assy_lab_A.nc", version_id, sha1(b"1"))], tmp_path / "folder")
    target = tmp_path / "folder/assy_lab_A.nc"
    assert target.read_bytes() == b"1"
    s3.download_file_if_not_exists(target, bucket, "lab/assy_lab_A.nc")
    assert target.read_bytes() == b"1"
    s3.load_file_from_s3(bucket, "lab/assy_lab_A.nc", target, sha1=sha1(b"22"))
    assert target.read_bytes() == b"22"
    with pytest.raises(IntegrityError):
        s3.load_file_from_s3(bucket, "lab/assy_lab_A.nc", target, sha1=sha1(b"3"))
    assert target.read_bytes() == b"22"


def test_weights_of_models(objects: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, version_id = objects
    path = s3.load_file(bucket, "assy_lab_A.nc", version_id, folder_name="lab")
    assert (path, path.read_bytes()) == (tmp_path / "user/.brain-score/lab/assy_lab_A.nc", b"1")
    monkeypatch.setenv("BRAINSCORE_HOME", str(tmp_path / "models"))
    path = s3.load_weight_file(bucket, "assy_lab_A.nc", None, sha1(b"22"), "lab")
    assert (path, path.read_bytes()) == (tmp_path / "models/lab/assy_lab_A.nc", b"22")
    with pytest.raises(NotFound, match=r"models/weights\.pth"):
        s3.load_file(bucket, "weights.pth", None)


# ------------------------------------------------------------------------------------------------ files


def test_a_file_is_known_by_its_sha1(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"spikes")
    found = s3.sha1_hash(str(path))
    assert found == knownfile.KnownFile(path).sha1 == sha1(b"spikes")
    assert getattr(found, "sha1") == found  # noqa: B009 - scripts use the text as a KnownFile; its type is text
    assert json.loads(json.dumps(found)) == pd.Series([found])[0] == found
    assert type(pickle.loads(pickle.dumps(found))) is str  # noqa: S301 - it was made here
    fetch.verify_sha1(path, found)
    with pytest.raises(IntegrityError, match=f"expected {'0' * 40}, got {found}"):
        fetch.verify_sha1(path, "0" * 40)
    with pytest.raises(NotFound):
        s3.sha1_hash(tmp_path / "gone")


def test_a_zip_that_a_script_made_is_unpacked(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in")
    _, names = packaging.create_stimulus_zip(stimuli, tmp_path / "stimulus_lab_S.zip")
    folder = fetch.unzip(tmp_path / "stimulus_lab_S.zip")
    assert folder == str(tmp_path / "stimulus_lab_S")
    stimuli["filename"] = names
    packaging.create_stimulus_csv(stimuli, tmp_path / "stimulus_lab_S.csv")
    packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "packages")  # its file names are right
    loader = stimuli_module.StimulusSetLoader(StimulusSet, tmp_path / "stimulus_lab_S.csv", folder)
    loaded = loader.load()
    assert type(loaded) is StimulusSet
    assert Path(loaded.get_stimulus("right")).read_bytes() == png(1)


# ------------------------------------------------------------------------------------------------ classes


def test_classes_by_name() -> None:
    assert fetch.resolve_assembly_class("NeuroidAssembly") is NeuroidAssembly
    assert fetch.resolve_stimulus_set_class(None) is fetch.resolve_stimulus_set_class("StimulusSet") is StimulusSet
    with pytest.raises(ValueError, match="'Assembly'"):
        fetch.resolve_assembly_class("Assembly")
    with pytest.raises(InvalidData, match="'ImageSet'"):
        fetch.resolve_stimulus_set_class("ImageSet")


def test_a_loader_of_plugins_merges_stimuli(tmp_path: Path) -> None:
    packaging.write_netcdf(recording(), tmp_path / "file.nc")
    stimuli = stimulus_set(tmp_path / "in")
    loader = assemblies.StimulusMergeAssemblyLoader(
        cls=NeuroidAssembly,
        file_path=str(tmp_path / "file.nc"),
        stimulus_set_identifier="lab.S",
        stimulus_set=stimuli,
    )
    loaded = loader.load()
    assert type(loaded) is NeuroidAssembly
    assert loaded["orientation"].values.tolist() == [0, 22.5, 45, 0]
    assert loaded.stimulus_set is stimuli
    assert loaded.stimulus_set_identifier == "lab.S"
    bare = assemblies.StimulusMergeAssemblyLoader(NeuroidAssembly, tmp_path / "file.nc").load()
    assert "orientation" not in bare.coords


# ------------------------------------------------------------------------------------------------ the modules


def test_importing_them_is_cheap() -> None:
    code = "import json, sys, brainpack.compat.brainio; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert not {"boto3", "botocore", "dask", "matplotlib", "netCDF4", "brainio"} & {*json.loads(done.stdout)}


# ------------------------------------------------------------------------------------------------ shapes of scripts


def test_argument_names_of_older_packages(s3: MiniStack, tmp_path: Path) -> None:
    bucket = s3.new_bucket(versioned=True)
    package_stimuli: Any = packaging.package_stimulus_set
    package_assembly: Any = packaging.package_data_assembly
    stimuli = package_stimuli(stimulus_set(tmp_path / "in"), stimulus_set_name="lab.S", bucket_name=bucket)
    assembly = package_assembly(recording(), data_assembly_name="lab.A", stimulus_set_name="lab.S", bucket_name=bucket)
    assert (stimuli["identifier"], assembly["identifier"]) == ("lab.S", "lab.A")
    assert fetch.get_assembly("lab.A").stimulus_set_identifier == "lab.S"


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["a", None, "b"], "string", ["a", np.nan, "b"]),
        (["a", "b", "a"], "category", ["a", "b", "a"]),
        ([1, 2, 3], "Int16", [1, 2, 3]),
        ([1, None, 3], "Int64", [1.0, np.nan, 3.0]),
        ([True, False, True], "boolean", [True, False, True]),
    ],
)
@pytest.mark.parametrize("cls", [xr.DataArray, BehavioralAssembly])
def test_main_data_may_be_a_series_of_any_type(
    tmp_path: Path, cls: Any, values: list[Any], dtype: str, expected: list[Any]
) -> None:
    series = pd.Series([None, *values], dtype=dtype)[1:]  # its index does not begin with 0
    coords = {"stimulus_id": ("presentation", ["x", "y", "z"]), "answer": ("presentation", series)}
    given = cls(series, coords=coords, dims=["presentation"])
    result = packaging.package_data_assembly_locally(given, "lab.A", "lab.S", "BehavioralAssembly", tmp_path)
    loaded = load_assembly_from_file(result["path"])
    assert [*map(repr, loaded.values.tolist())] == [*map(repr, expected)]
    assert [*map(repr, loaded["answer"].values.tolist())] == [*map(repr, expected)]

"""The examples run on published data, and what they compare with is not brainpack."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import h5py
import numpy as np
import pytest
import xarray as xr

from brainpack import NeuroidAssembly, StimulusSet
from examples import published
from examples.comparing import assembly_differences, report, stimuli_differences

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).parents[1]


# ----------------------------------------------------------------------------------------- published data


@pytest.mark.interop
def test_all_examples_bring_published_data_back(tmp_path: Path) -> None:
    if importlib.util.find_spec("nibabel") is None:
        pytest.skip("nibabel, which brings the functional MRI run, is not installed")
    try:
        source = published.brainscore_vision()
    except published.DownloadError as error:
        pytest.skip(str(error))

    done = run_all(tmp_path, {})

    assert done.returncode == 0, done.stderr
    doubtful = {"BP-S024", "BP-S029", "BP-A020", "BP-A021", "BP-A033"}  # pictures and paths that really were published
    assert {*re.findall(r"(BP-\w+) warning", done.stderr)} == doubtful
    assert "4 of 4 data sets are identical after loading" in done.stdout
    for file in [*tmp_path.glob("*.nc"), *tmp_path.glob("*.csv"), *tmp_path.glob("*.zip")]:
        assert f"{file.name}  {file.stat().st_size:,} bytes" in done.stdout
        assert hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest() in done.stdout
    check_images(source, tmp_path)
    check_behaviour(source, tmp_path)
    check_features(source, tmp_path)
    check_fmri(tmp_path)


def check_images(source: Path, packages: Path) -> None:
    images = sorted((source / "brainscore_vision/model_helpers/check_submission/images").iterdir())
    with ZipFile(packages / "stimulus_brainscore_CheckSubmission.zip") as archive:
        assert sorted(archive.namelist()) == [image.name for image in images]
        assert [archive.read(image.name) for image in images] == [image.read_bytes() for image in images]
    assert len(images) == 20


def check_behaviour(source: Path, packages: Path) -> None:
    with (
        h5py.File(rajalingham(source) / "alexnet-probabilities.nc") as before,
        h5py.File(packages / "assy_dicarlo_Rajalingham2018_alexnet-probabilities.nc") as after,
    ):
        assert same_bits(before["__xarray_dataarray_variable__"], after["data"])
        assert after["data"].shape == (240, 24)
        assert text(before["choice_"]) == text(after["choice"])
        assert text(before["image_id"]) == text(after["stimulus_id"]) == text(after["image_id"])
        assert text(before["stimulus_path"]) == text(after["stimulus_path"])


def check_features(source: Path, packages: Path) -> None:
    name = "identifier=alexnet,stimuli_identifier=objectome-240.nc"
    with (
        h5py.File(rajalingham(source) / name) as before,
        h5py.File(packages / "assy_dicarlo_Rajalingham2018_alexnet-features.nc") as after,
    ):
        assert same_bits(before["__xarray_dataarray_variable__"], after["data"])
        assert after["data"].shape == (2400, 4096)
        paths = [PurePosixPath(path) for path in text(before["stimulus_path"])]
        assert [path.stem for path in paths] == text(after["stimulus_id"])
        assert [path.name for path in paths] == text(after["image_file_name"])
        assert text(before["layer"]) == text(after["layer"])
        assert same_bits(before["neuroid_id"], after["neuroid_id"])


def check_fmri(packages: Path) -> None:
    import nibabel as nib

    image = nib.Nifti1Image.from_filename(Path(nib.__file__).parent / "tests" / "data" / "functional.nii")
    before = np.asarray(image.dataobj)
    with h5py.File(packages / "assy_nibabel_Functional.nc") as after:
        voxels = np.stack([after[f"voxel_{axis}"][()] for axis in "xyz"])
        places = np.stack([after[axis][()] for axis in "xyz"])
        assert same_bits(before[tuple(voxels)].T, after["data"])
        assert after["data"].shape == (20, 17 * 21 * 3)
        corner = np.array([[32.0], [-40.0], [0.0]])  # millimetres, and the voxels are 4 x 4 x 8 of them
        np.testing.assert_array_equal(places, voxels * [[-4.0], [4.0], [8.0]] + corner)
        assert len(np.unique(voxels, axis=1).T) == before[..., 0].size


def rajalingham(source: Path) -> Path:
    return source / "brainscore_vision/benchmarks/rajalingham2018/test_resources"


def same_bits(before: Any, after: Any) -> bool:
    before, after = np.asarray(before), np.asarray(after)
    return bool(before.dtype == after.dtype and before.tobytes() == after.tobytes())


def text(variable: Any) -> list[str]:
    values = variable[()]
    if values.dtype.kind == "S":  # characters, padded with zeros
        return [b"".join(letters).rstrip(b"\0").decode() for letters in values]
    return [value.decode() for value in values]


# ----------------------------------------------------------------------------------- fetching without network


def test_without_network_the_error_is_clear_and_nothing_is_left(tmp_path: Path) -> None:
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}

    done = run_all(tmp_path / "packages", {"XDG_CACHE_HOME": str(tmp_path / "cache"), **nowhere})

    assert done.returncode == 1
    assert "could not be downloaded from PyPI" in done.stderr
    assert "is there a network?" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert [*(tmp_path / "cache" / "brainpack").iterdir()] == []


def test_a_damaged_download_is_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = make_wheel(tmp_path / "made.whl", {f"{published.NEEDED[0]}data.nc": b"values", "other.py": b""})
    downloads: list[Path] = []

    def download(folder: Path) -> Path:
        downloads.append(folder)
        return wheel

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(published, "download", download)

    folder = published.brainscore_vision()
    file = folder / published.NEEDED[0] / "data.nc"
    assert not (folder / "other.py").exists()
    assert published.brainscore_vision() == folder
    assert len(downloads) == 1

    for damage in (b"valu", b"Values"):
        file.write_bytes(damage)
        published.brainscore_vision()
        assert file.read_bytes() == b"values"
    file.unlink()
    published.brainscore_vision()
    assert file.read_bytes() == b"values"
    assert [path.name for path in (tmp_path / "brainpack").iterdir()] == [folder.name]


def test_an_incomplete_wheel_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = make_wheel(tmp_path / "made.whl", {}, listed={f"{published.NEEDED[0]}data.nc": b"values"})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(published, "download", lambda folder: wheel)

    with pytest.raises(published.DownloadError, match="lacks files that it lists"):
        published.brainscore_vision()
    assert [*(tmp_path / "brainpack").iterdir()] == []


def test_another_wheel_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_wheel(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        make_wheel(Path(command[-1], "brainscore_vision.whl"), {})
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", other_wheel)

    with pytest.raises(published.DownloadError, match=f"expected {published.WHEEL_SHA256}"):
        published.download(tmp_path)


def make_wheel(path: Path, files: Mapping[str, bytes], listed: Mapping[str, bytes] | None = None) -> Path:
    with ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        digests = {
            name: base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            for name, content in (listed or files).items()
        }
        lines = [f"{name},sha256={digest},0" for name, digest in digests.items()]
        archive.writestr(published.RECORD, "\n".join([*lines, f"{published.RECORD},,"]))
    return path


def run_all(output: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-W", "default::UserWarning", "-m", "examples.run_all", str(output)],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# ------------------------------------------------------------------------------------- finding differences


def assembly(values: Any = ((1.0, 2.0), (3.0, np.nan)), **changes: Any) -> NeuroidAssembly:
    coords = {
        "stimulus_id": ("presentation", ["a", "b"]),
        "depth": ("neuroid", np.array([1, 2], dtype="int16")),
    }
    array = np.array(values, dtype=changes.pop("dtype", "float32"))
    attrs = changes.pop("attrs", {"rig": "left"})
    return NeuroidAssembly(array, coords={**coords, **changes}, dims=("presentation", "neuroid"), attrs=attrs)


@pytest.mark.parametrize(
    ("loaded", "difference"),
    [
        (assembly(((1.0, 2.0), (3.0, 4.0))), "values: other values"),
        (assembly(((1.0, 2.0), (-3.0, np.nan))), "values: other values"),
        (assembly(dtype="float64"), "values: packaged as float32, loaded as float64"),
        (assembly(depth=("neuroid", [1, 2])), "coordinate depth: packaged as int16, loaded as int64"),
        (assembly(depth=("neuroid", np.array([1, 3], "int16"))), "coordinate depth: other values"),
        (assembly(stimulus_id=("presentation", ["a", "c"])), "coordinate stimulus_id: other values"),
        (assembly(extra=("neuroid", [1, 2])), "coordinate extra: not packaged, but loaded"),
        (assembly(attrs={}), "attribute rig: packaged 'left', loaded None"),
        (assembly(attrs={"rig": "right"}), "attribute rig: packaged 'left', loaded 'right'"),
        (assembly()[:1], "values: packaged ('presentation', 'neuroid') (2, 2), loaded"),
        (xr.DataArray(assembly()), "class: expected NeuroidAssembly, loaded DataArray"),
    ],
)
def test_a_difference_between_assemblies_is_found(loaded: xr.DataArray, difference: str) -> None:
    found = assembly_differences(assembly(), loaded, "NeuroidAssembly")

    assert any(line.startswith(difference) for line in found), found


def test_a_lost_coordinate_is_found() -> None:
    loaded = assembly().reset_index("neuroid").drop_vars("depth")

    found = assembly_differences(assembly(), loaded, "NeuroidAssembly")

    assert found == ["coordinate depth: packaged, but not loaded"]


def test_equal_assemblies_do_not_differ() -> None:
    text_of_numpy = assembly(stimulus_id=("presentation", np.array(["a", "b"])))
    text_of_python = assembly(stimulus_id=("presentation", np.array(["a", "b"], dtype=object)))

    assert assembly_differences(text_of_numpy, text_of_python, "NeuroidAssembly") == []


def test_a_difference_between_stimulus_sets_is_found(tmp_path: Path) -> None:
    packaged = stimuli(tmp_path / "a.png")
    expected = packaged.assign(filename=["a.png"])

    assert stimuli_differences(packaged, expected) == []
    assert stimuli_differences(packaged, packaged)[0].startswith("columns: expected")
    assert stimuli_differences(packaged, expected.assign(size=[2.0])) == ["column size: other values"]
    assert stimuli_differences(packaged, None) == ["class: expected StimulusSet, loaded NoneType"]
    other = expected.copy()
    other.stimulus_paths = stimuli(tmp_path / "b.png", b"other").stimulus_paths
    assert stimuli_differences(packaged, other) == ["bytes of the stimulus a"]


def stimuli(path: Path, content: bytes = b"pixels") -> StimulusSet:
    path.write_bytes(content)
    table = StimulusSet({"stimulus_id": ["a"], "size": [1.5]})
    table.stimulus_paths = {"a": path}
    return table


def test_a_difference_fails_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "data.nc"
    file.write_bytes(b"123")
    result = {"path": str(file), "sha1": "da39"}

    assert report("rates", result, []) is True
    assert report("rates", result, ["values: other values"]) is False
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["rates: identical after loading", "    data.nc  3 bytes  SHA-1 da39"]
    assert printed[2:] == ["rates: DIFFERS after loading", printed[1], "    different: values: other values"]

"""The bytes of packaged files do not change: not by hash seed, file times, process or library version."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import NeuroidAssembly, StimulusSet, packaging
from tests.golden.cases import digests
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = json.loads(Path(__file__).with_name("sha1.json").read_text())


def test_bytes_are_those_of_the_golden_file(tmp_path: Path) -> None:
    assert digests(tmp_path) == GOLDEN


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_bytes_do_not_depend_on_the_hash_seed_or_the_process(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-m", "tests.golden.cases"]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=_root())
    assert json.loads(printed.stdout) == GOLDEN


def test_bytes_do_not_depend_on_file_times_and_permissions(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path)
    for path in stimuli.stimulus_paths.values():
        os.utime(path, (1_000_000_000, 1_000_000_000))
        Path(path).chmod(0o600)
    assert packaging.create_stimulus_zip(stimuli, tmp_path / "s.zip")[0] == GOLDEN["stimulus set, zip"]


@pytest.mark.parametrize("container", [list, tuple, np.array, pd.Series, pd.Index, pd.Categorical])
def test_bytes_do_not_depend_on_what_held_the_columns(container: Callable[[Any], Any], tmp_path: Path) -> None:
    original = stimulus_set(tmp_path)
    same = StimulusSet({name: container(original[name].tolist()) for name in original.columns})
    same.stimulus_paths = original.stimulus_paths
    result = packaging.package_stimulus_set_locally(same, "lab.Same", tmp_path)
    assert [result["csv_sha1"], result["zip_sha1"]] == [GOLDEN["stimulus set, csv"], GOLDEN["stimulus set, zip"]]


def test_bytes_do_not_depend_on_how_the_array_lies_in_memory(tmp_path: Path) -> None:
    array = recording()
    fortran = array.copy(data=np.asfortranarray(array.values))
    big_endian = array.copy(data=array.values.astype(">f4"))
    view = xr.concat([array, array], "neuroid").isel(neuroid=slice(0, 3))
    gathered = NeuroidAssembly(array)
    written = {packaging.write_netcdf(same, tmp_path / "a.nc") for same in (array, fortran, big_endian, view, gathered)}
    assert len(written) == 1


def _root() -> Path:
    return Path(__file__).parents[2]

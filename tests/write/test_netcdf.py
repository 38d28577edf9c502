from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from brainpack import load_assembly_from_file, packaging
from tests.helpers import recording

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "coords",
    [
        {"string2": ("n", ["aa", "bb", "c"])},
        {"text": ("n", ["aa", "bb", "c"]), "string2": ("n", [1, 2, 3]), "string2_": ("n", [4, 5, 6])},
    ],
)
def test_text_beside_a_name_that_its_dimension_would_have(coords: dict[str, Any], tmp_path: Path) -> None:
    packaging.write_netcdf(xr.DataArray([1, 2, 3], coords, ("n",)), tmp_path / "a.nc")
    loaded = load_assembly_from_file(tmp_path / "a.nc")
    assert {name: loaded[name].values.tolist() for name in coords} == {name: coords[name][1] for name in coords}


def test_a_dimension_named_as_that_of_text(tmp_path: Path) -> None:
    array = xr.DataArray([1, 2, 3], {"r": ("string3", ["ccc", "dda", "eee"])}, ("string3",))
    packaging.write_netcdf(array, tmp_path / "a.nc")
    loaded = load_assembly_from_file(tmp_path / "a.nc")
    assert loaded["r"].dims == ("string3",)
    assert loaded["r"].values.tolist() == ["ccc", "dda", "eee"]


def test_an_extra_named_as_the_dimension_of_text(tmp_path: Path) -> None:
    spikes = xr.DataArray([1, 2], {"u": ("event", ["aa", "bb"])}, ("event",))
    extras = {"string2": xr.DataArray([7], dims="event")}
    result = packaging.package_data_assembly_locally(
        spikes, "lab.A", "lab.S", "SpikeTimesAssembly", tmp_path, extras=extras
    )
    assert load_assembly_from_file(result["path"]).attrs["string2"].values.tolist() == [7]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on memory")
def test_one_long_text_does_not_make_every_row_long_in_memory(tmp_path: Path) -> None:
    code = """
        import resource, sys
        import numpy as np, xarray as xr
        from brainpack import packaging
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
        notes = np.array(["x" * 40_000] + ["y"] * 99_999, dtype=object)  # 4 GB if every row were as long
        packaging.write_netcdf(xr.DataArray(np.zeros(100_000), {"note": ("n", notes)}, ("n",)), sys.argv[1])
    """
    subprocess.run([sys.executable, "-c", dedent(code), str(tmp_path / "a.nc")], check=True, timeout=300)


def test_a_warning_names_the_line_of_the_caller(tmp_path: Path) -> None:
    array = recording().assign_coords(t=("time_bin", [0, 1], {"units": "ms"}))
    with pytest.warns(UserWarning, match="BP-A012") as caught:
        packaging.package_data_assembly_locally(array, "lab.A", "lab.S", downloads_path=tmp_path)
    assert [warning.filename for warning in caught] == [__file__]


def test_integers_beside_missing_ones_come_back_as_floats(tmp_path: Path) -> None:
    array = xr.DataArray([1, 2], {"n": ("event", np.array([2**53, None], dtype=object))}, ("event",))
    packaging.write_netcdf(array, tmp_path / "a.nc")
    np.testing.assert_array_equal(load_assembly_from_file(tmp_path / "a.nc")["n"].values, [2.0**53, np.nan])

"""What the golden SHA-1s are of. Run as a script, it prints them: `python -m tests.golden.cases`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from brainpack import packaging
from tests.helpers import recording, stimulus_set


def digests(folder: Path) -> dict[str, str]:
    """Package the same data as ever into `folder`; SHA-1 by case."""
    stimuli = packaging.package_stimulus_set_locally(stimulus_set(folder / "text"), "lab.Golden2026", folder)
    numbered = stimulus_set(folder / "numbers", ids=range(300))
    integers = packaging.package_stimulus_set_locally(numbered, "lab.Golden2026.integers", folder)
    return {
        "stimulus set, csv": stimuli["csv_sha1"],
        "stimulus set, zip": stimuli["zip_sha1"],
        "integer ids, csv": integers["csv_sha1"],
        "integer ids, zip": integers["zip_sha1"],
        "recording": _assembly(recording(), "NeuroidAssembly", folder),
        "many chunks": _assembly(_long(), "NeuroidAssembly", folder),
        "spike times with trials": _assembly(_spikes(), "SpikeTimesAssembly", folder, {"trials": _trials()}),
        "answers": _assembly(_answers(), "BehavioralAssembly", folder),
        "uncompressed": packaging.write_netcdf(recording(), folder / "plain.nc", compress=False),
    }


def _assembly(array: xr.DataArray, cls: str, folder: Path, extras: dict[str, xr.DataArray] | None = None) -> str:
    result = packaging.package_data_assembly_locally(
        array, f"lab.Golden2026.{cls}", "lab.Golden2026", cls, downloads_path=folder / "assemblies", extras=extras
    )
    return result["sha1"]


def _long() -> xr.DataArray:
    values = (np.arange(3000 * 200) * 7919 % 1009 / 8).reshape(3000, 200)
    coords = {
        "stimulus_id": ("presentation", [f"image {number % 100}" for number in range(3000)]),
        "repetition": ("presentation", np.arange(3000) // 100),
        "neuroid_id": ("neuroid", np.arange(200)),
    }
    return xr.DataArray(values, coords, ("presentation", "neuroid"))


def _spikes() -> xr.DataArray:
    return xr.DataArray(
        np.arange(1000) * 0.25, {"neuroid_id": ("event", [f"unit {n % 7}" for n in range(1000)])}, ("event",)
    )


def _trials() -> xr.DataArray:
    return xr.DataArray(np.arange(4), {"stimulus_id": ("event", ["left", "right", "left", "日本"])}, ("event",))


def _answers() -> xr.DataArray:
    coords = {"stimulus_id": ("presentation", ["left", "right", "日本"]), "subject": ("presentation", ["a", "a", "b"])}
    return xr.DataArray(["left", "left", "right"], coords, ("presentation",))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        sys.stdout.write(json.dumps(digests(Path(temporary)), indent=2) + "\n")

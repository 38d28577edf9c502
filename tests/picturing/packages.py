"""Packages as they are, without the checks that packaging makes: whatever a lab or an attacker puts into them."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from brainpack import Record
from brainpack.digest import digest_file
from brainpack.layout import RECORD_SUFFIX, store_name
from brainpack.record.records import RecordedFile
from brainpack.write.netcdf import ROOT, write_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from brainpack.layout import Kind

VERSIONS: Final = {"brainpack": "0.1.0"}
ATTACK: Final = "</script><script>hurt()</script><img src=x onerror=hurt()>\"'><svg onload=hurt()>{{7*7}}"


def stimuli_package(
    folder: Path, table: pd.DataFrame, contents: Mapping[str, bytes], identifier: str = "lab.Set", **about: Any
) -> Path:
    """A stimulus set whose table and ZIP are these."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / store_name("stimulus_set", identifier)
    table.to_csv(stem.with_suffix(".csv"), index=False)
    with zipfile.ZipFile(stem.with_suffix(".zip"), "w") as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return recorded(
        "stimulus_set", identifier, "StimulusSet", [stem.with_suffix(".csv"), stem.with_suffix(".zip")], about
    )


def assembly_package(
    folder: Path,
    array: xr.DataArray,
    cls: str = "NeuroidAssembly",
    identifier: str = "lab.Rates",
    extras: Mapping[str, xr.DataArray] | None = None,
    **about: Any,
) -> Path:
    """An assembly with these values."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{store_name('assembly', identifier)}.nc"
    path.unlink(missing_ok=True)
    write_arrays({ROOT: array, **(extras or {})}, path)
    return recorded("assembly", identifier, cls, [path], about)


def recorded(kind: Kind, identifier: str, cls: str, paths: list[Path], about: dict[str, Any]) -> Path:
    files = tuple(RecordedFile.of(path.name, digest_file(path)) for path in paths)
    about = {"findings": {}, **about}
    record = Record(identifier, kind, cls, files, "0" * 64, created="2026-12-01", versions=VERSIONS, **about)
    path = paths[0].with_name(paths[0].stem + RECORD_SUFFIX)
    path.write_text(record.to_json(), "utf-8")
    return path


def rates(
    stimuli: int = 6, repetitions: int = 4, neuroids: int = 5, bins: int = 3, *, seed: int = 0, noise: float = 0.5
) -> xr.DataArray:
    """Responses that depend on the stimulus, of neurons of two regions."""
    random = np.random.default_rng(seed)
    shown = np.tile(np.arange(stimuli), repetitions)
    drive = random.uniform(1, 9, (stimuli, neuroids, bins))[shown]
    ids = [f"n{number}" for number in range(neuroids)]
    coords = {
        "stimulus_id": ("presentation", [f"s{number}" for number in shown]),
        "repetition": ("presentation", np.repeat(np.arange(repetitions), stimuli)),
        "neuroid_id": ("neuroid", ids),
        "region": ("neuroid", ["V4" if number % 2 else "IT" for number in range(neuroids)]),
        "time_bin_start": ("time_bin", np.arange(bins) * 10 - 10),
        "time_bin_end": ("time_bin", np.arange(bins) * 10),
    }
    values = drive + noise * random.standard_normal(drive.shape)
    return xr.DataArray(values, coords, ("presentation", "neuroid", "time_bin"), attrs={"units": "spikes/s"})

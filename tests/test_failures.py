"""What is left behind when something goes wrong: nothing partial, and nothing that was there before is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr

import brainpack
from brainpack import InvalidData, StoreError, packaging
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]

# A limit on the size of files makes write() fail as a full disk does, on any machine and for any user.
SMALL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    import numpy as np, xarray as xr
    from brainpack import StoreError, packaging
    from tests.helpers import stimulus_set
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    folder = Path(sys.argv[1])
    values = np.random.default_rng(0).normal(size=(2000, 200))
    coords = {"stimulus_id": ("presentation", np.arange(2000)), "neuroid_id": ("neuroid", np.arange(200))}
    noise = xr.DataArray(values, coords, ("presentation", "neuroid"))
    stimuli = stimulus_set(folder / "in", ids=range(4000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))  # what measures coverage needs half of it
    calls = {
        "assembly": lambda: packaging.package_data_assembly_locally(noise, "lab.A", "lab.S", downloads_path=folder),
        "netcdf": lambda: packaging.write_netcdf(noise, folder / "noise.nc"),
        "stimuli": lambda: packaging.package_stimulus_set_locally(stimuli, "lab.S", folder),
        "zip": lambda: packaging.create_stimulus_zip(stimuli, folder / "stimuli.zip"),
    }
    try:
        calls[sys.argv[2]]()
    except StoreError as error:
        print(error)
    else:
        sys.exit("nothing was raised")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
@pytest.mark.parametrize("call", ["assembly", "netcdf", "stimuli", "zip"])
def test_a_full_disk_leaves_no_partial_file(call: str, tmp_path: Path) -> None:
    printed = subprocess.run(
        [sys.executable, "-c", dedent(SMALL_DISK), tmp_path, call],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert printed.returncode == 0, printed.stderr
    assert "could not be written" in printed.stdout
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_full_disk_keeps_the_earlier_package(tmp_path: Path) -> None:
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path)
    subprocess.run([sys.executable, "-c", dedent(SMALL_DISK), tmp_path, "assembly"], check=True, cwd=ROOT, timeout=120)
    loaded = brainpack.load(tmp_path / "assy_lab_A.brainpack.json")
    np.testing.assert_array_equal(loaded.values, recording().values)


# The default action of SIGALRM ends the process on the spot, as SIGKILL does, and needs nobody to wait for the moment.
KILLED = """
    import signal, sys
    from pathlib import Path
    from brainpack import packaging
    from tests.helpers import recording, stimulus_set
    folder = Path(sys.argv[1])
    stimuli = stimulus_set(folder / "in", ids=range(300))
    for turn in range(1000):
        packaging.package_stimulus_set_locally(stimuli, "lab.S", folder)
        packaging.package_data_assembly_locally(recording(range(300)), "lab.A", "lab.S", downloads_path=folder)
        if turn == 0:
            signal.setitimer(signal.ITIMER_REAL, float(sys.argv[2]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGALRM")
@pytest.mark.parametrize("seconds", [0.001, 0.013, 0.029, 0.047, 0.061, 0.083])
def test_a_killed_process_leaves_whole_files_and_true_records(seconds: float, tmp_path: Path) -> None:
    command = [sys.executable, "-c", dedent(KILLED), str(tmp_path), str(seconds)]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode == -signal.SIGALRM
    for record in tmp_path.glob("*.brainpack.json"):
        brainpack.load(record)
    stimuli = stimulus_set(tmp_path / "in", ids=range(300))
    packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path)
    packaging.package_data_assembly_locally(recording(range(300)), "lab.A", "lab.S", downloads_path=tmp_path)
    assert brainpack.load(tmp_path / "assy_lab_A.brainpack.json").sizes["presentation"] == 300


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=folder),
        lambda folder: packaging.package_stimulus_set_locally(
            stimulus_set(folder.parent.parent / "in"), "lab.S", folder
        ),
        lambda folder: packaging.write_netcdf(recording(), folder / "a.nc"),
        lambda folder: packaging.create_stimulus_csv(stimulus_set(folder.parent.parent / "in"), folder / "a.csv"),
    ],
)
def test_a_folder_that_cannot_be_written_is_an_error(write: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="could not be written") as caught:
        write(tmp_path / "file" / "folder")
    assert isinstance(caught.value, OSError)
    assert (tmp_path / "file").read_text() == "not a folder"


def test_a_stimulus_that_is_gone_leaves_the_earlier_package(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in")
    packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    dangling = tmp_path / "in" / "dangling.png"
    dangling.symlink_to(tmp_path / "nowhere.png")
    stimuli.stimulus_paths = {**stimuli.stimulus_paths, "right": dangling}
    with pytest.raises(InvalidData, match=r"BP-S005.*dangling\.png"):
        packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_bad_input_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in", ids=["NA", "../x", "dup", "dup"])
    stimuli.stimulus_paths = {key: path for key, path in stimuli.stimulus_paths.items() if key != "NA"}
    with pytest.raises(InvalidData) as caught:
        packaging.package_stimulus_set_locally(stimuli, "not an identifier", tmp_path / "out")
    assert caught.value.report is not None
    assert {finding.rule for finding in caught.value.report.errors} == {
        "BP-R001", "BP-S002", "BP-S003", "BP-S004", "BP-S005",
    }  # fmt: skip
    assert all(rule in str(caught.value) for rule in ("BP-R001", "BP-S002", "BP-S003", "BP-S004", "BP-S005"))
    array = xr.DataArray(np.zeros((0, 2), dtype=np.float16), dims=("a b", "neuroid"), attrs={"bad": object()})
    with pytest.raises(InvalidData) as caught:
        packaging.package_data_assembly_locally(array, "lab.A", "", downloads_path=tmp_path / "out")
    assert caught.value.report is not None
    assert {finding.rule for finding in caught.value.report.errors} == {
        "BP-R001", "BP-A002", "BP-A004", "BP-A005", "BP-A006", "BP-A007",
    }  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_identifiers_that_share_file_names_are_refused(tmp_path: Path) -> None:
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set", tmp_path)
    packaging.package_data_assembly_locally(recording(), "lab.Set", "lab.Set", downloads_path=tmp_path)
    with pytest.raises(InvalidData, match=r"BP-R002.*'lab\.Set'"):
        packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab_Set", tmp_path)
    with pytest.raises(InvalidData, match=r"BP-R002.*'lab\.Set'"):
        packaging.package_data_assembly_locally(recording(), "lab_Set", "lab.Set", downloads_path=tmp_path)

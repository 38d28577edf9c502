from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import dask.array
import h5py
import hypothesis.strategies as st
import numpy as np
import pytest
import xarray as xr
from hypothesis import given

from brainpack import StimulusSet, StoreError, load_assembly_from_file
from brainpack.pipeline import package_assembly, package_stimuli, write_netcdf_file, write_stimulus_zip
from brainpack.resources import (
    UNLIMITED,
    disk_left,
    human_size,
    memory_left,
    memory_limits,
    require_disk,
    require_memory,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from brainpack.resources import Limit

MIB = 1 << 20
GIB = 1 << 30


def limits(folder: Path, files: Mapping[str, object]) -> list[Limit]:
    """Those of a system that shows `proc/…` and `cgroups/…`, without what is set for the process of the tests."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n", "utf-8")
    found = memory_limits(folder / "proc", folder / "cgroups")
    return [limit for limit in found if "ulimit" not in limit.name]


def v2(group: str, most: object, used: int, inactive: int = 0) -> dict[str, object]:
    return {
        f"cgroups/{group}/memory.max": most,
        f"cgroups/{group}/memory.current": used,
        f"cgroups/{group}/memory.stat": f"anon 5\nfile 6\ninactive_file {inactive}\nactive_file 7",
    }


def v1(group: str, most: int, used: int, inactive: int = 0) -> dict[str, object]:
    return {
        f"cgroups/memory/{group}/memory.limit_in_bytes": most,
        f"cgroups/memory/{group}/memory.usage_in_bytes": used,
        f"cgroups/memory/{group}/memory.stat": f"inactive_file 1\ntotal_inactive_file {inactive}",
    }


def test_memory_that_can_be_freed_without_swapping_is_left(tmp_path: Path) -> None:
    meminfo = "MemTotal:       8000000 kB\nMemFree:          1000 kB\nMemAvailable:    3000000 kB"
    ((left, name),) = limits(tmp_path, {"proc/meminfo": meminfo})
    assert (left, name) == (3_000_000 << 10, "the RAM of this machine")


def test_a_cgroup_limits_and_its_file_cache_is_free(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/job", **v2("job", most=1536 * MIB, used=1000 * MIB, inactive=400 * MIB)}
    assert limits(tmp_path, files) == [(936 * MIB, "the cgroup limit of 1.5 GiB")]


def test_every_parent_of_a_cgroup_limits_it(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/slurm/job:7/step",
        **v2("", most="max", used=9 * GIB),
        **v2("slurm", most=8 * GIB, used=7 * GIB),
        **v2("slurm/job:7", most=4 * GIB, used=GIB),
        **v2("slurm/job:7/step", most="max", used=MIB),
    }
    assert sorted(limits(tmp_path, files)) == [
        (GIB, "the cgroup limit of 8 GiB"),
        (3 * GIB, "the cgroup limit of 4 GiB"),
    ]


@pytest.mark.parametrize("path", ["/docker/0123abcd", "/../../kubepods/0123abcd", "/"])
def test_a_container_sees_its_own_cgroup_as_the_root(path: str, tmp_path: Path) -> None:
    outside = {"memory.max": MIB, "memory.current": 0}
    newer = {"proc/self/cgroup": f"0::{path}", **v2("", most=2 * GIB, used=GIB), **outside}
    older = {"proc/self/cgroup": f"4:memory:{path}", **v1("", most=2 * GIB, used=GIB)}
    for name, files in (("v1", older), ("v2", newer)):
        assert limits(tmp_path / name, files) == [(GIB, "the cgroup limit of 2 GiB")]


def test_cgroups_of_the_first_version(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "9:name=systemd:/user\n5:cpu,memory:/user/job\n1:cpuset:/\n0::/user",
        **v1("user", most=0x7FFFFFFFFFFFF000, used=5 * GIB),
        **v1("user/job", most=2 * GIB, used=2 * GIB, inactive=GIB),
    }
    found = limits(tmp_path, files)
    assert min(found) == (GIB, "the cgroup limit of 2 GiB")
    assert max(found).left > 1 << 60


def test_a_limit_that_was_lowered_below_what_is_used(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/job", **v2("job", most=GIB, used=2 * GIB)}
    assert limits(tmp_path, files)[0].left == -GIB


def test_a_system_that_shows_nothing_sets_no_limit(tmp_path: Path) -> None:
    assert limits(tmp_path, {}) == []


GARBAGE = st.text(max_size=60) | st.sampled_from(["max", "-1", "9" * 5000, "0::", "0::/a\0b", ":::", "memory", "²"])


@given(garbage=st.lists(GARBAGE, min_size=6, max_size=6))
def test_whatever_the_files_hold_they_never_crash(garbage: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    group, *texts = garbage
    names = ["proc/meminfo", "proc/self/statm", "cgroups/memory.max", "cgroups/memory.current", "cgroups/memory.stat"]
    files = {"proc/self/cgroup": f"0::/{group}\n{group}", **dict(zip(names, texts, strict=True))}
    found = limits(tmp_path_factory.mktemp("system"), files)
    assert all(isinstance(limit.left, int) for limit in found)


@pytest.mark.parametrize("name", ["memory.max", "memory.current"])
def test_half_of_what_is_needed_to_know_a_limit_is_no_limit(name: str, tmp_path: Path) -> None:
    files: dict[str, object] = {"proc/self/cgroup": "0::/job", **v2("job", most=GIB, used=MIB)}
    files[f"cgroups/job/{name}"] = "unknown"
    assert limits(tmp_path, files) == []


def test_a_system_without_ulimit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    assert memory_limits(tmp_path, tmp_path) == []


def test_a_disk_that_does_not_tell_sets_no_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    assert disk_left(tmp_path) == UNLIMITED


def in_a_child(code: str, *arguments: str) -> Any:
    command = [sys.executable, "-c", dedent(code), *arguments]
    return json.loads(subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell what of a limit is used")
@pytest.mark.parametrize(("limit", "option"), [("RLIMIT_AS", "-v"), ("RLIMIT_DATA", "-d")])
def test_what_ulimit_leaves_can_be_taken_and_no_more(limit: str, option: str) -> None:
    code = """
        import json, mmap, resource, sys
        from brainpack.resources import memory_left, require_memory
        limit = getattr(resource, sys.argv[1])
        reserved = mmap.mmap(-1, 256 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        resource.setrlimit(limit, (768 << 20, 768 << 20))
        left = memory_left()
        def takes(count):
            try:
                mmap.mmap(-1, count, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
            except (OSError, MemoryError):
                return False
            return True
        can = [takes(left - (8 << 20)), takes(left + (8 << 20))]
        require_memory(left - (8 << 20), "reading", str)
        try:
            require_memory(left + (8 << 20), "reading lab.A", "take half of {}".format)
        except OSError as error:
            print(json.dumps({"left": left, "can": can, "errno": error.errno, "message": str(error)}))
    """
    found = in_a_child(code, limit)
    assert 0 < found["left"] < 512 * MIB
    assert found["can"] == [True, False]
    assert found["errno"] == errno.ENOMEM
    needed, left = human_size(found["left"] + 8 * MIB), human_size(found["left"])
    assert found["message"].startswith(
        f"reading lab.A takes about {needed} of memory, but 'ulimit {option}' of 768 MiB"
    )
    assert found["message"].endswith(f" leaves {left}; take half of {found['left']}")


def test_memory_beyond_all_limits_is_refused() -> None:
    require_memory(0, "reading", str)
    with pytest.raises(StoreError, match=r"^reading takes about 16384 PiB of memory, but .* leaves .*; read a part$"):
        require_memory(1 << 64, "reading", lambda _: "read a part")


def test_memory_left_is_never_less_than_nothing() -> None:
    assert 0 < memory_left() <= UNLIMITED


def test_a_folder_that_will_be_made_is_on_the_disk_of_its_parent(tmp_path: Path) -> None:
    now = shutil.disk_usage(tmp_path).free
    assert disk_left(tmp_path / "lab" / "packages") == pytest.approx(now, rel=0.5)
    (tmp_path / "file").touch()
    assert disk_left(tmp_path / "file" / "in a file") > 0


def test_what_the_disk_does_not_hold_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    require_disk(0, folder, "writing lab.A")
    needed = 2 * disk_left(folder) + GIB
    with pytest.raises(StoreError, match=rf"^writing lab\.A takes {human_size(needed)} of disk, but") as caught:
        require_disk(needed, folder, "writing lab.A")
    assert caught.value.errno == errno.ENOSPC
    assert f"the file system of {folder} leaves " in str(caught.value)
    assert "; free " in str(caught.value)
    assert not folder.exists()


@given(size=st.integers(0, 1 << 60))
def test_sizes_are_told_to_three_digits_and_more(size: int) -> None:
    number, unit = human_size(size).split()
    exponent = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"].index(unit)
    assert float(number) < 1024 or unit == "PiB"
    assert float(number) * 1024**exponent == pytest.approx(size, rel=0.051)


def test_an_assembly_that_no_memory_holds_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "vast.nc"
    with h5py.File(path, "w") as file:  # values that were never written take no room in the file
        file.create_dataset("event", (1 << 47,), "f8", chunks=(1 << 20,))
        file.create_dataset("data", (1 << 47,), "f8")
        file["event"].make_scale("This is a netCDF dimension but not a netCDF variable.")
        file["data"].dims[0].attach_scale(file["event"])
    with pytest.raises(
        StoreError, match=r"vast\.nc takes about 1 PiB of memory, but .*; pass chunks=\"auto\""
    ) as caught:
        load_assembly_from_file(path)
    assert caught.value.errno == errno.ENOMEM
    assert load_assembly_from_file(path, chunks=1 << 45)[-3:].values.tolist() == [0, 0, 0]


def vast() -> xr.DataArray:
    def refuse(block: object) -> None:
        raise AssertionError(block)

    values = dask.array.zeros((1 << 50, 4), chunks=-1).map_blocks(refuse, dtype=float, meta=np.empty((0, 0)))
    return xr.DataArray(values, dims=("presentation", "neuroid"))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(
            lambda folder: package_assembly(vast(), "lab.A", "lab.S", "PropertyAssembly", folder), id="package"
        ),
        pytest.param(lambda folder: write_netcdf_file(vast(), folder / "a.nc"), id="a file alone"),
    ],
)
def test_an_assembly_that_no_memory_holds_is_not_written(write: Callable[[Path], Any], tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^writing .* of memory, but .* blocks of at most .* fit") as caught:
        write(tmp_path / "packages")
    assert caught.value.errno == errno.ENOMEM
    assert [*tmp_path.iterdir()] == []


@contextmanager
def small_files() -> Iterator[None]:
    """What is begun in spite of all shall not fill the disk."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda stimuli, folder: package_stimuli(stimuli, "lab.S", folder), id="package"),
        pytest.param(lambda stimuli, folder: write_stimulus_zip(stimuli, folder / "a.zip"), id="a ZIP alone"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_stimuli_that_the_disk_does_not_hold_are_not_packed(
    write: Callable[[StimulusSet, Path], Any], tmp_path: Path
) -> None:
    source = tmp_path / "vast.mp4"
    with source.open("wb") as file:
        file.truncate(1 << 40)  # of nothing, which takes no room
    ids = [f"movie{number}" for number in range(disk_left(tmp_path) // (1 << 40) + 2)]
    stimuli = StimulusSet({"stimulus_id": ids})
    stimuli.stimulus_paths = dict.fromkeys(ids, source)
    with small_files(), pytest.raises(StoreError, match=r"^packing .* TiB of disk, but the file system of ") as caught:
        write(stimuli, tmp_path / "packages")
    assert caught.value.errno == errno.ENOSPC
    assert [*tmp_path.iterdir()] == [source]

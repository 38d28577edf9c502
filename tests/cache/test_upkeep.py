"""What is in the cache, cleaning it up, and carrying it to another machine."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from brainpack import IntegrityError, InvalidData, NotFound, StoreError
from brainpack.cache.bundles import export_bundle, import_bundle
from brainpack.cache.entries import Cache, Wanted
from brainpack.cache.upkeep import entries, is_whole, prune
from brainpack.digest import digest_file
from brainpack.settings import Settings
from brainpack.testing.material import contents, write
from tests.helpers import recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = timedelta(days=1)


def cache_in(folder: Path) -> Cache:
    return Cache(Settings(packages=folder, home=folder, part_size=5 << 20))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return cache_in(tmp_path / "home")


@pytest.fixture
def fetched(cache: Cache, tmp_path: Path) -> Callable[[str, bytes], Path]:
    def fetch(name: str, data: bytes) -> Path:
        write(tmp_path / "store", data, name)
        wanted = Wanted(name, digest_file(tmp_path / "store" / name).promise, str(tmp_path / "store"))
        return cache.files([wanted])[0]

    return fetch


def test_files_are_listed_with_what_was_unpacked_from_them(cache: Cache, fetched: Callable[[str, bytes], Path]) -> None:
    archive = fetched("stimulus_lab_S.zip", b"zip")
    write(archive.with_suffix(""), b"picture", "a.png")
    table = fetched("stimulus_lab_S.csv", b"table")
    write(cache.home / "assy_on_its_way", b"to the store", "assy.nc")
    found = {entry.path: (entry.size, entry.sha1) for entry in entries(cache)}
    assert found == {archive: (10, archive.parent.name), table: (5, table.parent.name)}


def test_an_empty_cache_lists_nothing(cache: Cache) -> None:
    assert list(entries(cache)) == []
    assert list(prune(cache, None)) == []


def test_what_was_loaded_last_comes_first(cache: Cache, fetched: Callable[[str, bytes], Path]) -> None:
    first, second = fetched("a.nc", b"a"), fetched("b.nc", b"b")
    make_old(cache, first, days=2)
    assert [entry.path for entry in entries(cache)] == [second, first]


def test_damage_is_found_also_where_a_file_looks_the_same(cache: Cache, fetched: Callable[[str, bytes], Path]) -> None:
    whole, damaged = fetched("a.nc", b"spikes"), fetched("b.nc", b"SPIKES")
    damaged.write_bytes(b"?PIKES")
    assert {entry.path: is_whole(cache, entry) for entry in entries(cache)} == {whole: True, damaged: False}


def make_old(cache: Cache, path: Path, days: float) -> None:
    note = cache.home / ".brainpack" / "digests" / path.parent.name / f"{path.name}.json"
    then = note.stat().st_mtime - days * DAY.total_seconds()
    os.utime(note, (then, then))


def test_pruning_removes_what_broke_off_and_what_was_not_used(
    cache: Cache, fetched: Callable[[str, bytes], Path]
) -> None:
    old, new = fetched("stimulus_lab_S.zip", b"zip"), fetched("assy_lab_A.nc", b"nc")
    write(old.with_suffix(""), b"picture", "a.png")
    make_old(cache, old, days=31)
    broken = write(new.parent, b"half", ".assy_lab_A.nc.0123.partial")
    said = {removal.path for removal in prune(cache, 30 * DAY, only_say=True)}
    assert said == {broken, old, old.with_suffix("")}
    assert broken.exists()
    assert old.exists()
    assert sum(removal.size for removal in prune(cache, 30 * DAY)) == 4 + 3 + 7
    assert not old.parent.exists()
    assert contents(new.parent) == {"assy_lab_A.nc": b"nc"}
    assert list(prune(cache, None)) == []


def test_what_another_process_fetches_is_not_pruned(cache: Cache, fetched: Callable[[str, bytes], Path]) -> None:
    path = fetched("a.nc", b"a")
    broken = write(path.parent, b"half", ".a.nc.0123.partial")
    with cache.locked(path.parent.name):
        assert list(prune(cache, timedelta(0))) == []
    assert broken.exists()


def test_what_another_process_unpacks_is_not_pruned(cache: Cache, fetched: Callable[[str, bytes], Path]) -> None:
    path = fetched("stimulus_lab_S.zip", b"zip")
    partial = write(path.parent / ".stimulus_lab_S.0123.partial", b"picture", "a.png")
    with FileLock(path.parent / ".stimulus_lab_S.lock"):
        assert list(prune(cache, timedelta(0))) == []
    assert partial.exists()
    assert [removal.path for removal in prune(cache, None)] == [partial.parent]


def test_what_is_no_folder_of_the_cache_is_left_alone(
    cache: Cache, fetched: Callable[[str, bytes], Path], tmp_path: Path
) -> None:
    path = fetched("a.nc", b"a")
    (cache.home / ("0" * 40)).symlink_to(tmp_path)
    (removal,) = [removal for removal in prune(cache, timedelta(0)) if removal.path == path]
    assert removal.reason == "not used for 0 days"
    assert (cache.home / ("0" * 40)).is_symlink()


# ----------------------------------------------------------------------------------------- bundles


def test_a_bundle_carries_files_and_records(
    cache: Cache, fetched: Callable[[str, bytes], Path], tmp_path: Path
) -> None:
    kept = recorded(tmp_path)
    cache.keep_record("0" * 64, kept)
    path = fetched("a.nc", b"spikes")
    fetched("b.nc", b"other")
    assert export_bundle(cache, tmp_path / "bundle.tar", ["a.*"]) == ["a.nc"]
    other = cache_in(tmp_path / "other")
    assert import_bundle(other, tmp_path / "bundle.tar") == ["a.nc"]
    assert contents(other.home / path.parent.name) == {"a.nc": b"spikes"}
    assert [record.read_bytes() for record in other.kept_records()] == [kept]
    assert import_bundle(other, tmp_path / "bundle.tar") == ["a.nc"]


def recorded(folder: Path) -> bytes:
    from brainpack.packaging import package_data_assembly_locally

    package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=folder)
    return (folder / "assy_lab_A.brainpack.json").read_bytes()


def test_importing_repairs(cache: Cache, fetched: Callable[[str, bytes], Path], tmp_path: Path) -> None:
    path = fetched("a.nc", b"spikes")
    export_bundle(cache, tmp_path / "bundle.tar")
    path.write_bytes(b"damaged")
    import_bundle(cache, tmp_path / "bundle.tar")
    assert path.read_bytes() == b"spikes"


def test_a_bundle_takes_the_place_of_nothing_else(
    cache: Cache, fetched: Callable[[str, bytes], Path], tmp_path: Path
) -> None:
    fetched("a.nc", b"spikes")
    (tmp_path / "mine.nc").write_bytes(b"the only copy")
    with pytest.raises(StoreError, match=r"mine\.nc is no bundle, and stays as it is"):
        export_bundle(cache, tmp_path / "mine.nc")
    assert (tmp_path / "mine.nc").read_bytes() == b"the only copy"
    (tmp_path / "bundle.tar").touch()
    for _ in range(2):
        assert export_bundle(cache, tmp_path / "bundle.tar") == ["a.nc"]


def test_a_damaged_file_is_not_exported(cache: Cache, fetched: Callable[[str, bytes], Path], tmp_path: Path) -> None:
    fetched("a.nc", b"spikes").write_bytes(b"damaged")
    with pytest.raises(IntegrityError, match="no bundle was written"):
        export_bundle(cache, tmp_path / "bundle.tar")
    assert not (tmp_path / "bundle.tar").exists()


def test_nothing_to_export_is_an_error(cache: Cache, fetched: Callable[[str, bytes], Path], tmp_path: Path) -> None:
    fetched("a.nc", b"spikes")
    with pytest.raises(NotFound, match=r"does not hold b\.nc"):
        export_bundle(cache, tmp_path / "bundle.tar", ["b.nc"])


@pytest.mark.parametrize(
    "name",
    ["../a.nc", "/a.nc", f"{'0' * 40}/../a.nc", f"{'0' * 40}/a/b.nc", "0/a.nc", f"{'0' * 40}/.hidden", "records/x"],
)
def test_a_bundle_writes_nowhere_else(name: str, cache: Cache, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bundle.tar", "x") as tar:
        member = tarfile.TarInfo(name)
        member.size = 6
        tar.addfile(member, io.BytesIO(b"spikes"))
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InvalidData, match="which no bundle of brainpack does"):
        import_bundle(cache, tmp_path / "bundle.tar")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_bundle_holds_files_only(kind: bytes, cache: Cache, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bundle.tar", "x") as tar:
        member = tarfile.TarInfo(f"{'0' * 40}/a.nc")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(InvalidData, match="which no bundle of brainpack does"):
        import_bundle(cache, tmp_path / "bundle.tar")


def test_what_is_damaged_in_a_bundle_does_not_come_in(cache: Cache, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bundle.tar", "x") as tar:
        member = tarfile.TarInfo(f"{'0' * 40}/a.nc")
        member.size = 6
        tar.addfile(member, io.BytesIO(b"spikes"))
    with pytest.raises(IntegrityError, match="is damaged in the bundle"):
        import_bundle(cache, tmp_path / "bundle.tar")
    assert not (cache.home / ("0" * 40) / "a.nc").exists()


@pytest.mark.parametrize("left", [0, 100, 700])
def test_half_a_bundle_is_none(left: int, cache: Cache, fetched: Callable[[str, bytes], Path], tmp_path: Path) -> None:
    fetched("a.nc", bytes(5000))
    bundle = tmp_path / "bundle.tar"
    export_bundle(cache, bundle)
    bundle.write_bytes(bundle.read_bytes()[:left])
    other = cache_in(tmp_path / "other")
    with pytest.raises((InvalidData, IntegrityError)):
        import_bundle(other, bundle)
    assert list(entries(other)) == []


def test_a_bundle_that_is_not_there(cache: Cache, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no bundle"):
        import_bundle(cache, tmp_path / "missing.tar")


# ----------------------------------------------------------------------------------------- the command


def test_the_command_line(
    cache: Cache, fetched: Callable[[str, bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "brainpack", "cache", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    path = fetched("assy_lab_A.nc", b"spikes")
    monkeypatch.setenv("BRAINIO_HOME", str(cache.home))
    listed = run("list").stdout
    assert f"{path.parent.name} " in listed
    assert f"1 files, 6 bytes in {cache.home}\n" in listed
    path.write_bytes(b"damaged")
    verified = run("verify")
    assert (verified.returncode, verified.stdout.splitlines()[-1]) == (1, "0 of 1 files are whole")
    assert run("export", str(tmp_path / "bundle.tar")).returncode == 1
    path.write_bytes(b"spikes")
    assert run("export", str(tmp_path / "bundle.tar"), "*lab_A*").returncode == 0
    assert "is a folder or a device; name a file" in run("export", ".").stderr
    cache.remember(path, digest_file(path))
    make_old(cache, path, days=31)
    assert "would remove" in run("prune", "--unused-for", "30", "--dry-run").stdout
    assert run("prune", "--unused-for", "30").stdout.endswith("\n6 bytes freed\n")
    refused = run("prune", "--unused-for", "-1")
    assert refused.returncode == 2
    assert "'-1' is no number of days" in refused.stderr
    assert run("import", str(tmp_path / "bundle.tar")).stdout == f"assy_lab_A.nc\n1 files are in {cache.home}\n"
    assert path.read_bytes() == b"spikes"

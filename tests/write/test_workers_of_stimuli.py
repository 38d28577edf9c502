from __future__ import annotations

import os
import shutil
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from brainpack import IntegrityError, StoreError, packaging
from brainpack.media.inspector import inspectors
from brainpack.write import stimulus_files
from brainpack.write.stimuli import write_zip
from tests.helpers import stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack import StimulusSet

IDS = [f"stimulus {number:03}" for number in range(150)]


class OnWorkersOnly(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files that only those reach who have been told of it."""

    protocol = "workers-only"

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return super()._strip_protocol(str(path).removeprefix("workers-only://"))


def tell_worker() -> None:
    fsspec.register_implementation("workers-only", OnWorkersOnly, clobber=True)


@pytest.fixture
def stimuli(tmp_path: Path) -> StimulusSet:
    return stimulus_set(tmp_path / "in", IDS)


@pytest.fixture
def expected(stimuli: StimulusSet, tmp_path: Path) -> dict[str, str]:
    return sha1s(packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "alone"))


def sha1s(result: dict[str, str]) -> dict[str, str]:
    return {name: sha1 for name, sha1 in result.items() if name.endswith("sha1")}


def behind_urls(stimuli: StimulusSet, every: int = 1) -> StimulusSet:
    remote = stimuli.copy()
    remote.stimulus_paths = {
        name: path if number % every else f"workers-only://{path}"
        for number, (name, path) in enumerate(stimuli.stimulus_paths.items())
    }
    return remote


@pytest.mark.parametrize("executor", [lambda: ThreadPoolExecutor(3), lambda: ProcessPoolExecutor(2)])
def test_an_executor_gives_the_same_bytes(
    executor: Callable[[], Any], stimuli: StimulusSet, expected: dict[str, str], tmp_path: Path
) -> None:
    with executor() as pool:
        made = packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "b", executor=pool)
        assert sha1s(made) == expected
        sha1, names = packaging.create_stimulus_zip(stimuli, tmp_path / "set.zip", executor=pool)
        assert (sha1, len(names)) == (expected["zip_sha1"], len(IDS))


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("held", [stimulus_files.HELD_IN_MEMORY, 10])
def test_files_that_only_workers_reach(
    every: int, held: int, stimuli: StimulusSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stimulus_files, "HELD_IN_MEMORY", held)  # or else they are read in pieces
    expected = sha1s(packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "alone"))
    remote = behind_urls(stimuli, every)
    with pytest.raises(ValueError, match="Protocol not known"):
        packaging.package_stimulus_set_locally(remote, "lab.S", tmp_path / "b")
    with ProcessPoolExecutor(2, initializer=tell_worker) as pool:
        made = packaging.package_stimulus_set_locally(remote, "lab.S", tmp_path / "b", executor=pool)
    assert sha1s(made) == expected


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # by bars of other tests
@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_worker_that_finds_other_files_packs_none_of_them(
    others: int,
    scheme: str,
    stimuli: StimulusSet,
    expected: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On another machine, there may be nothing at a path, or an older version."""
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "in", elsewhere / "in")  # files of now
    for path in sorted((elsewhere / "in").iterdir())[others:]:
        path.unlink()
    monkeypatch.chdir(tmp_path)
    places = {name: Path(path).relative_to(tmp_path) for name, path in stimuli.stimulus_paths.items()}
    stimuli.stimulus_paths = {name: f"{scheme}{path}" for name, path in places.items()}
    with (
        ProcessPoolExecutor(2, initializer=os.chdir, initargs=(elsewhere,)) as pool,
        pytest.warns(UserWarning, match=r"the workers do not find in.source 0\.png as it is on this machine"),
    ):
        made = packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "b", executor=pool)
    assert sha1s(made) == expected


def test_an_executor_that_was_shut_down(stimuli: StimulusSet, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        pass
    with pytest.raises(StoreError, match="the workers are gone: cannot schedule new futures after shutdown"):
        packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "out", executor=pool)
    assert not [*(tmp_path / "out").iterdir()]


def test_what_a_worker_raises_is_what_this_process_raises(
    stimuli: StimulusSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = stimulus_files.StimulusFile("a.png", f"workers-only://{tmp_path / 'in' / 'source 0.png'}", 7, 0)
    with ProcessPoolExecutor(1, initializer=tell_worker) as pool, inspectors(pool) as crew:
        with pytest.raises(IntegrityError, match="changed while it was packed") as caught:
            write_zip([found], tmp_path / "set.zip", crew)
        assert pool.submit(len, "fit").result() == 3
    assert caught.value.expected == "7 bytes"


class DyingOnce(OnWorkersOnly):
    """Who reads a file for the first time is killed meanwhile."""

    lock: ClassVar[str]

    def cat_file(self, path: str, **options: Any) -> Any:
        with suppress(FileExistsError):
            os.close(os.open(self.lock, os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
        return super().cat_file(path, **options)


def tell_dying_worker(lock: str) -> None:
    DyingOnce.lock = lock
    fsspec.register_implementation("workers-only", DyingOnce, clobber=True)


@pytest.mark.slow
def test_a_lost_process_is_an_error_and_leaves_nothing(stimuli: StimulusSet, tmp_path: Path) -> None:
    lock = str(tmp_path / "lock")
    with (
        ProcessPoolExecutor(1, initializer=tell_dying_worker, initargs=(lock,)) as pool,
        pytest.raises(StoreError, match="the workers are gone"),
    ):
        packaging.package_stimulus_set_locally(behind_urls(stimuli), "lab.S", tmp_path / "out", executor=pool)
    assert not [*(tmp_path / "out").iterdir()]


@pytest.mark.slow
def test_a_cluster_packs_what_only_it_reaches_though_it_loses_a_worker(
    stimuli: StimulusSet, expected: dict[str, str], tmp_path: Path
) -> None:
    from distributed import Client, LocalCluster, WorkerPlugin

    lock = str(tmp_path / "lock")

    class Told(WorkerPlugin):
        def setup(self, worker: Any) -> None:
            del worker
            tell_dying_worker(lock)

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as two, Client(two) as client:
        client.register_plugin(Told())
        made = packaging.package_stimulus_set_locally(behind_urls(stimuli), "lab.S", tmp_path / "b")
        assert Path(lock).exists()
        assert sha1s(made) == expected
        local = packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path / "c")
    assert sha1s(local) == expected

"""Published data come back: by what registries hold, by records, with credentials and without."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import brainpack
from brainpack import (
    AccessDenied,
    IntegrityError,
    InvalidData,
    NotFound,
    SettingsError,
    Unavailable,
    load_assembly_from_s3,
    load_stimulus_set_from_s3,
    packaging,
)
from tests.helpers import recording, stimulus_set
from tests.servers.faults import Answer, Cut, Proxy, Truncate, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.base import Server
    from tests.servers.ceph import Ceph
    from tests.servers.ministack import MiniStack

ROOT = Path(__file__).parents[1]
SILENT = pytest.mark.filterwarnings("ignore:objects in:UserWarning")  # Ceph has no tags for us


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lead the environment to a server, with a cache of this name."""

    def lead(server: Server, home: str = "home", **who: str) -> None:
        for name, value in server.environment(**who).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / home))

    return lead


def publish(bucket: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a registry would hold of a stimulus set and an assembly."""
    stimuli = packaging.package_stimulus_set(None, stimulus_set(folder / "in"), "lab.S", bucket)
    extras = {"trials": xr.DataArray([1, 2], dims="event")}
    assembly = packaging.package_data_assembly(
        None, recording(), "lab.A", "lab.S", bucket_name=bucket, extras=extras
    )  # fmt: skip
    return stimuli, assembly


def assert_are_the_published(stimuli: brainpack.StimulusSet, folder: Path) -> None:
    source = stimulus_set(folder / "in")
    assert stimuli.identifier == "lab.S"
    assert stimuli["stimulus_id"].tolist() == source["stimulus_id"].tolist()
    for name in source["stimulus_id"]:
        assert Path(stimuli.get_stimulus(name)).read_bytes() == Path(source.get_stimulus(name)).read_bytes()


@pytest.mark.parametrize(("versioned", "folder"), [(True, ""), (False, "/lab/Author2026"), (True, "/lab/")])
def test_what_was_published_comes_back(
    versioned: bool, folder: str, ministack: MiniStack, use: Callable[..., None], tmp_path: Path
) -> None:
    use(ministack)
    stimuli, assembly = publish(f"{ministack.new_bucket(versioned=versioned)}{folder}", tmp_path)
    use(ministack, "another home")
    assert_are_the_published(load_stimulus_set_from_s3(**stimuli), tmp_path)
    del assembly["cls"]
    loaded = load_assembly_from_s3(
        **assembly, cls=brainpack.NeuroidAssembly, stimulus_set_loader=lambda: load_stimulus_set_from_s3(**stimuli)
    )
    assert type(loaded) is brainpack.NeuroidAssembly
    np.testing.assert_array_equal(loaded.values, recording().values)
    assert loaded.attrs["identifier"] == "lab.A"
    assert loaded.attrs["stimulus_set_identifier"] == "lab.S"
    assert loaded.stimulus_set.identifier == "lab.S"
    assert loaded["orientation"].values.tolist() == [0.0, 22.5, 45.0, 0.0]
    assert loaded.attrs["trials"].values.tolist() == [1, 2]


def test_stimulus_metadata_are_merged_only_where_they_are_wanted(
    ministack: MiniStack, use: Callable[..., None], tmp_path: Path
) -> None:
    use(ministack)
    stimuli, assembly = publish(ministack.new_bucket(versioned=True), tmp_path)
    loaded = load_assembly_from_s3(**assembly, stimulus_set_loader=lambda: load_stimulus_set_from_s3(**stimuli),
                                   merge_stimulus_set_meta=False)  # fmt: skip
    assert loaded.stimulus_set.identifier == loaded.attrs["stimulus_set_identifier"] == "lab.S"
    assert not hasattr(loaded, "orientation")
    alone = load_assembly_from_s3(**assembly)
    assert "stimulus_set" not in alone.attrs
    assert alone.attrs["stimulus_set_identifier"] == "lab.S"


def test_the_second_time_nothing_is_asked_for(
    ministack: MiniStack, use: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ministack)
    stimuli, assembly = publish(ministack.new_bucket(versioned=True), tmp_path)
    load_stimulus_set_from_s3(**stimuli)
    load_assembly_from_s3(**assembly)
    monkeypatch.setenv("BRAINPACK_OFFLINE", "1")
    assert_are_the_published(load_stimulus_set_from_s3(**stimuli), tmp_path)
    np.testing.assert_array_equal(load_assembly_from_s3(**assembly).values, recording().values)
    use(ministack, "empty home")
    with pytest.raises(Unavailable, match=r"stimulus_lab_S\.csv.*stimulus_lab_S\.zip.*brainpack cache import"):
        load_stimulus_set_from_s3(**stimuli)


@pytest.mark.parametrize("form", ["url", "record", "file"])
def test_a_record_is_enough(form: str, ministack: MiniStack, use: Callable[..., None], tmp_path: Path) -> None:
    use(ministack)
    place = f"s3://{ministack.new_bucket(versioned=True)}/lab"
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", tmp_path / "out")
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path / "out")
    records = {record.identifier: record for record in brainpack.publish(tmp_path / "out", place)}
    alone = tmp_path / "alone" / records["lab.A"].name
    alone.parent.mkdir()
    alone.write_text(records["lab.A"].to_json(), encoding="utf-8")
    forms = {"url": f"{place}/{records['lab.A'].name}", "record": records["lab.A"], "file": alone}
    loaded = brainpack.load(forms[form])  # type: ignore[arg-type]  # one of three types
    assert isinstance(loaded, brainpack.NeuroidAssembly)
    np.testing.assert_array_equal(loaded.values, recording().values)
    assert loaded["orientation"].values.tolist() == [0.0, 22.5, 45.0, 0.0]
    assert_are_the_published(loaded.stimulus_set, tmp_path)


def test_a_record_that_was_read_once_is_enough_without_a_network(
    ministack: MiniStack, use: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ministack)
    place = f"s3://{ministack.new_bucket(versioned=True)}/lab"
    publish(place.removeprefix("s3://"), tmp_path)
    first = brainpack.load(f"{place}/assy_lab_A.brainpack.json")
    monkeypatch.setenv("BRAINPACK_OFFLINE", "1")
    again = brainpack.load(f"{place}/assy_lab_A.brainpack.json")
    xr.testing.assert_equal(again, first)
    with pytest.raises(Unavailable, match=r"assy_lab_B\.brainpack\.json is not known here.*BRAINPACK_OFFLINE"):
        brainpack.load(f"{place}/assy_lab_B.brainpack.json")


def test_that_there_was_no_stimulus_set_is_known_without_a_network_too(
    ministack: MiniStack, use: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ministack)
    bucket = ministack.new_bucket(versioned=True)
    packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name=bucket)
    url = f"s3://{bucket}/assy_lab_A.brainpack.json"
    brainpack.load(url)
    subprocess.run([sys.executable, "-m", "brainpack", "cache", "export", str(tmp_path / "bundle.tar")], check=True)
    use(ministack, "another home")
    monkeypatch.setenv("BRAINPACK_OFFLINE", "1")
    subprocess.run([sys.executable, "-m", "brainpack", "cache", "import", str(tmp_path / "bundle.tar")], check=True)
    assert "stimulus_set" not in brainpack.load(url).attrs
    with pytest.raises(Unavailable, match="BRAINPACK_OFFLINE"):
        brainpack.verify(url)


def test_single_stimuli_are_not_fetched_without_a_network(
    ministack: MiniStack, use: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ministack)
    registered, _ = publish(ministack.new_bucket(versioned=True), tmp_path)
    stimuli = load_stimulus_set_from_s3(**registered, lazy=True)
    monkeypatch.setenv("BRAINPACK_OFFLINE", "1")
    with pytest.raises(Unavailable, match="BRAINPACK_OFFLINE"):
        stimuli.get_stimulus("left")


def test_what_a_folder_store_that_is_away_takes_with_it_is_told(
    use: Callable[..., None], ministack: MiniStack, tmp_path: Path
) -> None:
    use(ministack)
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", tmp_path / "out")
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path / "out")
    _, record = brainpack.publish(tmp_path / "out", tmp_path / "store")
    assert "orientation" in brainpack.load(record).coords
    (tmp_path / "store").rename(tmp_path / "away")
    with pytest.warns(UserWarning, match=r"'lab\.A' is loaded without 'lab\.S'.*store is not there"):
        assert "orientation" not in brainpack.load(record).coords


def test_a_folder_is_a_store(use: Callable[..., None], ministack: MiniStack, tmp_path: Path) -> None:
    use(ministack)
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", tmp_path / "out")
    (record,) = brainpack.publish(tmp_path / "out", tmp_path / "store")
    csv, archive = record.file(".csv"), record.file(".zip")
    stimuli = load_stimulus_set_from_s3("lab.S", tmp_path / "store", csv.sha1, archive.sha1, "of S3", "null")
    assert_are_the_published(stimuli, tmp_path)
    assert_are_the_published(
        load_stimulus_set_from_s3("lab.S", str(tmp_path / "store"), csv.sha1, archive.sha1), tmp_path
    )


def test_a_stimulus_is_fetched_alone(ministack: MiniStack, use: Callable[..., None], tmp_path: Path) -> None:
    use(ministack)
    registered, _ = publish(ministack.new_bucket(versioned=True), tmp_path)
    with Proxy(ministack.port) as line:
        use(ministack, "another home", endpoint=line.endpoint)
        stimuli = pickle.loads(pickle.dumps(load_stimulus_set_from_s3(**registered, lazy=True)))  # noqa: S301 - the bytes are ours
        assert not any(".zip" in request.target for request in line.requests)
        source = Path(stimulus_set(tmp_path / "in").get_stimulus("right")).read_bytes()
        assert Path(stimuli.get_stimulus("right")).read_bytes() == source
        fetched = [request for request in line.requests if ".zip" in request.target and request.gets_object]
    assert len(fetched) == 2  # the directory, and the one file
    use(ministack)
    whole = load_stimulus_set_from_s3(**registered)
    assert_are_the_published(whole, tmp_path)
    assert_are_the_published(
        load_stimulus_set_from_s3(**registered, lazy=True), tmp_path
    )  # out of the ZIP in the cache


def test_assemblies_open_lazily(
    ministack: MiniStack, use: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ministack)
    _, registered = publish(ministack.new_bucket(versioned=True), tmp_path)
    lazy = load_assembly_from_s3(**registered, chunks={})
    assert lazy.chunks is not None
    np.testing.assert_array_equal(lazy.compute().values, recording().values)
    lazy.close()
    assert load_assembly_from_s3(**registered).chunks is None
    monkeypatch.setenv("BRAINIO_CHUNKS", "{'presentation': 2}")
    assert load_assembly_from_s3(**registered).chunks is not None
    monkeypatch.setenv("BRAINIO_CHUNKS", "presentation")
    with pytest.raises(SettingsError, match="BRAINIO_CHUNKS is 'presentation'"):
        load_assembly_from_s3(**registered)


# ----------------------------------------------------------------------------------------- who may read


def make_public(server: Ceph, bucket: str) -> None:
    rule = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    server.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [rule]}))


def forget_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


@SILENT
def test_public_data_need_no_credentials_and_are_not_hindered_by_wrong_ones(
    ceph: Ceph, use: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ceph)
    bucket = ceph.new_bucket(versioned=False)
    stimuli, _ = publish(bucket, tmp_path)
    make_public(ceph, bucket)
    use(ceph, "with a wrong key", access_key="NOBODY")
    assert_are_the_published(load_stimulus_set_from_s3(**stimuli), tmp_path)
    use(ceph, "with a wrong secret", secret_key="wrong")  # noqa: S106 - it is none
    assert_are_the_published(load_stimulus_set_from_s3(**stimuli), tmp_path)
    use(ceph, "without")
    forget_credentials(monkeypatch)
    assert_are_the_published(load_stimulus_set_from_s3(**stimuli), tmp_path)


@SILENT
def test_private_data_are_refused_in_words(
    ceph: Ceph, use: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ceph)
    stimuli, _ = publish(ceph.new_bucket(versioned=False), tmp_path)
    use(ceph, "with a wrong key", access_key="NOBODY")
    with pytest.raises(AccessDenied, match="the access key is unknown there") as caught:
        load_stimulus_set_from_s3(**stimuli)
    assert "without credentials: could not look at" in caught.value.__notes__[0]
    use(ceph, "without")
    forget_credentials(monkeypatch)
    with pytest.raises(AccessDenied, match="as nobody, since no AWS credentials were found"):
        load_stimulus_set_from_s3(**stimuli)


def test_what_is_not_there_is_not_found(ministack: MiniStack, use: Callable[..., None], tmp_path: Path) -> None:
    use(ministack)
    stimuli, assembly = publish(ministack.new_bucket(versioned=True), tmp_path)
    use(ministack, "another home")
    with pytest.raises(NotFound, match="no such object"):
        load_stimulus_set_from_s3(**stimuli | {"identifier": "lab.Other"})
    with pytest.raises(NotFound, match="in the version 'no-such-version'"):
        load_assembly_from_s3(**assembly | {"version_id": "no-such-version"})
    with pytest.raises(NotFound, match="no such"):
        load_stimulus_set_from_s3(**stimuli | {"bucket": "no-such-bucket-anywhere"})


def test_another_file_than_the_registered_one_is_refused(
    ministack: MiniStack, use: Callable[..., None], tmp_path: Path
) -> None:
    use(ministack)
    bucket = ministack.new_bucket(versioned=True)
    _, assembly = publish(bucket, tmp_path)
    ministack.client().put_object(Bucket=bucket, Key="assy_lab_A.nc", Body=b"put there by another tool")
    use(ministack, "another home")
    with pytest.raises(IntegrityError, match=f"expected SHA-1 {assembly['sha1']}"):
        load_assembly_from_s3(**assembly | {"version_id": ""})
    assert list((tmp_path / "another home").rglob("*.nc")) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sha1": "5b2"}, "expected 40 hexadecimal digits"),
        ({"sha1": None}, "expected 40 hexadecimal digits"),
        ({"sha1": "../" * 13 + "."}, "expected 40 hexadecimal digits"),
        ({"identifier": "../../lab"}, "is not how a data set is named"),
        ({"cls": "NeuronAssembly"}, "there is no assembly class"),
        ({"cls": None}, "expected a class such as NeuroidAssembly"),
        ({"identifier": None, "bucket": ""}, "names no bucket"),
    ],
)
def test_what_no_registry_holds_is_refused(wrong: dict[str, Any], message: str) -> None:
    given = {"identifier": "lab.A", "version_id": "null", "sha1": "0" * 40, "bucket": "b", "cls": "NeuroidAssembly"}
    with pytest.raises(ValueError, match=message) as caught:
        load_assembly_from_s3(**given | wrong)
    assert isinstance(caught.value, InvalidData | SettingsError)


# ----------------------------------------------------------------------------------------- bad lines, many processes


@pytest.mark.parametrize("fault", [Cut("down", 3 << 20), Truncate(1 << 20), Answer()], ids=["cut", "truncated", "busy"])
def test_a_large_file_arrives_over_a_bad_line(
    fault: Any, ministack: MiniStack, use: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ministack)
    values = np.random.default_rng(0).normal(size=(4, 500_000))
    large = xr.DataArray(
        values,
        {
            "stimulus_id": ("presentation", list("abcd")),
            "repetition": ("presentation", [0] * 4),
            "neuroid_id": ("neuroid", np.arange(500_000)),
        },
        ("presentation", "neuroid"),
    )
    result: Any = packaging.package_data_assembly(
        None, large, "lab.L", "lab.S", bucket_name=ministack.new_bucket(versioned=True)
    )
    with Proxy(ministack.port) as line:
        use(ministack, "another home", endpoint=line.endpoint)
        line.plan = once(fault, fault, when=lambda request: request.gets_object)
        np.testing.assert_array_equal(load_assembly_from_s3(**result).values, values)
        asked = [request.headers["range"] for request in line.requests if request.gets_object]
    assert len(asked) == 4  # two parts, each a second time
    assert line.injected.total() == 2


def race(registered: dict[str, Any], file: Path, rounds: str, killed: float) -> dict[str, Any]:
    file.write_text(json.dumps(registered))
    command = [sys.executable, "-m", "tests.cache.races", rounds, str(killed), str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_sixteen_processes_fetch_once(ministack: MiniStack, use: Callable[..., None], tmp_path: Path) -> None:
    use(ministack)
    stimuli, _ = publish(ministack.new_bucket(versioned=True), tmp_path)
    with Proxy(ministack.port) as line:
        use(ministack, "another home", endpoint=line.endpoint)
        found = race(stimuli, tmp_path / "registered.json", rounds="1", killed=0)
        fetched = [request.target for request in line.requests if request.gets_object]
    assert found == {"rounds": 1, "killed": 0, "wrong": []}
    assert len(fetched) == 2 + 2  # CSV and ZIP: once alone, to know what is right, and once in the race


def test_whoever_is_killed_spoils_nothing_for_the_others(
    ministack: MiniStack, use: Callable[..., None], tmp_path: Path
) -> None:
    use(ministack)
    stimuli, _ = publish(ministack.new_bucket(versioned=True), tmp_path)
    rounds = os.environ.get("BRAINPACK_TEST_ROUNDS", "2")
    found = race(stimuli, tmp_path / "registered.json", rounds, killed=0.5)
    assert found["wrong"] == []
    assert found["killed"] > 0

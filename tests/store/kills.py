"""Kill a process while it publishes, run it again, and look at what is in the bucket: `kills.py COUNT SEED BUCKET`.

Each process is a fork of this one, so that killing a thousand of them does not import the libraries a thousand times.
The last line printed is JSON: how many were killed in time, and everything that was wrong.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import xarray as xr
from botocore.config import Config

import brainpack
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from tests.helpers import recording, stimulus_set

OBJECTS = 7  # CSV, ZIP and record; twice netCDF and record


def make_packages(folder: Path) -> None:
    """One stimulus set and two assemblies, one of them of two parts of an upload."""
    package_stimulus_set_locally(stimulus_set(folder / "in"), "lab.S", folder)
    package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=folder)
    noise = np.random.default_rng(0).normal(size=(4, 170_000))
    coords = {
        "stimulus_id": ("presentation", ["left", "right", "日本", "left"]),
        "repetition": ("presentation", [0, 0, 0, 1]),
    }
    large = xr.DataArray(noise, coords, ("presentation", "neuroid")).assign_coords(
        neuroid_id=("neuroid", np.arange(170_000))
    )
    package_data_assembly_locally(large, "lab.B", "lab.S", downloads_path=folder)


def publish(packages: Path, to: str, seconds: float | None) -> int:
    """Publish in a process of its own, killed after some seconds; its exit status, negative if it was killed."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if seconds is not None:
                threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
            brainpack.publish(packages, to, profile="draft", progress=False)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def problems(client: Any, bucket: str, folder: str, packages: Path) -> list[str]:
    """What is wrong in a folder of the bucket, in which everything should have been published."""
    found = []
    versions = client.list_object_versions(Bucket=bucket, Prefix=f"{folder}/").get("Versions", [])
    keys = [version["Key"] for version in versions]
    if len(keys) != len(set(keys)):
        found.append(f"several versions: {sorted(keys)}")
    if len(set(keys)) != OBJECTS:
        found.append(f"incomplete: {sorted(keys)}")
    uploads = client.list_multipart_uploads(Bucket=bucket, Prefix=f"{folder}/").get("Uploads", [])
    if uploads:
        found.append(f"unfinished uploads: {[upload['Key'] for upload in uploads]}")
    for version in versions:
        name = version["Key"].removeprefix(f"{folder}/")
        body = client.get_object(Bucket=bucket, Key=version["Key"])["Body"].read()
        if name.endswith(".json"):
            found += wrong_versions(json.loads(body), {key["Key"]: key["VersionId"] for key in versions}, folder)
        elif body != (packages / name).read_bytes():
            found.append(f"wrong bytes: {name}")
    return found


def wrong_versions(record: dict[str, Any], there: dict[str, str], folder: str) -> list[str]:
    named = {f"{folder}/{file['name']}": file["version_id"] for file in record["files"]}
    return [f"{key}: the record names version {version}" for key, version in named.items() if there.get(key) != version]


def main(count: int, seed: int, bucket: str) -> None:
    warnings.simplefilter("ignore")
    chance = random.Random(seed)  # noqa: S311 - a moment, no secret
    client = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
    killed, wrong = 0, []
    with tempfile.TemporaryDirectory() as name:
        packages = Path(name)
        make_packages(packages)
        start = time.monotonic()
        publish(packages, f"s3://{bucket}/warm-up", None)
        duration = time.monotonic() - start
        for number in range(count):
            folder = f"kill-{number}"
            killed += publish(packages, f"s3://{bucket}/{folder}", chance.uniform(0, duration)) < 0
            if publish(packages, f"s3://{bucket}/{folder}", None) != 0:
                wrong.append(f"{folder}: the second run failed")
            wrong += [f"{folder}: {problem}" for problem in problems(client, bucket, folder, packages)]
    print(json.dumps({"runs": count, "killed": killed, "wrong": wrong}))  # noqa: T201 - the outcome, for whoever started it


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])

"""How fast an object gets over TLS, with what it costs: brainpack against boto3 and the command line of AWS.

    python -m benchmarks.upload [--mib 2048] [--runs 5] [--without-aws-cli]

All upload the same file to `benchmarks.sink` on this machine, in turns; every figure is of a whole process, its start
included. brainpack is given the digest, as it has it after packaging, and compares the file with it on the way.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BUCKET = "benchmark"

BRAINPACK = """
import sys
from pathlib import Path
from brainpack.digest import Digest
from brainpack.settings import Settings
from brainpack.store.location import open_store
store = open_store("s3://benchmark", Settings.from_environment())
path = Path(sys.argv[1])
store.put("brainpack", path, Digest(sys.argv[2], sys.argv[3], path.stat().st_size))
"""
BOTO3 = """
import sys, boto3
boto3.client("s3").upload_file(sys.argv[1], "benchmark", "boto3")
"""
IDLE = "from brainpack.settings import Settings; from brainpack.store.location import open_store; "
IDLE += "open_store('s3://benchmark', Settings.from_environment())"


class Cost(NamedTuple):
    """Of one process."""

    seconds: float
    cpu_seconds: float
    memory: int  # bytes, at its peak


def measured(command: list[str], environment: dict[str, str]) -> Cost:
    """Run a command; fail if it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))


def serve(folder: Path) -> subprocess.Popen[bytes]:
    """Start the sink; it is ready when it has written its port."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.sink", str(folder)], cwd=ROOT)
    while not (folder / "port").exists() or not (folder / "port").read_text():
        if process.poll() is not None:
            raise RuntimeError("the sink ended at once")
        time.sleep(0.05)
    return process


def environment_of(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": f"https://127.0.0.1:{(folder / 'port').read_text()}",
        "AWS_CA_BUNDLE": str(folder / "ca.pem"),
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "BRAINIO_HOME": str(folder / "home"),
        "PYTHONPATH": os.pathsep.join(sys.path[1:]),
        "PYTHONWARNINGS": "ignore",
    }


def aws_cli(folder: Path) -> str:
    """The command line of AWS in an environment of its own."""
    venv.create(folder / "aws", with_pip=True)
    subprocess.run([folder / "aws" / "bin" / "pip", "install", "--quiet", "awscli"], check=True)
    return str(folder / "aws" / "bin" / "aws")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--without-aws-cli", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sink = serve(folder)
        try:
            compare(folder, options.mib << 20, options.runs, with_aws_cli=not options.without_aws_cli)
        finally:
            sink.terminate()
            sink.wait()


def compare(folder: Path, size: int, runs: int, *, with_aws_cli: bool) -> None:
    from brainpack.digest import digest_file

    path = folder / "object"
    with path.open("wb") as file:
        for _ in range(size >> 20):
            file.write(os.urandom(1 << 20))
    digest, environment = digest_file(path), environment_of(folder)
    commands = {
        "brainpack": [sys.executable, "-c", BRAINPACK, str(path), digest.sha1, digest.sha256],
        "boto3 upload_file": [sys.executable, "-c", BOTO3, str(path)],
    }
    if with_aws_cli:
        commands["aws s3 cp"] = [aws_cli(folder), "s3", "cp", "--quiet", str(path), f"s3://{BUCKET}/aws"]
    costs: dict[str, list[Cost]] = {contender: [] for contender in commands}
    for _ in range(runs):
        for contender, command in commands.items():
            costs[contender].append(measured(command, environment))
    idle = measured([sys.executable, "-c", IDLE], environment).memory
    ours = median(costs["brainpack"])
    print(f"{size >> 20} MiB over TLS, medians of {runs} runs in turns, {os.cpu_count()} cores")
    for contender, found in ((name, median(all_runs)) for name, all_runs in costs.items()):
        print(
            f"{contender:18} {found.seconds:6.2f} s ({found.seconds / ours.seconds:4.2f} x brainpack)  "
            f"{found.cpu_seconds:6.2f} CPU s ({found.cpu_seconds / ours.cpu_seconds:4.2f} x)"
        )
    print(f"brainpack's memory above its idle process: {(ours.memory - idle) >> 20} MiB")


if __name__ == "__main__":
    main()

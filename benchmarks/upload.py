"""How fast an object gets over TLS, with what it costs: brainpack against boto3 and the command line of AWS.

    python -m benchmarks.upload [--mib 2048] [--runs 5] [--without-aws-cli]

All upload the same file to `benchmarks.sink` on this machine, in turns, each time into another bucket; every figure is
of a whole process, its start included. brainpack is given the digest, as it has it after packaging, and compares the
file with it on the way. The last row is a process that only gets ready to upload.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contest import OURS, ROOT, Contender, in_turns, parser, rows, whole_process
from benchmarks.environments import AWS_CLI, environment_of, python_with
from benchmarks.sink import sink
from benchmarks.tables import show
from brainpack.digest import digest_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contest import Cost

BUCKETS = itertools.count()
IDLE = "brainpack, idle"

READY = """
import sys
from pathlib import Path
from brainpack.digest import Digest
from brainpack.settings import Settings
from brainpack.store.location import open_store
store = open_store(f"s3://{sys.argv[1]}", Settings.from_environment())
"""
BRAINPACK = f"""{READY}
path = Path(sys.argv[2])
store.put("object", path, Digest(sys.argv[3], sys.argv[4], path.stat().st_size))
"""
BOTO3 = """
import sys, boto3
boto3.client("s3").upload_file(sys.argv[2], sys.argv[1], "object")
"""


def uploaded(command: Callable[[str], list[str]], settings: dict[str, str]) -> Cost:
    """Into a bucket of its own."""
    found = command(f"benchmark-{next(BUCKETS)}")
    return whole_process(found, environment_of(found[0]) | settings)


def script(code: str, *arguments: str) -> Callable[[str], list[str]]:
    return lambda bucket: [sys.executable, "-c", code, bucket, *arguments]


def compare(path: Path, settings: dict[str, str], runs: int, *, with_aws_cli: bool) -> dict[str, Cost]:
    digest = digest_file(path)
    commands = {OURS: script(BRAINPACK, str(path), digest.sha1, digest.sha256), "boto3": script(BOTO3, str(path))}
    if with_aws_cli:
        aws = python_with(*AWS_CLI), str(Path(python_with(*AWS_CLI)).with_name("aws"))
        commands["aws s3 cp"] = lambda bucket: [*aws, "s3", "cp", "--quiet", str(path), f"s3://{bucket}/object"]
    commands[IDLE] = script(READY)
    return in_turns({name: Contender(partial(uploaded, command, settings), runs) for name, command in commands.items()})


def main() -> None:
    options = parser(__doc__, runs=5)
    options.add_argument("--mib", type=int, default=2048)
    options.add_argument("--without-aws-cli", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, sink() as settings:
        path = Path(name) / "object"
        with path.open("wb") as file:
            for _ in range(chosen.mib):
                file.write(os.urandom(1 << 20))
        settings |= {"BRAINIO_HOME": name, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *sys.path[1:]])}
        costs = compare(path, settings, chosen.runs, with_aws_cli=not chosen.without_aws_cli)
    show(f"{chosen.mib} MiB over TLS, medians of {chosen.runs} runs", rows(costs))


if __name__ == "__main__":
    main()

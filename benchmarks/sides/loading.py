"""Load a stimulus set whose files are there: CLIENT HOW CSV ZIP, where HOW is `files` or `cache`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.sides.clients import find
from benchmarks.sides.clock import tell


def main(client: str, how: str, table: str, archive: str) -> None:
    load = from_cache if how == "cache" else from_files
    tell(lambda: load(client, Path(table), Path(archive)), len)


def from_files(client: str, table: Path, archive: Path) -> Any:
    if client == "brainpack":
        return find(client, "load_stimulus_set_from_files")(table, archive)
    return find(client, "StimulusSet").from_files(table, archive.with_suffix(""))


def from_cache(client: str, table: Path, archive: Path) -> Any:
    sha1s = table.parent.name, archive.parent.name  # files are cached below them
    return find(client, "load_stimulus_set_from_s3")("lab.Set", "bucket", *sha1s, None, None)


if __name__ == "__main__":
    main(*sys.argv[1:])

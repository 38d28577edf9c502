"""Write an assembly to a netCDF file: CLIENT FOLDER TARGET COMPRESS, the latter as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.sides.arrays import load
from benchmarks.sides.clients import find
from benchmarks.sides.clock import tell


def main(client: str, folder: str, target: str, compress: str) -> None:
    assembly, write, how = load(client, folder), find(client, "write_netcdf"), json.loads(compress)
    tell(lambda: write(assembly, target, compress=how), lambda _: Path(target).stat().st_size)


if __name__ == "__main__":
    main(*sys.argv[1:])

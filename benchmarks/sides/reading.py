"""Read an assembly with all its values: CLIENT FILE CLASS."""

from __future__ import annotations

import sys
import zlib
from typing import Any

from benchmarks.sides.clients import find
from benchmarks.sides.clock import tell


def main(client: str, path: str, cls: str) -> None:
    read = with_xarray if client == "xarray" else find(client, cls).from_files
    # The reference client reads values only when they are asked for.
    tell(lambda: read(path).values, lambda values: zlib.adler32(values.tobytes()))


def with_xarray(path: str) -> Any:
    import xarray as xr

    return xr.open_dataarray(path, engine="netcdf4").load()


if __name__ == "__main__":
    main(*sys.argv[1:])

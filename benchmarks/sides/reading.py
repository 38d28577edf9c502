"""Read an assembly with all its values, with the libraries loaded before: CLIENT FILE CLASS."""

from __future__ import annotations

import importlib
import sys
import zlib
from typing import Any

from benchmarks.sides.clients import find
from benchmarks.sides.clock import tell

LIBRARIES = {"brainpack": ["brainpack.read.netcdf"], "reference": ["netCDF4"], "xarray": ["xarray", "netCDF4"]}


def main(client: str, path: str, cls: str) -> None:
    for library in LIBRARIES[client]:
        importlib.import_module(library)
    read = with_xarray if client == "xarray" else find(client, cls).from_files
    # The reference client reads values only when they are asked for.
    tell(lambda: read(path).values, lambda values: zlib.adler32(values.tobytes()))


def with_xarray(path: str) -> Any:
    import xarray as xr

    return xr.open_dataarray(path, engine="netcdf4").load()


if __name__ == "__main__":
    main(*sys.argv[1:])

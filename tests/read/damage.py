"""Damage to files, the same on every machine; run as a script, it reads damaged netCDF files.

A damaged file may take the process down that reads it, which must not be the process of all tests.
"""

from __future__ import annotations

import random
import sys
import warnings
from pathlib import Path

from brainpack import BrainpackError, load_assembly_from_file
from brainpack.read.netcdf import read_assembly


def damaged(content: bytes, seed: int) -> bytes:
    """Cut, flip, swap, clear, drop or repeat something; never the same bytes as before."""
    chance = random.Random(seed)  # noqa: S311 - damage is no secret
    result = bytearray(content)
    while bytes(result) == content:
        start, width = chance.randrange(len(content)), chance.choice((1, 2, 4, 8, 64))
        other = chance.randrange(len(content))
        match chance.choice(("cut", "flip", "flip", "flip", "swap", "clear", "fill", "drop", "repeat")):
            case "cut":
                del result[start:]
            case "flip":
                for _ in range(chance.choice((1, 1, 1, 8))):
                    result[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            case "swap":
                one, two = content[start : start + width], content[other : other + width]
                result[start : start + len(one)] = two.ljust(len(one), b"\0")[: len(one)]
                result[other : other + len(two)] = one.ljust(len(two), b"\0")[: len(two)]
            case "clear":
                result[start : start + width] = bytes(len(content[start : start + width]))
            case "fill":
                result[start : start + width] = b"\xff" * len(content[start : start + width])
            case "drop":
                del result[start : start + width]
            case "repeat":
                result[start:start] = content[start : start + width]
        result = result or bytearray(b"\0")
    return bytes(result)


def read_damaged_netcdf(original: Path, seeds: range) -> None:
    """Print each seed before its file is read, so that the last one is known when the process dies."""
    content = original.read_bytes()
    path = original.with_name("damaged.nc")
    for seed in seeds:
        sys.stdout.write(f"{seed}\n")
        sys.stdout.flush()
        path.write_bytes(damaged(content, seed))
        try:
            load_assembly_from_file(path)
            read_assembly(path, None, chunks={}).load().close()
        except BrainpackError:
            continue


if __name__ == "__main__":
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))  # sizes are among what is damaged
    warnings.simplefilter("ignore")
    read_damaged_netcdf(Path(sys.argv[1]), range(int(sys.argv[2]), int(sys.argv[3])))

"""How fast a stimulus set gets packed and over TLS into a bucket: brainpack against the reference client.

    python -m benchmarks.publishing [--files 10000] [--kilobytes 100] [--runs 3] [--reference PYTHON]

Both publish the same files with `package_stimulus_set` to `benchmarks.sink` on this machine, each time into another
bucket and with an empty home, every call in a process of its own, in turns. brainpack validates, too, proves what has
arrived, and publishes a record.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contest import OURS, Contender, called, in_turns, parser, reference_of, rows
from benchmarks.files import write_random_files
from benchmarks.sink import sink
from benchmarks.tables import show

if TYPE_CHECKING:
    from benchmarks.contest import Cost

BUCKETS = itertools.count()


def published(python: str, client: str, folder: Path, settings: dict[str, str]) -> Cost:
    with tempfile.TemporaryDirectory(dir=folder.parent) as home:
        bucket = f"benchmark-{next(BUCKETS)}"
        return called(python, "stimuli", client, "publish", folder, bucket, settings=settings | {"BRAINIO_HOME": home})


def main() -> None:
    options = parser(__doc__, runs=3, has_reference=True)
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--kilobytes", type=int, default=100)
    chosen = options.parse_args()
    reference = reference_of(chosen)
    with tempfile.TemporaryDirectory() as name, sink() as settings:
        folder = Path(name) / "files"
        write_random_files(folder, chosen.files, chosen.kilobytes * 1000)
        costs = in_turns(
            {
                OURS: Contender(partial(published, sys.executable, OURS, folder, settings), chosen.runs),
                "reference": Contender(partial(published, reference, "reference", folder, settings), chosen.runs),
            }
        )
    size = chosen.files * chosen.kilobytes / 1000
    show(f"{chosen.files} files published over TLS, {size:.0f} MB, medians of {chosen.runs} runs", rows(costs))


if __name__ == "__main__":
    main()

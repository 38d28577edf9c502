"""How fast the files of stimuli are packed: brainpack against the reference client.

    python -m benchmarks.packing [--files 10000] [--kilobytes 100] [--pictures 2000] [--runs 3] [--reference PYTHON]

`create_stimulus_zip` packs files that nobody looks into. Pictures, PNG and JPEG of about 100 KB, are packaged with all
of them decoded: brainpack does that in `package_stimulus_set_locally`; for the reference client, its
`check_image_format` is called on every picture before. Every call is made in a process of its own, in turns, with the
files in the cache of the system.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contest import OURS, Contender, called, in_turns, parser, reference_of, rows
from benchmarks.files import write_pictures, write_random_files
from benchmarks.tables import show

if TYPE_CHECKING:
    from benchmarks.contest import Cost


def packed(python: str, client: str, task: str, folder: Path) -> Cost:
    with tempfile.TemporaryDirectory(dir=folder.parent) as target:
        return called(python, "stimuli", client, task, folder, target)


def compare(task: str, folder: Path, reference: str, runs: int) -> None:
    costs = in_turns(
        {
            OURS: Contender(partial(packed, sys.executable, OURS, task, folder), runs),
            "reference": Contender(partial(packed, reference, "reference", task, folder), runs),
        }
    )
    size = sum(file.stat().st_size for file in folder.iterdir())
    show(f"{costs[OURS].found} {folder.name}, {size / 1e6:.0f} MB, medians of {runs} runs", rows(costs))


def main() -> None:
    options = parser(__doc__, runs=3, has_reference=True)
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--kilobytes", type=int, default=100)
    options.add_argument("--pictures", type=int, default=2_000)
    chosen = options.parse_args()
    reference = reference_of(chosen)
    with tempfile.TemporaryDirectory() as name:
        files, pictures = Path(name) / "files", Path(name) / "pictures"
        write_random_files(files, chosen.files, chosen.kilobytes * 1000)
        compare("zip", files, reference, chosen.runs)
        write_pictures(pictures, chosen.pictures)
        compare("package", pictures, reference, chosen.runs)


if __name__ == "__main__":
    main()

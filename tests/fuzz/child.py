"""Run as a script: validates damaged files one by one, and says of each what came of it, as a line of JSON.

A damaged file may take the process down that reads it, or keep it for ever where no signal handler is reached; the
process that started this one watches the lines. What takes 5 s of the processor is ended by the system.
"""

from __future__ import annotations

import json
import logging
import resource
import shutil
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from brainpack import BrainpackError, validate
from brainpack.validation.registry import CRASHED
from tests.fuzz.damages import damaged_file
from tests.fuzz.samples import KINDS, lay_out, samples

if TYPE_CHECKING:
    from tests.fuzz.samples import Kind

LONGEST: Final = 5  # s of the processor
GREATEST_GROWTH: Final = 1 << 30  # bytes
_ADDRESSES: Final = 8 << 30  # bytes; sizes are among what is damaged
_STATUS: Final = Path("/proc/self/status")


def judge(path: Path) -> str:
    """How a data set was refused, or which errors were found in it."""
    try:
        reports = validate(path)
    except BrainpackError as error:
        return type(error).__name__
    if CRASHED in {finding.rule for report in reports for finding in report.findings}:
        raise AssertionError(reports)
    return " ".join(sorted({finding.rule for finding in reports.errors})) or "no error"


def outcome(kind: Kind, content: bytes, folder: Path) -> dict[str, Any]:
    """What came of a file, which stays where it is if that was not what it should be."""
    folder.mkdir()
    path = lay_out(kind, content, folder)
    before, started = _resident("VmRSS"), time.process_time()
    _watch_from_here()
    try:
        said: dict[str, Any] = {"outcome": judge(path)}
    except Exception:  # noqa: BLE001 - it is what is looked for
        said = {"failure": traceback.format_exc()}
    growth = max(_resident("VmHWM") - before, 0)
    if growth > GREATEST_GROWTH:
        said["failure"] = f"memory grew by {growth >> 20} MiB"
    if "failure" not in said:
        shutil.rmtree(folder)
    return said | {"seconds": time.process_time() - started, "growth": growth}


def _watch_from_here() -> None:
    """Let the system end this process after so much more time of the processor, and begin to measure memory."""
    until = int(time.process_time()) + LONGEST + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _resident(name: str) -> int:
    """Bytes in memory now (VmRSS), or at most since the measure began (VmHWM)."""
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(kind: str, start: int, stop: int, folder: Path) -> None:
    (known,) = [one for one in KINDS if one == kind]
    for number, content in enumerate(samples(known)):
        _say({"sample": number, **outcome(known, content, folder / f"sample {number}")})
    for seed in range(start, stop):
        _say({"seed": seed})
        _say({"seed": seed, **outcome(known, damaged_file(known, seed), folder / f"{kind} {seed}")})


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    warnings.simplefilter("ignore")
    logging.disable()
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))

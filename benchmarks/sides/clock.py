"""What a call costs, told to who started this process."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def tell(call: Callable[[], Any], describe: Callable[[Any], object]) -> None:
    """Print seconds, CPU seconds, peak of memory, and a description of what the call returned.

    The CPU seconds of children count when these have ended.
    """
    cpu, start = cpu_seconds(), time.perf_counter()
    returned = call()
    cost = [time.perf_counter() - start, cpu_seconds() - cpu, peak()]
    print(json.dumps([*cost, describe(returned)]))


def cpu_seconds() -> float:
    """Of this process and its children."""
    return sum(os.times()[:4])


def peak() -> int:
    """Bytes of memory that this process has had at most; `ru_maxrss` would begin with that of the parent."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) << 10

"""Load a data set in many processes at once, kill some, look at what the others got: `races.py ROUNDS SHARE FILE`.

SHARE is that of the processes that are killed. FILE holds the arguments of `load_stimulus_set_from_s3` as JSON. Each
process is a fork of this one, so that hundreds of them do not import the libraries as often. The last line printed is
JSON: how many were killed, and what was wrong.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from brainpack import load_stimulus_set_from_s3

PROCESSES = 16


def content(registered: dict[str, Any]) -> dict[str, str]:
    """Bytes of every stimulus."""
    stimuli = load_stimulus_set_from_s3(**registered)
    return {str(name): Path(stimuli.get_stimulus(name)).read_bytes().hex() for name in stimuli["stimulus_id"]}


def start(registered: dict[str, Any], expected: dict[str, str], seconds: float | None) -> int:
    """Load in a process of its own, killed after some seconds; ends with 0 if what it got was right."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if seconds is not None:
                threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
            status = 0 if content(registered) == expected else 3
        finally:
            os._exit(status)
    return child


def main(rounds: int, share: float, file: Path) -> None:
    registered = json.loads(file.read_text())
    chance = random.Random(0)  # noqa: S311 - a moment, no secret
    warnings.simplefilter("ignore")
    begun = time.monotonic()
    expected = content(registered)
    duration = time.monotonic() - begun
    killed, wrong = 0, []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            os.environ["BRAINIO_HOME"] = home
            moments = [chance.uniform(0, 2 * duration) if chance.random() < share else None for _ in range(PROCESSES)]
            children = [start(registered, expected, moment) for moment in moments]
            ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            killed += ends.count(-signal.SIGKILL)
            wrong += [f"round {number}: a process ended with {end}" for end in ends if end not in {0, -signal.SIGKILL}]
            if content(registered) != expected:
                wrong.append(f"round {number}: the cache holds something wrong")
            if left := sorted(path.name for path in Path(home).glob("*/.*.partial")):
                wrong.append(f"round {number}: left over {left}")
    print(json.dumps({"rounds": rounds, "killed": killed, "wrong": wrong}))  # noqa: T201 - for whoever started it


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))

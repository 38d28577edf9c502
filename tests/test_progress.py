"""Events become bars on a terminal, and nothing anywhere else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from brainpack.progress import Bars, Progress, progress

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20

ONE_PIECE = """
from brainpack.progress import Bars, Progress
with Bars() as bars:
    for done in ({steps}):
        bars(Progress("spikes.nc", done, {total}))
        for bar in bars._bars.values():
            bar.refresh()  # draws now, however soon after the last time
"""

# Four threads, each with a piece of its own, all of them under way at the same time.
SEVERAL_PIECES = """
import threading
from brainpack.progress import Bars, Progress
barrier = threading.Barrier(4)
def send(number):
    for done in range(0, 101):
        if done in (1, 50):
            barrier.wait()
        bars(Progress(f"piece {number}", done << 20, 100 << 20))
with Bars() as bars:
    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def on_a_terminal(script: str) -> str:
    """What a process shows on a terminal of its own."""
    pty = pytest.importorskip("pty")
    termios = pytest.importorskip("termios")
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 120))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        while piece := os.read(controller, 65536):
            shown += piece
    except OSError:  # how Linux says that nobody has the terminal open any more
        pass
    finally:
        os.close(controller)
    assert process.wait() == 0, shown.decode()
    return shown.decode()


def drawn(script: str) -> list[str]:
    """The states of the bars, one after the other."""
    return [line for line in re.split(r"[\r\n]|\x1b\[A", on_a_terminal(script)) if line.strip()]


@pytest.mark.parametrize("script", [ONE_PIECE.format(steps="0, 5, 3, 10", total=10), SEVERAL_PIECES])
def test_nothing_is_drawn_where_nobody_looks(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_nothing_is_drawn_where_there_is_no_standard_error() -> None:
    script = "import sys; sys.stderr = None\n" + ONE_PIECE.format(steps="0, 5, 10", total=10) + "\nprint('done')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"done\n", b"", 0)


def test_a_bar_shows_name_share_total_rate_and_remaining_time() -> None:
    states = drawn(ONE_PIECE.format(steps=f"0, {MIB}, {5 * MIB}", total=20 * MIB))
    assert re.fullmatch(r"spikes\.nc: +25%\|.*\| 5\.00M/20\.0M \[00:\d\d<\d\d:\d\d, [\d.]+[kMGT]?B/s\] *", states[-1])


def test_a_bar_ends_full() -> None:
    states = drawn(ONE_PIECE.format(steps=f"0, {MIB}, {20 * MIB}", total=20 * MIB))
    assert re.match(r"spikes\.nc: 100%\|█+\| 20\.0M/20\.0M \[", states[-1])


def test_a_bar_falls_back_where_bytes_are_sent_again() -> None:
    states = drawn(ONE_PIECE.format(steps=f"0, {8 * MIB}, {2 * MIB}, {5 * MIB}", total=10 * MIB))
    shares = [int(found[1]) for state in states if (found := re.match(r"spikes\.nc: +(\d+)%", state))]
    assert [share for number, share in enumerate(shares) if share not in shares[:number]] == [0, 80, 20, 50]


def test_an_empty_file_has_a_bar_that_breaks_nothing() -> None:
    assert "spikes.nc" in drawn(ONE_PIECE.format(steps="0, 0", total=0))[-1]


def test_each_of_several_pieces_has_its_bar() -> None:
    shown = on_a_terminal(SEVERAL_PIECES)
    for number in range(4):
        assert re.search(rf"piece {number}: 100%\|█+\| 100M/100M", shown)


def test_no_event_of_several_threads_gets_lost() -> None:
    """Together they count to the total, whatever the order."""
    script = SEVERAL_PIECES + "    assert all(bar.n == 100 << 20 for bar in bars._bars.values())\n"
    assert "Traceback" not in on_a_terminal(script + "    assert len(bars._bars) == 4\n")


def test_an_error_leaves_no_bar_unfinished() -> None:
    script = ONE_PIECE.format(steps="0, 5", total=10) + "    raise SystemExit(0)\n"
    assert on_a_terminal(script).endswith("\n")


def test_many_threads_at_once_are_no_error(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def use(number: int) -> None:
        try:
            for done in range(50):
                bars(Progress(f"piece {number % 3}", done, 50))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test has to see it
            errors.append(error)

    with Bars() as bars:
        threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []


def test_items_pass_through_unchanged(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(progress(iter("abc"), total=3, unit="files", what="stimuli")) == ["a", "b", "c"]
    assert capfd.readouterr() == ("", "")


def test_tables_and_pages_have_bars(tmp_path: Path) -> None:
    values = tuple(np.ones(32) for _ in range(4))
    np.savetxt(
        tmp_path / "rates.csv", np.c_[values], delimiter=",", header="stimulus_id,unit_1,unit_2,unit_3", comments=""
    )
    script = f"""
import os
import numpy as np
from brainpack import assembly_from, progress, write_report
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from tests.helpers import recording, stimulus_set
from pathlib import Path
folder = Path({str(tmp_path)!r})
package_stimulus_set_locally(stimulus_set(folder / "in"), "lab.Set", folder)
package_data_assembly_locally(recording(), "lab.Set.rates", "lab.Set", downloads_path=folder)
progress._PATIENCE = 0
assembly_from(folder / "rates.csv")
for name in ("stimulus_lab_Set", "assy_lab_Set_rates"):
    write_report(folder / f"{{name}}.brainpack.json")
"""
    states = drawn(script)
    for name in ("rates.csv", "telling rows apart", "labels", "values", "reliability", "drawing"):
        assert any(state.startswith(f"{name}: ") for state in states), name


def test_who_wants_no_bars_gets_none() -> None:
    script = "from brainpack.progress import hidden\nwith hidden():" + ONE_PIECE.format(steps="1, 2", total=2).replace(
        "\n", "\n    "
    )
    assert on_a_terminal(script) == ""

"""What the rules about files accept and refuse."""

from __future__ import annotations

from typing import Final

from brainpack.digest import Digest
from brainpack.validation.rules.files import RecordedFiles, StimulusNames, Unread
from tests.validation.case import Case

WHOLE: Final = Digest("a" * 40, "b" * 64, 7)
CUT: Final = Digest("c" * 40, "d" * 64, 3)


def names(in_table: list[str], in_zip: list[str]) -> StimulusNames:
    return StimulusNames("set.zip", in_table, in_zip)


def files(promised: dict[str, Digest], found: dict[str, Digest | str]) -> RecordedFiles:
    return RecordedFiles("assy_x.brainpack.json", "assembly", promised, found)


SAME: Final = names(["a.png", "b.png"], ["b.png", "a.png"])
AS_PACKAGED: Final = files({"assy_x.nc": WHOLE}, {"assy_x.nc": WHOLE})
STIMULI: Final = {"stimulus_x.csv": WHOLE, "stimulus_x.zip": WHOLE}

CASES: Final[dict[str, Case]] = {
    "BP-R006": Case(SAME, names(["a.png", "b.png"], ["a.png", "c.png"]), "set.zip", ("'b.png'",)),
    "BP-R006 in folders": Case(SAME, names(["a.png", "b.png"], ["x/a.png", "b.png"]), "set.zip", ("'a.png'",)),
    "BP-R006 others": Case(SAME, names(["a.png"], ["a.png", "Thumbs.db", "x/a.png"]), "set.zip",
                           ("'Thumbs.db'", "'x/a.png'"), 2),
    "BP-R013": Case(
        AS_PACKAGED, files({"assy_x.nc": WHOLE}, {"assy_x.nc": CUT}), "assy_x.brainpack.json",
        (f"assy_x.nc: SHA-1 {'a' * 40}, 7 bytes -> SHA-1 {'c' * 40}, 3 bytes",),
    ),
    "BP-R013 unreadable": Case(
        AS_PACKAGED, files({"assy_x.nc": WHOLE}, {"assy_x.nc": "no bytes"}), "assy_x.brainpack.json",
        (f"assy_x.nc: SHA-1 {'a' * 40}, 7 bytes -> no bytes",),
    ),
    "BP-R013 missing": Case(
        RecordedFiles("stimulus_x.brainpack.json", "stimulus_set", STIMULI, STIMULI),
        RecordedFiles("stimulus_x.brainpack.json", "stimulus_set", STIMULI, {"stimulus_x.csv": WHOLE}),
        "stimulus_x.brainpack.json", ("'stimulus_x.zip'",),
    ),
    "BP-R013 incomplete": Case(AS_PACKAGED, files({}, {}), "assy_x.brainpack.json"),
    "BP-R014": Case((), Unread("x.nc", "x.nc is not netCDF-4; get a fresh copy"), "x.nc"),
}  # fmt: skip

"""Mutations: each spoils one thing of an experiment, or of its package, and names the rule that has to find it.

A line of a table reads: what is spoilt, by which rule it is found, how it is spoilt, which other rules legitimately
find an error, too, and what is done before so that the rule finds nothing at first. To extend it, add a line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.layout import STIMULUS_ID
from tests.validation.spoiling import (
    about,
    array,
    attribute,
    column,
    contents,
    coordinate,
    cut,
    entries,
    filled,
    missing,
    numbered,
    shown_in_order,
    table,
    unchanged,
    values,
    with_a_presentation_twice,
    with_a_row_twice,
    with_a_text,
    with_another_mode,
    with_another_suffix,
    with_its_own_id,
    with_position,
    with_shared_column,
    with_sounds,
    with_texts,
    with_the_same_bytes,
    with_the_same_stimuli_again,
    without_a_file,
    without_a_file_in_the_record,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.validation.spoiling import Change


@dataclass(frozen=True)
class Mutation:
    """One thing that is spoilt in memory, or in the files of the stimuli.

    Attributes
    ----------
    rule : str
        What finds it, and found nothing before.
    spoil : callable
    along : tuple of str
        Rules that find an error, too, because one thing makes two laws untrue.
    given : callable
        Makes an experiment in which the rule finds nothing.
    """

    rule: str
    spoil: Change
    along: tuple[str, ...] = ()
    given: Change = unchanged


@dataclass(frozen=True)
class Damage:
    """One thing that is spoilt in the folder of a package; as Mutation.

    `has_record` is False where the package is validated without its records.
    """

    rule: str
    spoil: Callable[[Path], object]
    along: tuple[str, ...] = ()
    has_record: bool = True


BACK: Final = slice(None, None, -1)

STIMULI: Final[dict[str, Mutation]] = {
    "no column of ids": Mutation("BP-S001", table(lambda found: found.drop(columns=STIMULUS_ID))),
    "a row twice": Mutation("BP-S002", with_a_row_twice, ("BP-S004",)),
    "an id that is missing": Mutation("BP-S003", lambda it: it.with_first_id(None), ("BP-A003", "BP-S005")),
    "the id 001": Mutation("BP-S003", lambda it: it.with_ids([f"00{row}" for row in range(len(it.stimuli))])),
    "the id NA": Mutation("BP-S003", lambda it: it.with_first_id("NA")),
    "the id 1e5": Mutation("BP-S003", lambda it: it.with_ids([f"{row}e5" for row in range(len(it.stimuli))])),
    "an id with a folder": Mutation("BP-S004", lambda it: it.with_first_id("a/b")),
    "an id that leads upwards": Mutation("BP-S004", lambda it: it.with_first_id("../a")),
    "ids that differ in case": Mutation("BP-S004", lambda it: it.with_first_id("WORD_1")),
    "a file that is not there": Mutation("BP-S005", without_a_file),
    "a folder as a file": Mutation("BP-S005", lambda it: it.with_path(it.paths[0].parent)),
    "file names of other files": Mutation("BP-S006", column("filename", lambda row: f"{row}.tif")),
    "no rows": Mutation("BP-S007", table(lambda found: found.iloc[:0]), ("BP-P001",)),
    "a column without a name": Mutation("BP-S008", column(" ", float)),
    "a column that no coordinate can be": Mutation("BP-S017", column("my column", float)),
    "a name of a column that is a number": Mutation(
        "BP-S008", table(lambda found: found.assign(a=0).rename(columns={"a": 3}))
    ),
    "a column twice": Mutation(
        "BP-S008", table(lambda found: pd.concat([found.assign(a=1), found.assign(a=2)[["a"]]], axis=1))
    ),
    "words that look missing": Mutation(
        "BP-S009", column("word", lambda row: f"0{row}"), given=table(lambda found: found[[STIMULUS_ID]])
    ),
    "an id that Windows refuses": Mutation("BP-S010", lambda it: it.with_first_id("what?")),
    "a carriage return": Mutation("BP-S011", column("word", "a\rb{}".format)),
    "half a character": Mutation("BP-S011", column("word", "\ud800{}".format)),
    "integers in text": Mutation("BP-S012", lambda it: it.with_ids([str(row) for row in range(len(it.stimuli))])),
    "a constant column": Mutation(
        "BP-S013", column("species", lambda row: "macaque"), given=table(lambda found: found[[STIMULUS_ID]])
    ),
    "an empty column": Mutation(
        "BP-S013", column("note", lambda row: None), given=table(lambda found: found[[STIMULUS_ID]])
    ),
    "a path of this computer": Mutation("BP-S014", column("origin", "/home/ada/pictures/{}.png".format)),
    "a name without a number": Mutation("BP-S015", lambda it: it.with_first_id("left"), given=numbered),
    "a gap in the numbers": Mutation(
        "BP-S016", lambda it: it.with_ids([9, *range(2, len(it.stimuli) + 1)]), given=numbered
    ),
    "a text among images": Mutation("BP-S020", with_a_text(b"a cat")),
    "an empty file": Mutation("BP-S021", contents(lambda content: b"")),
    "a suffix of another format": Mutation("BP-S022", with_another_suffix),
    "an image that is cut": Mutation("BP-S023", contents(lambda content: content[:-12])),
    "an image that is no image": Mutation("BP-S023", contents(lambda content: b"no image at all")),
    "an image of another mode": Mutation("BP-S024", with_another_mode),
    "a sound that is cut": Mutation("BP-S026", contents(lambda content: content[:-12]), given=with_sounds),
    "a text that is not UTF-8": Mutation("BP-S028", with_a_text(b"gr\xf6\xdfer"), given=with_texts),
    "the same bytes twice": Mutation("BP-S029", with_the_same_bytes),
    "a position in an image": Mutation("BP-S030", with_position),
    "an image of a mode that is not accepted": Mutation("BP-S031", with_another_mode),
}

ASSEMBLIES: Final[dict[str, Mutation]] = {
    "a class that is not known": Mutation("BP-A001", lambda it: replace(it, class_name="NeuralAssembly")),
    "another dimension": Mutation("BP-A002", array(lambda found: found.rename(neuroid="unit"))),
    "a class of other dimensions": Mutation("BP-A002", lambda it: replace(it, class_name="SpikeTimesAssembly")),
    "no stimulus_id": Mutation("BP-A003", array(lambda found: found.drop_vars(STIMULUS_ID))),
    "no values": Mutation("BP-A004", array(lambda found: found.isel(neuroid=slice(0)))),
    "a name with a space": Mutation(
        "BP-A005", array(lambda found: found.assign_coords({"a b": ("neuroid", found["region"].values)}))
    ),
    "a coordinate named data": Mutation(
        "BP-A005", array(lambda found: found.assign_coords(data=("neuroid", found["region"].values)))
    ),
    "values of a type that netCDF lacks": Mutation("BP-A006", values(lambda found: found.astype("c8"))),
    "a coordinate of mixed types": Mutation(
        "BP-A006", coordinate("region", lambda found: np.array([1, *found.tolist()[1:]], dtype=object))
    ),
    "a reserved attribute": Mutation("BP-A007", attribute("coordinates", "a b")),
    "an attribute that is an object": Mutation("BP-A007", attribute("maker", object())),
    "an extra that collides": Mutation("BP-A008", lambda it: replace(it, extras={"neuroid_id": it.assembly})),
    "an extra that is no array": Mutation("BP-A008", lambda it: replace(it, extras={"trials": [1, 2]})),
    "units that are a duration": Mutation("BP-A009", attribute("units", "seconds")),
    "only one coordinate of presentations": Mutation(
        "BP-A010",
        array(
            lambda found: found.drop_vars(
                [name for name in found.coords if found[name].dims == ("presentation",) and name != STIMULUS_ID]
            )
        ),
    ),
    "an array among the attributes": Mutation("BP-A011", lambda it: attribute("trials", it.assembly)(it)),
    "a coordinate with attributes": Mutation(
        "BP-A012",
        array(lambda found: found.assign_coords(depth=("neuroid", np.arange(found.sizes["neuroid"]), {"units": "mm"}))),
    ),
    "no neuroid_id": Mutation("BP-A013", array(lambda found: found.drop_vars("neuroid_id"))),
    "no start of time bins": Mutation("BP-A014", array(lambda found: found.drop_vars("time_bin_start"))),
    "time bins backwards": Mutation("BP-A015", array(lambda found: found.isel(time_bin=BACK))),
    "time bins that overlap": Mutation("BP-A015", coordinate("time_bin_end", lambda found: found + 5)),
    "time bins that end before they start": Mutation("BP-A015", coordinate("time_bin_end", lambda found: found - 20)),
    "a neuroid twice": Mutation("BP-A016", coordinate("neuroid_id", lambda found: [found[0], *found[:-1]])),
    "a presentation twice": Mutation("BP-A017", array(with_a_presentation_twice)),
    "a stimulus that was shown more often": Mutation(
        "BP-A018",
        lambda it: replace(
            it,
            assembly=xr.concat(
                [it.assembly, it.assembly[:1].assign_coords(repetition=("presentation", [1]))], "presentation"
            ),
        ),
        given=shown_in_order,
    ),
    "no region": Mutation("BP-A019", array(lambda found: found.drop_vars("region"))),
    "file names of stimuli": Mutation(
        "BP-A020",
        array(
            lambda found: found.assign_coords(
                filename=("presentation", [f"{n}.png" for n in range(found.sizes["presentation"])])
            )
        ),
    ),
    "a path of this computer": Mutation(
        "BP-A021",
        array(lambda found: found.assign_coords(source=("neuroid", ["/home/ada/data.mat"] * found.sizes["neuroid"]))),
    ),
    "a missing value": Mutation("BP-A030", filled((0, 0, 0), np.nan)),
    "a neuroid without values": Mutation("BP-A031", filled((slice(None), 0), np.nan)),
    "a presentation without values": Mutation("BP-A031", filled(0, np.nan)),
    "infinity": Mutation("BP-A032", filled((0, 0, 0), np.inf)),
    "a neuroid that never varies": Mutation("BP-A033", filled((slice(None), 0), 10)),
    "a fill value": Mutation("BP-A034", filled((0, 0, 0), -999)),
    "integers as floats": Mutation("BP-A035", values(np.round)),
    "float64 without need": Mutation("BP-A036", values(lambda found: found.astype("f8"))),
}

PAIRS: Final[dict[str, Mutation]] = {
    "a stimulus that the set lacks": Mutation("BP-P001", with_its_own_id),
    "ids that lost their type": Mutation(
        "BP-P001",
        coordinate(STIMULUS_ID, lambda ids: [f"{each:03}" for each in ids]),
        given=lambda it: it.with_ids([*range(len(it.stimuli))]),
    ),
    "ids that became text": Mutation(
        "BP-P007",
        coordinate(STIMULUS_ID, lambda ids: [*map(str, ids)]),
        given=lambda it: it.with_ids([*range(len(it.stimuli))]),
    ),
    "a stimulus that was never shown": Mutation("BP-P002", array(lambda found: found[1:]), given=shown_in_order),
    "a shared column that disagrees": Mutation("BP-P003", with_shared_column(lambda shown: shown + 1)),
    "a shared column of another type": Mutation("BP-P003", with_shared_column(lambda shown: shown.astype(str))),
    "a column that overwrites": Mutation("BP-P004", column("region", "area {}".format)),
    "presentations in another order": Mutation(
        "BP-P005",
        array(lambda found: found[BACK].assign_coords(repetition=("presentation", found["repetition"].values))),
        given=shown_in_order,
    ),
}

RELEASES: Final[dict[str, Mutation]] = {
    "an identifier that is a path": Mutation("BP-R001", lambda it: replace(it, identifier="../x")),
    "an identifier that is none": Mutation("BP-R001", lambda it: replace(it, identifier=None)),
    "an identifier whose file names are taken": Mutation("BP-R002", lambda it: replace(it, holder="lab_Author2026")),
    "an array that is none": Mutation("BP-R003", lambda it: replace(it, assembly=None)),
    "an unconventional identifier": Mutation("BP-R005", lambda it: replace(it, identifier="MyData")),
    "no licence": Mutation("BP-R007", about(licence=None)),
    "no citation": Mutation("BP-R008", about(citation=None)),
    "a citation that is cut": Mutation("BP-R009", about(citation="@article{Author2026, title = {A title")),
    "no contact": Mutation("BP-R010", about(contact=None)),
    "an expectation that does not hold": Mutation("BP-R011", lambda it: replace(it, declared={"presentations": 25600})),
    "an error when published that was packaged": Mutation("BP-R015", lambda it: replace(it, found={"BP-A016": 3})),
    "a waiver that nothing needs": Mutation("BP-R012", lambda it: replace(it, waivers={"BP-A032": "it was so"})),
}

PACKAGES: Final[dict[str, Damage]] = {
    "an entry of another name": Damage(
        "BP-R006", entries(lambda found: {f"x{name}": data for name, data in found.items()}), has_record=False
    ),
    "an entry too many": Damage("BP-R006", entries(lambda found: {**found, "notes.txt": b"x"}), has_record=False),
    "an entry that is not there": Damage(
        "BP-R006", entries(lambda found: dict([*found.items()][1:])), has_record=False
    ),
    "an entry of other bytes": Damage("BP-R013", entries(lambda found: {**found, min(found): found[max(found)]})),
    "a table that was edited": Damage("BP-R013", lambda folder: next(folder.glob("*.csv")).open("a").write("\n")),
    "a file that is not there": Damage("BP-R013", missing(".nc")),
    "a record without a file": Damage("BP-R013", without_a_file_in_the_record),
    "a second set of the same stimuli": Damage("BP-P006", with_the_same_stimuli_again),
    "a netCDF file that is cut": Damage("BP-R014", cut(".nc"), has_record=False),
    "a ZIP that is cut": Damage("BP-R014", cut(".zip"), has_record=False),
    "a table that is not UTF-8": Damage(
        "BP-R014",
        lambda folder: next(folder.glob("*.csv")).write_bytes(b"stimulus_id,filename\n\xff,a.png\n"),
        has_record=False,
    ),
}

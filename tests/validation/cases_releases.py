"""Cases of the rules about releases and about what brainpack.toml declares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.validation.findings import Finding, Severity
from brainpack.validation.report import Report
from brainpack.validation.rules.expectations import Expectations, Waivers
from brainpack.validation.rules.releases import Release
from tests.validation.case import Case

CITATION = "@article{author2026,\n  title = {Responses to {pictures}},\n  year = 2026\n}\n"
NOTE = Severity.NOTE
WARNING = Severity.WARNING

RECORDING = xr.DataArray(
    np.zeros((4, 3)),
    {
        "stimulus_id": ("presentation", ["a", "b", "a", "b"]),
        "category": ("presentation", ["cat", "dog", "cat", "dog"]),
        "region": ("neuroid", ["V4", "IT", "IT"]),
        "channel": ("neuroid", [1, 2, 3]),
    },
    ("presentation", "neuroid"),
)
STIMULI = pd.DataFrame({"stimulus_id": ["a", "b"], "category": ["cat", "dog"], "animal": ["cat", "dog"]})


def about(**given: str) -> Release:
    return Release("lab.Author2026", given)


def expect(data: xr.DataArray | pd.DataFrame = RECORDING, **declared: Any) -> Expectations:
    return Expectations(declared, data)


def waivers(*rules: str) -> Waivers:
    found = Finding("BP-A016", WARNING, "neuroid_id", "each once", "some twice", "Rename them")
    return Waivers(dict.fromkeys(rules, "a reason"), Report.of("it", [found], checked=["BP-A013", "BP-A016"]))


CASES: dict[str, Case] = {
    "BP-R005": Case(about(), Release("MajajHong2015"), "identifier", severity=NOTE),
    "BP-R007": Case(about(licence="CC-BY-4.0"), about(contact="name@lab.org"), "licence", severity=NOTE),
    "BP-R008": Case(about(citation=CITATION), about(), "citation", severity=NOTE),
    "BP-R009": Case(
        about(citation=CITATION), about(citation="Author, 2026"), "citation", ("no entry",), severity=WARNING
    ),
    "BP-R009 none": Case(
        about(), about(citation="@article{author2026, title = {x}"), "citation",
        ("line 1: Unexpectedly reached end of file",), severity=WARNING,
    ),
    "BP-R009 comma": Case(
        about(citation="From the journal's page:\n" + CITATION),
        about(citation=f"{CITATION}@misc{{key title = {{x}}}}"),
        "citation", ("line 5: Expected comma after entry key, but found =",), severity=WARNING,
    ),
    "BP-R009 twice": Case(
        about(citation=CITATION + CITATION.replace("2026", "2027")),
        about(citation="@misc{, title = {x}}" + 2 * CITATION),
        "citation", ("line 5: Duplicate entry key 'author2026'", "line 1: no key"), 2, WARNING,
    ),
    "BP-R010": Case(about(contact="name@lab.org"), about(licence="CC-BY-4.0"), "contact", severity=NOTE),
    "BP-R011": Case(expect(presentations=4), expect(presentations=5), "number of 'presentation'"),
    "BP-R011 exact name": Case(expect(neuroid=3), expect(neuroid=2), "number of 'neuroid'"),
    "BP-R011 values": Case(
        expect(regions=["V4", "IT"]), expect(regions=["V4", "V1", "V2"]), "coordinate 'region'",
        ("no 'V1'", "no 'V2'", "'IT' too"), 3,
    ),
    "BP-R011 numbers": Case(
        expect(channels=[3.0, 2, 1]), expect(channels=["1", 2, 3]), "coordinate 'channel'", ("no '1'", "1 too"), 2
    ),
    "BP-R011 count": Case(expect(regions=2), expect(regions=3), "number of different values of coordinate 'region'"),
    "BP-R011 repetitions": Case(
        expect(repetitions=2), expect(repetitions=3), "coordinate 'stimulus_id'", ("'a' 2 times", "'b' 2 times"), 2
    ),
    "BP-R011 no ids": Case(
        expect(RECORDING.rename(stimulus_id="image_id"), repetitions=2),
        expect(RECORDING.drop_vars("stimulus_id"), repetitions=2), "expectation 'repetitions'",
    ),
    "BP-R011 no name": Case(expect(stimuli=7), expect(sessions=7), "expectation 'sessions'"),
    "BP-R011 no values": Case(
        expect(neuroids=3), expect(neuroids=["a", "b", "c"]), "expectation 'neuroids'"
    ),
    "BP-R011 stimuli": Case(expect(STIMULI, stimuli=2), expect(STIMULI, stimuli=3), "number of 'stimuli'"),
    "BP-R011 column": Case(
        expect(STIMULI, categories=["dog", "cat"]), expect(STIMULI, animals=["cat"]), "column 'animal'", ("'dog' too",)
    ),
    "BP-R011 no column": Case(
        expect(STIMULI, presentations=4, repetitions=2, regions=["V4"]), expect(STIMULI, luminances=2),
        "expectation 'luminances'",
    ),
    "BP-R012": Case(waivers("BP-A016", "BP-S014"), waivers("BP-A016", "BP-A013"), "waivers", ("BP-A013",), 1, NOTE),
    "BP-R015": Case(
        Release("lab.Set", found={"BP-A033": 1}), Release("lab.Set", found={"BP-A016": 3}),
        "rule BP-A016", count=3, severity=NOTE,
    ),
}  # fmt: skip

"""Rules about the files of a package: that they can be read, and are the ones that were packaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brainpack.layout import SUFFIXES
from brainpack.validation.findings import Change, Problem, Words
from brainpack.validation.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from brainpack.digest import Digest
    from brainpack.layout import Kind


@dataclass(frozen=True)
class StimulusNames:
    """What a table calls the files of its stimuli, and what the ZIP calls them.

    Attributes
    ----------
    zip_name : str
    in_table, in_zip : sequence of str
        The column `filename`, and the entries.
    """

    zip_name: str
    in_table: Sequence[str]
    in_zip: Sequence[str]


@dataclass(frozen=True)
class RecordedFiles:
    """The files that a record promises, and those that are there.

    Attributes
    ----------
    record : str
        Name of the record.
    kind : {"assembly", "stimulus_set"}
    promised : mapping of str to Digest
        By file name.
    found : mapping of str to Digest or str
        Words, where a file is there and cannot be digested. Without the files that are not there.
    """

    record: str
    kind: Kind
    promised: Mapping[str, Digest]
    found: Mapping[str, Digest | str]


@dataclass(frozen=True)
class Unread:
    """What could not be read or understood.

    Attributes
    ----------
    where : str
        The file.
    reason : str
        The message of the error: what, and behind the last semicolon the next step.
    """

    where: str
    reason: str


@rule("BP-R006", StimulusNames)
def table_names_the_files(names: StimulusNames) -> Iterator[Problem]:
    """The column `filename` names the files of the ZIP, and nothing else."""
    in_table, in_zip = {*names.in_table}, {*names.in_zip}
    if missing := [name for name in names.in_table if name not in in_zip]:
        in_folders = {name.rpartition("/")[2] for name in names.in_zip if "/" in name}
        yield Problem(
            names.zip_name,
            "the files that the column 'filename' names",
            "some in folders" if in_folders.issuperset(missing) else "no files of these names",
            "Pack every file under the name that the table has for it, in no folder; packaging again does that",
            missing,
        )
    elif surplus := [name for name in names.in_zip if name not in in_table]:
        yield Problem(
            names.zip_name,
            "the files that the column 'filename' names, and no others",
            "others",
            "Remove them, or package again; brainscore_core refuses such a ZIP",
            surplus,
        )


@rule("BP-R013", RecordedFiles)
def files_are_those_of_the_record(files: RecordedFiles) -> Iterator[Problem]:
    """The record names all files of its kind, and each is there as it was packaged."""
    expected, suffixes = SUFFIXES[files.kind], [f".{name.rpartition('.')[2]}" for name in files.promised]
    if sorted(suffixes) != sorted(expected):
        yield Problem(
            files.record,
            f"a record that names one file of each suffix: {', '.join(expected)}",
            ", ".join(files.promised) or "none",
            "Package the data again",
        )
    if missing := [name for name in files.promised if name not in files.found]:
        yield Problem(files.record, "the files that it names", "fewer", "Put them there, or package again", missing)
    changed = [
        Change(Words(f"{name}: {promised}"), Words(str(found)))
        for name, promised in files.promised.items()
        if (found := files.found.get(name)) is not None and found != promised
    ]
    if changed:
        yield Problem(
            files.record,
            "files as they were packaged",
            "others under their names",
            "Get a fresh copy, or package the data again if the change was meant",
            changed,
        )


@rule("BP-R014", Unread)
def files_can_be_read(unread: Unread) -> Iterator[Problem]:
    """Files are there, whole, and what they should be."""
    reason, semicolon, advice = unread.reason.rpartition("; ")
    found, next_step = (reason, advice) if semicolon else (advice, "get a fresh copy")
    yield Problem(unread.where, "something that can be read", found, f"{next_step[:1].upper()}{next_step[1:]}")

"""`write_report`: a package as one page that a colleague can read in a mail or a pull request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from brainpack.atomic import whole_file
from brainpack.errors import StoreError
from brainpack.layout import PRESENTATION, RECORD_SUFFIX, is_data
from brainpack.objects.assemblies import BehavioralAssembly, SpikeTimesAssembly
from brainpack.picturing.behaviour import behaviour_section
from brainpack.picturing.blocks import Budget, Section, Words
from brainpack.picturing.coordinates import neuroids_by_region, repetitions, what_is_where
from brainpack.picturing.findings import findings_section
from brainpack.picturing.heading import heading_of
from brainpack.picturing.looks import NEUROID, entries, look_at
from brainpack.picturing.material import find
from brainpack.picturing.page import page_of
from brainpack.picturing.responses import best, over_time, reliability
from brainpack.picturing.spikes import EVENT, spike_section
from brainpack.picturing.stimuli import stimulus_sections
from brainpack.picturing.texts import BY, counted, plain
from brainpack.picturing.values import value_section
from brainpack.read.access import reading
from brainpack.read.in_place import arrays_in_place

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from xarray import DataArray

    from brainpack.picturing.material import Material, Stimuli
    from brainpack.record.records import Record

    AnyPath = str | os.PathLike[str]

_START: Final = 1 << 10  # bytes, within which a page says that it is one
LARGEST: Final = 5_000_000  # bytes of a page, which it stays below


def write_report(record: Record | AnyPath, output: AnyPath | None = None) -> Path:
    """Write a page that shows what is in a package: pictures, distributions, statistics and findings.

    The page is one HTML file of less than 5 MB that needs nothing else. Of data that are too many, it shows a part that
    is spread evenly, and says which. The same package gives the same bytes with the same versions of the libraries.

    Parameters
    ----------
    record : path, str or Record
        A record file (`*.brainpack.json`), a folder with a single one, its URL in S3, or a Record that was published.
    output : path, optional
        The page. By default beside the record, with the suffix ".html"; of a record that is not on a disk, in the
        working folder.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    NotFound
        The record, or a file that it names, is missing.
    IntegrityError
        A file is not the one that was recorded.
    InvalidData
        The record or a file cannot be understood.
    AccessDenied, Unavailable, StoreError
        The store refuses or cannot be reached, or a file cannot be read or written.

    Examples
    --------
    As the last step of a script::

        brainpack.write_report("packages/assy_lab_Author2026_rates.brainpack.json")
    """
    material = find(record)
    path = _beside(material) if output is None else Path(output)
    if is_data(path.name) or _is_no_page(path):
        raise StoreError(f"{path} would take the place of data; name a file with the suffix .html")
    page = _page(material)
    with whole_file(path) as partial:
        partial.write_bytes(page)
    return path


def _is_no_page(path: Path) -> bool:
    """Whether there is something in a file, and it is no page."""
    if not path.is_file():
        return False
    with reading(path), path.open("rb") as file:
        start = file.read(_START).lstrip().lower()
    return bool(start) and not start.startswith((b"<!doctype html", b"<html"))


def _beside(material: Material) -> Path:
    name = f"{material.record.name.removesuffix(RECORD_SUFFIX)}.html"
    return Path(name) if material.located.folder is None else material.located.folder / name


def _page(material: Material) -> bytes:
    """The page, with less of the data until it is small enough."""
    stimuli = material.stimuli()
    lead, sections = ("", []) if material.record.kind == "stimulus_set" else _of_assembly(material, stimuli)
    budget = Budget()
    while True:
        if material.record.kind == "stimulus_set":
            lead, sections = _of_stimuli(stimuli, budget)
        number = 0 if stimuli is None or material.record.kind == "assembly" else len(stimuli.table)
        findings, counts = findings_section(material, number)
        page = page_of(heading_of(material, lead, counts), [*sections, findings])
        if len(page) < LARGEST or budget.rows == 0:
            return page
        budget = budget.smaller()


def _of_stimuli(stimuli: Stimuli | None, budget: Budget) -> tuple[str, list[Section]]:
    if stimuli is None:
        return "", []
    lead = f"{counted(len(stimuli.table), 'stimulus', 'stimuli')} with {counted(len(stimuli.table.columns), 'column')}"
    return lead, [*stimulus_sections(stimuli, budget)]


def _of_assembly(material: Material, stimuli: Stimuli | None) -> tuple[str, list[Section]]:
    with arrays_in_place(material.assembly(), is_verified=True) as (array, extras):
        lengths = f" {BY} ".join(
            f"{length:,} {entries(str(dim), length)}" for dim, length in zip(array.dims, array.shape, strict=True)
        )
        lead = f"{lengths or 'One value'}, {plain(array.dtype)}"
        return lead, [*_sections(material.record, array, extras, stimuli)]


def _sections(
    record: Record, array: DataArray, extras: Mapping[str, DataArray], stimuli: Stimuli | None
) -> Iterator[Section]:
    yield what_is_where(array, extras)
    look = look_at(array)
    if record.cls == SpikeTimesAssembly.__name__ or array.dims == (EVENT,):
        yield spike_section(array, extras)
    if record.cls == BehavioralAssembly.__name__ and PRESENTATION in look.dims:
        yield behaviour_section(look, stimuli)
    yield value_section(look)
    found = Section("presentations", "Neuroids and presentations" if NEUROID in look.dims else "Presentations")
    blocks = [neuroids_by_region(array), repetitions(array)]
    if NEUROID in look.dims:
        blocks += [over_time(look), reliability(look)]
    found.blocks.extend([block for block in blocks if block is not None])
    if found.blocks:
        yield found
    preferred = [*best(look, stimuli)]
    if preferred:
        if stimuli is None:
            preferred.insert(0, Words("The stimulus set is not beside the record, so its files are not shown."))
        yield Section("best", "Best stimuli", preferred)

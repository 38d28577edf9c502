"""A stimulus set in pictures: a contact sheet, its table with the distribution of each column, and duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.layout import FILENAME, STIMULUS_ID
from brainpack.picturing.blocks import Figure, Section, Sheet, Table, Thumbnail, Words
from brainpack.picturing.charts import bar_chart, small_histogram
from brainpack.picturing.distributions import frequencies, histogram, numbers
from brainpack.picturing.sampling import Sample, evenly
from brainpack.picturing.texts import apart, counted, named, plain
from brainpack.picturing.thumbnails import glance
from brainpack.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from brainpack.picturing.blocks import Block, Budget
    from brainpack.picturing.material import Stimuli

_MOST_COLUMNS: Final = 40
_BARS: Final = 5
_KINDS: Final = {
    "image": ("image",),
    "video": ("video",),
    "audio": ("sound",),
    "text": ("text",),
    "other": ("file without a preview", "files without a preview"),
}
_FEW: Final = 12  # different numbers that may be categories
_GROUPS: Final = 20
_OF_A_GROUP: Final = 5


def stimulus_sections(stimuli: Stimuli, budget: Budget) -> Iterator[Section]:
    """All that a page says of a stimulus set."""
    if not len(stimuli.table):
        yield Section("stimuli", "Stimuli", [Words("The table has no rows, so there are no stimuli.")])
        return
    sheet, same = _contact_sheet(stimuli, budget.thumbnails)
    yield Section("stimuli", "Stimuli", [sheet])
    yield Section("table", "Table", [_table(stimuli, budget)])
    yield Section("columns", "Columns", [*_columns(stimuli)])
    yield Section("duplicates", "Duplicates", [*_duplicates(stimuli), *same])


def _contact_sheet(stimuli: Stimuli, most: int) -> tuple[Sheet, list[Block]]:
    """Pictures of some stimuli, and which of these show the same."""
    sample = Sample(evenly(len(stimuli.table), most), len(stimuli.table), "stimuli")
    ids = stimuli.table[STIMULUS_ID].iloc[sample.positions].map(plain).tolist()
    thumbnails: list[Thumbnail] = []
    by_content: defaultdict[bytes, list[str]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    rows = zip(sample.positions.tolist(), ids, strict=True)
    for row, name in progress(rows, len(ids), " files", "drawing"):
        found = glance(stimuli.read(row), name)
        thumbnails.append(Thumbnail(name, found.picture))
        kinds[found.kind] += 1
        if found.content:
            by_content[found.content].append(name)
    problems = kinds.pop("problem", 0)
    of = ", ".join(counted(count, *_KINDS[kind]) for kind, count in kinds.items())
    summary = f"{str(sample)[0].upper()}{str(sample)[1:]}{f' ({of})' if of else ''}."
    if problems:
        summary += f" {counted(problems, 'stimulus', 'stimuli')} cannot be shown."
    if not stimuli.is_proven:
        summary += " The ZIP stayed in its store; each file shown was compared with its CRC-32."
    groups = [names for names in by_content.values() if len(names) > 1]
    shown = sum(map(len, by_content.values()))
    same: list[Block] = []
    if shown:
        same.append(_groups("Images with the same pixels", groups, f"Compared were the {shown:,} images shown above."))
    return Sheet("Contact sheet", thumbnails, summary), same


def _table(stimuli: Stimuli, budget: Budget) -> Table:
    sample = Sample(evenly(len(stimuli.table), budget.rows), len(stimuli.table), "stimuli")
    columns = [*dict.fromkeys([STIMULUS_ID, *stimuli.table.columns])][: budget.columns]
    some = stimuli.table[columns].iloc[sample.positions]
    cells = [some.iloc[:, place].tolist() for place in range(len(columns))]
    rows = [tuple(plain(cell, budget.characters) for cell in row) for row in zip(*cells, strict=True)]
    more = len(stimuli.table.columns) - len(columns)
    note = f"Rows are those of {sample}." + (f" {more} more columns are not shown." if more > 0 else "")
    return Table("Metadata of the stimuli", [plain(name, 60) for name in columns], rows, note, search="search-stimuli")


def _columns(stimuli: Stimuli) -> Iterator[Block]:
    names = [name for name in stimuli.table.columns if name not in {STIMULUS_ID, FILENAME}]
    for name in names[:_MOST_COLUMNS]:
        yield _column(plain(name, 60), stimuli.table[name].to_numpy())
    if len(names) > _MOST_COLUMNS:
        yield Words(f"{len(names) - _MOST_COLUMNS} more columns are not shown.")
    if not names:
        yield Words("The table has no columns but ids and file names.")


def _column(name: str, values: NDArray[Any]) -> Figure:
    """A small figure of how one column is distributed."""
    found = numbers(values)
    if found is not None and values.dtype.kind != "b":
        if 0 < len(different := np.unique(found[0][np.isfinite(found[0])])) <= _BARS and not found[1]:
            return _few(name, found[0], different)
        shown = histogram(found[0])
        rest = f"; {shown.missing:,} missing" if shown.missing else ""
        rest += f"; {shown.infinite:,} infinite" if shown.infinite else ""
        note = f" ({found[1]})" if found[1] else ""
        if not shown.finite:
            return Figure(name, small_histogram(shown, name, "No numbers"), f"No numbers{rest}.", width="small")
        summary = f"{counted(len(np.unique(found[0][~np.isnan(found[0])])), 'different number')}{note}, median "
        median, low, high = apart([float(shown.quantiles[2]), shown.minimum, shown.maximum])
        summary += f"{median}, {low} to {high}{rest}."
        return Figure(name, small_histogram(shown, name, summary), summary, width="small")
    counts = frequencies(values, _BARS)
    names, heights = [named(value) for value in counts.values], list(counts.counts)
    if counts.others and counts.distinct > len(names):
        names, heights = [*names, f"{counts.distinct - len(names):,} others"], [*heights, counts.others]
    summary = counted(counts.distinct, "different value")
    summary += f"; {counts.missing:,} missing." if counts.missing else "."
    if counts.distinct == len(values) and counts.distinct > _FEW:
        summary += " Each occurs once."
    return Figure(name, bar_chart(names, heights, name, summary, width=240.0), summary, width="small")


def _few(name: str, values: NDArray[np.float64], different: NDArray[np.float64]) -> Figure:
    """A bar for each of a few numbers, in their order."""
    counts = [int((values == one).sum()) for one in different]
    names = apart(different.tolist())
    missing = len(values) - sum(counts)
    summary = counted(len(names), "different number") + (f"; {missing:,} missing or infinite." if missing else ".")
    return Figure(name, bar_chart(names, counts, name, summary, width=240.0), summary, width="small")


def _duplicates(stimuli: Stimuli) -> Iterator[Block]:
    """Stimuli whose files have the same bytes, as far as size and CRC-32 tell."""
    by_name: dict[str, list[str]] = defaultdict(list)
    files: dict[tuple[int, int], list[str]] = defaultdict(list)
    members = stimuli.archive.members
    for stimulus_id, name in zip(stimuli.table[STIMULUS_ID], stimuli.table[FILENAME], strict=True):
        by_name[name].append(stimulus_id)
        member = members.get(name)
        if member is not None:
            files[member.size, member.crc].append(stimulus_id)
    yield _groups(
        "Files with the same bytes",
        (ids for ids in files.values() if len(ids) > 1),
        f"Compared were size and CRC-32 of {counted(len(members), 'file')} of the ZIP.",
    )
    shared = [ids for ids in by_name.values() if len(ids) > 1]
    if shared:
        yield _groups("Stimuli that share a file", shared, "Compared were the file names of the table.")


def _groups(title: str, groups: Iterable[list[Any]], how: str) -> Block:
    groups = [*groups]
    if not groups:
        return Words(f"None. {how}", title)
    rows = []
    for place, ids in enumerate(groups[:_GROUPS], 1):
        more = f" and {len(ids) - _OF_A_GROUP:,} more" if len(ids) > _OF_A_GROUP else ""
        rows.append((str(place), f"{len(ids):,}", ", ".join(plain(one, 60) for one in ids[:_OF_A_GROUP]) + more))
    more = f" {len(groups) - _GROUPS:,} more groups are not shown." if len(groups) > _GROUPS else ""
    return Table(title, ("group", "stimuli", "ids"), rows, f"{how}{more}")

"""CSV and ZIP, or folder -> stimulus set."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from brainpack.errors import InvalidData, NotFound
from brainpack.layout import FILENAME, STIMULUS_ID, id_column, unpacked_folder
from brainpack.objects.stimuli import StimulusPaths, StimulusSet
from brainpack.read.access import reading
from brainpack.read.archives import Archive, FileOnDisk, by_last_part
from brainpack.read.tables import read_table
from brainpack.read.unpack import unpack_whole
from brainpack.read.zipped import ZippedFiles

if TYPE_CHECKING:
    import pandas as pd

    from brainpack.objects.stimuli import Files
    from brainpack.read.archives import Ranged

_SHOWN: Final = 5


def read_stimulus_set(
    csv_path: str | os.PathLike[str],
    zip_or_folder: str | os.PathLike[str],
    *,
    unpack_to: Path | None = None,
    verify: bool = False,
) -> StimulusSet:
    """Read a stimulus set.

    Parameters
    ----------
    csv_path : path
        Table with the columns `stimulus_id` (in old sets `image_id`) and `filename`. Ids that are not plain
        numbers stay the text that they are: "001" and "NA" too.
    zip_or_folder : path
        A ZIP, which is unpacked, or a folder that holds the files already. Where a name of the table is not there,
        the only file of that name in any folder of it is taken; other files do not matter. Of a ZIP, only its own
        files count, whatever else is where it was unpacked.
    unpack_to : Path, optional
        The folder that shall hold the files of a ZIP, by default the one of its name beside it. What was unpacked
        before is kept, and repaired: see `brainpack.read.unpack.unpack`.
    verify : bool
        Whether to compare every unpacked byte with the ZIP, even of files that were not touched.

    Returns
    -------
    StimulusSet
        Of a set from a ZIP, a file that changes later is repaired when its path is asked for.

    Raises
    ------
    NotFound
        The CSV, the ZIP, the folder, or the file of a stimulus is missing.
    InvalidData
        The CSV or the ZIP cannot be understood, the CSV lacks a column or has ids twice, or several files could
        be that of a stimulus.
    IntegrityError
        A file in the ZIP is damaged.
    StoreError
        Something cannot be read, or the ZIP cannot be unpacked there.
    """
    table, path = _read_table(Path(csv_path)), Path(zip_or_folder)
    with reading(path):
        is_folder = path.is_dir()
    files: Files
    if is_folder:
        files, there = _Folder(path), _relative_files(path)
    else:
        folder = unpack_to or unpacked_folder(path)
        note = unpack_whole(path, folder, verify=verify)
        archive = Archive(FileOnDisk.at(path))
        files, there = ZippedFiles(archive, folder, note.whole_at), _names_in_zip(archive, folder, note.files)
    return _with_files(table, _found(table[FILENAME].tolist(), there, path), files)


def read_lazily(csv_path: str | os.PathLike[str], archive: Ranged, folder: Path) -> StimulusSet:
    """Read a stimulus set whose files stay in their ZIP until they are asked for.

    `get_stimulus(id)` and `stimulus_paths[id]` fetch the one file, compare it with its size and CRC-32, and return its
    path in `folder`. A file that is there already is compared and not fetched.

    Parameters
    ----------
    csv_path : path
        As for `read_stimulus_set`.
    archive : Ranged
        The ZIP, of which nothing is read here: `FileOnDisk.at(path)`, or one in a store. Its directory is read in
        one or two requests when the first file is asked for, a file of up to 8 MiB in one.
    folder : Path
        Where the files shall be. Made when the first one is fetched.

    Returns
    -------
    StimulusSet

    Raises
    ------
    NotFound, InvalidData, StoreError
        As for `read_stimulus_set`, but for the table only.

    Examples
    --------
    >>> import tempfile, zipfile
    >>> import pandas as pd
    >>> from brainpack.read.archives import FileOnDisk
    >>> home = Path(tempfile.mkdtemp())
    >>> with zipfile.ZipFile(home / "set.zip", "w") as archive:
    ...     archive.writestr("cat.png", b"a picture")
    >>> pd.DataFrame({"stimulus_id": ["001"], "filename": ["cat.png"]}).to_csv(home / "set.csv", index=False)
    >>> stimuli = read_lazily(home / "set.csv", FileOnDisk.at(home / "set.zip"), home / "fetched")
    >>> stimuli.get_stimulus("001").read_bytes()
    b'a picture'
    """
    table = _read_table(Path(csv_path))
    return _with_files(table, table[FILENAME].tolist(), ZippedFiles(Archive(archive), folder))


@dataclass(frozen=True)
class _Folder:
    """Files that are where they are."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / name


def _with_files(table: pd.DataFrame, names: list[str], files: Files) -> StimulusSet:
    stimuli = StimulusSet(table)
    stimuli.stimulus_paths = StimulusPaths(table[STIMULUS_ID].tolist(), names, files)
    return stimuli


def _read_table(path: Path) -> pd.DataFrame:
    table = read_table(path)
    column = id_column(table.columns)
    if column is None or FILENAME not in table.columns:
        found = ", ".join(repr(name)[:80] for name in table.columns[:20])
        lacking = STIMULUS_ID if column is None else FILENAME
        raise InvalidData(f"{path} lacks the column {lacking!r}; its columns are {found}; rename or add it")
    if (repeated := table[STIMULUS_ID][table[STIMULUS_ID].duplicated()]).size:
        raise InvalidData(
            f"{path} has several rows for the stimulus ids {_some(repeated.unique().tolist())}; keep one row for each"
        )
    return table


def _names_in_zip(archive: Archive, folder: Path, number: int) -> set[str]:
    """Names of the files in a ZIP, all of which are in the folder that it was unpacked to."""
    there = _relative_files(folder)  # much faster than the directory of the ZIP
    return there if len(there) == number else set(archive.members)


def _found(names: list[str], there: set[str], where: Path) -> list[str]:
    """Which file is that of each name: the one with that path, or else the only one of that name in a folder."""
    if there.issuperset(names):
        return names
    below = by_last_part(there)
    moved = {name: below.get(name, []) for name in names if name not in there}
    if missing := [name for name, found in moved.items() if not found]:
        raise NotFound(
            f"{len(missing)} of the {len(names)} files that the table names are not in {where}: {_some(missing)}; "
            "correct the table, or give the folder or ZIP that holds all of them"
        )
    if ambiguous := [found for found in moved.values() if len(found) > 1]:
        raise InvalidData(
            f"{len(ambiguous)} of the file names in the table fit several files in {where}, for instance "
            f"{_some(sorted(ambiguous[0]))}; write the folder into the table, as in {min(ambiguous[0])!r}"
        )
    return [moved[name][0] if name in moved else name for name in names]


def _relative_files(folder: Path) -> set[str]:
    """Paths of all files below a folder, with '/' on every system."""
    files: set[str] = set()
    with reading(folder):
        for parent, _, names in os.walk(folder, onerror=_refuse):
            relative = os.path.relpath(parent, folder)
            if relative == ".":
                files.update(names)
            else:
                prefix = relative.replace(os.sep, "/")
                files.update(f"{prefix}/{name}" for name in names)
    return files


def _refuse(error: OSError) -> NoReturn:
    raise error


def _some(values: list[Any]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(map(repr, values[:_SHOWN])) + more

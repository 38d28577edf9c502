"""The BrainIO contract in code: identifiers, file names, column and variable names."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Container, Hashable
    from pathlib import Path

Kind = Literal["assembly", "stimulus_set"]

IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

STIMULUS_ID: Final = "stimulus_id"
LEGACY_STIMULUS_ID: Final = "image_id"
FILENAME: Final = "filename"
PATH_WITHIN_STORE: Final = "stimulus_path_within_store"
LOCAL_COLUMNS: Final = ("stimulus_current_local_file_path", PATH_WITHIN_STORE)

DATA_VARIABLE: Final = "data"
UNNAMED_DATA_VARIABLE: Final = "__xarray_dataarray_variable__"
PRESENTATION: Final = "presentation"

# Names that mean something else than a file on Windows; a ZIP that holds them is neither written nor unpacked.
DEVICE_NAME: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\..*)?")
DRIVE: Final = re.compile(r"[A-Za-z]:")

RELEASE: Final = ("licence", "citation", "contact")  # what a project says about all its data
LONGEST_CITATION: Final = 1 << 16  # bytes; an entry or a few, no library

RECORD_SUFFIX: Final = ".brainpack.json"
SUFFIXES: Final[dict[Kind, tuple[str, ...]]] = {"assembly": (".nc",), "stimulus_set": (".csv", ".zip")}
_PREFIX: Final[dict[Kind, str]] = {"assembly": "assy_", "stimulus_set": "stimulus_"}


def is_data(name: str) -> bool:
    """Whether a file is called like data, or like what describes them: nothing else takes its place.

    Examples
    --------
    >>> is_data("rates.nc"), is_data("stimulus_lab_Set.brainpack.json"), is_data("findings.json")
    (True, True, False)
    """
    lower = name.lower()
    return lower.endswith((RECORD_SUFFIX, *(suffix for kind in SUFFIXES.values() for suffix in kind))) or (
        lower == "brainpack.toml"
    )


def store_name(kind: Kind, identifier: str) -> str:
    """Stem shared by all files of one data set.

    Examples
    --------
    >>> store_name("assembly", "dicarlo.MajajHong2015.public")
    'assy_dicarlo_MajajHong2015_public'
    """
    return _PREFIX[kind] + identifier.replace(".", "_")


def record_name(kind: Kind, identifier: str) -> str:
    """File name of the record beside the files of one data set."""
    return store_name(kind, identifier) + RECORD_SUFFIX


def id_column(columns: Container[Hashable]) -> str | None:
    """Name of the column that identifies stimuli: `stimulus_id`, in old sets `image_id`.

    Examples
    --------
    >>> id_column(["image_id", "category"])
    'image_id'
    """
    return next((name for name in (STIMULUS_ID, LEGACY_STIMULUS_ID) if name in columns), None)


def zip_entry_name(stem: object, source: str | os.PathLike[str]) -> str:
    """Name of a stimulus inside the ZIP: the stimulus's id with the suffix of its file.

    Examples
    --------
    >>> zip_entry_name(7, "/data/gratings/left.png")
    '7.png'
    """
    return f"{stem}{os.path.splitext(source)[1]}"  # noqa: PTH122 - Path.suffix of "a." differs between Pythons


def unpacked_folder(zip_path: Path) -> Path:
    """Folder beside a ZIP that holds its unpacked files, named as the reference client names it.

    Examples
    --------
    >>> from pathlib import Path
    >>> unpacked_folder(Path("cache/stimulus_lab.zip")).as_posix()
    'cache/stimulus_lab'
    """
    return zip_path.with_suffix("")

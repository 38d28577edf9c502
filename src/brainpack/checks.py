"""The five naming, numbering and image checks of the packaging API."""

from __future__ import annotations

import itertools
import mimetypes
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from brainpack.errors import CheckFailed
from brainpack.objects.entries import stimulus_paths

if TYPE_CHECKING:
    import pandas as pd

_CHANNELS: Final = {"RGBA": 4, "RGB": 3, "LA": 2, "L": 1}
_PUBLISHED_NAME: Final = re.compile(r"[a-z]+\.[A-Z][A-Za-z0-9]+([._-][A-Za-z0-9._-]*)?")
_STIMULUS_NAME: Final = re.compile(r"([A-Za-z0-9]+_)?[1-9][0-9]*\.(jpg|jpeg|png|mp4)")
_FILE_NUMBER: Final = re.compile(r"([0-9]+)\.[^.]*$")


def check_naming_convention(name: object) -> None:
    """Raise unless a data set is named `lab.AuthorYear…`: a lower-case lab, a dot, a capitalised rest.

    Raises
    ------
    CheckFailed
        Also an AssertionError.

    Examples
    --------
    >>> check_naming_convention("dicarlo.MajajHong2015.public")
    """
    if not isinstance(name, str) or not _PUBLISHED_NAME.fullmatch(name):
        raise CheckFailed(f"{name!r} is not named like 'lab.Author2026': lower-case lab, dot, capitalised rest")


def check_stimulus_naming_convention(name: object) -> None:
    """Raise unless a stimulus file is named `<word>_<n>.<ext>` or `<n>.<ext>`.

    n has no leading zero; ext is jpg, jpeg, png or mp4; the whole name must match.

    Raises
    ------
    CheckFailed
        Also an AssertionError.

    Examples
    --------
    >>> check_stimulus_naming_convention("Nat300_17.png")
    """
    if not isinstance(name, str) or not _STIMULUS_NAME.fullmatch(name):
        raise CheckFailed(
            f"the stimulus file {name!r} is not named like 'image_17.png' or '17.png': a number without leading "
            "zero, and one of the suffixes jpg, jpeg, png, mp4"
        )


def check_stimulus_numbers(stimulus_set: pd.DataFrame) -> None:
    """Raise unless the files of a stimulus set are numbered without gaps.

    Raises
    ------
    CheckFailed
        Also an AssertionError; it names the first numbers that are missing or there twice.
    """
    numbers = sorted(_number(Path(path).name) for path in stimulus_paths(stimulus_set).values())
    if numbers and numbers != [*range(numbers[0], numbers[0] + len(numbers))]:
        raise CheckFailed(_gaps(numbers))


def _number(name: str) -> int:
    match = _FILE_NUMBER.search(name)
    if match is None:
        raise CheckFailed(f"the stimulus file {name!r} has no number before its suffix")
    return int(match[1])


def _gaps(numbers: list[int]) -> str:
    missing = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    twice = sorted({number for number, following in itertools.pairwise(numbers) if number == following})
    return f"the stimulus files are not numbered without gaps: missing {missing[:5]}, several times {twice[:5]}"


def check_image_format(image: Image.Image, identifier: object) -> None:
    """Raise unless an image is RGBA, RGB, LA or L and its pixels have as many channels as that says.

    Parameters
    ----------
    image : PIL.Image.Image
    identifier : object
        Names the image in the error.

    Raises
    ------
    CheckFailed
        Also an AssertionError.
    """
    if image.mode not in _CHANNELS:
        raise CheckFailed(f"{identifier}: the image has the mode {image.mode}, expected one of {', '.join(_CHANNELS)}")
    shape = np.asarray(image).shape
    expected = image.size[::-1] + (() if image.mode == "L" else (_CHANNELS[image.mode],))
    if shape != expected:
        raise CheckFailed(f"{identifier}: the pixels have the shape {shape}, expected {expected}")


def check_experiment_stimulus_set(stimulus_set: pd.DataFrame) -> None:
    """Raise unless a stimulus set can be shown in an experiment (bucket `brainio.requested`).

    It has stimuli; their files exist, are of one media type, follow the naming convention, are numbered without
    gaps; images decode and have an accepted format.

    Raises
    ------
    CheckFailed
        Also an AssertionError.
    """
    files = [Path(path) for path in stimulus_paths(stimulus_set).values()]
    if len(stimulus_set) == 0 or not files:
        raise CheckFailed("the stimulus set is empty, or its stimulus_paths are")
    first_type = mimetypes.guess_type(files[0].name)[0]
    for file in files:
        check_stimulus_naming_convention(file.name)
        if not file.is_file():
            raise CheckFailed(f"{file} does not exist")
        if (found := mimetypes.guess_type(file.name)[0]) != first_type:
            raise CheckFailed(f"{file} is of the media type {found}, the first stimulus of {first_type}")
        if first_type is not None and first_type.startswith("image"):
            _check_image_file(file)
    check_stimulus_numbers(stimulus_set)


def _check_image_file(file: Path) -> None:
    try:
        with Image.open(file) as image:
            check_image_format(image, file)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise CheckFailed(f"{file} cannot be decoded as an image: {error}") from error

"""The five naming, numbering and image checks of the packaging API."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from brainpack.errors import CheckFailed
from brainpack.media.facts import ACCEPTED_CHANNELS
from brainpack.objects.entries import stimulus_paths
from brainpack.validation.conventions import gaps_in, names_data_set, names_stimulus_file, number_in

if TYPE_CHECKING:
    import pandas as pd


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
    if not isinstance(name, str) or not names_data_set(name):
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
    if not isinstance(name, str) or not names_stimulus_file(name):
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
    gaps = gaps_in(_number(Path(path).name) for path in stimulus_paths(stimulus_set).values())
    if gaps.missing or gaps.repeated:
        raise CheckFailed(
            f"the stimulus files are not numbered without gaps: missing {gaps.first_missing}, "
            f"several times {gaps.first_repeated}"
        )


def _number(name: str) -> int:
    number = number_in(name)
    if number is None:
        raise CheckFailed(f"the stimulus file {name!r} has no number before its suffix")
    return number


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
    if image.mode not in ACCEPTED_CHANNELS:
        accepted = ", ".join(ACCEPTED_CHANNELS)
        raise CheckFailed(f"{identifier}: the image has the mode {image.mode}, expected one of {accepted}")
    shape = np.asarray(image).shape
    expected = image.size[::-1] + (() if image.mode == "L" else (ACCEPTED_CHANNELS[image.mode],))
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

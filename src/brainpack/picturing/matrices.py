"""Matrices as images, in colours that are as far apart as the values are."""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from brainpack.picturing.svg import Scale, drawing, element, fitted, label, line, tick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_COLOURS: Final = 255
_MISSING: Final = 255  # number of the colour of what is not there
_GREY: Final = (150, 150, 150)
# Lightness, chroma and hue in degrees of OKLCH at both ends and on the way: dark violet, blue, green, light yellow.
_STOPS: Final = (
    (0.22, 0.10, 300.0),
    (0.41, 0.12, 265.0),
    (0.60, 0.11, 200.0),
    (0.78, 0.14, 145.0),
    (0.95, 0.13, 105.0),
)
_LINEAR: Final = 0.0031308  # below, sRGB is not a power


@cache
def colour_map() -> NDArray[np.uint8]:
    """Colours from dark to light whose lightness rises evenly, so that equal steps of a value look equal.

    It is a path through OKLab, a space in which distances are those that are seen: Ottosson (2020), "A perceptual
    color space for image processing".

    Returns
    -------
    array of uint8, shape (255, 3)
        In sRGB.

    Examples
    --------
    >>> dark, light = colour_map()[[0, -1]].tolist()
    >>> sum(dark) < 150 < 600 < sum(light)
    True
    """
    lightness, chroma, hue = np.array(_STOPS).T
    along, places = np.linspace(0, 1, _COLOURS), np.linspace(0, 1, len(_STOPS))
    angle = np.radians(hue)
    light = np.linspace(lightness[0], lightness[-1], _COLOURS)
    a = np.interp(along, places, chroma * np.cos(angle))
    b = np.interp(along, places, chroma * np.sin(angle))
    return _srgb(light, a, b)


def _srgb(light: Floats, a: Floats, b: Floats) -> NDArray[np.uint8]:
    """OKLab to sRGB, with the matrices of its definition; what no screen shows is cut off."""
    cubes = np.stack([
        light + 0.3963377774 * a + 0.2158037573 * b,
        light - 0.1055613458 * a - 0.0638541728 * b,
        light - 0.0894841775 * a - 1.2914855480 * b,
    ]) ** 3  # fmt: skip
    linear = np.array([
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]) @ cubes  # fmt: skip
    linear = np.clip(linear, 0, 1)
    encoded = np.where(linear <= _LINEAR, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: NDArray[np.uint8] = np.rint(255 * encoded.T).astype(np.uint8)
    return colours


def png_of(values: Floats, low: float, high: float) -> str:
    """A matrix as the URI of a PNG with one pixel per value.

    Parameters
    ----------
    values : array of float64, shape (row, column)
        NaN and infinities are grey.
    low, high : float
        What the darkest and the lightest colour stand for; values beyond have these, too.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        share = (values / 2 - low / 2) / ((high / 2 - low / 2) or 1.0)
    known = np.isfinite(values)
    indexes = np.full(values.shape, _MISSING, np.uint8)
    indexes[known] = np.rint(np.clip(share[known], 0, 1) * (_COLOURS - 1)).astype(np.uint8)
    image = Image.fromarray(indexes)
    image.putpalette([*colour_map().ravel().tolist(), *_GREY])
    return data_uri(image, "PNG", optimize=True)


def data_uri(image: Image.Image, file_format: str, **options: object) -> str:
    """An image as a URI that holds all of it."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    encoded = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/{file_format.lower()};base64,{encoded}"


def matrix_chart(
    values: Floats,
    names: tuple[str, str, str],
    ends: tuple[float, float],
    text: tuple[str, str],
    labels: Sequence[tuple[int, str]] = (),
    rows: Sequence[str] = (),
) -> Markup:
    """Draw a matrix with the names of its sides and a scale of its colours.

    Parameters
    ----------
    values : array of float64, shape (row, column)
    names : (str, str, str)
        What rows, columns and colours are.
    ends : (float, float)
        What the darkest and the lightest colour stand for.
    text : (str, str)
        Title and summary.
    labels : sequence of (int, str)
        Names of stretches of columns, and the column that each begins with; drawn below.
    rows : sequence of str
        Names of the rows, drawn beside them.
    """
    width, top = 480.0, 10.0
    left, side = (100.0, 280.0) if rows else (30.0, 350.0)
    right = left + side + 10
    height = min(max(side * values.shape[0] / max(values.shape[1], 1), 130.0), side)
    parts = [
        _image(png_of(values, *ends), left, top, side + 10, height),
        element("rect", x=left, y=top, width=side + 10, height=height, class_="frame"),
        label(fitted(names[1], side), (left + right) / 2, top + height + (38 if labels else 22), class_="name"),
        element("text", fitted(names[0], height), transform=f"translate(18 {top + height / 2:.1f}) rotate(-90)",
                text_anchor="middle", class_="name"),
    ]  # fmt: skip
    columns = Scale(0.0, float(max(values.shape[1], 1)), left, right)
    for place, (start, name) in enumerate(labels):
        stop = labels[place + 1][0] if place + 1 < len(labels) else values.shape[1]
        x1, x2 = columns(start), columns(stop)
        parts.append(line(x1 + 1, top + height + 5, max(x2 - 1, x1 + 1), top + height + 5, "bracket"))
        if x2 - x1 > 18:  # noqa: PLR2004 - room for two characters
            parts.append(label(fitted(name, x2 - x1), (x1 + x2) / 2, top + height + 18))
    step = height / max(len(rows), 1)
    if step > 12:  # noqa: PLR2004 - room for a line of text
        parts += [
            label(fitted(name, 66), left - 4, top + (row + 0.5) * step + 4, "end") for row, name in enumerate(rows)
        ]
    parts += _colour_scale(names[2], ends, top, height)
    return drawing(*text, top + height + (50 if labels else 34), parts, width)


def _colour_scale(name: str, ends: tuple[float, float], top: float, height: float) -> list[Markup]:
    x, bar = 412.0, 12.0
    column = np.linspace(1, 0, 64)[:, np.newaxis]
    scale = Scale(ends[0], ends[1], top + height, top + 18)
    parts = [
        label(fitted(name, 76), x, top + 8, "start", "name"),
        _image(png_of(column, 0.0, 1.0), x, top + 18, bar, height - 18),
    ]
    for value in scale.ticks(4):
        parts += [line(x + bar, scale(value), x + bar + 4, scale(value), "axis")]
        parts += [label(tick(value), x + bar + 7, scale(value) + 4, "start")]
    return parts


def _image(uri: str, x: float, y: float, width: float, height: float) -> Markup:
    return element(
        "image",
        href=uri,
        x=x,
        y=y,
        width=width,
        height=height,
        preserveAspectRatio="none",
        image_rendering="pixelated",
        class_="matrix",
    )

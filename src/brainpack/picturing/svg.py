"""The drawing primitives of figures: elements, scales and axes. Colours are those of the page, by class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from unicodedata import east_asian_width

import numpy as np
from markupsafe import Markup, escape

from brainpack.picturing.texts import DIGITS, apart, clipped, number, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH: Final = 480  # of a figure; its unit is about a pixel of a screen
_STEPS: Final = (1, 2, 5, 10)
_CHARACTER: Final = 6.6  # width of one, at the size of labels


def element(name: str, content: str = "", **attributes: object) -> Markup:
    """Write one element; attributes are escaped, content only if it is not Markup.

    Parameters
    ----------
    name : str
    content : str or Markup
    **attributes : object
        ``class_`` and ``stroke_width`` are `class` and `stroke-width`; floats get two decimals.

    Examples
    --------
    >>> element("text", "a < b", x=1.0, class_="tick")
    Markup('<text x="1" class="tick">a &lt; b</text>')
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{written}>{escape(content)}</{name}>")  # noqa: S704 - all parts are escaped above


def _value(value: object) -> str:
    return short(value) if isinstance(value, float) else str(value)


def short(value: float) -> str:
    """A coordinate with two decimals at most.

    Examples
    --------
    >>> short(1.0), short(1.256), short(-0.001)
    ('1', '1.26', '0')
    """
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def drawing(title: str, description: str, height: float, parts: Iterable[Markup], width: float = WIDTH) -> Markup:
    """Wrap the parts of a figure, with a text for those who do not see it."""
    label = f"{title}. {description}"
    return element(
        "svg",
        Markup("").join(parts),
        viewBox=f"0 0 {short(width)} {short(height)}",
        role="img",
        aria_label=label,
        class_="drawing",
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Draw a straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def box(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    """Draw a filled rectangle."""
    return element("rect", x=float(x), y=float(y), width=float(width), height=float(height), class_=class_)


def label(text: str, x: float, y: float, anchor: str = "middle", class_: str = "tick") -> Markup:
    """Write text at a place; `anchor` says which part of it is there: start, middle or end."""
    return element("text", text, x=float(x), y=float(y), text_anchor=anchor, class_=class_)


def fitted(text: object, width: float) -> str:
    """Text that is no wider than so many units.

    Examples
    --------
    >>> fitted("inferior temporal cortex", 60)
    'inferior…'
    """
    written = plain(text)
    ends = np.cumsum([width_of(character) for character in written])
    return clipped(written, max(int(np.searchsorted(ends, width, side="right")), 2))


def width_of(text: str) -> float:
    """About how wide a text is, at the size of labels.

    Examples
    --------
    >>> width_of("il"), width_of("日本")
    (13.2, 26.4)
    """
    twice = sum(character in "MW@%" or east_asian_width(character) in "WF" for character in text)
    return (len(text) + twice + sum(map(text.count, "mw")) / 2) * _CHARACTER


@dataclass(frozen=True)
class Scale:
    """Where numbers are on an axis.

    Attributes
    ----------
    low, high : float
        Finite numbers at its ends.
    start, stop : float
        Where these are in the drawing.
    """

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        half = (self.high / 2 - self.low / 2) or 1.0  # halves, because the range of large floats is none
        return self.start + (value / 2 - self.low / 2) / half * (self.stop - self.start)

    def ticks(self, most: int = 5, smallest: float = 0.0) -> list[float]:
        """Round numbers on the axis, no closer together than the smallest step.

        Examples
        --------
        >>> Scale(0.0, 97.0, 0, 1).ticks()
        [0.0, 20.0, 40.0, 60.0, 80.0]
        """
        span = self.high - self.low
        if not math.isfinite(span) or span <= 0:
            return [self.low] if span <= 0 else [self.low, self.high]
        power = 10.0 ** math.floor(math.log10(span / most))
        if not power or not math.isfinite(1 / power):
            return [self.low, self.high]
        step = next((factor * power for factor in _STEPS if span / (factor * power) <= most), 10 * power)
        step = max(step, smallest)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        if last - first > most:
            return [self.low, self.high]
        return [place * step for place in range(first, last + 1)] or [self.low, self.high]


def bottom_axis(scale: Scale, y: float, title: str, ticks: Sequence[float] | None = None) -> list[Markup]:
    """Draw an axis below, with its name."""
    places = scale.ticks() if ticks is None else ticks
    parts = [line(scale.start, y, scale.stop, y, "axis")]
    for value, text in zip(places, apart(places, tick), strict=True):
        parts += [line(scale(value), y, scale(value), y + 4, "axis"), label(text, scale(value), y + 17)]
    name, middle = fitted(title, abs(scale.stop - scale.start)), (scale.start + scale.stop) / 2
    return [*parts, label(name, middle, y + 36, class_="name")]


def left_axis(scale: Scale, x: float, stop: float, title: str) -> list[Markup]:
    """Draw horizontal lines from x to stop at round numbers, with the name of the axis above."""
    parts = [label(title, x - 30, scale.stop - 12, "start", "name")]
    places = scale.ticks(4)
    for value, text in zip(places, apart(places, tick), strict=True):
        parts += [line(x, scale(value), stop, scale(value), "grid"), label(text, x - 6, scale(value) + 4, "end")]
    return parts


def tick(value: float, digits: int = DIGITS) -> str:
    """A number at an axis, short.

    Examples
    --------
    >>> tick(0.30000000000000004), tick(1_500_000.0), tick(-0.0), tick(25_000.0)
    ('0.3', '1.5e+06', '0', '25,000')
    """
    is_short = abs(value) < 1e6  # noqa: PLR2004 - what there is room for
    return number(value + 0.0, digits) if is_short else f"{value:.{digits - 1}g}"

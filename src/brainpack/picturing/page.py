"""Sections to one HTML file: its style and its program are inside, and nothing else may run or be fetched."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from brainpack.picturing.texts import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from brainpack.picturing.blocks import Section
    from brainpack.picturing.heading import Heading


def page_of(heading: Heading, sections: Sequence[Section]) -> bytes:
    """Write the page.

    Parameters
    ----------
    heading : Heading
    sections : sequence of Section

    Returns
    -------
    bytes
        HTML in UTF-8.
    """
    from markupsafe import Markup

    from brainpack import __version__

    style, program = _part("report.css"), _part("report.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(program)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    text = _environment().get_template("report.html.j2").render(
        heading=heading,
        sections=sections,
        style=Markup(style),  # noqa: S704 - it is ours
        program=Markup(program),  # noqa: S704 - it is ours
        policy=policy,
        version=plain(__version__),
    )  # fmt: skip
    return text.encode()


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _part(name: str) -> str:
    return files("brainpack.picturing").joinpath("templates", name).read_text("utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("brainpack.picturing"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

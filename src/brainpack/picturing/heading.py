"""The head of a page: what the package is, by which bytes it is known, and how to load it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from brainpack.picturing.svg import element
from brainpack.picturing.texts import plain, shown_characters, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brainpack.picturing.material import Material

_LONGEST: Final = 20_000  # characters of a citation


class Hash(NamedTuple):
    """A digest that can be copied: of a file, or of the content."""

    of: str
    name: str
    value: str
    size: str


@dataclass(frozen=True)
class Heading:
    """What stands above everything else.

    Attributes
    ----------
    identifier, cls : str
    lead : str
        Dimensions and sizes in a sentence.
    facts : sequence of (str, str)
        Name and value.
    hashes : sequence of Hash
    citation : str
        With its line ends; empty without one.
    snippet : str
        Python that loads the package.
    """

    identifier: str
    cls: str
    lead: str
    facts: Sequence[tuple[str, str]]
    hashes: Sequence[Hash]
    citation: str
    snippet: str


def heading_of(material: Material, lead: str, findings: str) -> Heading:
    """Say what a package is.

    Parameters
    ----------
    material : Material
    lead : str
        Its dimensions in words.
    findings : str
        How many there are.
    """
    record = material.record
    facts = [("Class", plain(record.cls)), ("Size", size(sum(file.size for file in record.files)))]
    if record.stimulus_set_identifier is not None:
        facts.append(("Stimulus set", plain(record.stimulus_set_identifier)))
    facts += [
        ("Licence", plain(record.release.get("licence", "none given"), 300)),
        ("Contact", plain(record.release.get("contact", "none given"), 300)),
        ("Findings", element("a", findings, href="#findings")),
        ("Published at", plain(record.location, 300) if record.location else "not published"),
        ("Made by", ", ".join(f"{plain(name, 40)} {plain(it, 40)}" for name, it in [*record.versions.items()][:12])),
    ]
    hashes = [Hash("content", "SHA-256", record.content, "")]
    for file in record.files:
        hashes += [Hash(file.name, "SHA-1", file.sha1, size(file.size)), Hash(file.name, "SHA-256", file.sha256, "")]
    citation = shown_characters(record.release.get("citation", "")[:_LONGEST])
    return Heading(record.identifier, plain(record.cls), lead, facts, hashes, citation, _snippet(material))


def _snippet(material: Material) -> str:
    record = material.record
    where = f"{record.location.rstrip('/')}/{record.name}" if record.location else record.name
    if not record.location and material.located.folder is None and material.source is not None:
        where = material.source
    if not record.location and material.source is not None and not where.startswith("s3://"):
        where = Path(where).name
    if record.kind == "stimulus_set":
        return (f'import brainpack\n\nstimuli = brainpack.load({where!r})\n'
                'stimuli.get_stimulus(stimuli["stimulus_id"].iloc[0])  # path of its file')  # fmt: skip
    return f"import brainpack\n\nassembly = brainpack.load({where!r})"

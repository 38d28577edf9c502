"""Rules about what goes out with the data: licence, citation, contact, and what packaging found."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from brainpack.layout import LONGEST_CITATION
from brainpack.validation.conventions import names_data_set
from brainpack.validation.findings import Problem, Severity, Words
from brainpack.validation.registry import RULES, rule
from brainpack.validation.terms import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bibtexparser.model import Block

    from brainpack.record.records import Record
    from brainpack.validation.report import Report

_UNHEARD: Final = logging.NullHandler()  # the parser logs what it also returns


@dataclass(frozen=True)
class Release:
    """A data set as others will find it.

    Attributes
    ----------
    identifier : str
    about : mapping of str to str
        `licence`, `citation` and `contact`, as far as they are given.
    found : mapping of str to int
        By rule id, how many places packaging found and nobody waived.
    """

    identifier: str
    about: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)


@rule("BP-R005", Release, Severity.NOTE)
def identifier_follows_the_convention(release: Release) -> Iterator[Problem]:
    """Identifiers name lab, author and year."""
    if not names_data_set(release.identifier):
        yield Problem(
            "identifier",
            "a lower-case lab, a dot, and a name that starts with a capital letter, such as 'lab.Author2026'",
            repr(release.identifier),
            "Choose such an identifier for new data; leave it as it is where others refer to it",
        )


@rule("BP-R007", Release, Severity.NOTE, when_published=Severity.ERROR)
def licence_is_stated(release: Release) -> Iterator[Problem]:
    """A licence says what others may do with the data."""
    if "licence" not in release.about:
        yield Problem(
            "licence",
            "a licence, such as 'CC-BY-4.0'",
            "none",
            'Write licence = "…" into [release] of brainpack.toml, if possible an identifier of SPDX',
        )


@rule("BP-R008", Release, Severity.NOTE, when_published=Severity.WARNING)
def citation_is_stated(release: Release) -> Iterator[Problem]:
    """A citation says whom to credit."""
    if "citation" not in release.about:
        yield Problem(
            "citation",
            "an entry of BibTeX, or the name of a file with it",
            "none",
            'Write citation = "paper.bib" into [release] of brainpack.toml',
        )


@rule("BP-R009", Release, Severity.WARNING, when_published=Severity.ERROR)
def citation_is_bibtex(release: Release) -> Iterator[Problem]:
    """The citation can be read by programs."""
    if (citation := release.about.get("citation")) is not None and (reasons := _why_not_bibtex(citation)):
        yield Problem(
            "citation",
            "entries of BibTeX, each with a key of its own",
            "what cannot be read as that",
            "Export it again from the publisher's page or a reference manager",
            [Words(reason) for reason in reasons],
        )


@rule("BP-R010", Release, Severity.NOTE, when_published=Severity.WARNING)
def contact_is_stated(release: Release) -> Iterator[Problem]:
    """A contact says whom to ask."""
    if "contact" not in release.about:
        yield Problem(
            "contact", "an address of someone who knows the data", "none",
            'Write contact = "name@lab.org" into [release] of brainpack.toml',
        )  # fmt: skip


@rule("BP-R015", Release, Severity.NOTE, when_published=Severity.ERROR)
def packaging_found_nothing_that_stops_publishing(release: Release) -> Iterator[Problem]:
    """What packaging found in a draft would also pass when it is published."""
    for rule_id, places in release.found.items():
        if rule_id not in RULES or RULES[rule_id].severity_in(Profile.PUBLISH) is Severity.ERROR:
            yield Problem(
                f"rule {rule_id}",
                "nothing that it finds, or a rule that this version knows",
                f"{places} place(s) when the data were packaged",
                "Ask brainpack validate --profile publish what it is; repair it and package the data again, or waive "
                "the rule in brainpack.toml",
                count=places,
            )


def noted(record: Record, report: Report) -> Record:
    """Let a record say what was found in its data, and what of it was waived.

    What goes out with the data is not noted: it may still be said when they are published.
    """
    about_release = {rule.id for rule in RULES.values() if rule.subject is Release}
    of_data = {rule_id: places for rule_id, places in report.places.items() if rule_id not in about_release}
    return replace(record, findings=of_data, waivers=report.waivers)


def _why_not_bibtex(citation: str) -> list[str]:
    """What is wrong with a citation; nothing if it is BibTeX with one entry or more."""
    if len(citation) > LONGEST_CITATION:
        return [f"more than {LONGEST_CITATION} characters"]
    from bibtexparser.exceptions import BlockAbortedException
    from bibtexparser.splitter import Splitter

    logging.getLogger("bibtexparser").addHandler(_UNHEARD)
    library = Splitter(citation).split()
    reasons = [
        _at(block, error.abort_reason if isinstance(error := block.error, BlockAbortedException) else str(error))
        for block in library.failed_blocks
    ]
    reasons += [_at(entry, "no key") for entry in library.entries if not entry.key]
    return reasons or ([] if library.entries else ["no entry"])


def _at(block: Block, reason: str) -> str:
    return f"line {(block.start_line or 0) + 1}: {reason.rstrip('.')}"

"""Each rule has a heading in docs/rules.md, and the page states its severity."""

from __future__ import annotations

import re
from pathlib import Path

import brainpack.validation.rules  # noqa: F401 - registers them
from brainpack.validation.findings import Severity
from brainpack.validation.registry import CRASHED, RULES
from brainpack.validation.terms import Profile

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
SECTION = re.compile(
    r"^## (BP-[A-Z]\d{3}) .+\n\n"
    r"\*\*(\w+)\*\*(?:, when published \*\*(\w+)\*\*)?(?:, in experiments \*\*(\w+)\*\*)? — .+\n",
    re.MULTILINE,
)
PROMISED = ("Why: ", "Fix: ")


def test_code_and_page_have_the_same_rules() -> None:
    text = PAGE.read_text("utf-8")
    headings = re.findall(r"^## (BP-\S+)", text, re.MULTILINE)
    assert headings == sorted(headings)
    assert {*headings} == {*RULES, CRASHED}
    said = {rule: (draft, *(other or draft for other in others)) for rule, draft, *others in SECTION.findall(text)}
    assert said == {rule.id: tuple(map(rule.severity_in, Profile)) for rule in RULES.values()}


def test_each_section_says_why_and_what_to_do() -> None:
    sections = PAGE.read_text("utf-8").split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections if not all(word in section for word in PROMISED)] == []


def test_the_page_says_which_errors_may_be_waived() -> None:
    sections = {section[:7]: " ".join(section.split()) for section in PAGE.read_text("utf-8").split("\n## ")[1:]}
    waivable = {rule.id for rule in RULES.values() if rule.severity is Severity.ERROR and rule.is_waivable}
    assert {rule for rule, text in sections.items() if "A project may waive it" in text} == waivable

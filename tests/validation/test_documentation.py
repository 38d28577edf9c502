"""Each rule has a heading in docs/rules.md, and the page states its severity."""

from __future__ import annotations

import re
from pathlib import Path

import brainpack.validation.rules  # noqa: F401 - registers them
from brainpack.validation.registry import CRASHED, RULES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
SECTION = re.compile(r"^## (BP-[A-Z]\d{3}) .+\n\n\*\*(\w+)\*\*(?:, when published \*\*(\w+)\*\*)? — .+\n", re.MULTILINE)
PROMISED = ("Why: ", "Fix: ")


def test_code_and_page_have_the_same_rules() -> None:
    text = PAGE.read_text("utf-8")
    headings = re.findall(r"^## (BP-\S+)", text, re.MULTILINE)
    assert headings == sorted(headings)
    assert {*headings} == {*RULES, CRASHED}
    said = {rule: (draft, published or draft) for rule, draft, published in SECTION.findall(text)}
    assert said == {rule.id: (rule.severity, rule.when_published) for rule in RULES.values()}


def test_each_section_says_why_and_what_to_do() -> None:
    sections = PAGE.read_text("utf-8").split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections if not all(word in section for word in PROMISED)] == []

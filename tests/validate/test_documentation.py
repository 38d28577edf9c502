"""Each rule has a heading in docs/rules.md, and the page states its severity."""

from __future__ import annotations

import re
from pathlib import Path

from brainpack.validate import arguments, assemblies, names, stimuli
from brainpack.validate.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
SECTION = re.compile(r"^## (BP-[A-Z]\d{3}) .+\n\n\*\*(\w+)\*\* — .+\n\n?(?:.+\n)*", re.MULTILINE)
PROMISED = ("Why: ", "Fix: ")


def test_code_and_page_have_the_same_rules() -> None:
    assert {arguments, assemblies, names, stimuli}  # importing them registers their rules
    text = PAGE.read_text("utf-8")
    headings = re.findall(r"^## (BP-\S+)", text, re.MULTILINE)
    assert headings == sorted(headings)
    assert headings == sorted(RULES)
    assert dict(SECTION.findall(text)) == {rule.id: rule.severity for rule in RULES.values()}


def test_each_section_says_why_and_what_to_do() -> None:
    sections = PAGE.read_text("utf-8").split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections if not all(word in section for word in PROMISED)] == []

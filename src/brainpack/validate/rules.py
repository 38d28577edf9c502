"""The registry of rules, and the run over everything that is known about an input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from brainpack.validate.findings import Finding, Report, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Subject = TypeVar("Subject")
EXAMPLES: Final = 5
_LONGEST_EXAMPLE: Final = 200  # characters


@dataclass(frozen=True)
class Problem:
    """A finding before the rule's id and severity are put on it.

    Attributes
    ----------
    where, problem, advice : str
        As in Finding.
    examples : sequence
        Every place that has the problem; the first five are shown. Empty where the problem is the whole input's.
    """

    where: str
    problem: str
    advice: str
    examples: Sequence[object] = ()

    def under(self, rule: Rule) -> Finding:
        examples = tuple(_shown(example) for example in self.examples[:EXAMPLES])
        count = max(len(self.examples), 1)
        return Finding(rule.id, rule.severity, self.where, self.problem, self.advice, examples, count)


@dataclass(frozen=True)
class Change:
    """An example that reads as `before -> after`."""

    before: object
    after: object

    def __repr__(self) -> str:
        return f"{_shown(self.before)} -> {_shown(self.after)}"


class Words(str):
    """An example, or a part of one, that reads as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Rule:
    """One check of one kind of subject."""

    id: str
    severity: Severity
    subject: type
    check: Callable[[Any], Iterator[Problem]]


RULES: dict[str, Rule] = {}


def rule(
    rule_id: str, subject: type[Subject], severity: Severity = Severity.ERROR
) -> Callable[[Callable[[Subject], Iterator[Problem]]], Callable[[Subject], Iterator[Problem]]]:
    """Register a function as the check behind `rule_id` for subjects of one type."""

    def register(check: Callable[[Subject], Iterator[Problem]]) -> Callable[[Subject], Iterator[Problem]]:
        RULES[rule_id] = Rule(rule_id, severity, subject, check)
        return check

    return register


def run(name: str, *subjects: object) -> Report:
    """Apply every rule to the subjects that it is about.

    Parameters
    ----------
    name : str
        How the report calls the input.
    *subjects : object
        What is known about the input; a rule runs on each subject of its type.

    Returns
    -------
    Report
        All problems at once.
    """
    findings = [
        problem.under(rule)
        for rule in RULES.values()
        for subject in subjects
        if isinstance(subject, rule.subject)
        for problem in rule.check(subject)
    ]
    return Report.of(name, findings)


def _shown(example: object) -> str:
    shown = repr(example.item() if isinstance(example, np.generic) else example)
    return shown if len(shown) <= _LONGEST_EXAMPLE else f"{shown[: _LONGEST_EXAMPLE - 1]}…"

"""The registry of rules, and the run over everything that is known about an input."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from brainpack.validation.findings import Problem, Severity
from brainpack.validation.report import Report
from brainpack.validation.terms import Profile, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brainpack.validation.findings import Finding

Subject = TypeVar("Subject")
CRASHED = "BP-R004"


@dataclass(frozen=True)
class Rule:
    """One check of one kind of subject.

    Attributes
    ----------
    id : str
        Stable; the heading of the rule in docs/rules.md.
    severity : Severity
        Of its findings while data are a draft.
    subject : type
        What it looks at.
    check : callable
        From a subject to its problems; the first line of its docstring is the law.
    when_published, in_experiments : Severity
        Of its findings when data are published, or stimuli are handed in for an experiment.
    is_waivable : bool
        Whether a project may live with it: not where the files would be wrong.
    """

    id: str
    severity: Severity
    subject: type
    check: Callable[[Any], Iterator[Problem]]
    when_published: Severity
    in_experiments: Severity
    is_waivable: bool

    @property
    def law(self) -> str:
        """What should be so, in one sentence."""
        return (self.check.__doc__ or self.id).partition("\n")[0]

    def severity_in(self, profile: Profile) -> Severity:
        """Of its findings in data that are for this."""
        severities = {Profile.PUBLISH: self.when_published, Profile.EXPERIMENT: self.in_experiments}
        return severities.get(profile, self.severity)


RULES: dict[str, Rule] = {}


def rule(
    rule_id: str,
    subject: type[Subject],
    severity: Severity = Severity.ERROR,
    *,
    when_published: Severity | None = None,
    in_experiments: Severity | None = None,
    is_waivable: bool | None = None,
) -> Callable[[Callable[[Subject], Iterator[Problem]]], Callable[[Subject], Iterator[Problem]]]:
    """Register a function as the check behind `rule_id` for subjects of one type.

    Parameters
    ----------
    rule_id : str
    subject : type
    severity : Severity
    when_published, in_experiments : Severity, optional
        The same by default.
    is_waivable : bool, optional
        By default, what is no error in a draft.
    """

    def register(check: Callable[[Subject], Iterator[Problem]]) -> Callable[[Subject], Iterator[Problem]]:
        waivable = severity is not Severity.ERROR if is_waivable is None else is_waivable
        RULES[rule_id] = Rule(
            rule_id, severity, subject, check, when_published or severity, in_experiments or severity, waivable
        )
        return check

    return register


def run(name: str, *subjects: object, terms: Terms | None = None) -> Report:
    """Apply every rule to the subjects that it is about.

    Parameters
    ----------
    name : str
        How the report calls the input.
    *subjects : object
        What is known about the input; a rule runs on each subject of its type.
    terms : Terms, optional
        Which rules, with which severity, and what is waived; by default those of a draft.

    Returns
    -------
    Report
        All problems at once. A rule that crashes is one of them, and the others still run.
    """
    terms = terms or Terms()
    applied = [
        (rule, subject)
        for rule in RULES.values()
        if terms.asks_for(rule.id)
        for subject in subjects
        if isinstance(subject, rule.subject)
    ]
    findings = [
        _judged(finding, rule, terms)
        for rule, subject in applied
        for finding in _findings(rule, subject, rule.severity_in(terms.profile))
    ]
    return Report.of(name, findings, {rule.id for rule, _ in applied})


def _findings(rule: Rule, subject: object, severity: Severity) -> Iterator[Finding]:
    try:
        for problem in rule.check(subject):
            yield problem.under(rule.id, severity)
    except Exception as error:  # noqa: BLE001 - whatever a rule stumbles over, the others still run
        place = traceback.extract_tb(error.__traceback__)[-1]
        yield Problem(
            f"rule {rule.id}",
            "a rule that can be applied",
            f"{type(error).__name__}: {error} (line {place.lineno} of {place.name})",
            "The data were not checked by this rule; report it to the developers, with the data if possible",
        ).under(CRASHED, severity)


def _judged(finding: Finding, rule: Rule, terms: Terms) -> Finding:
    reason = terms.waivers.get(finding.rule) if rule.is_waivable else None
    return finding if reason is None else replace(finding, waived=reason)

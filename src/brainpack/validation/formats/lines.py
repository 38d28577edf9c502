"""Reports as JSON lines: a line about each report, then one for each of its findings."""

from __future__ import annotations

import json
import reprlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from brainpack.atomic import whole_file
from brainpack.errors import InvalidData, NotFound, StoreError
from brainpack.validation.findings import Finding, Severity
from brainpack.validation.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

FORMAT: Final = 1
LONGEST_FILE: Final = 1 << 26  # bytes
_VERSION: Final = "brainpack_report"


def as_lines(reports: Iterable[Report]) -> str:
    """Reports as JSON lines, in ASCII.

    Parameters
    ----------
    reports : iterable of Report

    Returns
    -------
    str
        For each report ``{"brainpack_report": 1, "subject": …, "file": …, "checked": […], "findings": 2}``, and as
        many lines with the fields of a Finding as `findings` says.
    """
    return "".join(json.dumps(line) + "\n" for report in reports for line in _lines(report))


def parse_lines(content: bytes, name: str) -> list[Report]:
    """Reports from the bytes of their file, whose `name` goes into errors.

    What `as_lines` wrote comes back as it was, but for two halves of a character side by side, which become it.

    Raises
    ------
    InvalidData
        They are no reports, damaged, of a newer version, or too long.
    """
    try:
        return _parse(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidData(
            f"{name} is not a report of brainpack, or damaged: {error}; validate the data again, or get a fresh copy"
        ) from error


def save_report(report: Report, path: Path) -> None:
    """Write one report, whole or not at all; see `Report.save`."""
    with whole_file(path) as partial:
        partial.write_text(as_lines([report]), "ascii", newline="\n")


def load_report(path: Path) -> Report:
    """Read one report; see `Report.load`."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"there is no report {path}; Report.save writes one") from error
    except OSError as error:
        raise StoreError(f"the report {path} could not be read: {error.strerror or error}") from error
    reports = parse_lines(content, str(path))
    if len(reports) != 1:
        raise InvalidData(f"{path} holds {len(reports)} reports; expected one, read several with parse_lines")
    return reports[0]


def _lines(report: Report) -> Iterable[dict[str, Any]]:
    yield {
        _VERSION: FORMAT,
        "subject": report.subject,
        "file": report.file,
        "checked": report.checked,
        "findings": len(report.findings),
    }
    yield from map(asdict, report.findings)


def _parse(content: bytes) -> list[Report]:
    if len(content) > LONGEST_FILE:
        raise ValueError(f"it is longer than any report, which has at most {LONGEST_FILE} bytes")
    text = content.decode()
    lines = enumerate(text.removesuffix("\n").split("\n") if text else [], start=1)
    reports = []
    for number, line in lines:
        header = _header(line, number)
        findings = [_finding(*_following(lines)) for _ in range(header["findings"])]
        reports.append(Report(header["subject"], tuple(findings), tuple(header["checked"]), header["file"]))
    return reports


def _following(lines: Iterable[tuple[int, str]]) -> tuple[str, int]:
    for number, line in lines:
        return line, number
    raise ValueError("it ends before all findings were read")


def _header(line: str, number: int) -> dict[str, Any]:
    found = json.loads(line)
    version = found.get(_VERSION) if isinstance(found, dict) else None
    if type(version) is int and version > FORMAT:
        raise ValueError(f"a newer version wrote it: expected format {FORMAT}, found {reprlib.repr(version)}")
    return _checked(found, _HEADER, f"report in line {number}")


def _finding(line: str, number: int) -> Finding:
    fields = _checked(json.loads(line), _FINDING, f"finding in line {number}")
    return Finding(**fields | {"severity": Severity(fields["severity"]), "examples": tuple(fields["examples"])})


def _checked(found: Any, checks: Mapping[str, Callable[[Any], bool]], what: str) -> dict[str, Any]:
    """The fields of a JSON object, each of which must be there and be good, and no others."""
    if not isinstance(found, dict) or found.keys() != checks.keys():
        names = sorted(found) if isinstance(found, dict) else found
        raise ValueError(f"expected the {what} to have {', '.join(checks)}; found {reprlib.repr(names)}")
    for name, is_good in checks.items():
        if not is_good(found[name]):
            raise ValueError(f"{name!r} of the {what} cannot be {reprlib.repr(found[name])}")
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_number(value: Any) -> bool:
    return type(value) is int and value >= 0


_HEADER: Final[dict[str, Callable[[Any], bool]]] = {
    _VERSION: lambda value: type(value) is int and value == FORMAT,  # True equals 1
    "subject": _is_text,
    "file": _is_text_or_none,
    "checked": _is_texts,
    "findings": _is_number,
}
_FINDING: Final[dict[str, Callable[[Any], bool]]] = {
    "rule": _is_text,
    "severity": lambda value: value in [*Severity],
    "where": _is_text,
    "expected": _is_text,
    "found": _is_text,
    "advice": _is_text,
    "examples": _is_texts,
    "count": _is_number,
    "waived": _is_text_or_none,
}

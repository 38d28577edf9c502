"""A record -> what a plugin of Brain-Score says about it: the entry of a registry, and a test."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from brainpack.errors import InvalidData
from brainpack.layout import IDENTIFIER, STIMULUS_ID
from brainpack.objects.assemblies import CLASSES
from brainpack.plugin.literals import literal
from brainpack.store.location import S3_SCHEME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brainpack.record.records import Record
    from brainpack.summarising import Summary

_BRAINIO: Final = "brainscore_core.supported_data_standards.brainio"
_REGISTRIES: Final = {"stimulus_set": "stimulus_set_registry", "assembly": "data_registry"}
_COUNTED: Final = (STIMULUS_ID, "neuroid_id")
_ABOUT: Final = {
    "stimuli": ("stimuli.identifier", "len(stimuli)", "name in stimuli.columns"),
    "assembly": (
        "assembly.attrs['identifier']",
        "assembly.attrs['stimulus_set_identifier']",
        "dict(zip(assembly.dims, assembly.shape))",
        "assembly[name].size > 0",
        *(f"len(set(assembly['{name}'].values))" for name in _COUNTED),
    ),
}
_INDENT: Final = "    "
_WIDTH: Final = 109  # of what is behind the indented assert


@dataclass(frozen=True)
class Entry:
    """What belongs into a plugin for one data set.

    Attributes
    ----------
    registry : str
        "stimulus_set_registry" or "data_registry".
    identifier : str
    code : str
        The statement that registers it.
    imports : mapping of str to str
        By name, the module that it comes from.
    test_name : str
    test : str
        The function that tests it.
    test_imports : mapping of str to str
    """

    registry: str
    identifier: str
    code: str
    imports: Mapping[str, str]
    test_name: str
    test: str
    test_imports: Mapping[str, str]

    def fact_about(self, node: ast.AST) -> str | None:
        """What an assertion of its test is about, whatever it expects; None for any other code."""
        return fact_about("stimuli" if self.registry == _REGISTRIES["stimulus_set"] else "assembly", node)

    @property
    def key(self) -> str:
        """What discovery looks for in the lines of a plugin; it takes double quotes for single ones."""
        return f"{self.registry}['{self.identifier}']"


def entry_of(record: Record, summary: Summary, domain: str) -> Entry:
    """Describe a published data set.

    Parameters
    ----------
    record : Record
    summary : Summary
        What is in its files.
    domain : str
        The package that the plugin belongs to, for instance "brainscore_vision".

    Raises
    ------
    InvalidData
        It is not published in S3, where Brain-Score loads from.
    """
    if not IDENTIFIER.fullmatch(record.identifier):
        raise InvalidData(
            f"{record.identifier!r} is no identifier of a data set; package it under one such as 'lab.Author2026'"
        )
    if record.location is None or not record.location.startswith(S3_SCHEME):
        where = "not published" if record.location is None else f"published in {record.location}"
        raise InvalidData(
            f"{record.identifier!r} is {where}, and Brain-Score loads from S3; publish it (brainpack publish … --to "
            "s3://bucket/folder), and name the record that it has there"
        )
    bucket = record.location.removeprefix(S3_SCHEME).rstrip("/")
    if record.kind == "assembly" and record.cls not in CLASSES:
        raise InvalidData(
            f"the record of {record.identifier!r} names no class of assemblies: {record.cls!r}; package it again"
        )
    registry = _REGISTRIES[record.kind]
    if record.kind == "stimulus_set":
        call, imports = _stimuli(record, bucket), {"load_stimulus_set_from_s3": f"{_BRAINIO}.s3"}
    else:
        call, imports = _assembly(record, bucket, summary)
        imports |= {"load_stimulus_set": domain} if record.stimulus_set_identifier else {}
    loader = "load_stimulus_set" if record.kind == "stimulus_set" else "load_dataset"
    name = f"test_{registry.removesuffix('_registry')}_{re.sub('[^a-z0-9]+', '_', record.identifier.lower())}"
    return Entry(
        registry,
        record.identifier,
        f"{registry}['{record.identifier}'] = {call}",
        {registry: domain, **imports},
        name,
        _test(name, record, summary, loader),
        {loader: domain},
    )


def _stimuli(record: Record, bucket: str) -> str:
    table, archive = record.file(".csv"), record.file(".zip")
    return _call(
        "load_stimulus_set_from_s3",
        {
            "identifier": literal(record.identifier),
            "bucket": literal(bucket),
            "csv_sha1": literal(table.sha1),
            "zip_sha1": literal(archive.sha1),
            "csv_version_id": literal(table.version_id),
            "zip_version_id": literal(archive.version_id),
        },
    )


def _assembly(record: Record, bucket: str, summary: Summary) -> tuple[str, dict[str, str]]:
    file = record.file(".nc")
    arguments = {
        "identifier": literal(record.identifier),
        "version_id": literal(file.version_id),
        "sha1": literal(file.sha1),
        "bucket": literal(bucket),
        "cls": record.cls,
    }
    if record.stimulus_set_identifier:
        arguments["stimulus_set_loader"] = f"lambda: load_stimulus_set({literal(record.stimulus_set_identifier)})"
    if not any(label.name == STIMULUS_ID and label.dims == ("presentation",) for label in summary.labels):
        arguments["merge_stimulus_set_meta"] = "False"  # there is nothing to merge it onto
    imports = {"load_assembly_from_s3": f"{_BRAINIO}.s3", record.cls: f"{_BRAINIO}.assemblies"}
    return _call("load_assembly_from_s3", arguments), imports


def _call(function: str, arguments: Mapping[str, str]) -> str:
    lines = [f"{_INDENT}{name}={value}," for name, value in arguments.items()]
    return "\n".join([f"lambda: {function}(", *lines, ")"])


def _test(name: str, record: Record, summary: Summary, loader: str) -> str:
    """The test that a colleague would write: it is there, and as large and labelled as it was packaged."""
    what = "stimuli" if record.kind == "stimulus_set" else "assembly"
    lines = [f"def {name}():", f"{_INDENT}{what} = {loader}({literal(record.identifier)})"]
    lines += [f"{_INDENT}assert {fact}" for fact in _facts(record, summary)]
    return "\n".join(lines)


def _facts(record: Record, summary: Summary) -> list[str]:
    names = sorted(label.name for label in summary.labels)
    if record.kind == "stimulus_set":
        return [
            f"stimuli.identifier == {literal(record.identifier)}",
            f"len(stimuli) == {summary.sizes['stimuli']}",
            _all(names, "name in stimuli.columns"),
        ]
    facts = [f'assembly.attrs["identifier"] == {literal(record.identifier)}']
    if record.stimulus_set_identifier:
        facts.append(f'assembly.attrs["stimulus_set_identifier"] == {literal(record.stimulus_set_identifier)}')
    facts.append(f"dict(zip(assembly.dims, assembly.shape)) == {_dict(summary.sizes)}")
    facts.append(_all(names, "assembly[name].size > 0"))
    counted = [label for label in summary.labels if label.name in _COUNTED]
    return facts + [f'len(set(assembly["{label.name}"].values)) == {label.distinct}' for label in counted]


def fact_about(what: str, node: ast.AST) -> str | None:
    """What an assertion of a generated test is about, whatever it expects; None for any other code.

    Parameters
    ----------
    what : str
        What the test calls its data: "stimuli" or "assembly".
    node : any part of code

    Examples
    --------
    >>> fact_about("stimuli", ast.parse("assert len(stimuli) == 3").body[0])
    'len(stimuli)'
    """
    each = ast.comprehension
    match node:
        case ast.Assert(ast.Compare(known, [ast.Eq()], [ast.Constant() | ast.Dict()]), None) | ast.Assert(
            ast.Call(ast.Name("all"), [ast.GeneratorExp(known, [each(iter=ast.List(), ifs=[])])]), None
        ):
            about = ast.unparse(known)
            return about if about in _ABOUT[what] else None
    return None


def _all(names: list[str], holds: str) -> str:
    """That something holds for all names; each has its line where they do not fit into one."""
    inline = f"all({holds} for name in [{', '.join(map(literal, names))}])"
    if len(inline) <= _WIDTH:
        return inline
    listed = "".join(f"{_INDENT * 3}{literal(name)},\n" for name in names)
    return f"all(\n{_INDENT * 2}{holds}\n{_INDENT * 2}for name in [\n{listed}{_INDENT * 2}]\n{_INDENT})"


def _dict(sizes: Mapping[str, int]) -> str:
    return f"{{{', '.join(f'{literal(dim)}: {length}' for dim, length in sizes.items())}}}"

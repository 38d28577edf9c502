"""Records of data sets as if they had been published."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brainpack.record.records import read_record

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "version.1"
SET, RATES = "stimulus_set_registry['lab.Set2026']", "data_registry['lab.Set2026.rates']"


def publish(path: Path, version: str | None = VERSION, **fields: Any) -> None:
    record = read_record(path)
    files = tuple(replace(file, version_id=version) for file in record.files)
    published = replace(record, location="s3://bucket/lab/folder", files=files, **fields)
    path.write_text(published.to_json(), "utf-8")


def entries(folder: Path) -> dict[str, ast.Assign]:
    tree = ast.parse((folder / "__init__.py").read_bytes())
    return {ast.unparse(node.targets[0]): node for node in tree.body if isinstance(node, ast.Assign)}

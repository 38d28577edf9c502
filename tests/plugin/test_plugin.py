"""The data plugin that is written, and what becomes of one that is there."""

from __future__ import annotations

import ast
import errno
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brainpack import errors, packaging
from brainpack.cli.main import main
from brainpack.plugin.entries import entry_of
from brainpack.plugin.literals import block_literal, literal
from brainpack.plugin.source import Source
from brainpack.plugin.writing import write_plugin
from brainpack.record.records import read_record
from brainpack.summarising import summarise
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "version.1"
SET, RATES = "stimulus_set_registry['lab.Set2026']", "data_registry['lab.Set2026.rates']"


@pytest.fixture
def records(tmp_path: Path) -> list[Path]:
    """Records on this computer of data sets as if they had been published."""
    folder = tmp_path / "packages"
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set2026", folder)
    packaging.package_data_assembly_locally(recording(), "lab.Set2026.rates", "lab.Set2026", downloads_path=folder)
    paths = sorted(folder.glob("*.json"), reverse=True)
    for path in paths:
        publish(path)
    return paths


def publish(path: Path, version: str | None = VERSION, **fields: Any) -> None:
    record = read_record(path)
    files = tuple(replace(file, version_id=version) for file in record.files)
    published = replace(record, location="s3://bucket/lab/folder", files=files, **fields)
    path.write_text(published.to_json(), "utf-8")


def entries(folder: Path) -> dict[str, ast.Assign]:
    tree = ast.parse((folder / "__init__.py").read_bytes())
    return {ast.unparse(node.targets[0]): node for node in tree.body if isinstance(node, ast.Assign)}


def test_a_new_plugin_says_what_registries_need(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "brainscore_vision" / "data" / "lab2026"
    written = write_plugin(records, folder)
    assert written.entries == {SET: "added", RATES: "added"}
    text = (folder / "__init__.py").read_text("utf-8")
    assert "\ndata_registry['lab.Set2026.rates'] = lambda: load_assembly_from_s3(\n" in text
    assert "\nstimulus_set_registry['lab.Set2026'] = lambda: load_stimulus_set_from_s3(\n" in text
    assert "from brainscore_vision import data_registry, load_stimulus_set, stimulus_set_registry\n" in text
    record = read_record(records[1])
    assert record.kind == "assembly"
    call = entries(folder)["data_registry['lab.Set2026.rates']"].value
    assert isinstance(call, ast.Lambda)
    assert isinstance(call.body, ast.Call)
    assert {argument.arg: ast.unparse(argument.value) for argument in call.body.keywords} == {
        "identifier": "'lab.Set2026.rates'",
        "version_id": repr(VERSION),
        "sha1": repr(record.file(".nc").sha1),
        "bucket": "'bucket/lab/folder'",
        "cls": "NeuroidAssembly",
        "stimulus_set_loader": "lambda: load_stimulus_set('lab.Set2026')",
    }
    tests = (folder / "test.py").read_text("utf-8")
    assert "assert len(stimuli) == 3" in tests
    assert f'"presentation": {recording().sizes["presentation"]}' in tests


@pytest.mark.slow  # one version of ruff is enough
def test_the_code_is_as_ruff_would_leave_it(records: list[Path], tmp_path: Path) -> None:
    publish(records[0], release={"citation": "@article{a,\n  title = {Größe \\& Wert},\n}", "licence": "CC-BY-4.0"})
    write_plugin(records, tmp_path / "lab2026")
    settings = ["--isolated", "--line-length", "120"]
    for command in (["check"], ["format", "--diff", "--config", "format.quote-style = 'preserve'"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *settings, str(tmp_path / "lab2026")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_again_changes_nothing(records: list[Path], tmp_path: Path) -> None:
    first = write_plugin(records, tmp_path / "lab2026")
    again = write_plugin(records, tmp_path / "lab2026")
    assert again.files == first.files
    assert set(again.entries.values()) == {"unchanged"}


HAND_WRITTEN = '''\
# -*- coding: utf-8 -*-
"""Größe."""
from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly as NA  # ours
from brainscore_vision import data_registry

BIBTEX = """@article{mine}"""
\tand_tabs = 1
data_registry["lab.Set2026.rates"] = functools.partial(ünder,   # a remark that goes
    identifier="lab.Set2026.rates"); after = "日本"
data_registry['other'] = lambda:  ( 1 )   # odd, and stays


def helper( ):  # not formatted
    return  data_registry
'''.replace("\tand_tabs", "and_tabs")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_others_wrote_stays_byte_for_byte(line_end: str, mark: bytes, records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    given_text = HAND_WRITTEN.replace("\n", line_end)
    (folder / "__init__.py").write_bytes(mark + given_text.encode())
    assert write_plugin(records, folder).entries == {SET: "added", RATES: "updated"}
    found = (folder / "__init__.py").read_bytes()
    assert found.startswith(mark)
    text = found.removeprefix(mark).decode()
    head, old, tail = HAND_WRITTEN.replace("\n", line_end).partition(
        f'data_registry["lab.Set2026.rates"] = functools.partial(ünder,   # a remark that goes{line_end}'
        '    identifier="lab.Set2026.rates")'
    )
    assert old
    first_lines, imports, others = head.partition(f"import data_registry{line_end}")
    assert text.startswith(first_lines + imports)
    assert others in text
    assert tail in text
    assert "@article{mine}" in text
    assert text.replace(line_end, "").count("\n") == text.replace(line_end, "").count("\r") == 0
    assert [*entries(folder)].count("data_registry['lab.Set2026.rates']") == 1
    assert write_plugin(records, folder).files == {
        folder / "__init__.py": found,
        folder / "test.py": (folder / "test.py").read_bytes(),
    }


def test_an_update_touches_its_own_entry(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    write_plugin(records, folder)
    decorated = (folder / "test.py").read_text("utf-8").replace("def test_data_", "@slow\ndef test_data_")
    (folder / "test.py").write_text(decorated, "utf-8")
    before, tests = (folder / "__init__.py").read_text("utf-8"), (folder / "test.py").read_text("utf-8")
    publish(records[1], "version.2")
    assert write_plugin(records, folder).entries == {SET: "unchanged", RATES: "updated"}
    after = (folder / "__init__.py").read_text("utf-8")
    assert after == before.replace(f'version_id="{VERSION}",\n    sha1', 'version_id="version.2",\n    sha1')
    assert (folder / "test.py").read_text("utf-8") == tests  # with its decorator


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (b"def broken(:\n", "is not Python that can be changed"),
        (b"# coding: nonsense\n", "is not Python that can be changed"),
        (b"a = '\xff'\n", "is not Python that can be changed"),
        (b"a = 1\nfrom __future__ import annotations\n", "is not Python that can be changed"),
        (b"data_registry['lab.Set2026.rates'] = data_registry['b'] = 1\n", "together with others, see line 1"),
        (b"data_registry['lab.Set2026.rates'], b = 1, 2\n", "together with others, see line 1"),
        (b"if True:\n    data_registry['lab.Set2026.rates'] = 1\n", "inside another statement or .* see line 2"),
        (b"data_registry['lab.Set2026.rates'] = 1\ndata_registry['lab.Set2026.rates'] = 2\n", "twice, .* line 1, 2"),
        (b"data_registry['lab.Set2026.rates'] = 1\na.data_registry['lab.Set2026.rates'] = 2\n", "twice, .* line 1, 2"),
        (b"data_registry.update({'lab.Set2026.rates': 1})\n", r"__init__\.py, line 1, may register"),
        (b"data.data_registry.update({'lab.Set2026.rates': 1})\n", "line 1, may register 'lab.Set2026.rates'"),
        (b"data_registry |= {'lab.Set2026.rates': 1}\n", "line 1, may register 'lab.Set2026.rates'"),
        (b"data_registry = {'lab.Set2026.rates': 1}\n", "line 1, may register 'lab.Set2026.rates'"),
        (b"N = 'lab.Set2026.rates'\ndata_registry[N] = 1\n", "line 2, may register 'lab.Set2026.rates'"),
        (b"for n in ['lab.Set2026.rates', 'b']:\n    data_registry[n] = 1\n", "line 2, may register"),
        (b"what = 'rates'\ndata_registry[f'lab.Set2026.{what}'] = 1\n", "line 2, may register"),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_is_left_alone(code: bytes, message: str, records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "__init__.py").write_bytes(code)
    with pytest.raises(errors.InvalidData, match=message):
        write_plugin(records, folder)
    assert [path.name for path in folder.iterdir()] == ["__init__.py"]
    assert (folder / "__init__.py").read_bytes() == code


def test_what_only_names_a_data_set_is_no_entry(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    others = """\
data_registry["other"] = lambda: stimulus_set_registry["lab.Set2026"]
data_registry["alias"] = data_registry["lab.Set2026.rates"]
data_registry[f"another.{what}"] = 1
data_registry.pop("another")
known = {"lab.Set2026": 1}
"""
    (folder / "__init__.py").write_text(others, "utf-8")
    assert write_plugin(records, folder).entries == {SET: "added", RATES: "added"}
    assert others in (folder / "__init__.py").read_text("utf-8")


def test_an_entry_by_way_of_the_module_is_replaced(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "__init__.py").write_text("brainscore_vision.data_registry['lab.Set2026.rates'] = 1\n", "utf-8")
    assert write_plugin(records, folder).entries == {SET: "added", RATES: "updated"}
    assert [*entries(folder)].count(RATES) == 1
    assert "brainscore_vision.data_registry" not in (folder / "__init__.py").read_text("utf-8")


@pytest.mark.parametrize(
    "code",
    [
        "if False:\n    load_stimulus_set = 1\n",
        "a = [load_stimulus_set for load_stimulus_set in b]\n",
        "def f():\n    load_stimulus_set = 1\n",
    ],
)
def test_what_has_its_name_only_somewhere_is_imported(code: str, records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "__init__.py").write_text(code, "utf-8")
    write_plugin(records, folder)
    assert "import data_registry, load_stimulus_set, stimulus_set_registry" in (folder / "__init__.py").read_text(
        "utf-8"
    )


def test_a_citation_inside_an_if_is_that_of_the_plugin(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "__init__.py").write_text("if x:\n    BIBTEX = 1\n", "utf-8")
    publish(records[0], release={"citation": "@article{a}"})
    write_plugin(records, folder)
    assert "@article{a}" not in (folder / "__init__.py").read_text("utf-8")


def test_a_dry_run_touches_nothing(records: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", *map(str, records), "--to", str(tmp_path / "lab2026"), "--dry-run"]) == 0
    assert f"added     {RATES}" in capsys.readouterr().out
    assert not (tmp_path / "lab2026").exists()


def test_where_it_cannot_be_written(records: list[Path], tmp_path: Path) -> None:
    for name in ("lab-2026", "class", "_lab"):
        with pytest.raises(errors.SettingsError, match=f"'{name}' cannot be the name of a plugin"):
            write_plugin(records, tmp_path / name)
    (tmp_path / "file").touch()
    with pytest.raises(errors.StoreError):
        write_plugin(records, tmp_path / "file")
    with pytest.raises(errors.NotFound):
        write_plugin(tmp_path / "nowhere", tmp_path / "lab2026")


@pytest.mark.parametrize("location", [None, "/shared/data"])
def test_what_is_not_in_s3_is_refused(location: str | None, records: list[Path], tmp_path: Path) -> None:
    for path in records:
        path.write_text(replace(read_record(path), location=location).to_json(), "utf-8")
    with pytest.raises(
        errors.BrainpackError, match="publish" if location is None else "is not there|published in /shared"
    ):
        write_plugin(records, tmp_path / "lab2026")
    assert not (tmp_path / "lab2026").exists()


def test_a_plugin_of_another_domain(records: list[Path], tmp_path: Path) -> None:
    write_plugin(records[0], tmp_path / "brainscore_language" / "data" / "lab2026")
    text = (tmp_path / "brainscore_language" / "data" / "lab2026" / "__init__.py").read_text("utf-8")
    assert "from brainscore_language import stimulus_set_registry" in text


TEXTS = st.text(st.characters(exclude_categories=()))  # with halves of letters, which no file can hold


@given(TEXTS)
@example('"""\nimport os\n"""')
@example("a\\\n")
@example('ends with "\n"')
@example("\r\n\x0c\x85\u2028")
@example("half\n\ud83d")
def test_any_text_comes_back_from_code(text: str) -> None:
    for code in (literal(text), block_literal(text)):
        assert ast.literal_eval(code.encode().decode()) == text


STATEMENTS = st.sampled_from(
    [
        '"""Doc: ü."""', "import os", "from a import b, c  # ü", "x = 1; y = 2", "def f():\n    return 'ü'", "", "# ü",
        'import os; z = """\nlines\n"""', "import os; \\\nx = 1", "if x:\n    pass", "r['a'] = 0", "@d\ndef g(): pass",
    ]
)  # fmt: skip


@given(st.lists(STATEMENTS, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
@example(['"""Doc: ü."""', "# ü"], "\n", False)
def test_sources_keep_their_lines_in_order(parts: list[str], line_end: str, has_last_end: bool) -> None:
    text = line_end.join(part.replace("\n", line_end) for part in parts) + line_end * has_last_end
    several = text.count("r['a']") > 1
    source = Source(text.encode(), "file.py")
    source.import_names({"load": "somewhere", "b": "a"})
    if several:
        return
    assert source.put("r['a'] = 1", next(filter(is_entry, source.statements), None))
    found = source.encoded().decode()
    old, new = [iter(lines) for lines in (text.replace("r['a'] = 0", "r['a'] = 1").splitlines(), found.splitlines())]
    assert all(any(line == other for other in new) for line in old)  # all of them, in their order
    body = ast.parse(found).body
    assert sum(map(is_entry, body)) == 1
    assert "load" in {alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not source.put("r['a'] = 1", next(filter(is_entry, source.statements)))


def is_entry(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "r['a']"


def test_an_entry_that_discovery_would_not_find_is_written_anew(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    write_plugin(records, folder)
    text = (folder / "__init__.py").read_text("utf-8")
    (folder / "__init__.py").write_text(text.replace("['lab.Set2026.rates']", "[\n    'lab.Set2026.rates'\n]"), "utf-8")
    assert write_plugin(records, folder).entries == {SET: "unchanged", RATES: "updated"}
    assert (folder / "__init__.py").read_text("utf-8") == text


@pytest.mark.parametrize(
    "code",
    [
        "def {}():\n    assert mine\n",
        "async def {}():\n    assembly = load_dataset('lab.Set2026.rates')\n",
        "class {}:\n    pass\n",
        "{} = None\n",
        "class TestAll:\n    def {}(self):\n        assembly = load_dataset('lab.Set2026.rates')\n",
    ],
)
def test_a_test_of_somebody_else_stays(code: str, records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "test.py").write_text(code.format("test_data_lab_set2026_rates"), "utf-8")
    with pytest.raises(errors.InvalidData, match=r"test\.py has test_data_lab_set2026_rates of somebody else"):
        write_plugin(records, folder)
    assert [path.name for path in folder.iterdir()] == ["test.py"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_was_added_to_a_test_stays(line_end: str, records: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "lab2026" / "test.py"
    write_plugin(records, path.parent)
    text = path.read_text("utf-8")
    name, sizes = "def test_data_lab_set2026_rates()", "    assert dict(zip("
    assert text.count(name) == text.count(sizes) == 1
    text = text.replace(name, "@slow\n" + name.replace("()", "(where: str = 'ü') -> None"))
    text = text.replace(sizes, "    assert assembly.mean() > 0, 'mine'\n    # a remark\u2028\x0c\n" + sizes)
    text += "    assert len(set(assembly['region'].values)) == 2\n    assert assembly.ndim == 2  # the\x85end"
    text = text.replace("\n", line_end)
    path.write_bytes(text.encode())
    assert write_plugin(records, path.parent).entries == {SET: "unchanged", RATES: "unchanged"}
    assert path.read_bytes() == text.encode()

    identifier = f'    assert assembly.attrs["identifier"] == "lab.Set2026.rates"{line_end}'
    counted = '"presentation": '
    assert text.count(identifier) == text.count(counted) == 1
    outdated = text.replace(identifier, "").replace(counted, f"{counted}1")
    path.write_bytes(outdated.encode())
    assert write_plugin(records, path.parent).entries == {SET: "unchanged", RATES: "updated"}
    assert path.read_bytes() == text.encode()


def test_a_fact_that_is_none_any_more_leaves_its_test(records: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "lab2026" / "test.py"
    write_plugin(records, path.parent)
    publish(records[1], stimulus_set_identifier=None)
    assert write_plugin(records, path.parent).entries == {SET: "unchanged", RATES: "updated"}
    assert "stimulus_set_identifier" not in path.read_text("utf-8")
    assert set(write_plugin(records, path.parent).entries.values()) == {"unchanged"}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def {}(): assembly = load_dataset('lab.Set2026.rates')\n", "begin the body of {} on a line of its own"),
        ("def {}():\n    assembly = load_dataset('lab.Set2026.rates'); x = (\n    1)\n", "without breaking it"),
    ],
)
def test_a_test_that_cannot_be_changed(code: str, message: str, records: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "lab2026" / "test.py"
    path.parent.mkdir()
    path.write_text(code.format("test_data_lab_set2026_rates"), "utf-8")
    with pytest.raises(errors.InvalidData, match=message.format("test_data_lab_set2026_rates")):
        write_plugin(records, path.parent)
    assert path.read_text("utf-8") == code.format("test_data_lab_set2026_rates")


def test_a_set_and_an_assembly_may_share_their_identifier(records: list[Path], tmp_path: Path) -> None:
    publish(records[1], identifier="lab.Set2026")
    written = write_plugin([*records, records[0]], tmp_path / "lab2026")
    assert written.entries == {SET: "added", "data_registry['lab.Set2026']": "added"}
    assert {*write_plugin(records, tmp_path / "lab2026").entries.values()} == {"unchanged"}


def test_records_that_contradict_each_other(records: list[Path], tmp_path: Path) -> None:
    copy = shutil.copytree(records[1].parent, tmp_path / "copy") / records[1].name
    publish(copy, "version.2")
    with pytest.raises(errors.InvalidData, match=r"different records for 'lab\.Set2026\.rates'"):
        write_plugin([records[1], copy], tmp_path / "lab2026")


def test_a_class_that_is_none(records: list[Path], tmp_path: Path) -> None:
    publish(records[1], cls="exit()")
    with pytest.raises(errors.InvalidData, match="names no class of assemblies"):
        write_plugin(records, tmp_path / "lab2026")


def test_a_letter_that_the_file_cannot_hold(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "__init__.py").write_bytes(b"# coding: latin-1\na = '\xfc'\n")
    publish(records[0], release={"citation": "日本"})
    with pytest.raises(errors.InvalidData, match="save it as UTF-8"):
        write_plugin(records, folder)


def test_an_annotated_entry_is_replaced(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "__init__.py").write_text("data_registry['lab.Set2026.rates']: object = 1\n", "utf-8")
    assert write_plugin(records, folder).entries == {SET: "added", RATES: "updated"}
    assert ": object" not in (folder / "__init__.py").read_text("utf-8")


@pytest.mark.parametrize("is_new", [True, False])
def test_both_files_or_none(is_new: bool, records: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    if not is_new:
        (folder / "__init__.py").write_text("a = 1\n", "utf-8")
        (folder / "test.py").write_text("b = 1\n", "utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    genuine = type(folder).replace

    def refuse_module(path: Path, target: Path) -> Path:
        if target.name == "__init__.py":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return genuine(path, target)

    monkeypatch.setattr(type(folder), "replace", refuse_module)
    with pytest.raises(errors.StoreError, match="Free some space"):
        write_plugin(records, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_identifier_cannot_be_code(records: list[Path]) -> None:
    record = replace(read_record(records[1]), identifier="a'] = 1; import os; x['")
    (summary,) = summarise(records[1].with_suffix("").with_suffix(".nc"))
    with pytest.raises(errors.InvalidData, match="is no identifier"):
        entry_of(record, summary, "brainscore_vision")

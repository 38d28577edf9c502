"""What becomes of a plugin that is there: only its own entries and assertions change."""

from __future__ import annotations

import ast
import codecs
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brainpack import errors
from brainpack.plugin.source import Source
from brainpack.plugin.writing import write_plugin
from tests.plugin.published import RATES, SET, VERSION, entries, publish

if TYPE_CHECKING:
    from pathlib import Path


def updated(code: str, records: list[Path], tmp_path: Path) -> tuple[dict[str, str], str]:
    """States of the entries, and the module, where there was this code."""
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "__init__.py").write_text(code, "utf-8")
    return write_plugin(records, folder).entries, (folder / "__init__.py").read_text("utf-8")


HAND_WRITTEN = '''\
# -*- coding: utf-8 -*-
"""Größe."""
from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly as NA  # ours
from brainscore_vision import data_registry

BIBTEX = """@article{mine}"""
\tand_tabs = 1
data_registry["lab.Set2026.rates"] = lambda: load_assembly_from_s3(ünder,   # a remark that goes
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
        f'data_registry["lab.Set2026.rates"] = lambda: load_assembly_from_s3(ünder,   # a remark that goes{line_end}'
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
        (b"[data_registry['lab.Set2026.rates'], (b, c)] = 1, 2\n", "together with others, see line 1"),
        (b"for data_registry['lab.Set2026.rates'] in [1]: pass\n", "together with others, see line 1"),
        (b"data_registry['lab.Set2026.rates'] = 1\ndel data_registry['lab.Set2026.rates']\n", "twice, .* line 1, 2"),
        (b"data_registry.update({'lab.Set2026.rates': 1})\n", r"__init__\.py, line 1, may register"),
        (b"data.data_registry.update({'lab.Set2026.rates': 1})\n", "line 1, may register 'lab.Set2026.rates'"),
        (b"from data import data_registry as r\nr |= {'lab.Set2026.rates': 1}\n", "line 2, may register"),
        (b"data_registry = {'lab.Set2026.rates': 1}\n", "line 1, may register 'lab.Set2026.rates'"),
        (b"N = 'lab.Set2026.rates'\ndata_registry[N] = 1\n", "line 2, may register 'lab.Set2026.rates'"),
        (b"for n in ['a', 'b']:\n    data_registry['lab.Set2026.' + n] = 1\n", "line 2, may register"),
        (b"what = 'rates'\ndata_registry[f'lab.Set2026.{what}'] = 1\n", "line 2, may register"),
        (b"register(data_registry)\n", "line 1, may register 'lab.Set2026.rates'"),
        (b"# coding: unicode_escape\na = 1\n", "cannot be changed without changing its letters"),
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
    others = """\
data_registry["other"] = lambda: stimulus_set_registry["lab.Set2026"]
data_registry["alias"] = data_registry["lab.Set2026.rates"]
data_registry[f"another.{what}"] = 1
is_there = "lab.Set2026.rates" in data_registry
everything = [*data_registry]
known = {"lab.Set2026": 1}
"""
    states, module = updated(others, records, tmp_path)
    assert states == {SET: "added", RATES: "added"}
    assert others in module


def test_an_entry_by_way_of_the_module_is_replaced(records: list[Path], tmp_path: Path) -> None:
    states, module = updated("brainscore_vision.data_registry['lab.Set2026.rates'] = 1\n", records, tmp_path)
    assert states == {SET: "added", RATES: "updated"}
    assert [*entries(tmp_path / "lab2026")].count(RATES) == 1
    assert "brainscore_vision.data_registry" not in module


@pytest.mark.parametrize(
    "code",
    [
        "if False:\n    load_stimulus_set = 1\n",
        "a = [load_stimulus_set for load_stimulus_set in b]\n",
        "def f():\n    load_stimulus_set = 1\n",
        "load_stimulus_set: object\n",
        "from brainscore_vision import load_stimulus_set\ndel load_stimulus_set\n",
        "print(load_stimulus_set)\nload_stimulus_set = 1\n",
    ],
)
def test_what_has_its_name_only_somewhere_is_imported(code: str, records: list[Path], tmp_path: Path) -> None:
    _, module = updated(code, records, tmp_path)
    assert "import data_registry, load_stimulus_set, stimulus_set_registry" in module


@pytest.mark.parametrize(
    "code",
    [
        "if x:\n    BIBTEX = 1\n",
        "from .about import *\n",
        "from .about import CITATION as BIBTEX\n",
        "with a as BIBTEX: pass\n",
        "(BIBTEX := 1)\n",
        "match x:\n    case [BIBTEX]: pass\n",
        "def f():\n    global BIBTEX\n    BIBTEX = 1\n",
    ],
)
def test_a_citation_that_may_be_there_is_that_of_the_plugin(code: str, records: list[Path], tmp_path: Path) -> None:
    publish(records[0], release={"citation": "@article{a}"})
    _, module = updated(code, records, tmp_path)
    assert "@article{a}" not in module


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


def test_an_own_assertion_beside_the_generated_one_stays(records: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "lab2026" / "test.py"
    write_plugin(records, path.parent)
    generated = path.read_text("utf-8")
    load, identifier = generated.index("    stimuli = "), generated.index("    assert stimuli.identifier")
    shared = f'    stimuli = load_stimulus_set("lab.Set2026"); note = """{chr(10)}two lines"""\n    x = len(stimuli)\n'
    mine = (
        "    assert all(name in stimuli.columns for name in ['a'])\n    assert all(a in stimuli for a in ['b'] if a)\n"
    )
    own = "    stimuli = stimuli[:2]\n    assert len(stimuli) == 2\n    assert assembly[name].size == 7"
    hand_written = generated[:load] + shared + mine + generated[identifier:] + own
    path.write_text(hand_written, "utf-8")
    assert set(write_plugin(records, path.parent).entries.values()) == {"unchanged"}
    assert path.read_text("utf-8") == hand_written
    missing = generated[identifier:].splitlines(keepends=True)[0]
    path.write_text(hand_written.replace(missing, ""), "utf-8")
    write_plugin(records, path.parent)
    first, behind = hand_written.replace(missing, "").split("    x = len(stimuli)\n")
    assert path.read_text("utf-8") == f"{first}{missing}    x = len(stimuli)\n{behind}"


def test_links_and_rights_of_files_stay(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (tmp_path / "real.py").write_text("a = 1\n", "utf-8")
    (tmp_path / "real.py").chmod(0o755)
    (folder / "__init__.py").symlink_to(tmp_path / "real.py")
    write_plugin(records, folder)
    assert (folder / "__init__.py").is_symlink()
    assert RATES in (tmp_path / "real.py").read_text("utf-8")
    assert (tmp_path / "real.py").stat().st_mode & 0o777 == 0o755


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
        (
            "def {}():\n    assembly = load_dataset('lab.Set2026.rates')\n"
            + 2 * "    assert assembly.attrs['identifier'] == 1\n",
            "asserts assembly.attrs.'identifier'. twice, see line 3, 4",
        ),
    ],
)
def test_a_test_that_cannot_be_changed(code: str, message: str, records: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "lab2026" / "test.py"
    path.parent.mkdir()
    path.write_text(code.format("test_data_lab_set2026_rates"), "utf-8")
    with pytest.raises(errors.InvalidData, match=message.format("test_data_lab_set2026_rates")):
        write_plugin(records, path.parent)
    assert path.read_text("utf-8") == code.format("test_data_lab_set2026_rates")


def test_a_letter_that_the_file_cannot_hold(records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    (folder / "__init__.py").write_bytes(b"# coding: latin-1\na = '\xfc'\n")
    publish(records[0], release={"citation": "日本"})
    with pytest.raises(errors.InvalidData, match="save it as UTF-8"):
        write_plugin(records, folder)


def test_an_annotated_entry_is_replaced(records: list[Path], tmp_path: Path) -> None:
    states, module = updated("data_registry['lab.Set2026.rates']: object = 1\n", records, tmp_path)
    assert states == {SET: "added", RATES: "updated"}
    assert ": object" not in module


@pytest.mark.parametrize(
    "value",
    [
        "lambda: smooth(load_assembly_from_s3(identifier='lab.Set2026.rates', sha1='old'))",
        "lambda: load_assembly_from_s3(identifier='lab.Set2026.rates').sel(region='IT')",
        "load_ours",
        "functools.partial(load_ours, 3)",
        "lambda: load_assembly_from_s3(stimulus_set_loader=lambda: mine())",
    ],
)
def test_an_entry_that_does_more_than_load_is_not_replaced(value: str, records: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "lab2026"
    folder.mkdir()
    text = f"from a import *\n\ndata_registry['lab.Set2026.rates'] = {value}\n"
    (folder / "__init__.py").write_text(text, "utf-8")
    with pytest.raises(errors.InvalidData, match=r"__init__\.py, line 3, does more than load 'lab\.Set2026\.rates'"):
        write_plugin(records, folder)
    assert (folder / "__init__.py").read_text("utf-8") == text


MODULE = st.sampled_from(
    [
        '"""Doc."""', "from __future__ import annotations", "from a import (\n    b,\n)  # x", "import os; x = 1", "",
        "from brainscore_vision import data_registry", "def f():\n    return 1", "@d\nclass A: pass", "\x0c", "# ü",
        "s = '''\ndata_registry['lab.Set2026.rates'] = 1\n'''", "if x:\n\tpass\nelse:\n\ty = 3", "BIBTEX = 'mine'",
        "data_registry['other'] = lambda: 1  # mine", "data_registry['lab.Set2026.rates.v2'] = 1", "(n := 5)",
        'data_registry["lab.Set2026.rates"] = lambda: load_assembly_from_s3(\n    1,  # remark\n)  # trailing',
        "load_stimulus_set = 3",
        "data_registry['lab.Set2026.rates'] = 5; w = 7", "v = 6; data_registry['lab.Set2026.rates'] \\\n = 5",
        "stimulus_set_registry['lab.Set2026']=lambda: 1", "print('日本\u2028')  # \u2028", "async def co(): pass",
    ]
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(MODULE, max_size=7),
    line_end=st.sampled_from(["\n", "\r\n"]),
    has_last_end=st.booleans(),
    has_mark=st.booleans(),
)
def test_whatever_is_there_stays_and_an_update_is_made_once(
    parts: list[str], line_end: str, has_last_end: bool, has_mark: bool, records: list[Path], tmp_path: Path
) -> None:
    text = line_end.join(part.replace("\n", line_end) for part in parts) + line_end * has_last_end
    folder = tmp_path / "lab2026"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "__init__.py").write_bytes(codecs.BOM_UTF8 * has_mark + text.encode())
    try:
        compile(text, "module", "exec", dont_inherit=True)
        written = write_plugin(records, folder)
    except (SyntaxError, errors.InvalidData):
        return
    after = (folder / "__init__.py").read_bytes().removeprefix(codecs.BOM_UTF8).decode()
    compile(after, "module", "exec", dont_inherit=True)
    found = iter(map(ast.dump, ast.parse(after).body))
    others = [node for node in ast.parse(text).body if not _is_entry_of_one(node)]
    assert all(any(ast.dump(node) == other for other in found) for node in others)  # all of them, in their order
    for key in (SET, RATES):
        assert (
            sum(ast.unparse(node.targets[0]) == key for node in ast.parse(after).body if isinstance(node, ast.Assign))
            == 1
        )
        assert any(line.startswith(f"{key} =") or f" {key} =" in line for line in after.splitlines())
    again = write_plugin(records, folder)
    assert set(again.entries.values()) == {"unchanged"}
    assert again.files == written.files


def _is_entry_of_one(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {SET, RATES}

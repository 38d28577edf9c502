"""How Sphinx builds the pages of this folder: `make docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pygments.lexers.special import TextLexer
from sphinx.domains.python import PyObject  # type: ignore[attr-defined]  # mypy wants it said twice
from sphinx.highlighting import lexers

import brainpack

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))  # for the directive

project = "brainpack"
author = "The brainpack developers"
project_copyright = author
release = version = brainpack.__version__

extensions = [
    "command_line",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
nitpicky = True
smartquotes = False  # quotes of examples are typed into a shell, or into Python

# ---------------------------------------------------------------------------------------------------- pages

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
lexers["csv"] = TextLexer()

# Files beside this folder are pages, too: their text takes the place of a page that leads to them on GitHub.
_PAGES_OF: Final = {"CONTRIBUTING.md": "contributing", "CHANGELOG.md": "changelog", "benchmarks/RESULTS.md": "results"}
_LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#]+)")

# ---------------------------------------------------------------------------------------------------- reference

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say types in words, with shapes and units
autodoc_preserve_defaults = True
default_role = "code"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_param = False  # its types are words, not names of classes
napoleon_use_rtype = False
python_use_unqualified_type_names = True
nitpick_ignore_regex = [
    ("py:(class|obj)", ".*"),  # types are words: "mapping of str to DataArray"
    ("py:exc", r"xarray\..*"),
]

# ---------------------------------------------------------------------------------------------------- looks

html_theme = "furo"
html_title = f"brainpack {release}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["brainpack.css"]
copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp, .go"


def _take_the_place(app: Sphinx, page: str, source: list[str]) -> None:
    """Give a page the text of its file, and let all links between pages and files lead to pages."""
    for file, name in _PAGES_OF.items():
        if name == page:
            source[0] = _text_of(app.srcdir.parent, Path(file))
    source[0] = _LINK.sub(lambda link: _page_of(link[0]), source[0])


def _text_of(root: Path, file: Path) -> str:
    """Text of a file, with its links as the folder of the pages sees them."""
    return _LINK.sub(lambda link: _seen_from_docs(file.parent / link[0]), (root / file).read_text("utf-8"))


def _seen_from_docs(path: Path) -> str:
    return path.relative_to("docs").as_posix() if path.is_relative_to("docs") else f"../{path.as_posix()}"


def _page_of(target: str) -> str:
    if not target.startswith("../"):
        return target
    name = _PAGES_OF.get(target.removeprefix("../"))
    return f"path:{target}" if name is None else f"{name}.md"


def setup(app: Sphinx) -> None:
    """Let Sphinx know what is ours."""
    for kind in PyObject.doc_field_types:
        if kind.name == "variable":
            kind.label = "Attributes"
    app.connect("source-read", _take_the_place)

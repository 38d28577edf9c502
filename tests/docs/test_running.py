"""A page that shows what does not happen is found."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import blocks
from tests.docs.running import run_page

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow  # what reads Markdown is not there on every Python


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def follow(folder: Path, text: str) -> None:
    page = folder / "page.md"
    page.write_text(dedent(text), "utf-8")
    run_page(page)


GOOD = """
    Say this is `data/table.csv`:

    ```csv
    a,b
    1,2
    ```

    <!-- run first: echo hidden > hidden.txt -->

    ```python
    from pathlib import Path

    print(Path("data/table.csv").read_text() + Path("hidden.txt").read_text())
    ```

    prints

    ```text
    a,b
    ...
    hidden
    ```

    The folder `data` now holds

    ```text
    table.csv  a table
    ```

    ```sh
    ls data \\
      *.txt   # a comment
    false; false  # ends with 1
    brainpack --version
    ```

    <!-- not run: it would take too long -->
    ```rust
    ```

    ```{toctree}
    ```
"""


def test_a_page_is_followed_word_by_word(tmp_path: Path) -> None:
    follow(tmp_path, GOOD)
    assert (tmp_path / "hidden.txt").read_text("utf-8") == "hidden\n"


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("hidden\n    ```\n\n    The", "other\n    ```\n\n    The", "page.md:20: expected"),
        ("table.csv  a", "other.csv  a", "page.md:28"),
        ("prints\n", "This is said of it\n", "neither an output nor a folder"),
        ("false; false  # ends with 1", "false", "'false' ended with 1"),
        ("# ends with 1", "# ends with 2", "ended with 1"),
        ("brainpack --version", "brainpack --nonsense", "ended with 2"),
        ("it would take too long", "too long", "does not say why"),
        ("<!-- not run: it would take too long -->", "", "nobody knows how to run 'rust'"),
        ("1,2\n", "1,2,3\n", "rows of other lengths"),
    ],
)
def test_what_is_not_so_is_found(before: str, after: str, complaint: str, tmp_path: Path) -> None:
    assert before in GOOD
    with pytest.raises(AssertionError, match=complaint):
        follow(tmp_path, GOOD.replace(before, after))


def test_an_error_names_the_line_of_the_page(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        follow(tmp_path, "\n\n```python\n1 / 0\n```\n")
    assert str(raised.traceback[-1].path).endswith("page.md")
    assert raised.traceback[-1].lineno == 3  # from 0


def test_commands_in_a_workflow_are_run(tmp_path: Path) -> None:
    page = "```yaml\nsteps:\n  - run: pip install nothing\n  - run: |\n      brainpack cache list --nonsense\n```\n"
    with pytest.raises(AssertionError, match="'brainpack cache list --nonsense' ended with 2"):
        follow(tmp_path, page)


def test_a_page_goes_on_from_another_one(tmp_path: Path) -> None:
    (tmp_path / "first.md").write_text("Write `a.toml`:\n\n```toml\nb = 1\n```\n\n```sh\nfalse\n```\n", "utf-8")
    follow(tmp_path, "<!-- after: first.md -->\n\n```sh\ncat a.toml\n```\n\n```text\nb = 1\n```\n")


def test_blocks_are_found_with_what_is_above_them(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("- In a list, `b.toml` and `a.toml`:\n\n  ```toml\n  b = 1\n  ```\n", "utf-8")
    (block,) = blocks(page)
    assert (block.language, block.text, block.line, block.file) == ("toml", "b = 1\n", 4, "a.toml")

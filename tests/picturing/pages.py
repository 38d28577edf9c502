"""A page as its reader meets it: what is in it by name, and what happens when it is opened."""

from __future__ import annotations

import re
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.headings: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if {"style", "script"} & {*self._open}:
            return
        self.words.append(data)
        if self._open and re.fullmatch("h[1-6]", self._open[-1]):
            self.headings.append(data.strip())


def read(path: Path) -> _Words:
    """The words, headings, tags and addresses of a page."""
    found = _Words()
    found.feed(path.read_text("utf-8"))
    return found


def words(path: Path) -> str:
    """What a page says, in one line."""
    return " ".join(" ".join(read(path).words).split())


@contextmanager
def opened(browser: Browser, path: Path, **options: Any) -> Iterator[Page]:
    """A page in the browser, which may neither complain nor ask for anything."""
    context = browser.new_context(**{"viewport": {"width": 1100, "height": 900}, **options})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: complaints.append(f"request: {request.url[:80]}"))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.goto(path.absolute().as_uri())
    yield page
    context.close()
    own = f"request: {path.absolute().as_uri()[:80]}"
    unwanted = [one for one in complaints if one != own and not one.startswith("request: data:")]
    assert not unwanted, unwanted

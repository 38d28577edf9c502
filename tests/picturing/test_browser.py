"""Pages in a real browser: nothing runs that should not, everything can be reached, read, searched, copied, printed."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import write_report
from tests.helpers import png
from tests.picturing.packages import ATTACK, assembly_package, rates, stimuli_package
from tests.picturing.pages import opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ("assy_demo_Gratings_counts", "assy_demo_Gratings_spikes", "stimulus_demo_Gratings")
PHONE = {"viewport": {"width": 360, "height": 740}}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", **PHONE},
    "dark phone": {"color_scheme": "dark", **PHONE},
}


@pytest.fixture(scope="module")
def pages(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of the demo, and one that has figures and words for everything."""
    folder = tmp_path_factory.mktemp("pages")
    found = {name: write_report(demo / f"{name}.brainpack.json", folder / f"{name}.html") for name in NAMES}
    odd = rates(bins=4).where(lambda values: values > 3)
    odd["region"] = ("neuroid", [f"region {number}" for number in range(5)])
    found["odd"] = write_report(assembly_package(folder / "odd", odd))
    found["hostile"] = hostile_stimuli(folder / "hostile")
    wide = rates(bins=4).assign_attrs(units="MMMWWW per WWWMMMWWWM", long_name="WWWW MMMM WWWW MMMM")
    wide["region"] = (
        "neuroid",
        ["W" * 30, "日本語の領域" * 5, "M" * 9, "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii", "@%" * 20],
    )
    found["wide"] = write_report(assembly_package(folder / "wide", wide))
    return found


def hostile_stimuli(folder: Path) -> Path:
    names = [f"{number}{ATTACK}" for number in range(3)]
    table = pd.DataFrame(
        {
            "stimulus_id": names,
            ATTACK: [ATTACK, "\u202e\x07\u200b", "x" * 200_000],
            "=cmd()": ["javascript:hurt()", "<!--", "]]>"],
            "filename": ["a.png", "b.txt", "c.png"],
        }
    )
    contents = {"a.png": png(3), "b.txt": ATTACK.encode(), "c.png": b"\x89PNG\r\n\x1a\n" + ATTACK.encode()}
    about: dict[str, Any] = {
        "release": {"licence": ATTACK, "citation": f"@misc{{a,\n note = {{{ATTACK}}}}}", "contact": ATTACK}
    }
    return write_report(stimuli_package(folder, table, contents, **about, waivers={"BP-S003": ATTACK}))


def violations(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:300]}" for one in found]


@pytest.mark.parametrize(
    ("name", "look"),
    [
        *product([*NAMES, "odd"], ["light", "dark"]),
        *product(["assy_demo_Gratings_spikes", "stimulus_demo_Gratings", "odd"], ["phone"]),
        ("hostile", "light"),
        ("hostile", "dark phone"),
    ],
)
def test_a_page_is_accessible_and_asks_for_nothing(
    browser: Browser, pages: dict[str, Path], name: str, look: str
) -> None:
    with opened(browser, pages[name], **LOOKS[look], reduced_motion="reduce") as page:
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert violations(page) == []
        width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert width[0] <= width[1]
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((one) => +one.tagName[1])")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_search_shows_the_rows_that_hold_all_words(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["stimulus_demo_Gratings"]) as page:
        box, count = page.get_by_label("Search the table"), page.locator(".search output")
        assert count.text_content() == "64 of 64 rows"
        box.fill("GRATING_1 90")
        rows = page.locator("#search-stimuli-rows tr:visible").all_text_contents()
        assert count.text_content() == f"{len(rows)} of 64 rows"
        assert 0 < len(rows) < 64
        assert all("grating_1" in row and "90" in row for row in rows)
        box.fill("nothing like it")
        assert count.text_content() == "0 of 64 rows"
        box.press("Escape")
        assert count.text_content() == "64 of 64 rows"


def test_hashes_and_code_are_copied(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["assy_demo_Gratings_counts"]) as page:
        buttons = page.locator("button.copy")
        assert buttons.count() == 5
        for number in range(buttons.count()):
            button = buttons.nth(number)
            button.click()
            text = "(number) => document.querySelectorAll('button.copy')[number].textContent"
            page.wait_for_function(f"{text} === 'Copied'", arg=number)
            assert page.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")
        assert "copied" in (page.get_by_role("status").last.text_content() or "")


def test_copying_works_without_the_clipboard_of_today(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["assy_demo_Gratings_counts"]) as page:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
        button = page.locator(".hashes button.copy").first
        button.click()
        page.wait_for_function("document.querySelector('.hashes button.copy').textContent === 'Copied'")
        assert page.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")


def test_the_keyboard_reaches_everything(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["stimulus_demo_Gratings"]) as page:
        wanted = page.evaluate("document.querySelectorAll('a[href], button, input, summary, [tabindex=\"0\"]').length")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        page.evaluate("window.seen = new Set()")
        for _ in range(wanted):
            page.evaluate("seen.add(document.activeElement)")
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid"
            page.keyboard.press("Tab")
        assert page.evaluate("seen.size") == wanted


def test_the_skip_link_leads_to_the_content(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["odd"]) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


# Texts that leave their drawing, where they would be cut off, or lie over another text.
MISPLACED = """() => [...document.querySelectorAll('svg')].flatMap(figure => {
    const frame = figure.getBoundingClientRect(), texts = [...figure.querySelectorAll('text')];
    const boxes = texts.map(text => text.getBoundingClientRect());
    return texts.filter((text, one) => text.textContent && (
        boxes[one].left < frame.left - 1 || boxes[one].right > frame.right + 1
        || boxes[one].top < frame.top - 1 || boxes[one].bottom > frame.bottom + 1
        || boxes.some((other, place) => place < one && other.width && boxes[one].left < other.right - 2
            && other.left < boxes[one].right - 2 && boxes[one].top < other.bottom - 4
            && other.top < boxes[one].bottom - 4)
    )).map(text => text.textContent);
})"""


@pytest.mark.parametrize("name", [*NAMES, "odd", "wide"])
def test_no_text_is_cut_off_or_lies_over_another(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name]) as page:
        assert page.evaluate(MISPLACED) == []


def test_every_figure_has_a_text(browser: Browser, pages: dict[str, Path]) -> None:
    for path in pages.values():
        with opened(browser, path) as page:
            drawings = page.locator("svg[role=img], img").evaluate_all(
                "(all) => all.map((one) => one.alt || one.getAttribute('aria-label') || '')"
            )
            assert page.locator("svg:not([role=img])").count() == 0
            assert drawings
            assert min(map(len, drawings)) > 8
            captions = page.locator("figure").evaluate_all(
                "(all) => all.map((one) => one.querySelector('figcaption').textContent)"
            )
            assert all(captions)


def test_a_page_is_printed_without_its_controls(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    with opened(browser, pages["stimulus_demo_Gratings"], color_scheme="dark") as page:
        assert page.pdf().startswith(b"%PDF-")
        page.emulate_media(media="print")
        assert page.locator("button:visible, .search:visible, nav:visible").count() == 0
        assert page.locator("#search-stimuli-rows tr:visible").count() == 64
        assert page.evaluate("getComputedStyle(document.querySelector('.tall')).maxHeight") == "none"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    with opened(browser, hostile_stimuli(tmp_path)) as page:  # whose cells and names are long
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 670, "height": 960})  # A4 without its margins
        assert page.locator("table:visible").count() > 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 670


def test_hostile_data_do_nothing(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    array = rates()
    array = array.assign_coords(
        {
            "stimulus_id": ("presentation", [f"{ATTACK}{number % 6}" for number in range(24)]),
            "region": ("neuroid", [ATTACK, ATTACK, "\x1b[31m", "x" * 100_000, ATTACK]),
        }
    )
    array.attrs.update({"units": ATTACK, "description": ATTACK, "note": "y" * 100_000})
    extras = {"trials": xr.DataArray(np.arange(3.0), {"name": ("event", [ATTACK] * 3)}, ("event",), attrs=array.attrs)}
    assembly = write_report(assembly_package(tmp_path, array, extras=extras, findings={"BP-A019": 1}))
    for path in (assembly, pages["hostile"]):
        assert path.stat().st_size < 500_000
        with opened(browser, path) as page:
            page.evaluate("() => { window.hurt = () => { window.isHurt = true; }; }")
            for button in page.locator("button.copy").all():
                button.click()
            if page.locator("input").count():
                page.locator("input").fill(ATTACK)
            assert page.evaluate("window.isHurt") is None
            assert page.locator("script").count() == 1
            assert page.evaluate("document.querySelectorAll('[onerror], [onload], img[src=x]').length") == 0
            assert ATTACK[:40] in page.locator("main").inner_text()
            assert "49" not in page.locator("h1").inner_text()


def test_no_program_but_its_own_runs_on_a_page(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    html = pages["odd"].read_text("utf-8")
    page_with_another = tmp_path / "other.html"
    page_with_another.write_text(html.replace("</main>", "<script>window.isHurt = true</script></main>"), "utf-8")
    page = browser.new_page()
    page.goto(page_with_another.as_uri())
    assert page.evaluate("window.isHurt") is None
    page.close()

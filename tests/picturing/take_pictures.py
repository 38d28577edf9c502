"""Take the pictures of docs/pictures: `python -m tests.picturing.take_pictures`, with Chromium and the Inter fonts."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image

from brainpack import write_report
from brainpack.demo.run import run
from tests.picturing.conftest import SWITCHES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_COUNTS: Final = "assy_demo_Gratings_counts"
_SPIKES: Final = "assy_demo_Gratings_spikes"
_STIMULI: Final = "stimulus_demo_Gratings"
# Name of the picture: the page, its colours, width and height of the window, and the heading that it begins with.
PICTURES: Final = {
    "report-light.png": (_COUNTS, "light", 1100, 1500, ""),
    "report-responses.png": (_COUNTS, "light", 1100, 1560, "#values"),
    "report-dark.png": (_STIMULI, "dark", 1100, 880, "#stimuli"),
    "report-spikes.png": (_SPIKES, "dark", 1100, 1000, "#spikes"),
    "report-phone.png": (_COUNTS, "light", 390, 1100, "#values"),
}
_COLOURS: Final = 256


def take(browser: Browser, page_file: Path, target: Path, colours: str, size: tuple[int, int], start: str) -> None:
    """Take one picture, in few colours, so that it is small."""
    page = browser.new_page(color_scheme=colours, viewport={"width": size[0], "height": size[1]})  # type: ignore[arg-type]  # a literal
    page.goto(page_file.absolute().as_uri())
    if start:
        page.locator(start).evaluate("(one) => window.scrollTo({top: one.offsetTop - 24, behavior: 'instant'})")
    page.screenshot(path=target)
    page.close()
    with Image.open(target) as image:
        image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def main() -> None:
    """Take all pictures."""
    from playwright.sync_api import sync_playwright

    folder = Path(__file__).parents[2] / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        packages = Path(scratch) / "packages"
        run(packages)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=SWITCHES)
        for name, (package, colours, width, height, start) in PICTURES.items():
            page = write_report(packages / f"{package}.brainpack.json")
            take(browser, page, folder / name, colours, (width, height), start)
        browser.close()


if __name__ == "__main__":
    main()

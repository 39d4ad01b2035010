"""Takes the pictures of the docs from the real thing: pages, lineage, map, notebooks, recording.

Usage: ``make pictures PHOTOS=FOLDER``, where the folder holds the Clothing dataset (CC0 1.0). A new
project is made of some of its photos, run, and looked at in Chromium. Fonts are those of the
machine; the pages look best where Palatino or a clone of it is installed.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
from clothing_shop import make_shop
from jinja2 import Template
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from render_notebooks import render_notebooks

from processes import type_kedro
from project import latest, make_project, serving_kedro, succeed

IMAGES = Path(__file__).with_name("images")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Of the recording: its viewport, and the device's pixels for one of the page's.
STAGE, STAGE_SCALE = {"width": 1080, "height": 760}, 1.25
# A customer's photo, which the shop does not have.
CUSTOMERS_PHOTO = "4db14d3d-05ca-48b1-9257-204b447c27bb"
MESSAGE = "a summer wedding outfit"
# Photos of the picture of the catalogue, and what it says of them.
SHOWN = [
    "1fd8e843-be30-4d20-a386-909b3f89c075",
    "883867af-4604-4dda-bf62-376c8bafb92f",
    "bf5d5e96-dcd5-43c8-967a-be341517c6cd",
]
COLUMNS = ["Title", "Gender", "Category", "Colours", "Pattern", "Material", "Sleeve", "Neckline"]
TABLE = Template("""<style>
  body { margin: 0; padding: 20px; font: 15px/1.4 system-ui; color: #221d19; width: 1080px; }
  table { border-collapse: collapse; width: 100% } td, th { padding: 8px 10px; text-align: left }
  th { font-size: 12px; text-transform: uppercase; letter-spacing: .06em; color: #6a6057 }
  tr + tr { border-top: 1px solid #e7dfd4 } td:nth-child(2) { font-weight: 600; width: 170px }
  img { width: 96px; height: 120px; object-fit: cover; border-radius: 10px; display: block }
</style><table><tr><th></th>{% for name in columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in rows %}<tr><td><img src="{{ row.photo }}" alt=""></td>
  {% for value in row["values"] %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</table>""")


def save(screenshot: bytes, name: str) -> None:
    """Save a screenshot as WebP."""
    image = Image.open(io.BytesIO(screenshot)).convert("RGB")
    image.save(IMAGES / f"{name}.webp", quality=80, method=6)


def open_page(browser: Browser, address: str, viewport: dict[str, int], scale: float = 2) -> Page:
    """Open a page on a screen with so many pixels for one of the page's."""
    page = browser.new_page(
        viewport=viewport, device_scale_factor=scale, locale="en-GB", reduced_motion="reduce"
    )
    page.goto(address)
    return page


def wait_for_answer(page: Page) -> Locator:
    """Wait for an answer and its photos, and return its turn."""
    turn = page.locator(".turn.last[aria-busy=false]")
    turn.locator(".slot").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    return turn


def show_photo(page: Page, photo: Path) -> Locator:
    """Show the assistant a photo."""
    page.locator("#photo").set_input_files(photo)
    return wait_for_answer(page)


def say(page: Page, message: str) -> Locator:
    """Send the assistant a message."""
    page.locator("#message").fill(message)
    page.keyboard.press("Enter")
    page.get_by_text(message, exact=True).wait_for()
    return wait_for_answer(page)


def take_assistant(browser: Browser, address: str, photo: Path) -> None:
    """Show the assistant a photo, on a desk; and on a phone go on with a message."""
    page = open_page(browser, address, DESK)
    show_photo(page, photo)
    save(page.screenshot(), "assistant")
    save(page.locator(".turn.last .outfit").first.screenshot(), "outfit")
    page.close()
    page = open_page(browser, address, PHONE)
    show_photo(page, photo)
    say(page, MESSAGE)
    save(page.screenshot(), "assistant_phone")
    page.close()


def take_catalogue(browser: Browser, project: Path) -> None:
    """Show three rows of the catalogue with their photos."""
    items = pd.read_csv(latest(project, "full_catalogue.csv"), keep_default_na=False)
    items = items.set_index(items["Filename"].str.removesuffix(".jpg")).loc[SHOWN]
    photos = project / "data/01_raw/sample/images_compressed"
    rows = [
        {"photo": (photos / item["Filename"]).as_uri(), "values": item[COLUMNS].tolist()}
        for _, item in items.iterrows()
    ]
    # A page from a file may show photos from files.
    document = project / "catalogue.html"
    document.write_text(TABLE.render(columns=COLUMNS, rows=rows))
    page = open_page(browser, document.as_uri(), {"width": 1080, "height": 300})
    save(page.screenshot(full_page=True), "catalogue")
    page.close()


def take_review(browser: Browser, address: str) -> None:
    """Show the most doubtful item."""
    page = open_page(browser, address, DESK)
    page.locator(".review .looked-at img").first.wait_for()
    page.wait_for_timeout(2000)
    save(page.screenshot(full_page=True), "review")
    page.close()


def take_lineage(browser: Browser, address: str) -> None:
    """Show the pipelines from photos to the index."""
    page = open_page(browser, f"{address}/?pid=__default__", {"width": 1440, "height": 900})
    page.locator(".pipeline-node").first.wait_for()
    page.wait_for_timeout(3000)
    page.locator(".feature-hints__close").first.click()
    # The hints stay closed; they would take leave in the picture otherwise.
    page.reload()
    page.get_by_text("Dismiss").first.click()
    page.locator(".pipeline-node").first.wait_for()
    page.wait_for_timeout(3000)
    page.locator(".pipeline-primary-toolbar button").first.click()
    page.locator(".pipeline-menu-button--theme").click()
    page.mouse.move(800, 400)
    page.wait_for_timeout(3000)
    save(page.screenshot(), "lineage")
    page.close()


class Recorder:
    """Frames of a page, each with the time it is shown."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frames: list[tuple[Image.Image, int]] = []

    def hold(self, milliseconds: int) -> None:
        """Take a frame, and show it for so long."""
        image = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        self._frames.append((image, milliseconds))

    def type(self, text: str) -> None:
        """Write into the field for messages, three letters a frame."""
        field = self._page.locator("#message")
        for start in range(0, len(text), 3):
            field.press_sequentially(text[start : start + 3])
            self.hold(110)

    def scroll(self, distance: int, frames: int = 8) -> None:
        """Scroll smoothly by so many pixels."""
        for _ in range(frames):
            self._page.mouse.wheel(0, distance / frames)
            self._page.wait_for_timeout(120)
            self.hold(60)

    def save(self, path: Path) -> None:
        """Save the frames as an animated WebP that repeats."""
        images, times = zip(*self._frames, strict=True)
        images[0].save(
            path, save_all=True, append_images=images[1:], duration=list(times), loop=0,
            quality=60, method=4, minimize_size=True,
        )  # fmt: skip


def record_visit(browser: Browser, address: str, photo: Path) -> None:
    """Record a visit: a photo, its outfits, another piece, and a message."""
    page = open_page(browser, address, STAGE, STAGE_SCALE)
    recorder = Recorder(page)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    recorder.hold(2000)
    show_photo(page, photo)
    recorder.hold(3500)
    page.locator(".turn.last .swap").nth(1).click()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    recorder.hold(2500)
    page.mouse.move(480, 360)
    recorder.scroll(300)
    recorder.hold(1500)
    recorder.type(MESSAGE)
    page.keyboard.press("Enter")
    wait_for_answer(page)
    recorder.hold(4500)
    recorder.scroll(240)
    recorder.hold(3500)
    recorder.save(IMAGES / "visit.webp")
    page.close()


def main() -> None:
    """Make a shop, run its project, and take the pictures."""
    photos = Path(sys.argv[1])
    customers = next(photos.glob(f"images*/{CUSTOMERS_PHOTO}.*"))
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        raise SystemExit("There is no Chromium. Install Chromium or Google Chrome.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        project = make_project(Path(folder))
        shutil.rmtree(project / "data/01_raw/sample")
        make_shop(photos, project / "data/01_raw/sample")
        succeed(type_kedro(project, "run"))
        render_notebooks(project)
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        take_catalogue(browser, project)
        with serving_kedro(project, "demo") as address:
            take_assistant(browser, address, customers)
            record_visit(browser, address, customers)
        with serving_kedro(project, "review") as address:
            take_review(browser, address)
        with serving_kedro(project, "viz", "run", "--no-browser") as address:
            take_lineage(browser, address)
        succeed(type_kedro(project, "run", "--pipelines=explore", "--params=explore.cells=15"))
        save(latest(project, "catalogue_map_sheet.png").read_bytes(), "map")


if __name__ == "__main__":
    main()

"""Takes the README's pictures of the real thing: the pages, the lineage in Kedro-Viz, the map.

Usage: ``make pictures``. A new project is made of the bundled sample, run, and looked at in
Chromium.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from processes import type_kedro
from project import jpeg, latest, make_project, serving_kedro, succeed

IMAGES = Path(__file__).with_name("images")


def take_demo(page: Page, address: str, photo: Path) -> None:
    """Shows a shirt."""
    page.goto(address)
    page.locator("#photo input[type=file]").first.set_input_files(photo)
    page.locator("#results .slot").first.wait_for()
    page.locator("#chat").get_by_text("With your").wait_for()
    page.wait_for_timeout(2000)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=IMAGES / "demo.png", full_page=True)


def take_lineage(page: Page, address: str) -> None:
    """Shows the pipelines from photos to the index."""
    page.goto(f"{address}/?pid=__default__")
    page.locator(".pipeline-node").first.wait_for()
    page.wait_for_timeout(3000)
    page.locator(".feature-hints__close").first.click()
    # The hints stay closed; they would take leave in the picture otherwise.
    page.reload()
    page.get_by_text("Dismiss").first.click()
    page.locator(".pipeline-node").first.wait_for()
    page.wait_for_timeout(3000)
    page.locator(".pipeline-primary-toolbar button").first.click()
    page.wait_for_timeout(3000)
    page.screenshot(path=IMAGES / "lineage.png")


def take_review(page: Page, address: str) -> None:
    """Shows the most doubtful item."""
    page.goto(address)
    page.locator(".review .looked-at img").first.wait_for()
    page.wait_for_timeout(2000)
    page.screenshot(path=IMAGES / "review.png", full_page=True)


def take_publish(page: Page, address: str) -> None:
    """Shows the pipeline that publishes."""
    page.goto(f"{address}/?pid=publish")
    page.locator(".pipeline-node").first.wait_for()
    page.get_by_text("Dismiss").first.click()
    page.wait_for_timeout(3000)
    page.screenshot(path=IMAGES / "publish.png")


def main() -> None:
    """Makes the project, runs it, and takes the pictures."""
    IMAGES.mkdir(exist_ok=True)
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        project = make_project(Path(folder))
        succeed(type_kedro(project, "run"))
        photo = Path(folder) / "shirt.jpg"
        photo.write_bytes(jpeg("Shirt", "blue", "striped"))
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        with serving_kedro(project, "demo") as address:
            take_demo(page, address, photo)
        with serving_kedro(project, "viz", "run", "--no-browser") as address:
            take_lineage(page, address)
            take_publish(page, address)
        with serving_kedro(project, "review") as address:
            take_review(page, address)
        succeed(type_kedro(project, "run", "--pipelines=explore", "--params=explore.cells=10"))
        shutil.copy(latest(project, "catalogue_map_sheet.png"), IMAGES / "map.png")


if __name__ == "__main__":
    main()

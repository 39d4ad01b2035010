"""Takes the README's pictures of the real thing: the pages, the lineage in Kedro-Viz, the map.

Usage: ``make pictures [PHOTOS=FOLDER]``. A new project is made of the bundled sample, run, and
looked at in Chromium. With labelled photos, as the README describes them, a shop of some of them is
photographed as well; its prices, sizes and brands are invented.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser, Page, sync_playwright

from processes import type_kedro
from project import jpeg, latest, make_project, serving_kedro, succeed

# Photos of the shop that is made of a folder.
SHOP_PHOTOS = 150
IMAGES = Path(__file__).with_name("images")


def take_demo(page: Page, address: str, photo: Path) -> None:
    """Shows a shirt."""
    page.goto(address)
    page.locator("#photo").set_input_files(photo)
    wait_for_answer(page)
    page.screenshot(path=IMAGES / "demo.png")


def wait_for_answer(page: Page) -> None:
    """Waits for an answer and its photos."""
    page.locator(".turn.last[aria-busy=false] .slot").first.wait_for()
    page.wait_for_timeout(2000)


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


def make_shop(photos: Path, folder: Path) -> None:
    """Makes a shop of labelled photos, with a table as Shopify exports it."""
    rows = pd.read_csv(photos / "images.csv", dtype=str)
    paths = {path.stem: path for path in photos.glob("images*/*")}
    rows = rows[rows["image"].isin(paths) & rows["kids"].eq("False")]
    rows = rows[~rows["label"].isin(["Not sure", "Other", "Skip"])]
    (folder / "images").mkdir(parents=True)
    drawn = random.Random(0)
    table = []
    for number, row in enumerate(rows.sample(SHOP_PHOTOS, random_state=0).itertuples(), 1):
        shutil.copy(paths[row.image], folder / "images")
        sizes = ["39", "40", "41"] if row.label == "Shoes" else ["S", "M", "L"]
        price = drawn.choice([19.95, 29.95, 39.95, 49.95, 79.95, 99.95])
        handle = f"piece-{number:03}"
        for place, size in enumerate(sizes):
            variant = {
                "Handle": handle, "Option1 Name": "Size", "Option1 Value": size,
                "Variant SKU": f"{handle}-{size}", "Variant Inventory Tracker": "shopify",
                "Variant Inventory Qty": drawn.choice([0, 2, 5]), "Variant Price": price,
            }  # fmt: skip
            product = {
                "Vendor": drawn.choice(["Elbmoor", "Norrvik", "Casa Lino"]), "Type": row.label,
                "Image Src": paths[row.image].name, "Image Position": 1,
            }  # fmt: skip
            table.append(variant if place else {**variant, **product})
    pd.DataFrame(table).to_csv(folder / "products_export.csv", index=False)


def take_shop(browser: Browser, address: str) -> None:
    """Shows what a shop's customer is offered, on a desk and on a phone."""
    for name, width, height in (("shop", 1440, 1000), ("shop_phone", 390, 844)):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(address)
        page.locator("#message").fill("a t-shirt under 50")
        page.keyboard.press("Enter")
        wait_for_answer(page)
        page.screenshot(path=IMAGES / f"{name}.png")
        page.close()


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
        for photos in sys.argv[1:2]:
            shop = Path(folder) / "shop"
            make_shop(Path(photos), shop)
            succeed(type_kedro(project, "run", f"--params=photos={shop}"))
            with serving_kedro(project, "demo") as address:
                take_shop(browser, address)


if __name__ == "__main__":
    main()

"""Looks at Kedro-Viz in a browser, as a user does after `make viz`."""

import os
from pathlib import Path

import httpx
import pytest

from project import serving_kedro

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

PLOTS = [
    ("ingest", "label_plot", ".js-plotly-plot"),
    ("ingest", "contact_sheet", "img"),
    ("clean", "category_by_type_plot", ".js-plotly-plot"),
    ("evaluate", "label_confusion_plot", ".js-plotly-plot"),
    ("evaluate", "retrieval_plot", ".js-plotly-plot"),
    ("evaluate", "worst_cases", "img"),
    ("evaluate", "leaderboard", "table"),
    ("evaluate", "retrieval_scores", "table"),
    ("prompt_trial", "trial_plot", ".js-plotly-plot"),
    ("prompt_trial", "trial_scores", "table"),
]


@pytest.fixture(scope="module")
def address(finished):
    with serving_kedro(finished, "viz", "run", "--no-browser") as address:
        yield address


def test_each_plot_and_table_is_shown_in_its_panel(chromium, address):
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    nodes = {}
    for pipeline, name, shown in PLOTS:
        if pipeline not in nodes:
            graph = httpx.get(f"{address}/api/pipelines/{pipeline}", timeout=60).json()
            nodes[pipeline] = {node["name"]: node["id"] for node in graph["nodes"]}
        page.goto(f"{address}/?pid={pipeline}&sid={nodes[pipeline][name]}")
        panel = page.locator(".pipeline-metadata")
        playwright.expect(panel.locator(shown).first).to_be_visible(timeout=30_000)
        if kept := os.environ.get("LOOKBOOK_ARTIFACTS"):
            page.screenshot(path=Path(kept) / "screenshots" / f"viz-{name}.png")


def test_the_lineage_shows_the_pipelines_and_their_results(address):
    def get(path):
        return httpx.get(f"{address}/api/{path}", timeout=60).json()

    page = get("pipelines/__default__")
    boxes = {child["id"] for child in page["modular_pipelines"]["__root__"]["children"]}
    assert {"ingest", "balance", "label", "clean", "index"} <= boxes
    ids = {node["name"]: node["id"] for node in page["nodes"] if node["type"] == "data"}
    for name, kind in {
        "manifest": "TablePreview",
        "quarantine": "TablePreview",
        "photo_table": "TablePreview",
        "search_index": "TablePreview",
        "clean_report": "JSONPreview",
        "label_plot": "PlotlyPreview",
        "category_by_type_plot": "PlotlyPreview",
        "contact_sheet": "ImagePreview",
    }.items():
        shown = get(f"nodes/{ids[name]}")
        assert shown["preview_type"] == kind
        assert shown["preview"]

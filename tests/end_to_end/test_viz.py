"""Looks at Kedro-Viz in a browser, as a user does after `make viz`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from project import ENVIRONMENT, free_port

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
    port = free_port()
    command = [sys.executable, "-m", "kedro", "viz", "run", "--no-browser", f"--port={port}"]
    with subprocess.Popen(
        command, cwd=finished, env=ENVIRONMENT, start_new_session=True
    ) as process:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            try:
                httpx.get(address)
                break
            except httpx.TransportError:
                time.sleep(0.3)
        yield address
        # It serves from a process of its own.
        os.killpg(process.pid, signal.SIGTERM)


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

"""Serves the pages of reviewers by Gradio."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.routing import Route


def launch_options() -> dict[str, Any]:
    """Return Gradio's ``launch`` options: theme, limits, no errors shown."""
    sans = ["Avenir Next", "Segoe UI", "Helvetica Neue", "Arial", "sans-serif"]
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.orange,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_lg,
        font=sans,
        font_mono=["Menlo", "Consolas", "monospace"],
    ).set(
        body_background_fill="#faf6f0",
        body_background_fill_dark="#faf6f0",
        block_border_color="#e6ddd1",
        button_primary_background_fill="#a8471f",
        button_primary_background_fill_hover="#8c3a18",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="#f3ece2",
        button_secondary_border_color="#e6ddd1",
    )
    return {
        "theme": theme,
        "css_paths": Path(__file__).with_name("review.css"),
        # The page has no dark mode.
        "js": "() => document.body.classList.remove('dark')",
        "footer_links": [],
        "ssr_mode": False,
        "show_error": False,
    }


def serve(page: gr.Blocks, launch: dict[str, Any], routes: Sequence[Route] = ()) -> None:
    """Open a page, print its address without Gradio's advice, and stay until it is stopped.

    Args:
        page: The page.
        launch: Further options of Gradio's ``launch``.
        routes: Further routes of the server.

    Raises:
        OSError: If the port is taken.
    """
    _, local, _ = page.launch(
        **launch_options(), **launch, app_kwargs={"routes": list(routes)}, quiet=True,
        prevent_thread_lock=True,
    )  # fmt: skip
    print(f"Lookbook is open at {local}", flush=True)
    page.block_thread()

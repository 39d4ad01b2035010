"""Opens the page: how it looks, and how it is served."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import gradio as gr

from lookbook.assistant.answers import ServingParams
from lookbook.assistant.assistant import Assistant
from lookbook.assistant.page import Page
from lookbook.errors import InputError

# Photos are bounded in bytes here, and in pixels where they are decoded.
LARGEST_UPLOAD = "20mb"

logger = logging.getLogger(__name__)


def launch_options() -> dict[str, Any]:
    """What ``launch`` needs for the page to look as it is meant to, and to stay closed."""
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
        "css_paths": Path(__file__).with_name("page.css"),
        # The page is drawn on paper: it has no dark side.
        "js": "() => document.body.classList.remove('dark')",
        "footer_links": ["api"],
        "max_file_size": LARGEST_UPLOAD,
        "ssr_mode": False,
        "show_error": False,
    }


def serve(assistant: Assistant, params: ServingParams, launch: dict[str, Any]) -> None:
    """Opens the page, and stays until it is stopped.

    Args:
        assistant: Answers.
        params: What is chosen when the page is opened.
        launch: Where and for whom, as of Gradio's ``launch``.

    Raises:
        OSError: If the port is taken.
    """
    page = Page(assistant, params).build()
    page.launch(**launch_options(), **launch, prevent_thread_lock=True)
    # The page is there while the models are still read; who asks at once waits for them.
    try:
        assistant.warm_up(params)
    except InputError as error:
        logger.warning("%s", error)
    page.block_thread()

"""Serves the page: its theme, its server, and the reloading of the index."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import Thread
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from lookbook.assistant.assistant import Assistant
from lookbook.assistant.types import ServingParams
from lookbook.errors import InputError
from lookbook.server.limits import RequestLimits
from lookbook.server.metrics import INDEX
from lookbook.server.page import Page
from lookbook.server.routes import Routes

# The pixels of a photo are limited where it is decoded.
MAX_UPLOAD_SIZE = "20mb"
# Seconds between two checks for a new index.
RELOAD_INTERVAL_S = 5.0

logger = logging.getLogger(__name__)


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
        "css_paths": Path(__file__).with_name("page.css"),
        # The page has no dark mode.
        "js": "() => document.body.classList.remove('dark')",
        "footer_links": ["api"],
        "max_file_size": MAX_UPLOAD_SIZE,
        "ssr_mode": False,
        "show_error": False,
    }


def serve(assistant: Assistant, params: ServingParams, launch: dict[str, Any]) -> None:
    """Serve the page until it is stopped.

    Args:
        assistant: Answers.
        params: The choices of a new page.
        launch: Further options of Gradio's ``launch``.

    Raises:
        OSError: If the port is taken.
    """
    share_cores()
    log_requests()
    page = Page(assistant, params).build()
    open_page(page, **launch_options(), **launch, app_kwargs=server_options(assistant))
    # The page opens before the models are loaded; early requests wait for them.
    Thread(target=follow_index, args=(assistant, params), daemon=True).start()
    page.block_thread()


def open_page(page: gr.Blocks, **options: Any) -> None:
    """Serve a page in the background, and print its addresses without Gradio's advice."""
    _, local, shared = page.launch(**options, quiet=True, prevent_thread_lock=True)
    for address in filter(None, (local, shared)):
        print(f"Lookbook is open at {address}", flush=True)


def server_options(assistant: Assistant) -> dict[str, Any]:
    """Return Gradio's ``app_kwargs``: further routes, and the limits of requests."""
    routes = Routes(assistant, further_photos=assistant.further_photos)
    return {"routes": routes.all(), "middleware": [Middleware(RequestLimits)]}


def share_cores() -> None:
    """Limit libraries to one thread, since each request has one of its own.

    Their threads would compete for the cores, and small multiplications are no faster in parallel.
    """
    import torch
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
    torch.set_num_threads(1)


def log_requests() -> None:
    """Write a line of JSON per request to the standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    requests = logging.getLogger("lookbook.requests")
    requests.handlers, requests.propagate = [handler], False
    requests.setLevel(logging.INFO)


def follow_index(assistant: Assistant, params: ServingParams) -> None:
    """Load the models and the newest index, again and again.

    Failures are retried, and their reasons logged once.
    """
    reason = ""
    while True:
        try:
            if assistant.reload_index(params):
                INDEX.labels("taken up").inc()
                logger.info("The newest version of the index is searched.")
            reason = ""
        except Exception as error:
            INDEX.labels("failed").inc()
            if str(error) != reason:
                reason = str(error)
                is_expected = isinstance(error, InputError)
                logger.warning("The index cannot be used: %s", error, exc_info=not is_expected)
        time.sleep(RELOAD_INTERVAL_S)

"""Opens the page: how it looks, and how it is served."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import Thread
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from lookbook.assistant.admission import Admission
from lookbook.assistant.answers import ServingParams
from lookbook.assistant.assistant import Assistant
from lookbook.assistant.metrics import INDEX
from lookbook.assistant.page import Page
from lookbook.assistant.routes import Routes
from lookbook.errors import InputError

# Photos are bounded in bytes here, and in pixels where they are decoded.
LARGEST_UPLOAD = "20mb"
# Seconds between two looks for a new index.
BETWEEN_LOOKS = 5.0

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
    share_cores()
    log_requests()
    page = Page(assistant, params).build()
    open_page(page, **launch_options(), **launch, app_kwargs=server_options(assistant))
    # The page is there while the models are still read; who asks at once waits for them.
    Thread(target=follow_index, args=(assistant, params), daemon=True).start()
    page.block_thread()


def open_page(page: gr.Blocks, **options: Any) -> None:
    """Serve a page in the background, and print its addresses without Gradio's advice."""
    _, local, shared = page.launch(**options, quiet=True, prevent_thread_lock=True)
    for address in filter(None, (local, shared)):
        print(f"Lookbook is open at {address}", flush=True)


def server_options(assistant: Assistant) -> dict[str, Any]:
    """What the server needs beside the page, as of Gradio's ``app_kwargs``."""
    return {"routes": Routes(assistant).all(), "middleware": [Middleware(Admission)]}


def share_cores() -> None:
    """Leaves it to the customers' own threads to use all cores.

    Libraries that spread each multiplication over all of them fight over the cores as soon as two
    customers are there, and a small one takes no less time for it.
    """
    import torch
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
    torch.set_num_threads(1)


def log_requests() -> None:
    """Writes a line of JSON a request, and nothing else, to the standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    requests = logging.getLogger("lookbook.requests")
    requests.handlers, requests.propagate = [handler], False
    requests.setLevel(logging.INFO)


def follow_index(assistant: Assistant, params: ServingParams) -> None:
    """Load the index and the models, and every index that a run writes later.

    A failure is tried again, so that the server recovers by itself; its reason is logged once.

    Args:
        assistant: Keeps them.
        params: How to search.
    """
    reason = ""
    while True:
        try:
            if assistant.keep_up(params):
                INDEX.labels("taken up").inc()
                logger.info("The newest version of the index is searched.")
            reason = ""
        except Exception as error:
            INDEX.labels("failed").inc()
            if str(error) != reason:
                reason = str(error)
                is_expected = isinstance(error, InputError)
                logger.warning("The index cannot be used: %s", error, exc_info=not is_expected)
        time.sleep(BETWEEN_LOOKS)

"""Serves the application by uvicorn, and reloads the index."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from threading import Thread

import uvicorn
from pythonjsonlogger.json import JsonFormatter

from lookbook.assistant.assistant import Assistant
from lookbook.assistant.types import ServingParams
from lookbook.errors import InputError
from lookbook.server.limits import request_id
from lookbook.server.metrics import RELOADS
from lookbook.server.params import ServerParams
from lookbook.server.secrets import Secrets

# Seconds between two checks for a new index.
RELOAD_INTERVAL_S = 5.0

logger = logging.getLogger(__name__)


def serve(
    assistant: Assistant,
    serving: ServingParams,
    params: ServerParams,
    known: Secrets,
    host: str,
    port: int,
    share: bool = False,
) -> None:
    """Serve until a signal ends it; answers under way are finished.

    Args:
        assistant: Answers customers.
        serving: The choices where a request makes none.
        params: How it is served.
        known: What callers must know.
        host: The address to listen on.
        port: The port to listen on.
        share: Whether a public link is opened through Gradio's servers.

    Raises:
        InputError: If the link cannot be opened.
    """
    share_cores()
    log_as_json()
    keep_uploads_apart()
    # Gradio reads the folder of uploads at its import.
    from lookbook.server.app import create_app

    app = create_app(assistant, serving, params, known)
    if params.tracing:
        from lookbook.server.tracing import trace

        trace(app)
    # The page opens before the models are loaded; early requests wait for them.
    Thread(target=follow_index, args=(assistant, serving), daemon=True).start()
    # Uvicorn raises the signal again when it has stopped: what is left at exit is then done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        app, host, port, log_config=None, access_log=False, proxy_headers=True,
        forwarded_allow_ips=params.trusted_proxies,
        timeout_graceful_shutdown=params.shutdown_timeout,
    )  # fmt: skip
    local = f"http://{host}:{port}{params.root_path}/"
    shared = f" and {_share(port)}" if share else ""
    print(f"Lookbook is open at {local}{shared} (the API at {local}docs)", flush=True)
    uvicorn.Server(config).run()


def _share(port: int) -> str:
    """Open a public link to a local port."""
    from gradio.networking import setup_tunnel

    try:
        address: str = setup_tunnel("127.0.0.1", port, "", None, None)
    except Exception as error:
        raise InputError(
            f"No public link can be opened: {error}. Start without --share, or try again."
        ) from error
    return address


def keep_uploads_apart() -> None:
    """Give Gradio's uploads a folder of this process, which goes with it."""
    folder = tempfile.mkdtemp(prefix="lookbook-uploads-")
    os.environ["GRADIO_TEMP_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def share_cores() -> None:
    """Limit libraries to one thread, since each request has one of its own.

    Their threads would compete for the cores, and small multiplications are no faster in parallel.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
    # PyTorch reads it, if a model needs that at all: to import it takes seconds.
    os.environ["OMP_NUM_THREADS"] = "1"


class RequestFilter(logging.Filter):
    """Adds the id of the request that is answered to log records."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id, unless the record has one; keep every record."""
        record.request_id = getattr(record, "request_id", None) or request_id.get() or None
        return True


def log_as_json() -> None:
    """Write a line of JSON per request, warning and error to the standard error."""
    formatter = JsonFormatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
        timestamp="time",
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    handler.addFilter(RequestFilter())
    for name in ("lookbook", "uvicorn"):
        one = logging.getLogger(name)
        one.handlers, one.propagate = [handler], False
        one.setLevel(logging.INFO if name == "lookbook" else logging.WARNING)


def follow_index(assistant: Assistant, params: ServingParams) -> None:
    """Load the models and the newest index, again and again.

    Failures are retried, and their reasons logged once.
    """
    reason = ""
    while True:
        try:
            if assistant.reload_index(params):
                RELOADS.labels("loaded").inc()
                logger.info("The newest version of the index is searched.")
            reason = ""
        except Exception as error:
            RELOADS.labels("failed").inc()
            if str(error) != reason:
                reason = str(error)
                is_expected = isinstance(error, InputError)
                logger.warning("The index cannot be used: %s", error, exc_info=not is_expected)
        time.sleep(RELOAD_INTERVAL_S)

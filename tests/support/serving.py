"""Applications over HTTP, in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from lookbook.server.app import create_app
from lookbook.server.params import ServerParams
from lookbook.server.secrets import Secrets
from project import configuration, free_port


@contextmanager
def serving(app: Any, port: int | None = None) -> Iterator[str]:
    """Serves an application, at any port by default; gives its address."""
    port = port or free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def server_params(**changes: Any) -> ServerParams:
    """Reads the parameters of the server as ``conf/base`` has them, with some changed."""
    return ServerParams.model_validate({**configuration("parameters_server")["server"], **changes})


def app_of(assistant: Any, known: Secrets | None = None, limit: int = 64, **changes: Any) -> Any:
    """Makes the application of an assistant, as `kedro demo` does."""
    params = server_params(**changes)
    return create_app(assistant, assistant.params, params, known or Secrets(), limit)

"""The server: page, JSON API, agents, pictures, health and metrics in one application."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from secrets import compare_digest
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from mcp.server.transport_security import TransportSecuritySettings
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

from lookbook.assistant.assistant import Assistant
from lookbook.assistant.types import ServingParams
from lookbook.server.access import Access
from lookbook.server.agents import create_mcp
from lookbook.server.api import create_router, describe_bodies
from lookbook.server.limits import (
    MAX_IN_FLIGHT,
    MAX_PHOTO_BODY_BYTES,
    ConcurrencyLimit,
    RequestLimits,
    route_path,
)
from lookbook.server.models import MAX_PHOTO_BYTES
from lookbook.server.params import ServerParams
from lookbook.server.problems import Refusal, add_handlers, problem_response
from lookbook.server.routes import Routes
from lookbook.server.secrets import Secrets
from lookbook.server.service import ShopService
from lookbook.server.site import site_router

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MCP_PATH = "/mcp"
_DESCRIPTION = (
    "Search a shop's catalogue, and advise its customers. Errors are problem details (RFC 9457). "
    "Where the shop asks for a key, send it as `Authorization: Bearer KEY`."
)


def create_app(
    assistant: Assistant,
    serving: ServingParams,
    params: ServerParams,
    known: Secrets = Secrets(),  # noqa: B008
    max_in_flight: int = MAX_IN_FLIGHT,
) -> FastAPI:
    """Create the application.

    Args:
        assistant: Answers customers.
        serving: The choices where a request makes none.
        params: How it is served.
        known: What callers must know.
        max_in_flight: Answers that run or wait.
    """
    service = ShopService(assistant, serving)
    access = Access(known.keys, params.rate_limit)
    limit = ConcurrencyLimit(max_in_flight)
    routes = Routes(assistant, further_photos=assistant.further_photos)
    mcp = create_mcp(service, limit, routes.thumbnail)
    # It makes the session manager, too, which the lifespan runs.
    agents = mcp.streamable_http_app(
        streamable_http_path=MCP_PATH, stateless_http=True, json_response=True,
        max_request_body_size=MAX_PHOTO_BODY_BYTES,
        # A proxy may serve any name; the catalogue is public, and keys protect it where it is not.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )  # fmt: skip

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run():
            yield

    app = FastAPIOffline(
        title="Lookbook", version=version("lookbook"), description=_DESCRIPTION, lifespan=lifespan,
        docs_url="/docs", redoc_url=None, static_url="/docs-assets",
    )  # fmt: skip
    add_handlers(app)
    token = access.token if access.needs_key else str
    app.include_router(
        site_router(params.page, params.frame_origins, service.examples, token, serving.feedback)
    )
    # Its last route takes every path under /api that there is not.
    app.include_router(create_router(service, access, limit))
    describe_bodies(app)
    app.router.routes += agents.routes
    app.router.routes += routes.all()
    _add_gradio(app, service, limit)
    # The last one added is the outermost.
    app.add_middleware(RequireKey, access=access)
    if known.user:
        app.add_middleware(AskForPassword, user=known.user)
    if params.allow_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=params.allow_origins, allow_methods=["GET", "POST"],
            allow_headers=["*"], expose_headers=["ETag", "Retry-After", "X-Request-ID"],
            max_age=3600,
        )  # fmt: skip
    app.add_middleware(RequestLimits)
    app.add_middleware(UnderPath, root_path=params.root_path)
    return app


class UnderPath:
    """ASGI middleware for an application under a path, whether or not the proxy strips it."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        """Wrap an application.

        Args:
            app: The application.
            root_path: The path, such as ``/stylist``; empty for none.
        """
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with the path that ASGI asks for."""
        root, path = self._root_path, scope.get("path", "")
        if root and scope["type"] in ("http", "websocket"):
            is_whole = path == root or path.startswith(f"{root}/")
            scope = {**scope, "root_path": root, "path": path if is_whole else root + path}
        await self._app(scope, receive, send)


class AskForPassword:
    """ASGI middleware that asks for a name and a password (HTTP Basic), except for health."""

    def __init__(self, app: ASGIApp, user: tuple[str, str]) -> None:
        """Wrap an application."""
        self._app = app
        self._expected = ":".join(user).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the requests of those who know the password."""
        if scope["type"] == "http" and not self._is_known(HTTPConnection(scope)):
            headers = {"WWW-Authenticate": 'Basic realm="Lookbook", charset="UTF-8"'}
            response = PlainTextResponse("A name and a password are needed.", 401, headers)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_known(self, connection: HTTPConnection) -> bool:
        if route_path(connection.scope) == "/health":
            return True
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        try:
            decoded = b64decode(given, validate=True)
        except (Error, ValueError):
            return False
        return scheme.lower() == "basic" and compare_digest(decoded, self._expected)


class RequireKey:
    """ASGI middleware that asks agents and Gradio's clients for a key, as the API asks programs."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Wrap an application."""
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        guarded = (MCP_PATH, "/gradio_api/")
        if scope["type"] == "http" and route_path(scope).startswith(guarded):
            try:
                self._access.check(HTTPConnection(scope))
            except Refusal as error:
                await problem_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _add_gradio(app: FastAPI, service: ShopService, limit: ConcurrencyLimit) -> None:
    """Serve the endpoint for ``gradio_client`` at the paths that no other route has."""
    import gradio as gr

    from lookbook.server.gradio_api import gradio_api

    gr.mount_gradio_app(
        app, gradio_api(service, limit), path="/", ssr_mode=False, show_error=False,
        max_file_size=MAX_PHOTO_BYTES, footer_links=[],
    )  # fmt: skip

"""Limits of the server: answers under way, and the size and time of requests."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from lookbook.server.metrics import OPEN, REFUSED, REQUESTS, SECONDS
from lookbook.server.problems import Refusal, problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Answers that run or wait.
MAX_IN_FLIGHT = 64
# Large bodies that are received at once; they do not count as answers.
MAX_UPLOADS = 64
# Seconds to receive the body of a request.
BODY_TIMEOUT_S = 60.0
# Bytes of a body without a photo.
MAX_BODY_BYTES = 2_000_000
# Bytes of a body with a photo, which may be in base64.
MAX_PHOTO_BODY_BYTES = 28_000_000
RETRY_AFTER_S = 2
BUSY = "Many customers are here at once. Please try again in a few seconds."
SLOW = "The upload took too long. Please try again."
LARGE = "The request is larger than {limit:,} bytes."
# Prefixes of paths, and their names in metrics and logs; the first that fits counts.
ENDPOINTS = {
    "/api/v1/recommend": "answer",
    "/api/v1/outfits": "answer",
    "/api/v1/search": "search",
    "/api/": "api",
    "/mcp": "agent",
    "/gradio_api/run/": "answer",
    "/gradio_api/api/": "answer",
    "/gradio_api/call/": "answer",
    "/gradio_api/upload": "upload",
    "/gradio_api/queue/join": "event",
    "/gradio_api/queue/data": "stream",
    "/pictures/": "picture",
    "/health": "health",
    "/metrics": "metrics",
}
# Endpoints that take photos.
_WITH_PHOTO = {"answer", "search", "agent", "upload"}
# Too frequent for the log.
_UNLOGGED = {"page", "picture", "health", "metrics", "stream"}
_REQUEST_ID = re.compile(r"[\w-]{1,64}")
# The id of the request that is answered, for log lines.
request_id: ContextVar[str] = ContextVar("request_id", default="")

logger = logging.getLogger("lookbook.requests")

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class ConcurrencyLimit:
    """Limits the answers in flight, over all endpoints."""

    def __init__(self, limit: int = MAX_IN_FLIGHT) -> None:
        """Create a limit.

        Args:
            limit: Answers that run or wait.
        """
        self._limit = limit
        self._in_flight = 0

    async def run(
        self,
        answer: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Call a function in a thread.

        Args:
            answer: The function.
            args: Its arguments.
            kwargs: Its arguments by name.

        Raises:
            Refusal: With 503, over the limit.
        """
        if self._in_flight >= self._limit:
            REFUSED.labels("busy").inc()
            raise Refusal(503, BUSY, "busy")
        with self._counted():
            # A thread for each answer: the assistant has its own queue.
            limiter = CapacityLimiter(1)
            return await to_thread.run_sync(lambda: answer(*args, **kwargs), limiter=limiter)

    async def iterate(self, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Produce the parts of an answer that has begun, in a thread."""
        with self._counted():
            limiter = CapacityLimiter(1)
            while part := await to_thread.run_sync(next, parts, b"", limiter=limiter):
                yield part

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._in_flight += 1
        OPEN.inc()
        try:
            yield
        finally:
            self._in_flight -= 1
            OPEN.dec()


class RequestLimits:
    """ASGI middleware that names requests, bounds and counts them, and logs each as JSON."""

    def __init__(self, app: ASGIApp, max_uploads: int = MAX_UPLOADS) -> None:
        """Wrap an application.

        Args:
            app: The application.
            max_uploads: Large bodies that are received at once.
        """
        self._app = app
        self._max_uploads = max_uploads
        self._uploads = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        endpoint = endpoint_of(route_path(scope))
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        name = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        token = request_id.set(name)
        begun = time.perf_counter()
        response = _Response(send, name)
        has_photo = endpoint in _WITH_PHOTO
        length = headers.get("content-length", "")
        is_upload = has_photo and not (length.isdigit() and int(length) <= MAX_BODY_BYTES)
        is_upload &= scope["method"] == "POST"
        try:
            if is_upload and self._uploads >= self._max_uploads:
                REFUSED.labels("busy").inc()
                refusal = problem_response(Refusal(503, BUSY, "busy"))
                await refusal(scope, receive, response.send)
            else:
                self._uploads += is_upload
                try:
                    body = _Body(receive, MAX_PHOTO_BODY_BYTES if has_photo else MAX_BODY_BYTES)
                    await self._app(scope, body.receive, response.send)
                finally:
                    self._uploads -= is_upload
        finally:
            request_id.reset(token)
        seconds = time.perf_counter() - begun
        REQUESTS.labels(endpoint, str(response.status)).inc()
        if endpoint != "stream":
            SECONDS.labels(endpoint).observe(seconds)
        failed = response.status >= 500 and endpoint != "health"
        if endpoint not in _UNLOGGED or failed:
            line = {"endpoint": endpoint, "status": response.status, "ms": round(seconds * 1000)}
            logger.info("", extra={**line, "request_id": name})


class _Body:
    """A request's body, bounded in time and size."""

    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._bytes = 0
        self._deadline = time.monotonic() + BODY_TIMEOUT_S
        self._is_whole = False

    async def receive(self) -> Message:
        """Receive the next part; once the body is whole, wait for a cut connection."""
        if self._is_whole:
            return await self._receive()
        left = max(self._deadline - time.monotonic(), 0.001)
        try:
            message = await asyncio.wait_for(self._receive(), left)
        except TimeoutError:
            REFUSED.labels("slow").inc()
            raise HTTPException(408, SLOW) from None
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._max_bytes:
            REFUSED.labels("large").inc()
            raise HTTPException(413, LARGE.format(limit=self._max_bytes))
        self._is_whole = not message.get("more_body", False)
        return message


class _Response:
    """The response to one request."""

    def __init__(self, send: Send, name: str) -> None:
        self._send = send
        self._name = name
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a part; the head names the request, and a 503 says when to try again."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._name
            if self.status == 503:
                headers["Retry-After"] = str(RETRY_AFTER_S)
        await self._send(message)


def route_path(scope: Scope) -> str:
    """Return the path of a request below the one under which a proxy serves the application."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def endpoint_of(path: str) -> str:
    """Return the endpoint of a path; other paths are the page's."""
    return next((name for start, name in ENDPOINTS.items() if path.startswith(start)), "page")

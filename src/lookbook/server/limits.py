"""Limits of the server: answers under way, and the size and time of requests."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import gradio as gr
from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException

from lookbook.server.metrics import OPEN, REFUSED, REQUESTS, SECONDS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Answers that run or wait.
MAX_IN_FLIGHT = 64
# Uploads that are received at once; they do not count as answers.
MAX_UPLOADS = 64
# Seconds to receive the body of a request.
BODY_TIMEOUT_S = 60.0
# Bytes of a body other than an upload; Gradio limits uploads itself.
MAX_BODY_BYTES = 2_000_000
# Turns and characters of the history in a request.
MAX_TURNS = 40
MAX_HISTORY_CHARACTERS = 40_000
RETRY_AFTER_S = 2
BUSY = "Many customers are here at once. Please try again in a few seconds."
SLOW = "The upload took too long. Please try again."
LARGE = f"The request is larger than {MAX_BODY_BYTES:,} bytes. Upload photos by /gradio_api/upload."
LONG_HISTORY = (
    f"The history is too long: send the last {MAX_TURNS} turns at most, and "
    f"{MAX_HISTORY_CHARACTERS:,} characters in all."
)
# Prefixes of paths, and their names in metrics and logs.
ENDPOINTS = {
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
# Too frequent for the log.
_UNLOGGED = {"page", "picture", "health", "metrics", "stream"}

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
        request: gr.Request,
        answer: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Call a function in a thread.

        Args:
            request: The request that is answered.
            answer: The function.
            args: Its arguments.
            kwargs: Its arguments by name.

        Raises:
            Error: Over the limit; the request gets a 503.
        """
        if self._in_flight >= self._limit:
            REFUSED.labels("busy").inc()
            raise refuse(request, 503, BUSY)
        self._in_flight += 1
        OPEN.inc()
        try:
            # A thread for each answer: the assistant has its own queue.
            limiter = CapacityLimiter(1)
            return await to_thread.run_sync(lambda: answer(*args, **kwargs), limiter=limiter)
        finally:
            self._in_flight -= 1
            OPEN.dec()


def refuse(request: gr.Request, status: int, sentence: str) -> gr.Error:
    """Return the error that ends a request with a sentence.

    Gradio answers every error with 500, so :class:`RequestLimits` puts the status in its place.

    Args:
        request: The request.
        status: Its HTTP status.
        sentence: The reason, for whoever sent the request.
    """
    if request.request is not None:
        request.request.scope.setdefault("state", {})["status"] = status
    return gr.Error(sentence, title="That did not work", print_exception=False)


def check_history(request: gr.Request, history: list[dict[str, Any]]) -> None:
    """Check the turns and characters of a history.

    Raises:
        Error: Over the limit; the request gets a 422.
    """
    characters = sum(len(turn["content"]) for turn in history)
    if len(history) > MAX_TURNS or characters > MAX_HISTORY_CHARACTERS:
        raise refuse(request, 422, LONG_HISTORY)


class RequestLimits:
    """ASGI middleware that bounds requests, counts them, and logs each as a line of JSON."""

    def __init__(self, app: ASGIApp, max_uploads: int = MAX_UPLOADS) -> None:
        """Wrap an application.

        Args:
            app: The application.
            max_uploads: Uploads that are received at once.
        """
        self._app = app
        self._max_uploads = max_uploads
        self._uploads = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        endpoint = endpoint_of(scope["path"])
        is_upload = endpoint == "upload"
        begun = time.perf_counter()
        response = _Response(send, scope.setdefault("state", {}))
        if is_upload and self._uploads >= self._max_uploads:
            REFUSED.labels("busy").inc()
            await response.refuse(503, BUSY)
        else:
            self._uploads += is_upload
            try:
                body = _Body(receive, None if is_upload else MAX_BODY_BYTES)
                await self._app(scope, body.receive, response.send)
            finally:
                self._uploads -= is_upload
        seconds = time.perf_counter() - begun
        REQUESTS.labels(endpoint, str(response.status)).inc()
        if endpoint != "stream":
            SECONDS.labels(endpoint).observe(seconds)
        failed = response.status >= 500 and endpoint != "health"
        if endpoint not in _UNLOGGED or failed:
            line = {"endpoint": endpoint, "status": response.status, "ms": round(seconds * 1000)}
            logger.info("%s", json.dumps({"time": round(time.time(), 3), **line}))


class _Body:
    """A request's body, bounded in time and size."""

    def __init__(self, receive: Receive, max_bytes: int | None) -> None:
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
        if self._max_bytes is not None and self._bytes > self._max_bytes:
            REFUSED.labels("large").inc()
            raise HTTPException(413, LARGE)
        self._is_whole = not message.get("more_body", False)
        return message


class _Response:
    """The response to one request."""

    def __init__(self, send: Send, state: dict[str, Any]) -> None:
        self._send = send
        self._state = state
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a part; a 503 says when to try again."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status == 500:
                self.status = self._state.get("status", 500)
            headers = list(message.get("headers", []))
            if self.status == 503:
                headers.append((b"retry-after", b"%d" % RETRY_AFTER_S))
            message = {**message, "status": self.status, "headers": headers}
        await self._send(message)

    async def refuse(self, status: int, sentence: str) -> None:
        """Answer with a sentence."""
        body = json.dumps({"error": sentence, "detail": sentence}).encode()
        headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def endpoint_of(path: str) -> str:
    """Return the endpoint of a path; other paths are the page's."""
    return next((name for start, name in ENDPOINTS.items() if path.startswith(start)), "page")

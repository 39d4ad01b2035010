"""Who comes in: ASGI middleware that bounds what is under way, and counts and logs it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any

from lookbook.assistant.metrics import OPEN, REFUSED, REQUESTS, SECONDS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Answers that are worked on or wait; and uploads that come in, which take no turn of an answer.
MOST = {"answer": 64, "upload": 64}
# What a customer sends is there within so many seconds.
PATIENCE = 60.0
RETRY_AFTER = 2
BUSY = "Many customers are here at once. Please try again in a few seconds."
SLOW = "The upload took too long. Please try again."
# The beginnings of paths, by what they are called in counts and logs.
ENDPOINTS = {
    "/gradio_api/run/answer": "answer",
    "/gradio_api/call/answer": "answer",
    "/gradio_api/upload": "upload",
    "/gradio_api/queue/join": "event",
    "/gradio_api/queue/data": "stream",
    "/pictures/": "picture",
    "/health": "health",
    "/metrics": "metrics",
}
# What is looked at all the time, and pages' streams, fill no log.
_UNLOGGED = {"page", "picture", "health", "metrics", "stream"}

logger = logging.getLogger("lookbook.requests")


class Admission:
    """Turns away what is too much, at once and with a sentence, so that the rest is answered.

    Everything is counted in :mod:`lookbook.assistant.metrics`, and a line of JSON a request is
    logged: when, what, how it ended and how long it took.
    """

    def __init__(self, app: ASGIApp, most: dict[str, int] | None = None) -> None:
        """Takes whom to protect.

        Args:
            app: The application.
            most: Requests at once at most, by endpoint.
        """
        self._app = app
        self._most = most or MOST
        self._open = dict.fromkeys(self._most, 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or turns it away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        endpoint = endpoint_of(scope["path"])
        begun = time.perf_counter()
        told = _Told(send)
        if endpoint not in self._open:
            await self._app(scope, receive, told.send)
        elif self._open[endpoint] >= self._most[endpoint]:
            REFUSED.labels("busy").inc()
            await told.refuse(503, BUSY)
        else:
            await self._admit(endpoint, scope, receive, told)
        seconds = time.perf_counter() - begun
        REQUESTS.labels(endpoint, str(told.status)).inc()
        if endpoint != "stream":
            SECONDS.labels(endpoint).observe(seconds)
        if endpoint not in _UNLOGGED or (told.status >= 500 and endpoint != "health"):
            line = {"endpoint": endpoint, "status": told.status, "ms": round(seconds * 1000)}
            logger.info("%s", json.dumps({"time": round(time.time(), 3), **line}))

    async def _admit(self, endpoint: str, scope: Scope, receive: Receive, told: _Told) -> None:
        until = time.monotonic() + PATIENCE
        whole = False

        async def receive_in_time() -> Message:
            nonlocal whole
            # After the body only a cut connection is waited for.
            if whole:
                return await receive()
            message = await asyncio.wait_for(receive(), max(until - time.monotonic(), 0.001))
            whole = not message.get("more_body", False)
            return message

        self._open[endpoint] += 1
        if endpoint == "answer":
            OPEN.inc()
        try:
            await self._app(scope, receive_in_time, told.send)
        except TimeoutError:
            REFUSED.labels("slow").inc()
            await told.refuse(408, SLOW)
        finally:
            self._open[endpoint] -= 1
            if endpoint == "answer":
                OPEN.dec()


class _Told:
    """What is answered to one request."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        """Sends on; whoever is turned away, by whom ever, is told when to come again."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status == 503:
                headers = [*message.get("headers", []), (b"retry-after", b"%d" % RETRY_AFTER)]
                message = {**message, "headers": headers}
        await self._send(message)

    async def refuse(self, status: int, sentence: str) -> None:
        """Answers with a sentence, if nothing was answered yet."""
        if self.status:
            return
        body = json.dumps({"error": sentence, "detail": sentence}).encode()
        headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]
        start: dict[str, Any] = {"type": "http.response.start", "status": status}
        await self.send({**start, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def endpoint_of(path: str) -> str:
    """Names what a path leads to; everything else is the page."""
    return next((name for start, name in ENDPOINTS.items() if path.startswith(start)), "page")

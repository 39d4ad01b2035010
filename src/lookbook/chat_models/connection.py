"""Requests to a chat-completions server: sent, waited for and repeated."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from anyio import Lock, fail_after, sleep

from lookbook.chat_models.replies import Completion, read_reply, split_content
from lookbook.chat_models.request_style import FORMATS, RequestStyle
from lookbook.chat_models.sampling import Sampling
from lookbook.chat_models.server_errors import ServerError, read_error
from lookbook.errors import InputError

if TYPE_CHECKING:
    from together import AsyncTogether

    from lookbook.chat_models.server import Server

RETRIED = ("passing", "rate", "loading", "junk")
FIRST_PAUSE, LAST_PAUSE = 1.0, 10.0
# A server that asks for more has no time today.
LONGEST_WAIT = 3600.0
# So long a model may take to load.
LOADING_PATIENCE = 900.0
DOUBTFUL_RETRIES = 2
MOST_REDIRECTS = 5
NOTED_PAUSE, REMINDER = 5.0, 60.0
INTERNAL = 500

logger = logging.getLogger(__name__)
clock = time.monotonic


class Connection:
    """A client of a server, for one event loop.

    Until the server has taken a request, requests go one at a time: what it refuses is learned
    from the first.
    """

    def __init__(self, server: Server, client: AsyncTogether) -> None:
        """Hold the client.

        Args:
            server: The server, and what is known of it.
            client: With the key, the timeout and the limits.
        """
        self._server = server
        self._client = client
        self._resume_at = 0.0
        self._note_at = 0.0
        self._first = Lock()
        self._is_open = server.is_proven

    async def complete(
        self,
        messages: list[dict[str, Any]],
        sampling: Sampling,
        max_tokens: int,
        schema: dict[str, Any],
    ) -> Completion:
        """Ask for JSON in the best style that the server takes, and learn which that is.

        Args:
            messages: ``role`` and ``content``; the first may be of the role ``system``.
            sampling: How tokens are drawn.
            max_tokens: Tokens that the answer may take.
            schema: What the answer is to be.

        Raises:
            InputError: If no other request would fare better.
            RequestFailedError: If this one has no answer.
        """
        is_first = await self._wait_for_first()
        try:
            return await self._complete(messages, sampling, max_tokens, schema)
        finally:
            # Where it has learned nothing, its own photo may be what is refused.
            if is_first:
                self._open()

    async def _complete(
        self,
        messages: list[dict[str, Any]],
        sampling: Sampling,
        max_tokens: int,
        schema: dict[str, Any],
    ) -> Completion:
        server = self._server
        guess: RequestStyle | None = None
        while True:
            style = guess or server.style
            body = style.body(server.model, messages, sampling, max_tokens, schema)
            try:
                completion = await self._ask(body, style)
            except ServerError as error:
                is_refused = error.kind == "unsupported"
                if is_refused and server.is_proven and style != server.style:
                    # Another request has found out meanwhile.
                    guess = None
                    continue
                if is_refused and guess is None and self._learn(style, error, body):
                    continue
                guess = self._next_guess(style, error, body, messages)
                if guess is None:
                    raise server.explain(error) from error
                continue
            if not server.is_proven:
                server.style, server.is_proven = style, True
            return completion

    async def stream(
        self, messages: list[dict[str, Any]], sampling: Sampling, max_tokens: int
    ) -> AsyncIterator[str]:
        """Ask for words, and pass them on as they come.

        Raises:
            InputError: If no other request would fare better.
            RequestFailedError: If there is no answer, or not the whole of it.
        """
        tries, has_begun = 0, False
        while True:
            style = self._server.style
            body = style.body(self._server.model, messages, sampling, max_tokens)
            try:
                async for part in self._stream(body | {"stream": True}):
                    has_begun = True
                    yield part
                return
            except ServerError as error:
                if error.kind == "unsupported" and self._learn(style, error, body):
                    continue
                if has_begun or error.kind not in RETRIED or tries >= self._server.retries:
                    raise self._server.explain(error) from error
                await self._wait(error, tries)
                tries += 1

    def _learn(self, style: RequestStyle, error: ServerError, body: dict[str, Any]) -> bool:
        """Adapt the style to a refusal; return whether there is another one to try."""
        server = self._server
        if style != server.style:
            # Another request has learned meanwhile.
            return True
        adapted = style.adapt(error.words, body)
        # A format that the server has taken before is not what it refuses.
        if adapted is None or (server.is_proven and adapted.answer_format != style.answer_format):
            return False
        server.style = adapted
        return True

    def _next_guess(
        self,
        style: RequestStyle,
        error: ServerError,
        body: dict[str, Any],
        messages: list[dict[str, Any]],
    ) -> RequestStyle | None:
        """Return a style to try for this request; it is adopted if it brings an answer."""
        if self._server.is_proven:
            return None
        if error.kind == "unsupported":
            return style.adapt(error.words, body) or style.next_guess(messages)
        # llama-cpp-python calls a format that it does not know an error of its own; an outage must
        # not be taken for a server that knows no schema at all.
        is_doubtful = error.status == INTERNAL and style.answer_format == FORMATS[0]
        return style.simpler_format() if is_doubtful else None

    async def _ask(self, body: dict[str, Any], style: RequestStyle) -> Completion:
        """Ask until there is an answer, or patience ends.

        Args:
            body: The request.
            style: How it is put.

        Raises:
            ServerError: The last error.
        """
        tries, doubts, begun = 0, 0, clock()
        while True:
            await self._keep_pause()
            try:
                completion = await self._post(body)
                self._open()
                return completion
            except ServerError as error:
                if error.status == INTERNAL and self._is_stale(style, error, body):
                    error.kind = "unsupported"
                if error.kind != "unsupported":
                    self._open()
                if error.kind not in RETRIED:
                    raise
                # The address may be wrong, or the format.
                is_doubtful = error.kind == "junk" or error.status == INTERNAL
                doubts += is_doubtful and not self._server.is_proven
                is_over = tries >= self._server.retries or doubts > DOUBTFUL_RETRIES
                if error.kind == "loading":
                    is_over = clock() - begun > LOADING_PATIENCE
                if is_over:
                    raise
                await self._wait(error, tries)
                tries += 1

    def _is_stale(self, style: RequestStyle, error: ServerError, body: dict[str, Any]) -> bool:
        """Whether another style is known, or named by an error that some send for a refusal."""
        if self._server.is_proven:
            return style != self._server.style
        return style.adapt(error.words, body) is not None

    async def _wait(self, error: ServerError, tries: int) -> None:
        """Pause after an error; all requests do where the server asks for it.

        Raises:
            InputError: If the server asks for more time than a run has.
        """
        pause = min(FIRST_PAUSE * 2**tries, LAST_PAUSE) * random.uniform(0.75, 1)
        asked = error.retry_after
        if error.kind == "junk" and tries == 0:
            pause = 0.0
        if asked is not None:
            pause = max(asked, pause) if tries > 1 else asked
        reason = self._server.mask(str(error))
        if pause > LONGEST_WAIT:
            raise InputError(
                f"The server asks to wait {pause / 3600:.1f} h: {reason}. Finished photos are "
                "kept. Run the same command again then."
            )
        if asked is not None or error.kind in ("rate", "loading"):
            self._resume_at = max(self._resume_at, clock() + pause)
            if pause > NOTED_PAUSE and clock() >= self._note_at:
                self._note_at = clock() + max(pause, REMINDER)
                logger.warning("The server asks to wait %.0f s: %s", pause, reason)
        else:
            await sleep(pause)

    async def _wait_for_first(self) -> bool:
        """Wait until it is known what the server takes; return whether this request finds out."""
        if self._is_open:
            return False
        await self._first.acquire()
        if self._is_open:
            self._first.release()
        return not self._is_open

    def _open(self) -> None:
        """Let the others go, once the first request meets anything but a refusal."""
        if not self._is_open:
            self._is_open = True
            self._first.release()

    async def _keep_pause(self) -> None:
        while (left := self._resume_at - clock()) > 0:
            await sleep(left)

    async def _post(self, body: dict[str, Any]) -> Completion:
        server = self._server
        for _ in range(MOST_REDIRECTS):
            try:
                # In all, where httpx gives every byte so long.
                with fail_after(server.timeout):
                    async with self._send(body) as reply:
                        content = await reply.aread()
            except (TimeoutError, httpx.HTTPError) as error:
                raise self._failure(error) from error
            if reply.has_redirect_location:
                server.move(reply.headers["location"])
                continue
            return read_reply(reply.status_code, reply.headers, content)
        raise ServerError("address", "too many redirects")

    @asynccontextmanager
    async def _send(self, body: dict[str, Any]) -> AsyncIterator[httpx.Response]:
        """Send one request, and yield the reply whatever its status, as it comes.

        Raises:
            ServerError: If there is no reply.
        """
        from together import APIConnectionError, APIStatusError, AsyncStream

        try:
            stream = await self._client.post(
                self._server.address, cast_to=object, body=body, stream=True,
                stream_cls=AsyncStream[object],
            )  # fmt: skip
            reply = stream.response
        except APIStatusError as error:
            # A refusal or a redirect.
            reply = error.response
        except APIConnectionError as error:
            cause = error.__cause__
            raise self._failure(cause if isinstance(cause, Exception) else error) from error
        try:
            yield reply
        finally:
            await reply.aclose()

    async def _stream(self, body: dict[str, Any]) -> AsyncIterator[str]:
        """Send one request, and yield the answer's parts.

        Raises:
            ServerError: If the answer is none, or is cut off.
        """
        server = self._server
        try:
            async with self._send(body) as reply:
                if reply.has_redirect_location:
                    server.move(reply.headers["location"])
                    raise ServerError("passing", "the server has moved")
                kind = reply.headers.get("content-type", "")
                if reply.status_code != 200 or "json" in kind or "html" in kind:
                    # An error, or a server that does not stream.
                    content = await reply.aread()
                    answer = read_reply(reply.status_code, reply.headers, content)
                    if answer.flaw:
                        raise ServerError("passing", answer.flaw)
                    yield answer.text
                    return
                async for part in _read_events(reply):
                    yield part
        except (TimeoutError, httpx.HTTPError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> ServerError:
        server = self._server
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return ServerError("passing", f"no answer within {server.timeout:g} s")
        if isinstance(error, httpx.ConnectError):
            return ServerError("passing", f"no connection to {server.address}")
        if isinstance(error, httpx.TransportError):
            return ServerError("passing", f"the connection to {server.address} was cut")
        return ServerError("junk", f"the reply cannot be read: {error}")


async def _read_events(reply: httpx.Response) -> AsyncIterator[str]:
    """Yield the model's text from a stream of server-sent events.

    Raises:
        ServerError: If an event is none of a chat's, or the stream ends before the answer does.
    """
    async for line in reply.aiter_lines():
        name, _, data = line.partition(":")
        if name.strip() != "data":
            continue
        if data.strip() == "[DONE]":
            return
        try:
            event = json.loads(data)
            if error := event.get("error"):
                raise read_error(reply.status_code, {"error": error}, data, reply.headers)
            choice = event["choices"][0] if event.get("choices") else {}
            said, _ = split_content((choice.get("delta") or {}).get("content"))
        except (ValueError, AttributeError, LookupError, TypeError, RecursionError) as error:
            raise ServerError("junk", f"an event is not part of an answer: {data[:80]}") from error
        if said:
            yield said
        if choice.get("finish_reason"):
            return
    raise ServerError("passing", "the answer was cut off")

"""Chat models behind an API: Together, or any OpenAI-compatible server."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

from anyio import fail_after
from anyio.from_thread import start_blocking_portal

from lookbook.chat_models import ChatTimeoutError, skip_thinking
from lookbook.chat_models.sampling import Sampling
from lookbook.chat_models.server import RequestFailedError, Server
from lookbook.errors import InputError

REPLY = Sampling(temperature=0.3)


class ApiChatModel:
    """A model behind a chat-completions API, see :class:`lookbook.chat_models.ChatModel`."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 30,
        retries: int = 2,
        max_tokens: int = 1024,
        sampling: Sampling = REPLY,
    ) -> None:
        """Create a client; nothing is sent yet.

        Args:
            model: The model's name on the server.
            base_url: The server's address.
            api_key: The server's key.
            timeout: Seconds for an answer, retries included.
            retries: Retries of a request.
            max_tokens: The most tokens of an answer.
            sampling: Sampling options of replies.
        """
        self._server = Server(model, base_url, api_key, timeout, retries)
        self._max_tokens = max_tokens
        self._sampling = sampling

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Return an answer in JSON; it may be empty."""
        sampling = self._sampling.model_copy(update={"temperature": temperature})

        async def ask() -> str:
            with fail_after(self._server.timeout):
                async with self._server.connect() as connection:
                    asked = (messages, sampling, self._max_tokens, schema)
                    return (await connection.complete(*asked)).text

        with start_blocking_portal() as portal:
            try:
                return portal.call(ask)
            except (RequestFailedError, TimeoutError) as error:
                raise self._failure(error) from error

    def stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """Yield the parts of an answer as the server sends them.

        Raises:
            InputError: If there is no whole answer within the timeout.
        """
        yield from skip_thinking(self._stream(messages))

    def _stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        parts: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

        async def ask() -> None:
            try:
                with fail_after(self._server.timeout):
                    async with self._server.connect() as connection:
                        asked = (messages, self._sampling, self._max_tokens)
                        async for part in connection.stream(*asked):
                            parts.put(part)
            except Exception as error:
                # Any exception: the reader waits for it.
                parts.put(error)
            finally:
                parts.put(None)

        with start_blocking_portal() as portal:
            request = portal.start_task_soon(ask)
            try:
                while (part := parts.get()) is not None:
                    if isinstance(part, Exception):
                        raise self._failure(part) from part
                    yield part
            finally:
                # The reader may have gone.
                request.cancel()

    def _failure(self, error: Exception) -> InputError:
        if isinstance(error, InputError):
            return error
        if isinstance(error, TimeoutError):
            late = f"no complete answer within {self._server.timeout:g} s"
            return ChatTimeoutError(f"The chat model failed: {late}. Try again later.")
        return InputError(f"The chat model failed: {error}. Try again later.")

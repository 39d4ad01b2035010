"""Chat models behind an API: Together, or any server that speaks like OpenAI's."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import together
from anyio.from_thread import start_blocking_portal

from lookbook.chat_models.server import JunkAnswerError, RequestFailedError, Server
from lookbook.errors import InputError


class ApiChatModel:
    """Talks to a model by a chat-completions API, see :class:`lookbook.chat_models.ChatModel`."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60,
        retries: int = 2,
        max_tokens: int = 1024,
    ) -> None:
        """Names model and server, see :class:`Server`; nothing is sent yet.

        Args:
            model: The model's name on the server.
            base_url: The server.
            api_key: Key to it.
            timeout: Seconds a request may take.
            retries: How often a request is repeated.
            max_tokens: Tokens an answer may take.
        """
        self._server = Server(model, base_url, api_key, timeout, retries)
        self._max_tokens = max_tokens

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Answers in JSON; an empty text where the server sent no chat completion."""

        async def ask() -> str:
            async with self._server.connect() as client:
                asked = (messages, schema, temperature, self._max_tokens)
                return (await self._server.complete(client, *asked)).text

        with start_blocking_portal() as portal:
            try:
                return portal.call(ask)
            except JunkAnswerError:
                return ""
            except RequestFailedError as error:
                raise InputError(f"The chat model failed: {error}. Try again later.") from error

    def stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """Answers in words, in parts as the server sends them."""
        parts: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

        async def ask() -> None:
            try:
                async with self._server.connect() as client:
                    await self._send_parts(client, messages, parts)
            except (InputError, RequestFailedError, JunkAnswerError, ValueError) as error:
                parts.put(error)
            parts.put(None)

        with start_blocking_portal() as portal:
            portal.start_task_soon(ask)
            while (part := parts.get()) is not None:
                if isinstance(part, InputError):
                    raise part
                if isinstance(part, Exception):
                    told = str(part) or "what the server sent is no chat completion"
                    raise InputError(f"The chat model failed: {told}. Try again later.") from part
                yield part

    async def _send_parts(
        self, client: Any, messages: list[dict[str, str]], parts: queue.SimpleQueue[Any]
    ) -> None:
        try:
            stream = await client.chat.completions.create(
                model=self._server.model,
                messages=messages,
                max_tokens=self._max_tokens,
                temperature=0.3,
                stream=True,
            )
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    parts.put(str(chunk.choices[0].delta.content))
        except together.TogetherError as error:
            raise self._server.failure(error, client) from error

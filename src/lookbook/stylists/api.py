"""A language model behind an API: Together, or any server that speaks like OpenAI's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import together

from lookbook.completions import FORMATS, NOT_TAKEN, answer_as, options, reason, refusal
from lookbook.errors import InputError


class ApiChat:
    """Talks to a model by a chat-completions API, see :class:`.language_model.Chat`."""

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
        """Names model and server; nothing is sent yet.

        Args:
            model: The model's name on the server.
            base_url: The server, such as ``http://localhost:8000/v1``; Together by default.
            api_key: Key to it.
            timeout: Seconds without a sign after which a request is given up.
            retries: How often a request is repeated after a timeout, a rate limit or an error
                of the server.
            max_tokens: Tokens an answer may take.
        """
        self._model = model
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._retries = retries
        self._max_tokens = max_tokens
        # The first way of giving the schema that the server took.
        self._format: str | None = None

    @cached_property
    def _client(self) -> together.Together:
        reached = options(self._base_url, self._api_key, self._timeout, self._retries)
        return together.Together(**reached)

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Answers in JSON, in the best way that the server takes a schema."""
        with self._told():
            for answer_format in FORMATS if self._format is None else (self._format,):
                try:
                    response = self._client.chat.completions.create(
                        model=self._model,
                        messages=messages,  # type: ignore[arg-type]
                        max_tokens=self._max_tokens,
                        temperature=temperature,
                        **answer_as(answer_format, "plan", schema),
                    )
                except NOT_TAKEN:
                    if answer_format == FORMATS[-1] or self._format is not None:
                        raise
                    continue
                self._format = answer_format
                break
            try:
                return str(response.choices[0].message.content or "")  # type: ignore[union-attr]
            except (AttributeError, IndexError, TypeError):
                return ""

    def stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """Answers in words, in parts as the server sends them."""
        with self._told():
            stream: Any = self._client.chat.completions.create(
                model=self._model,
                messages=messages,  # type: ignore[arg-type]
                max_tokens=self._max_tokens,
                temperature=0.3,
                stream=True,
            )
            for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    yield str(chunk.choices[0].delta.content)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what the server refuses, or that there is none, into a sentence."""
        try:
            yield
        except together.APIStatusError as error:
            refused = refusal(error, self._client, self._model)
            told = f"The stylist's server failed: {reason(error, self._api_key)}. Try again later."
            raise refused or InputError(told) from error
        except together.APITimeoutError as error:
            raise InputError(f"The stylist gave no answer within {self._timeout:g} s.") from error
        except together.APIConnectionError as error:
            raise InputError(
                f"The stylist's server {self._client.base_url} cannot be reached."
            ) from error
        except ValueError as error:
            raise InputError("What the stylist's server sent is no chat completion.") from error

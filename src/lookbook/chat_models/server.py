"""A chat-completions server: what it takes, and what is made of its failures."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx
import together
from anyio import fail_after

from lookbook.chat_models import merge_system
from lookbook.errors import InputError

# Ways to give a server the schema of an answer, the best first: as OpenAI's servers take it, as
# llama-cpp-python's does, or not at all.
FORMATS = ("json_schema", "json_object", "text")
# How requests are put, the best first: the system prompt stands apart or, for models that take
# none, in the question; and the format.
REQUEST_STYLES = tuple(product((True, False), FORMATS))
# How servers say that they take no such request; llama-cpp-python's calls it an error of its own.
UNSUPPORTED = (
    together.BadRequestError,
    together.UnprocessableEntityError,
    together.InternalServerError,
)
PAYMENT_REQUIRED = 402


class RequestFailedError(Exception):
    """A request has no answer; the message is the reason."""


class JunkAnswerError(Exception):
    """What the server sent is no chat completion."""


@dataclass(frozen=True)
class Completion:
    """An answer.

    Attributes:
        text: As the model wrote it.
        input_tokens: Tokens read.
        output_tokens: Tokens written.
    """

    text: str
    input_tokens: int
    output_tokens: int


class _HttpClient(httpx.AsyncClient):
    """Gives a request so long in all, where httpx gives every byte so long."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        if options.get("stream"):
            return await super().send(request, **options)
        try:
            with fail_after(self.timeout.read):
                return await super().send(request, **options)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer takes too long", request=request) from error


@dataclass
class Server:
    """A server and what it has shown that it takes.

    Attributes:
        model: The model's name there.
        base_url: Its address, such as ``http://localhost:8000/v1``; Together by default.
        api_key: Key to it.
        timeout: Seconds after which a request is given up and repeated.
        retries: How often a request is repeated after a timeout, a cut connection, a rate limit
            (429) or an error of the server (5xx), the pause doubling from 1 s to 10 s or as long
            as the server's ``Retry-After`` says.
        style: Index of the request style in use, of :data:`REQUEST_STYLES`.
        proven: Whether an answer came in that style.
    """

    model: str
    base_url: str | None
    api_key: str | None = field(repr=False)
    timeout: float
    retries: int
    style: int = 0
    proven: bool = False

    def connect(self, connections: int = 1) -> together.AsyncTogether:
        """Opens a client.

        Args:
            connections: Kept open at most; the library would keep 20 and make others anew.

        Raises:
            InputError: If the server is Together's and there is no key.
        """
        base_url = self.base_url or os.environ.get("TOGETHER_BASE_URL")
        if not self.api_key and not base_url:
            raise InputError(
                "Together needs a key: set TOGETHER_API_KEY, or write it to "
                "conf/local/credentials.yml as together.api_key."
            )
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        return together.AsyncTogether(
            # A server of one's own may ask for none, but the library does.
            api_key=self.api_key or "none",
            base_url=base_url,
            timeout=self.timeout,
            max_retries=self.retries,
            http_client=_HttpClient(limits=limits, timeout=self.timeout),
        )

    async def complete(
        self,
        client: together.AsyncTogether,
        messages: list[dict[str, Any]],
        schema: dict[str, Any],
        temperature: float,
        max_tokens: int,
    ) -> Completion:
        """Asks in the best style that the server takes, and finds out which that is.

        Args:
            client: See :meth:`connect`.
            messages: ``role`` and ``content``; the first may be of the role ``system``.
            schema: What the answer is to be.
            temperature: 0 for always the same.
            max_tokens: Tokens that the answer may take.

        Raises:
            InputError: If no other request would fare better.
            RequestFailedError: If this one has no answer.
            JunkAnswerError: If what came is no chat completion.
        """
        styles = len(REQUEST_STYLES) if messages[0]["role"] == "system" else len(FORMATS)
        for style in range(self.style, styles):
            apart, answer_format = REQUEST_STYLES[style]
            try:
                response: Any = await client.chat.completions.create(
                    model=self.model,
                    messages=messages if apart else merge_system(messages),  # type: ignore[arg-type]
                    max_tokens=max_tokens,
                    temperature=temperature,
                    **_response_format(answer_format, schema),
                )
            except UNSUPPORTED as error:
                outage = isinstance(error, together.InternalServerError)
                # An outage must not be taken for a server that knows no schema at all.
                last = answer_format != FORMATS[0] if outage else style == styles - 1
                if self.proven or last:
                    raise RequestFailedError(self.reason(error)) from error
                continue
            except together.TogetherError as error:
                raise self.failure(error, client) from error
            except ValueError as error:
                raise JunkAnswerError from error
            completion = _read(response)
            if not self.proven:
                self.style, self.proven = style, True
            return completion
        raise AssertionError("the last style either answers or fails")

    def failure(self, error: Any, client: Any) -> Exception:
        """Gives the exception that a failed request ends in."""
        if not isinstance(error, together.APIStatusError):
            reasons = {
                together.APITimeoutError: f"no answer within {self.timeout:g} s",
                together.APIConnectionError: f"no connection to {client.base_url}",
            }
            reason = next((told for kind, told in reasons.items() if isinstance(error, kind)), None)
            return RequestFailedError(reason) if reason else JunkAnswerError()
        return self._refusal(error, client) or RequestFailedError(self.reason(error))

    def _refusal(self, error: Any, client: Any) -> InputError | None:
        """Says what to do about an error that every other request would meet too."""
        told = self.reason(error)
        if isinstance(error, together.AuthenticationError | together.PermissionDeniedError):
            return InputError(
                f"The server {client.base_url} refuses the key: {told}. Set "
                "TOGETHER_API_KEY, or together.api_key in conf/local/credentials.yml."
            )
        if isinstance(error, together.NotFoundError):
            return InputError(
                f"The server {client.base_url} has no model '{self.model}': {told}. Name another "
                "as 'model' in the catalog."
            )
        if error.status_code == PAYMENT_REQUIRED:
            return InputError(f"The server {client.base_url} wants to be paid first: {told}")
        return None

    def reason(self, error: Any) -> str:
        """Says in a line what the server said, without the key that some servers repeat."""
        body = error.body if isinstance(error.body, dict) else {}
        told = body.get("error", body)
        told = told.get("message") if isinstance(told, dict) else told
        line = " ".join(str(told or error.message).split())[:200]
        if self.api_key:
            line = line.replace(self.api_key, "…")
        return f"HTTP {error.status_code}: {line}"


def _response_format(answer_format: str, schema: dict[str, Any]) -> dict[str, Any]:
    if answer_format == "json_schema":
        described = {"name": "answer", "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": described}}
    if answer_format == "json_object":
        return {"response_format": {"type": "json_object", "schema": schema}}
    return {}


def _read(response: Any) -> Completion:
    try:
        text, usage = response.choices[0].message.content or "", response.usage
    except (AttributeError, IndexError, TypeError) as error:
        raise JunkAnswerError from error
    tokens = (usage.prompt_tokens or 0, usage.completion_tokens or 0) if usage else (0, 0)
    return Completion(str(text), *tokens)

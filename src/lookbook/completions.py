"""Chat-completions APIs: what is the same for whoever asks them."""

from __future__ import annotations

import os
from typing import Any

import together

from lookbook.errors import InputError

# Ways to give a server the schema of an answer, the best first: as OpenAI's servers take it, as
# llama-cpp-python's does, or not at all.
FORMATS = ("json_schema", "json_object", "text")
# How servers say that they take no such request; llama-cpp-python's calls it an error of its own.
NOT_TAKEN = (
    together.BadRequestError,
    together.UnprocessableEntityError,
    together.InternalServerError,
)
PAYMENT_REQUIRED = 402


def answer_as(answer_format: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Writes the part of a request that asks for an answer of a schema.

    Args:
        answer_format: One of :data:`FORMATS`.
        name: What the answer is called.
        schema: Its JSON schema.
    """
    if answer_format == "json_schema":
        described = {"name": name, "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": described}}
    if answer_format == "json_object":
        return {"response_format": {"type": "json_object", "schema": schema}}
    return {}


def options(
    base_url: str | None, api_key: str | None, timeout: float, retries: int
) -> dict[str, Any]:
    """Gives what Together's clients need to reach a server.

    Raises:
        InputError: If it is Together's and there is no key.
    """
    base_url = base_url or os.environ.get("TOGETHER_BASE_URL")
    if not api_key and not base_url:
        raise InputError(
            "Together needs a key: set TOGETHER_API_KEY, or write it to "
            "conf/local/credentials.yml as together.api_key."
        )
    return {
        # A server of one's own may ask for none, but the library does.
        "api_key": api_key or "none",
        "base_url": base_url,
        "timeout": timeout,
        "max_retries": retries,
    }


def refusal(error: together.APIStatusError, client: Any, model: str) -> InputError | None:
    """Says what to do about an error that every other request would meet too, if it is one."""
    told = reason(error, client.api_key)
    if isinstance(error, together.AuthenticationError | together.PermissionDeniedError):
        return InputError(
            f"The server {client.base_url} refuses the key: {told}. Set "
            "TOGETHER_API_KEY, or together.api_key in conf/local/credentials.yml."
        )
    if isinstance(error, together.NotFoundError):
        return InputError(
            f"The server {client.base_url} has no model '{model}': {told}. Name another as "
            "'model' in the catalog."
        )
    if error.status_code == PAYMENT_REQUIRED:
        return InputError(f"The server {client.base_url} wants to be paid first: {told}")
    return None


def reason(error: Any, api_key: str | None) -> str:
    """Says in a line what the server said, without the key that some servers repeat."""
    body = error.body if isinstance(error.body, dict) else {}
    told = body.get("error", body)
    told = told.get("message") if isinstance(told, dict) else told
    line = " ".join(str(told or error.message).split())[:200]
    if api_key:
        line = line.replace(api_key, "…")
    return f"HTTP {error.status_code}: {line}"

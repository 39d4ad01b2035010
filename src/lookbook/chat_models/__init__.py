"""Chat models, on a server or on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from lookbook.attributes.text import THOUGHT_BEGIN, THOUGHT_END
from lookbook.errors import InputError

# The second temperature is for a second attempt after a useless answer.
TEMPERATURES = (0.0, 0.7)
# Characters of the longest thinking tag.
_MAX_TAG_LENGTH = 16


class ChatTimeoutError(InputError):
    """A model did not answer in time; the next request may take as long."""


class ChatModel(Protocol):
    """A language model."""

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Return an answer in JSON.

        Args:
            messages: ``role`` and ``content``.
            schema: The JSON schema of the answer.
            temperature: 0 for a deterministic answer.

        Raises:
            InputError: If there is no answer.
        """
        ...

    def stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """Yield the parts of an answer in words.

        Raises:
            InputError: If there is no answer.
        """
        ...


def skip_thinking(parts: Iterator[str]) -> Iterator[str]:
    """Remove thoughts between tags such as ``<think>`` from a stream."""
    rest, is_thinking = "", False
    for part in parts:
        rest += part
        while tag := (THOUGHT_END if is_thinking else THOUGHT_BEGIN).search(rest):
            if not is_thinking and tag.start():
                yield rest[: tag.start()]
            rest, is_thinking = rest[tag.end() :], not is_thinking
        # The end may be an incomplete tag.
        open_at = rest.rfind("<", max(0, len(rest) - _MAX_TAG_LENGTH))
        whole = len(rest) if open_at < 0 else open_at
        if whole and not is_thinking:
            yield rest[:whole]
        rest = rest[whole:]
    if rest and not is_thinking:
        yield rest


def merge_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Prepend the system prompt to the first question, for models without one."""
    system, first, *rest = messages
    if isinstance(first["content"], str):
        return [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]
    content = [
        {**part, "text": f"{_plain(system['content'])}\n\n{part['text']}"}
        if part["type"] == "text"
        else part
        for part in first["content"]
    ]
    return [{**first, "content": content}, *rest]


def _plain(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)

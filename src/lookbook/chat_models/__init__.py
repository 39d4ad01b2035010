"""Chat models, on a server or on this machine: the protocol that both keep to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from lookbook.attributes.text import THOUGHT_BEGIN, THOUGHT_END
from lookbook.errors import InputError

# An answer of no use is asked for once more, by chance a better one.
TEMPERATURES = (0.0, 0.7)
# Characters that a tag of thoughts has at most.
_LONGEST_TAG = 16


class ChatTimeoutError(InputError):
    """A model has not answered in time; the next question may have to wait as long."""


class ChatModel(Protocol):
    """A language model that one can talk to."""

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Answers in JSON.

        Args:
            messages: ``role`` and ``content``.
            schema: What the answer is to be.
            temperature: 0 for always the same.

        Raises:
            InputError: If there is no answer to be had.
        """
        ...

    def stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """Answers in words, in parts as they come.

        Raises:
            InputError: If there is no answer to be had.
        """
        ...


def skip_thinking(parts: Iterator[str]) -> Iterator[str]:
    """Leave out of a stream what a model says to itself between tags such as ``<think>``."""
    rest, is_thinking = "", False
    for part in parts:
        rest += part
        while tag := (THOUGHT_END if is_thinking else THOUGHT_BEGIN).search(rest):
            if not is_thinking and tag.start():
                yield rest[: tag.start()]
            rest, is_thinking = rest[tag.end() :], not is_thinking
        # The end may be the beginning of a tag.
        open_at = rest.rfind("<", max(0, len(rest) - _LONGEST_TAG))
        whole = len(rest) if open_at < 0 else open_at
        if whole and not is_thinking:
            yield rest[:whole]
        rest = rest[whole:]
    if rest and not is_thinking:
        yield rest


def merge_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Puts the system prompt at the head of the first question, for models that take none."""
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

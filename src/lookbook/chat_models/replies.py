"""A chat-completions server's reply, read as an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lookbook.attributes.refusals import is_refusal
from lookbook.attributes.text import strip_thinking
from lookbook.chat_models.server_errors import ServerError, describe_page, read_error

# Reasons for which a choice ends: by a filter, or by an error of the server.
_FILTER_ENDS = re.compile(
    r"filter|safety|prohibited|recitation|block|spii|sensitive|guardrail|refusal|moderat", re.I
)
_ERROR_ENDS = re.compile(r"error|abort|insufficient_system|unavailable|cancel", re.I)
# Words before an object in a model's thoughts that tell it from an answer.
_DRAFT = re.compile(r"\b(?:draft|sketch|first try|attempt)\b\W*\w*\W*\Z", re.I)
_LONGEST_THOUGHT = 50_000


@dataclass(frozen=True)
class Completion:
    """An answer.

    Attributes:
        text: As the model wrote it, without its thinking; empty if there is no answer.
        input_tokens: Tokens read.
        output_tokens: Tokens written.
        flaw: Why there is no answer.
    """

    text: str
    input_tokens: int
    output_tokens: int
    flaw: str | None = None


def read_reply(status: int, headers: Mapping[str, str], body: bytes) -> Completion:
    """Read a reply.

    Args:
        status: HTTP status.
        headers: HTTP headers.
        body: As it came.

    Raises:
        ServerError: If it is no answer.
    """
    text = body.decode("utf-8-sig", "replace").strip()
    try:
        reply = json.loads(text)
    except (ValueError, RecursionError):
        reply = None
    if not 200 <= status < 300:
        raise read_error(status, reply, text, headers)
    if not isinstance(reply, dict):
        raise ServerError("junk", _describe_junk(text))
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    for part in (reply, choice):
        if isinstance(part, dict) and part.get("error"):
            raise read_error(status, part, text, headers)
    if choices == []:
        # Servers with a filter in front send an answer without choices.
        raise ServerError("filtered", "the answer has no choices")
    if not isinstance(choice, dict):
        if {"message", "detail", "errors"} & reply.keys():
            raise read_error(status, reply, text, headers)
        raise ServerError("junk", _describe_junk(text))
    return _read_choice(choice, reply.get("usage"))


def _describe_junk(text: str) -> str:
    if not text:
        return "the reply is empty"
    if text.startswith("<"):
        return f"the reply is a web page (HTML): {' '.join(describe_page(text).split())[:80]}"
    return f"the reply is not a chat completion: {' '.join(text.split())[:80]}"


def _read_choice(choice: dict[str, Any], usage: Any) -> Completion:
    """Read a choice.

    Raises:
        ServerError: If a filter or an error of the server ended it.
    """
    message = choice.get("message")
    message = message if isinstance(message, dict) else {"content": choice.get("text")}
    ending = str(choice.get("finish_reason") or "")
    if _FILTER_ENDS.search(ending):
        raise ServerError("filtered", f"the answer ended with '{ending}'")
    if _ERROR_ENDS.search(ending):
        raise ServerError("passing", f"the answer ended with '{ending}'")
    usage = usage if isinstance(usage, dict) else {}
    counts = (_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))
    text, thoughts = split_content(message.get("content"))
    text_with_tags, text = text, strip_thinking(text).strip()
    reasoning, _ = split_content(message.get("reasoning_content") or message.get("reasoning"))
    has_thought = bool(text_with_tags.strip() or thoughts or reasoning)
    if text:
        return Completion(text, *counts)
    if isinstance(refusal := message.get("refusal"), str) and refusal.strip():
        said = refusal.strip()
        flaw = None if is_refusal(said) else f"refused by the model: {said[:200]}"
        return Completion("" if flaw else said, *counts, flaw)
    if ending.casefold() in ("length", "max_tokens"):
        doing = " while the model was thinking" if has_thought else ""
        flaw = f"the answer was cut off{doing}: raise max_tokens or switch thinking off"
        return Completion("", *counts, flaw)
    if answer := _answer_in(reasoning):
        return Completion(answer, *counts)
    flaw = "the model thought and gave no answer: switch thinking off"
    return Completion("", *counts, flaw if has_thought else "the answer is empty")


def _answer_in(thinking: str) -> str | None:
    """Return the JSON object that thoughts end with; servers that constrain answers put it there.

    An object that more thoughts follow is a draft.
    """
    thoughts = thinking[-_LONGEST_THOUGHT:].rstrip("` \n\t\r")
    decoder = json.JSONDecoder(strict=False)
    place = thoughts.find("{")
    while place >= 0:
        try:
            _, end = decoder.raw_decode(thoughts, place)
        except (ValueError, RecursionError):
            end = place + 1
        if end == len(thoughts) and end > place + 1:
            return None if _DRAFT.search(thoughts[:place]) else thoughts[place:]
        place = thoughts.find("{", end)
    return None


def split_content(content: Any) -> tuple[str, str]:
    """Split a message's content into what the model says and what it thinks.

    Args:
        content: A text, an object that the server has parsed, or a list of parts.
    """
    if isinstance(content, str):
        return content, ""
    if isinstance(content, dict) and "text" in content and "type" in content:
        content = [content]
    if isinstance(content, dict):
        return json.dumps(content, ensure_ascii=False), ""
    said, thinking = [], []
    for part in content if isinstance(content, list) else []:
        if isinstance(part, str):
            said.append(part)
        elif isinstance(part, dict):
            kind = str(part.get("type", "text"))
            if "think" in kind or "reason" in kind:
                inner = part.get("thinking") or part.get("text") or part.get("reasoning")
                thinking.append("".join(split_content(inner)))
            elif isinstance(text := part.get("text") or part.get("refusal"), str):
                said.append(text)
    return "".join(said), "".join(thinking)


def _count(tokens: Any) -> int:
    try:
        return max(0, int(tokens))
    except (TypeError, ValueError, OverflowError):
        return 0

"""Recovers what a language model meant when it was asked for a label as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import json_repair

from lookbook.vocabulary import Label

FIELDS = tuple(Label.model_fields)
_BY_KEY = {name.casefold(): name for name in FIELDS}

_TEMPLATE = re.compile(r"<\|[^<>|]*\|>|\b\w*header_id\|>|<\|\w*$")
_EMPHASIS = re.compile(r"\*+\s*([{}])\s*\*+|[*_#`]{2,}")
_MARKDOWN_FIELD = re.compile(
    rf"^[\W_]*({'|'.join(FIELDS)})\b[\W_]*?:[\s*_\"']*(.*?)[\s*_\"',]*$",
    re.IGNORECASE | re.MULTILINE,
)
_REFUSAL = re.compile(
    r"\b(i\s*(['’]m|am)\s+(sorry|unable|not\s+able|not\s+comfortable)"
    r"|i\s+(can\s*not|can['’]?t|won['’]?t|could\s*n['’]?t)\s+"
    r"(help|assist|provide|describe|identify|generate|fulfill|comply|do|answer|see)"
    r"|as\s+an\s+ai\b|unable\s+to\s+(provide|describe|identify|assist|help))",
    re.IGNORECASE,
)
# How models write that there is nothing; "null" may be cut off at the token limit.
_NOTHING = {"n", "nu", "nul", "null", "none", "n/a"}


@dataclass(frozen=True)
class ParsedCaption:
    """What a caption says.

    Attributes:
        fields: Values by field name of :class:`lookbook.vocabulary.Label`; a field that the
            caption does not give is absent. Empty if the caption was rejected.
        repair: How it was read: ``json``, ``repaired json`` or ``markdown``.
        rejection: Why nothing could be recovered; ``None`` if something was.
    """

    fields: dict[str, str] = field(default_factory=dict)
    repair: str | None = None
    rejection: str | None = None


def parse_caption(text: str) -> ParsedCaption:
    """Reads a caption however it is dressed.

    Understood are JSON, JSON with chat-template residue, prose or code fences around it,
    unclosed braces, missing commas, single quotes, keys in another case, objects nested in or
    following one another (the first that gives a field counts), and ``**Title:** ...`` lines.
    Every value returned stands in the text.

    Args:
        text: The model's answer.

    Returns:
        The fields, or the reason for rejection: ``empty``, ``refusal``, ``no label`` or
        ``no description``.
    """
    if not text or not text.strip():
        return ParsedCaption(rejection="empty")
    plain = _EMPHASIS.sub(lambda match: match[1] or "", _TEMPLATE.sub("\n", text))
    source = _normalise(text)
    readings = {
        "json": lambda: _read_json(text, strict=True),
        "repaired json": lambda: _read_json(plain, strict=False),
        "markdown": lambda: dict(reversed(_MARKDOWN_FIELD.findall(plain))),
    }
    fields: dict[str, str] = {}
    repair = None
    for name, read in readings.items():
        fields, repair = _known_fields(read(), source), name
        if "Description" in fields:
            break
    if _is_refusal(fields, text):
        return ParsedCaption(rejection="refusal")
    if not fields:
        return ParsedCaption(rejection="no label")
    if "Description" not in fields:
        return ParsedCaption(rejection="no description")
    return ParsedCaption(
        fields={name: fields[name] for name in FIELDS if name in fields}, repair=repair
    )


def _known_fields(read: dict[str, Any], source: str) -> dict[str, str]:
    """Keeps the fields of a label whose values stand in the normalised text."""
    known: dict[str, str] = {}
    for key, raw in read.items():
        name = _BY_KEY.get(str(key).strip(" *_\"'").casefold())
        value = _to_text(raw)
        if name and value and _normalise(value) in source:
            known.setdefault(name, value)
    return known


def _is_refusal(fields: dict[str, str], text: str) -> bool:
    if not fields:
        return bool(_REFUSAL.search(text))
    told = (fields.get("Title", ""), fields.get("Description", ""))
    return any(_REFUSAL.search(value) for value in told)


def _read_json(text: str, strict: bool) -> dict[str, Any]:
    start = text.find("{")
    if start < 0:
        return {}
    try:
        if strict:
            return _first_label(json.loads(text))
        # Of several objects json-repair would give the last; the first whole one counts.
        return _first_label(json.JSONDecoder().raw_decode(text, start)[0])
    except (ValueError, RecursionError):
        pass
    try:
        return {} if strict else _first_label(json_repair.loads(text[start:]))
    except (ValueError, RecursionError, IndexError, TypeError, AttributeError):
        # json-repair is not proof against every text; what it fails on is not recovered.
        return {}


def _first_label(value: Any) -> dict[str, Any]:
    """Takes the first label with a description; a wrapper may have a ``type`` of its own."""
    labels = list(_labels(value))
    described = (label for label in labels if "description" in {key.casefold() for key in label})
    return next(described, labels[0] if labels else {})


def _labels(value: Any) -> Iterator[dict[str, Any]]:
    """Walks nested objects and lists for those that give a scalar field, outermost first."""
    waiting = [value]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, dict):
            if any(
                str(key).strip().casefold() in _BY_KEY and isinstance(inner, str | int | list)
                for key, inner in current.items()
            ):
                yield current
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)


def _to_text(raw: Any) -> str:
    if isinstance(raw, list):
        # Of several values the first is the one that the text puts first.
        raw = next((item for item in raw if isinstance(item, str | int)), "")
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        return ""
    text = re.sub(r"[\s\x00-\x1f\x7f]+", " ", str(raw)).strip(" *_`\"'")
    return "" if text.casefold() in _NOTHING else text


def _normalise(text: str) -> str:
    unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    return "".join(re.findall(r"\w+", re.sub(r"\\[nrtbf]", " ", unescaped).casefold()))

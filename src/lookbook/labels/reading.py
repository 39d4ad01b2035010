"""Recovers what a language model meant when it was asked for a label as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import json_repair

from lookbook.labels.fields import Fields

_TEMPLATE = re.compile(r"<\|[^<>|]*\|>|\b\w*header_id\|>|<\|\w*$")
_EMPHASIS = re.compile(r"\*+\s*([{}])\s*\*+|[*_#`]{2,}")
_REFUSAL = re.compile(
    r"\b(i\s*(['’]m|am)\s+(sorry|unable|not\s+able|not\s+comfortable)"
    r"|i\s+(can\s*not|can['’]?t|won['’]?t|could\s*n['’]?t)\s+"
    r"(help|assist|provide|describe|identify|generate|fulfill|comply|do|answer|see)"
    r"|as\s+an\s+ai\b|unable\s+to\s+(provide|describe|identify|assist|help))",
    re.IGNORECASE,
)
# How models write that there is nothing; "null" may be cut off at the token limit.
_NOTHING = {"n", "nu", "nul", "null", "none", "n/a"}

Written = dict[str, str | list[str]]


@dataclass(frozen=True)
class Answer:
    """What a model's answer says.

    Attributes:
        written: What it says by field, in its own words; a field that it does not give is
            absent. Empty if the answer was rejected.
        repair: How it was read: ``json``, ``repaired json`` or ``markdown``.
        rejection: Why nothing could be recovered; ``None`` if something was.
    """

    written: Written = field(default_factory=dict)
    repair: str | None = None
    rejection: str | None = None


def read_answer(text: str, fields: Fields) -> Answer:
    """Reads a model's answer however it is dressed.

    Understood are JSON, JSON with chat-template residue, prose or code fences around it,
    unclosed braces, missing commas, single quotes, keys in another case, objects nested in or
    following one another (the first that gives a field counts), and ``**Title:** ...`` lines.
    Every value returned stands in the text.

    Args:
        text: The answer.
        fields: The fields that were asked for.

    Returns:
        What it says, or the reason for rejection: ``empty``, ``refusal``, ``no label``, or
        ``no`` and the name of a text that no label can lack.
    """
    if not text or not text.strip():
        return Answer(rejection="empty")
    by_key = {name.casefold(): name for name in fields.names}
    plain = _EMPHASIS.sub(lambda match: match[1] or "", _TEMPLATE.sub("\n", text))
    source = _normalise(text)
    readings = {
        "json": lambda: _read_json(text, by_key, fields, strict=True),
        "repaired json": lambda: _read_json(plain, by_key, fields, strict=False),
        "markdown": lambda: dict(reversed(_markdown_field(tuple(by_key)).findall(plain))),
    }
    needed = [name for name, one in fields.texts.items() if one.otherwise is None]
    written: Written = {}
    repair = None
    for name, read in readings.items():
        written, repair = _known_fields(read(), by_key, fields, source), name
        if all(one in written for one in needed):
            break
    if _is_refusal(written, text, fields):
        return Answer(rejection="refusal")
    if not written:
        return Answer(rejection="no label")
    for one in needed:
        if one not in written:
            return Answer(rejection=f"no {one.lower()}")
    return Answer({name: written[name] for name in fields.names if name in written}, repair)


@lru_cache(maxsize=8)
def _markdown_field(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        rf"^[\W_]*({'|'.join(map(re.escape, names))})\b[\W_]*?:[\s*_\"']*(.*?)[\s*_\"',]*$",
        re.IGNORECASE | re.MULTILINE,
    )


def _known_fields(
    read: dict[str, Any], by_key: dict[str, str], fields: Fields, source: str
) -> Written:
    """Keeps the fields whose values stand in the normalised text."""
    known: Written = {}
    for key, raw in read.items():
        name = by_key.get(str(key).strip(" *_\"'").casefold())
        if name is None:
            continue
        if name in fields.somes:
            parts = [_to_text(one) for one in (raw if isinstance(raw, list) else [raw])]
            several = [part for part in parts if part and _normalise(part) in source]
            if several:
                known.setdefault(name, several)
        else:
            value = _to_text(raw)
            # "none" is a value of some fields.
            if not value and name in fields.ones and str(raw) in fields.ones[name].values:
                value = str(raw)
            if value and _normalise(value) in source:
                known.setdefault(name, value)
    return known


def _is_refusal(written: Written, text: str, fields: Fields) -> bool:
    if not written:
        return bool(_REFUSAL.search(text))
    told = (str(written.get(name, "")) for name in fields.texts)
    return any(_REFUSAL.search(value) for value in told)


def _read_json(text: str, by_key: dict[str, str], fields: Fields, strict: bool) -> dict[str, Any]:
    start = text.find("{")
    if start < 0:
        return {}
    try:
        if strict:
            return _first_label(json.loads(text), by_key, fields)
        # Of several objects json-repair would give the last; the first whole one counts.
        return _first_label(json.JSONDecoder().raw_decode(text, start)[0], by_key, fields)
    except (ValueError, RecursionError):
        pass
    try:
        return {} if strict else _first_label(json_repair.loads(text[start:]), by_key, fields)
    except (ValueError, RecursionError, IndexError, TypeError, AttributeError):
        # json-repair is not proof against every text; what it fails on is not recovered.
        return {}


def _first_label(value: Any, by_key: dict[str, str], fields: Fields) -> dict[str, Any]:
    """Takes the first label with a description; a wrapper may have a ``type`` of its own."""
    labels = list(_labels(value, by_key))
    wanted = fields.description.casefold()
    described = (label for label in labels if wanted in {key.casefold() for key in label})
    return next(described, labels[0] if labels else {})


def _labels(value: Any, by_key: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Walks nested objects and lists for those that give a scalar field, outermost first."""
    waiting = [value]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, dict):
            if any(
                str(key).strip().casefold() in by_key and isinstance(inner, str | int | list)
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

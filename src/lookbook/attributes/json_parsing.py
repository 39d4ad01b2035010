"""Labels as JSON objects in a text, however they are wrapped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import json_repair

from lookbook.attributes.schema import Schema
from lookbook.attributes.text import clean_text, unescape, unescape_unicode, unquote

RawValues = dict[str, Any]
# Objects are looked for no deeper, nor in more texts.
_DEEPEST = 12
_MOST_OBJECTS = 200
# Keys under which a wrapper keeps the value itself.
_VALUE_KEYS = ("value", "text", "content", "answer", "label", "name")
_NAME_KEYS = ("field", "name", "key", "attribute", "property")
_SCHEMA_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
SCHEMA = re.compile(rf"\"type\"\s*:\s*\"(?:{'|'.join(_SCHEMA_TYPES)})\"")
# What models put where they were asked for something; "null" may be cut off at the token limit.
_NOTHING = {
    "", "n", "nu", "nul", "null", "none", "nan", "n/a", "na", "-", "–", "—", "?", "string", "text",
    "str", "value", "todo", "tbd", "your answer here", "undefined",
}  # fmt: skip
_ELLIPSIS = re.compile(r"^[\W_]*(?:\.{2,}|…)[\W_]*$")
_PLACEHOLDER = re.compile(r"^[<\[{(]\s*[\w\s,|/.-]*\s*[>\]})]$")
_FIX = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "＂": '"', "：": ":", "，": ",", "｛": "{", "｝": "}"}
)
# What tells a JSON schema, which speaks of an attribute, from an object that holds its value.
_SCHEMA_KEYS = {"type", "enum", "$ref", "anyof", "oneof", "examples"}
# Words between two answers that take the first one back.
_RECONSIDERED = re.compile(
    r"\b(let me|first try|draft|actually|wait|hmm|looking again|on second thought|correction|"
    r"corrected|revised|final answer|better)\b",
    re.IGNORECASE,
)


def parse_json(text: str, schema: Schema) -> tuple[bool, RawValues]:
    """Read the JSON objects that stand in a text.

    Of several labels that with most attributes counts; of equal ones the first, or the last where
    words between them take the first one back. Objects of an attribute each are put together.

    Returns:
        Whether the text is nothing but JSON, and what it says by attribute.
    """
    try:
        return True, _best_label([json.loads(text)], text, schema)
    except (ValueError, RecursionError):
        pass
    found = list(_objects_in(text))
    return False, _best_label(found, text, schema)


def repair(text: str) -> Any:
    """Read what json-repair makes of a text; ``None`` for one that it stumbles over."""
    try:
        return json_repair.loads(text)
    except Exception:
        # Its own asserts among others: '{"```json{```'.
        return None


def parse_repaired_json(text: str, schema: Schema) -> RawValues:
    """Read what json-repair makes of a text; what it fails on is not recovered."""
    plain = text.translate(_FIX)
    start = plain.find("{")
    if start < 0 or _is_too_deep(plain):
        return {}
    read = repair(plain[start:])
    source = _letters(unescape(text))
    label = _best_label([read], text, schema)
    # json-repair may make up what does not stand there.
    return {
        name: value
        for name, value in label.items()
        if all(_letters(one) in source for one in (value if isinstance(value, list) else [value]))
    }


def extract_value(raw: Any, name: str, schema: Schema) -> str | list[str] | None:
    """Extract an attribute's raw value from a JSON value; ``None`` for nothing.

    Args:
        raw: The value: text, number, list, or an object around it.
        name: The attribute.
        schema: The requested attributes.
    """
    parts = [part for part in _texts(raw, 0) if not is_placeholder(part, name, schema)]
    if not parts:
        return None
    if name in schema.multis:
        return parts
    # Of several values the first is the one that the text puts first; texts go on.
    return " ".join(parts) if name in schema.texts else ", ".join(parts)


def is_placeholder(text: str, name: str, schema: Schema) -> bool:
    """Whether a text is an echo of the question, and no answer."""
    plain = text.strip().strip("\"'*_`").casefold()
    attribute = schema.root[name]
    if name in schema.categorical and text in schema.categorical[name].values:
        return False
    about = attribute.description.casefold().rstrip(". ")
    return (
        plain in _NOTHING
        or plain == name.casefold()
        or plain.rstrip(". ") == about
        or bool(_ELLIPSIS.match(plain) or _PLACEHOLDER.match(plain))
    )


def _objects_in(text: str) -> Iterator[Any]:
    """Decode the objects and lists of a text one after the other."""
    decoder = json.JSONDecoder(strict=False)
    place, found = 0, 0
    starts = re.compile(r"[{\[]")
    while found < _MOST_OBJECTS:
        start = starts.search(text, place)
        if start is None:
            return
        try:
            value, place = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            place = start.end()
            found += 1
            continue
        found += 1
        yield value


def _best_label(values: list[Any], text: str, schema: Schema) -> RawValues:
    by_key = {name.casefold(): name for name in schema.names}
    labels: list[RawValues] = []
    for value in values:
        labels += [label for label in _labels(value, by_key, schema, 0) if label]
    singles = [label for label in labels if len(label) == 1]
    if len(singles) > 1 and len(singles) == len(labels):
        merged: RawValues = {}
        for label in labels:
            merged = {**label, **merged}
        return merged
    if not labels:
        return {}
    most = max(len(label) for label in labels)
    complete = [label for label in labels if len(label) == most]
    return complete[-1] if _RECONSIDERED.search(_prose(text)) else complete[0]


def _labels(value: Any, by_key: dict[str, str], schema: Schema, depth: int) -> Iterator[RawValues]:
    """Walk nested objects, lists and JSON in texts for labels, outermost first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        label: RawValues = {}
        for key, raw in _pairs(value):
            name = by_key.get(clean_text(str(key)).strip(" *_\"'").casefold())
            told = extract_value(raw, name, schema) if name else None
            if name and told is not None:
                label.setdefault(name, told)
        yield label
        for inner in value.values():
            yield from _labels(inner, by_key, schema, depth + 1)
    elif isinstance(value, list):
        for inner in value[:_MOST_OBJECTS]:
            yield from _labels(inner, by_key, schema, depth + 1)
    elif isinstance(value, str) and "{" in value:
        try:
            inner = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return
        yield from _labels(inner, by_key, schema, depth + 1)


def _pairs(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """List what an object says of what; a schema's "description" is said of none."""
    if str(value.get("type")) in _SCHEMA_TYPES:
        return
    named = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
    if named is not None and len(value) == 2 and "value" in value:
        yield named, value["value"]
    else:
        yield from value.items()


def _texts(raw: Any, depth: int) -> Iterator[str]:
    """Take the texts of a value: of a list each, of an object its value, or all it says."""
    if isinstance(raw, bool) or raw is None or depth > _DEEPEST:
        return
    if isinstance(raw, str | int | float):
        text = unquote(clean_text(unescape(str(raw))))
        if text:
            yield text
    elif isinstance(raw, list):
        for inner in raw:
            yield from _texts(inner, depth + 1)
    elif isinstance(raw, dict):
        keys = {str(key).casefold(): key for key in raw}
        value = next((keys[key] for key in _VALUE_KEYS if key in keys), None)
        if value is not None:
            yield from _texts(raw[value], depth + 1)
        elif not _SCHEMA_KEYS & set(keys):
            yield from _texts(list(raw.values()), depth + 1)


def _prose(text: str) -> str:
    return re.sub(r"\{[^{}]*\}", " ", text)


def _is_too_deep(text: str) -> bool:
    deep = 0
    for sign in re.findall(r"[\[\]{}]", text):
        deep += 1 if sign in "[{" else -1
        if deep > 100:
            return True
    return False


def _letters(text: str) -> str:
    plain = re.sub(r"\\[nrtbf]", " ", unescape_unicode(text))
    return "".join(re.findall(r"\w+", plain.casefold()))

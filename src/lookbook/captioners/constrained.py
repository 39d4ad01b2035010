"""Constrained decoding: a model can write nothing but an answer of the prompt's schema.

The masks come from llguidance, the engine that vLLM and SGLang use too.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerFast

CHARACTERS_A_TOKEN = 4
# What JSON takes unescaped: neither quote, backslash nor control character.
STRING = r'/[^"\\\x00-\x1F\x7F]{%d,%d}/'


def grammar(schema: dict[str, Any]) -> str:
    """Writes the grammar of compact JSON that a schema allows, in llguidance's dialect of Lark.

    A string has an end in tokens besides the one in characters, at four characters a token, so
    that even the worst answer is closed within :func:`longest_answer` tokens. A grammar made
    from the JSON schema itself would bound characters alone, and one that a model fills with
    rare bytes, a token each, would be cut off by the token limit.

    Args:
        schema: An object's schema, see :class:`lookbook.captioners.Prompt`.

    Raises:
        ValueError: If a property is neither an enum nor a string of limited length.
    """
    fields, rules = [], []
    for number, (name, field) in enumerate(schema["properties"].items()):
        rule, key = f"field_{number}", json.dumps(name) + ":"
        if "enum" in field:
            fields.append(f"{_literal(key)} {rule}")
            rules.append(f"{rule}: %json {json.dumps({'enum': field['enum']})}")
        else:
            quote = _literal('"')
            fields.append(f"{_literal(key)} {quote} {rule} {quote}")
            pattern = STRING % (field.get("minLength", 0), _length(name, field))
            rules.append(f"{rule}[max_tokens={_tokens(name, field)}]: {pattern}")
    body = f" {_literal(',')} ".join(fields)
    return "\n".join([f"start: {_literal('{')} {body} {_literal('}')}", *rules])


def longest_answer(schema: dict[str, Any]) -> int:
    """Counts the tokens that no answer exceeds: all that is fixed at a character a token."""
    total = len('{}"') + 1
    for name, field in schema["properties"].items():
        total += len(json.dumps(name)) + len(":,")
        if "enum" in field:
            total += max(len(json.dumps(value)) for value in field["enum"])
        else:
            total += len('""') + _tokens(name, field)
    return total


def _length(name: str, field: dict[str, Any]) -> int:
    if "maxLength" not in field:
        raise ValueError(f"'{name}' is neither an enum nor a string with a maxLength")
    return int(field["maxLength"])


def _tokens(name: str, field: dict[str, Any]) -> int:
    return math.ceil(_length(name, field) / CHARACTERS_A_TOKEN)


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
